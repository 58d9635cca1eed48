// One connection: the SDK's handle, our callbacks, and the buffers of its pictures.

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
};

struct crshim_cameras {
  layout::Object* object;  // owns the cameras in it
  std::vector<const layout::Object*> cameras;
  uint32_t version;
};
