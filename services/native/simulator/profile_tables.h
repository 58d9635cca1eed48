// Lists and rows from which the profiles are made. Measured or published facts carry their origin
// in docs/simulators.md; lists that nobody published are plausible ones of the same shape.
#pragma once

#include "profiles.h"

namespace crsim::tables {

using namespace property;  // NOLINT: this file is one long table of property names
constexpr Access Setting = Access::Setting, Control = Access::Control, Trigger = Access::Trigger,
                 Status = Access::Status, Fact = Access::Fact;

constexpr std::uint32_t kU8List = type::kU8 | type::kArray;
constexpr std::uint32_t kU16List = type::kU16 | type::kArray;
constexpr std::uint32_t kI16List = type::kI16 | type::kArray;
constexpr std::uint32_t kU32List = type::kU32 | type::kArray;
constexpr std::uint32_t kU8Range = type::kU8 | type::kRange;
constexpr std::uint32_t kU16Range = type::kU16 | type::kRange;
constexpr std::uint32_t kI16Range = type::kI16 | type::kRange;
constexpr std::uint32_t kU32Range = type::kU32 | type::kRange;
constexpr std::uint32_t kU64Range = type::kU64 | type::kRange;

// --- value lists ---------------------------------------------------------------------------------

constexpr std::int64_t kNoYes[] = {0, 1};
constexpr std::int64_t kOffOn[] = {1, 2};
constexpr std::int64_t kOne[] = {1};
constexpr std::int64_t kTwo[] = {2};
constexpr std::int64_t kZero[] = {0};
constexpr std::int64_t kOneToThree[] = {1, 2, 3};
constexpr std::int64_t kOneToFour[] = {1, 2, 3, 4};

constexpr std::int64_t kIsoExtended = 0x10000000;
constexpr std::int64_t kIsos[] = {
    value::kIsoAuto,   kIsoExtended + 50, kIsoExtended + 64,     kIsoExtended + 80,
    100,               125,               160,                   200,
    250,               320,               400,                   500,
    640,               800,               1000,                  1250,
    1600,              2000,              2500,                  3200,
    4000,              5000,              6400,                  8000,
    10000,             12800,             16000,                 20000,
    25600,             32000,             40000,                 51200,
    kIsoExtended + 64000, kIsoExtended + 80000, kIsoExtended + 102400, kIsoExtended + 204800};
constexpr std::int64_t kIsoAutoOnly[] = {value::kIsoAuto};

constexpr std::int64_t kAperturesFrom28[] = {280, 320,  350,  400,  450,  500,  560,  630,
                                             710, 800,  900,  1000, 1100, 1300, 1400, 1600,
                                             1800, 2000, 2200};
constexpr std::int64_t kAperturesFrom40[] = {400, 450,  500,  560,  630,  710,  800,  900,
                                             1000, 1100, 1300, 1400, 1600, 1800, 2000, 2200};

// Numerator in the high half, denominator in the low half; whole seconds are listed in tenths.
constexpr std::int64_t tenths(int n) { return std::int64_t{n} << 16 | 10; }
constexpr std::int64_t fraction(int n) { return std::int64_t{1} << 16 | n; }
constexpr std::int64_t kShutterSpeeds[] = {
    tenths(300),    tenths(250),    tenths(200),    tenths(150),    tenths(130),
    tenths(100),    tenths(80),     tenths(60),     tenths(50),     tenths(40),
    tenths(32),     tenths(25),     tenths(20),     tenths(16),     tenths(13),
    tenths(10),     tenths(8),      tenths(6),      tenths(5),      tenths(4),
    fraction(3),    fraction(4),    fraction(5),    fraction(6),    fraction(8),
    fraction(10),   fraction(13),   fraction(15),   fraction(20),   fraction(25),
    fraction(30),   fraction(40),   fraction(50),   fraction(60),   fraction(80),
    fraction(100),  fraction(125),  fraction(160),  fraction(200),  fraction(250),
    fraction(320),  fraction(400),  fraction(500),  fraction(640),  fraction(800),
    fraction(1000), fraction(1250), fraction(1600), fraction(2000), fraction(2500),
    fraction(3200), fraction(4000), fraction(5000), fraction(6400), fraction(8000)};
constexpr std::int64_t kShutterAngles[] = {5600,   8600,   11250,  22500,  45000,  72000, 90000,
                                           108000, 144000, 172800, 180000, 216000, 270000, 360000};

constexpr std::int64_t kThirds[] = {
    -5000, -4700, -4300, -4000, -3700, -3300, -3000, -2700, -2300, -2000, -1700,
    -1300, -1000, -700,  -300,  0,     300,   700,   1000,  1300,  1700,  2000,
    2300,  2700,  3000,  3300,  3700,  4000,  4300,  4700,  5000};
constexpr std::int64_t kHalves[] = {-5000, -4500, -4000, -3500, -3000, -2500, -2000,
                                    -1500, -1000, -500,  0,     500,   1000,  1500,
                                    2000,  2500,  3000,  3500,  4000,  4500,  5000};
constexpr std::int64_t kFlashThirds[] = {-3000, -2700, -2300, -2000, -1700, -1300, -1000,
                                         -700,  -300,  0,     300,   700,   1000,  1300,
                                         1700,  2000,  2300,  2700,  3000};
constexpr std::int64_t kThirdSteps[] = {1};
constexpr std::int64_t kHalfSteps[] = {2};

constexpr std::int64_t kManual = 1, kProgram = 2, kAperturePriority = 3, kShutterPriority = 4;
constexpr std::int64_t kMovieP = 0x8050, kMovieA = 0x8051, kMovieS = 0x8052, kMovieM = 0x8053;
constexpr std::int64_t kPrograms[] = {kManual, kProgram, kAperturePriority, kShutterPriority,
                                      0x8000,  kMovieP,  kMovieA,           kMovieS,
                                      kMovieM};
constexpr std::int64_t kStillPrograms[] = {kManual, kProgram, kAperturePriority, kShutterPriority,
                                           0x8000};
constexpr std::int64_t kMoviePrograms[] = {kMovieP, kMovieA, kMovieS, kMovieM};
constexpr std::int64_t kShutterPrograms[] = {kManual, kShutterPriority, kMovieS, kMovieM};
constexpr std::int64_t kAperturePrograms[] = {kManual, kAperturePriority, kMovieA, kMovieM};
constexpr std::int64_t kCompensatedPrograms[] = {kProgram, kAperturePriority, kShutterPriority,
                                                 kMovieP,  kMovieA,           kMovieS};
constexpr std::int64_t kIsoPrograms[] = {kManual, kProgram, kAperturePriority, kShutterPriority,
                                         kMovieP, kMovieA,  kMovieS,           kMovieM};

constexpr std::int64_t kMeterings[] = {5, 6, 7, 8, 9, 0xA};
constexpr std::int64_t kFocusModes[] = {value::kAfS, value::kAfA, value::kAfC, value::kDmf,
                                        value::kManualFocus};
constexpr std::int64_t kCinemaFocusModes[] = {value::kAfS, value::kAfC, value::kDmf,
                                              value::kManualFocus};
constexpr std::int64_t kManualFocusOnly[] = {value::kManualFocus};
constexpr std::int64_t kManualFocusModes[] = {value::kManualFocus, value::kDmf};
constexpr std::int64_t kSingleFocusModes[] = {value::kAfS, value::kManualFocus, value::kDmf};
constexpr std::int64_t kAutoFocusModes[] = {value::kAfS, value::kAfC, value::kAfA, value::kDmf};
constexpr std::int64_t kContinuousFocus[] = {value::kAfC};
// 12 areas without and 24 with tracking, as published for ILCE-1M2 and ILCE-7M5.
constexpr std::int64_t kFocusAreas[] = {1, 2, 3, 4, 5, 6, 7, 0x19, 0x1A, 0x1B, 0x1C, 0x1D};
constexpr std::int64_t kFocusAreasTracking[] = {
    1,    2,    3,    4,    5,    6,    7,    0x19, 0x1A, 0x1B, 0x1C, 0x1D,
    0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x23, 0x24, 0x25, 0x26, 0x27};

constexpr std::int64_t kWhiteBalances[] = {0,    0x11, 0x12, 0x13,  0x14,  0x21,  0x22, 0x23,
                                           0x24, 0x30, 1,    0x100, 0x101, 0x102, 0x103};
constexpr std::int64_t kColorTempWhiteBalance[] = {value::kColorTemperature};
constexpr std::int64_t kColorTemperatures[] = {2500, 9900, 100};

constexpr std::int64_t kSingle = 1, kHigh = 0x10001, kHighPlus = 0x10002, kLow = 0x10004,
                       kMedium = 0x10007, kTimer2 = 0x30001, kTimer5 = 0x30002, kTimer10 = 0x30003;
constexpr std::int64_t kDrives[] = {kSingle, kHighPlus, kHigh,   kMedium,
                                    kLow,    kTimer10,  kTimer5, kTimer2};
constexpr DriveSpeed kDriveSpeeds[] = {
    {kHighPlus, 100}, {kHigh, 125}, {kMedium, 166}, {kLow, 333}};
constexpr SelfTimer kSelfTimers[] = {{kTimer2, 2000}, {kTimer5, 5000}, {kTimer10, 10000}};

constexpr std::int64_t kFileFormats[] = {value::kJpeg, value::kRaw, value::kRawJpeg};
constexpr std::int64_t kFormatsWithJpeg[] = {value::kJpeg, value::kRawJpeg};
constexpr std::int64_t kFormatsWithRaw[] = {value::kRaw, value::kRawJpeg};
constexpr std::int64_t kQualities[] = {4, 3, 2, 1};
constexpr std::int64_t kRawCompressions[] = {0, 1, 5, 4, 3};
constexpr std::int64_t kCinemaRawCompressions[] = {0, 1};
constexpr std::int64_t kDros[] = {0, 0x20, 0x11, 0x12, 0x13, 0x14, 0x15};
constexpr std::int64_t kFlashModes[] = {2, 3, 5, 6};
constexpr std::int64_t kLooks[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0xA};
constexpr std::int64_t kPictureProfiles[] = {0, 1, 2, 3,  4,    5,    6,   7,
                                             8, 9, 10, 11, 0x41, 0x42, 0x43};
constexpr std::int64_t kCustomProfiles[] = {0x41, 0x42, 0x43, 0x44};
constexpr std::int64_t kLutSlots[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};

constexpr std::int64_t kXavcHs4k = 5, kXavcS4k = 2, kXavcSHd = 3, kXavcSi4k = 8, kXavcSiHd = 9,
                       kXavcSiDci4k = 13;
constexpr std::int64_t kMovieFormats[] = {kXavcHs4k, kXavcS4k, kXavcSHd, kXavcSi4k, kXavcSiHd};
constexpr std::int64_t kCinemaMovieFormats[] = {kXavcHs4k, kXavcS4k,  kXavcSHd,
                                                kXavcSi4k, kXavcSiHd, kXavcSiDci4k};
constexpr std::int64_t kOnHs4k[] = {kXavcHs4k}, kOnS4k[] = {kXavcS4k}, kOnSHd[] = {kXavcSHd},
                       kOnSi4k[] = {kXavcSi4k, kXavcSiDci4k}, kOnSiHd[] = {kXavcSiHd};
constexpr std::int64_t kRatesHs4k[] = {0x2F, 0x32, 0x37, 0x3B, 0x40};
constexpr std::int64_t kRatesS4k[] = {0x30, 0x34, 0x36, 0x38, 0x3C};
constexpr std::int64_t kRatesSHd[] = {0x3D, 0x3F, 0x42, 0x43};
constexpr std::int64_t kRatesSi4k[] = {0x26, 0x27, 0x29, 0x2B, 0x2C};
constexpr std::int64_t kRatesSiHd[] = {0x2D, 0x31, 0x35, 0x39, 0x3A};
constexpr std::int64_t kFramesAll[] = {1, 3, 5, 7};
constexpr std::int64_t kFramesHs[] = {1, 3, 7};
constexpr std::int64_t kFramesSi[] = {3, 5, 7};

constexpr std::int64_t kShootingModes[] = {1, 0x301, 0x302, 0x501};
constexpr std::int64_t kCineEi[] = {0x301};
constexpr std::int64_t kCineEiAndQuick[] = {0x301, 0x302};
constexpr std::int64_t kHighBase[] = {1};
constexpr std::int64_t kIndexesLow[] = {200,  250,  320,  400,  500,  640,  800,
                                        1000, 1250, 1600, 2000, 2500, 3200};
constexpr std::int64_t kIndexesHigh[] = {3200,  4000,  5000,  6400,  8000,  10000, 12800,
                                         16000, 20000, 25600, 32000, 40000, 51200};
constexpr std::int64_t kBaseLooks[] = {1, 2, 0x101, 0x102, 0x103, 0x104};
constexpr std::uint32_t kBaseLookNames = 3, kCreativeLookNames = 0x13;  // CrDisplayStringType
constexpr DisplayText kBaseLookTexts[] = {
    {kBaseLookNames, 1, "s709"},           {kBaseLookNames, 2, "S-Log3"},
    {kBaseLookNames, 0x101, "Rack Day"},   {kBaseLookNames, 0x102, "Rack Night"},
    {kBaseLookNames, 0x103, "Studio"},     {kBaseLookNames, 0x104, "Flat"}};

constexpr std::int64_t kAudioLevels[] = {0, 31, 1};
constexpr std::int64_t kNearFarSteps[] = {-7, 7, 1};
constexpr std::int64_t kZoomSpeeds[] = {-10, 10, 1};
constexpr std::int64_t kPoints[] = {0, 639 << 16 | 479, 1};
constexpr std::int64_t kImageNumbers[] = {0, 99999999, 1};
constexpr std::int64_t kFocusPositions[] = {0, 65535, 1};
constexpr std::int64_t kFocalLengths28To70[] = {28000, 70000, 1};
constexpr std::int64_t kFocalLengths16To35[] = {16000, 35000, 1};
// The 24 buttons that ILCE-7M4 accepts, each released (1) and pressed (2).
#define CRSIM_BUTTON(number) (number) << 16 | 1, (number) << 16 | 2
constexpr std::int64_t kButtons[] = {
    CRSIM_BUTTON(1),    CRSIM_BUTTON(2),    CRSIM_BUTTON(3),    CRSIM_BUTTON(4),
    CRSIM_BUTTON(5),    CRSIM_BUTTON(6),    CRSIM_BUTTON(7),    CRSIM_BUTTON(8),
    CRSIM_BUTTON(9),    CRSIM_BUTTON(0xA),  CRSIM_BUTTON(0xB),  CRSIM_BUTTON(0xC),
    CRSIM_BUTTON(0xD),  CRSIM_BUTTON(0xE),  CRSIM_BUTTON(0xF),  CRSIM_BUTTON(0x10),
    CRSIM_BUTTON(0x11), CRSIM_BUTTON(0x14), CRSIM_BUTTON(0x15), CRSIM_BUTTON(0x16),
    CRSIM_BUTTON(0x17), CRSIM_BUTTON(0x1A), CRSIM_BUTTON(0x1B), CRSIM_BUTTON(0x1C)};
#undef CRSIM_BUTTON

// --- what the two measured bodies have in common -------------------------------------------------

constexpr PropertyRow kCommon[] = {
    // exposure
    {kIso, kU32List, Setting, 100, kIsos},
    {kShutterSpeed, kU32List, Setting, fraction(125), kShutterSpeeds},
    {kExposureProgram, kU32List, Setting, kManual, kPrograms},
    {kExposureCompensation, kI16List, Setting, 0, kThirds},
    {kExposureStep, kU16List, Setting, 1, kOffOn},
    {kMetering, kU16List, Setting, 5, kMeterings},
    {kAeLock, kU16List, Control, value::kUnlocked, kOffOn},
    {kFlashExposureLock, kU16List, Control, value::kUnlocked, kOffOn},
    // focus
    {kFocusArea, kU16List, Setting, 3, kFocusAreas},
    {kFocusDriving, type::kU8, Status, 1},
    {kFocusDistance, type::kU32, Status, 2400},
    {kFocusModeSetting, type::kU8, Status, 0},
    {kPreAf, type::kU8, Status, 1},
    {kFocusIndication, type::kU32, Status, value::kFocusUnlocked},
    {kNearFar, kI16Range, Trigger, 0, kNearFarSteps},
    {kAfAreaPosition, kU32Range, Trigger, 320 << 16 | 240, kPoints},
    {kZoomSetting, kU8List, Setting, 1, kOneToFour},
    // white balance
    {kWhiteBalance, kU16List, Setting, 0, kWhiteBalances},
    {kColorTemperature, kU16Range, Setting, 5500, kColorTemperatures},
    {kAwbLock, kU16List, Control, value::kUnlocked, kOffOn},
    // drive, shutter, flash
    {kDriveMode, kU32List, Setting, kSingle, kDrives},
    {kShutterType, kU8List, Setting, 2, kOneToThree},
    {kSilentMode, kU8List, Setting, 1, kOffOn},
    {kFlickerLess, kU8List, Setting, 1, kOffOn},
    {kFlashMode, kU16List, Setting, 2, kFlashModes},
    {kFlashCompensation, kI16List, Setting, 0, kFlashThirds},
    {kWirelessFlash, kU16List, Setting, 0, kNoYes},
    // pictures
    {kFileFormat, kU16List, Setting, value::kJpeg, kFileFormats},
    {kImageQuality, kU16List, Setting, 3, kQualities},
    {kImageSize, kU16List, Setting, 1, kOneToThree},
    {kAspectRatio, kU16List, Setting, 1, kOneToFour},
    {kColorSpace, kU8List, Setting, 1, kOffOn},
    {kDro, kU16List, Setting, 0, kDros},
    {kHighIsoNr, kU8List, Setting, 3, kOneToThree},
    {kLongExposureNr, kU8List, Setting, 2, kOffOn},
    {kCreativeLook, kU16List, Setting, 1, kLooks},
    {kPictureProfile, kU8List, Setting, 0, kPictureProfiles},
    {kPpLutBaseLook, kU16List, Setting, 0, kLutSlots},
    {kApsC, kU8List, Setting, 1, kOneToThree},
    {kStabilization, kU8List, Setting, 2, kOffOn},
    {kTransferSize, kU16List, Setting, 0, kNoYes},
    {kHostSaveImage, kU16List, Setting, 0, kNoYes},
    {kLiveViewQuality, kU16List, Setting, 1, kNoYes},
    // movie, sound, time code
    {kMovieRecordingSetting, kU16List, Setting, 0x36, kRatesS4k},
    {kMovieFrameRate, kU8List, Setting, 7, kFramesAll},
    {kMovieStabilization, kU8List, Setting, 2, kOneToThree},
    {kAudioRecording, kU8List, Setting, 1, kNoYes},
    {kAudioLevel, kU8Range, Setting, 26, kAudioLevels},
    {kTimecodePreset, type::kU32, Setting, 0},
    {kTimecodeFormat, kU8List, Setting, 1, kOffOn},
    {kTimecodeRun, kU8List, Setting, 1, kOffOn},
    {kTimecodeMake, kU8List, Setting, 1, kOffOn},
    {kRecordingState, type::kU16, Status, 0},
    {kRecToggleEnable, type::kU8, Status, 1},
    // licence, image id
    {kShootingEnable, type::kU8, Status, 1},
    {kLookImportEnable, type::kU8, Status, 0},
    {kImageIdText, type::kText, Setting, 0, {}, ""},
    {kImageIdMaxLength, type::kU16, Status, 64},
    {kImageIdNumber, kU64Range, Setting, 1, kImageNumbers},
    {kImageIdNumberSetting, kU8List, Setting, 1, kOffOn},
    // buttons
    {kS1, kU16List, Control, value::kUnlocked, kOffOn},
    {kS2, kU16List, Trigger, value::kUnlocked, kOffOn},
    {kRemoteTouch, kU32Range, Trigger, 0, kPoints},
    {kTouchEnable, type::kU8, Status, 1},
    {kTouchCancelEnable, type::kU8, Status, 0},
    {kCameraButton, kU32List, Trigger, 0, kButtons},
    {kCameraButtonStatus, type::kU8, Status, 1},
    // what the body reports
    {kLiveViewStatus, type::kU16, Status, value::kLiveViewOn},
    {kOverheating, type::kU8, Status, 0},
    {kCameraCaution, type::kU8, Status, 1, {}, nullptr, kEverywhere},
    {kSystemCaution, type::kU8, Status, 1, {}, nullptr, kEverywhere},
    {kSystemErrorInfo, type::kText, Status, 0, {}, ""},
    {kSlot1Status, type::kU16, Status, value::kNoCard, {}, nullptr, kEverywhere},
    {kSlot1Photos, type::kU32, Status, 0},
    {kSlot1Time, type::kU32, Status, 0},
    {kSlot2Status, type::kU16, Status, value::kNoCard, {}, nullptr, kEverywhere},
    {kSlot2Photos, type::kU32, Status, 0},
    {kSlot2Time, type::kU32, Status, 0},
    {kSlot1Writing, type::kU8, Status, 1},
    {kSlot2Writing, type::kU8, Status, 1},
    {kSlot1ListEnable, type::kU8, Status, 0},
    {kSlot2ListEnable, type::kU8, Status, 0},
    {kSlot1ListTime, type::kU64, Status, 0},
    {kSettingSaveEnable, type::kU8, Status, 0},
    {kSettingReadEnable, type::kU8, Status, 0},
    {kSettingState, type::kU8, Status, 0},
    {kIsoCurrent, type::kU32, Status, 100},
    {kShutterSpeedCurrent, type::kU32, Status, fraction(125)},
    {kMeteredLevel, type::kI16, Status, 0},
    {kOperatingMode, type::kU8, Status, 1},
    {kCameraPower, type::kU8, Status, 3},
    {kSdkControlMode, type::kU32, Status, 0, {}, nullptr, kEverywhere},
    {kContentsTransferStatus, type::kU8, Status, 0, {}, nullptr, kEverywhere},
    {kLensSerial, type::kText, Status, 0, {}, "1800447"},
    {kBodySerial, type::kText, Status, 0, {}, "", kEverywhere},
    {kModelName, type::kText, Status, 0, {}, "", kEverywhere},
    {kSoftwareVersion, type::kText, Status, 0, {}, "", kEverywhere},
    // facts
    {kFactSaveFolderSet, type::kU8, Fact, 0},
    {kFactLensSwitchManual, type::kU8, Fact, 0},
};

constexpr Gate kCommonGates[] = {
    {kShutterSpeed, {kExposureProgram, kShutterPrograms}},
    {kAperture, {kExposureProgram, kAperturePrograms}},
    {kIso, {kExposureProgram, kIsoPrograms}},
    {kExposureCompensation, {kExposureProgram, kCompensatedPrograms}, {kIso, kIsoAutoOnly}},
    {kColorTemperature, {kWhiteBalance, kColorTempWhiteBalance}},
    {kFocusMode, {kFactLensSwitchManual, kZero}},  // the switch on the lens wins
    {kFocusArea, {kFocusMode, kAutoFocusModes}},
    {kImageQuality, {kFileFormat, kFormatsWithJpeg}},
    {kRawCompression, {kFileFormat, kFormatsWithRaw}},
    {kPpLutBaseLook, {kPictureProfile, kCustomProfiles}},
    // A recording body keeps its hands off these.
    {kExposureProgram, {kRecordingState, kZero}},
    {kFileFormat, {kRecordingState, kZero}},
    {kStoreDestination, {kRecordingState, kZero}},
    {kDriveMode, {kRecordingState, kZero}},
    {kMovieFileFormat, {kRecordingState, kZero}},
    {kMovieRecordingSetting, {kRecordingState, kZero}},
    {kMovieFrameRate, {kRecordingState, kZero}},
    {kPictureProfile, {kRecordingState, kZero}},
    {kAudioRecording, {kRecordingState, kZero}},
    {kTimecodePreset, {kRecordingState, kZero}},
    {kTimecodeFormat, {kRecordingState, kZero}},
};

constexpr Offer kCommonOffers[] = {
    {kFocusArea, kFocusMode, kContinuousFocus, kFocusAreasTracking},
    {kExposureCompensation, kExposureStep, kThirdSteps, kThirds},
    {kExposureCompensation, kExposureStep, kHalfSteps, kHalves},
    {kMovieRecordingSetting, kMovieFileFormat, kOnHs4k, kRatesHs4k},
    {kMovieRecordingSetting, kMovieFileFormat, kOnS4k, kRatesS4k},
    {kMovieRecordingSetting, kMovieFileFormat, kOnSHd, kRatesSHd},
    {kMovieRecordingSetting, kMovieFileFormat, kOnSi4k, kRatesSi4k},
    {kMovieRecordingSetting, kMovieFileFormat, kOnSiHd, kRatesSiHd},
    {kMovieFrameRate, kMovieFileFormat, kOnHs4k, kFramesHs},
    {kMovieFrameRate, kMovieFileFormat, kOnSi4k, kFramesSi},
    {kMovieFrameRate, kMovieFileFormat, kOnSiHd, kFramesSi},
};

constexpr Coupling kCommonCouplings[] = {
    {kFocusMode, kManualFocusOnly, kFocusModeSetting, 2},
    {kFocusMode, kManualFocusOnly, kPreAf, 0},
    {kFocusMode, kAutoFocusModes, kFocusModeSetting, 0},
    {kFocusMode, kAutoFocusModes, kPreAf, 1},
    {kFactLensSwitchManual, kOne, kFocusMode, value::kManualFocus},
    {kFactLensSwitchManual, kZero, kFocusMode, value::kAfS},
    {kExposureProgram, kMoviePrograms, kLookImportEnable, 1},
    {kExposureProgram, kStillPrograms, kLookImportEnable, 0},
    {kIso, {}, kIsoCurrent},
    {kIso, kIsoAutoOnly, kIsoCurrent, 400},
    {kShutterSpeed, {}, kShutterSpeedCurrent},
    {kSlot1Status, kZero, kSettingSaveEnable, 1},
    {kSlot1Status, kOneToFour, kSettingSaveEnable, 0},
    {kSlot1Status, kZero, kSettingReadEnable, 1},
    {kSlot1Status, kOneToFour, kSettingReadEnable, 0},
};

}  // namespace crsim::tables
