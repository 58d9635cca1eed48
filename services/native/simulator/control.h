// The socket `<serial>.control`: one request a line, one answer a line. It only touches the files
// that scenarios are, and waits until the body has seen them; so socket and files always agree.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "counts.h"
#include "scenarios.h"

namespace crsim {

class Control {
 public:
  Control(std::filesystem::path folder, const std::string& serial, const Scenarios& scenarios,
          const Counts& counts);
  ~Control() { stop(); }
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Without a socket (no room, no right) the files still work.
  void start();
  void stop();
  // The body has looked at its files.
  void looked() { ++looks_; }

 private:
  void serve();
  void wait_for_look() const;

  const std::filesystem::path folder_;
  const std::string name_;
  const Scenarios& scenarios_;
  const Counts& counts_;
  std::atomic<unsigned> looks_{0};
  std::atomic<bool> stopping_{false};
  int listener_ = -1;
  int wake_ = -1;
  std::thread thread_;
};

// The answer to one request about a body, which it carries out on the files. `counts` are the
// body's as text; `changed` says that the body has something to look at.
std::string answer(const std::string& request, const Scenarios& scenarios,
                   const std::string& counts, bool& changed);

}  // namespace crsim
