#include "session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "crash.h"

namespace crsim {
namespace {

using std::chrono::milliseconds;

// What does not scale: the world is looked at, and the meter flutters, in real time.
constexpr milliseconds kWorldInterval{50};
constexpr milliseconds kCardInterval{250};
constexpr milliseconds kFlutterInterval{1000};
constexpr double kLeastReconnectLimitMs = 10000;
constexpr std::uint32_t kFreshConnection = 300;

}  // namespace

Session::Session(Body& body, void* callback, Mode mode, bool reconnects, const Login& login)
    : body(body), hostile(body.scenarios), mode(mode), scheduler(body.mutex),
      notify(scheduler, body.counts, callback, body.settings.callback_slots), operation(*this), capture(*this),
      movie(*this), live_view(*this), osd(*this), transfer(*this), contents(*this), setup(*this),
      reconnects_(reconnects), login_(login), storm_(*this) {}

bool Session::open() {
  {
    const std::lock_guard lock(body.mutex);
    if (body.held) return false;
    body.held = holds_body_ = true;
    scheduler.after(body.settings.scaled(body.profile.timing.connect), [this] { try_connect(); });
  }
  scheduler.start();
  return true;
}

void Session::try_connect() {
  if (!body.plugged() || !body.try_lock()) {
    // Another process holds it, or it is not there: both show as a time-out.
    scheduler.after(body.settings.scaled(body.profile.timing.busy_timeout),
                    [this] { give_up(error::kTimeOut); });
    return;
  }
  if (body.address != 0) {
    const std::int32_t refused = refusal(body.settings.login, body.serial, login_);
    if (refused != error::kNone) {
      give_up(static_cast<std::uint32_t>(refused));
      return;
    }
  }
  if (body.scenarios.strike(scenario::kCrashAtOpen)) crash(body.counts);
  if (const auto stale = body.scenarios.find(scenario::kStaleLink)) {
    if (stale->word("when") == "next" || body.left_uncleanly()) {
      silent_ = true;
      stay_silent(Scheduler::Clock::now() + std::chrono::seconds(stale->number("seconds")));
      return;
    }
  }
  body.insert_first_card();
  body.counts.add(Counts::kConnects);
  arrive(kFreshConnection);
}

void Session::give_up(std::uint32_t error) {
  if (state_ != State::Connecting) return;
  state_ = State::Closed;
  let_go();
  notify.error(error);
}

// The body still sits on the link of a client that died. It says nothing; letting go of this
// attempt, or the end of its time, frees it for the next one.
void Session::stay_silent(Scheduler::Clock::time_point until) {
  scheduler.after(kWorldInterval, [this, until] {
    body.control.looked();
    const bool healed = !body.scenarios.holds(scenario::kStaleLink);
    if (healed || Scheduler::Clock::now() >= until) {
      end_silence();
      give_up(error::kTimeOut);
    } else {
      stay_silent(until);
    }
  });
}

void Session::end_silence() {
  if (!std::exchange(silent_, false)) return;
  body.scenarios.strike(scenario::kStaleLink, "when", "next");
}

void Session::arrive(std::uint32_t version) {
  state_ = State::Connected;
  ++life_;
  port_ = body.port();
  heat_ = 0;
  start_properties();
  notify.connected(version);
  announce_everything();
  after_real(kFlutterInterval, [this] { flutter(); });
  after_real(kWorldInterval, [this] { watch_world(); });
  after_real(kCardInterval, [this] { look_at_card(); });
}

// What a connection begins with, whatever the last one left behind.
void Session::start_properties() {
  using namespace property;
  body.properties.set(kPriorityKey, body.profile.habits.starts_at_pc_remote
                                        ? value::kPcRemote
                                        : value::kCameraPosition);
  body.properties.set(kImageIdNumberSetting, 1);
  body.properties.set(kSdkControlMode, static_cast<std::int64_t>(mode));
  body.properties.set(kContentsTransferStatus, mode == Mode::Contents ? 1 : 0);
  body.properties.set(kFactSaveFolderSet, save.path.empty() ? 0 : 1);
  body.properties.set(kFactLensSwitchManual, body.scenarios.holds(scenario::kManualFocus) ? 1 : 0);
  body.properties.set(kOverheating, 0);
  capture.reset();
  movie.reset();
  live_view.reset();
  transfer.reset();
  contents.reset();
  setup.reset();
  body.refresh_card_properties();
}

// First the general notice, then the codes in bursts.
void Session::announce_everything() {
  after(20, [this] {
    if (body.profile.habits.general_notice) notify.property_changed();
    for (const std::int64_t warning : body.profile.greeting) {
      notify.warning(static_cast<std::uint32_t>(warning));
      notify.warning_ext(static_cast<std::uint32_t>(warning), 1, 2, 3);
    }
  });
  const Codes all = body.properties.codes(mode);
  constexpr std::size_t kBurst = 40;
  for (std::size_t from = 0; from < all.size(); from += kBurst) {
    const Codes burst(all.data() + from, all.data() + std::min(from + kBurst, all.size()));
    after(30 + static_cast<double>(from), [this, burst] { notify.property_changed_codes(burst); });
  }
}

void Session::after(double wait_ms, Scheduler::Task task) {
  after_real(body.settings.scaled(wait_ms), std::move(task));
}

void Session::after_real(Scheduler::Clock::duration wait, Scheduler::Task task) {
  scheduler.after(wait, [this, life = life_, task = std::move(task)] {
    if (life == life_ && connected()) task();
  });
}

void Session::change(std::uint32_t code, std::int64_t value) {
  announce(body.properties.set(code, value));
}

void Session::set(std::uint32_t code, std::int64_t value) {
  change(code, value);
  body.save_settings();
}

void Session::announce(Codes codes) {
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  codes.erase(std::remove_if(codes.begin(), codes.end(),
                             [&](auto code) { return !body.properties.visible(code, mode); }),
              codes.end());
  if (codes.empty() || !connected()) return;
  if (body.profile.habits.general_notice) notify.property_changed();
  if (!body.profile.habits.codes_one_by_one) {
    notify.property_changed_codes(std::move(codes));
    return;
  }
  for (const std::uint32_t code : codes) notify.property_changed_codes({code});
}

void Session::refresh_card() { announce(body.refresh_card_properties()); }

// Bodies report this one all the time.
void Session::flutter() {
  const std::int64_t level = body.properties.get(property::kMeteredLevel);
  body.properties.set(property::kMeteredLevel, level == 0 ? 300 : 0);
  if (body.properties.visible(property::kMeteredLevel, mode)) {
    notify.property_changed_codes({property::kMeteredLevel});
  }
  if (hostile.tells(Lie::Sizes)) notify.nothings();
  after_real(kFlutterInterval, [this] { flutter(); });
}

void Session::watch_world() {
  if (body.scenarios.strike(scenario::kCrash, "at", "now")) crash(body.counts);
  // A body that moves to another port is away for a moment.
  if (!body.plugged() || body.port() != port_) {
    lose();
    body.control.looked();
    return;
  }
  if (const auto raging = body.scenarios.find(scenario::kStorm)) {
    storm_.start(static_cast<std::uint64_t>(raging->number("rate")),
                 std::chrono::seconds(raging->number("seconds")));
  }
  change(property::kFactLensSwitchManual, body.scenarios.holds(scenario::kManualFocus) ? 1 : 0);
  look_at_temperature();
  body.control.looked();
  after_real(kWorldInterval, [this] { watch_world(); });
}

void Session::look_at_card() {
  refresh_card();
  after_real(kCardInterval, [this] { look_at_card(); });
}

void Session::look_at_temperature() {
  const auto hot = body.scenarios.find(scenario::kOverTemperature);
  const std::int64_t heat = hot ? hot->number("level") : 0;
  if (std::exchange(heat_, heat) == heat) return;
  change(property::kOverheating, heat);
  if (heat > 0) notify.warning(notice::kCaution);
  if (heat > 1) movie.record(false);
}

void Session::lose() {
  ++life_;
  storm_.quiet();
  body.counts.add(Counts::kLosses);
  if (!reconnects_) {
    end(error::kDisconnected);
    return;
  }
  state_ = State::Lost;
  notify.warning(notice::kReconnecting);
  const double limit = body.profile.timing.reconnect_limit;
  const auto wait = std::max<std::chrono::nanoseconds>(
      body.settings.scaled(limit),
      std::chrono::milliseconds(static_cast<int>(kLeastReconnectLimitMs)));
  scheduler.after(wait, [this, life = life_] {
    if (life == life_) end(error::kReconnectTimeOut);
  });
  scheduler.after(kWorldInterval, [this, life = life_] {
    if (life == life_) return_to_world();
  });
}

void Session::return_to_world() {
  body.control.looked();
  if (!body.plugged()) {
    scheduler.after(kWorldInterval, [this, life = life_] {
      if (life == life_) return_to_world();
    });
    return;
  }
  scheduler.after(body.settings.scaled(body.profile.timing.reconnect), [this, life = life_] {
    if (life != life_) return;
    body.counts.add(Counts::kReconnects);
    arrive(0);  // the version is given on a fresh connection only
    notify.warning(notice::kReconnected);
  });
}

void Session::end(std::uint32_t error) {
  ++life_;
  state_ = State::Closed;
  storm_.quiet();
  let_go();
  notify.disconnected(error);
}

void Session::let_go() {
  if (!holds_body_) return;
  body.unlock();
  body.held = holds_body_ = false;
}

std::int32_t Session::disconnect() {
  const std::lock_guard lock(body.mutex);
  if (state_ == State::Closed) return error::kDisconnected;  // no callback will follow
  ++life_;
  state_ = State::Closed;
  storm_.quiet();
  end_silence();
  scheduler.drop_tasks();
  scheduler.after(body.settings.scaled(body.profile.timing.disconnect), [this] {
    let_go();
    notify.disconnected(error::kNone);
  });
  return error::kNone;
}

std::int32_t Session::set_save_folder(const std::string& path, const std::string& prefix,
                                      int number) {
  std::error_code problem;
  if (!std::filesystem::is_directory(path, problem)) return error::kFolderNotFound;
  if (!prefix.empty() && !plain_name(prefix)) return error::kInvalidParameter;
  // The client may change its working folder later: what it named now is meant.
  save = {std::filesystem::absolute(path, problem).string(), prefix, number};
  change(property::kFactSaveFolderSet, 1);
  return error::kNone;
}

std::int32_t Session::get_setting(std::uint32_t key, std::uint32_t& value) const {
  switch (key) {
    case setting::kEnableLiveView: value = live_view.running() ? 1 : 0; return error::kNone;
    case setting::kPartialBuffer: value = partial_buffer_; return error::kNone;
    default: return error::kInvalidCalled;
  }
}

std::int32_t Session::set_setting(std::uint32_t key, std::uint32_t value) {
  switch (key) {
    case setting::kEnableLiveView:
      return value > 1 ? error::kInvalidParameter : live_view.enable(value == 1);
    case setting::kPartialBuffer: partial_buffer_ = value; return error::kNone;
    default: return error::kInvalidCalled;  // post view among them: not on these bodies
  }
}

void Session::close() {
  scheduler.stop();
  storm_.stop();
  const std::lock_guard lock(body.mutex);
  state_ = State::Closed;
  end_silence();
  let_go();
}

}  // namespace crsim
