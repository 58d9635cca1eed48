// What a body is: its properties, how they hang together, its habits and its timings. Data only;
// the engine knows no model names.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codes.h"
#include "table.h"

namespace crsim {

constexpr std::uint32_t kNoModelNumber = 0xFFFFFFFF;

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
  std::int16_t shown_as = 0;  // an enable flag of its own; 0: what its access says
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

// What the body itself calls a value, in one of its display string lists.
struct DisplayText {
  std::uint32_t list;
  std::int64_t value;
  const char* text;
};

// What bodies do in one way or another. The defaults are the ways of most.
struct Habits {
  unsigned modes = kEverywhere;               // in which it can be connected
  bool priority_key = false;                  // at camera position nothing can be set
  bool starts_at_pc_remote = false;           // with a priority key
  bool any_position = false;                  // records and shoots whatever the program is
  bool release_focuses = false;               // the release alone focuses and exposes in AF
  bool fires_unfocused = false;               // the release exposes whatever the focus is
  bool s1_springs_back = true;                // after an exposure
  bool live_view_in_remote = true;
  bool live_view_in_remote_transfer = false;  // after it was enabled
  bool frames = true;                         // names AF frames and the level in live view
  bool unknown_frames = false;                // and one of a kind that no list names
  bool cards_in_remote = false;               // lists and pulls there, and not in RemoteTransfer
  bool first_listing_fails = false;           // the card index is being built
  bool settings_file = true;
  bool general_notice = true;                 // OnPropertyChanged comes before the codes
  bool codes_one_by_one = false;
  bool warning_before_focus = false;          // the second channel of the AF is the first
  bool jpeg_before_raw = false;
  bool settings_text_is_big_endian = false;
  bool fills_set_values = false;              // offers what can be set in the second list too
  unsigned slots = 2;
};

// How contents and their files are numbered and named.
struct Numbering {
  const char* prefix = "DSC";
  std::uint32_t first = 131154;
  unsigned gap_every = 3;  // rising, not contiguous; 0: contiguous
  bool newest_first = false;
};

struct LiveViewFacts {
  int width = 640, height = 428;
  std::uint32_t buffer_bytes = 307200;
  unsigned empty_at_first = 0;  // pictures without a byte after each beginning
};

struct Profile {
  const char* model = nullptr;
  std::uint32_t model_number = kNoModelNumber;  // index in the vendor's model list
  std::int16_t usb_product = 0;
  const char* software = "1.00";
  Table<PropertyRow> properties = {};
  Table<PropertyRow> own_properties = {};
  Table<Gate> gates = {};
  Table<Gate> own_gates = {};
  Table<Offer> offers = {};
  Table<Offer> own_offers = {};
  Table<Coupling> couplings = {};
  Table<DriveSpeed> drive_speeds = {};
  Table<SelfTimer> self_timers = {};
  Table<DisplayText> display_texts = {};
  Values still_programs = {};   // exposure programs of the still position
  Values movie_programs = {};   // and of the movie position
  Values greeting = {};         // warnings that it sends after each connection
  Area af_area = {65, 61, 574, 418};  // where an AF point can be
  std::size_t raw_bytes = 8'388'608;  // real files are larger; this is kinder to test machines
  std::uint32_t card_photos = 2000;   // room on an empty card
  std::uint32_t card_seconds = 5400;
  Habits habits = {};
  Numbering numbering = {};
  LiveViewFacts live_view = {};
  Timing timing = {};
};

extern const Profile kIlce7m4, kIlmeFx3a, kMinimal, kInverted, kUnknown;

// Null for a model without a profile.
const Profile* find_profile(const char* model);
const Profile* find_profile(std::uint32_t model_number);

}  // namespace crsim
