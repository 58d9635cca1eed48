// Live-view pictures: ask for the room, lend a buffer, get the picture. And what is drawn into them.

#include "block.h"
#include "link.h"

namespace {

constexpr uint32_t room_limit = 64 * 1024 * 1024;
constexpr int32_t properties_limit = 64;
constexpr uint32_t frames_limit = 64 * 1024;

bool is_possible(const layout::LiveViewProperty& property) {
  return property.size <= frames_limit && (property.size == 0 || property.value != nullptr);
}

}  // namespace

int32_t crshim_picture_room(crshim_link* link, uint32_t* size_bytes) {
  layout::ImageInfo info{};
  const int32_t result = link->sdk->GetLiveViewImageInfo(link->handle, &info);
  *size_bytes = result == 0 ? info.buffer_size : 0;
  return result;
}

int32_t crshim_picture(crshim_link* link, const uint8_t** data, uint32_t* size_bytes) {
  *data = nullptr;
  *size_bytes = 0;
  uint32_t room = 0;
  const int32_t info = crshim_picture_room(link, &room);
  if (info != 0 || room == 0) return info;
  if (room > room_limit) return CRSHIM_MALFORMED;
  if (link->picture.size() < room) link->picture.resize(room);

  layout::ImageDataBlock block{};
  block.size = room;
  block.data = link->picture.data();
  const int32_t result = link->sdk->GetLiveViewImage(link->handle, &block);
  if (result != 0) return result;
  if (block.data == nullptr || block.image_size > room) return CRSHIM_MALFORMED;
  *data = block.data;
  *size_bytes = block.image_size;
  return CRSHIM_OK;
}

int32_t crshim_osd(crshim_link* link, const uint8_t** data, uint32_t* size_bytes) {
  *data = nullptr;
  *size_bytes = 0;
  if (link->sdk->GetOSDImage == nullptr) return CRSHIM_MISSING;
  link->osd.resize(layout::osd_image_room);
  layout::OsdImageDataBlock block{};
  block.data = link->osd.data();
  const int32_t result = link->sdk->GetOSDImage(link->handle, &block);
  if (result != 0) return result;
  if (block.data == nullptr || block.image_size > layout::osd_image_room) return CRSHIM_MALFORMED;
  *data = block.data;
  *size_bytes = block.image_size;
  return CRSHIM_OK;
}

int32_t crshim_frame_list(crshim_link* link, uint32_t code, crshim_frames** frames,
                          uint32_t* count) {
  *frames = nullptr;
  *count = 0;
  const crshim_sdk& sdk = *link->sdk;
  if (sdk.GetSelectLiveViewProperties == nullptr || sdk.ReleaseLiveViewProperties == nullptr)
    return CRSHIM_MISSING;
  layout::LiveViewProperty* list = nullptr;
  int32_t length = 0;
  if (code == 0 && sdk.GetLiveViewProperties == nullptr) return CRSHIM_MISSING;
  int32_t result =
      code == 0 ? sdk.GetLiveViewProperties(link->handle, &list, &length)
                : sdk.GetSelectLiveViewProperties(link->handle, 1, &code, &list, &length);
  if (result == 0 && list != nullptr && length > 0) {
    size_t extra = 0;
    bool possible = length <= properties_limit;
    for (int32_t index = 0; possible && index < length; ++index) {
      possible = is_possible(list[index]);
      extra += Block::room(list[index].size);
    }
    if (possible) {
      Block block(static_cast<size_t>(length) * sizeof(crshim_frames), extra);
      for (int32_t index = 0; index < length; ++index) {
        const layout::LiveViewProperty& from = list[index];
        block.items<crshim_frames>()[index] = {from.code, from.enable, from.kind, from.size,
                                               block.add(from.value, from.size)};
      }
      *frames = block.release<crshim_frames>();
      *count = static_cast<uint32_t>(length);
    } else {
      result = CRSHIM_MALFORMED;
    }
  }
  if (list != nullptr) sdk.ReleaseLiveViewProperties(link->handle, list);
  return result;
}
