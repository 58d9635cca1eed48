// A body that hangs on the network: its address, its fingerprint, and who may log in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace crsim {

// What a client brings, or what a body wants; an empty user: no access authentication.
struct Login {
  std::string user, password, fingerprint;
};

// The twelve hexadecimal digits of a serial number are the MAC address too; empty if they are not.
std::vector<std::uint8_t> mac_of(const std::string& serial);
std::string serial_of_mac(const std::uint8_t* mac);
std::string mac_text(const std::vector<std::uint8_t>& mac);  // 00:11:22:AA:BB:CC

// "192.168.7.20", its first number in the lowest byte; 0 for anything else.
std::uint32_t parse_address(const std::string& text);
std::string address_text(std::uint32_t address);

std::string fingerprint_of(const std::string& serial);

// The error with which a body refuses, or none.
std::int32_t refusal(const Login& wanted, const std::string& serial, const Login& given);

}  // namespace crsim
