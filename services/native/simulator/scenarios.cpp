#include "scenarios.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <thread>

#include "codes.h"
#include "files.h"

namespace crsim {
namespace {

constexpr std::int64_t kDay = 86'400;

// The calls that can be made to hang, to be slow, or to be refused.
constexpr const char* kCalls[] = {
    "EnumCameraObjects", "Connect", "Disconnect", "ReleaseDevice", "GetDeviceProperties",
    "GetSelectDeviceProperties", "SetDeviceProperty", "SendCommand", "GetLiveViewImage",
    "GetLiveViewImageInfo", "GetLiveViewProperties", "GetSelectLiveViewProperties",
    "GetDeviceSetting", "SetDeviceSetting", "SetSaveInfo", "GetOSDImage", "GetDateFolderList",
    "GetContentsHandleList", "GetContentsDetailInfo", "PullContentsFile",
    "GetContentsThumbnailImage", "GetRemoteTransferCapturedDateList",
    "GetRemoteTransferContentsInfoList", "GetRemoteTransferContentsDataFile",
    "ControlGetRemoteTransferContentsDataFile", "GetRemoteTransferContentsCompressedDataFile",
    "GetRemoteTransferContentsData", "GetRemoteTransferContentsCompressedData",
    "DeleteRemoteTransferContentsFile", "DownloadSettingFile", "UploadSettingFile",
    "RequestDisplayStringList", "GetDisplayStringTypes", "GetDisplayStringList", "ImportLUTFile"};
constexpr const char* kLinks[] = {"next", "unclean"};
constexpr const char* kMoments[] = {"now", "exposure"};
constexpr const char* kHostileParts[] = {"all", "names", "sizes", "lists", "serials"};

// Every lasting scenario can name the time after which it is over; 0: until it is healed.
constexpr ScenarioParameter kSeconds = {"seconds", "0", 0, kDay, {}};
constexpr ScenarioParameter kOnce = {"times", "1", 1, 1'000'000, {}};

constexpr ScenarioParameter kLasting[] = {kSeconds};
constexpr ScenarioParameter kCounted[] = {kOnce};
constexpr ScenarioParameter kSwap[] = {{"with", "", 0, -1, {}}, kSeconds};
constexpr ScenarioParameter kStale[] = {{"when", "next", 0, -1, kLinks},
                                        {"seconds", "300", 1, kDay, {}}};
constexpr ScenarioParameter kEvery[] = {{"every", "1", 1, 1'000'000, {}}, kSeconds};
constexpr ScenarioParameter kLevel[] = {{"level", "2", 1, 2, {}}, kSeconds};
constexpr ScenarioParameter kCut[] = {{"at", "50", 0, 99, {}}, kOnce};
constexpr ScenarioParameter kRate[] = {{"rate", "50000", 1, 1'000'000, {}},
                                       {"seconds", "10", 1, 3600, {}}};
constexpr ScenarioParameter kCall[] = {{"call", "GetDeviceProperties", 0, -1, kCalls}, kSeconds};
constexpr ScenarioParameter kSlowCall[] = {{"call", "GetDeviceProperties", 0, -1, kCalls},
                                           {"ms", "2000", 1, 600'000, {}},
                                           kSeconds};
constexpr ScenarioParameter kRefused[] = {{"call", "GetDeviceProperties", 0, -1, kCalls},
                                          {"error", "0x870C", 1, 0xFFFF, {}},
                                          kOnce};
constexpr ScenarioParameter kMoment[] = {{"at", "now", 0, -1, kMoments}};
constexpr ScenarioParameter kDeaths[] = {{"times", "0", 0, 1'000'000, {}}};
constexpr ScenarioParameter kParts[] = {{"what", "all", 0, -1, kHostileParts}, kSeconds};

constexpr ScenarioRow kScenarios[] = {
    {scenario::kUnplugged, kLasting},
    {scenario::kUnlisted, kLasting},
    {scenario::kSwapped, kSwap},
    {scenario::kHeld, kLasting},
    {scenario::kStaleLink, kStale, /*expires=*/false},
    {scenario::kManualFocus, kLasting},
    {scenario::kDefocused, kLasting},
    {scenario::kNotExposed, kEvery},
    {scenario::kCardFull, kLasting},
    {scenario::kOverTemperature, kLevel},
    {scenario::kBusyFirstListing, kCounted},
    {scenario::kSecondTransferBusy, kCounted},
    {scenario::kTransferCut, kCut},
    {scenario::kStorm, kRate, /*expires=*/false},
    {scenario::kHang, kCall},
    {scenario::kSlow, kSlowCall},
    {scenario::kRefuse, kRefused},
    {scenario::kCrash, kMoment},
    {scenario::kCrashAtOpen, kDeaths},
    {scenario::kHostile, kParts},
};

const ScenarioRow* row_of(const std::string& name) {
  for (const ScenarioRow& row : kScenarios) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

std::string listed(const Table<const char*>& words) {
  std::string all;
  for (const char* word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return all;
}

bool fits(const ScenarioParameter& parameter, const std::string& word) {
  if (parameter.least > parameter.most) {
    if (parameter.words.empty()) return word.find_first_of("/ \n") == std::string::npos;
    for (const char* one : parameter.words) {
      if (word == one) return true;
    }
    return false;
  }
  char* end = nullptr;
  errno = 0;
  const long long number = std::strtoll(word.c_str(), &end, 0);
  return !word.empty() && *end == '\0' && errno == 0 && number >= parameter.least &&
         number <= parameter.most;
}

std::string expected(const ScenarioParameter& parameter) {
  if (parameter.least <= parameter.most) {
    return std::to_string(parameter.least) + " to " + std::to_string(parameter.most);
  }
  return parameter.words.empty() ? "a word" : "one of " + listed(parameter.words);
}

std::string shown(const ScenarioRow& row, const Scenarios::Words& words) {
  std::string text;
  for (const ScenarioParameter& parameter : row.parameters) {
    const auto found = words.find(parameter.name);
    const std::string word = found == words.end() ? parameter.otherwise : found->second;
    text += (text.empty() ? "" : " ") + std::string(parameter.name) + "=" + word;
  }
  return std::string(row.name) + " (" + text + ")";
}

// What a file says, as far as it fits: a slip of the pen leaves the default in force.
Scenarios::Words parsed(const ScenarioRow& row, const Bytes& bytes) {
  Scenarios::Words given;
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  for (std::string pair; text >> pair;) {
    const auto equals = pair.find('=');
    if (equals != std::string::npos) given[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  Scenarios::Words words;
  for (const ScenarioParameter& parameter : row.parameters) {
    const auto found = given.find(parameter.name);
    const bool good = found != given.end() && fits(parameter, found->second);
    words[parameter.name] = good ? found->second : parameter.otherwise;
  }
  return words;
}

}  // namespace

std::int64_t Scenarios::Held::number(const char* parameter) const {
  return std::strtoll(word(parameter).c_str(), nullptr, 0);
}

const std::string& Scenarios::Held::word(const char* parameter) const {
  return words_.at(parameter);
}

std::filesystem::path Scenarios::file(const std::string& name) const {
  return folder_ / (serial_ + "." + name);
}

std::optional<Scenarios::Held> Scenarios::find(const char* name) const {
  const auto path = file(name);
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  Bytes bytes;
  if (!read_whole(path, bytes)) return std::nullopt;  // healed just now
  const ScenarioRow& row = *row_of(name);
  Held held;
  held.words_ = parsed(row, bytes);
  const auto seconds = held.words_.find("seconds");
  if (!row.expires || seconds == held.words_.end() || seconds->second == "0") return held;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const auto age = now.tv_sec - facts.st_mtim.tv_sec - (now.tv_nsec < facts.st_mtim.tv_nsec);
  if (age < held.number("seconds")) return held;
  ::unlink(path.c_str());
  return std::nullopt;
}

std::optional<Scenarios::Held> Scenarios::strike(const char* name) const {
  auto held = find(name);
  if (!held) return held;
  const auto times = held->words_.find("times");
  const std::int64_t left = times == held->words_.end() ? 1 : held->number("times");
  if (left > 1) {
    Words rest = held->words_;
    rest["times"] = std::to_string(left - 1);
    write(name, rest);
  } else if (left == 1 && ::unlink(file(name).c_str()) != 0) {
    return std::nullopt;  // somebody else was struck
  }
  return held;
}

std::optional<Scenarios::Held> Scenarios::strike(const char* name, const char* parameter,
                                                 const std::string& word) const {
  const auto held = find(name);
  return held && held->word(parameter) == word ? strike(name) : std::nullopt;
}

void Scenarios::write(const std::string& name, const Words& words) const {
  std::string text;
  for (const auto& [key, word] : words) {
    if (!word.empty()) text += (text.empty() ? "" : " ") + key + "=" + word;
  }
  write_whole(file(name), text.data(), text.size());
}

void Scenarios::heal(const std::string& name) const { ::unlink(file(name).c_str()); }

void Scenarios::heal_all() const {
  for (const ScenarioRow& row : kScenarios) heal(row.name);
}

std::int32_t Scenarios::meddle(const char* call) const {
  const auto meant = [&](const char* name) {
    auto held = find(name);
    return held && held->word("call") == call ? held : std::nullopt;
  };
  while (meant(scenario::kHang)) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (const auto slow = meant(scenario::kSlow)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(slow->number("ms")));
  }
  const auto refused = strike(scenario::kRefuse, "call", call);
  return refused ? static_cast<std::int32_t>(refused->number("error")) : error::kNone;
}

std::optional<std::string> Scenarios::check(const std::string& name, const Words& words) {
  const ScenarioRow* row = row_of(name);
  if (row == nullptr) {
    std::string names;
    for (const ScenarioRow& one : kScenarios) {
      names += (names.empty() ? "" : ", ") + std::string(one.name);
    }
    return "there is no scenario " + name + "; there are " + names;
  }
  for (const auto& [key, word] : words) {
    const ScenarioParameter* wanted = nullptr;
    std::string names;
    for (const ScenarioParameter& parameter : row->parameters) {
      if (key == parameter.name) wanted = &parameter;
      names += (names.empty() ? "" : ", ") + std::string(parameter.name);
    }
    if (wanted == nullptr) return name + " has no parameter " + key + "; it has " + names;
    if (!fits(*wanted, word)) {
      return key + " of " + name + " is " + word + ", expected " + expected(*wanted);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Scenarios::begin(const std::string& name, const Words& words) const {
  if (const auto problem = check(name, words)) return problem;
  write(name, words);
  if (holds(row_of(name)->name)) return std::nullopt;
  return "the file " + file(name).string() + " cannot be written";
}

std::string Scenarios::all() {
  std::string text;
  for (const ScenarioRow& row : kScenarios) text += (text.empty() ? "" : ", ") + shown(row, {});
  return text;
}

std::string Scenarios::present() const {
  std::string text;
  for (const ScenarioRow& row : kScenarios) {
    if (const auto held = find(row.name)) {
      text += (text.empty() ? "" : ", ") + shown(row, held->words_);
    }
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace crsim
