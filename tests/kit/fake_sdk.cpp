// A library with the names of CrSDK and nothing behind them but one camera, whose Connect calls every
// slot of the callback table once, in order. VERSION and SLOTS come from the compiler's command line.

#include <cstdint>
#include <cstring>

namespace {

using Slot = void (*)();

// An object of an abstract class: the address of its functions, and nothing more.
struct Object {
  const Slot* table;
};

uint32_t one(const Object*) { return 1; }
const char* name(const Object*) { return "ILCE-FAKE"; }
const char* usb(const Object*) { return "USB"; }
const char* none(const Object*) { return nullptr; }
uint32_t zero(const Object*) { return 0; }
// Not printable: the driver makes hex digits of it.
const uint8_t* id(const Object*) {
  static const uint8_t bytes[] = {0x1A, 0xFF, 0x00, 0x2B};
  return bytes;
}
uint32_t id_size(const Object*) { return 4; }
int released = 0;
void release(const Object*) { ++released; }

template <typename Function>
Slot slot(Function* function) {
  return reinterpret_cast<Slot>(function);
}

const Slot camera_table[] = {
    slot(release), slot(name), slot(zero), slot(name), slot(zero), slot(zero), slot(id),   slot(id_size),
    slot(zero),    slot(zero), slot(usb),  slot(none), slot(none), slot(none), slot(zero), slot(zero),
    slot(zero),    slot(none), slot(zero), slot(none), slot(zero), slot(none), slot(zero),
};
Object camera{camera_table};

const Object* get_camera(const Object*, uint32_t) { return &camera; }
const Slot enumeration_table[] = {slot(one), slot(get_camera), slot(release)};
Object enumeration{enumeration_table};

template <typename... Arguments>
void call(Object* callbacks, int number, Arguments... arguments) {
  reinterpret_cast<void (*)(Object*, Arguments...)>(callbacks->table[number])(callbacks, arguments...);
}

}  // namespace

#define API extern "C" __attribute__((visibility("default")))

API bool Init(uint32_t) { return true; }
API bool Release() { return true; }
API uint32_t GetSDKVersion() { return VERSION; }
API int32_t EnumCameraObjects(Object** out, uint8_t) {
  *out = &enumeration;
  return 0;
}

API int32_t Connect(Object*, Object* callbacks, int64_t* handle, uint32_t, uint32_t, const char*,
                    const char*, const char*, uint32_t, const uint16_t* display_name) {
  if (display_name != nullptr) return 0x8006;
  *handle = 1;
  constexpr int later = SLOTS >= 21 ? 1 : 0;  // OnCompleteOperation moves what follows
  uint32_t codes[] = {0x104, 0x799};
  char file[] = "/tmp/a.jpg";
  uint8_t data[] = {1, 2, 3};
  call(callbacks, 0, uint32_t{300});
  call(callbacks, 2);
  call(callbacks, 3, uint32_t{2}, &codes[0]);
  call(callbacks, 4);
  call(callbacks, 5, uint32_t{2}, &codes[0]);
  call(callbacks, 6, &file[0], uint32_t{0xFFFFFFFF});
  if (later) call(callbacks, 7, uint32_t{0x20069}, static_cast<void*>(nullptr));
  call(callbacks, 7 + later, uint32_t{0x20025}, uint32_t{42}, &file[0]);
  call(callbacks, 8 + later, uint32_t{0x20011});
  call(callbacks, 9 + later, uint32_t{0x60001}, int32_t{2}, int32_t{-3}, int32_t{4});
  call(callbacks, 10 + later, uint32_t{0x8208});
  call(callbacks, 11 + later, uint32_t{1}, uint32_t{2}, uint32_t{3});
  if (SLOTS >= 18) {
    call(callbacks, 12 + later, uint32_t{0x20093}, uint32_t{100}, &file[0]);
    call(callbacks, 13 + later, uint32_t{0x20093}, uint32_t{100}, &data[0], uint64_t{3});
    call(callbacks, 14 + later, uint32_t{0x20097}, uint32_t{1}, uint32_t{5});
    call(callbacks, 15 + later, uint32_t{1}, static_cast<const void*>(nullptr));
    call(callbacks, 16 + later, uint32_t{1});
    call(callbacks, 17 + later, uint8_t{1}, int32_t{3}, &data[0], int64_t{0}, int64_t{0}, int32_t{0},
         int32_t{0});
  }
  if (SLOTS >= 19) call(callbacks, 18 + later, uint32_t{1}, uint32_t{2});
  if (SLOTS >= 21) call(callbacks, 20, &file[0], uint32_t{3});
  call(callbacks, 1, uint32_t{0x8207});
  std::memset(file, 'x', sizeof(file) - 1);  // a pointer kept by the callback would show now
  return 0;
}

API int32_t Disconnect(int64_t) { return 0; }
API int32_t ReleaseDevice(int64_t) { return 0; }
API int32_t GetDeviceProperties(int64_t, void**, int32_t*) { return 0x8402; }
API int32_t GetSelectDeviceProperties(int64_t, uint32_t, uint32_t*, void**, int32_t*) { return 0x8402; }
API int32_t ReleaseDeviceProperties(int64_t, void*) { return 0; }
API int32_t SetDeviceProperty(int64_t, void*) { return 0x8402; }
API int32_t SendCommand(int64_t, uint32_t, uint16_t) { return 0x870C; }
API int32_t GetLiveViewImage(int64_t, void*) { return 0x8000; }
API int32_t GetLiveViewImageInfo(int64_t, void*) { return 0x8000; }
API int32_t GetDeviceSetting(int64_t, uint32_t, uint32_t*) { return 0x8402; }
API int32_t SetDeviceSetting(int64_t, uint32_t, uint32_t) { return 0x8402; }
API int32_t SetSaveInfo(int64_t, char*, char*, int32_t) { return 0; }
