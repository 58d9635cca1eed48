// Members of the data classes. Every object owns what its pointers name and frees it with delete[].
#include "abi.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <iterator>

namespace SCRSDK {
namespace {

template <class T>
T* copy_of(const T* from, std::size_t count) {
  if (from == nullptr || count == 0) return nullptr;
  T* copy = new T[count];
  std::copy(from, from + count, copy);
  return copy;
}

template <class T>
void replace(T*& own, const T* from, std::size_t count) {
  T* copy = copy_of(from, count);
  delete[] own;
  own = copy;
}

std::size_t text_units(const CrInt16u* text) {
  return text == nullptr ? 0 : std::size_t{text[0]} + 1;
}

CrInt8u* copy_of_text(const CrInt8u* text) {
  return text == nullptr ? nullptr
                         : copy_of(text, std::strlen(reinterpret_cast<const char*>(text)) + 1);
}

}  // namespace

// Defines a getter in both spellings.
#define CRSIM_GETTER(type, owner, name, expression) \
  type owner::name() { return expression; }         \
  type owner::name() const { return expression; }

CrDeviceProperty::CrDeviceProperty()
    : code(0), valueType(), enableFlag(), variableFlag(), currentValue(0), currentStr(nullptr),
      valuesSize(0), values(nullptr), getSetValuesSize(0), getSetValues(nullptr) {}

CrDeviceProperty::CrDeviceProperty(const CrDeviceProperty& other) : CrDeviceProperty() {
  *this = other;
}

CrDeviceProperty& CrDeviceProperty::operator=(const CrDeviceProperty& other) {
  if (this == &other) return *this;
  code = other.code;
  valueType = other.valueType;
  enableFlag = other.enableFlag;
  variableFlag = other.variableFlag;
  currentValue = other.currentValue;
  replace(currentStr, other.currentStr, text_units(other.currentStr));
  valuesSize = other.valuesSize;
  replace(values, other.values, other.valuesSize);
  getSetValuesSize = other.getSetValuesSize;
  replace(getSetValues, other.getSetValues, other.getSetValuesSize);
  return *this;
}

CrDeviceProperty::~CrDeviceProperty() {
  delete[] currentStr;
  delete[] values;
  delete[] getSetValues;
}

void CrDeviceProperty::Alloc(CrInt32u size, CrInt32u set_size) { Alloc(size, set_size, 0); }

void CrDeviceProperty::Alloc(CrInt32u size, CrInt32u set_size, CrInt16u text_size) {
  delete[] values;
  delete[] getSetValues;
  delete[] currentStr;
  values = size == 0 ? nullptr : new CrInt8u[size]();
  getSetValues = set_size == 0 ? nullptr : new CrInt8u[set_size]();
  currentStr = text_size == 0 ? nullptr : new CrInt16u[text_size]();
  valuesSize = size;
  getSetValuesSize = set_size;
}

CRSIM_GETTER(bool, CrDeviceProperty, IsGetEnableCurrentValue, enableFlag == 1 || enableFlag == 2)
CRSIM_GETTER(bool, CrDeviceProperty, IsSetEnableCurrentValue, enableFlag == 1 || enableFlag == 3)
void CrDeviceProperty::SetCode(CrInt32u value) { code = value; }
CRSIM_GETTER(CrInt32u, CrDeviceProperty, GetCode, code)
void CrDeviceProperty::SetValueType(CrDataType type) { valueType = type; }
CRSIM_GETTER(CrDataType, CrDeviceProperty, GetValueType, valueType)
void CrDeviceProperty::SetPropertyEnableFlag(CrPropertyEnableFlag flag) { enableFlag = flag; }
CRSIM_GETTER(CrPropertyEnableFlag, CrDeviceProperty, GetPropertyEnableFlag, enableFlag)
void CrDeviceProperty::SetPropertyVariableFlag(CrPropertyVariableFlag flag) { variableFlag = flag; }
CRSIM_GETTER(CrPropertyVariableFlag, CrDeviceProperty, GetPropertyVariableFlag, variableFlag)
void CrDeviceProperty::SetCurrentValue(CrInt64u value) { currentValue = value; }
CRSIM_GETTER(CrInt64u, CrDeviceProperty, GetCurrentValue, currentValue)
void CrDeviceProperty::SetCurrentStr(CrInt16u* text) {
  replace(currentStr, text, text_units(text));
}
CRSIM_GETTER(CrInt16u*, CrDeviceProperty, GetCurrentStr, currentStr)
void CrDeviceProperty::SetValueSize(CrInt32u size) { valuesSize = size; }
CRSIM_GETTER(CrInt32u, CrDeviceProperty, GetValueSize, valuesSize)
void CrDeviceProperty::SetValues(CrInt8u* from) { replace(values, from, valuesSize); }
CRSIM_GETTER(CrInt8u*, CrDeviceProperty, GetValues, values)
void CrDeviceProperty::SetSetValueSize(CrInt32u size) { getSetValuesSize = size; }
CRSIM_GETTER(CrInt32u, CrDeviceProperty, GetSetValueSize, getSetValuesSize)
void CrDeviceProperty::SetSetValues(CrInt8u* from) {
  replace(getSetValues, from, getSetValuesSize);
}
CRSIM_GETTER(CrInt8u*, CrDeviceProperty, GetSetValues, getSetValues)
CRSIM_GETTER(CrInt32u, CrDeviceProperty, GetDisplayValueSize, valuesSize)
CRSIM_GETTER(CrInt8u*, CrDeviceProperty, GetDisplayValues, values)

CrLiveViewProperty::CrLiveViewProperty()
    : code(0), enableFlag(), valueType(), valueSize(0), value(nullptr), timeCode(0) {}

CrLiveViewProperty::CrLiveViewProperty(const CrLiveViewProperty& other) : CrLiveViewProperty() {
  *this = other;
}

CrLiveViewProperty& CrLiveViewProperty::operator=(const CrLiveViewProperty& other) {
  if (this == &other) return *this;
  code = other.code;
  enableFlag = other.enableFlag;
  valueType = other.valueType;
  valueSize = other.valueSize;
  replace(value, other.value, other.valueSize);
  timeCode = other.timeCode;
  return *this;
}

CrLiveViewProperty::~CrLiveViewProperty() { delete[] value; }

void CrLiveViewProperty::Alloc(CrInt32u size) {
  delete[] value;
  value = size == 0 ? nullptr : new CrInt8u[size]();
  valueSize = size;
}

CRSIM_GETTER(bool, CrLiveViewProperty, IsGetEnableCurrentValue, enableFlag == 1 || enableFlag == 2)
void CrLiveViewProperty::SetCode(CrInt32u number) { code = number; }
CRSIM_GETTER(CrInt32u, CrLiveViewProperty, GetCode, code)
void CrLiveViewProperty::SetPropertyEnableFlag(CrPropertyEnableFlag flag) { enableFlag = flag; }
CRSIM_GETTER(CrPropertyEnableFlag, CrLiveViewProperty, GetPropertyEnableFlag, enableFlag)
void CrLiveViewProperty::SetFrameInfoType(CrFrameInfoType type) { valueType = type; }
CRSIM_GETTER(CrFrameInfoType, CrLiveViewProperty, GetFrameInfoType, valueType)
void CrLiveViewProperty::SetValueSize(CrInt32u size) { valueSize = size; }
CRSIM_GETTER(CrInt32u, CrLiveViewProperty, GetValueSize, valueSize)
void CrLiveViewProperty::SetValue(CrInt8u* from) { replace(value, from, valueSize); }
CRSIM_GETTER(CrInt8u*, CrLiveViewProperty, GetValue, value)
CRSIM_GETTER(CrInt32u, CrLiveViewProperty, GetTimeCode, timeCode)

CrImageInfo::CrImageInfo() : width(0), height(0), bufferSize(0) {}
CrImageInfo::~CrImageInfo() = default;
CRSIM_GETTER(CrInt32u, CrImageInfo, GetBufferSize, bufferSize)
CRSIM_GETTER(CrInt32u, CrImageInfo, GetWidth, width)
CRSIM_GETTER(CrInt32u, CrImageInfo, GetHeight, height)

CrImageDataBlock::CrImageDataBlock()
    : frameNo(0), size(0), pData(nullptr), imageSize(0), timeCode(0) {}
CrImageDataBlock::~CrImageDataBlock() = default;
void CrImageDataBlock::SetSize(CrInt32u bytes) { size = bytes; }
void CrImageDataBlock::SetData(CrInt8u* data) { pData = data; }
CRSIM_GETTER(CrInt32u, CrImageDataBlock, GetSize, size)
CRSIM_GETTER(CrInt32u, CrImageDataBlock, GetFrameNo, frameNo)
CRSIM_GETTER(CrInt32u, CrImageDataBlock, GetImageSize, imageSize)
CRSIM_GETTER(CrInt8u*, CrImageDataBlock, GetImageData, pData)
CRSIM_GETTER(CrInt32u, CrImageDataBlock, GetTimeCode, timeCode)

CrOSDImageMetaInfo::CrOSDImageMetaInfo()
    : isLvPosExist(0), osdWidth(0), osdHeight(0), lvPosX(0), lvPosY(0), lvWidth(0), lvHeight(0),
      degree(0) {}
CrOSDImageMetaInfo::~CrOSDImageMetaInfo() = default;

CrOSDImageDataBlock::CrOSDImageDataBlock() : frameNo(0), pData(nullptr), imageSize(0), metaInfo() {}
CrOSDImageDataBlock::~CrOSDImageDataBlock() = default;
void CrOSDImageDataBlock::SetData(CrInt8u* data) { pData = data; }
CRSIM_GETTER(CrInt32u, CrOSDImageDataBlock, GetFrameNo, frameNo)
CRSIM_GETTER(CrInt32u, CrOSDImageDataBlock, GetImageSize, imageSize)
CRSIM_GETTER(CrInt8u*, CrOSDImageDataBlock, GetImageData, pData)
CRSIM_GETTER(CrOSDImageMetaInfo, CrOSDImageDataBlock, GetMetaInfo, metaInfo)

CrMtpFolderInfo::CrMtpFolderInfo() : handle(0), folderNameSize(0), folderName(nullptr) {}
CrMtpFolderInfo::CrMtpFolderInfo(const CrMtpFolderInfo& other) : CrMtpFolderInfo() {
  *this = other;
}
CrMtpFolderInfo& CrMtpFolderInfo::operator=(const CrMtpFolderInfo& other) {
  if (this == &other) return *this;
  handle = other.handle;
  folderNameSize = other.folderNameSize;
  replace(folderName, other.folderName, other.folderNameSize);
  return *this;
}
CrMtpFolderInfo::~CrMtpFolderInfo() { delete[] folderName; }

CrMtpContentsInfo::CrMtpContentsInfo()
    : handle(0), parentFolderHandle(0), contentSize(0), dateChar(), width(0), height(0),
      fileNameSize(0), fileName(nullptr) {}
CrMtpContentsInfo::CrMtpContentsInfo(const CrMtpContentsInfo& other) : CrMtpContentsInfo() {
  *this = other;
}
CrMtpContentsInfo& CrMtpContentsInfo::operator=(const CrMtpContentsInfo& other) {
  if (this == &other) return *this;
  handle = other.handle;
  parentFolderHandle = other.parentFolderHandle;
  contentSize = other.contentSize;
  std::copy(std::begin(other.dateChar), std::end(other.dateChar), dateChar);
  width = other.width;
  height = other.height;
  fileNameSize = other.fileNameSize;
  replace(fileName, other.fileName, other.fileNameSize);
  return *this;
}
CrMtpContentsInfo::~CrMtpContentsInfo() { delete[] fileName; }

CrDisplayStringListInfo::CrDisplayStringListInfo()
    : dataType(), listType(0), value(0), displayStringSize(0), displayString(nullptr) {}
CrDisplayStringListInfo::CrDisplayStringListInfo(const CrDisplayStringListInfo& other)
    : CrDisplayStringListInfo() {
  *this = other;
}
CrDisplayStringListInfo& CrDisplayStringListInfo::operator=(const CrDisplayStringListInfo& other) {
  if (this == &other) return *this;
  dataType = other.dataType;
  listType = other.listType;
  value = other.value;
  displayStringSize = other.displayStringSize;
  replace(displayString, other.displayString, other.displayStringSize);
  return *this;
}
CrDisplayStringListInfo::~CrDisplayStringListInfo() { delete[] displayString; }

CrCaptureDate::CrCaptureDate()
    : year(0), month(0), day(0), hour(0), minute(0), sec(0), msec(0) {}
CrCaptureDate::CrCaptureDate(const CrInt64u& unix_ms) : CrCaptureDate() {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm utc{};
  if (gmtime_r(&seconds, &utc) == nullptr) return;
  year = static_cast<CrInt16u>(utc.tm_year + 1900);
  month = static_cast<CrInt16u>(utc.tm_mon + 1);
  day = static_cast<CrInt16u>(utc.tm_mday);
  hour = static_cast<CrInt16u>(utc.tm_hour);
  minute = static_cast<CrInt16u>(utc.tm_min);
  sec = static_cast<CrInt16u>(utc.tm_sec);
  msec = static_cast<CrInt16u>(unix_ms % 1000);
}
CrCaptureDate::CrCaptureDate(const CrCaptureDate& other) = default;
CrCaptureDate& CrCaptureDate::operator=(const CrCaptureDate& other) = default;
CrCaptureDate::~CrCaptureDate() = default;
bool CrCaptureDate::operator==(const CrCaptureDate& other) {
  return std::memcmp(this, &other, sizeof *this) == 0;
}

CrContentsFile::CrContentsFile()
    : fileId(0), filePathLength(0), filePath(nullptr), fileFormat(0), fileSize(0), umid(),
      isImageParamExsist(false), imageParam(), isVideoParamExsist(false), videoParam(),
      isAudioParamExsist(false), audioParam() {}
CrContentsFile::CrContentsFile(const CrContentsFile& other) : CrContentsFile() { *this = other; }
CrContentsFile& CrContentsFile::operator=(const CrContentsFile& other) {
  if (this == &other) return *this;
  fileId = other.fileId;
  filePathLength = other.filePathLength;
  replace(filePath, other.filePath, other.filePathLength);
  fileFormat = other.fileFormat;
  fileSize = other.fileSize;
  std::copy(std::begin(other.umid), std::end(other.umid), umid);
  isImageParamExsist = other.isImageParamExsist;
  std::copy(std::begin(other.imageParam), std::end(other.imageParam), imageParam);
  isVideoParamExsist = other.isVideoParamExsist;
  std::copy(std::begin(other.videoParam), std::end(other.videoParam), videoParam);
  isAudioParamExsist = other.isAudioParamExsist;
  std::copy(std::begin(other.audioParam), std::end(other.audioParam), audioParam);
  return *this;
}
CrContentsFile::~CrContentsFile() { delete[] filePath; }

CrContentsInfo::CrContentsInfo()
    : contentType(0), contentId(0), dirNumber(0), fileNumber(0), groupType(0), groupId(0),
      representative(false), rating(0), protectionStatus(0), dummyContent(0), shotMarkNum(0),
      shotMark(nullptr), filesNum(0), files(nullptr) {}
CrContentsInfo::CrContentsInfo(const CrContentsInfo& other) : CrContentsInfo() { *this = other; }
CrContentsInfo& CrContentsInfo::operator=(const CrContentsInfo& other) {
  if (this == &other) return *this;
  contentType = other.contentType;
  contentId = other.contentId;
  dirNumber = other.dirNumber;
  fileNumber = other.fileNumber;
  groupType = other.groupType;
  groupId = other.groupId;
  representative = other.representative;
  creationDatetimeUTC = other.creationDatetimeUTC;
  modificationDatetimeUTC = other.modificationDatetimeUTC;
  creationDatetimeLocaltime = other.creationDatetimeLocaltime;
  modificationDatetimeLocaltime = other.modificationDatetimeLocaltime;
  rating = other.rating;
  protectionStatus = other.protectionStatus;
  dummyContent = other.dummyContent;
  shotMarkNum = other.shotMarkNum;
  replace(shotMark, other.shotMark, other.shotMarkNum);
  filesNum = other.filesNum;
  replace(files, other.files, other.filesNum);
  return *this;
}
CrContentsInfo::~CrContentsInfo() {
  delete[] shotMark;
  delete[] files;
}

CrMediaProfileInfo::CrMediaProfileInfo()
    : texts(), umid(), duration(0), restrictionFrame(0), isTrimmingAvailable(false) {}
CrMediaProfileInfo::CrMediaProfileInfo(const CrMediaProfileInfo& other) : CrMediaProfileInfo() {
  *this = other;
}
CrMediaProfileInfo& CrMediaProfileInfo::operator=(const CrMediaProfileInfo& other) {
  if (this == &other) return *this;
  for (std::size_t i = 0; i < std::size(texts); ++i) {
    delete[] texts[i];
    texts[i] = copy_of_text(other.texts[i]);
  }
  std::copy(std::begin(other.umid), std::end(other.umid), umid);
  duration = other.duration;
  restrictionFrame = other.restrictionFrame;
  isTrimmingAvailable = other.isTrimmingAvailable;
  return *this;
}
CrMediaProfileInfo::~CrMediaProfileInfo() {
  for (CrInt8u* text : texts) delete[] text;
}

CrLensInformation::CrLensInformation()
    : type(0), dataVersion(0), normalizedValue(0), focusPosition(0) {}
CrLensInformation::CrLensInformation(const CrLensInformation& other) = default;
CrLensInformation& CrLensInformation::operator=(const CrLensInformation& other) = default;
CrLensInformation::~CrLensInformation() = default;

}  // namespace SCRSDK
