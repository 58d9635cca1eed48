// The callback object that the SDK calls, without Sony's class: a struct that begins with the
// address of a table of functions, which is all that the C++ ABI asks for.

#pragma once

#include <memory>
#include <mutex>

#include "queue.h"

class Callbacks {
 public:
  Callbacks(uint32_t slots, std::shared_ptr<Queue> queue, uint32_t link);

  // From now on whatever the SDK still calls is ignored.
  void retire();
  void put(Entry entry);

 private:
  void* const* table_;  // must be the first member
  std::mutex mutex_;
  std::shared_ptr<Queue> queue_;
  const uint32_t link_;
};
