// Threads of the library, as a client meets them: signals that others send land on the client's
// own threads, while a fault of ours ends the process as anybody's would.
#pragma once

#include <csignal>
#include <thread>
#include <utility>

namespace crsim {

template <class Work>
std::thread vendor_thread(Work work) {
  sigset_t theirs, before;
  sigfillset(&theirs);
  for (const int ours : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&theirs, ours);
  pthread_sigmask(SIG_SETMASK, &theirs, &before);
  std::thread thread(std::move(work));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace crsim
