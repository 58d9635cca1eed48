// A picture as cameras keep it: brightness at full size, colour at half size in both directions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace crsim {

// Planes are padded to whole blocks of 16 by 16, so nobody has to care about edges.
struct Picture {
  Picture(int width, int height)
      : width(width), height(height), stride((width + 15) / 16 * 16), rows((height + 15) / 16 * 16),
        y(std::size_t(stride) * rows), cb(std::size_t(stride / 2) * (rows / 2)), cr(cb.size()) {}

  int width, height;
  int stride, rows;
  std::vector<std::uint8_t> y, cb, cr;
};

}  // namespace crsim
