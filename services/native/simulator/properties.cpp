#include "properties.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <tuple>

namespace crsim {
namespace {

using SCRSDK::CrDeviceProperty;

std::size_t width_of(std::uint32_t type) {
  switch (type & 0xF) {
    case type::kU8: return 1;
    case type::kU16: return 2;
    case type::kU32: return 4;
    case type::kU128: return 16;
    default: return 8;
  }
}

std::uint64_t raw(std::uint32_t type, std::int64_t value) {
  const std::size_t bits = width_of(type) * 8;
  const auto all = static_cast<std::uint64_t>(value);
  return bits >= 64 ? all : all & ((std::uint64_t{1} << bits) - 1);
}

std::int64_t cooked(std::uint32_t type, std::uint64_t given) {
  const std::uint64_t value = raw(type, static_cast<std::int64_t>(given));
  const std::size_t bits = std::min<std::size_t>(width_of(type) * 8, 64);
  const bool negative = (type & type::kSigned) != 0 && (value >> (bits - 1) & 1) != 0;
  return static_cast<std::int64_t>(negative && bits < 64 ? value - (std::uint64_t{1} << bits)
                                                         : value);
}

bool in_range(const Values& range, std::int64_t value) {
  const std::int64_t least = range.first[0], most = range.first[1], step = range.first[2];
  return value >= least && value <= most && (step <= 1 || (value - least) % step == 0);
}

std::vector<std::uint8_t> packed(std::uint32_t type, const Values& values) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size * width_of(type));
  for (const std::int64_t value : values) {
    std::uint64_t rest = raw(type, value);
    for (std::size_t i = 0; i < width_of(type); ++i, rest >>= 8) {
      bytes.push_back(static_cast<std::uint8_t>(rest));
    }
  }
  return bytes;
}

// The vendor's text form: the number of units that follow, the units, a terminator.
std::vector<std::uint16_t> counted(const std::u16string& text, bool big_endian) {
  std::vector<std::uint16_t> units{static_cast<std::uint16_t>(text.size() + 1)};
  for (const char16_t unit : text) {
    units.push_back(big_endian ? static_cast<std::uint16_t>(unit << 8 | unit >> 8) : unit);
  }
  units.push_back(0);
  return units;
}

std::u16string uncounted(const std::uint16_t* units) {
  std::u16string text(units + 1, units + 1 + units[0]);
  return text.substr(0, text.find(u'\0'));
}

std::u16string widened(const char* text) {
  std::u16string wide;
  for (; text != nullptr && *text != '\0'; ++text) {
    wide.push_back(static_cast<unsigned char>(*text));
  }
  return wide;
}

}  // namespace

// What a client can see of one property.
struct Properties::Seen {
  std::int64_t value;
  std::u16string text;
  bool writable;
  const std::int64_t* list;
  bool operator!=(const Seen& other) const {
    return std::tie(value, text, writable, list) !=
           std::tie(other.value, other.text, other.writable, other.list);
  }
};

Properties::Properties(const Profile& profile) : profile_(profile) {
  add(profile.properties);
  add(profile.own_properties);
}

void Properties::add(const Table<PropertyRow>& rows) {
  for (const PropertyRow& row : rows) cells_[row.code] = {&row, row.initial, widened(row.text)};
}

std::int64_t Properties::get(std::uint32_t code) const {
  const auto found = cells_.find(code);
  return found == cells_.end() ? 0 : found->second.value;
}

std::string Properties::text(std::uint32_t code) const {
  const auto found = cells_.find(code);
  if (found == cells_.end()) return {};
  return {found->second.text.begin(), found->second.text.end()};
}

bool Properties::visible(std::uint32_t code, Mode mode) const {
  const auto found = cells_.find(code);
  if (found == cells_.end() || found->second.row->access == Access::Fact) return false;
  return (found->second.row->modes >> static_cast<unsigned>(mode) & 1) != 0;
}

Codes Properties::codes(Mode mode) const {
  Codes visible_codes;
  for (const auto& [code, cell] : cells_) {
    if (visible(code, mode)) visible_codes.push_back(code);
  }
  return visible_codes;
}

bool Properties::holds(const Condition& condition) const {
  return condition.code != 0 && condition.allowed.contains(get(condition.code));
}

bool Properties::gates_open(const Table<Gate>& gates, std::uint32_t code) const {
  return std::all_of(gates.begin(), gates.end(), [&](const Gate& gate) {
    return gate.code != code || holds(gate.first) || holds(gate.second);
  });
}

bool Properties::writable(std::uint32_t code) const {
  const auto found = cells_.find(code);
  if (found == cells_.end()) return false;
  const Access access = found->second.row->access;
  if (access == Access::Status || access == Access::Fact) return false;
  if (access == Access::Setting && profile_.habits.priority_key &&
      get(property::kPriorityKey) == value::kCameraPosition) {
    return false;
  }
  return gates_open(profile_.gates, code) && gates_open(profile_.own_gates, code);
}

Values Properties::offered(std::uint32_t code) const {
  for (const Table<Offer>* offers : {&profile_.own_offers, &profile_.offers}) {
    for (const Offer& offer : *offers) {
      if (offer.code == code && offer.when.contains(get(offer.on))) return offer.values;
    }
  }
  const auto found = cells_.find(code);
  return found == cells_.end() ? Values() : found->second.row->values;
}

std::int32_t Properties::check(const CrDeviceProperty& wanted, Mode mode, std::int64_t& value,
                               std::u16string& text) const {
  if (!visible(wanted.code, mode) || !writable(wanted.code)) return error::kInvalidCalled;
  const PropertyRow& row = *cells_.at(wanted.code).row;
  const auto given_type = static_cast<std::uint32_t>(wanted.valueType);
  if (row.type == type::kText || given_type == type::kText) {
    if (row.type != given_type) return error::kInvalidCalled;
    if (wanted.currentStr == nullptr) return error::kInvalidParameter;
    text = uncounted(wanted.currentStr);
    const bool fits = text.size() <= static_cast<std::size_t>(get(property::kImageIdMaxLength));
    return fits ? error::kNone : error::kInvalidParameter;
  }
  // Bodies refuse this one property when it is a fetched one, handed back with its list.
  if (wanted.code == property::kPriorityKey && wanted.values != nullptr) {
    return error::kInvalidCalled;
  }
  value = cooked(row.type, wanted.currentValue);
  const Values values = offered(row.code);
  const bool allowed = values.empty() ||
                       ((row.type & type::kRange) != 0 ? in_range(values, value)
                                                       : values.contains(value));
  return allowed ? error::kNone : error::kInvalidParameter;
}

void Properties::put(std::uint32_t code, std::int64_t value, int depth) {
  const auto found = cells_.find(code);
  if (found == cells_.end() || found->second.value == value || depth > 4) return;
  found->second.value = value;
  for (const Coupling& coupling : profile_.couplings) {
    if (coupling.on != code) continue;
    if (coupling.when.empty()) {
      put(coupling.code, value, depth + 1);
    } else if (coupling.when.contains(value)) {
      put(coupling.code, coupling.value, depth + 1);
    }
  }
}

// A value that its list no longer offers moves to the nearest one that it does.
void Properties::settle() {
  for (auto& [code, cell] : cells_) {
    if ((cell.row->type & type::kArray) == 0 || cell.row->access != Access::Setting) continue;
    const Values values = offered(code);
    if (values.empty() || values.contains(cell.value)) continue;
    const std::int64_t present_value = cell.value;
    cell.value = *std::min_element(values.begin(), values.end(), [&](auto left, auto right) {
      return std::llabs(left - present_value) < std::llabs(right - present_value);
    });
  }
}

std::map<std::uint32_t, Properties::Seen> Properties::look() const {
  std::map<std::uint32_t, Seen> all;
  for (const auto& [code, cell] : cells_) {
    if (cell.row->access == Access::Fact) continue;
    all[code] = {cell.value, cell.text, writable(code), offered(code).first};
  }
  return all;
}

template <class Change>
Codes Properties::changed_by(Change change) {
  const auto before = look();
  change();
  settle();
  Codes changed;
  for (const auto& [code, seen] : look()) {
    if (seen != before.at(code)) changed.push_back(code);
  }
  return changed;
}

Codes Properties::set(std::uint32_t code, std::int64_t value) {
  if (!has(code) || get(code) == value) return {};
  return changed_by([&] { put(code, value, 0); });
}

Codes Properties::set_text(std::uint32_t code, const std::u16string& text) {
  return changed_by([&] {
    const auto found = cells_.find(code);
    if (found != cells_.end()) found->second.text = text;
  });
}

void Properties::jump(std::uint32_t code, std::int64_t value) {
  const auto found = cells_.find(code);
  if (found != cells_.end()) found->second.value = value;
}

std::string Properties::settings_text() const {
  std::string all;
  for (const auto& [code, cell] : cells_) {
    if (cell.row->access != Access::Setting) continue;
    all += std::to_string(code) + " ";
    all += cell.row->type == type::kText ? "=" + text(code) : std::to_string(cell.value);
    all += "\n";
  }
  return all;
}

Codes Properties::restore_settings(const std::string& text) {
  return changed_by([&] {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t space = line.find(' ');
      const auto found = cells_.find(static_cast<std::uint32_t>(std::atoll(line.c_str())));
      if (space == std::string::npos || found == cells_.end()) continue;
      const PropertyRow& row = *found->second.row;
      if (row.access != Access::Setting) continue;
      const std::string value = line.substr(space + 1);
      if (row.type != type::kText) {
        put(row.code, std::atoll(value.c_str()), 0);
      } else if (value.rfind('=', 0) == 0) {
        found->second.text = widened(value.c_str() + 1);
      }
    }
  });
}

CrDeviceProperty Properties::present(std::uint32_t code) const {
  CrDeviceProperty shown;
  const Cell& cell = cells_.at(code);
  const PropertyRow& row = *cell.row;
  const bool open = writable(code);
  const bool trigger = row.access == Access::Trigger;
  shown.code = code;
  shown.valueType = static_cast<SCRSDK::CrDataType>(row.type);
  shown.enableFlag = static_cast<SCRSDK::CrPropertyEnableFlag>(
      !open ? (trigger ? 0 : flag::kDisplayOnly) : trigger ? flag::kSetOnly : flag::kReadWrite);
  if (row.shown_as != 0) {
    shown.enableFlag = static_cast<SCRSDK::CrPropertyEnableFlag>(row.shown_as);
  }
  const bool listed = (row.type & (type::kArray | type::kRange)) != 0;
  shown.variableFlag = static_cast<SCRSDK::CrPropertyVariableFlag>(
      listed ? flag::kVariableList : flag::kFixedList);
  if (row.type == type::kText) {
    std::vector<std::uint16_t> units = counted(
        cell.text, row.access == Access::Setting && profile_.habits.settings_text_is_big_endian);
    shown.SetCurrentStr(units.data());
    return shown;
  }
  shown.currentValue = raw(row.type, cell.value);
  // A status keeps its range; whatever could be written but cannot now loses its list.
  if (listed && (open || row.access == Access::Status)) {
    std::vector<std::uint8_t> bytes = packed(row.type, offered(row.code));
    shown.SetValueSize(static_cast<SCRSDK::CrInt32u>(bytes.size()));
    shown.SetValues(bytes.data());
    if (profile_.habits.fills_set_values && open) {
      shown.SetSetValueSize(static_cast<SCRSDK::CrInt32u>(bytes.size()));
      shown.SetSetValues(bytes.data());
    }
  }
  return shown;
}

}  // namespace crsim
