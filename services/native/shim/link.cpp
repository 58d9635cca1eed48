// Finding cameras, and the life of a connection.

#include "link.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>

#include "block.h"

namespace {

constexpr uint32_t most_cameras = 256;
// Clients of the SDK lend 128 bytes; it is not told how many there are.
constexpr uint32_t fingerprint_room = 4096;

// Callbacks stay for the life of the process: a thread of the SDK may still be inside one when the
// device has been released, and a hundred bytes for each connection are cheaper than a crash.
Callbacks* keep(std::unique_ptr<Callbacks> callbacks) {
  static std::mutex mutex;
  static std::vector<std::unique_ptr<Callbacks>> kept;
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(callbacks));
  return kept.back().get();
}

constexpr uint32_t id_is_network = 2;
constexpr size_t mac_size = 6;

int32_t hand_out(const crshim_sdk* sdk, layout::Object* made, crshim_cameras** cameras) {
  if (made == nullptr) return CRSHIM_MALFORMED;
  *cameras = new crshim_cameras{nullptr, {made}, sdk->version};
  return CRSHIM_OK;
}

template <size_t size>
void copy_text(char (&target)[size], const char* text) {
  if (text == nullptr) return;
  const size_t length = strnlen(text, size - 1);
  memcpy(target, text, length);
  target[length] = 0;
}

}  // namespace

int32_t crshim_enumerate(crshim_sdk* sdk, uint8_t seconds, crshim_cameras** cameras) {
  *cameras = nullptr;
  layout::Object* object = nullptr;
  const int32_t result = sdk->EnumCameraObjects(&object, seconds);
  if (result != 0) return result;
  auto found = std::make_unique<crshim_cameras>(crshim_cameras{object, {}, sdk->version});
  if (object != nullptr) {
    const auto count = layout::call<uint32_t>(object, layout::enumeration::get_count);
    for (uint32_t index = 0; index < std::min(count, most_cameras); ++index)
      found->cameras.push_back(layout::call<const layout::Object*>(
          object, layout::enumeration::get_camera, index));
  }
  *cameras = found.release();
  return CRSHIM_OK;
}

uint32_t crshim_camera_count(const crshim_cameras* cameras) {
  return static_cast<uint32_t>(cameras->cameras.size());
}

int32_t crshim_camera_at(const crshim_cameras* cameras, uint32_t index, crshim_camera* camera) {
  if (index >= cameras->cameras.size()) return CRSHIM_NO_INDEX;
  const layout::Object* object = cameras->cameras[index];
  if (object == nullptr) return CRSHIM_MALFORMED;
  const auto number = [object](size_t slot) { return layout::call<uint32_t>(object, slot); };
  const auto text = [object](size_t slot) { return layout::call<const char*>(object, slot); };

  *camera = crshim_camera{};
  const auto* id = layout::call<const uint8_t*>(object, layout::camera::get_id);
  if (id != nullptr) {
    camera->id_size = number(layout::camera::get_id_size);
    if (camera->id_size > sizeof(camera->id)) return CRSHIM_MALFORMED;
    memcpy(camera->id, id, camera->id_size);
  }
  camera->id_type = number(layout::camera::get_id_type);
  copy_text(camera->model, text(layout::camera::get_model));
  copy_text(camera->name, text(layout::camera::get_name));
  copy_text(camera->connection, text(layout::camera::get_connection_type));
  if (cameras->version >= version_of(1, 12))
    camera->has_ssh = number(layout::camera::get_ssh_support);
  if (cameras->version >= version_of(2, 0))
    copy_text(camera->mac, text(layout::camera::get_mac_text));
  return CRSHIM_OK;
}

void crshim_cameras_free(crshim_cameras* cameras) {
  if (cameras->object != nullptr) {
    layout::call<void>(cameras->object, layout::enumeration::release);
  } else {
    for (const layout::Object* made : cameras->cameras)
      layout::call<void>(made, layout::camera::release);
  }
  delete cameras;
}

int32_t crshim_fingerprint(crshim_sdk* sdk, const crshim_cameras* cameras, uint32_t index,
                           char** fingerprint, uint32_t* size_bytes) {
  *fingerprint = nullptr;
  *size_bytes = 0;
  if (sdk->GetFingerprint == nullptr) return CRSHIM_MISSING;
  if (index >= cameras->cameras.size()) return CRSHIM_NO_INDEX;
  char text[fingerprint_room + 1] = {};
  uint32_t size = 0;
  const int32_t result = sdk->GetFingerprint(cameras->cameras[index], text, &size);
  if (result != 0) return result;
  if (size > fingerprint_room) return CRSHIM_MALFORMED;
  const auto length = static_cast<uint32_t>(strnlen(text, size));
  Block block(fingerprint_room + 1, 0);
  memcpy(block.items<char>(), text, length);
  *fingerprint = block.release<char>();
  *size_bytes = length;
  return CRSHIM_OK;
}

int32_t crshim_make_usb(crshim_sdk* sdk, uint32_t model, const char* serial,
                        crshim_cameras** cameras) {
  *cameras = nullptr;
  if (sdk->CreateCameraObjectInfoUSBConnection == nullptr) return CRSHIM_MISSING;
  layout::Object* made = nullptr;
  std::string text(serial);
  const int32_t result = sdk->CreateCameraObjectInfoUSBConnection(
      &made, model, reinterpret_cast<uint8_t*>(text.data()));
  return result == 0 ? hand_out(sdk, made, cameras) : result;
}

int32_t crshim_make_network(crshim_sdk* sdk, uint32_t model, const uint8_t* address,
                            const uint8_t* mac, uint32_t ssh, crshim_cameras** cameras) {
  *cameras = nullptr;
  if (sdk->CreateCameraObjectInfoEthernetConnection == nullptr) return CRSHIM_MISSING;
  uint32_t number = 0;  // the first byte of the address is the lowest
  for (uint32_t index = 0; index < 4; ++index)
    number |= static_cast<uint32_t>(address[index]) << 8 * index;
  uint8_t borrowed[mac_size];
  std::copy(mac, mac + mac_size, borrowed);
  layout::Object* made = nullptr;
  const int32_t result =
      sdk->CreateCameraObjectInfoEthernetConnection(&made, model, number, borrowed, ssh);
  return result == 0 ? hand_out(sdk, made, cameras) : result;
}

int32_t crshim_make_named(crshim_sdk* sdk, const char* model, uint32_t id_type, const uint8_t* id,
                          uint32_t id_size, uint32_t ssh, crshim_cameras** cameras) {
  *cameras = nullptr;
  if (sdk->CreateCameraObjectInfo == nullptr) return CRSHIM_MISSING;
  std::string name(model);
  std::string connection(id_type == id_is_network ? "IP" : "USB");
  std::string adaptor("Cr_PTP_" + connection);
  std::string pairing;
  std::vector<uint8_t> borrowed(id, id + id_size);
  constexpr int16_t any_product = 0;
  return hand_out(sdk,
                  sdk->CreateCameraObjectInfo(name.data(), name.data(), any_product, id_type,
                                              id_size, borrowed.data(), connection.data(),
                                              adaptor.data(), pairing.data(), ssh),
                  cameras);
}

crshim_link* crshim_link_new(crshim_sdk* sdk, crshim_queue* queue, uint32_t number) {
  Callbacks* callbacks = keep(std::make_unique<Callbacks>(sdk->slots, queue->queue, number));
  return new crshim_link{sdk, callbacks};
}

int32_t crshim_connect(crshim_link* link, const crshim_cameras* cameras, uint32_t index,
                       uint32_t mode, uint32_t reconnecting, const char* user, const char* password,
                       const char* fingerprint) {
  if (index >= cameras->cameras.size()) return CRSHIM_NO_INDEX;
  const auto fingerprint_size =
      static_cast<uint32_t>(fingerprint != nullptr ? strlen(fingerprint) : 0);
  // Ten arguments for every version: those before 2.01 do not look at the last.
  return link->sdk->Connect(cameras->cameras[index], link->callbacks, &link->handle, mode,
                            reconnecting, user, password, fingerprint, fingerprint_size, nullptr);
}

int32_t crshim_disconnect(crshim_link* link) {
  return link->handle != 0 ? link->sdk->Disconnect(link->handle) : CRSHIM_OK;
}

int32_t crshim_release_device(crshim_link* link) {
  if (link->handle == 0) return CRSHIM_OK;
  forget_contents(*link);
  const int32_t result = link->sdk->ReleaseDevice(link->handle);
  link->handle = 0;
  return result;
}

void crshim_link_free(crshim_link* link) {
  link->callbacks->retire();
  delete link;
}
