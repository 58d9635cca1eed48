#include "counts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "files.h"

namespace crsim {
namespace {

constexpr std::array<const char*, Counts::kNames> kTexts = {
    "connects",    "losses",     "reconnects", "releases",      "exposures",
    "not_exposed", "host_files", "card_files", "transfers",     "transfers_cut", "deletions",
    "frames",      "property_callbacks",       "storm_callbacks", "crashes"};
constexpr std::size_t kLine = 40;  // name=, the digits, a line end
constexpr std::size_t kSize = kLine * Counts::kNames;

}  // namespace

void Counts::load(const std::filesystem::path& file) {
  Bytes before;
  read_whole(file, before);
  std::istringstream lines(std::string(before.begin(), before.end()));
  values_ = {};
  for (std::string line; std::getline(lines, line);) {
    for (std::size_t name = 0; name < kNames; ++name) {
      const std::size_t length = std::strlen(kTexts[name]);
      if (line.compare(0, length, kTexts[name]) == 0 && line[length] == '=') {
        values_[name] = std::strtoull(line.c_str() + length + 1, nullptr, 10);
      }
    }
  }
}

void Counts::read(const std::filesystem::path& file) {
  const std::lock_guard lock(mutex_);
  load(file);
}

void Counts::attach(const std::filesystem::path& file) {
  const std::lock_guard lock(mutex_);
  if (text_ != nullptr) return;
  load(file);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return;
  if (::ftruncate(descriptor, kSize) == 0) {
    void* mapped = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapped != MAP_FAILED) text_ = static_cast<char*>(mapped);
  }
  ::close(descriptor);
  for (std::size_t name = 0; name < kNames; ++name) show(name);
}

void Counts::detach() {
  const std::lock_guard lock(mutex_);
  if (text_ != nullptr) ::munmap(text_, kSize);
  text_ = nullptr;
}

void Counts::show(std::size_t name) {
  if (text_ == nullptr) return;
  char line[kLine + 1];
  const int digits = static_cast<int>(kLine - std::strlen(kTexts[name]) - 2);
  std::snprintf(line, sizeof line, "%s=%0*llu\n", kTexts[name], digits,
                static_cast<unsigned long long>(values_[name]));
  std::memcpy(text_ + name * kLine, line, kLine);
}

void Counts::add(Name name, std::uint64_t more) {
  const std::lock_guard lock(mutex_);
  values_[name] += more;
  show(name);
}

std::uint64_t Counts::get(Name name) const {
  const std::lock_guard lock(mutex_);
  return values_[name];
}

std::string Counts::text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (std::size_t name = 0; name < kNames; ++name) {
    text += (name == 0 ? "" : " ") + std::string(kTexts[name]) + "=" + std::to_string(values_[name]);
  }
  return text;
}

}  // namespace crsim
