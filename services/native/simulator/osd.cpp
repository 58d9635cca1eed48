#include "osd.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "jpeg.h"
#include "session.h"

namespace crsim {
namespace {

constexpr int kWidth = 1024, kHeight = 768, kQuality = 80;
constexpr int kBar = 48;  // above and below the live view
constexpr std::uint8_t kDark = 24, kBright = 200;
constexpr std::size_t kMostBytes = 2'465'792;
constexpr std::chrono::milliseconds kPeriod{66};  // half as often as the live view

void fill(Picture& picture, int x, int y, int width, int height, std::uint8_t brightness) {
  for (int row = y; row < y + height; ++row) {
    std::fill_n(picture.y.begin() + row * picture.stride + x, width, brightness);
    std::fill_n(picture.cb.begin() + row / 2 * (picture.stride / 2) + x / 2, width / 2, 128);
    std::fill_n(picture.cr.begin() + row / 2 * (picture.stride / 2) + x / 2, width / 2, 128);
  }
}

}  // namespace

std::int32_t Osd::fetch(SCRSDK::CrOSDImageDataBlock& block) {
  const Properties& properties = session_.body.properties;
  if (!properties.has(property::kOsdMode)) return error::kNotSupported;
  if (properties.get(property::kOsdMode) != 1 || !session_.live_view.running()) {
    return error::kInvalidCalled;
  }
  const auto now = Scheduler::Clock::now();
  if (now < next_due_) return notice::kFrameNotUpdated;
  View view = session_.body.view(0);
  view.number = ++frame_number_;
  view.time_s = std::chrono::duration<double>(now.time_since_epoch()).count();
  Picture picture(kWidth, kHeight);
  draw(picture, view);
  fill(picture, 0, 0, kWidth, kBar, kDark);
  fill(picture, 0, kHeight - kBar, kWidth, kBar, kDark);
  const std::int64_t battery =
      std::clamp<std::int64_t>(properties.get(property::kBatteryRemain), 0, 100);
  fill(picture, kWidth - 120, 16, static_cast<int>(battery), 16, kBright);
  const Bytes jpeg = encode_jpeg(picture, kQuality);
  if (jpeg.size() > kMostBytes) return error::kBufferTooSmall;
  std::memcpy(block.pData, jpeg.data(), jpeg.size());
  block.frameNo = frame_number_;
  block.imageSize = static_cast<std::uint32_t>(jpeg.size());
  block.metaInfo.isLvPosExist = 1;
  block.metaInfo.osdWidth = block.metaInfo.lvWidth = kWidth;
  block.metaInfo.osdHeight = kHeight;
  block.metaInfo.lvPosX = 0;
  block.metaInfo.lvPosY = kBar;
  block.metaInfo.lvHeight = kHeight - 2 * kBar;
  block.metaInfo.degree = 0;
  next_due_ = Scheduler::Clock::now() + kPeriod;
  return error::kNone;
}

}  // namespace crsim
