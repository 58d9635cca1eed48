// What the SDK called back, waiting in order for one reader.
//
// Depth and policy: property codes that follow each other become one entry, as long as they wait, and
// so does the progress of a transfer; from `fold_at` entries on whatever stands between them.
// Everything else is kept, up to `limit`, where new entries are counted and lost so that a dead
// reader cannot eat the memory.

#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "shim.h"

// One callback, as crshim_event tells it.
struct Entry {
  uint32_t kind = 0;
  uint32_t code = 0;
  std::array<int32_t, 3> params{};
  std::string text{};
  std::vector<uint32_t> codes{};
  uint32_t handle = 0;
  int64_t time_us = 0;
  uint32_t link = 0;
  uint32_t dropped = 0;
};

class Queue {
 public:
  Queue(uint32_t fold_at, uint32_t limit) : fold_at_(fold_at), limit_(limit) {}

  void put(Entry entry);
  // Returns 1 with the oldest entry, 0 when none came in time, CRSHIM_CLOSED at the end. Property
  // codes with nothing behind them stay for `hold_ms`, so that a storm does not wake the reader.
  int32_t take(int32_t timeout_ms, int32_t hold_ms, Entry& entry);
  void close();
  crshim_counts counts();

 private:
  bool fold(const Entry& entry);
  bool collects() const;

  const size_t fold_at_;
  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Entry> entries_;
  crshim_counts counts_{};
  uint32_t dropped_ = 0;  // since the last entry that was kept
  bool closed_ = false;
};

struct crshim_queue {
  std::shared_ptr<Queue> queue;
};
