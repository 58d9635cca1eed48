// Properties, commands and settings of a connected camera.

#include <algorithm>
#include <vector>

#include "block.h"
#include "link.h"

namespace {

constexpr uint32_t type_text = 0xFFFF;
constexpr uint32_t longest_text = 4096;
// Bodies report about 400 properties with lists of at most 100 values. What is beyond these limits
// is left out: a body that goes mad shall not fill the memory, and keeps what it has first.
constexpr int32_t most_properties = 4096;
constexpr uint32_t longest_list = 8192;

// How many units of text follow the count: the count is believed only as far as the terminator.
uint32_t text_units(const layout::DeviceProperty& property) {
  if (property.text == nullptr) return 0;
  const uint32_t counted = std::min<uint32_t>(property.text[0], longest_text);
  uint32_t units = 0;
  while (units < counted && property.text[1 + units] != 0) ++units;
  return units;
}

uint32_t bytes_of(const uint8_t* data, uint32_t size) {
  return data != nullptr && size <= longest_list ? size : 0;
}

size_t extra_room(const layout::DeviceProperty& property) {
  return Block::room(text_units(property) * sizeof(uint16_t)) +
         Block::room(bytes_of(property.values, property.values_size)) +
         Block::room(bytes_of(property.set_values, property.set_values_size));
}

crshim_property copy(const layout::DeviceProperty& property, Block& block) {
  const uint32_t units = text_units(property);
  const uint32_t values_size = bytes_of(property.values, property.values_size);
  const uint32_t set_values_size = bytes_of(property.set_values, property.set_values_size);
  crshim_property result{};
  result.code = property.code;
  result.type = property.type;
  result.enable = property.enable;
  result.variable = property.variable;
  result.value = property.value;
  result.text_units = units;
  result.values_size = values_size;
  result.set_values_size = set_values_size;
  result.text = block.add(property.text + (units != 0 ? 1 : 0), units * sizeof(uint16_t));
  result.values = block.add(property.values, values_size);
  result.set_values = block.add(property.set_values, set_values_size);
  return result;
}

}  // namespace

int32_t crshim_properties(crshim_link* link, const uint32_t* codes, uint32_t code_count,
                          crshim_property** properties, uint32_t* count) {
  *properties = nullptr;
  *count = 0;
  layout::DeviceProperty* list = nullptr;
  int32_t length = 0;
  int32_t result = 0;
  if (code_count == 0) {
    result = link->sdk->GetDeviceProperties(link->handle, &list, &length);
  } else {
    std::vector<uint32_t> wanted(codes, codes + code_count);
    result = link->sdk->GetSelectDeviceProperties(link->handle, code_count, wanted.data(), &list,
                                                  &length);
  }
  if (result == 0 && list != nullptr && length > 0) {
    length = std::min(length, most_properties);
    size_t extra = 0;
    for (int32_t index = 0; index < length; ++index) extra += extra_room(list[index]);
    Block block(static_cast<size_t>(length) * sizeof(crshim_property), extra);
    for (int32_t index = 0; index < length; ++index)
      block.items<crshim_property>()[index] = copy(list[index], block);
    *properties = block.release<crshim_property>();
    *count = static_cast<uint32_t>(length);
  }
  if (list != nullptr) link->sdk->ReleaseDeviceProperties(link->handle, list);
  return result;
}

// A fresh object with nothing but code, type and value: a fetched one is refused for some codes.
int32_t crshim_set_value(crshim_link* link, uint32_t code, uint32_t type, uint64_t value) {
  layout::DeviceProperty property{};
  property.code = code;
  property.type = type;
  property.value = value;
  return link->sdk->SetDeviceProperty(link->handle, &property);
}

int32_t crshim_set_text(crshim_link* link, uint32_t code, const uint16_t* units, uint16_t count) {
  std::vector<uint16_t> text;
  text.push_back(static_cast<uint16_t>(count + 1));
  text.insert(text.end(), units, units + count);
  text.push_back(0);
  layout::DeviceProperty property{};
  property.code = code;
  property.type = type_text;
  property.text = text.data();
  return link->sdk->SetDeviceProperty(link->handle, &property);
}

int32_t crshim_command(crshim_link* link, uint32_t command, uint16_t param) {
  return link->sdk->SendCommand(link->handle, command, param);
}

int32_t crshim_get_setting(crshim_link* link, uint32_t key, uint32_t* value) {
  return link->sdk->GetDeviceSetting(link->handle, key, value);
}

int32_t crshim_set_setting(crshim_link* link, uint32_t key, uint32_t value) {
  return link->sdk->SetDeviceSetting(link->handle, key, value);
}

int32_t crshim_set_save_info(crshim_link* link, const char* path, const char* prefix,
                             int32_t start_number) {
  // The SDK's parameters are not const, but it only reads them.
  return link->sdk->SetSaveInfo(link->handle, const_cast<char*>(path), const_cast<char*>(prefix),
                                start_number);
}
