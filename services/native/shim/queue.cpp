#include "queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "block.h"

namespace {

constexpr uint32_t transfer_in_progress = 0x20099;
// No body has so many properties: one that claims to must not make an entry grow for ever.
constexpr size_t codes_limit = 8192;

bool folds(const Entry& entry) {
  return entry.kind == CRSHIM_PROPERTIES ||
         (entry.kind == CRSHIM_TRANSFER && entry.code == transfer_in_progress);
}

}  // namespace

void Queue::put(Entry entry) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    ++counts_.taken;
    if (fold(entry)) {
      ++counts_.folded;
      return;
    }
    if (entries_.size() >= limit_) {
      ++counts_.lost;
      ++dropped_;
      return;
    }
    entry.dropped = std::exchange(dropped_, 0);
    entries_.push_back(std::move(entry));
    counts_.most = std::max(counts_.most, static_cast<uint32_t>(entries_.size()));
  }
  filled_.notify_one();
}

// Joins the entry to the newest one of its kind and link; false when none waits where it may join.
bool Queue::fold(const Entry& entry) {
  if (!folds(entry)) return false;
  const auto same = [&entry](const Entry& other) {
    return other.kind == entry.kind && other.code == entry.code && other.link == entry.link;
  };
  const auto within = entries_.size() >= fold_at_ ? entries_.size() : size_t{1};
  const auto last = entries_.rbegin() + static_cast<ptrdiff_t>(std::min(within, entries_.size()));
  const auto found = std::find_if(entries_.rbegin(), last, same);
  if (found == last || found->codes.size() + entry.codes.size() > codes_limit) return false;
  found->params = entry.params;
  for (const uint32_t code : entry.codes)
    if (std::find(found->codes.begin(), found->codes.end(), code) == found->codes.end())
      found->codes.push_back(code);
  return true;
}

// Whether the only entry that waits may still grow.
bool Queue::collects() const {
  return entries_.size() == 1 && entries_.front().kind == CRSHIM_PROPERTIES && !closed_;
}

int32_t Queue::take(int32_t timeout_ms, int32_t hold_ms, Entry& entry) {
  const auto held = std::chrono::steady_clock::now() + std::chrono::milliseconds(hold_ms);
  std::unique_lock lock(mutex_);
  filled_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                   [this] { return closed_ || !entries_.empty(); });
  if (hold_ms > 0) filled_.wait_until(lock, held, [this] { return !collects(); });
  if (entries_.empty()) return closed_ ? CRSHIM_CLOSED : 0;
  entry = std::move(entries_.front());
  entries_.pop_front();
  return 1;
}

void Queue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  filled_.notify_all();
}

crshim_counts Queue::counts() {
  const std::lock_guard lock(mutex_);
  return counts_;
}

crshim_queue* crshim_queue_new(uint32_t fold_at, uint32_t limit) {
  return new crshim_queue{std::make_shared<Queue>(fold_at, limit)};
}

void crshim_queue_close(crshim_queue* queue) { queue->queue->close(); }
void crshim_queue_free(crshim_queue* queue) { delete queue; }

void crshim_count(crshim_queue* queue, crshim_counts* counts) {
  *counts = queue->queue->counts();
}

int32_t crshim_next(crshim_queue* queue, int32_t timeout_ms, int32_t hold_ms,
                    crshim_event** event) {
  *event = nullptr;
  Entry entry;
  const int32_t taken = queue->queue->take(timeout_ms, hold_ms, entry);
  if (taken != 1) return taken;

  const size_t codes_size = entry.codes.size() * sizeof(uint32_t);
  const size_t text_size = entry.text.size() + 1;
  Block block(sizeof(crshim_event), Block::room(codes_size) + Block::room(text_size));
  crshim_event& copy = *block.items<crshim_event>();
  copy.time_us = entry.time_us;
  copy.link = entry.link;
  copy.kind = entry.kind;
  copy.code = entry.code;
  copy.handle = entry.handle;
  std::copy(entry.params.begin(), entry.params.end(), copy.params);
  copy.dropped = entry.dropped;
  copy.count = static_cast<uint32_t>(entry.codes.size());
  copy.codes = block.add(entry.codes.data(), codes_size);
  copy.text = block.add(entry.text.c_str(), text_size);
  *event = block.release<crshim_event>();
  return 1;
}

void crshim_free(void* block) { free(block); }
