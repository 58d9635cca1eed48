#include "body.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "jpeg.h"

namespace crsim {
namespace {

constexpr int kStillWidth = 1920, kStillHeight = 1280, kStillQuality = 90;
constexpr std::time_t kFirstShot = 1772359200;  // 2026-03-01 10:00:00 UTC

double stops(double ratio) { return std::log2(ratio); }

double seconds_of(std::int64_t shutter) {
  const double denominator = static_cast<double>(shutter & 0xFFFF);
  return denominator > 0 ? static_cast<double>(shutter >> 16) / denominator : 0.0;
}

int warmth_of(std::int64_t white_balance, std::int64_t kelvin) {
  switch (white_balance) {
    case 0x12: case 0x13: return 10;            // shade, clouds: warmer
    case 0x14: return -24;                      // tungsten: bluer
    case 0x21: case 0x22: case 0x23: case 0x24: return -10;
    case value::kColorTemperature: return static_cast<int>(std::clamp<std::int64_t>(
        (kelvin - 5500) / 110, -28, 40));
    default: return 0;
  }
}

}  // namespace

Body::Body(const Profile& profile, std::string serial, std::uint32_t address,
           const Settings& settings)
    : profile(profile), serial(std::move(serial)), address(address), settings(settings),
      scenarios(settings.state, this->serial),
      control(settings.state, this->serial, scenarios, counts), properties(profile),
      folder_(settings.state / this->serial), slot1_(folder_ / "slot1", profile),
      slot2_(folder_ / "slot2", profile) {
  properties.set_text(property::kBodySerial, {this->serial.begin(), this->serial.end()});
  properties.set_text(property::kModelName,
                      {profile.model, profile.model + std::strlen(profile.model)});
  properties.set_text(property::kSoftwareVersion,
                      {profile.software, profile.software + std::strlen(profile.software)});
}

std::size_t Body::port() const {
  const auto ports = usb_ports(settings);
  return static_cast<std::size_t>(std::find(ports.begin(), ports.end(), serial) - ports.begin());
}

// The lock file holds the holder's process number for as long as it holds: a file that is not
// empty although nobody has the lock was left by a process that died.
bool Body::try_lock() {
  if (lock_ >= 0) return true;
  if (scenarios.holds(scenario::kHeld)) return false;
  const auto file = settings.state / (serial + ".lock");
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return false;
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return false;
  }
  struct stat facts{};
  left_uncleanly_ = ::fstat(lock, &facts) == 0 && facts.st_size > 0;
  const std::string holder = std::to_string(getpid()) + "\n";
  (void)!::pwrite(lock, holder.data(), holder.size(), 0);
  lock_ = lock;
  std::error_code ignored;
  std::filesystem::create_directories(folder_, ignored);
  counts.attach(folder_ / "counts");
  control.start();
  load_settings();
  return true;
}

void Body::unlock() {
  if (lock_ < 0) return;
  control.stop();
  counts.detach();
  (void)!::ftruncate(lock_, 0);
  ::close(lock_);
  lock_ = -1;
}

// One line per setting: its code and its value, or its text.
void Body::save_settings() const {
  const std::string text = properties.settings_text();
  write_whole(folder_ / "settings", text.data(), text.size());
}

void Body::load_settings() {
  Bytes bytes;
  if (!read_whole(folder_ / "settings", bytes)) return;
  properties.restore_settings({bytes.begin(), bytes.end()});
}

const Card* Body::card(std::uint32_t slot) const {
  if (slot < 1 || slot > profile.habits.slots) return nullptr;
  return slot == 1 ? &slot1_ : &slot2_;
}

void Body::insert_first_card() {
  std::error_code ignored;
  if (std::filesystem::exists(folder_ / "counter", ignored) || !slot1_.insert()) return;
  const auto add = [&](std::uint32_t number, const char* extension, const Bytes& bytes) {
    const std::string name = file_name(profile, number, extension);
    if (slot1_.store(name, bytes) != 0) return;
    const std::time_t when = kFirstShot + static_cast<std::time_t>(number - 1) * 47 * 3600;
    const timespec times[2] = {{when, 0}, {when, 0}};
    utimensat(AT_FDCWD, slot1_.path_of({1, name, 0}).c_str(), times, 0);
  };
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t number = next_number();
    View seen;
    seen.seed = seen.number = number;
    if (i == 0) add(number, "ARW", raw_file(profile, number));  // the first is a pair
    add(number, "JPG", jpeg_file(seen, kStillWidth, kStillHeight, kStillQuality));
  }
}

std::uint32_t Body::next_number() {
  const auto file = folder_ / "counter";
  Bytes bytes;
  std::uint32_t last = 0;
  if (read_whole(file, bytes)) {
    last = static_cast<std::uint32_t>(std::atoi(std::string(bytes.begin(), bytes.end()).c_str()));
  }
  const std::uint32_t next = last % 99999 + 1;
  std::error_code ignored;
  std::filesystem::create_directories(folder_, ignored);
  const std::string text = std::to_string(next);
  write_whole(file, text.data(), text.size());
  return next;
}

View Body::view(std::uint32_t seed) const {
  View seen;
  seen.seed = seed;
  const std::int64_t iso = properties.get(property::kIso);
  const std::int64_t program = properties.get(property::kExposureProgram);
  const bool manual = program == 1 || program == 0x8053;
  const double compensation = properties.get(property::kExposureCompensation) / 1000.0;
  const bool automatic = !manual || iso == value::kIsoAuto;
  if (automatic) {
    seen.exposure_ev = compensation;
  } else {
    // Right at ISO 100, f/5.6 and 1/125 s, where the body starts.
    const double speed = static_cast<double>(iso & 0xFFFFFF) / 100.0;
    const double aperture = static_cast<double>(properties.get(property::kAperture)) / 560.0;
    const double time = seconds_of(properties.get(property::kShutterSpeed)) * 125.0;
    seen.exposure_ev = stops(speed * std::max(time, 1e-4) / (aperture * aperture));
  }
  if (iso != value::kIsoAuto) {
    seen.grain = static_cast<std::uint32_t>(
        std::clamp(stops(static_cast<double>(iso & 0xFFFFFF) / 1600.0) * 6.0, 0.0, 40.0));
  }
  seen.warmth = warmth_of(properties.get(property::kWhiteBalance),
                          properties.get(property::kColorTemperature));
  return seen;
}

Codes Body::refresh_card_properties() {
  using namespace property;
  Codes changed;
  const auto set = [&](std::uint32_t code, std::int64_t value) {
    const Codes more = properties.set(code, value);
    changed.insert(changed.end(), more.begin(), more.end());
  };
  constexpr struct {
    std::uint32_t slot, status, photos, time, list;
  } kSlots[] = {{1, kSlot1Status, kSlot1Photos, kSlot1Time, kSlot1ListEnable},
                {2, kSlot2Status, kSlot2Photos, kSlot2Time, kSlot2ListEnable}};
  for (const auto& row : kSlots) {
    const Card* inserted = card(row.slot);
    const bool present = inserted != nullptr && inserted->present();
    const std::size_t used = present ? inserted->contents().size() : 0;
    const bool full = row.slot == 1 && scenarios.holds(scenario::kCardFull);
    const std::size_t size = present && !full ? profile.card_photos : 0;
    const std::size_t room = size - std::min(used, size);
    set(row.status, present ? value::kSlotOk : value::kNoCard);
    set(row.photos, static_cast<std::int64_t>(room));
    if (!present || full) set(row.time, 0);
    if (present && !full && properties.get(row.time) == 0) set(row.time, profile.card_seconds);
    set(row.list, present ? 1 : 0);
  }
  return changed;
}

std::vector<std::string> usb_ports(const Settings& settings) {
  std::vector<std::string> ports;
  for (const CameraSetting& camera : settings.cameras) ports.push_back(camera.serial);
  for (std::size_t i = 0; i < settings.cameras.size(); ++i) {
    const std::string& serial = settings.cameras[i].serial;
    const auto swapped = Scenarios(settings.state, serial).find(scenario::kSwapped);
    if (!swapped) continue;
    const std::string& with = swapped->word("with");
    const auto other =
        std::find(ports.begin(), ports.end(),
                  with.empty() ? settings.cameras[(i + 1) % settings.cameras.size()].serial : with);
    const auto own = std::find(ports.begin(), ports.end(), serial);
    if (other != ports.end()) std::iter_swap(own, other);
  }
  return ports;
}

Bytes jpeg_file(const View& view, int width, int height, int quality) {
  Picture picture(width, height);
  draw(picture, view);
  // Bodies write a fresh identifier into a preview each time it is fetched.
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  char identifier[40];
  std::snprintf(identifier, sizeof identifier, "%08x%016llx", view.number,
                static_cast<unsigned long long>(now) * 0x9E3779B97F4A7C15ULL);
  return encode_jpeg(picture, quality, identifier);
}

// A TIFF head, as every RAW file begins, that names make and model; then sensor data: noise.
Bytes raw_file(const Profile& profile, std::uint32_t number) {
  Bytes file;
  file.reserve(profile.raw_bytes);
  const auto u16 = [&](unsigned value) {
    file.push_back(static_cast<std::uint8_t>(value));
    file.push_back(static_cast<std::uint8_t>(value >> 8));
  };
  const auto u32 = [&](std::uint32_t value) {
    u16(value & 0xFFFF);
    u16(value >> 16);
  };
  const auto entry = [&](unsigned tag, unsigned kind, std::uint32_t count, std::uint32_t value) {
    u16(tag);
    u16(kind);
    u32(count);
    u32(value);
  };
  constexpr unsigned kAscii = 2, kShort = 3, kLong = 4;
  constexpr std::uint32_t kEntries = 8, kData = 8 + 2 + kEntries * 12 + 4;
  const std::string make = "SONY", model = profile.model;
  const auto make_size = static_cast<std::uint32_t>(make.size() + 1);
  const auto model_size = static_cast<std::uint32_t>(model.size() + 1);
  constexpr std::uint32_t kStrip = 4096;
  file.insert(file.end(), {'I', 'I', 42, 0, 8, 0, 0, 0});
  u16(kEntries);
  entry(256, kLong, 1, kStillWidth);
  entry(257, kLong, 1, kStillHeight);
  entry(258, kShort, 1, 14);
  entry(259, kShort, 1, 32767);
  entry(271, kAscii, make_size, kData);
  entry(272, kAscii, model_size, kData + make_size);
  entry(273, kLong, 1, kStrip);
  entry(279, kLong, 1, static_cast<std::uint32_t>(profile.raw_bytes) - kStrip);
  u32(0);
  file.insert(file.end(), make.c_str(), make.c_str() + make_size);
  file.insert(file.end(), model.c_str(), model.c_str() + model_size);
  file.resize(profile.raw_bytes);
  std::uint64_t dice = number * 0x9E3779B97F4A7C15ULL + 1;
  for (std::size_t at = kStrip; at + 8 <= file.size(); at += 8) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    std::memcpy(file.data() + at, &dice, 8);
  }
  return file;
}

}  // namespace crsim
