#include "camera_info.h"

#include <memory>
#include <utility>

#include "network.h"

namespace crsim {
namespace {

using namespace SCRSDK;

constexpr std::size_t kSerialLength = 12, kMacLength = 6;

char* writable(const std::string& text) { return const_cast<char*>(text.c_str()); }

CrInt32u size_with_end(const std::string& text) { return static_cast<CrInt32u>(text.size() + 1); }

class CameraInfo final : public ICrCameraObjectInfo {
 public:
  CameraInfo(CameraFacts facts, bool listed)
      : facts_(std::move(facts)), listed_(listed),
        address_text_(facts_.address == 0 ? "" : address_text(facts_.address)),
        mac_text_(mac_text(facts_.mac)) {}
  ~CameraInfo() = default;

  // One from an enumeration belongs to it; releasing that one does nothing.
  void Release() override {
    if (!listed_) delete this;
  }
  CrChar* GetName() const override { return writable(facts_.name); }
  CrInt32u GetNameSize() const override { return size_with_end(facts_.name); }
  CrChar* GetModel() const override { return writable(facts_.model); }
  CrInt32u GetModelSize() const override { return size_with_end(facts_.model); }
  CrInt16 GetUsbPid() const override { return facts_.usb_product; }
  CrInt8u* GetId() const override { return const_cast<CrInt8u*>(facts_.id.data()); }
  CrInt32u GetIdSize() const override { return static_cast<CrInt32u>(facts_.id.size()); }
  CrInt32u GetIdType() const override { return facts_.id_type; }
  CrInt32u GetConnectionStatus() const override { return 0; }
  CrChar* GetConnectionTypeName() const override { return writable(facts_.connection); }
  CrChar* GetAdaptorName() const override { return writable(facts_.adaptor); }
  CrChar* GetGuid() const override { return writable(nothing_); }
  CrChar* GetPairingNecessity() const override { return writable(facts_.pairing); }
  CrInt16u GetAuthenticationState() const override { return 0; }
  CrInt32u GetSSHsupport() const override { return facts_.ssh; }
  CrInt32u GetIPAddress() const override { return facts_.address; }
  CrChar* GetIPAddressChar() const override { return writable(address_text_); }
  CrInt32u GetIPAddressCharSize() const override { return size_with_end(address_text_); }
  CrInt8u* GetMACAddress() const override { return const_cast<CrInt8u*>(facts_.mac.data()); }
  CrInt32u GetMACAddressSize() const override { return static_cast<CrInt32u>(facts_.mac.size()); }
  CrChar* GetMACAddressChar() const override { return writable(mac_text_); }
  CrInt32u GetMACAddressCharSize() const override { return size_with_end(mac_text_); }

  std::size_t port() const { return facts_.port; }

 private:
  const CameraFacts facts_;
  const bool listed_;
  const std::string nothing_;
  const std::string address_text_, mac_text_;
};

class CameraList final : public ICrEnumCameraObjectInfo {
 public:
  explicit CameraList(const std::vector<CameraFacts>& cameras) {
    for (const CameraFacts& facts : cameras) {
      cameras_.push_back(std::make_unique<CameraInfo>(facts, true));
    }
  }
  ~CameraList() = default;

  CrInt32u GetCount() const override { return static_cast<CrInt32u>(cameras_.size()); }
  const ICrCameraObjectInfo* GetCameraObjectInfo(CrInt32u index) const override {
    return index < cameras_.size() ? cameras_[index].get() : nullptr;
  }
  void Release() override { delete this; }

 private:
  std::vector<std::unique_ptr<CameraInfo>> cameras_;
};

}  // namespace

ICrCameraObjectInfo* make_camera_info(const CameraFacts& facts) {
  return new CameraInfo(facts, false);
}

ICrEnumCameraObjectInfo* make_camera_list(const std::vector<CameraFacts>& cameras) {
  return new CameraList(cameras);
}

std::size_t port_of(const ICrCameraObjectInfo& info) {
  return static_cast<const CameraInfo&>(info).port();
}

std::string serial_of(const ICrCameraObjectInfo& info) {
  const CrInt8u* id = info.GetId();
  if (id == nullptr) return {};
  if (info.GetIdType() == kIdNetwork) {
    return info.GetIdSize() < kMacLength ? std::string() : serial_of_mac(id);
  }
  if (info.GetIdType() != kIdUsb || info.GetIdSize() < kSerialLength) return {};
  return {id, id + kSerialLength};
}

}  // namespace crsim
