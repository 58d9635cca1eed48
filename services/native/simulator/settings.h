// What the environment asks for. Read once, at Init.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "network.h"

namespace crsim {

struct CameraSetting {
  std::string model;
  std::string serial;
  std::uint32_t address = 0;  // on the network; 0: it hangs on USB
};

struct Settings {
  std::vector<CameraSetting> cameras;
  std::filesystem::path state;
  bool state_is_temporary = false;  // made by us, so removed by us
  double time_scale = 1.0;
  int callback_slots = 21;
  bool adapter = false;  // the folder CrAdapter must be where the real library looks for it
  Login login;           // of bodies on the network

  // A waiting time as the clock of this run counts it.
  std::chrono::nanoseconds scaled(double milliseconds) const;
};

Settings read_settings();
int read_callback_slots();
std::uint32_t version_for(int callback_slots);

}  // namespace crsim
