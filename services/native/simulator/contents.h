// Contents mode: date folders, handles, details, and pulling by handle. No shooting here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "abi.h"
#include "card.h"

namespace crsim {

class Session;

class Contents {
 public:
  explicit Contents(Session& session) : session_(session) {}

  void reset();
  std::int32_t folders(std::vector<SCRSDK::CrMtpFolderInfo>& folders);
  std::int32_t handles(std::uint32_t folder, std::vector<std::uint32_t>& handles);
  std::int32_t detail(std::uint32_t handle, SCRSDK::CrMtpContentsInfo& info);
  std::int32_t pull(std::uint32_t handle, bool small, const char* folder, const char* name);
  std::int32_t thumbnail(std::uint32_t handle, SCRSDK::CrImageDataBlock& block,
                         std::uint16_t* kind);
  std::int32_t cancel();

 private:
  std::int32_t find(std::uint32_t handle, Content& content, CardFile& file) const;
  bool refused() const;

  Session& session_;
  bool folders_listed_ = false;
  bool contents_listed_ = false;
  bool busy_ = false;
  bool cancelled_ = false;
};

}  // namespace crsim
