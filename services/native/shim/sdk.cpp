// Loading: dlopen, dlsym, and the check that the callback table will fit.

#include "sdk.h"

#include <dlfcn.h>

#include <cstdio>
#include <memory>

namespace {

struct Fit {
  uint32_t version;
  uint32_t slots;
};

// A table of the wrong length loses warnings and errors without a word: whatever is not listed is
// refused. 2.01 follows its change log, the others were read in their headers.
constexpr Fit fits[] = {
    {version_of(1, 12), 12}, {version_of(1, 14), 18}, {version_of(2, 0), 19},
    {version_of(2, 1), 21},  {version_of(2, 2), 21},
};

uint32_t slots_for(uint32_t version) {
  for (const Fit& fit : fits)
    if (fit.version == (version & 0xFFFF0000)) return fit.slots;
  return 0;
}

bool has_table(uint32_t slots) {
  for (const Fit& fit : fits)
    if (fit.slots == slots) return true;
  return false;
}

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

crshim_sdk* crshim_load(const char* path, uint32_t slots, char* message, size_t message_size) {
  // RTLD_LOCAL: the SDK exports names as common as Init and Connect.
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    snprintf(message, message_size, "%s", dlerror());
    return nullptr;
  }
  auto sdk = std::make_unique<crshim_sdk>();
#define REQUIRED(name, result, parameters)                                               \
  if (!find(library, #name, sdk->name)) {                                                \
    snprintf(message, message_size, "%s has no function %s: not this SDK", path, #name); \
    return nullptr;                                                                      \
  }
#define OPTIONAL(name, result, parameters) find(library, #name, sdk->name);
  SDK_FUNCTIONS(REQUIRED, OPTIONAL)
#undef REQUIRED
#undef OPTIONAL
  find(library, "_ZN6SCRSDK17CrMtpContentsInfoD1Ev", sdk->destroy_contents_info);

  sdk->version = sdk->GetSDKVersion();
  sdk->slots = slots != 0 ? slots : slots_for(sdk->version);
  if (!has_table(sdk->slots)) {
    const uint32_t v = sdk->version;
    if (slots != 0)
      snprintf(message, message_size, "no callback table has %u slots, only 12, 18, 19 and 21",
               slots);
    else
      snprintf(message, message_size,
               "SDK V%u.%02u.%02u is not known here (known: 1.12, 1.14, 2.00, 2.01, 2.02); "
               "its callbacks would be read wrongly (sony.callback_slots overrides this for an SDK "
               "whose callback class has been looked at)",
               v >> 24, v >> 16 & 0xFF, v >> 8 & 0xFF);
    return nullptr;
  }
  return sdk.release();
}

// The library itself stays loaded: threads of the SDK may still be on their way out of it.
void crshim_unload(crshim_sdk* sdk) { delete sdk; }

uint32_t crshim_version(const crshim_sdk* sdk) { return sdk->version; }
uint32_t crshim_serial(const crshim_sdk* sdk) {
  return sdk->GetSDKSerial != nullptr ? sdk->GetSDKSerial() : 0;
}
uint32_t crshim_slots(const crshim_sdk* sdk) { return sdk->slots; }
int32_t crshim_init(crshim_sdk* sdk, uint32_t log_type) { return sdk->Init(log_type) ? 1 : 0; }
int32_t crshim_release(crshim_sdk* sdk) { return sdk->Release() ? 1 : 0; }
