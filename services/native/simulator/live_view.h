// Live view: a picture is drawn and encoded when it is asked for, at most 30 times a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "abi.h"
#include "picture.h"
#include "scheduler.h"

namespace crsim {

class Session;

class LiveView {
 public:
  explicit LiveView(Session& session);

  void reset();
  std::int32_t enable(bool on);
  bool running() const;
  void go_dark();  // around an exposure
  std::int32_t info(SCRSDK::CrImageInfo& info) const;
  // Takes the mutex itself: drawing must not hold up the body.
  std::int32_t fetch(SCRSDK::CrImageDataBlock& block);
  std::vector<SCRSDK::CrLiveViewProperty> properties() const;

 private:
  using Clock = Scheduler::Clock;

  std::int32_t next_frame(struct View& view, int& quality);

  Session& session_;
  bool enabled_ = false;
  Clock::time_point start_;
  Clock::time_point next_due_;
  Clock::time_point dark_until_;
  std::uint32_t frame_number_ = 0;
  unsigned empty_left_ = 0;
  std::mutex drawing_;  // guards the canvas
  Picture canvas_;
};

}  // namespace crsim
