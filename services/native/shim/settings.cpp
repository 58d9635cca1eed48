// Files that carry the camera's settings, and looks. What becomes of them is called back.

#include "link.h"

namespace {

constexpr uint32_t setup_download = 0;
constexpr uint32_t setup_upload = 0x1000;

// The SDK's parameters are not const, but it only reads them.
char* lent(const char* text) { return const_cast<char*>(text); }

}  // namespace

int32_t crshim_download_settings(crshim_link* link, const char* folder, const char* name) {
  if (link->sdk->DownloadSettingFile == nullptr) return CRSHIM_MISSING;
  return link->sdk->DownloadSettingFile(link->handle, setup_download, lent(folder), lent(name),
                                        nullptr);
}

int32_t crshim_upload_settings(crshim_link* link, const char* file) {
  if (link->sdk->UploadSettingFile == nullptr) return CRSHIM_MISSING;
  return link->sdk->UploadSettingFile(link->handle, setup_upload, lent(file), nullptr);
}

int32_t crshim_import_lut(crshim_link* link, const char* file, uint16_t slot) {
  if (link->sdk->ImportLUTFile == nullptr) return CRSHIM_MISSING;
  return link->sdk->ImportLUTFile(link->handle, lent(file), slot);
}
