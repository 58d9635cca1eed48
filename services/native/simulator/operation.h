// What a client asks a body to do: settings, triggers and commands, sent to the right room.
#pragma once

#include <cstdint>

#include "abi.h"

namespace crsim {

class Session;

class Operation {
 public:
  explicit Operation(Session& session) : session_(session) {}

  std::int32_t set(const SCRSDK::CrDeviceProperty& wanted);
  std::int32_t command(std::uint32_t command, std::uint16_t parameter);

 private:
  void apply(std::uint32_t code, std::int64_t value);
  void step_focus(std::int64_t step);
  void move_focus(std::int64_t position);
  void place_af_area(std::int64_t point);
  void touch(std::int64_t point);
  void press_button(std::int64_t button);
  void zoom(std::int64_t speed);
  void keep_zooming(unsigned turn);
  void format_card();

  Session& session_;
  std::int64_t zoom_speed_ = 0;
  unsigned zoom_turn_ = 0;
};

}  // namespace crsim
