// What the camera itself calls its values: names of looks, of exposure indices, and others.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "block.h"
#include "link.h"

namespace {

// Beyond these the SDK is not believed.
constexpr uint32_t most_lists = 256;
constexpr uint32_t most_texts = 2048;
constexpr uint32_t longest_text = 512;

struct Text {
  crshim_display_text facts;
  std::string text;
};

bool has_lists(const crshim_sdk& sdk) {
  return sdk.RequestDisplayStringList != nullptr && sdk.GetDisplayStringTypes != nullptr &&
         sdk.ReleaseDisplayStringTypes != nullptr && sdk.GetDisplayStringList != nullptr &&
         sdk.ReleaseDisplayStringList != nullptr;
}

// Adds one list. One that the camera has not got, or that was not asked for, adds nothing.
void append(const crshim_link& link, uint32_t type, std::vector<Text>& texts) {
  layout::DisplayStringListInfo* list = nullptr;
  uint32_t length = 0;
  const int32_t result = link.sdk->GetDisplayStringList(link.handle, type, &list, &length);
  for (uint32_t index = 0; result == 0 && list != nullptr && index < length; ++index) {
    const layout::DisplayStringListInfo& from = list[index];
    if (texts.size() == most_texts) break;
    if (from.text == nullptr) continue;
    const char* text = reinterpret_cast<const char*>(from.text);
    texts.push_back({{type, from.data_type, from.value, nullptr},
                     {text, strnlen(text, std::min(from.text_size, longest_text))}});
  }
  if (list != nullptr) link.sdk->ReleaseDisplayStringList(link.handle, list);
}

}  // namespace

int32_t crshim_request_display_texts(crshim_link* link, uint32_t list) {
  if (!has_lists(*link->sdk)) return CRSHIM_MISSING;
  return link->sdk->RequestDisplayStringList(link->handle, list);
}

int32_t crshim_display_texts(crshim_link* link, crshim_display_text** texts, uint32_t* count) {
  *texts = nullptr;
  *count = 0;
  if (!has_lists(*link->sdk)) return CRSHIM_MISSING;
  uint32_t* types = nullptr;
  uint32_t length = 0;
  const int32_t result = link->sdk->GetDisplayStringTypes(link->handle, &types, &length);
  std::vector<Text> found;
  for (uint32_t index = 0; result == 0 && types != nullptr && index < std::min(length, most_lists);
       ++index)
    append(*link, types[index], found);
  if (types != nullptr) link->sdk->ReleaseDisplayStringTypes(link->handle, types);
  if (result != 0) return result;

  size_t extra = 0;
  for (const Text& one : found) extra += Block::room(one.text.size() + 1);
  Block block(found.size() * sizeof(crshim_display_text), extra);
  crshim_display_text* next = block.items<crshim_display_text>();
  for (const Text& one : found) {
    *next = one.facts;
    next++->text = block.add(one.text.c_str(), one.text.size() + 1);
  }
  *texts = block.release<crshim_display_text>();
  *count = static_cast<uint32_t>(found.size());
  return CRSHIM_OK;
}
