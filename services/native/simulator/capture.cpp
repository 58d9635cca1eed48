#include "capture.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "crash.h"
#include "session.h"

namespace crsim {
namespace {

constexpr int kWidth = 1920, kHeight = 1280, kQuality = 90;
constexpr int kSmallWidth = 1616, kSmallHeight = 1080;
constexpr std::uint32_t kPictureFile = 0xFFFFFFFF;
// With 0.6 s the event came 375 ms later than with a short exposure.
constexpr double kExposureShare = 0.625;
// After a release that came to nothing a body was seen to unlock this soon.
constexpr double kSilentFailureMs = 150;
// A burst is never faster than this, whatever the time scale, so that a held release ends.
constexpr std::chrono::milliseconds kLeastInterval{50};

std::filesystem::path host_file(const Profile& profile, const SaveFolder& save,
                                std::uint32_t number, const char* extension) {
  if (save.prefix.empty()) {
    return std::filesystem::path(save.path) / file_name(profile, number, extension);
  }
  char digits[16];
  std::snprintf(digits, sizeof digits, "%05u.",
                save.number < 0 ? number : static_cast<unsigned>(save.number));
  return std::filesystem::path(save.path) / (save.prefix + digits + extension);
}

}  // namespace

struct Capture::Shot {
  std::uint32_t number;
  std::int64_t format;
  std::int64_t destination;
  bool small;
  View view;
};

void Capture::reset() {
  session_.body.properties.set(property::kS1, value::kUnlocked);
  session_.body.properties.set(property::kFocusIndication, value::kFocusUnlocked);
  focus_ = Focus::None;
  ++focus_turn_;
  down_ = waiting_ = always_fires_ = exposed_ = lock_reported_ = false;
  in_flight_ = 0;
}

bool Capture::autofocus() const {
  const Properties& properties = session_.body.properties;
  return properties.has(property::kFocusMode) &&
         properties.get(property::kFocusMode) != value::kManualFocus;
}

bool Capture::in_still_position() const {
  const std::int64_t program = session_.body.properties.get(property::kExposureProgram);
  return session_.body.profile.habits.any_position ||
         session_.body.profile.still_programs.contains(program);
}

void Capture::lock(bool locked) {
  session_.change(property::kS1, locked ? value::kLocked : value::kUnlocked);
}

void Capture::half_press(bool down) {
  const bool locked = session_.body.properties.get(property::kS1) == value::kLocked;
  if (down == locked) return;
  lock(down);
  if (down) {
    start_focus();
    return;
  }
  waiting_ = always_fires_ = false;
  spring_back();
}

// S1 is free again. The picture comes first: the status follows when it is delivered.
void Capture::spring_back() {
  if (session_.body.profile.habits.s1_springs_back) lock(false);
  exposed_ = false;
  ++focus_turn_;
  focus_ = Focus::None;
  if (in_flight_ == 0) report_unlocked();
}

void Capture::press_ends() {
  const bool locked = session_.body.properties.get(property::kS1) == value::kLocked;
  // After an exposure S1 springs back by itself; after none it stays where it is.
  if (in_flight_ > 0 || exposed_ || (!locked && focus_ == Focus::Missed)) spring_back();
}

void Capture::start_focus() {
  const std::int64_t mode = session_.body.properties.get(property::kFocusMode);
  if (mode == value::kManualFocus) return;
  const Timing& timing = session_.body.profile.timing;
  const bool sharp = !session_.body.scenarios.holds(scenario::kDefocused);
  const unsigned turn = ++focus_turn_;
  focus_ = Focus::Searching;
  const auto later = [this, turn](double wait_ms, Scheduler::Task task) {
    session_.after(wait_ms, [this, turn, task = std::move(task)] {
      if (turn == focus_turn_) task();
    });
  };
  const bool continuous = mode == value::kAfC;
  if (continuous && sharp) {
    later(timing.tracking,
          [this] { report(value::kTrackingAfC, af_status::kTrackingAfC); });
  }
  const double wait =
      !sharp ? timing.focus_failure : continuous ? timing.tracking_focused : timing.focus;
  later(wait, [this, sharp, continuous] {
    if (sharp) {
      focus_ends(Focus::Found, continuous ? value::kFocusedAfC : value::kFocusedAfS,
                 continuous ? af_status::kFocusedAfC : af_status::kFocusedAfS);
    } else {
      focus_ends(Focus::Missed, continuous ? value::kNotFocusedAfC : value::kNotFocusedAfS,
                 continuous ? af_status::kNotFocusedAfC : af_status::kNotFocusedAfS);
    }
  });
}

void Capture::focus_ends(Focus result, std::int64_t indication, std::int32_t status) {
  focus_ = result;
  report(indication, status);
  if (waiting_ && (result == Focus::Found || always_fires_)) {
    expose(session_.body.profile.timing.release_autofocus);
  }
  waiting_ = always_fires_ = false;
  if (result == Focus::Missed && !down_) press_ends();
}

// Two channels that are not ordered: the property, and a little later the extended warning.
void Capture::report(std::int64_t indication, std::int32_t status) {
  lock_reported_ = true;
  tell(indication, status);
}

void Capture::report_unlocked() {
  if (!lock_reported_) return;
  lock_reported_ = false;
  tell(value::kFocusUnlocked, af_status::kUnlocked);
}

void Capture::tell(std::int64_t indication, std::int32_t status) {
  const Scheduler::Task property = [this, indication] {
    session_.change(property::kFocusIndication, indication);
    if (session_.live_view.running() && session_.body.profile.habits.frames) {
      session_.notify.live_view_property_changed({live_view_property::kAfAreaPosition});
    }
  };
  const Scheduler::Task warning = [this, status] {
    session_.notify.warning_ext(notice::kExtAfStatus, status, 0, 0);
  };
  const bool turned = session_.body.profile.habits.warning_before_focus;
  (turned ? warning : property)();
  session_.after(session_.body.profile.timing.focus_second_channel, turned ? property : warning);
}

void Capture::release(bool down) {
  if (down == down_) return;
  down_ = down;
  if (!down) {
    press_ends();
    return;
  }
  if (!in_still_position()) return;
  const Timing& timing = session_.body.profile.timing;
  const bool locked = session_.body.properties.get(property::kS1) == value::kLocked;
  if (!autofocus()) {
    expose(timing.release_manual);
  } else if (session_.body.profile.habits.fires_unfocused) {
    expose(timing.release_autofocus);
  } else if (focus_ == Focus::Found) {
    expose(timing.release_autofocus);
  } else if (locked && focus_ == Focus::Searching) {
    waiting_ = true;
  } else if (!locked && session_.body.profile.habits.release_focuses) {
    start_focus();
    waiting_ = true;
  }
  // Else nothing: a release without focus is accepted and has no effect.
}

void Capture::focus_and_release(bool down) {
  if (down == down_) return;
  down_ = down;
  if (!down) {
    press_ends();
    return;
  }
  if (!in_still_position()) return;
  if (!autofocus()) {
    expose(session_.body.profile.timing.release_manual);
    return;
  }
  lock(true);
  start_focus();
  waiting_ = always_fires_ = true;
}

void Capture::cancel() { down_ = waiting_ = always_fires_ = false; }

double Capture::exposure_delay() const {
  const Properties& properties = session_.body.properties;
  const std::int64_t shutter = properties.get(property::kShutterSpeedCurrent);
  const double seconds = (shutter & 0xFFFF) == 0
                             ? 0.0
                             : static_cast<double>(shutter >> 16) /
                                   static_cast<double>(shutter & 0xFFFF);
  double delay = seconds * 1000.0 * kExposureShare;
  for (const SelfTimer& timer : session_.body.profile.self_timers) {
    if (timer.drive == properties.get(property::kDriveMode)) delay += timer.wait_ms;
  }
  return delay;
}

// Whether this release was accepted for nothing, as real bodies do without a word.
bool Capture::comes_to_nothing() {
  Body& body = session_.body;
  const auto overheated = body.scenarios.find(scenario::kOverTemperature);
  if (overheated && overheated->number("level") > 1) return true;
  const std::int64_t destination = body.properties.get(property::kStoreDestination);
  if (destination == value::kCard && body.scenarios.holds(scenario::kCardFull)) {
    session_.notify.warning(notice::kStorageFull);
    return true;
  }
  const auto missed = body.scenarios.find(scenario::kNotExposed);
  if (!missed) {
    body.releases_to_strike = 0;
    return false;
  }
  return ++body.releases_to_strike % static_cast<std::uint64_t>(missed->number("every")) == 0;
}

void Capture::expose(double wait_ms) {
  ++in_flight_;
  session_.body.counts.add(Counts::kReleases);
  if (comes_to_nothing()) {
    session_.body.counts.add(Counts::kNotExposed);
    session_.after(kSilentFailureMs, [this] {
      if (--in_flight_ == 0) spring_back();
    });
    return;
  }
  session_.after(wait_ms + exposure_delay(), [this] { captured(); });
}

void Capture::captured() {
  const Properties& properties = session_.body.properties;
  if (session_.body.scenarios.strike(scenario::kCrash, "at", "exposure")) {
    crash(session_.body.counts);
  }
  exposed_ = true;
  session_.body.counts.add(Counts::kExposures);
  session_.notify.warning(notice::kCaptured);
  session_.live_view.go_dark();
  const std::uint32_t number = session_.body.next_number();
  Shot shot{number, properties.get(property::kFileFormat),
            properties.get(property::kStoreDestination),
            properties.get(property::kTransferSize) == 1, session_.body.view(number)};
  shot.view.number = number;
  store(shot);

  const std::int64_t drive = properties.get(property::kDriveMode);
  for (const DriveSpeed& speed : session_.body.profile.drive_speeds) {
    if (!down_ || speed.drive != drive) continue;
    ++in_flight_;
    const auto interval = std::max<std::chrono::nanoseconds>(
        session_.body.settings.scaled(speed.interval_ms), kLeastInterval);
    session_.after_real(interval, [this] {
      if (down_) {
        captured();
      } else {
        shot_ends();
      }
    });
  }
}

// Files go to the host first and to the card a little later, as bodies were seen to do; or the
// other way round.
void Capture::store(const Shot& shot) {
  const Timing& timing = session_.body.profile.timing;
  const bool to_host = session_.mode == Mode::Remote && (shot.destination & value::kHost) != 0 &&
                       !session_.save.path.empty();
  const bool to_card =
      (shot.destination & value::kCard) != 0 && session_.body.card(1)->present();
  if (to_card) session_.change(property::kSlot1Writing, 2);
  const auto host = [&] {
    session_.after(timing.host_file, [this, shot, to_host] {
      if (to_host) send_to_host(shot);
      shot_ends();
    });
  };
  const auto card = [&] {
    session_.after(timing.card_content, [this, shot, to_card] {
      if (to_card) write_to_card(shot);
      shot_ends();
    });
  };
  ++in_flight_;  // two parts end it
  // Asked for in the order in which they are due, which holds when no time passes, too.
  if (timing.card_content < timing.host_file) {
    card();
    host();
  } else {
    host();
    card();
  }
}

void Capture::send_to_host(const Shot& shot) {
  const SaveFolder save = session_.save;
  std::vector<std::pair<const char*, Bytes>> files;
  std::vector<std::string> delivered;
  int problem = 0;
  session_.scheduler.unlocked([&] {
    const int width = shot.small ? kSmallWidth : kWidth;
    const int height = shot.small ? kSmallHeight : kHeight;
    if ((shot.format & value::kRaw) != 0 && !shot.small) {
      files.emplace_back("ARW", raw_file(session_.body.profile, shot.number));
    }
    if ((shot.format & value::kJpeg) != 0 || shot.small) {
      files.emplace_back("JPG", jpeg_file(shot.view, width, height, kQuality));
    }
    if (session_.body.profile.habits.jpeg_before_raw) std::reverse(files.begin(), files.end());
    for (const auto& [extension, bytes] : files) {
      const auto file = host_file(session_.body.profile, save, shot.number, extension);
      if (const auto cut = session_.body.scenarios.strike(scenario::kTransferCut)) {
        write_part(file, bytes, cut->number("at"));
        session_.body.counts.add(Counts::kTransfersCut);
        problem = EIO;
      } else {
        problem = write_whole(file, bytes);
      }
      if (problem != 0) break;
      delivered.push_back(file.string());
    }
  });
  if (!session_.connected()) return;
  if (save.number >= 0 && session_.save.number == save.number) ++session_.save.number;
  session_.body.counts.add(Counts::kHostFiles, delivered.size());
  for (const std::string& lie : session_.hostile.lies_about(save.path)) {
    session_.notify.complete_download(lie, kPictureFile);
  }
  for (const std::string& file : delivered) session_.notify.complete_download(file, kPictureFile);
  if (problem != 0) {
    session_.notify.warning(problem == ENOSPC ? notice::kStorageFull : notice::kGetImageFailed);
  }
}

void Capture::write_to_card(const Shot& shot) {
  const Card& card = *session_.body.card(1);
  int problem = session_.body.scenarios.holds(scenario::kCardFull) ? ENOSPC : 0;
  std::uint64_t written = 0;
  session_.scheduler.unlocked([&] {
    if ((shot.format & value::kRaw) != 0 && problem == 0) {
      problem = card.store(file_name(session_.body.profile, shot.number, "ARW"),
                           raw_file(session_.body.profile, shot.number));
      written += problem == 0;
    }
    if ((shot.format & value::kJpeg) != 0 && problem == 0) {
      problem = card.store(file_name(session_.body.profile, shot.number, "JPG"),
                           jpeg_file(shot.view, kWidth, kHeight, kQuality));
      written += problem == 0;
    }
  });
  session_.body.counts.add(Counts::kCardFiles, written);
  if (!session_.connected()) return;
  if (problem != 0) session_.notify.warning(notice::kStorageFull);
  session_.change(property::kSlot1Writing, 1);
  session_.change(property::kSlot1ListTime, static_cast<std::int64_t>(std::time(nullptr)));
  session_.refresh_card();
  if (session_.mode == Mode::RemoteTransfer && problem == 0) {
    session_.notify.contents_list_changed(notice::kListChangedAdd, 1, 1);
  }
}

void Capture::shot_ends() {
  if (--in_flight_ == 0 && !down_) spring_back();
}

}  // namespace crsim
