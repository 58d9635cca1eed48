// The callback object that the SDK calls, without Sony's class: a struct that begins with the
// address of a table of functions, which is all that the C++ ABI asks for.

#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "queue.h"

class Callbacks {
 public:
  Callbacks(uint32_t slots, std::shared_ptr<Queue> queue, uint32_t link);

  // From now on whatever the SDK still calls is ignored.
  void retire();
  void put(Entry entry);

  // The bytes of a file that the SDK tells chunk by chunk: the first `limit` of them are kept, and a
  // chunk that is larger than `chunk` is not believed. What comes of it is put as CRSHIM_READ.
  void collect(size_t limit, uint64_t chunk);
  void collected(uint32_t notice, uint32_t percent, const uint8_t* data, uint64_t size);
  // Ends the collecting.
  std::vector<uint8_t> take_collected();

 private:
  struct Inbox {
    size_t limit;
    uint64_t chunk;
    std::vector<uint8_t> bytes{};
    bool overflowed = false;  // there was more, and that is told already
  };

  void* const* table_;  // must be the first member
  std::mutex mutex_;
  std::shared_ptr<Queue> queue_;
  std::optional<Inbox> inbox_;
  const uint32_t link_;
};
