// SIM-INVERTED: an invented body that contradicts the Alpha body on purpose, wherever the interface
// leaves the choice. Who passes on both has not taken a habit for a rule.
#include "profile_tables.h"

namespace crsim {
namespace {

using namespace tables;

// Ranges where the Alpha body has lists, and lists where it has ranges.
constexpr std::int64_t kIsoRange[] = {50, 6400, 50};
constexpr std::int64_t kApertureRange[] = {200, 2200, 10};
constexpr std::int64_t kCompensationRange[] = {-3000, 3000, 500};
constexpr std::int64_t kFewLevels[] = {0, 10, 20, 31};
constexpr std::int64_t kFewKelvins[] = {2800, 5600, 7000};
constexpr std::int64_t kFewSteps[] = {-3, -1, 1, 3};
constexpr std::int64_t kStillsAreManual[] = {kManual};
constexpr std::int64_t kNotManual[] = {kProgram, kAperturePriority, kShutterPriority};

constexpr PropertyRow kOther[] = {
    {kPriorityKey, kU8List, Control, value::kPcRemote, kOffOn},
    // other forms
    {kIso, type::kU32 | type::kRange, Setting, 400, kIsoRange},
    {kAperture, type::kU16 | type::kRange, Setting, 800, kApertureRange},
    {kExposureCompensation, type::kI16 | type::kRange, Setting, 0, kCompensationRange},
    {kAudioLevel, kU8List, Setting, 20, kFewLevels},
    {kColorTemperature, kU16List, Setting, 5600, kFewKelvins},
    {kNearFar, type::kI16 | type::kArray, Trigger, 1, kFewSteps},
    // other widths
    {kWhiteBalance, kU32List, Setting, 0, kWhiteBalances},
    {kS1, kU8List, Control, value::kUnlocked, kOffOn},
    {kDriveMode, type::kU64 | type::kArray, Setting, kSingle, kDrives},
    {kBatteryRemain, type::kU8, Status, 12, {}, nullptr, kEverywhere},
    {kBatteryLevel, type::kU16, Status, 2, {}, nullptr, kEverywhere},
    // dials and switches where others have settings, and the other way round
    {kExposureProgram, kU16List, Status, kManual, kPrograms},
    {kFocusMode, kU8List, Status, value::kAfC, kFocusModes},
    {kFileFormat, kU8List, Setting, value::kRawJpeg, kFileFormats},
    {kStoreDestination, kU8List, Setting, value::kHost, kOneToThree},
    {kMovieFileFormat, kU8List, Status, kXavcS4k, kMovieFormats},
    {kFocusPosition, kU16Range, Setting, 100, kFocusPositions},
    {kFocusPositionCurrent, kU16Range, Status, 100, kFocusPositions},
    {kZoomDistance, kU32Range, Setting, 24000, kFocalLengths16To35},
    {kZoomOperationStatus, type::kU8, Status, 0},
    {kLensName, type::kText, Status, 0, {}, ""},
    {kLensVersion, type::kText, Status, 0, {}, ""},
    {kImageIdMaxLength, type::kU16, Status, 128},
};

constexpr Gate kOtherGates[] = {
    {kIso, {kExposureProgram, kStillsAreManual}},
    {kExposureCompensation, {kExposureProgram, kStillsAreManual}},
    {kShutterSpeed, {kExposureProgram, kNotManual}},      // so never: the dial stands at M
    {kColorTemperature, {kFactSaveFolderSet, kOne}},      // whatever the white balance is
    {kFocusPosition, {kFocusMode, kAutoFocusModes}},      // and not in MF
};

constexpr Coupling kOtherCouplings[] = {
    {kFactLensSwitchManual, kOne, kFocusMode, value::kManualFocus},
    {kFactLensSwitchManual, kZero, kFocusMode, value::kAfC},
    {kShutterSpeed, {}, kShutterSpeedCurrent},
    {kSlot1Status, kOneToFour, kSettingSaveEnable, 1},
    {kSlot1Status, kZero, kSettingSaveEnable, 1},
};

constexpr Profile made() {
  Profile made{"SIM-INVERTED", kNoModelNumber, 0x0001, "9.99"};
  made.properties = kCommon;
  made.own_properties = kOther;
  made.own_gates = kOtherGates;
  made.couplings = kOtherCouplings;
  made.drive_speeds = kDriveSpeeds;
  made.self_timers = kSelfTimers;
  made.still_programs = kStillPrograms;
  made.movie_programs = kMoviePrograms;
  made.af_area = {0, 0, 639, 479};
  made.raw_bytes = 2'097'152;
  made.habits.priority_key = true;
  made.habits.starts_at_pc_remote = true;
  made.habits.fires_unfocused = true;
  made.habits.s1_springs_back = false;
  made.habits.live_view_in_remote = false;
  made.habits.live_view_in_remote_transfer = true;
  made.habits.cards_in_remote = true;
  made.habits.first_listing_fails = true;
  made.habits.general_notice = false;
  made.habits.codes_one_by_one = true;
  made.habits.warning_before_focus = true;
  made.habits.jpeg_before_raw = true;
  made.habits.settings_text_is_big_endian = true;
  made.habits.fills_set_values = true;
  made.numbering = {"IMG", 7, 0, true};
  made.live_view = {1024, 680, 700'000, 2};
  made.timing.connect = 600;
  made.timing.focus = made.timing.tracking = 40;
  made.timing.tracking_focused = 60;
  made.timing.focus_second_channel = 30;
  made.timing.release_autofocus = made.timing.release_manual = 1300;
  made.timing.host_file = 900;
  made.timing.card_content = 200;
  made.timing.property_visible = 20;
  made.timing.recording_on = 900;
  made.timing.preview_transfer = 300;
  return made;
}

}  // namespace

constexpr Profile kInverted = made();

}  // namespace crsim
