// Settings files, LUT files and the names that a body gives its values.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "abi.h"
#include "files.h"

namespace crsim {

class Session;

class Setup {
 public:
  explicit Setup(Session& session) : session_(session) {}

  void reset();
  std::int32_t download(std::uint32_t type, const char* folder, const char* name);
  std::int32_t upload(std::uint32_t type, const char* file);
  std::int32_t import_lut(const char* file, std::uint16_t slot);
  std::int32_t request_names(std::uint32_t type);
  std::int32_t name_types(std::vector<std::uint32_t>& types) const;
  std::int32_t names(std::uint32_t type,
                     std::vector<SCRSDK::CrDisplayStringListInfo>& names) const;

 private:
  std::vector<std::uint32_t> lists() const;
  Bytes settings_file() const;
  bool apply_settings(const Bytes& bytes);

  Session& session_;
  std::set<std::uint32_t> requested_;  // display string lists
};

}  // namespace crsim
