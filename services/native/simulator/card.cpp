#include "card.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string_view>

#include <sys/stat.h>

namespace crsim {
namespace {

constexpr std::array<std::string_view, 3> kExtensions = {".ARW", ".HIF", ".JPG"};

// The number in DSC00001.ARW, or 0 for a name of another make.
std::uint32_t number_in(const std::filesystem::path& name, const char* prefix) {
  const std::string stem = name.stem().string();
  const std::string extension = name.extension().string();
  if (std::find(kExtensions.begin(), kExtensions.end(), extension) == kExtensions.end()) return 0;
  if (stem.size() != 8 || stem.compare(0, 3, prefix) != 0) return 0;
  std::uint32_t number = 0;
  for (const char digit : stem.substr(3)) {
    if (digit < '0' || digit > '9') return 0;
    number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return number;
}

std::uint32_t content_id(std::uint32_t number, const Numbering& numbering) {
  const std::uint32_t gaps = numbering.gap_every == 0 ? 0 : number / numbering.gap_every;
  return numbering.first + number - 1 + gaps;
}

}  // namespace

std::string file_name(const Profile& profile, std::uint32_t number, const char* extension) {
  char name[32];
  std::snprintf(name, sizeof name, "%s%05u.%s", profile.numbering.prefix, number % 100000, extension);
  return name;
}

bool Card::present() const {
  std::error_code ignored;
  return std::filesystem::is_directory(root_, ignored);
}

bool Card::insert() const {
  std::error_code problem;
  std::filesystem::create_directories(root_ / kFolder, problem);
  return !problem;
}

std::vector<Content> Card::contents() const {
  std::map<std::uint32_t, Content> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(root_ / kFolder, ignored)) {
    const std::uint32_t number = number_in(entry.path().filename(), profile_.numbering.prefix);
    struct stat facts{};
    if (number == 0 || ::stat(entry.path().c_str(), &facts) != 0) continue;
    Content& content =
        found.try_emplace(number, Content{content_id(number, profile_.numbering), number,
                                          facts.st_mtime, {}})
            .first->second;
    content.created = std::min(content.created, facts.st_mtime);
    content.files.push_back(
        {0, entry.path().filename().string(), static_cast<std::uint64_t>(facts.st_size)});
  }
  std::vector<Content> contents;
  for (auto& [number, content] : found) {
    std::sort(content.files.begin(), content.files.end(),
              [&](const CardFile& a, const CardFile& b) {
                return profile_.habits.jpeg_before_raw ? b.name < a.name : a.name < b.name;
              });
    for (std::size_t i = 0; i < content.files.size(); ++i) {
      content.files[i].id = static_cast<std::uint16_t>(i + 1);
    }
    contents.push_back(std::move(content));
  }
  return contents;
}

std::vector<Content> Card::listed() const {
  std::vector<Content> all = contents();
  if (profile_.numbering.newest_first) std::reverse(all.begin(), all.end());
  return all;
}

std::optional<Content> Card::find(std::uint32_t id) const {
  for (Content& content : contents()) {
    if (content.id == id) return std::move(content);
  }
  return std::nullopt;
}

int Card::store(const std::string& name, const Bytes& bytes) const {
  if (!present() || !insert()) return ENOENT;
  return write_whole(root_ / kFolder / name, bytes);
}

void Card::erase(const Content& content) const {
  std::error_code ignored;
  for (const CardFile& file : content.files) std::filesystem::remove(path_of(file), ignored);
}

bool Card::is_protected(const Content& content) const {
  return std::any_of(content.files.begin(), content.files.end(), [&](const CardFile& file) {
    struct stat facts{};
    return ::stat(path_of(file).c_str(), &facts) == 0 && (facts.st_mode & 0222) == 0;
  });
}

void Card::format() const {
  for (const Content& content : contents()) erase(content);
}

}  // namespace crsim
