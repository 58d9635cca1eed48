// The part of CrSDK's binary interface that the simulator offers: types, data classes with their
// layouts, interface classes with their virtual tables. Own declarations, no Sony source.
//
// Layouts hold for LP64 Linux (x86-64, aarch64) and are asserted below. Getters exist in a const
// and a non-const spelling: libraries up to 1.14 export the one, libraries from 2.00 the other.
#pragma once

#include <cstddef>
#include <cstdint>

#define CRSIM_EXPORT __attribute__((visibility("default")))

namespace SCRSDK {

using CrInt8 = char;
using CrInt8u = unsigned char;
using CrInt16 = std::int16_t;
using CrInt16u = std::uint16_t;
using CrInt32 = std::int32_t;
using CrInt32u = std::uint32_t;
using CrInt64 = std::int64_t;
using CrInt64u = std::uint64_t;
using CrChar = char;
using CrError = CrInt32;
using CrDeviceHandle = CrInt64;
using CrFolderHandle = CrInt32u;
using CrContentHandle = CrInt32u;

// Enumerations whose names are part of a mangled symbol; the values live in codes.h.
enum CrDataType : CrInt32u {};
enum CrPropertyEnableFlag : CrInt16 {};
enum CrPropertyVariableFlag : CrInt16u {};
enum CrFrameInfoType : CrInt16u {};

// Declares a getter in both spellings.
#define CRSIM_GETTER(type, name) \
  type name();                   \
  type name() const

class CRSIM_EXPORT CrDeviceProperty {
 public:
  CrDeviceProperty();
  CrDeviceProperty(const CrDeviceProperty& other);
  CrDeviceProperty& operator=(const CrDeviceProperty& other);
  ~CrDeviceProperty();

  void Alloc(CrInt32u size, CrInt32u set_size);
  void Alloc(CrInt32u size, CrInt32u set_size, CrInt16u text_size);
  CRSIM_GETTER(bool, IsGetEnableCurrentValue);
  CRSIM_GETTER(bool, IsSetEnableCurrentValue);
  void SetCode(CrInt32u code);
  CRSIM_GETTER(CrInt32u, GetCode);
  void SetValueType(CrDataType type);
  CRSIM_GETTER(CrDataType, GetValueType);
  void SetPropertyEnableFlag(CrPropertyEnableFlag flag);
  CRSIM_GETTER(CrPropertyEnableFlag, GetPropertyEnableFlag);
  void SetPropertyVariableFlag(CrPropertyVariableFlag flag);
  CRSIM_GETTER(CrPropertyVariableFlag, GetPropertyVariableFlag);
  void SetCurrentValue(CrInt64u value);
  CRSIM_GETTER(CrInt64u, GetCurrentValue);
  void SetCurrentStr(CrInt16u* text);
  CRSIM_GETTER(CrInt16u*, GetCurrentStr);
  void SetValueSize(CrInt32u size);
  CRSIM_GETTER(CrInt32u, GetValueSize);
  void SetValues(CrInt8u* values);
  CRSIM_GETTER(CrInt8u*, GetValues);
  void SetSetValueSize(CrInt32u size);
  CRSIM_GETTER(CrInt32u, GetSetValueSize);
  void SetSetValues(CrInt8u* values);
  CRSIM_GETTER(CrInt8u*, GetSetValues);
  CRSIM_GETTER(CrInt32u, GetDisplayValueSize);
  CRSIM_GETTER(CrInt8u*, GetDisplayValues);

  CrInt32u code;
  CrDataType valueType;
  CrPropertyEnableFlag enableFlag;
  CrPropertyVariableFlag variableFlag;
  CrInt64u currentValue;
  CrInt16u* currentStr;  // first unit: how many units follow, the terminator included
  CrInt32u valuesSize;   // in bytes
  CrInt8u* values;
  CrInt32u getSetValuesSize;
  CrInt8u* getSetValues;
};

class CRSIM_EXPORT CrLiveViewProperty {
 public:
  CrLiveViewProperty();
  CrLiveViewProperty(const CrLiveViewProperty& other);
  CrLiveViewProperty& operator=(const CrLiveViewProperty& other);
  ~CrLiveViewProperty();

  void Alloc(CrInt32u size);
  CRSIM_GETTER(bool, IsGetEnableCurrentValue);
  void SetCode(CrInt32u code);
  CRSIM_GETTER(CrInt32u, GetCode);
  void SetPropertyEnableFlag(CrPropertyEnableFlag flag);
  CRSIM_GETTER(CrPropertyEnableFlag, GetPropertyEnableFlag);
  void SetFrameInfoType(CrFrameInfoType type);
  CRSIM_GETTER(CrFrameInfoType, GetFrameInfoType);
  void SetValueSize(CrInt32u size);
  CRSIM_GETTER(CrInt32u, GetValueSize);
  void SetValue(CrInt8u* value);
  CRSIM_GETTER(CrInt8u*, GetValue);
  CRSIM_GETTER(CrInt32u, GetTimeCode);

  CrInt32u code;
  CrPropertyEnableFlag enableFlag;
  CrFrameInfoType valueType;
  CrInt32u valueSize;
  CrInt8u* value;
  CrInt32u timeCode;
};

class CRSIM_EXPORT CrImageInfo {
 public:
  CrImageInfo();
  ~CrImageInfo();
  CRSIM_GETTER(CrInt32u, GetBufferSize);
  CRSIM_GETTER(CrInt32u, GetWidth);
  CRSIM_GETTER(CrInt32u, GetHeight);

  CrInt32u width;
  CrInt32u height;
  CrInt32u bufferSize;
};

class CRSIM_EXPORT CrImageDataBlock {
 public:
  CrImageDataBlock();
  ~CrImageDataBlock();
  void SetSize(CrInt32u size);
  void SetData(CrInt8u* data);
  CRSIM_GETTER(CrInt32u, GetSize);
  CRSIM_GETTER(CrInt32u, GetFrameNo);
  CRSIM_GETTER(CrInt32u, GetImageSize);
  CRSIM_GETTER(CrInt8u*, GetImageData);
  CRSIM_GETTER(CrInt32u, GetTimeCode);

  CrInt32u frameNo;
  CrInt32u size;
  CrInt8u* pData;
  CrInt32u imageSize;
  CrInt32u timeCode;
};

class CRSIM_EXPORT CrOSDImageMetaInfo {
 public:
  CrOSDImageMetaInfo();
  ~CrOSDImageMetaInfo();

  CrInt32u isLvPosExist;
  CrInt32u osdWidth;
  CrInt32u osdHeight;
  CrInt32u lvPosX;
  CrInt32u lvPosY;
  CrInt32u lvWidth;
  CrInt32u lvHeight;
  CrInt32u degree;
};

class CRSIM_EXPORT CrOSDImageDataBlock {
 public:
  CrOSDImageDataBlock();
  ~CrOSDImageDataBlock();
  void SetData(CrInt8u* data);
  CRSIM_GETTER(CrInt32u, GetFrameNo);
  CRSIM_GETTER(CrInt32u, GetImageSize);
  CRSIM_GETTER(CrInt8u*, GetImageData);
  CRSIM_GETTER(CrOSDImageMetaInfo, GetMetaInfo);

  CrInt32u frameNo;
  CrInt8u* pData;
  CrInt32u imageSize;
  CrOSDImageMetaInfo metaInfo;
};

class CRSIM_EXPORT CrMtpFolderInfo {
 public:
  CrMtpFolderInfo();
  CrMtpFolderInfo(const CrMtpFolderInfo& other);
  CrMtpFolderInfo& operator=(const CrMtpFolderInfo& other);
  ~CrMtpFolderInfo();

  CrFolderHandle handle;
  CrInt32u folderNameSize;
  CrChar* folderName;
};

class CRSIM_EXPORT CrMtpContentsInfo {
 public:
  CrMtpContentsInfo();
  CrMtpContentsInfo(const CrMtpContentsInfo& other);
  CrMtpContentsInfo& operator=(const CrMtpContentsInfo& other);
  ~CrMtpContentsInfo();

  CrContentHandle handle;
  CrFolderHandle parentFolderHandle;
  CrInt64u contentSize;
  CrChar dateChar[16];
  CrInt32u width;
  CrInt32u height;
  CrInt32u fileNameSize;
  CrChar* fileName;
};

class CRSIM_EXPORT CrDisplayStringListInfo {
 public:
  CrDisplayStringListInfo();
  CrDisplayStringListInfo(const CrDisplayStringListInfo& other);
  CrDisplayStringListInfo& operator=(const CrDisplayStringListInfo& other);
  ~CrDisplayStringListInfo();

  CrDataType dataType;
  CrInt32u listType;
  CrInt64u value;
  CrInt32u displayStringSize;
  CrInt8u* displayString;
};

class CRSIM_EXPORT CrCaptureDate {
 public:
  CrCaptureDate();
  explicit CrCaptureDate(const CrInt64u& unix_ms);
  CrCaptureDate(const CrCaptureDate& other);
  CrCaptureDate& operator=(const CrCaptureDate& other);
  ~CrCaptureDate();
  bool operator==(const CrCaptureDate& other);

  CrInt16u year;
  CrInt16u month;
  CrInt16u day;
  CrInt16u hour;
  CrInt16u minute;
  CrInt16u sec;
  CrInt16u msec;
};

class CRSIM_EXPORT CrContentsFile {
 public:
  CrContentsFile();
  CrContentsFile(const CrContentsFile& other);
  CrContentsFile& operator=(const CrContentsFile& other);
  ~CrContentsFile();

  CrInt16u fileId;
  CrInt32u filePathLength;
  CrChar* filePath;
  CrInt32u fileFormat;
  CrInt64u fileSize;
  CrInt8u umid[32];
  bool isImageParamExsist;
  CrInt32u imageParam[2];  // width, height
  bool isVideoParamExsist;
  CrInt32u videoParam[19];
  bool isAudioParamExsist;
  CrInt32u audioParam[4];
};

class CRSIM_EXPORT CrContentsInfo {
 public:
  CrContentsInfo();
  CrContentsInfo(const CrContentsInfo& other);
  CrContentsInfo& operator=(const CrContentsInfo& other);
  ~CrContentsInfo();

  CrInt32u contentType;
  CrInt32u contentId;
  CrInt32u dirNumber;
  CrInt32u fileNumber;
  CrInt32u groupType;
  CrInt32u groupId;
  bool representative;
  CrCaptureDate creationDatetimeUTC;
  CrCaptureDate modificationDatetimeUTC;
  CrCaptureDate creationDatetimeLocaltime;
  CrCaptureDate modificationDatetimeLocaltime;
  CrInt32 rating;
  CrInt8u protectionStatus;
  CrInt8u dummyContent;
  CrInt32u shotMarkNum;
  CrInt32u* shotMark;
  CrInt32u filesNum;
  CrContentsFile* files;
};

#pragma pack(push, 1)
class CRSIM_EXPORT CrMediaProfileInfo {
 public:
  CrMediaProfileInfo();
  CrMediaProfileInfo(const CrMediaProfileInfo& other);
  CrMediaProfileInfo& operator=(const CrMediaProfileInfo& other);
  ~CrMediaProfileInfo();

  CrInt8u* texts[17];
  CrInt8u umid[32];
  CrInt32u duration;
  CrInt32u restrictionFrame;
  bool isTrimmingAvailable;
};
#pragma pack(pop)

class CRSIM_EXPORT CrLensInformation {
 public:
  CrLensInformation();
  CrLensInformation(const CrLensInformation& other);
  CrLensInformation& operator=(const CrLensInformation& other);
  ~CrLensInformation();

  CrInt32u type;
  CrInt16u dataVersion;
  CrInt32u normalizedValue;
  CrInt32u focusPosition;
};

#undef CRSIM_GETTER

// The interface classes: no data members, no virtual destructor, so the tables hold exactly these
// functions in this order.
class ICrCameraObjectInfo {
 public:
  virtual void Release() = 0;
  virtual CrChar* GetName() const = 0;
  virtual CrInt32u GetNameSize() const = 0;
  virtual CrChar* GetModel() const = 0;
  virtual CrInt32u GetModelSize() const = 0;
  virtual CrInt16 GetUsbPid() const = 0;
  virtual CrInt8u* GetId() const = 0;
  virtual CrInt32u GetIdSize() const = 0;
  virtual CrInt32u GetIdType() const = 0;
  virtual CrInt32u GetConnectionStatus() const = 0;
  virtual CrChar* GetConnectionTypeName() const = 0;
  virtual CrChar* GetAdaptorName() const = 0;
  virtual CrChar* GetGuid() const = 0;
  virtual CrChar* GetPairingNecessity() const = 0;
  virtual CrInt16u GetAuthenticationState() const = 0;
  virtual CrInt32u GetSSHsupport() const = 0;
  virtual CrInt32u GetIPAddress() const = 0;
  virtual CrChar* GetIPAddressChar() const = 0;
  virtual CrInt32u GetIPAddressCharSize() const = 0;
  virtual CrInt8u* GetMACAddress() const = 0;
  virtual CrInt32u GetMACAddressSize() const = 0;
  virtual CrChar* GetMACAddressChar() const = 0;
  virtual CrInt32u GetMACAddressCharSize() const = 0;

 protected:
  ~ICrCameraObjectInfo() = default;
};

class ICrEnumCameraObjectInfo {
 public:
  virtual CrInt32u GetCount() const = 0;
  virtual const ICrCameraObjectInfo* GetCameraObjectInfo(CrInt32u index) const = 0;
  virtual void Release() = 0;

 protected:
  ~ICrEnumCameraObjectInfo() = default;
};

// Payloads of live-view properties.
#pragma pack(push, 1)
struct CrFocusFrameInfo {
  CrInt16u type;
  CrInt16u state;
  CrInt8u priority;
  CrInt32u xNumerator;
  CrInt32u xDenominator;
  CrInt32u yNumerator;
  CrInt32u yDenominator;
  CrInt32u width;
  CrInt32u height;
};
struct CrFaceFrameInfo {
  CrInt16u type;
  CrInt16u state;
  CrInt8u isSelected;
  CrInt8u priority;
  CrInt32u xNumerator;
  CrInt32u xDenominator;
  CrInt32u yNumerator;
  CrInt32u yDenominator;
  CrInt32u width;
  CrInt32u height;
};
struct CrLevelInfo {
  CrInt32u state;
  CrInt32u reserved;
  CrInt32 x;
  CrInt32 y;
  CrInt32 z;
};
#pragma pack(pop)

#define CRSIM_AT(type, member, offset) static_assert(offsetof(type, member) == (offset))
static_assert(sizeof(CrDeviceProperty) == 64 && sizeof(CrLiveViewProperty) == 32);
CRSIM_AT(CrDeviceProperty, enableFlag, 8);
CRSIM_AT(CrDeviceProperty, currentValue, 16);
CRSIM_AT(CrDeviceProperty, currentStr, 24);
CRSIM_AT(CrDeviceProperty, valuesSize, 32);
CRSIM_AT(CrDeviceProperty, values, 40);
CRSIM_AT(CrDeviceProperty, getSetValuesSize, 48);
CRSIM_AT(CrDeviceProperty, getSetValues, 56);
CRSIM_AT(CrLiveViewProperty, valueType, 6);
CRSIM_AT(CrLiveViewProperty, value, 16);
CRSIM_AT(CrLiveViewProperty, timeCode, 24);
static_assert(sizeof(CrImageInfo) == 12 && sizeof(CrImageDataBlock) == 24);
CRSIM_AT(CrImageDataBlock, pData, 8);
CRSIM_AT(CrImageDataBlock, timeCode, 20);
static_assert(sizeof(CrOSDImageMetaInfo) == 32 && sizeof(CrOSDImageDataBlock) == 56);
CRSIM_AT(CrOSDImageDataBlock, metaInfo, 20);
static_assert(sizeof(CrMtpFolderInfo) == 16 && sizeof(CrMtpContentsInfo) == 56);
CRSIM_AT(CrMtpContentsInfo, dateChar, 16);
CRSIM_AT(CrMtpContentsInfo, fileName, 48);
static_assert(sizeof(CrDisplayStringListInfo) == 32);
CRSIM_AT(CrDisplayStringListInfo, displayString, 24);
static_assert(sizeof(CrCaptureDate) == 14 && alignof(CrCaptureDate) == 2);
static_assert(sizeof(CrContentsFile) == 176 && sizeof(CrContentsInfo) == 120);
CRSIM_AT(CrContentsFile, filePath, 8);
CRSIM_AT(CrContentsFile, fileSize, 24);
CRSIM_AT(CrContentsFile, imageParam, 68);
CRSIM_AT(CrContentsFile, videoParam, 80);
CRSIM_AT(CrContentsFile, isAudioParamExsist, 156);
CRSIM_AT(CrContentsFile, audioParam, 160);
CRSIM_AT(CrContentsInfo, creationDatetimeUTC, 26);
CRSIM_AT(CrContentsInfo, modificationDatetimeLocaltime, 68);
CRSIM_AT(CrContentsInfo, rating, 84);
CRSIM_AT(CrContentsInfo, shotMark, 96);
CRSIM_AT(CrContentsInfo, files, 112);
static_assert(sizeof(CrMediaProfileInfo) == 177 && sizeof(CrLensInformation) == 16);
static_assert(sizeof(CrFaceFrameInfo) == 30);
static_assert(sizeof(CrFocusFrameInfo) == 29 && sizeof(CrLevelInfo) == 20);
#undef CRSIM_AT

}  // namespace SCRSDK
