// Breaking a body that no process holds: the same requests as through its socket, as a function.
#include <cstdint>
#include <cstdio>
#include <string>

#include "abi.h"
#include "control.h"

// Writes the answer to `reply` and returns its length, or 0 if there is no room for it.
extern "C" CRSIM_EXPORT std::uint32_t crsim_control(const char* folder, const char* serial,
                                                    const char* request, char* reply,
                                                    std::uint32_t size) {
  const crsim::Scenarios scenarios(folder, serial);
  crsim::Counts counts;
  counts.read(std::filesystem::path(folder) / serial / "counts");
  bool changed = false;
  const std::string text = crsim::answer(request, scenarios, counts.text(), changed);
  if (text.size() >= size) return 0;
  std::snprintf(reply, size, "%s", text.c_str());
  return static_cast<std::uint32_t>(text.size());
}
