#include "settings.h"

#include <cstdlib>
#include <sstream>
#include <system_error>

namespace crsim {
namespace {

std::string variable(const char* name, const char* otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : text;
}

// "MODEL:SERIAL,MODEL:SERIAL@ADDRESS"; entries without a serial number are skipped, and those on
// the network whose serial number is no MAC address.
std::vector<CameraSetting> parse_cameras(const std::string& text) {
  std::vector<CameraSetting> cameras;
  std::istringstream entries(text);
  for (std::string entry; std::getline(entries, entry, ',');) {
    const auto colon = entry.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == entry.size()) continue;
    const auto at = entry.find('@', colon);
    const std::string serial = entry.substr(colon + 1, at == std::string::npos ? at : at - colon - 1);
    const std::uint32_t address = at == std::string::npos ? 0 : parse_address(entry.substr(at + 1));
    if (at != std::string::npos && (address == 0 || mac_of(serial).empty())) continue;
    cameras.push_back({entry.substr(0, colon), serial, address});
  }
  return cameras;
}

std::filesystem::path temporary_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "crsim-XXXXXX").string();
  return mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
}

}  // namespace

std::chrono::nanoseconds Settings::scaled(double milliseconds) const {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(milliseconds * time_scale * 1e6));
}

int read_callback_slots() {
  const int slots = std::atoi(variable("CRSIM_CALLBACK_SLOTS", "21").c_str());
  return slots == 12 || slots == 18 || slots == 19 ? slots : 21;
}

std::uint32_t version_for(int callback_slots) {
  switch (callback_slots) {
    case 12: return 0x010C0000;
    case 18: return 0x010E0000;
    case 19: return 0x02000000;
    default: return 0x02020000;
  }
}

Settings read_settings() {
  Settings settings;
  settings.cameras = parse_cameras(
      variable("CRSIM_CAMERAS", "ILCE-7M4:D10F60149B0C,ILME-FX3A:D20FA3C41E57"));
  settings.callback_slots = read_callback_slots();
  settings.adapter = variable("CRSIM_ADAPTER", "0") == "1";
  const std::string login = variable("CRSIM_LOGIN", "");
  const auto colon = login.find(':');
  if (colon != std::string::npos) {
    settings.login = {login.substr(0, colon), login.substr(colon + 1), ""};
  }
  const double scale = std::atof(variable("CRSIM_TIME_SCALE", "1.0").c_str());
  settings.time_scale = scale >= 0.0 && scale <= 1000.0 ? scale : 1.0;
  settings.state = variable("CRSIM_STATE", "");
  settings.state_is_temporary = settings.state.empty();
  if (settings.state_is_temporary) settings.state = temporary_folder();
  std::error_code ignored;  // an unusable folder shows when a body is connected
  std::filesystem::create_directories(settings.state, ignored);
  return settings;
}

}  // namespace crsim
