// SIM-MINIMAL: an invented body that can do as little as a client must be ready for. No half press,
// no autofocus, no movie, one slot, Remote only, and few properties.
#include "profile_tables.h"

namespace crsim {
namespace {

using namespace tables;

constexpr std::int64_t kFewIsos[] = {100, 200, 400, 800};
constexpr std::int64_t kFewSpeeds[] = {fraction(60), fraction(125), fraction(250)};

constexpr PropertyRow kFew[] = {
    {kIso, kU32List, Setting, 100, kFewIsos},
    {kShutterSpeed, kU32List, Setting, fraction(125), kFewSpeeds},
    {kExposureProgram, type::kU32, Status, kManual},  // a dial
    {kFileFormat, type::kU16, Status, value::kJpeg},
    {kStoreDestination, kU16List, Setting, value::kHost | value::kCard, kOneToThree},
    {kBatteryRemain, type::kU16, Status, 100, {}, nullptr, kEverywhere},
    {kSlot1Status, type::kU16, Status, value::kNoCard, {}, nullptr, kEverywhere},
    {kSlot1Photos, type::kU32, Status, 0},
    {kLiveViewStatus, type::kU16, Status, value::kLiveViewOn},
    {kModelName, type::kText, Status, 0, {}, "", kEverywhere},
    {kBodySerial, type::kText, Status, 0, {}, "", kEverywhere},
    {kFactSaveFolderSet, type::kU8, Fact, 0},
};

constexpr Profile made() {
  Profile made{"SIM-MINIMAL"};
  made.properties = kFew;
  made.still_programs = kStillPrograms;
  made.raw_bytes = 1'048'576;
  made.card_photos = 50;
  made.card_seconds = 0;
  made.habits.modes = kRemoteOnly;
  made.habits.frames = false;
  made.habits.settings_file = false;
  made.habits.slots = 1;
  return made;
}

}  // namespace

constexpr Profile kMinimal = made();

}  // namespace crsim
