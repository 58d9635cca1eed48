// One simulated body: it outlives its connections, and keeps its settings, cards and counter.
//
// Files in the state folder stand for the world around it, so a test or a person can change that
// while any process holds the body:
//   <serial>.unplugged      the cable is out
//   <serial>.manual-focus   the switch on the lens is at MF
//   <serial>.defocused      there is nothing to focus on
//   <serial>.lock           held by the process that is connected
//   <serial>/slot1, slot2   the cards
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "card.h"
#include "profiles.h"
#include "properties.h"
#include "scene.h"
#include "settings.h"

namespace crsim {

class Body {
 public:
  Body(const Profile& profile, std::string serial, const Settings& settings);
  ~Body() { unlock(); }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  bool is_in_world(const char* fact) const;
  bool plugged() const { return !is_in_world("unplugged"); }

  // Only one process can hold a body.
  bool try_lock();
  void unlock();

  // A body that never had a card gets one with three contents.
  void insert_first_card();
  const Card* card(std::uint32_t slot) const;  // null for another slot than 1 and 2
  std::uint32_t next_number();                 // of the next picture; survives the process
  // The scene as the present settings expose it.
  View view(std::uint32_t seed) const;
  Codes refresh_card_properties();

  const Profile& profile;
  const std::string serial;
  const Settings& settings;
  std::mutex mutex;  // guards everything below, and the session that holds the body
  Properties properties;
  bool held = false;  // by a session of this process

 private:
  std::filesystem::path folder_;
  Card slot1_, slot2_;
  int lock_ = -1;
};

Bytes jpeg_file(const View& view, int width, int height, int quality);
Bytes raw_file(const Profile& profile, std::uint32_t number);

}  // namespace crsim
