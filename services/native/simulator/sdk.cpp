#include "sdk.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "adapter.h"

namespace crsim {

CameraFacts usb_facts(const Profile& profile, const std::string& serial, std::size_t port) {
  CameraFacts facts;
  facts.name = facts.model = profile.model;
  facts.usb_product = profile.usb_product;
  facts.id.assign(serial.begin(), serial.end());
  facts.id.push_back(0);
  facts.connection = "USB";
  facts.adaptor = "Cr_PTP_USB";
  facts.port = port;
  return facts;
}

CameraFacts network_facts(const Profile& profile, const std::string& serial,
                          std::uint32_t address, bool ssh) {
  CameraFacts facts;
  facts.name = facts.model = profile.model;
  facts.id_type = kIdNetwork;
  facts.id = facts.mac = mac_of(serial);
  facts.address = address;
  facts.connection = "IP";
  facts.adaptor = "Cr_PTP_IP";
  facts.ssh = ssh ? 1 : 0;
  return facts;
}

Sdk::Sdk(Settings settings) : settings_(std::move(settings)) {
  for (const CameraSetting& camera : settings_.cameras) {
    const Profile* profile = find_profile(camera.model.c_str());
    if (profile == nullptr) continue;  // a model without a profile is not there
    bodies_.push_back(
        std::make_unique<Body>(*profile, camera.serial, camera.address, settings_));
  }
}

Sdk::~Sdk() {
  sessions_.clear();
  bodies_.clear();
  std::error_code ignored;
  if (settings_.state_is_temporary && !settings_.state.empty()) {
    std::filesystem::remove_all(settings_.state, ignored);
  }
}

Body* Sdk::find(const std::string& serial) const {
  const auto body = std::find_if(bodies_.begin(), bodies_.end(),
                                 [&](const auto& one) { return one->serial == serial; });
  return body == bodies_.end() ? nullptr : body->get();
}

CameraFacts Sdk::facts_of(const Body& body, std::size_t port) const {
  if (body.address == 0) return usb_facts(body.profile, body.serial, port);
  return network_facts(body.profile, body.serial, body.address, !settings_.login.user.empty());
}

std::string Sdk::fingerprint(const SCRSDK::ICrCameraObjectInfo& info) const {
  const Body* body = find(serial_of(info));
  const bool has_one = body != nullptr && body->address != 0 && !settings_.login.user.empty();
  return has_one ? fingerprint_of(body->serial) : "";
}

std::int32_t Sdk::enumerate(double seconds, std::vector<CameraFacts>& found) const {
  if (!adapter_is_found(settings_.adapter)) return error::kNoAdapter;
  for (const auto& body : bodies_) {
    const std::int32_t meddled = body->scenarios.meddle("EnumCameraObjects");
    if (meddled != error::kNone) return meddled;
  }
  std::this_thread::sleep_for(settings_.scaled(seconds * 1000.0));
  const auto ports = usb_ports(settings_);
  for (std::size_t port = 0; port < ports.size(); ++port) {
    const Body* body = find(ports[port]);
    if (body != nullptr && body->plugged() && !body->scenarios.holds(scenario::kUnlisted)) {
      found.push_back(facts_of(*body, port));
    }
  }
  for (const auto& body : bodies_) {
    Hostile(body->scenarios).spoil(found, facts_of(*body, body->port()));
  }
  return error::kNone;
}

std::int32_t Sdk::connect(const SCRSDK::ICrCameraObjectInfo& info, void* callback, Mode mode,
                          bool reconnects, const Login& login, std::int64_t& handle) {
  if (!adapter_is_found(settings_.adapter)) return error::kNoAdapter;
  // An enumerated object leads to its port, and to whatever body hangs there by now.
  const std::size_t port = port_of(info);
  Body* const body = find(port == kNoPort ? serial_of(info) : usb_ports(settings_).at(port));
  // One that was made for an address leads to what hangs there, and to nothing else.
  const std::uint32_t address = info.GetIPAddress();
  if (body == nullptr || (address != 0 && address != body->address)) return error::kConnect;
  if ((body->profile.habits.modes >> static_cast<unsigned>(mode) & 1) == 0) {
    return mode == Mode::Contents ? error::kContentsNotSupported
                                  : error::kRemoteTransferNotSupported;
  }
  const std::int32_t meddled = body->scenarios.meddle("Connect");
  if (meddled != error::kNone) return meddled;
  // Without it there is no door at which a login could be shown.
  const Login shown = info.GetSSHsupport() == 1 ? login : Login{};
  auto session = std::make_shared<Session>(*body, callback, mode, reconnects, shown);
  // The handle must be known before the first callback can come.
  const std::lock_guard lock(mutex_);
  handle = ++last_handle_;
  if (!session->open()) {
    handle = 0;
    return error::kAlreadyOpened;
  }
  sessions_.emplace(handle, std::move(session));
  return error::kNone;
}

std::shared_ptr<Session> Sdk::session(std::int64_t handle) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(handle);
  return found == sessions_.end() ? nullptr : found->second;
}

std::int32_t Sdk::release(std::int64_t handle) {
  std::shared_ptr<Session> session = this->session(handle);
  if (!session) return error::kInvalidHandle;
  if (session->on_own_thread()) return error::kInvalidCalled;  // it would wait for itself
  session->close();
  const std::lock_guard lock(mutex_);
  sessions_.erase(handle);
  return error::kNone;
}

bool Sdk::on_a_callback_thread() {
  const std::lock_guard lock(mutex_);
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [](const auto& entry) { return entry.second->on_own_thread(); });
}

Library& Library::get() {
  static Library* const library = new Library;
  return *library;
}

bool Library::init() {
  const std::lock_guard lock(mutex_);
  if (!sdk_) sdk_ = std::make_shared<Sdk>(read_settings());
  return true;
}

bool Library::release() {
  std::shared_ptr<Sdk> last;
  const std::lock_guard lock(mutex_);
  if (!sdk_ || sdk_->on_a_callback_thread()) return false;
  last.swap(sdk_);
  return true;
}

std::shared_ptr<Sdk> Library::sdk() {
  const std::lock_guard lock(mutex_);
  return sdk_;
}

}  // namespace crsim
