// ILME-FX3A: the cinema body, the one whose behaviour is published best.
#include "profile_tables.h"

namespace crsim {
namespace {

using namespace tables;

constexpr PropertyRow kCinema[] = {
    {kAperture, kU16List, Setting, 560, kAperturesFrom40},
    {kFocusMode, kU16List, Setting, value::kAfS, kCinemaFocusModes},
    {kStoreDestination, kU16List, Setting, value::kCard, kOneToThree},
    {kRawCompression, kU16List, Setting, 1, kCinemaRawCompressions},
    {kMovieFileFormat, kU8List, Setting, kXavcS4k, kCinemaMovieFormats},
    {kShutterMode, kU8List, Setting, 1, kOffOn},
    {kShutterAngle, kU32List, Setting, 180000, kShutterAngles},
    {kMovieShootingMode, kU16List, Setting, 1, kShootingModes},
    {kMovieColorGamut, kU8List, Setting, 1, kOffOn},
    {kBaseIso, kU8List, Setting, 2, kOffOn},
    {kExposureIndex, kU16List, Setting, 800, kIndexesLow},
    {kBaseLook, kU16List, Setting, 1, kBaseLooks},
    {kEmbedLut, kU8List, Setting, 1, kOffOn},
    {kFocusPosition, kU16Range, Setting, 32768, kFocusPositions},
    {kFocusPositionCurrent, kU16Range, Status, 32768, kFocusPositions},
    {kZoomOperation, kI16Range, Trigger, 0, kZoomSpeeds},
    {kZoomOperationStatus, type::kU8, Status, 1},
    {kZoomDistance, kU32Range, Status, 24000, kFocalLengths16To35},
    {kBatteryRemain, type::kU16, Status, 37, {}, nullptr, kEverywhere},
    {kBatteryLevel, type::kU32, Status, 0x10003, {}, nullptr, kEverywhere},
    {kOsdMode, kU8List, Control, 0, kNoYes},
    {kLensName, type::kText, Status, 0, {}, "FE PZ 16-35mm F4 G"},
    {kLensVersion, type::kText, Status, 0, {}, "03"},
    // Two codes outside the published list, reported in Remote only.
    {kUnnamed581, type::kU16, Status, 0, {}, nullptr, kRemoteOnly},
    {kUnnamed582, type::kU16, Status, 0, {}, nullptr, kRemoteOnly},
};

constexpr Gate kCinemaGates[] = {
    {kNearFar, {kFocusMode, kManualFocusModes}},
    {kFocusPosition, {kFocusMode, kManualFocusOnly}},
    {kStoreDestination, {kFactSaveFolderSet, kOne}},
    {kShutterSpeed, {kShutterMode, kOne}},
    {kShutterAngle, {kShutterMode, kTwo}},
    {kBaseIso, {kMovieShootingMode, kCineEiAndQuick}},
    {kExposureIndex, {kMovieShootingMode, kCineEi}},
    {kBaseLook, {kMovieShootingMode, kCineEi}},
    {kEmbedLut, {kMovieShootingMode, kCineEi}},
    {kMovieShootingMode, {kRecordingState, kZero}},
};

constexpr Offer kCinemaOffers[] = {
    {kExposureIndex, kBaseIso, kHighBase, kIndexesHigh},
};

constexpr Profile made() {
  Profile made{"ILME-FX3A", 0x17, 0x0F52, "2.02"};
  made.properties = kCommon;
  made.own_properties = kCinema;
  made.gates = kCommonGates;
  made.own_gates = kCinemaGates;
  made.offers = kCommonOffers;
  made.own_offers = kCinemaOffers;
  made.couplings = kCommonCouplings;
  made.drive_speeds = kDriveSpeeds;
  made.self_timers = kSelfTimers;
  made.display_texts = kBaseLookTexts;
  made.still_programs = kStillPrograms;
  made.movie_programs = kMoviePrograms;
  made.raw_bytes = 12'849'152;
  made.card_photos = 3411;
  made.card_seconds = 7200;
  made.habits.any_position = true;
  made.habits.first_listing_fails = true;
  return made;
}

}  // namespace

constexpr Profile kIlmeFx3a = made();

}  // namespace crsim
