// Live-view pictures: ask for the room, lend a buffer, get the picture.

#include "link.h"

namespace {

constexpr uint32_t room_limit = 64 * 1024 * 1024;

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
