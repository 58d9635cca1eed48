#include "jpeg.h"

#include <algorithm>
#include <cstdlib>

namespace crsim {
namespace {

constexpr std::uint8_t kZigZag[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// T.81 annex K.1, in natural order.
constexpr std::uint8_t kLuminance[64] = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr std::uint8_t kChrominance[64] = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
    99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

// T.81 annex K.3: how many codes of each length, then the symbols.
struct HuffmanSpec {
  std::uint8_t counts[16];
  const std::uint8_t* symbols;
  int size;
};

constexpr std::uint8_t kDcSymbols[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
constexpr std::uint8_t kAcLuminanceSymbols[162] = {
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
    0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0,
    0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28,
    0x29, 0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
    0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
    0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,
    0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5,
    0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2,
    0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
    0xF9, 0xFA};
constexpr std::uint8_t kAcChrominanceSymbols[162] = {
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
    0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0,
    0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26,
    0x27, 0x28, 0x29, 0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
    0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
    0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
    0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5,
    0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3,
    0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA,
    0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
    0xF9, 0xFA};

constexpr HuffmanSpec kDcLuminance = {
    {0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0}, kDcSymbols, 12};
constexpr HuffmanSpec kDcChrominance = {
    {0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}, kDcSymbols, 12};
constexpr HuffmanSpec kAcLuminance = {
    {0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D}, kAcLuminanceSymbols, 162};
constexpr HuffmanSpec kAcChrominance = {
    {0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77}, kAcChrominanceSymbols, 162};

struct Codebook {
  std::uint16_t code[256] = {};
  std::uint8_t length[256] = {};

  explicit constexpr Codebook(const HuffmanSpec& spec) {
    int next = 0, symbol = 0;
    for (int bits = 1; bits <= 16; ++bits, next <<= 1) {
      for (int i = 0; i < spec.counts[bits - 1]; ++i, ++next, ++symbol) {
        code[spec.symbols[symbol]] = static_cast<std::uint16_t>(next);
        length[spec.symbols[symbol]] = static_cast<std::uint8_t>(bits);
      }
    }
  }
};

constexpr Codebook kDcBooks[2] = {Codebook(kDcLuminance), Codebook(kDcChrominance)};
constexpr Codebook kAcBooks[2] = {Codebook(kAcLuminance), Codebook(kAcChrominance)};

// Bits go out most significant first; a byte FF is followed by a 00.
class BitWriter {
 public:
  explicit BitWriter(std::vector<std::uint8_t>& out) : out_(out) {}

  void put(std::uint32_t bits, int count) {
    held_ = held_ << count | bits;
    count_ += count;
    if (count_ >= 32) drain();
  }

  void finish() {
    const int missing = (8 - count_ % 8) % 8;
    put((1U << missing) - 1, missing);
    drain();
  }

 private:
  void drain() {
    while (count_ >= 8) {
      count_ -= 8;
      const auto byte = static_cast<std::uint8_t>(held_ >> count_);
      out_.push_back(byte);
      if (byte == 0xFF) out_.push_back(0);
    }
  }

  std::vector<std::uint8_t>& out_;
  std::uint64_t held_ = 0;
  int count_ = 0;
};

struct Quantizer {
  std::uint8_t steps[64];  // natural order
  float factors[64];       // 1 / (step * scale of the transform)

  Quantizer(const std::uint8_t (&base)[64], int quality) {
    // Output scale of the transform below (Arai, Agui and Nakajima), per row and column.
    constexpr float kScale[8] = {1.0F,        1.387039845F, 1.306562965F, 1.175875602F,
                                 1.0F,        0.785694958F, 0.541196100F, 0.275899379F};
    const int percent = quality < 50 ? 5000 / quality : 200 - quality * 2;
    for (int i = 0; i < 64; ++i) {
      const int step = std::clamp((base[i] * percent + 50) / 100, 1, 255);
      steps[i] = static_cast<std::uint8_t>(step);
      factors[i] = 1.0F / (static_cast<float>(step) * kScale[i / 8] * kScale[i % 8] * 8.0F);
    }
  }
};

// One pass of the transform over eight lines: values of a line are kAlong apart, lines kAcross.
template <int kAlong, int kAcross>
void transform_pass(float* block) {
  for (int i = 0; i < 8; ++i) {
    float* d = block + i * kAcross;
    const float s07 = d[0 * kAlong] + d[7 * kAlong], t07 = d[0 * kAlong] - d[7 * kAlong];
    const float s16 = d[1 * kAlong] + d[6 * kAlong], t16 = d[1 * kAlong] - d[6 * kAlong];
    const float s25 = d[2 * kAlong] + d[5 * kAlong], t25 = d[2 * kAlong] - d[5 * kAlong];
    const float s34 = d[3 * kAlong] + d[4 * kAlong], t34 = d[3 * kAlong] - d[4 * kAlong];
    const float even = s07 + s34, even_difference = s07 - s34;
    const float middle = s16 + s25, middle_difference = s16 - s25;
    d[0 * kAlong] = even + middle;
    d[4 * kAlong] = even - middle;
    const float z1 = (middle_difference + even_difference) * 0.707106781F;
    d[2 * kAlong] = even_difference + z1;
    d[6 * kAlong] = even_difference - z1;
    const float a = t34 + t25, b = t25 + t16, c = t16 + t07;
    const float z5 = (a - c) * 0.382683433F;
    const float z2 = 0.541196100F * a + z5, z4 = 1.306562965F * c + z5;
    const float z3 = b * 0.707106781F;
    const float z11 = t07 + z3, z13 = t07 - z3;
    d[5 * kAlong] = z13 + z2;
    d[3 * kAlong] = z13 - z2;
    d[1 * kAlong] = z11 + z4;
    d[7 * kAlong] = z11 - z4;
  }
}

int magnitude_bits(int value) { return value == 0 ? 0 : 32 - __builtin_clz(std::abs(value)); }

// Negative values go out as their ones' complement.
std::uint32_t magnitude(int value, int bits) {
  return static_cast<std::uint32_t>(value < 0 ? value - 1 : value) & ((1U << bits) - 1);
}

// Transforms, quantizes and writes one block; returns its DC value for the next one.
int write_block(BitWriter& out, const std::uint8_t* pixels, int stride, const Quantizer& quantizer,
                int book, int previous_dc) {
  float block[64];
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 8; ++column) {
      block[row * 8 + column] = static_cast<float>(pixels[row * stride + column]) - 128.0F;
    }
  }
  transform_pass<1, 8>(block);
  transform_pass<8, 1>(block);
  int levels[64];
  for (int i = 0; i < 64; ++i) {
    // Rounds by truncating a number that is certainly positive.
    levels[i] = static_cast<int>(block[i] * quantizer.factors[i] + 16384.5F) - 16384;
  }
  const int dc_bits = magnitude_bits(levels[0] - previous_dc);
  out.put(kDcBooks[book].code[dc_bits], kDcBooks[book].length[dc_bits]);
  out.put(magnitude(levels[0] - previous_dc, dc_bits), dc_bits);

  const Codebook& ac = kAcBooks[book];
  int zeros = 0;
  for (int i = 1; i < 64; ++i) {
    const int level = levels[kZigZag[i]];
    if (level == 0) {
      ++zeros;
      continue;
    }
    for (; zeros >= 16; zeros -= 16) out.put(ac.code[0xF0], ac.length[0xF0]);
    const int bits = magnitude_bits(level);
    const int symbol = zeros << 4 | bits;
    out.put(std::uint32_t{ac.code[symbol]} << bits | magnitude(level, bits),
            ac.length[symbol] + bits);
    zeros = 0;
  }
  if (zeros > 0) out.put(ac.code[0], ac.length[0]);
  return levels[0];
}

void append(std::vector<std::uint8_t>& out, std::initializer_list<int> bytes) {
  for (const int byte : bytes) out.push_back(static_cast<std::uint8_t>(byte));
}

void append_quantizer(std::vector<std::uint8_t>& out, int id, const Quantizer& quantizer) {
  append(out, {0xFF, 0xDB, 0, 67, id});
  for (const std::uint8_t position : kZigZag) out.push_back(quantizer.steps[position]);
}

void append_huffman(std::vector<std::uint8_t>& out, int id, const HuffmanSpec& spec) {
  append(out, {0xFF, 0xC4, 0, 19 + spec.size, id});
  out.insert(out.end(), spec.counts, spec.counts + 16);
  out.insert(out.end(), spec.symbols, spec.symbols + spec.size);
}

void append_head(std::vector<std::uint8_t>& out, const Picture& picture, const Quantizer& luminance,
                 const Quantizer& chrominance, std::string_view comment) {
  append(out, {0xFF, 0xD8});
  append(out, {0xFF, 0xE0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0});
  if (!comment.empty()) {
    const int size = static_cast<int>(comment.size()) + 2;
    append(out, {0xFF, 0xFE, size >> 8, size & 0xFF});
    out.insert(out.end(), comment.begin(), comment.end());
  }
  append_quantizer(out, 0, luminance);
  append_quantizer(out, 1, chrominance);
  append(out, {0xFF, 0xC0, 0, 17, 8, picture.height >> 8, picture.height & 0xFF,
               picture.width >> 8, picture.width & 0xFF, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1});
  append_huffman(out, 0x00, kDcLuminance);
  append_huffman(out, 0x10, kAcLuminance);
  append_huffman(out, 0x01, kDcChrominance);
  append_huffman(out, 0x11, kAcChrominance);
  append(out, {0xFF, 0xDA, 0, 12, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0});
}

}  // namespace

std::vector<std::uint8_t> encode_jpeg(const Picture& picture, int quality,
                                      std::string_view comment) {
  const Quantizer luminance(kLuminance, quality), chrominance(kChrominance, quality);
  std::vector<std::uint8_t> out;
  out.reserve(picture.y.size() / 3 + 1024);
  append_head(out, picture, luminance, chrominance, comment);
  BitWriter writer(out);
  const int stride = picture.stride, half = stride / 2;
  int dc_y = 0, dc_cb = 0, dc_cr = 0;
  for (int row = 0; row < picture.rows; row += 16) {
    for (int column = 0; column < stride; column += 16) {
      const std::uint8_t* y = picture.y.data() + row * stride + column;
      dc_y = write_block(writer, y, stride, luminance, 0, dc_y);
      dc_y = write_block(writer, y + 8, stride, luminance, 0, dc_y);
      dc_y = write_block(writer, y + 8 * stride, stride, luminance, 0, dc_y);
      dc_y = write_block(writer, y + 8 * stride + 8, stride, luminance, 0, dc_y);
      const int at = row / 2 * half + column / 2;
      dc_cb = write_block(writer, picture.cb.data() + at, half, chrominance, 1, dc_cb);
      dc_cr = write_block(writer, picture.cr.data() + at, half, chrominance, 1, dc_cr);
    }
  }
  writer.finish();
  append(out, {0xFF, 0xD9});
  return out;
}

}  // namespace crsim
