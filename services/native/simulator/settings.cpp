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

// "MODEL:SERIAL,MODEL:SERIAL"; entries without a serial number are skipped.
std::vector<CameraSetting> parse_cameras(const std::string& text) {
  std::vector<CameraSetting> cameras;
  std::istringstream entries(text);
  for (std::string entry; std::getline(entries, entry, ',');) {
    const auto colon = entry.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == entry.size()) continue;
    cameras.push_back({entry.substr(0, colon), entry.substr(colon + 1)});
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

int read_callback_slots() { return variable("CRSIM_CALLBACK_SLOTS", "21") == "19" ? 19 : 21; }

std::uint32_t version_for(int callback_slots) {
  return callback_slots == 19 ? 0x02000000 : 0x02020000;
}

Settings read_settings() {
  Settings settings;
  settings.cameras = parse_cameras(
      variable("CRSIM_CAMERAS", "ILCE-7M4:D10F60149B0C,ILME-FX3A:D20FA3C41E57"));
  settings.callback_slots = read_callback_slots();
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
