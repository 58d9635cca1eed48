// A loaded SDK: its functions by name, its version, and the callback table that fits it.

#pragma once

#include "layout.h"
#include "shim.h"

using Handle = int64_t;

// name, result, parameters; REQUIRED ones are in every SDK that the shim accepts.
#define SDK_FUNCTIONS(REQUIRED, OPTIONAL)                                                        \
  REQUIRED(Init, bool, (uint32_t))                                                               \
  REQUIRED(Release, bool, ())                                                                    \
  REQUIRED(GetSDKVersion, uint32_t, ())                                                          \
  OPTIONAL(GetSDKSerial, uint32_t, ())                                                           \
  REQUIRED(EnumCameraObjects, int32_t, (layout::Object**, uint8_t))                              \
  OPTIONAL(CreateCameraObjectInfo, layout::Object*,                                              \
           (char*, char*, int16_t, uint32_t, uint32_t, uint8_t*, char*, char*, char*, uint32_t)) \
  OPTIONAL(CreateCameraObjectInfoUSBConnection, int32_t, (layout::Object**, uint32_t, uint8_t*)) \
  OPTIONAL(CreateCameraObjectInfoEthernetConnection, int32_t,                                    \
           (layout::Object**, uint32_t, uint32_t, uint8_t*, uint32_t))                           \
  REQUIRED(Connect, int32_t,                                                                     \
           (const layout::Object*, void*, Handle*, uint32_t, uint32_t, const char*, const char*, \
            const char*, uint32_t, const uint16_t*))                                             \
  REQUIRED(Disconnect, int32_t, (Handle))                                                        \
  REQUIRED(ReleaseDevice, int32_t, (Handle))                                                     \
  REQUIRED(GetDeviceProperties, int32_t, (Handle, layout::DeviceProperty**, int32_t*))           \
  REQUIRED(GetSelectDeviceProperties, int32_t,                                                   \
           (Handle, uint32_t, uint32_t*, layout::DeviceProperty**, int32_t*))                    \
  REQUIRED(ReleaseDeviceProperties, int32_t, (Handle, layout::DeviceProperty*))                  \
  REQUIRED(SetDeviceProperty, int32_t, (Handle, layout::DeviceProperty*))                        \
  REQUIRED(SendCommand, int32_t, (Handle, uint32_t, uint16_t))                                   \
  REQUIRED(GetLiveViewImage, int32_t, (Handle, layout::ImageDataBlock*))                         \
  REQUIRED(GetLiveViewImageInfo, int32_t, (Handle, layout::ImageInfo*))                          \
  REQUIRED(GetDeviceSetting, int32_t, (Handle, uint32_t, uint32_t*))                             \
  REQUIRED(SetDeviceSetting, int32_t, (Handle, uint32_t, uint32_t))                              \
  REQUIRED(SetSaveInfo, int32_t, (Handle, char*, char*, int32_t))                                \
  OPTIONAL(GetDateFolderList, int32_t, (Handle, layout::MtpFolderInfo**, uint32_t*))             \
  OPTIONAL(ReleaseDateFolderList, int32_t, (Handle, layout::MtpFolderInfo*))                     \
  OPTIONAL(GetContentsHandleList, int32_t, (Handle, uint32_t, uint32_t**, uint32_t*))            \
  OPTIONAL(ReleaseContentsHandleList, int32_t, (Handle, uint32_t*))                              \
  OPTIONAL(GetContentsDetailInfo, int32_t, (Handle, uint32_t, layout::MtpContentsInfo*))         \
  OPTIONAL(PullContentsFile, int32_t, (Handle, uint32_t, uint16_t, char*, char*))                \
  OPTIONAL(GetContentsThumbnailImage, int32_t,                                                   \
           (Handle, uint32_t, layout::ImageDataBlock*, uint16_t*))                               \
  OPTIONAL(GetRemoteTransferCapturedDateList, int32_t,                                           \
           (Handle, uint32_t, layout::CaptureDate**, uint32_t*))                                 \
  OPTIONAL(ReleaseRemoteTransferCapturedDateList, int32_t, (Handle, layout::CaptureDate*))       \
  OPTIONAL(GetRemoteTransferContentsInfoList, int32_t,                                           \
           (Handle, uint32_t, uint8_t, layout::CaptureDate*, uint32_t, layout::ContentsInfo**,   \
            uint32_t*))                                                                          \
  OPTIONAL(ReleaseRemoteTransferContentsInfoList, int32_t, (Handle, layout::ContentsInfo*))      \
  OPTIONAL(GetRemoteTransferContentsDataFile, int32_t,                                           \
           (Handle, uint32_t, uint32_t, uint32_t, uint32_t, char*, char*))                       \
  OPTIONAL(GetRemoteTransferContentsCompressedDataFile, int32_t,                                 \
           (Handle, uint32_t, uint32_t, uint32_t, uint32_t, char*, char*))                       \
  OPTIONAL(GetRemoteTransferContentsData, int32_t,                                               \
           (Handle, uint32_t, uint32_t, uint32_t, uint32_t))                                     \
  OPTIONAL(GetRemoteTransferContentsCompressedData, int32_t,                                     \
           (Handle, uint32_t, uint32_t, uint32_t, uint32_t))                                     \
  OPTIONAL(DeleteRemoteTransferContentsFile, int32_t, (Handle, uint32_t, uint32_t))              \
  OPTIONAL(ControlGetRemoteTransferContentsDataFile, int32_t, (Handle, uint8_t))                 \
  OPTIONAL(GetLiveViewProperties, int32_t, (Handle, layout::LiveViewProperty**, int32_t*))       \
  OPTIONAL(GetSelectLiveViewProperties, int32_t,                                                 \
           (Handle, uint32_t, uint32_t*, layout::LiveViewProperty**, int32_t*))                  \
  OPTIONAL(ReleaseLiveViewProperties, int32_t, (Handle, layout::LiveViewProperty*))              \
  OPTIONAL(GetOSDImage, int32_t, (Handle, layout::OsdImageDataBlock*))                           \
  OPTIONAL(GetFingerprint, int32_t, (const layout::Object*, char*, uint32_t*))                   \
  OPTIONAL(DownloadSettingFile, int32_t, (Handle, uint32_t, char*, char*, const char*))          \
  OPTIONAL(UploadSettingFile, int32_t, (Handle, uint32_t, char*, const char*))                   \
  OPTIONAL(ImportLUTFile, int32_t, (Handle, char*, uint16_t))                                    \
  OPTIONAL(RequestDisplayStringList, int32_t, (Handle, uint32_t))                                \
  OPTIONAL(GetDisplayStringTypes, int32_t, (Handle, uint32_t**, uint32_t*))                      \
  OPTIONAL(ReleaseDisplayStringTypes, int32_t, (Handle, uint32_t*))                              \
  OPTIONAL(GetDisplayStringList, int32_t,                                                        \
           (Handle, uint32_t, layout::DisplayStringListInfo**, uint32_t*))                       \
  OPTIONAL(ReleaseDisplayStringList, int32_t, (Handle, layout::DisplayStringListInfo*))

struct crshim_sdk {
#define DECLARE(name, result, parameters) result(*name) parameters = nullptr;
  SDK_FUNCTIONS(DECLARE, DECLARE)
#undef DECLARE
  // Frees the name inside a CrMtpContentsInfo. The one C++ symbol that is looked up; where it is
  // absent, the name leaks.
  void (*destroy_contents_info)(layout::MtpContentsInfo*) = nullptr;
  uint32_t version = 0;
  uint32_t slots = 0;
};

constexpr uint32_t version_of(uint32_t major, uint32_t minor) { return major << 24 | minor << 16; }
