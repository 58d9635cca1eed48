// Lists for the caller as one block of memory: items first, then whatever they point to.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

class Block {
 public:
  // `extra` is the sum of room() over everything that will be added.
  Block(size_t items_size, size_t extra) {
    const size_t size = room(items_size) + extra;
    start_ = static_cast<uint8_t*>(calloc(1, size != 0 ? size : 1));
    if (start_ == nullptr) throw std::bad_alloc();
    next_ = start_ + room(items_size);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { free(start_); }

  // What `size` bytes take up in a block: everything begins at a multiple of eight.
  static size_t room(size_t size) { return (size + 7) & ~size_t{7}; }

  template <typename Item>
  Item* items() {
    return reinterpret_cast<Item*>(start_);
  }

  // Copies `size` bytes into the block and returns their new place.
  template <typename Item>
  const Item* add(const Item* data, size_t size) {
    uint8_t* place = next_;
    if (size != 0) memcpy(place, data, size);
    next_ += room(size);
    return reinterpret_cast<const Item*>(place);
  }

  // Gives the block away: crshim_free is due now.
  template <typename Item>
  Item* release() {
    Item* items = this->items<Item>();
    start_ = nullptr;
    return items;
  }

 private:
  uint8_t* start_;
  uint8_t* next_;
};
