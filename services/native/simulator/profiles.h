// What a body is: its properties, how they hang together, its habits and its timings. Data only;
// the engine knows no model names.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codes.h"
#include "table.h"

namespace crsim {

using Values = Table<std::int64_t>;

enum class Access {
  Setting,  // readable and writable; the priority key decides
  Control,  // readable and writable whatever the priority key says
  Trigger,  // can only be set
  Status,   // can only be read
  Fact,     // not visible to clients; gates depend on it
};

// In which control modes a property exists.
enum Modes : unsigned {
  kRemoteOnly = 1,
  kShooting = 1 | 4,
  kEverywhere = 1 | 2 | 4,
};

struct PropertyRow {
  std::uint32_t code;
  std::uint32_t type;
  Access access;
  std::int64_t initial;
  Values values = {};  // for a range: least, most, step
  const char* text = nullptr;
  unsigned modes = kShooting;
};

struct Condition {
  std::uint32_t code = 0;
  Values allowed = {};
};

// `code` can be written only while one of the two conditions holds. Several gates: all must.
struct Gate {
  std::uint32_t code;
  Condition first;
  Condition second = {};
};

// While `on` has one of the values `when`, `code` offers these values instead of its own.
struct Offer {
  std::uint32_t code;
  std::uint32_t on;
  Values when;
  Values values;
};

// When `on` takes one of the values `when` (none: any value), `code` takes `value` (or the same).
struct Coupling {
  std::uint32_t on;
  Values when;
  std::uint32_t code;
  std::int64_t value = 0;
};

// Milliseconds; sources in docs/simulators.md.
struct Timing {
  double connect = 150;
  double disconnect = 100;
  double busy_timeout = 1000;
  double focus = 175;
  double focus_second_channel = 15;
  double focus_failure = 731;
  double tracking = 122;
  double tracking_focused = 183;
  double release_autofocus = 430;
  double release_manual = 405;
  double host_file = 420;
  double card_content = 470;
  double recording_on = 200;
  double recording_off = 175;
  double property_visible = 120;
  double reconnect = 1000;
  double reconnect_limit = 300000;
  double live_view_gap = 108;
  double preview_transfer = 65;
};

struct DriveSpeed {
  std::int64_t drive;
  double interval_ms;
};

struct SelfTimer {
  std::int64_t drive;
  double wait_ms;
};

struct Area {
  int left, top, right, bottom;
};

struct LookName {
  std::int64_t value;
  const char* name;
};

struct Profile {
  const char* model;
  std::uint32_t model_number;  // index in the vendor's model list
  std::int16_t usb_product;
  const char* software;
  Table<PropertyRow> properties;
  Table<PropertyRow> own_properties;
  Table<Gate> gates;
  Table<Gate> own_gates;
  Table<Offer> offers;
  Table<Offer> own_offers;
  Table<Coupling> couplings;
  Table<DriveSpeed> drive_speeds;
  Table<SelfTimer> self_timers;
  Table<LookName> looks;
  Values still_programs;   // exposure programs of the still position
  Values movie_programs;   // and of the movie position
  Area af_area;            // where an AF point can be
  std::size_t raw_bytes;
  std::uint32_t card_photos;   // room on an empty card
  std::uint32_t card_seconds;

  bool priority_key;                  // at camera position nothing can be set
  bool release_focuses;               // the release alone focuses and exposes in AF
  bool live_view_in_remote_transfer;  // after it was enabled
  bool first_listing_fails;           // the card index is being built
  bool any_position;                  // records and shoots whatever the exposure program is
  Timing timing = {};
};

// Null for a model without a profile.
const Profile* find_profile(const char* model);
const Profile* find_profile(std::uint32_t model_number);

}  // namespace crsim
