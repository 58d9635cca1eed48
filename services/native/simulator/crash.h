// The death that vendors' threads die.
#pragma once

#include "counts.h"

namespace crsim {

// Writes to where nothing is: SIGSEGV in the thread that calls.
[[noreturn]] __attribute__((no_sanitize("address", "undefined"))) inline void crash(Counts& counts) {
  counts.add(Counts::kCrashes);
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
  __builtin_trap();
}

}  // namespace crsim
