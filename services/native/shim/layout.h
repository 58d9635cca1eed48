// The SDK's objects as plain structs, and the slots of its abstract classes.
//
// Sizes and offsets were measured on the published headers of V2.00 (LP64, x86-64 and aarch64) and
// are the same in every version that has the struct; the assertions below hold this file to them.

#pragma once

#include <cstddef>
#include <cstdint>

namespace layout {

struct DeviceProperty {
  uint32_t code;
  uint32_t type;
  int16_t enable;
  uint16_t variable;
  uint64_t value;
  uint16_t* text;  // the first unit counts those that follow, terminator included
  uint32_t values_size;
  uint8_t* values;
  uint32_t set_values_size;
  uint8_t* set_values;
};
static_assert(sizeof(DeviceProperty) == 64);
static_assert(offsetof(DeviceProperty, enable) == 8 && offsetof(DeviceProperty, variable) == 10);
static_assert(offsetof(DeviceProperty, value) == 16 && offsetof(DeviceProperty, text) == 24);
static_assert(offsetof(DeviceProperty, values_size) == 32);
static_assert(offsetof(DeviceProperty, values) == 40);
static_assert(offsetof(DeviceProperty, set_values_size) == 48);
static_assert(offsetof(DeviceProperty, set_values) == 56);

struct ImageInfo {
  uint32_t width;
  uint32_t height;
  uint32_t buffer_size;
};
static_assert(sizeof(ImageInfo) == 12);

struct ImageDataBlock {
  uint32_t frame_number;
  uint32_t size;  // of the buffer
  uint8_t* data;
  uint32_t image_size;  // of the picture in it
  uint32_t time_code;
};
static_assert(sizeof(ImageDataBlock) == 24);
static_assert(offsetof(ImageDataBlock, data) == 8 && offsetof(ImageDataBlock, image_size) == 16);

struct LiveViewProperty {
  uint32_t code;
  int16_t enable;
  uint16_t kind;  // of the frames in it
  uint32_t size;
  uint8_t* value;
  uint32_t time_code;
};
static_assert(sizeof(LiveViewProperty) == 32);
static_assert(offsetof(LiveViewProperty, kind) == 6 && offsetof(LiveViewProperty, size) == 8);
static_assert(offsetof(LiveViewProperty, value) == 16);

struct OsdImageDataBlock {
  uint32_t frame_number;
  uint8_t* data;
  uint32_t image_size;
  uint32_t has_view;  // the part of the picture that the live view covers, if any
  uint32_t width, height;
  uint32_t view_x, view_y, view_width, view_height;
  uint32_t degree;
};
static_assert(sizeof(OsdImageDataBlock) == 56 && offsetof(OsdImageDataBlock, data) == 8);
static_assert(offsetof(OsdImageDataBlock, image_size) == 16);
static_assert(offsetof(OsdImageDataBlock, has_view) == 20);
// The SDK is not told how large the buffer is: it counts on this.
constexpr uint32_t osd_image_room = 2465792;

struct MtpFolderInfo {
  uint32_t handle;
  uint32_t name_size;
  char* name;
};
static_assert(sizeof(MtpFolderInfo) == 16 && offsetof(MtpFolderInfo, name) == 8);

struct MtpContentsInfo {
  uint32_t handle;
  uint32_t folder_handle;
  uint64_t content_size;
  char date[16];  // YYYYMMDDThhmmss
  uint32_t width;
  uint32_t height;
  uint32_t name_size;
  char* name;
};
static_assert(sizeof(MtpContentsInfo) == 56);
static_assert(offsetof(MtpContentsInfo, date) == 16 && offsetof(MtpContentsInfo, width) == 32);
static_assert(offsetof(MtpContentsInfo, name) == 48);

struct CaptureDate {
  uint16_t year, month, day, hour, minute, second, millisecond;
};
static_assert(sizeof(CaptureDate) == 14);

struct ContentsFile {
  uint16_t id;
  uint32_t path_size;
  char* path;
  uint32_t format;
  uint64_t size;
  uint8_t rest[144];
};
static_assert(sizeof(ContentsFile) == 176);
static_assert(offsetof(ContentsFile, path_size) == 4 && offsetof(ContentsFile, path) == 8);
static_assert(offsetof(ContentsFile, format) == 16 && offsetof(ContentsFile, size) == 24);

struct ContentsInfo {
  uint32_t type;
  uint32_t id;
  uint32_t directory;
  uint32_t number;
  uint32_t group_type;
  uint32_t group_id;
  uint8_t representative;
  CaptureDate created_utc;
  CaptureDate modified_utc;
  CaptureDate created_local;
  CaptureDate modified_local;
  int32_t rating;
  uint8_t protection;
  uint8_t dummy;
  uint32_t shot_mark_count;
  void* shot_marks;
  uint32_t file_count;
  ContentsFile* files;
};
static_assert(sizeof(ContentsInfo) == 120);
static_assert(offsetof(ContentsInfo, created_utc) == 26);
static_assert(offsetof(ContentsInfo, created_local) == 54);
static_assert(offsetof(ContentsInfo, rating) == 84 && offsetof(ContentsInfo, protection) == 88);
static_assert(offsetof(ContentsInfo, shot_marks) == 96);
static_assert(offsetof(ContentsInfo, file_count) == 104);
static_assert(offsetof(ContentsInfo, files) == 112);

struct DisplayStringListInfo {
  uint32_t data_type;  // of the value
  uint32_t list_type;
  uint64_t value;
  uint32_t text_size;
  uint8_t* text;
};
static_assert(sizeof(DisplayStringListInfo) == 32 && offsetof(DisplayStringListInfo, value) == 8);
static_assert(offsetof(DisplayStringListInfo, text_size) == 16);
static_assert(offsetof(DisplayStringListInfo, text) == 24);

// An object of an abstract class begins with the address of its table of functions.
struct Object {
  void* const* table;
};

// Calls the function in one slot of an object's table.
template <typename Result, typename... Arguments>
Result call(const Object* object, size_t slot, Arguments... arguments) {
  using Function = Result (*)(const Object*, Arguments...);
  return reinterpret_cast<Function>(object->table[slot])(object, arguments...);
}

namespace enumeration {
enum Slot : size_t { get_count = 0, get_camera = 1, release = 2 };
}

namespace camera {
enum Slot : size_t {
  release = 0,  // only of one that was made; one of an enumeration belongs to that
  get_name = 1,
  get_model = 3,
  get_id = 6,
  get_id_size = 7,
  get_id_type = 8,
  get_connection_type = 10,
  get_ssh_support = 15,  // from 1.12 on
  get_mac_text = 21,     // from 2.00 on
};
}

}  // namespace layout
