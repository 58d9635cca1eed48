// What one Init holds: the bodies of this rack and the connections to them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "body.h"
#include "camera_info.h"
#include "session.h"
#include "settings.h"

namespace crsim {

class Sdk {
 public:
  explicit Sdk(Settings settings);
  ~Sdk();
  Sdk(const Sdk&) = delete;
  Sdk& operator=(const Sdk&) = delete;

  std::int32_t enumerate(double seconds, std::vector<CameraFacts>& found) const;
  std::int32_t connect(const SCRSDK::ICrCameraObjectInfo& info, void* callback, Mode mode,
                       bool reconnects, const Login& login, std::int64_t& handle);
  // Empty for a body without access authentication.
  std::string fingerprint(const SCRSDK::ICrCameraObjectInfo& info) const;
  std::shared_ptr<Session> session(std::int64_t handle);
  std::int32_t release(std::int64_t handle);
  bool on_a_callback_thread();

 private:
  Body* find(const std::string& serial) const;
  CameraFacts facts_of(const Body& body, std::size_t port) const;

  const Settings settings_;
  std::vector<std::unique_ptr<Body>> bodies_;
  std::mutex mutex_;  // guards the two below
  std::map<std::int64_t, std::shared_ptr<Session>> sessions_;
  std::int64_t last_handle_ = 0x1000;
};

CameraFacts usb_facts(const Profile& profile, const std::string& serial, std::size_t port);
CameraFacts network_facts(const Profile& profile, const std::string& serial,
                          std::uint32_t address, bool ssh);

// Never destroyed by a static destructor: our threads may outlive main().
class Library {
 public:
  static Library& get();
  bool init();
  bool release();
  std::shared_ptr<Sdk> sdk();

 private:
  std::mutex mutex_;
  std::shared_ptr<Sdk> sdk_;
};

}  // namespace crsim
