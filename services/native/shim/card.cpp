// What lies on the camera's cards, and fetching it.
//
// Two ways lead there: the content list of the mode remote-transfer, and the folders and handles of
// the mode contents. Both come out as the same flat list of files.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "block.h"
#include "link.h"

namespace {

// Beyond these the SDK is not believed: a picture has a handful of files.
constexpr size_t longest_path = 4096;
constexpr uint32_t most_files = 64;
constexpr uint32_t most_contents = 1'000'000;
constexpr uint32_t most_days = 100'000;
// A small picture has about 60 KB.
constexpr uint32_t first_thumbnail_room = 256 * 1024;
constexpr uint32_t last_thumbnail_room = 16 * 1024 * 1024;
constexpr int32_t buffer_too_small = 0x8303;

struct File {
  crshim_file facts;
  std::string path;
};

crshim_file* flatten(const std::vector<File>& files) {
  size_t extra = 0;
  for (const File& file : files) extra += Block::room(file.path.size() + 1);
  Block block(files.size() * sizeof(crshim_file), extra);
  crshim_file* next = block.items<crshim_file>();
  for (const File& file : files) {
    *next = file.facts;
    next++->path = block.add(file.path.c_str(), file.path.size() + 1);
  }
  return block.release<crshim_file>();
}

// A text of which the SDK tells the size, which may or may not count the terminator.
std::string sized_text(const char* text, uint32_t size) {
  if (text == nullptr) return {};
  return {text, strnlen(text, std::min<size_t>(size, longest_path))};
}

char* writable(const char* text) { return const_cast<char*>(text); }

void append(const layout::ContentsInfo& content, std::vector<File>& files) {
  const layout::CaptureDate& date = content.created_local;
  if (content.files == nullptr || content.file_count > most_files) return;
  for (uint32_t index = 0; index < content.file_count; ++index) {
    const layout::ContentsFile& file = content.files[index];
    File entry{};
    entry.facts.content_id = content.id;
    entry.facts.file_id = file.id;
    entry.facts.size_bytes = file.size;
    const uint16_t created[] = {date.year, date.month,  date.day,
                                date.hour, date.minute, date.second};
    std::copy(std::begin(created), std::end(created), entry.facts.created);
    entry.path = sized_text(file.path, file.path_size);
    files.push_back(std::move(entry));
  }
}

// Adds the files of one folder in the mode contents. Its handles stay the SDK's.
int32_t append_folder(crshim_link* link, const layout::MtpFolderInfo& folder,
                      std::vector<File>& files) {
  const crshim_sdk& sdk = *link->sdk;
  uint32_t* handles = nullptr;
  uint32_t count = 0;
  int32_t result = sdk.GetContentsHandleList(link->handle, folder.handle, &handles, &count);
  if (handles != nullptr) link->handles.push_back(handles);
  count = std::min(count, most_contents);
  for (uint32_t index = 0; result == 0 && handles != nullptr && index < count; ++index) {
    layout::MtpContentsInfo info{};
    result = sdk.GetContentsDetailInfo(link->handle, handles[index], &info);
    if (result != 0) break;
    File entry{};
    entry.facts.content_id = handles[index];
    entry.facts.size_bytes = info.content_size;
    entry.facts.width = info.width;
    entry.facts.height = info.height;
    uint16_t* created = entry.facts.created;
    const std::string date(info.date, strnlen(info.date, sizeof(info.date)));
    sscanf(date.c_str(), "%4hu%2hu%2huT%2hu%2hu%2hu", &created[0], &created[1], &created[2],
           &created[3], &created[4], &created[5]);
    entry.path = sized_text(folder.name, folder.name_size) + "/" +
                 sized_text(info.name, info.name_size);
    files.push_back(std::move(entry));
    if (sdk.destroy_contents_info != nullptr) sdk.destroy_contents_info(&info);
  }
  return result;
}

}  // namespace

void forget_contents(crshim_link& link) {
  for (uint32_t* handles : link.handles)
    link.sdk->ReleaseContentsHandleList(link.handle, handles);
  link.handles.clear();
  if (layout::MtpFolderInfo* folders = std::exchange(link.folders, nullptr); folders != nullptr)
    link.sdk->ReleaseDateFolderList(link.handle, folders);
}

int32_t crshim_card_days(crshim_link* link, uint32_t slot, crshim_day** days, uint32_t* count) {
  *days = nullptr;
  *count = 0;
  const crshim_sdk& sdk = *link->sdk;
  if (sdk.GetRemoteTransferCapturedDateList == nullptr ||
      sdk.ReleaseRemoteTransferCapturedDateList == nullptr)
    return CRSHIM_MISSING;
  layout::CaptureDate* list = nullptr;
  uint32_t length = 0;
  const int32_t result =
      sdk.GetRemoteTransferCapturedDateList(link->handle, slot, &list, &length);
  if (result == 0) {
    length = list != nullptr ? std::min(length, most_days) : 0;
    Block block(length * sizeof(crshim_day), 0);
    for (uint32_t index = 0; index < length; ++index)
      block.items<crshim_day>()[index] = {list[index].year, list[index].month, list[index].day};
    *days = block.release<crshim_day>();
    *count = length;
  }
  if (list != nullptr) sdk.ReleaseRemoteTransferCapturedDateList(link->handle, list);
  return result;
}

int32_t crshim_card_files(crshim_link* link, uint32_t slot, const crshim_day* day,
                          crshim_file** files, uint32_t* count) {
  *files = nullptr;
  *count = 0;
  const crshim_sdk& sdk = *link->sdk;
  if (sdk.GetRemoteTransferContentsInfoList == nullptr ||
      sdk.ReleaseRemoteTransferContentsInfoList == nullptr)
    return CRSHIM_MISSING;
  constexpr uint8_t all = 0, of_a_day = 2;
  constexpr uint32_t no_limit = 0;
  layout::CaptureDate date{};  // must be there, although a list of all does not look at it
  if (day != nullptr) date = {day->year, day->month, day->day, 0, 0, 0, 0};
  layout::ContentsInfo* list = nullptr;
  uint32_t length = 0;
  const int32_t result = sdk.GetRemoteTransferContentsInfoList(
      link->handle, slot, day != nullptr ? of_a_day : all, &date, no_limit, &list, &length);
  if (result == 0) {
    std::vector<File> found;
    length = std::min(length, most_contents);
    for (uint32_t index = 0; list != nullptr && index < length; ++index) append(list[index], found);
    *files = flatten(found);
    *count = static_cast<uint32_t>(found.size());
  }
  if (list != nullptr) sdk.ReleaseRemoteTransferContentsInfoList(link->handle, list);
  return result;
}

int32_t crshim_contents_files(crshim_link* link, crshim_file** files, uint32_t* count) {
  *files = nullptr;
  *count = 0;
  const crshim_sdk& sdk = *link->sdk;
  if (sdk.GetDateFolderList == nullptr || sdk.ReleaseDateFolderList == nullptr ||
      sdk.GetContentsHandleList == nullptr || sdk.ReleaseContentsHandleList == nullptr ||
      sdk.GetContentsDetailInfo == nullptr)
    return CRSHIM_MISSING;
  forget_contents(*link);
  uint32_t length = 0;
  int32_t result = sdk.GetDateFolderList(link->handle, &link->folders, &length);
  const layout::MtpFolderInfo* folders = link->folders;
  std::vector<File> found;
  length = std::min(length, most_contents);
  for (uint32_t index = 0; result == 0 && folders != nullptr && index < length; ++index)
    result = append_folder(link, folders[index], found);
  if (result == 0) {
    *files = flatten(found);
    *count = static_cast<uint32_t>(found.size());
  }
  return result;
}

int32_t crshim_pull_file(crshim_link* link, uint32_t slot, uint32_t content_id, uint32_t file_id,
                         uint32_t chunk_bytes, const char* path) {
  if (link->sdk->GetRemoteTransferContentsDataFile == nullptr) return CRSHIM_MISSING;
  return link->sdk->GetRemoteTransferContentsDataFile(link->handle, slot, content_id, file_id,
                                                      chunk_bytes, writable(path), nullptr);
}

int32_t crshim_pull_preview(crshim_link* link, uint32_t slot, uint32_t content_id, uint32_t file_id,
                            uint32_t kind, const char* path) {
  if (link->sdk->GetRemoteTransferContentsCompressedDataFile == nullptr) return CRSHIM_MISSING;
  return link->sdk->GetRemoteTransferContentsCompressedDataFile(
      link->handle, slot, content_id, file_id, kind, writable(path), nullptr);
}

int32_t crshim_pull_contents(crshim_link* link, uint32_t handle, uint32_t small, const char* path) {
  if (link->sdk->PullContentsFile == nullptr) return CRSHIM_MISSING;
  const uint16_t size = small != 0 ? 1 : 0;
  return link->sdk->PullContentsFile(link->handle, handle, size, writable(path), nullptr);
}

int32_t crshim_contents_thumbnail(crshim_link* link, uint32_t handle, uint8_t** image,
                                  uint32_t* size_bytes) {
  *image = nullptr;
  *size_bytes = 0;
  if (link->sdk->GetContentsThumbnailImage == nullptr) return CRSHIM_MISSING;
  // The SDK does not tell beforehand how much it needs.
  for (uint32_t room = first_thumbnail_room; room <= last_thumbnail_room; room *= 4) {
    Block buffer(room, 0);
    layout::ImageDataBlock block{};
    block.size = room;
    block.data = buffer.items<uint8_t>();
    uint16_t file_type = 0;
    const int32_t result =
        link->sdk->GetContentsThumbnailImage(link->handle, handle, &block, &file_type);
    if (result == buffer_too_small) continue;
    if (result != 0) return result;
    if (block.data != buffer.items<uint8_t>() || block.image_size > room) return CRSHIM_MALFORMED;
    *image = buffer.release<uint8_t>();
    *size_bytes = block.image_size;
    return CRSHIM_OK;
  }
  return buffer_too_small;
}

int32_t crshim_delete_content(crshim_link* link, uint32_t slot, uint32_t content_id) {
  if (link->sdk->DeleteRemoteTransferContentsFile == nullptr) return CRSHIM_MISSING;
  return link->sdk->DeleteRemoteTransferContentsFile(link->handle, slot, content_id);
}

int32_t crshim_read(crshim_link* link, uint32_t slot, uint32_t content_id, uint32_t file_id,
                    uint32_t kind, uint32_t chunk_bytes, uint32_t limit_bytes) {
  const crshim_sdk& sdk = *link->sdk;
  const bool whole = kind == 0;
  if (whole ? sdk.GetRemoteTransferContentsData == nullptr
            : sdk.GetRemoteTransferContentsCompressedData == nullptr)
    return CRSHIM_MISSING;
  // Of a preview nobody says in what chunks it comes: no more is believed than fits.
  link->callbacks->collect(limit_bytes, whole ? chunk_bytes : limit_bytes);
  const int32_t result =
      whole ? sdk.GetRemoteTransferContentsData(link->handle, slot, content_id, file_id,
                                                chunk_bytes)
            : sdk.GetRemoteTransferContentsCompressedData(link->handle, slot, content_id, file_id,
                                                          kind);
  if (result != 0) link->callbacks->take_collected();
  return result;
}

int32_t crshim_take_read(crshim_link* link, uint8_t** data, uint32_t* size_bytes) {
  const std::vector<uint8_t> bytes = link->callbacks->take_collected();
  Block block(bytes.size(), 0);
  std::copy(bytes.begin(), bytes.end(), block.items<uint8_t>());
  *data = block.release<uint8_t>();
  *size_bytes = static_cast<uint32_t>(bytes.size());
  return CRSHIM_OK;
}

int32_t crshim_cancel_pull(crshim_link* link) {
  if (link->sdk->ControlGetRemoteTransferContentsDataFile == nullptr) return CRSHIM_MISSING;
  constexpr uint8_t cancel = 2;
  return link->sdk->ControlGetRemoteTransferContentsDataFile(link->handle, cancel);
}
