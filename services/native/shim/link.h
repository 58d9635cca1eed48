// One connection: the SDK's handle, our callbacks, and what is kept of the SDK's as long as it lasts.

#pragma once

#include <memory>
#include <vector>

#include "callbacks.h"
#include "sdk.h"

struct crshim_link {
  const crshim_sdk* sdk;
  Callbacks* callbacks;  // see crshim_link_free
  Handle handle = 0;
  std::vector<uint8_t> picture{};
  std::vector<uint8_t> osd{};
  // The lists of the mode contents: a handle is good only as long as the list that it came in, so
  // they stay until they are asked for anew, or the device is released.
  layout::MtpFolderInfo* folders = nullptr;
  std::vector<uint32_t*> handles{};
};

// Gives the lists of the mode contents back to the SDK.
void forget_contents(crshim_link& link);

struct crshim_cameras {
  layout::Object* object;  // owns the cameras in it; null where they were made
  std::vector<const layout::Object*> cameras;
  uint32_t version;
};
