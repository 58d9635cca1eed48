// What stands in front of the lens: a drawn scene that moves, and answers to the exposure.
#pragma once

#include <cstdint>

#include "picture.h"

namespace crsim {

struct View {
  std::uint32_t seed = 0;      // another seed, another scene
  double time_s = 0.0;         // moves the hand, the ball and the bar
  std::uint32_t number = 0;    // drawn as digits
  double exposure_ev = 0.0;    // brighter or darker than a right exposure
  int warmth = 0;              // -40 (blue) to 40 (amber)
  std::uint32_t grain = 0;     // 0 to 40: noise of a high sensitivity
};

void draw(Picture& picture, const View& view);

}  // namespace crsim
