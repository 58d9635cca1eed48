// Lists that a client gets and gives back. What is handed out is remembered, so that a list
// released twice, or one that was never ours, is an error and not a crash.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "codes.h"

namespace crsim {

template <class T>
class Handout {
 public:
  static Handout& get() {
    static Handout* const handout = new Handout;  // outlives main(), as our threads may
    return *handout;
  }

  // An empty list is a null pointer.
  template <class Count>
  void give(const std::vector<T>& from, T** list, Count* count) {
    *count = static_cast<Count>(from.size());
    *list = nullptr;
    if (from.empty()) return;
    auto copy = std::make_unique<T[]>(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) copy[i] = from[i];
    *list = copy.get();
    const std::lock_guard lock(mutex_);
    lists_.emplace(*list, Kept{std::move(copy), from.size()});
  }

  std::int32_t take_back(T* list) {
    if (list == nullptr) return error::kNone;
    const std::lock_guard lock(mutex_);
    return lists_.erase(list) == 1 ? error::kNone : error::kInvalidParameter;
  }

  // Tells whether a list that somebody holds has such an element.
  template <class Match>
  bool any(Match match) {
    const std::lock_guard lock(mutex_);
    for (const auto& [list, kept] : lists_) {
      if (std::any_of(list, list + kept.size, match)) return true;
    }
    return false;
  }

 private:
  struct Kept {
    std::unique_ptr<T[]> list;
    std::size_t size;
  };

  std::mutex mutex_;
  std::map<T*, Kept> lists_;
};

}  // namespace crsim
