#include "scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace crsim {
namespace {

struct Color {
  std::uint8_t y, cb, cr;
};

constexpr Color kPalette[] = {{180, 90, 175},  {150, 170, 70}, {120, 80, 190}, {205, 60, 140},
                              {95, 150, 180}, {170, 110, 60}, {70, 180, 110}, {225, 128, 128}};
constexpr Color kWhite = {235, 128, 128};
constexpr Color kDark = {30, 128, 128};

std::uint32_t mixed(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7FEB352DU;
  x ^= x >> 15;
  x *= 0x846CA68BU;
  return x ^ x >> 16;
}

// Draws in units of the picture's own size; everything outside is cut off.
class Canvas {
 public:
  explicit Canvas(Picture& picture) : picture_(picture) {}

  void row(int y, int from, int to, Color color) {
    if (y < 0 || y >= picture_.rows) return;
    from = std::max(from, 0);
    to = std::min(to, picture_.stride);
    if (from >= to) return;
    std::fill(picture_.y.data() + y * picture_.stride + from,
              picture_.y.data() + y * picture_.stride + to, color.y);
    const int half = picture_.stride / 2, start = y / 2 * half;
    std::fill(picture_.cb.data() + start + from / 2, picture_.cb.data() + start + (to + 1) / 2,
              color.cb);
    std::fill(picture_.cr.data() + start + from / 2, picture_.cr.data() + start + (to + 1) / 2,
              color.cr);
  }

  void box(int x, int y, int width, int height, Color color) {
    for (int line = 0; line < height; ++line) row(y + line, x, x + width, color);
  }

  void disc(int x, int y, int radius, Color color) {
    for (int line = -radius; line <= radius; ++line) {
      const int reach = static_cast<int>(std::sqrt(double(radius * radius - line * line)));
      row(y + line, x - reach, x + reach, color);
    }
  }

  void hand(int x, int y, double angle, int length, int thickness, Color color) {
    for (int step = 0; step <= length; step += thickness / 2 + 1) {
      disc(x + static_cast<int>(std::sin(angle) * step),
           y - static_cast<int>(std::cos(angle) * step), thickness, color);
    }
  }

  // Digits of three by five cells, least significant at the right.
  void number(std::uint32_t value, int digits, int x, int y, int cell, Color color) {
    constexpr std::uint16_t kShapes[10] = {0b111101101101111, 0b010110010010111, 0b111001111100111,
                                           0b111001111001111, 0b101101111001001, 0b111100111001111,
                                           0b111100111101111, 0b111001001001001, 0b111101111101111,
                                           0b111101111001111};
    for (int place = digits - 1; place >= 0; --place, value /= 10) {
      const std::uint16_t shape = kShapes[value % 10];
      for (int bit = 0; bit < 15; ++bit) {
        if ((shape >> (14 - bit) & 1) == 0) continue;
        box(x + (place * 4 + bit % 3) * cell, y + bit / 3 * cell, cell, cell, color);
      }
    }
  }

 private:
  Picture& picture_;
};

// A wall with a texture: a gradient, and grain that stays where it is.
void draw_wall(Picture& picture, std::uint32_t seed) {
  std::array<std::uint8_t, 4096> grain{};
  for (std::size_t i = 0; i < grain.size(); ++i) {
    grain[i] = static_cast<std::uint8_t>(mixed(seed * 7919U + static_cast<std::uint32_t>(i)) % 23);
  }
  for (int row = 0; row < picture.rows; ++row) {
    const int base = 70 + 90 * row / picture.rows;
    const std::uint32_t shift = mixed(seed ^ static_cast<std::uint32_t>(row)) & 2047;
    std::uint8_t* out = picture.y.data() + row * picture.stride;
    const std::uint8_t* texture = grain.data() + shift;
    for (int column = 0; column < picture.stride; ++column) {
      out[column] = static_cast<std::uint8_t>(base + texture[column & 2047]);
    }
  }
  const int half = picture.stride / 2;
  const int tint = static_cast<int>(mixed(seed) % 40) - 20;
  for (int row = 0; row < picture.rows / 2; ++row) {
    const int cb = 128 + tint - 20 * row / picture.rows;
    const int cr = 120 - tint / 2 + 30 * row / picture.rows;
    std::fill_n(picture.cb.data() + row * half, half, static_cast<std::uint8_t>(cb));
    std::fill_n(picture.cr.data() + row * half, half, static_cast<std::uint8_t>(cr));
  }
}

void draw_things(Picture& picture, const View& view) {
  Canvas canvas(picture);
  const int width = picture.width, height = picture.height, unit = std::max(height / 40, 2);
  for (std::uint32_t i = 0; i < 9; ++i) {
    const std::uint32_t dice = mixed(view.seed * 31U + i);
    const int x = static_cast<int>(dice % static_cast<std::uint32_t>(width));
    const int y = static_cast<int>(dice / 4096 % static_cast<std::uint32_t>(height));
    const Color color = kPalette[dice >> 29];
    if (i % 2 == 0) {
      canvas.disc(x, y, unit * 2 + static_cast<int>(dice % 5) * unit, color);
    } else {
      canvas.box(x, y, unit * 8, unit * 5, color);
    }
  }
  const int bar = static_cast<int>(std::fmod(view.time_s * 0.25, 1.0) * width);
  canvas.box(bar, 0, unit, picture.rows, kWhite);

  const double swing = view.time_s * 2.0;
  canvas.disc(width / 2 + static_cast<int>(std::sin(swing) * width / 3),
              height * 3 / 4 - static_cast<int>(std::fabs(std::cos(swing)) * height / 4), unit * 3,
              kPalette[view.seed % 7]);

  const int clock_x = width * 5 / 6, clock_y = height / 4, clock = unit * 7;
  canvas.disc(clock_x, clock_y, clock, kWhite);
  canvas.disc(clock_x, clock_y, clock - std::max(unit / 2, 1), kDark);
  constexpr double kTurn = 6.283185307179586;
  canvas.hand(clock_x, clock_y, std::fmod(view.time_s, 60.0) / 60.0 * kTurn, clock * 3 / 4,
              std::max(unit / 4, 1), kWhite);
  canvas.hand(clock_x, clock_y, std::fmod(view.time_s, 1.0) * kTurn, clock * 4 / 5,
              std::max(unit / 5, 1), kPalette[3]);

  canvas.box(unit, unit, unit * 26, unit * 7, kDark);
  canvas.number(view.number, 6, unit * 2, unit * 2, unit, kWhite);
}

// Exposure and white balance as tables over the finished picture.
void develop(Picture& picture, const View& view) {
  std::array<std::uint8_t, 256> tone{};
  const double gain = std::pow(2.0, std::clamp(view.exposure_ev, -6.0, 6.0));
  for (int i = 0; i < 256; ++i) {
    const double light = std::pow(i / 255.0, 2.2) * gain;
    tone[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(std::pow(std::min(light, 1.0), 1 / 2.2) * 255.0);
  }
  if (gain != 1.0) {
    for (std::uint8_t& pixel : picture.y) pixel = tone[pixel];
  }
  if (view.grain > 0) {
    std::uint32_t dice = mixed(view.number + 1) | 1;
    for (std::uint8_t& pixel : picture.y) {
      dice ^= dice << 13;
      dice ^= dice >> 17;
      dice ^= dice << 5;
      const int noise = static_cast<int>((dice >> 8) % (view.grain + 1)) - int(view.grain) / 2;
      pixel = static_cast<std::uint8_t>(std::clamp(pixel + noise, 0, 255));
    }
  }
  if (view.warmth != 0) {
    for (std::uint8_t& pixel : picture.cb) {
      pixel = static_cast<std::uint8_t>(std::clamp(pixel - view.warmth, 0, 255));
    }
    for (std::uint8_t& pixel : picture.cr) {
      pixel = static_cast<std::uint8_t>(std::clamp(pixel + view.warmth * 2 / 3, 0, 255));
    }
  }
}

}  // namespace

void draw(Picture& picture, const View& view) {
  draw_wall(picture, view.seed);
  draw_things(picture, view);
  develop(picture, view);
}

}  // namespace crsim
