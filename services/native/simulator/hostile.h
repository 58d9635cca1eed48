// A body that lies: names that would break a line, sizes that cannot be, lists without end, serial
// numbers that are none or somebody else's. All pointers stay good for as far as a client can know:
// what lies beyond a null pointer or a size that was checked is never touched by a careful one.
#pragma once

#include <string>
#include <vector>

#include "abi.h"
#include "camera_info.h"
#include "scenarios.h"

namespace crsim {

enum class Lie { Names, Sizes, Lists, Serials };

class Hostile {
 public:
  explicit Hostile(const Scenarios& scenarios) : scenarios_(scenarios) {}

  bool tells(Lie lie) const;
  void spoil(std::vector<CameraFacts>& cameras, const CameraFacts& own) const;
  void spoil(std::vector<SCRSDK::CrDeviceProperty>& properties) const;
  void spoil(std::vector<SCRSDK::CrLiveViewProperty>& properties) const;
  void spoil(SCRSDK::CrImageInfo& info) const;
  void spoil(SCRSDK::CrImageDataBlock& block) const;
  void spoil(std::vector<SCRSDK::CrContentsInfo>& contents) const;
  void spoil(std::vector<SCRSDK::CrMtpFolderInfo>& folders) const;
  void spoil(SCRSDK::CrMtpContentsInfo& info) const;
  void spoil(std::vector<SCRSDK::CrDisplayStringListInfo>& names) const;
  // Files that a callback names although no picture went there.
  std::vector<std::string> lies_about(const std::string& folder) const;

 private:
  const Scenarios& scenarios_;
};

}  // namespace crsim
