#include "live_view.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "jpeg.h"
#include "session.h"

namespace crsim {
namespace {

constexpr int kHighQuality = 85, kLowQuality = 60;
constexpr std::chrono::microseconds kPeriod{33'333};
constexpr std::chrono::microseconds kPeriodRecording{37'313};  // 26.8 pictures a second
constexpr std::int64_t kAreasWithoutFrame[] = {0, 1, 2, 0x11, 0x12};
constexpr std::int64_t kTrackingAreas[] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
                                           0x17, 0x23, 0x24, 0x25, 0x26, 0x27};
constexpr std::int64_t kWideArea = 1, kCenterArea = 3, kTrackingCenterArea = 0x13;
constexpr std::uint32_t kGridWidth = 640, kGridHeight = 480, kFrameSize = 38;

SCRSDK::CrLiveViewProperty made_property(std::uint32_t code, std::uint16_t kind,
                                              const void* data, std::size_t size) {
  SCRSDK::CrLiveViewProperty made;
  made.code = code;
  made.enableFlag = static_cast<SCRSDK::CrPropertyEnableFlag>(flag::kDisplayOnly);
  made.valueType = static_cast<SCRSDK::CrFrameInfoType>(kind);
  made.Alloc(static_cast<std::uint32_t>(size));
  if (size > 0) std::memcpy(made.value, data, size);
  return made;
}

}  // namespace

LiveView::LiveView(Session& session)
    : session_(session), start_(Clock::now()),
      canvas_(session.body.profile.live_view.width, session.body.profile.live_view.height) {}

void LiveView::reset() {
  enabled_ = session_.mode == Mode::Remote && session_.body.profile.habits.live_view_in_remote;
  empty_left_ = session_.body.profile.live_view.empty_at_first;
  session_.body.properties.set(property::kLiveViewStatus,
                               enabled_ ? value::kLiveViewOn : value::kLiveViewOff);
  next_due_ = dark_until_ = {};
}

std::int32_t LiveView::enable(bool on) {
  if (session_.mode == Mode::Contents) return error::kInvalidCalled;
  enabled_ = on;
  session_.change(property::kLiveViewStatus, running() ? value::kLiveViewOn : value::kLiveViewOff);
  return error::kNone;
}

bool LiveView::running() const {
  const Habits& habits = session_.body.profile.habits;
  const bool possible =
      (session_.mode == Mode::Remote && habits.live_view_in_remote) ||
      (session_.mode == Mode::RemoteTransfer && habits.live_view_in_remote_transfer);
  return possible && enabled_;
}

void LiveView::go_dark() {
  dark_until_ =
      Clock::now() + session_.body.settings.scaled(session_.body.profile.timing.live_view_gap);
}

std::int32_t LiveView::info(SCRSDK::CrImageInfo& info) const {
  if (session_.mode == Mode::Contents) return error::kInvalidCalled;
  const LiveViewFacts& facts = session_.body.profile.live_view;
  info.width = running() ? static_cast<std::uint32_t>(facts.width) : 0;
  info.height = running() ? static_cast<std::uint32_t>(facts.height) : 0;
  info.bufferSize = running() ? facts.buffer_bytes : 0;
  return error::kNone;
}

std::int32_t LiveView::next_frame(View& view, int& quality) {
  if (session_.mode == Mode::Contents) return error::kInvalidCalled;
  if (!running()) return error::kUnknown;
  const auto now = Clock::now();
  if (now < next_due_ || now < dark_until_) return notice::kFrameNotUpdated;
  const Properties& properties = session_.body.properties;
  const auto period =
      properties.get(property::kRecordingState) == 1 ? kPeriodRecording : kPeriod;
  // A client that came late gets its picture now and the next one a period later.
  next_due_ = std::max(next_due_ + period, now - period / 2);
  view = session_.body.view(0);
  view.time_s = std::chrono::duration<double>(now - start_).count();
  view.number = ++frame_number_;
  quality = properties.get(property::kLiveViewQuality) == 1 ? kHighQuality : kLowQuality;
  return error::kNone;
}

std::int32_t LiveView::fetch(SCRSDK::CrImageDataBlock& block) {
  View view;
  int quality = kHighQuality;
  bool empty = false;
  const std::int32_t problem = session_.locked([&] {
    const std::int32_t result = next_frame(view, quality);
    empty = result == error::kNone && empty_left_ > 0 && empty_left_-- > 0;
    return result;
  });
  if (problem != error::kNone) return problem;
  if (empty) {
    block.frameNo = view.number;
    block.imageSize = 0;
    return error::kNone;
  }
  const std::lock_guard drawing(drawing_);
  draw(canvas_, view);
  const std::vector<std::uint8_t> jpeg = encode_jpeg(canvas_, quality);
  if (block.size < jpeg.size()) return error::kBufferTooSmall;
  std::memcpy(block.pData, jpeg.data(), jpeg.size());
  block.frameNo = view.number;
  block.imageSize = static_cast<std::uint32_t>(jpeg.size());
  block.timeCode = 0;
  session_.hostile.spoil(block);
  session_.body.counts.add(Counts::kFrames);
  return error::kNone;
}

std::vector<SCRSDK::CrLiveViewProperty> LiveView::properties() const {
  std::vector<SCRSDK::CrLiveViewProperty> all;
  if (!running() || !session_.body.profile.habits.frames) return all;
  const Properties& properties = session_.body.properties;
  const std::int64_t area = properties.get(property::kFocusArea);
  const std::int64_t point = properties.get(property::kAfAreaPosition);
  const bool center = area == kCenterArea || area == kTrackingCenterArea;
  const std::int64_t focus = properties.get(property::kFocusIndication);
  const bool focused = focus == value::kFocusedAfS || focus == value::kFocusedAfC;
  SCRSDK::CrFocusFrameInfo frame{};
  frame.type = 6;                   // flexible spot, main frame
  frame.state = focused ? 2 : 1;
  frame.priority = 1;
  frame.xNumerator = center ? kGridWidth / 2 : static_cast<std::uint32_t>(point >> 16);
  frame.xDenominator = kGridWidth;
  frame.yNumerator = center ? kGridHeight / 2 : static_cast<std::uint32_t>(point & 0xFFFF);
  frame.yDenominator = kGridHeight;
  frame.width = frame.height = kFrameSize;
  const bool shown = !Values(kAreasWithoutFrame).contains(area) &&
                     properties.get(property::kFocusMode) != value::kManualFocus;
  SCRSDK::CrLevelInfo level{};
  level.state = 1;

  using namespace live_view_property;
  all.push_back(made_property(kAfAreaPosition, kFocusFrames, &frame,
                                          shown ? sizeof frame : 0));
  all.push_back(made_property(kMagnifier, kMagnifierPosition, nullptr, 0));
  // What is tracked moves slowly to and fro; nothing is, outside the tracking areas.
  const double phase = std::chrono::duration<double>(Clock::now() - start_).count();
  SCRSDK::CrFocusFrameInfo tracked = frame;
  tracked.type = 2;  // the target of the autofocus
  tracked.xNumerator =
      static_cast<std::uint32_t>(kGridWidth / 2 + (kGridWidth / 4) * std::sin(phase));
  tracked.yNumerator = kGridHeight / 2;
  const bool tracks = Values(kTrackingAreas).contains(area) && focus == value::kFocusedAfC;
  all.push_back(made_property(kTrackingFrame, kTrackingFrames, &tracked,
                              tracks ? sizeof tracked : 0));
  if (session_.body.profile.habits.unknown_frames) {
    all.push_back(made_property(kUnnamedFrame, kUnnamedFrames, "frame", 5));
  }
  // A face stands left of the middle, where the autofocus looks for one.
  SCRSDK::CrFaceFrameInfo face{};
  face.type = 1;
  face.state = frame.state;
  face.xNumerator = kGridWidth / 3;
  face.xDenominator = kGridWidth;
  face.yNumerator = kGridHeight / 2;
  face.yDenominator = kGridHeight;
  face.width = face.height = 2 * kFrameSize;
  const bool looks = area == kWideArea && properties.get(property::kFocusMode) != value::kManualFocus;
  all.push_back(made_property(kFaceFrame, kFaceFrames, &face, looks ? sizeof face : 0));
  all.push_back(made_property(kLevel, kLevels, &level, sizeof level));
  return all;
}

}  // namespace crsim
