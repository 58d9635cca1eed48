// The picture of the body's own display: the live view in a frame, with what a photographer reads.
#pragma once

#include <cstdint>

#include "abi.h"
#include "scheduler.h"

namespace crsim {

class Session;

class Osd {
 public:
  explicit Osd(Session& session) : session_(session) {}

  // With the mutex. The client's buffer has CR_OSD_IMAGE_MAX_SIZE bytes.
  std::int32_t fetch(SCRSDK::CrOSDImageDataBlock& block);

 private:
  Session& session_;
  Scheduler::Clock::time_point next_due_;
  std::uint32_t frame_number_ = 0;
};

}  // namespace crsim
