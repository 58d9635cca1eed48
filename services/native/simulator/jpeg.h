// A baseline JPEG encoder (ITU T.81): 4:2:0, Huffman coded with the standard tables.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "picture.h"

namespace crsim {

// Quality 1 to 100 as the common libraries count it; the comment becomes a COM segment.
std::vector<std::uint8_t> encode_jpeg(const Picture& picture, int quality,
                                      std::string_view comment = {});

}  // namespace crsim
