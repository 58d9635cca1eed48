#include "operation.h"

#include <algorithm>
#include <cstdlib>

#include "session.h"

namespace crsim {
namespace {

constexpr double kFocusDriveMs = 150;
constexpr double kZoomTickMs = 100;
constexpr std::int64_t kZoomStep = 300;  // 1/1000 mm in a tick, times the speed
constexpr double kFormatMs = 1500;
constexpr std::int64_t kMovieButton = 0x1A;
constexpr std::int64_t kPressed = 2;

}  // namespace

std::int32_t Operation::set(const SCRSDK::CrDeviceProperty& wanted) {
  std::int64_t value = 0;
  std::u16string text;
  const std::int32_t problem =
      session_.body.properties.check(wanted, session_.mode, value, text);
  if (problem != error::kNone) return problem;
  if (static_cast<std::uint32_t>(wanted.valueType) == type::kText) {
    session_.after(session_.body.profile.timing.property_visible,
                   [this, code = wanted.code, text] {
                     session_.announce(session_.body.properties.set_text(code, text));
                     session_.body.save_settings();
                   });
    return error::kNone;
  }
  apply(wanted.code, value);
  return error::kNone;
}

void Operation::apply(std::uint32_t code, std::int64_t value) {
  switch (code) {
    case property::kS1: session_.capture.half_press(value == value::kLocked); return;
    case property::kS2: session_.capture.release(value == value::kLocked); return;
    case property::kNearFar: step_focus(value); return;
    case property::kFocusPosition: move_focus(value); return;
    case property::kAfAreaPosition: place_af_area(value); return;
    case property::kRemoteTouch: touch(value); return;
    case property::kCameraButton: press_button(value); return;
    case property::kZoomOperation: zoom(value); return;
    default:
      // Accepted is not done: the new value shows a little later.
      session_.after(session_.body.profile.timing.property_visible,
                     [this, code, value] { session_.set(code, value); });
  }
}

void Operation::step_focus(std::int64_t step) {
  if (step == 0) return;
  session_.change(property::kFocusDriving, 2);
  session_.after(kFocusDriveMs, [this, step] {
    const Properties& properties = session_.body.properties;
    const std::int64_t distance = properties.get(property::kFocusDistance);
    session_.change(property::kFocusDistance,
                    std::clamp<std::int64_t>(distance + distance * step / 40, 250, 60000));
    const std::int64_t position = properties.get(property::kFocusPositionCurrent);
    const std::int64_t moved =
        std::clamp<std::int64_t>(position + step * std::llabs(step) * 60, 0, 65535);
    session_.change(property::kFocusPositionCurrent, moved);
    session_.change(property::kFocusPosition, moved);
    session_.change(property::kFocusDriving, 1);
  });
}

void Operation::move_focus(std::int64_t position) {
  session_.change(property::kFocusDriving, 2);
  session_.after(kFocusDriveMs, [this, position] {
    session_.change(property::kFocusPosition, position);
    session_.change(property::kFocusPositionCurrent, position);
    session_.change(property::kFocusDriving, 1);
    session_.notify.warning(notice::kFocusPositionOk);
  });
}

// Bodies clamp the point to where their AF sensor reaches.
void Operation::place_af_area(std::int64_t point) {
  const Area& area = session_.body.profile.af_area;
  const std::int64_t x = std::clamp<std::int64_t>(point >> 16, area.left, area.right);
  const std::int64_t y = std::clamp<std::int64_t>(point & 0xFFFF, area.top, area.bottom);
  session_.after(session_.body.profile.timing.property_visible,
                 [this, x, y] { session_.change(property::kAfAreaPosition, x << 16 | y); });
}

void Operation::touch(std::int64_t point) {
  place_af_area(point);
  session_.after(session_.body.profile.timing.property_visible,
                 [this] { session_.change(property::kTouchCancelEnable, 1); });
}

void Operation::press_button(std::int64_t button) {
  const bool down = (button & 0xFFFF) == kPressed;
  session_.change(property::kCameraButtonStatus, down ? 2 : 1);
  if (down && button >> 16 == kMovieButton) session_.movie.toggle();
}

void Operation::zoom(std::int64_t speed) {
  zoom_speed_ = speed;
  ++zoom_turn_;
  if (speed != 0) keep_zooming(zoom_turn_);
}

void Operation::keep_zooming(unsigned turn) {
  session_.after(kZoomTickMs, [this, turn] {
    if (turn != zoom_turn_) return;
    const std::int64_t before = session_.body.properties.get(property::kZoomDistance);
    const Values range = session_.body.properties.offered(property::kZoomDistance);
    const std::int64_t wanted = before + zoom_speed_ * kZoomStep;
    const std::int64_t after = std::clamp(wanted, range.first[0], range.first[1]);
    session_.change(property::kZoomDistance, after);
    if (after == wanted) keep_zooming(turn);  // else the end of the zoom is reached
  });
}

void Operation::format_card() {
  session_.after(kFormatMs, [this] {
    const Card& card = *session_.body.card(1);
    if (!card.present()) {
      session_.notify.warning(notice::kFormatFailed);
      return;
    }
    card.format();
    session_.refresh_card();
    session_.notify.warning(notice::kFormatComplete);
  });
}

std::int32_t Operation::command(std::uint32_t command, std::uint16_t parameter) {
  if (parameter > command::kDown) return error::kInvalidParameter;
  const bool down = parameter == command::kDown;
  if (command == command::kCancelContentsTransfer) return session_.contents.cancel();
  if (session_.mode == Mode::Contents) return error::kInvalidCalled;
  switch (command) {
    case command::kRelease: session_.capture.release(down); break;
    case command::kS1AndRelease: session_.capture.focus_and_release(down); break;
    case command::kCancelShooting: session_.capture.cancel(); break;
    case command::kMovieRecord: session_.movie.record(down); break;
    case command::kMovieToggle:
      if (down) session_.movie.toggle();
      break;
    case command::kMediaFormat:
    case command::kMediaQuickFormat:
      if (down) format_card();
      break;
    case command::kCancelTouch: session_.change(property::kTouchCancelEnable, 0); break;
    default: return error::kNotSupported;
  }
  return error::kNone;
}

}  // namespace crsim
