// ILCE-7M4: the Alpha body, with a priority key and a movie position of its own.
#include "profile_tables.h"

namespace crsim {
namespace {

using namespace tables;

constexpr PropertyRow kAlpha[] = {
    {kPriorityKey, kU16List, Control, value::kCameraPosition, kOffOn},
    {kAperture, kU16List, Setting, 560, kAperturesFrom28},
    {kFocusMode, kU16List, Setting, value::kAfS, kFocusModes},
    {kStoreDestination, kU16List, Setting, value::kHost | value::kCard, kOneToThree},
    {kRawCompression, kU16List, Setting, 5, kRawCompressions},
    {kMovieFileFormat, kU8List, Setting, kXavcS4k, kMovieFormats},
    {kZoomOperationStatus, type::kU8, Status, 0},
    {kZoomDistance, kU32Range, Status, 35000, kFocalLengths28To70},
    {kBatteryRemain, type::kU16, Status, 87, {}, nullptr, kEverywhere},
    {kBatteryLevel, type::kU32, Status, 5, {}, nullptr, kEverywhere},
    {kOsdMode, kU8List, Control, 0, kNoYes},
    {kLensName, type::kText, Status, 0, {}, "FE 28-70mm F2.8 GM"},
    {kLensVersion, type::kText, Status, 0, {}, "02"},
};

constexpr Gate kAlphaGates[] = {
    // Not in AF-C: the published client test steps the focus of a body in AF-S.
    {kNearFar, {kFocusMode, kSingleFocusModes}},
    {kMovieFileFormat, {kExposureProgram, kMoviePrograms}},
    {kMovieRecordingSetting, {kExposureProgram, kMoviePrograms}},
    {kMovieFrameRate, {kExposureProgram, kMoviePrograms}},
    {kFileFormat, {kExposureProgram, kStillPrograms}},
    {kImageQuality, {kExposureProgram, kStillPrograms}},
    {kImageSize, {kExposureProgram, kStillPrograms}},
    {kAspectRatio, {kExposureProgram, kStillPrograms}},
    {kDriveMode, {kExposureProgram, kStillPrograms}},
};

constexpr Profile made() {
  Profile made{"ILCE-7M4", 7, 0x0DA7, "3.02"};
  made.properties = kCommon;
  made.own_properties = kAlpha;
  made.gates = kCommonGates;
  made.own_gates = kAlphaGates;
  made.offers = kCommonOffers;
  made.couplings = kCommonCouplings;
  made.drive_speeds = kDriveSpeeds;
  made.self_timers = kSelfTimers;
  made.still_programs = kStillPrograms;
  made.movie_programs = kMoviePrograms;
  made.card_photos = 2186;
  made.habits.priority_key = true;
  made.habits.release_focuses = true;
  made.habits.live_view_in_remote_transfer = true;
  return made;
}

}  // namespace

constexpr Profile kIlce7m4 = made();

}  // namespace crsim
