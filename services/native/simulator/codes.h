// The vendor's numbers, by name: property codes, data types, errors, warnings, commands.
#pragma once

#include <cstdint>

namespace crsim {

namespace type {
constexpr std::uint32_t kSigned = 0x1000;
constexpr std::uint32_t kArray = 0x2000;
constexpr std::uint32_t kRange = 0x4000;
constexpr std::uint32_t kU8 = 1;
constexpr std::uint32_t kU16 = 2;
constexpr std::uint32_t kU32 = 3;
constexpr std::uint32_t kU64 = 4;
constexpr std::uint32_t kU128 = 5;
constexpr std::uint32_t kI16 = kU16 | kSigned;
constexpr std::uint32_t kText = 0xFFFF;
}  // namespace type

namespace flag {
constexpr std::int16_t kReadWrite = 1;
constexpr std::int16_t kDisplayOnly = 2;
constexpr std::int16_t kSetOnly = 3;
constexpr std::uint16_t kFixedList = 1;
constexpr std::uint16_t kVariableList = 2;
}  // namespace flag

namespace property {
constexpr std::uint32_t kS1 = 0x0001;
constexpr std::uint32_t kAeLock = 0x0002;
constexpr std::uint32_t kFlashExposureLock = 0x0003;
constexpr std::uint32_t kAwbLock = 0x0005;
constexpr std::uint32_t kAperture = 0x0100;
constexpr std::uint32_t kExposureCompensation = 0x0101;
constexpr std::uint32_t kFlashCompensation = 0x0102;
constexpr std::uint32_t kShutterSpeed = 0x0103;
constexpr std::uint32_t kIso = 0x0104;
constexpr std::uint32_t kExposureProgram = 0x0105;
constexpr std::uint32_t kFileFormat = 0x0106;
constexpr std::uint32_t kImageQuality = 0x0107;
constexpr std::uint32_t kWhiteBalance = 0x0108;
constexpr std::uint32_t kFocusMode = 0x0109;
constexpr std::uint32_t kMetering = 0x010A;
constexpr std::uint32_t kFlashMode = 0x010B;
constexpr std::uint32_t kWirelessFlash = 0x010C;
constexpr std::uint32_t kDriveMode = 0x010E;
constexpr std::uint32_t kDro = 0x010F;
constexpr std::uint32_t kImageSize = 0x0110;
constexpr std::uint32_t kAspectRatio = 0x0111;
constexpr std::uint32_t kFocusArea = 0x0113;
constexpr std::uint32_t kColorTemperature = 0x0115;
constexpr std::uint32_t kStoreDestination = 0x0119;
constexpr std::uint32_t kPriorityKey = 0x011A;
constexpr std::uint32_t kNearFar = 0x011F;
constexpr std::uint32_t kAfAreaPosition = 0x0121;
constexpr std::uint32_t kZoomSetting = 0x0125;
constexpr std::uint32_t kZoomOperation = 0x0126;
constexpr std::uint32_t kMovieFileFormat = 0x0127;
constexpr std::uint32_t kMovieRecordingSetting = 0x0128;
constexpr std::uint32_t kMovieFrameRate = 0x0129;
constexpr std::uint32_t kRawCompression = 0x0131;
constexpr std::uint32_t kBaseIso = 0x0139;
constexpr std::uint32_t kExposureIndex = 0x013B;
constexpr std::uint32_t kBaseLook = 0x013C;
constexpr std::uint32_t kImageIdNumberSetting = 0x0144;
constexpr std::uint32_t kImageIdNumber = 0x0145;
constexpr std::uint32_t kImageIdText = 0x0146;
constexpr std::uint32_t kFocusDistance = 0x0149;
constexpr std::uint32_t kZoomDistance = 0x014D;
constexpr std::uint32_t kMovieShootingMode = 0x0157;
constexpr std::uint32_t kMovieColorGamut = 0x0158;
constexpr std::uint32_t kFocusModeSetting = 0x0179;
constexpr std::uint32_t kShutterAngle = 0x017A;
constexpr std::uint32_t kShutterMode = 0x017C;
constexpr std::uint32_t kRemoteTouch = 0x0193;
constexpr std::uint32_t kAudioRecording = 0x019B;
constexpr std::uint32_t kAudioLevel = 0x019C;
constexpr std::uint32_t kTimecodePreset = 0x019D;
constexpr std::uint32_t kTimecodeFormat = 0x019E;
constexpr std::uint32_t kTimecodeRun = 0x019F;
constexpr std::uint32_t kTimecodeMake = 0x01A0;
constexpr std::uint32_t kStabilization = 0x01A3;
constexpr std::uint32_t kMovieStabilization = 0x01A4;
constexpr std::uint32_t kSilentMode = 0x01A5;
constexpr std::uint32_t kShutterType = 0x01A9;
constexpr std::uint32_t kPictureProfile = 0x01AA;
constexpr std::uint32_t kCreativeLook = 0x01C5;
constexpr std::uint32_t kPpLutBaseLook = 0x01D5;
constexpr std::uint32_t kFlickerLess = 0x01D9;
constexpr std::uint32_t kLongExposureNr = 0x01F4;
constexpr std::uint32_t kHighIsoNr = 0x01F5;
constexpr std::uint32_t kColorSpace = 0x01F7;
constexpr std::uint32_t kFocusPosition = 0x020E;
constexpr std::uint32_t kCameraButton = 0x0233;
constexpr std::uint32_t kEmbedLut = 0x023C;
constexpr std::uint32_t kApsC = 0x023D;
constexpr std::uint32_t kPreAf = 0x0260;
constexpr std::uint32_t kExposureStep = 0x02C1;
constexpr std::uint32_t kOsdMode = 0x02C5;
constexpr std::uint32_t kShootingEnable = 0x030C;
constexpr std::uint32_t kS2 = 0x0500;
constexpr std::uint32_t kTransferSize = 0x0506;
constexpr std::uint32_t kHostSaveImage = 0x0507;
constexpr std::uint32_t kLiveViewQuality = 0x0508;
constexpr std::uint32_t kUnnamed581 = 0x0581;
constexpr std::uint32_t kUnnamed582 = 0x0582;
constexpr std::uint32_t kBatteryRemain = 0x0702;
constexpr std::uint32_t kBatteryLevel = 0x0703;
constexpr std::uint32_t kRecordingState = 0x0705;
constexpr std::uint32_t kLiveViewStatus = 0x0706;
constexpr std::uint32_t kFocusIndication = 0x0707;
constexpr std::uint32_t kSlot1Status = 0x0708;
constexpr std::uint32_t kSlot1Photos = 0x0709;
constexpr std::uint32_t kSlot1Time = 0x070A;
constexpr std::uint32_t kSlot2Status = 0x070D;
constexpr std::uint32_t kSlot2Photos = 0x070F;
constexpr std::uint32_t kSlot2Time = 0x0710;
constexpr std::uint32_t kZoomOperationStatus = 0x071E;
constexpr std::uint32_t kSdkControlMode = 0x0725;
constexpr std::uint32_t kContentsTransferStatus = 0x0726;
constexpr std::uint32_t kIsoCurrent = 0x0729;
constexpr std::uint32_t kSettingSaveEnable = 0x072A;
constexpr std::uint32_t kSettingReadEnable = 0x072B;
constexpr std::uint32_t kSettingState = 0x072C;
constexpr std::uint32_t kShutterSpeedCurrent = 0x0731;
constexpr std::uint32_t kSoftwareVersion = 0x0751;
constexpr std::uint32_t kRecToggleEnable = 0x0753;
constexpr std::uint32_t kTouchEnable = 0x0754;
constexpr std::uint32_t kTouchCancelEnable = 0x0755;
constexpr std::uint32_t kLensVersion = 0x075F;
constexpr std::uint32_t kOverheating = 0x0760;
constexpr std::uint32_t kLookImportEnable = 0x0764;
constexpr std::uint32_t kLensName = 0x0765;
constexpr std::uint32_t kFocusPositionCurrent = 0x0766;
constexpr std::uint32_t kFocusDriving = 0x0767;
constexpr std::uint32_t kSlot1Writing = 0x0773;
constexpr std::uint32_t kSlot2Writing = 0x0774;
constexpr std::uint32_t kOperatingMode = 0x0779;
constexpr std::uint32_t kCameraCaution = 0x078B;
constexpr std::uint32_t kSystemCaution = 0x078C;
constexpr std::uint32_t kCameraButtonStatus = 0x078D;
constexpr std::uint32_t kMeteredLevel = 0x0799;
constexpr std::uint32_t kBodySerial = 0x079F;
constexpr std::uint32_t kSlot1ListEnable = 0x07A5;
constexpr std::uint32_t kSlot2ListEnable = 0x07A6;
constexpr std::uint32_t kSlot1ListTime = 0x07A9;
constexpr std::uint32_t kSystemErrorInfo = 0x07AC;
constexpr std::uint32_t kModelName = 0x07B2;
constexpr std::uint32_t kCameraPower = 0x07BA;
constexpr std::uint32_t kLensSerial = 0x07CB;
constexpr std::uint32_t kImageIdMaxLength = 0x07CC;

// Facts about the body that no client can read, but on which gates depend.
constexpr std::uint32_t kFactSaveFolderSet = 0xFFFF0001;
constexpr std::uint32_t kFactLensSwitchManual = 0xFFFF0002;
}  // namespace property

namespace live_view_property {
constexpr std::uint32_t kAfAreaPosition = 0x0121;
constexpr std::uint32_t kMagnifier = 0x0122;
constexpr std::uint32_t kTrackingFrame = 0x0193;
constexpr std::uint32_t kFaceFrame = 0x0581;
constexpr std::uint32_t kLevel = 0x0582;
constexpr std::uint32_t kUnnamedFrame = 0x7E10;
constexpr std::uint16_t kUnnamedFrames = 99;
constexpr std::uint16_t kFocusFrames = 1;
constexpr std::uint16_t kMagnifierPosition = 2;
constexpr std::uint16_t kFaceFrames = 4;
constexpr std::uint16_t kTrackingFrames = 5;
constexpr std::uint16_t kLevels = 7;
}  // namespace live_view_property

namespace value {
constexpr std::int64_t kUnlocked = 1;
constexpr std::int64_t kLocked = 2;
constexpr std::int64_t kCameraPosition = 1;
constexpr std::int64_t kPcRemote = 2;
constexpr std::int64_t kManualFocus = 1;
constexpr std::int64_t kAfS = 2;
constexpr std::int64_t kAfC = 3;
constexpr std::int64_t kAfA = 4;
constexpr std::int64_t kDmf = 6;
constexpr std::int64_t kFocusUnlocked = 1;
constexpr std::int64_t kFocusedAfS = 0x102;
constexpr std::int64_t kNotFocusedAfS = 0x202;
constexpr std::int64_t kFocusedAfC = 0x103;
constexpr std::int64_t kNotFocusedAfC = 0x203;
constexpr std::int64_t kTrackingAfC = 0x303;
constexpr std::int64_t kIsoAuto = 0xFFFFFF;
constexpr std::int64_t kColorTemperature = 0x100;
constexpr std::int64_t kHost = 1;  // bits of the store destination
constexpr std::int64_t kCard = 2;
constexpr std::int64_t kJpeg = 1;
constexpr std::int64_t kRaw = 2;
constexpr std::int64_t kRawJpeg = 3;
constexpr std::int64_t kSlotOk = 0;
constexpr std::int64_t kNoCard = 1;
constexpr std::int64_t kLiveViewOff = 1;
constexpr std::int64_t kLiveViewOn = 2;
}  // namespace value

// First parameter of OnWarningExt(AFStatus): other numbers than the property's.
namespace af_status {
constexpr std::int32_t kUnlocked = 1;
constexpr std::int32_t kFocusedAfS = 2;
constexpr std::int32_t kNotFocusedAfS = 3;
constexpr std::int32_t kTrackingAfC = 5;
constexpr std::int32_t kFocusedAfC = 6;
constexpr std::int32_t kNotFocusedAfC = 7;
}  // namespace af_status

namespace error {
constexpr std::int32_t kNone = 0;
constexpr std::int32_t kUnknown = 0x8000;
constexpr std::int32_t kNotSupported = 0x8003;
constexpr std::int32_t kInvalidHandle = 0x8005;
constexpr std::int32_t kInvalidParameter = 0x8006;
constexpr std::int32_t kFileNotFound = 0x8105;
constexpr std::int32_t kFolderNotFound = 0x8106;
constexpr std::int32_t kConnect = 0x8201;
constexpr std::int32_t kDisconnected = 0x8207;
constexpr std::int32_t kTimeOut = 0x8208;
constexpr std::int32_t kReconnectTimeOut = 0x8209;
constexpr std::int32_t kAlreadyOpened = 0x8210;
constexpr std::int32_t kContentsNotSupported = 0x8211;
constexpr std::int32_t kSshNotSupported = 0x8212;
constexpr std::int32_t kSshInvalidParameter = 0x8213;
constexpr std::int32_t kSshServerRefused = 0x8215;
constexpr std::int32_t kSshUserRefused = 0x8216;
constexpr std::int32_t kRemoteTransferNotSupported = 0x8219;
constexpr std::int32_t kBufferTooSmall = 0x8303;
constexpr std::int32_t kInvalidCalled = 0x8402;
constexpr std::int32_t kNoInformation = 0x8403;
constexpr std::int32_t kUnknownModel = 0x8404;
constexpr std::int32_t kNoEthernetModel = 0x8406;
constexpr std::int32_t kInvalidSerial = 0x8407;
constexpr std::int32_t kInvalidAddress = 0x8408;
constexpr std::int32_t kInvalidMac = 0x8409;
constexpr std::int32_t kNoAdapter = 0x8703;
constexpr std::int32_t kEnumerate = 0x8707;
constexpr std::int32_t kContentsInvalidHandle = 0x8C02;
constexpr std::int32_t kFoldersNotRetrieved = 0x8C03;
constexpr std::int32_t kContentsNotRetrieved = 0x8C04;
constexpr std::int32_t kContentsUnsuccessful = 0x8C05;
constexpr std::int32_t kContentsRejected = 0x8C07;
constexpr std::int32_t kContentNotFound = 0x8D02;
constexpr std::int32_t kTransferRunning = 0x8D03;
constexpr std::int32_t kTransferStatus = 0x8D04;
constexpr std::int32_t kListProcessing = 0x8D05;
}  // namespace error

namespace notice {
constexpr std::uint32_t kReconnected = 0x20001;
constexpr std::uint32_t kReconnecting = 0x20002;
constexpr std::uint32_t kStorageFull = 0x20003;
constexpr std::uint32_t kGetImageFailed = 0x20005;
constexpr std::uint32_t kFormatFailed = 0x20009;
constexpr std::uint32_t kFormatComplete = 0x2000B;
constexpr std::uint32_t kCaptured = 0x20011;
constexpr std::uint32_t kFrameNotUpdated = 0x20017;
constexpr std::uint32_t kContentsCancelled = 0x20023;
constexpr std::uint32_t kContentsStart = 0x20025;
constexpr std::uint32_t kContentsComplete = 0x20026;
constexpr std::uint32_t kSettingsReadOk = 0x20028;
constexpr std::uint32_t kSettingsReadFailed = 0x20029;
constexpr std::uint32_t kSettingsSaveFailed = 0x2002A;
constexpr std::uint32_t kDisplayStringsReady = 0x2002B;
constexpr std::uint32_t kDisplayStringsFailed = 0x2002C;
constexpr std::uint32_t kLutOk = 0x20043;
constexpr std::uint32_t kLutInvalidName = 0x20045;
constexpr std::uint32_t kLutInvalidParameter = 0x20048;
constexpr std::uint32_t kLutInvalidFile = 0x20049;
constexpr std::uint32_t kMovieInvalid = 0x20068;
constexpr std::uint32_t kMovieOk = 0x20069;
constexpr std::uint32_t kFocusPositionOk = 0x2006C;
constexpr std::uint32_t kCaution = 0x2008C;
constexpr std::uint32_t kTransferOk = 0x20093;
constexpr std::uint32_t kTransferFailed = 0x20094;
constexpr std::uint32_t kListChangedAll = 0x20096;
constexpr std::uint32_t kListChangedAdd = 0x20097;
constexpr std::uint32_t kTransferInProgress = 0x20099;
constexpr std::uint32_t kTransferStopped = 0x2009A;
constexpr std::uint32_t kTransferCancelled = 0x2009B;
constexpr std::uint32_t kExtAfStatus = 0x60001;
constexpr std::uint32_t kExtDeleteContent = 0x6000D;
}  // namespace notice

namespace command {
constexpr std::uint32_t kRelease = 0;
constexpr std::uint32_t kMovieRecord = 1;
constexpr std::uint32_t kCancelShooting = 2;
constexpr std::uint32_t kMediaFormat = 4;
constexpr std::uint32_t kMediaQuickFormat = 5;
constexpr std::uint32_t kS1AndRelease = 7;
constexpr std::uint32_t kCancelContentsTransfer = 8;
constexpr std::uint32_t kMovieToggle = 0xB;
constexpr std::uint32_t kCancelTouch = 0xC;
constexpr std::uint16_t kUp = 0;
constexpr std::uint16_t kDown = 1;
}  // namespace command

namespace setting {
constexpr std::uint32_t kEnableLiveView = 0;
constexpr std::uint32_t kPartialBuffer = 6;
}  // namespace setting

enum class Mode : std::uint32_t { Remote = 0, Contents = 1, RemoteTransfer = 2 };

}  // namespace crsim
