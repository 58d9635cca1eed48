// One simulated body: it outlives its connections, and keeps its settings, cards and counter.
//
// Files in the state folder stand for the world around it, so a test or a person can change that
// while any process holds the body:
//   <serial>.<scenario>     what is going wrong, see scenarios.h
//   <serial>.lock           held by the process that is connected
//   <serial>.control        the socket of that process, see control.h
//   <serial>/slot1, slot2   the cards
//   <serial>/counter        number of the last picture
//   <serial>/counts         what it has lived through, see counts.h
//   <serial>/settings       what was set, as bodies keep it without a cable
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "card.h"
#include "control.h"
#include "counts.h"
#include "profiles.h"
#include "properties.h"
#include "scenarios.h"
#include "scene.h"
#include "settings.h"

namespace crsim {

class Body {
 public:
  Body(const Profile& profile, std::string serial, std::uint32_t address,
       const Settings& settings);
  ~Body() { unlock(); }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  bool plugged() const { return !scenarios.holds(scenario::kUnplugged); }
  // The USB port that it hangs on; scenarios swap them.
  std::size_t port() const;

  // Only one process can hold a body. Who gets it finds the settings that the last one left.
  bool try_lock();
  void unlock();
  // The last process that held it died with the connection open.
  bool left_uncleanly() const { return left_uncleanly_; }

  void save_settings() const;

  // A body that never had a card gets one with three contents.
  void insert_first_card();
  const Card* card(std::uint32_t slot) const;  // null for another slot than 1 and 2
  std::uint32_t next_number();                 // of the next picture; survives the process
  // The scene as the present settings expose it.
  View view(std::uint32_t seed) const;
  Codes refresh_card_properties();

  const Profile& profile;
  const std::string serial;
  const std::uint32_t address;  // on the network; 0: on USB
  const Settings& settings;
  const Scenarios scenarios;
  Counts counts;
  Control control;
  std::mutex mutex;  // guards everything below, and the session that holds the body
  Properties properties;
  bool held = false;  // by a session of this process
  std::uint64_t releases_to_strike = 0;  // since every how many-th comes to nothing

 private:
  void load_settings();

  std::filesystem::path folder_;
  Card slot1_, slot2_;
  int lock_ = -1;
  bool left_uncleanly_ = false;
};

// The serial numbers of all bodies, by USB port.
std::vector<std::string> usb_ports(const Settings& settings);

Bytes jpeg_file(const View& view, int width, int height, int quality);
Bytes raw_file(const Profile& profile, std::uint32_t number);

}  // namespace crsim
