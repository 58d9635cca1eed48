#include "setup.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "session.h"
#include "transfer.h"

namespace crsim {
namespace {

constexpr std::uint32_t kDownloadSetup = 0, kUploadSetup = 0x1000;
constexpr std::uint32_t kSettingsFile = 0;  // second argument of OnCompleteDownload
constexpr const char* kSettingsName = "CUMSET.DAT";
constexpr const char* kSettingsMark = "CRSIM SETTINGS 1\n";
constexpr std::size_t kSettingsBytes = 184'320;  // published: about 180 KB
constexpr double kSettingsMs = 800;
constexpr double kNamesMs = 200;
constexpr double kLutMs = 400;
constexpr std::uint32_t kAllNames = 0;
constexpr std::uint16_t kLutSlots = 16;
constexpr std::uintmax_t kLargestLut = 16 * 1024 * 1024;

// A cube file names the size of its table before the table.
std::uint32_t lut_result(const std::filesystem::path& file) {
  const std::string extension = file.extension().string();
  if (extension != ".cube" && extension != ".CUBE") return notice::kLutInvalidName;
  std::error_code problem;
  if (std::filesystem::file_size(file, problem) > kLargestLut || problem) {
    return notice::kLutInvalidFile;
  }
  Bytes bytes;
  if (!read_whole(file, bytes)) return notice::kLutInvalidFile;
  const std::string text(bytes.begin(), bytes.end());
  return text.find("LUT_3D_SIZE") == std::string::npos ? notice::kLutInvalidFile : notice::kLutOk;
}

}  // namespace

void Setup::reset() {
  session_.body.properties.set(property::kSettingState, 0);
  requested_.clear();
}

// Every setting as one line, filled up to the size of the real thing.
Bytes Setup::settings_file() const {
  const Properties& properties = session_.body.properties;
  const std::string all = kSettingsMark + properties.settings_text();
  Bytes bytes(all.begin(), all.end());
  bytes.resize(std::max(kSettingsBytes, bytes.size()), 0);
  return bytes;
}

bool Setup::apply_settings(const Bytes& bytes) {
  const std::string text(bytes.begin(), std::find(bytes.begin(), bytes.end(), 0));
  if (text.compare(0, std::strlen(kSettingsMark), kSettingsMark) != 0) return false;
  session_.announce(
      session_.body.properties.restore_settings(text.substr(std::strlen(kSettingsMark))));
  session_.body.save_settings();
  return true;
}

std::int32_t Setup::download(std::uint32_t type, const char* folder, const char* name) {
  if (type != kDownloadSetup) return error::kNotSupported;
  if (!session_.body.profile.habits.settings_file) return error::kInvalidCalled;
  const Properties& properties = session_.body.properties;
  if (properties.get(property::kSettingSaveEnable) != 1 ||
      properties.get(property::kSettingState) != 0) {
    return error::kInvalidCalled;
  }
  std::string target;
  const std::int32_t problem = target_file(session_, folder, name, kSettingsName, target);
  if (problem != error::kNone) return problem;
  session_.change(property::kSettingState, 1);
  session_.after(kSettingsMs, [this, target] {
    const int failed = write_whole(target, settings_file());
    session_.change(property::kSettingState, 0);
    if (failed == 0) {
      session_.notify.complete_download(target, kSettingsFile);
    } else {
      session_.notify.warning(notice::kSettingsSaveFailed);
    }
  });
  return error::kNone;
}

std::int32_t Setup::upload(std::uint32_t type, const char* file) {
  if (type != kUploadSetup) return error::kNotSupported;
  if (!session_.body.profile.habits.settings_file) return error::kInvalidCalled;
  if (file == nullptr) return error::kInvalidParameter;
  const Properties& properties = session_.body.properties;
  if (properties.get(property::kSettingReadEnable) != 1 ||
      properties.get(property::kSettingState) != 0) {
    return error::kInvalidCalled;
  }
  Bytes bytes;
  if (!read_whole(file, bytes)) return error::kFileNotFound;
  session_.change(property::kSettingState, 1);
  session_.after(kSettingsMs, [this, bytes] {
    const bool good = apply_settings(bytes);
    session_.change(property::kSettingState, 0);
    session_.notify.warning(good ? notice::kSettingsReadOk : notice::kSettingsReadFailed);
    if (good) session_.reboot();
  });
  return error::kNone;
}

std::int32_t Setup::import_lut(const char* file, std::uint16_t slot) {
  if (file == nullptr || slot < 1 || slot > kLutSlots) return error::kInvalidParameter;
  if (session_.body.properties.get(property::kLookImportEnable) != 1) return error::kInvalidCalled;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return error::kFileNotFound;
  session_.after(kLutMs, [this, path = std::filesystem::path(file)] {
    session_.notify.warning(lut_result(path));
  });
  return error::kNone;
}

// The lists that the body has, each once, in the order of its table.
std::vector<std::uint32_t> Setup::lists() const {
  std::vector<std::uint32_t> lists;
  for (const DisplayText& text : session_.body.profile.display_texts) {
    if (std::find(lists.begin(), lists.end(), text.list) == lists.end()) lists.push_back(text.list);
  }
  return lists;
}

std::int32_t Setup::request_names(std::uint32_t type) {
  std::vector<std::uint32_t> asked = lists();
  if (type != kAllNames) {
    const bool known = std::find(asked.begin(), asked.end(), type) != asked.end();
    asked.assign(known ? 1 : 0, type);
  }
  session_.after(kNamesMs, [this, asked] {
    requested_.insert(asked.begin(), asked.end());
    session_.notify.warning(asked.empty() ? notice::kDisplayStringsFailed
                                          : notice::kDisplayStringsReady);
  });
  return error::kNone;
}

std::int32_t Setup::name_types(std::vector<std::uint32_t>& types) const {
  types = lists();
  return error::kNone;
}

std::int32_t Setup::names(std::uint32_t type,
                          std::vector<SCRSDK::CrDisplayStringListInfo>& names) const {
  if (requested_.count(type) == 0) return error::kNoInformation;
  for (const DisplayText& text : session_.body.profile.display_texts) {
    if (text.list != type) continue;
    SCRSDK::CrDisplayStringListInfo info;
    info.dataType = static_cast<SCRSDK::CrDataType>(type::kU16);
    info.listType = type;
    info.value = static_cast<std::uint64_t>(text.value);
    info.displayStringSize = static_cast<std::uint32_t>(std::strlen(text.text) + 1);
    info.displayString = new std::uint8_t[info.displayStringSize];
    std::memcpy(info.displayString, text.text, info.displayStringSize);
    names.push_back(info);
  }
  return error::kNone;
}

}  // namespace crsim
