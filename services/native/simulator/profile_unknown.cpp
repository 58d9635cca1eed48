// SIM-UNKNOWN: an invented body of the years to come. It reports codes, data types, flags, values,
// warnings and frames that no list names yet.
#include "profile_tables.h"

namespace crsim {
namespace {

using namespace tables;

constexpr std::uint32_t kCustom = 0x10000, kButton = 0x12002, kU128 = 5;
constexpr std::int64_t kNewIsos[] = {100, 400, 0x20000123, 0x7F000001};
constexpr std::int64_t kNewPrograms[] = {kManual, 0xBEEF};
constexpr std::int64_t kNewWhiteBalances[] = {0, 0x7777};
constexpr std::int64_t kNewFocusModes[] = {value::kAfS, value::kManualFocus, 0x66};
constexpr std::int64_t kNewFormats[] = {value::kJpeg, 9};
constexpr std::int64_t kNewDrives[] = {kSingle, 0x7F123};
constexpr std::int64_t kBig[] = {0, 1, 0x0123456789ABCDEF};
constexpr std::int64_t kNewAreas[] = {3, 0x99};
constexpr std::int64_t kNewLooks[] = {1, 0x2A, 0x2B};
constexpr DisplayText kNewTexts[] = {
    {kCreativeLookNames, 0x2A, "Aurora"},
    {kCreativeLookNames, 0x2B, "Dusk"},
    {0x7E, 1, "of a list to come"},
};
constexpr std::int64_t kNewWarnings[] = {0x2F001, 0x30000};

constexpr PropertyRow kFuture[] = {
    // known codes with unknown values
    {kIso, kU32List, Setting, 0x20000123, kNewIsos},
    {kExposureProgram, kU32List, Setting, 0xBEEF, kNewPrograms},
    {kWhiteBalance, kU16List, Setting, 0x7777, kNewWhiteBalances},
    {kFocusMode, kU16List, Setting, 0x66, kNewFocusModes},
    {kFocusArea, kU16List, Setting, 0x99, kNewAreas},
    {kFileFormat, kU16List, Setting, 9, kNewFormats},
    {kDriveMode, kU32List, Setting, 0x7F123, kNewDrives},
    {kCreativeLook, kU16List, Setting, 0x2A, kNewLooks},
    {kStoreDestination, kU16List, Setting, value::kHost | value::kCard, kOneToThree},
    {kAperture, kU16List, Setting, 560, kAperturesFrom28},
    {kBatteryRemain, type::kU16, Status, 0xFFFF, {}, nullptr, kEverywhere},
    {kBatteryLevel, type::kU32, Status, 0x77777777, {}, nullptr, kEverywhere},
    {kOverheating, type::kU8, Status, 200},
    {kRecordingState, type::kU16, Status, 0},
    {kLensName, type::kText, Status, 0, {}, "FE 1-1000mm F0.7"},
    // unknown codes, of known and of unknown types
    {0x7E01, kU16List, Setting, 1, kOffOn},
    {0x7E02, type::kU32, Status, 0xFFFFFFFF},
    {0x7E03, type::kText, Status, 0, {}, "of the years to come"},
    {0x7E04, kCustom | type::kU32, Status, 42},
    {0x7E05, kButton, Trigger, 0, kOffOn},
    {0x7E06, kU128 | type::kArray, Setting, 1, kBig},
    {0x7E07, 0, Status, 7},            // no type at all
    {0x7E08, 0xF, Status, 7},
    {0x7E09, 0x80000 | type::kU16, Status, 7},
    {0xFFFFFF01, type::kU8, Status, 7},
    // unknown flags
    {0x7E0A, type::kU8, Status, 7, {}, nullptr, kShooting, 9},
    {0x7E0B, type::kU8, Status, 7, {}, nullptr, kShooting, -1},  // "not supported"
};

constexpr Profile made() {
  Profile made{"SIM-UNKNOWN", kNoModelNumber, 0x7FFF, "99.99"};
  made.properties = kCommon;
  made.own_properties = kFuture;
  made.couplings = kCommonCouplings;
  made.still_programs = kNewPrograms;
  made.movie_programs = kMoviePrograms;
  made.display_texts = kNewTexts;
  made.greeting = kNewWarnings;
  made.raw_bytes = 1'048'576;
  made.habits.release_focuses = true;
  made.habits.unknown_frames = true;
  made.habits.live_view_in_remote_transfer = true;
  return made;
}

}  // namespace

constexpr Profile kUnknown = made();

}  // namespace crsim
