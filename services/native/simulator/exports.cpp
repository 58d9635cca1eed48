// The C functions, as CrSDK declares them. Each checks its arguments, finds the connection and
// hands over to the room that does the work.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "abi.h"
#include "handout.h"
#include "profiles.h"
#include "sdk.h"
#include "session.h"

using namespace SCRSDK;  // NOLINT: every signature below is made of its names

namespace {

using crsim::Handout;
using crsim::Library;
using crsim::Mode;
using crsim::Session;
namespace error = crsim::error;

constexpr CrInt32u kSdkSerial = 0x53494D01;
constexpr std::size_t kSerialLength = 12;
constexpr CrInt32u kLastModel = 0x1F;

std::string text(const CrChar* from) { return from == nullptr ? "" : from; }

// Runs a call on a connection, with its mutex unless the call takes it itself. A scenario may
// have the call hang, dawdle or be refused; it does so without the mutex.
template <class Call>
CrError on_session(const char* name, CrDeviceHandle handle, Call call) {
  const auto sdk = Library::get().sdk();
  if (!sdk) return error::kInvalidCalled;
  const auto session = sdk->session(handle);
  if (!session) return error::kInvalidHandle;
  const CrError meddled = session->body.scenarios.meddle(name);
  return meddled == error::kNone ? CrError{call(*session)} : meddled;
}

template <class Call>
CrError with_session(const char* name, CrDeviceHandle handle, Call call) {
  return on_session(name, handle, [&](Session& session) {
    return session.locked([&] { return CrError{call(session)}; });
  });
}

template <class T>
CrError take_back(CrDeviceHandle, T* list) {
  return Handout<T>::get().take_back(list);
}

CrError check_out(const void* first, const void* second) {
  return first == nullptr || second == nullptr ? error::kInvalidParameter : error::kNone;
}

CrError give_properties(Session& session, const crsim::Codes& codes, CrDeviceProperty** properties,
                        CrInt32* count) {
  std::vector<CrDeviceProperty> shown;
  shown.reserve(codes.size());
  for (const CrInt32u code : codes) {
    if (session.body.properties.visible(code, session.mode)) {
      shown.push_back(session.body.properties.present(code));
    }
  }
  if (shown.empty()) return error::kInvalidCalled;  // bodies refuse codes they do not know
  session.hostile.spoil(shown);
  Handout<CrDeviceProperty>::get().give(shown, properties, count);
  return error::kNone;
}

}  // namespace

extern "C" {

// --- library -------------------------------------------------------------------------------------

CRSIM_EXPORT bool Init(CrInt32u) { return Library::get().init(); }

CRSIM_EXPORT bool Release() { return Library::get().release(); }

CRSIM_EXPORT CrInt32u GetSDKVersion() { return crsim::version_for(crsim::read_callback_slots()); }

CRSIM_EXPORT CrInt32u GetSDKSerial() { return kSdkSerial; }

// --- cameras -------------------------------------------------------------------------------------

CRSIM_EXPORT CrError EnumCameraObjects(ICrEnumCameraObjectInfo** list, CrInt8u seconds) {
  if (list == nullptr) return error::kInvalidParameter;
  *list = nullptr;
  const auto sdk = Library::get().sdk();
  if (!sdk) return error::kInvalidCalled;
  std::vector<crsim::CameraFacts> found;
  const CrError problem = sdk->enumerate(seconds, found);
  if (problem == error::kNone) *list = crsim::make_camera_list(found);
  return problem;
}

CRSIM_EXPORT ICrCameraObjectInfo* CreateCameraObjectInfo(CrChar* name, CrChar* model,
                                                         CrInt16 usb_product, CrInt32u id_type,
                                                         CrInt32u id_size, CrInt8u* id,
                                                         CrChar* connection, CrChar* adaptor,
                                                         CrChar* pairing, CrInt32u ssh) {
  if (id == nullptr || id_size == 0) return nullptr;
  crsim::CameraFacts facts;
  facts.name = text(name);
  facts.model = text(model);
  facts.usb_product = usb_product;
  facts.id_type = id_type;
  facts.id.assign(id, id + id_size);
  facts.connection = text(connection);
  facts.adaptor = text(adaptor);
  facts.pairing = text(pairing);
  facts.ssh = ssh;
  return crsim::make_camera_info(facts);
}

CRSIM_EXPORT CrError CreateCameraObjectInfoUSBConnection(ICrCameraObjectInfo** info, CrInt32u model,
                                                         CrInt8u* serial) {
  if (info == nullptr || serial == nullptr) return error::kInvalidParameter;
  *info = nullptr;
  if (model > kLastModel) return error::kUnknownModel;
  const char* characters = reinterpret_cast<const char*>(serial);
  if (strnlen(characters, kSerialLength) != kSerialLength) return error::kInvalidSerial;
  const crsim::Profile* profile = crsim::find_profile(model);
  if (profile == nullptr) return error::kUnknownModel;
  *info = crsim::make_camera_info(crsim::usb_facts(*profile, {characters, kSerialLength}, crsim::kNoPort));
  return error::kNone;
}

CRSIM_EXPORT CrError CreateCameraObjectInfoEthernetConnection(ICrCameraObjectInfo** info,
                                                              CrInt32u model, CrInt32u address,
                                                              CrInt8u* mac, CrInt32u ssh) {
  if (info == nullptr) return error::kInvalidParameter;
  *info = nullptr;
  const crsim::Profile* profile = model > kLastModel ? nullptr : crsim::find_profile(model);
  if (profile == nullptr) return error::kUnknownModel;
  if (address == 0) return error::kInvalidAddress;
  if (mac == nullptr) return error::kInvalidMac;
  *info = crsim::make_camera_info(
      crsim::network_facts(*profile, crsim::serial_of_mac(mac), address, ssh == 1));
  return error::kNone;
}

CRSIM_EXPORT CrError GetFingerprint(ICrCameraObjectInfo* info, char* fingerprint, CrInt32u* size) {
  if (info == nullptr || fingerprint == nullptr || size == nullptr) return error::kInvalidParameter;
  *size = 0;
  const auto sdk = Library::get().sdk();
  if (!sdk) return error::kInvalidCalled;
  const std::string print = sdk->fingerprint(*info);
  if (print.empty()) return error::kSshNotSupported;
  std::memcpy(fingerprint, print.data(), print.size());  // without an end, as the real one may
  *size = static_cast<CrInt32u>(print.size());
  return error::kNone;
}

// --- connections ---------------------------------------------------------------------------------

// The tenth parameter came with 2.01; a client of 2.00 does not pass it and we do not read it.
CRSIM_EXPORT CrError Connect(ICrCameraObjectInfo* info, void* callback, CrDeviceHandle* handle,
                             CrInt32u mode, CrInt32u reconnect, const char* user,
                             const char* password, const char* fingerprint,
                             CrInt32u fingerprint_size, const CrInt16u*) {
  if (info == nullptr || callback == nullptr || handle == nullptr || mode > 2 || reconnect > 1) {
    return error::kInvalidParameter;
  }
  const auto sdk = Library::get().sdk();
  if (!sdk) return error::kInvalidCalled;
  const bool has_print = fingerprint != nullptr;
  const crsim::Login login{text(user), text(password),
                           has_print ? std::string(fingerprint, fingerprint_size) : ""};
  return sdk->connect(*info, callback, static_cast<Mode>(mode), reconnect == 1, login, *handle);
}

CRSIM_EXPORT CrError Disconnect(CrDeviceHandle handle) {
  return on_session(__func__, handle, [](Session& session) { return CrError{session.disconnect()}; });
}

CRSIM_EXPORT CrError ReleaseDevice(CrDeviceHandle handle) {
  const auto sdk = Library::get().sdk();
  if (!sdk) return error::kInvalidCalled;
  const CrError meddled = on_session(__func__, handle, [](Session&) { return error::kNone; });
  return meddled == error::kNone ? CrError{sdk->release(handle)} : meddled;
}

// --- properties and commands ---------------------------------------------------------------------

CRSIM_EXPORT CrError GetDeviceProperties(CrDeviceHandle handle, CrDeviceProperty** properties,
                                         CrInt32* count) {
  if (check_out(properties, count) != error::kNone) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    return give_properties(session, session.body.properties.codes(session.mode), properties, count);
  });
}

CRSIM_EXPORT CrError GetSelectDeviceProperties(CrDeviceHandle handle, CrInt32u wanted,
                                               CrInt32u* codes, CrDeviceProperty** properties,
                                               CrInt32* count) {
  if (codes == nullptr || wanted == 0 || check_out(properties, count) != error::kNone) {
    return error::kInvalidParameter;
  }
  return with_session(__func__, handle, [&](Session& session) {
    return give_properties(session, crsim::Codes(codes, codes + wanted), properties, count);
  });
}

CRSIM_EXPORT CrError ReleaseDeviceProperties(CrDeviceHandle handle, CrDeviceProperty* list) {
  return take_back(handle, list);
}

CRSIM_EXPORT CrError SetDeviceProperty(CrDeviceHandle handle, CrDeviceProperty* wanted) {
  if (wanted == nullptr) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) { return session.operation.set(*wanted); });
}

CRSIM_EXPORT CrError SendCommand(CrDeviceHandle handle, CrInt32u command, CrInt16u parameter) {
  return with_session(__func__, handle, [&](Session& session) { return session.operation.command(command, parameter); });
}

CRSIM_EXPORT CrError GetDeviceSetting(CrDeviceHandle handle, CrInt32u key, CrInt32u* value) {
  if (value == nullptr) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) { return session.get_setting(key, *value); });
}

CRSIM_EXPORT CrError SetDeviceSetting(CrDeviceHandle handle, CrInt32u key, CrInt32u value) {
  return with_session(__func__, handle, [&](Session& session) { return session.set_setting(key, value); });
}

CRSIM_EXPORT CrError SetSaveInfo(CrDeviceHandle handle, CrChar* path, CrChar* prefix,
                                 CrInt32 number) {
  if (path == nullptr) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    return session.set_save_folder(path, text(prefix), number);
  });
}

// --- live view -----------------------------------------------------------------------------------

CRSIM_EXPORT CrError GetLiveViewImageInfo(CrDeviceHandle handle, CrImageInfo* info) {
  if (info == nullptr) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    const CrError problem = session.live_view.info(*info);
    if (problem == error::kNone) session.hostile.spoil(*info);
    return problem;
  });
}

CRSIM_EXPORT CrError GetLiveViewImage(CrDeviceHandle handle, CrImageDataBlock* block) {
  if (block == nullptr || block->pData == nullptr) return error::kInvalidParameter;
  return on_session(__func__, handle, [&](Session& session) { return session.live_view.fetch(*block); });
}

CRSIM_EXPORT CrError GetLiveViewProperties(CrDeviceHandle handle, CrLiveViewProperty** properties,
                                           CrInt32* count) {
  if (check_out(properties, count) != error::kNone) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    std::vector<CrLiveViewProperty> all = session.live_view.properties();
    session.hostile.spoil(all);
    Handout<CrLiveViewProperty>::get().give(all, properties, count);
    return error::kNone;
  });
}

CRSIM_EXPORT CrError GetSelectLiveViewProperties(CrDeviceHandle handle, CrInt32u wanted,
                                                 CrInt32u* codes, CrLiveViewProperty** properties,
                                                 CrInt32* count) {
  if (codes == nullptr || wanted == 0 || check_out(properties, count) != error::kNone) {
    return error::kInvalidParameter;
  }
  return with_session(__func__, handle, [&](Session& session) {
    std::vector<CrLiveViewProperty> chosen;
    for (const CrLiveViewProperty& property : session.live_view.properties()) {
      if (std::find(codes, codes + wanted, property.code) != codes + wanted) {
        chosen.push_back(property);
      }
    }
    session.hostile.spoil(chosen);
    Handout<CrLiveViewProperty>::get().give(chosen, properties, count);
    return error::kNone;
  });
}

CRSIM_EXPORT CrError ReleaseLiveViewProperties(CrDeviceHandle handle, CrLiveViewProperty* list) {
  return take_back(handle, list);
}

CRSIM_EXPORT CrError GetOSDImage(CrDeviceHandle handle, CrOSDImageDataBlock* block) {
  if (block == nullptr || block->pData == nullptr) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) { return session.osd.fetch(*block); });
}

// --- contents mode -------------------------------------------------------------------------------

CRSIM_EXPORT CrError GetDateFolderList(CrDeviceHandle handle, CrMtpFolderInfo** folders,
                                       CrInt32u* count) {
  if (check_out(folders, count) != error::kNone) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    std::vector<CrMtpFolderInfo> found;
    const CrError problem = session.contents.folders(found);
    if (problem == error::kNone) session.hostile.spoil(found);
    if (problem == error::kNone) Handout<CrMtpFolderInfo>::get().give(found, folders, count);
    return problem;
  });
}

CRSIM_EXPORT CrError GetContentsHandleList(CrDeviceHandle handle, CrFolderHandle folder,
                                           CrContentHandle** handles, CrInt32u* count) {
  if (check_out(handles, count) != error::kNone) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    std::vector<CrContentHandle> found;
    const CrError problem = session.contents.handles(folder, found);
    if (problem == error::kNone) Handout<CrContentHandle>::get().give(found, handles, count);
    return problem;
  });
}

CRSIM_EXPORT CrError GetContentsDetailInfo(CrDeviceHandle handle, CrContentHandle content,
                                           CrMtpContentsInfo* info) {
  if (info == nullptr) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
        const CrError problem = session.contents.detail(content, *info);
        if (problem == error::kNone) session.hostile.spoil(*info);
        return problem;
      });
}

CRSIM_EXPORT CrError ReleaseDateFolderList(CrDeviceHandle handle, CrMtpFolderInfo* list) {
  return take_back(handle, list);
}

CRSIM_EXPORT CrError ReleaseContentsHandleList(CrDeviceHandle handle, CrContentHandle* list) {
  return take_back(handle, list);
}

CRSIM_EXPORT CrError PullContentsFile(CrDeviceHandle handle, CrContentHandle content, CrInt16u size,
                                      CrChar* path, CrChar* name) {
  if (size > 1) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    return session.contents.pull(content, size == 1, path, name);
  });
}

CRSIM_EXPORT CrError GetContentsThumbnailImage(CrDeviceHandle handle, CrContentHandle content,
                                               CrImageDataBlock* block, CrInt16u* kind) {
  if (block == nullptr) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    const CrError problem = session.contents.thumbnail(content, *block, kind);
    if (problem == error::kNone) session.hostile.spoil(*block);
    return problem;
  });
}

// --- card in remote-transfer mode ----------------------------------------------------------------

CRSIM_EXPORT CrError GetRemoteTransferCapturedDateList(CrDeviceHandle handle, CrInt32u slot,
                                                       CrCaptureDate** dates, CrInt32u* count) {
  if (check_out(dates, count) != error::kNone) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    std::vector<CrCaptureDate> found;
    const CrError problem = session.transfer.dates(slot, found);
    if (problem == error::kNone) Handout<CrCaptureDate>::get().give(found, dates, count);
    return problem;
  });
}

CRSIM_EXPORT CrError GetRemoteTransferContentsInfoList(CrDeviceHandle handle, CrInt32u slot,
                                                       CrInt8u span, CrCaptureDate* date,
                                                       CrInt32u most, CrContentsInfo** contents,
                                                       CrInt32u* count) {
  if (check_out(contents, count) != error::kNone) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    std::vector<CrContentsInfo> found;
    const CrError problem = session.transfer.list(slot, span, date, most, found);
    if (problem == error::kNone) session.hostile.spoil(found);
    if (problem == error::kNone) Handout<CrContentsInfo>::get().give(found, contents, count);
    return problem;
  });
}

CRSIM_EXPORT CrError GetRemoteTransferContentsDataFile(CrDeviceHandle handle, CrInt32u slot,
                                                       CrInt32u content, CrInt32u file,
                                                       CrInt32u division, CrChar* path,
                                                       CrChar* name) {
  return with_session(__func__, handle, [&](Session& session) {
    return session.transfer.pull({slot, content, file}, division, path, name, false);
  });
}

CRSIM_EXPORT CrError GetRemoteTransferContentsData(CrDeviceHandle handle, CrInt32u slot,
                                                   CrInt32u content, CrInt32u file,
                                                   CrInt32u division) {
  return with_session(__func__, handle, [&](Session& session) {
    return session.transfer.pull({slot, content, file}, division, nullptr, nullptr, true);
  });
}

CRSIM_EXPORT CrError ControlGetRemoteTransferContentsDataFile(CrDeviceHandle handle, CrInt8u type) {
  return with_session(__func__, handle, [&](Session& session) { return session.transfer.control(type); });
}

CRSIM_EXPORT CrError GetRemoteTransferContentsCompressedDataFile(CrDeviceHandle handle,
                                                                 CrInt32u slot, CrInt32u content,
                                                                 CrInt32u file, CrInt32u kind,
                                                                 CrChar* path, CrChar* name) {
  return with_session(__func__, handle, [&](Session& session) {
    return session.transfer.pull_preview({slot, content, file}, kind, path, name, false);
  });
}

CRSIM_EXPORT CrError GetRemoteTransferContentsCompressedData(CrDeviceHandle handle, CrInt32u slot,
                                                             CrInt32u content, CrInt32u file,
                                                             CrInt32u kind) {
  return with_session(__func__, handle, [&](Session& session) {
    return session.transfer.pull_preview({slot, content, file}, kind, nullptr, nullptr, true);
  });
}

CRSIM_EXPORT CrError ReleaseRemoteTransferCapturedDateList(CrDeviceHandle handle,
                                                           CrCaptureDate* list) {
  return take_back(handle, list);
}

CRSIM_EXPORT CrError ReleaseRemoteTransferContentsInfoList(CrDeviceHandle handle,
                                                           CrContentsInfo* list) {
  return take_back(handle, list);
}

CRSIM_EXPORT CrError DeleteRemoteTransferContentsFile(CrDeviceHandle handle, CrInt32u slot,
                                                      CrInt32u content) {
  return with_session(__func__, handle,
                      [&](Session& session) { return session.transfer.erase(slot, content); });
}

// --- settings files, looks -----------------------------------------------------------------------

CRSIM_EXPORT CrError DownloadSettingFile(CrDeviceHandle handle, CrInt32u type, CrChar* path,
                                         CrChar* name, const char*) {
  return with_session(__func__, handle,
                      [&](Session& session) { return session.setup.download(type, path, name); });
}

CRSIM_EXPORT CrError UploadSettingFile(CrDeviceHandle handle, CrInt32u type, CrChar* file,
                                       const char*) {
  return with_session(__func__, handle, [&](Session& session) { return session.setup.upload(type, file); });
}

CRSIM_EXPORT CrError ImportLUTFile(CrDeviceHandle handle, CrChar* file, CrInt16u slot) {
  return with_session(__func__, handle,
                      [&](Session& session) { return session.setup.import_lut(file, slot); });
}

CRSIM_EXPORT CrError RequestDisplayStringList(CrDeviceHandle handle, CrInt32u type) {
  return with_session(__func__, handle, [&](Session& session) { return session.setup.request_names(type); });
}

CRSIM_EXPORT CrError GetDisplayStringTypes(CrDeviceHandle handle, CrInt32u** types,
                                           CrInt32u* count) {
  if (check_out(types, count) != error::kNone) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    std::vector<CrInt32u> found;
    const CrError problem = session.setup.name_types(found);
    if (problem == error::kNone) Handout<CrInt32u>::get().give(found, types, count);
    return problem;
  });
}

CRSIM_EXPORT CrError GetDisplayStringList(CrDeviceHandle handle, CrInt32u type,
                                          CrDisplayStringListInfo** list, CrInt32u* count) {
  if (check_out(list, count) != error::kNone) return error::kInvalidParameter;
  return with_session(__func__, handle, [&](Session& session) {
    std::vector<CrDisplayStringListInfo> found;
    const CrError problem = session.setup.names(type, found);
    if (problem == error::kNone) session.hostile.spoil(found);
    if (problem == error::kNone) Handout<CrDisplayStringListInfo>::get().give(found, list, count);
    return problem;
  });
}

CRSIM_EXPORT CrError ReleaseDisplayStringTypes(CrDeviceHandle handle, CrInt32u* types) {
  return take_back(handle, types);
}

CRSIM_EXPORT CrError ReleaseDisplayStringList(CrDeviceHandle handle,
                                              CrDisplayStringListInfo* list) {
  return take_back(handle, list);
}

}  // extern "C"
