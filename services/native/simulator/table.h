// A view of a constant table. Trivially destructible on purpose: our threads may still run while
// the process ends.
#pragma once

#include <cstddef>

namespace crsim {

template <class T>
struct Table {
  const T* first = nullptr;
  std::size_t size = 0;

  constexpr Table() = default;
  template <std::size_t N>
  constexpr Table(const T (&rows)[N]) : first(rows), size(N) {}
  constexpr const T* begin() const { return first; }
  constexpr const T* end() const { return first + size; }
  constexpr bool empty() const { return size == 0; }
  constexpr bool contains(const T& wanted) const {
    for (const T& row : *this) {
      if (row == wanted) return true;
    }
    return false;
  }
};

}  // namespace crsim
