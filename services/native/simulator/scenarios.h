// What goes wrong on demand. A scenario is a file `<serial>.<name>` in the state folder: while it
// is there, the scenario holds; its text are its parameters. The files are the only truth, so any
// process can break a body, held or not, and whoever looks sees the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "table.h"

namespace crsim {

namespace scenario {
constexpr const char* kUnplugged = "unplugged";
constexpr const char* kUnlisted = "unlisted";
constexpr const char* kSwapped = "swapped";
constexpr const char* kHeld = "held";
constexpr const char* kStaleLink = "stale-link";
constexpr const char* kManualFocus = "manual-focus";
constexpr const char* kDefocused = "defocused";
constexpr const char* kNotExposed = "not-exposed";
constexpr const char* kCardFull = "card-full";
constexpr const char* kOverTemperature = "over-temperature";
constexpr const char* kBusyFirstListing = "busy-first-listing";
constexpr const char* kSecondTransferBusy = "second-transfer-busy";
constexpr const char* kTransferCut = "transfer-cut";
constexpr const char* kStorm = "storm";
constexpr const char* kHang = "hang";
constexpr const char* kSlow = "slow";
constexpr const char* kRefuse = "refuse";
constexpr const char* kCrash = "crash";
constexpr const char* kCrashAtOpen = "crash-at-open";
constexpr const char* kHostile = "hostile";
}  // namespace scenario

// One parameter: a number within a span, or one of some words (none: any word).
struct ScenarioParameter {
  const char* name;
  const char* otherwise;  // its value when it is left out
  std::int64_t least = 0, most = -1;  // least > most: a word
  Table<const char*> words = {};
};

struct ScenarioRow {
  const char* name;
  Table<ScenarioParameter> parameters;
  bool expires = true;  // `seconds` counts from the breaking, and then the file goes
};

class Scenarios {
 public:
  using Words = std::map<std::string, std::string>;

  // The parameters of a scenario that holds, all of them, defaults filled in.
  class Held {
   public:
    std::int64_t number(const char* parameter) const;
    const std::string& word(const char* parameter) const;

   private:
    friend class Scenarios;
    Words words_;
  };

  Scenarios(std::filesystem::path folder, std::string serial)
      : folder_(std::move(folder)), serial_(std::move(serial)) {}

  bool holds(const char* name) const { return find(name).has_value(); }
  std::optional<Held> find(const char* name) const;
  // For one that strikes `times` times (0: always) and is over then; without that parameter, once.
  std::optional<Held> strike(const char* name) const;
  std::optional<Held> strike(const char* name, const char* parameter, const std::string& word) const;
  void heal(const std::string& name) const;
  void heal_all() const;
  // What holds for a call of a client: returns late, never (until healed), or the error to give.
  std::int32_t meddle(const char* call) const;

  // For people: each returns the sentence that says what is wrong, or nothing.
  std::optional<std::string> begin(const std::string& name, const Words& words) const;
  static std::optional<std::string> check(const std::string& name, const Words& words);
  static std::string all();      // "storm (rate=50000 seconds=10), hang (call=... seconds=0), ..."
  std::string present() const;   // in the same form, or "nothing"

 private:
  std::filesystem::path file(const std::string& name) const;
  void write(const std::string& name, const Words& words) const;

  const std::filesystem::path folder_;
  const std::string serial_;
};

}  // namespace crsim
