// The objects that name a camera before it is connected.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "abi.h"

namespace crsim {

constexpr std::uint32_t kIdUsb = 0, kIdNetwork = 2;
constexpr std::size_t kNoPort = SIZE_MAX;

struct CameraFacts {
  std::string name;
  std::string model;
  std::int16_t usb_product = 0;
  std::uint32_t id_type = 0;
  std::vector<std::uint8_t> id;  // a serial number as text with its terminator, or an address
  std::string connection;
  std::string adaptor;
  std::string pairing;
  std::uint32_t ssh = 0;
  std::uint32_t address = 0;      // on the network
  std::vector<std::uint8_t> mac;
  std::size_t port = kNoPort;  // where it was seen, if it was enumerated
};

// Owned by the caller until Release, or by the enumeration that it is part of.
SCRSDK::ICrCameraObjectInfo* make_camera_info(const CameraFacts& facts);
SCRSDK::ICrEnumCameraObjectInfo* make_camera_list(const std::vector<CameraFacts>& cameras);

// The serial number that an object names, by itself or by its MAC address; empty for another id.
std::string serial_of(const SCRSDK::ICrCameraObjectInfo& info);
// The USB port at which it was enumerated, or kNoPort. All such objects are made here.
std::size_t port_of(const SCRSDK::ICrCameraObjectInfo& info);

}  // namespace crsim
