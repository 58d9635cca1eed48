// A memory card: a folder with a DCIM tree. The files are the truth; no index is kept, so a file
// that somebody puts there is a content, and a folder that is taken away is a card pulled out.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "files.h"
#include "profiles.h"

namespace crsim {

struct CardFile {
  std::uint16_t id;
  std::string name;      // DSC00001.ARW
  std::uint64_t size_bytes;
};

struct Content {
  std::uint32_t id;      // rising, with gaps
  std::uint32_t number;  // of the file names
  std::time_t created;
  std::vector<CardFile> files;  // RAW before JPEG, if the body does not do otherwise
};

class Card {
 public:
  static constexpr const char* kFolder = "DCIM/100MSDCF";
  static constexpr std::uint32_t kFolderNumber = 100;

  Card(std::filesystem::path root, const Profile& profile)
      : root_(std::move(root)), profile_(profile) {}

  bool present() const;
  std::vector<Content> contents() const;  // oldest number first
  std::vector<Content> listed() const;    // in the order in which the body lists them
  std::optional<Content> find(std::uint32_t content_id) const;
  std::filesystem::path path_of(const CardFile& file) const { return root_ / kFolder / file.name; }
  bool insert() const;  // makes the folders
  int store(const std::string& name, const Bytes& bytes) const;
  void erase(const Content& content) const;
  // A file that nobody may write to is a content that is protected.
  bool is_protected(const Content& content) const;
  void format() const;

 private:
  std::filesystem::path root_;
  const Profile& profile_;
};

std::string file_name(const Profile& profile, std::uint32_t number, const char* extension);

}  // namespace crsim
