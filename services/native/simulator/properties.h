// The property engine: present values, what may be written now, and what moves with what.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "abi.h"
#include "profiles.h"

namespace crsim {

using Codes = std::vector<std::uint32_t>;

class Properties {
 public:
  explicit Properties(const Profile& profile);

  bool has(std::uint32_t code) const { return cells_.count(code) != 0; }
  std::int64_t get(std::uint32_t code) const;  // 0 for what the body does not have
  std::string text(std::uint32_t code) const;
  bool visible(std::uint32_t code, Mode mode) const;
  bool writable(std::uint32_t code) const;
  Codes codes(Mode mode) const;
  // What is offered for a property now, whether or not it can be written; a range is three numbers.
  Values offered(std::uint32_t code) const;

  // Whether a client may write this now; the value as the body understands it comes back in
  // `value` or `text`.
  std::int32_t check(const SCRSDK::CrDeviceProperty& wanted, Mode mode, std::int64_t& value,
                     std::u16string& text) const;

  // Both set without asking, carry out the couplings, and return every property a client sees
  // changed: its value, its list or its writability.
  Codes set(std::uint32_t code, std::int64_t value);
  Codes set_text(std::uint32_t code, const std::u16string& text);

  // A value of the body's own that moves too fast for couplings: nothing hangs on it.
  void jump(std::uint32_t code, std::int64_t value);

  // All settings, one line each; and back, as far as this body knows them.
  std::string settings_text() const;
  Codes restore_settings(const std::string& text);

  SCRSDK::CrDeviceProperty present(std::uint32_t code) const;

 private:
  struct Cell {
    const PropertyRow* row;
    std::int64_t value;
    std::u16string text;
  };
  struct Seen;

  void add(const Table<PropertyRow>& rows);
  void put(std::uint32_t code, std::int64_t value, int depth);
  void settle();
  bool holds(const Condition& condition) const;
  bool gates_open(const Table<Gate>& gates, std::uint32_t code) const;
  std::map<std::uint32_t, Seen> look() const;
  template <class Change>
  Codes changed_by(Change change);

  const Profile& profile_;
  std::map<std::uint32_t, Cell> cells_;
};

}  // namespace crsim
