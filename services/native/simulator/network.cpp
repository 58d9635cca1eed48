#include "network.h"

#include <arpa/inet.h>

#include <cstdio>
#include <cstdlib>

#include "codes.h"

namespace crsim {
namespace {

constexpr std::size_t kMacBytes = 6;
constexpr std::size_t kFingerprintLetters = 43;  // as many as base64 gives for SHA-256

}  // namespace

std::vector<std::uint8_t> mac_of(const std::string& serial) {
  std::vector<std::uint8_t> mac;
  if (serial.find_first_not_of("0123456789ABCDEF") != std::string::npos) return mac;
  if (serial.size() != 2 * kMacBytes) return mac;
  for (std::size_t i = 0; i < kMacBytes; ++i) {
    const std::string byte = serial.substr(2 * i, 2);
    mac.push_back(static_cast<std::uint8_t>(std::strtoul(byte.c_str(), nullptr, 16)));
  }
  return mac;
}

std::string serial_of_mac(const std::uint8_t* mac) {
  char text[2 * kMacBytes + 1];
  for (std::size_t i = 0; i < kMacBytes; ++i) std::snprintf(text + 2 * i, 3, "%02X", mac[i]);
  return text;
}

std::string mac_text(const std::vector<std::uint8_t>& mac) {
  std::string text;
  for (const std::uint8_t byte : mac) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02X", byte);
    text += (text.empty() ? "" : ":") + std::string(digits);
  }
  return text;
}

std::uint32_t parse_address(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ? address.s_addr : 0;
}

std::string address_text(std::uint32_t address) {
  char text[INET_ADDRSTRLEN];
  const in_addr raw{address};
  return inet_ntop(AF_INET, &raw, text, sizeof text) == nullptr ? "" : text;
}

// Of the right length and alphabet, and another one for each body.
std::string fingerprint_of(const std::string& serial) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::uint64_t dice = 0xCBF29CE484222325ULL;
  for (const char letter : serial) dice = (dice ^ static_cast<unsigned char>(letter)) * 0x100000001B3ULL;
  std::string text;
  for (std::size_t i = 0; i < kFingerprintLetters; ++i) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    text += kLetters[dice % 64];
  }
  return text;
}

std::int32_t refusal(const Login& wanted, const std::string& serial, const Login& given) {
  if (wanted.user.empty()) return error::kNone;
  if (given.user.empty() || given.fingerprint.empty()) return error::kSshInvalidParameter;
  if (given.fingerprint != fingerprint_of(serial)) return error::kSshServerRefused;
  const bool known = given.user == wanted.user && given.password == wanted.password;
  return known ? error::kNone : error::kSshUserRefused;
}

}  // namespace crsim
