// Files as a careful camera writes them: complete or not there at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace crsim {

using Bytes = std::vector<std::uint8_t>;

// Through a temporary name in the same folder. Returns 0 or the system's error number.
int write_whole(const std::filesystem::path& file, const void* data, std::size_t size);
int write_whole(const std::filesystem::path& file, const Bytes& bytes);
// As a transfer leaves a file that broke off: its beginning, under its own name.
void write_part(const std::filesystem::path& file, const Bytes& bytes, std::int64_t percent);
bool read_whole(const std::filesystem::path& file, Bytes& bytes);
// A name below a folder, not a way out of it.
bool plain_name(const std::string& name);

}  // namespace crsim
