#include "hostile.h"

#include <algorithm>
#include <cstring>

#include "codes.h"

namespace crsim {
namespace {

using namespace SCRSDK;

constexpr CrInt32u kNoSuchSize = 0xFFFFFFF0;
constexpr std::size_t kLongList = 1'000'000, kManyProperties = 20'000, kManyContents = 100'000,
                      kManyFrames = 60'000;
constexpr CrInt32u kFirstNewCode = 0x00100000;

// A line of an event stream, an end of a text, quotes, a line separator and half a character.
std::string hostile_name() {
  constexpr char kBytes[] =
      "DSC\r\nevent: fake\r\ndata: {}\r\n\r\n\"'<\0>\xE2\x80\xA8\xED\xA0\x80../";
  return {kBytes, sizeof kBytes - 1};
}

template <class Text>
void set_text(Text*& text, CrInt32u& size, const std::string& from) {
  delete[] text;
  size = static_cast<CrInt32u>(from.size() + 1);
  text = new Text[size];
  std::memcpy(text, from.c_str(), size);
}

// The same with units of UTF-16, and a surrogate that has lost its other half.
void set_text(CrDeviceProperty& property) {
  const std::string name = hostile_name();
  std::vector<CrInt16u> units{static_cast<CrInt16u>(name.size() + 2)};
  for (const char letter : name) units.push_back(static_cast<unsigned char>(letter));
  units.insert(units.end(), {0xD800, 0});
  property.SetCurrentStr(units.data());
}

void set_longest_text(CrDeviceProperty& property) {
  std::vector<CrInt16u> units(0x10000, 'A');
  units[0] = 0xFFFF;
  property.SetCurrentStr(units.data());
}

void set_values(CrDeviceProperty& property, std::size_t bytes) {
  const std::vector<CrInt8u> values(bytes, 1);
  property.SetValueSize(static_cast<CrInt32u>(bytes));
  property.SetValues(const_cast<CrInt8u*>(values.data()));
}

void lose_values(CrDeviceProperty& property) {
  property.Alloc(0, 0, 0);
  property.valueType = static_cast<CrDataType>(type::kU16 | type::kArray);
  property.valuesSize = property.getSetValuesSize = kNoSuchSize;
}

void lie_about_size(CrDeviceProperty& property) {
  switch (property.code) {
    case property::kBatteryRemain: lose_values(property); break;
    case property::kAspectRatio: set_values(property, 3); break;  // one and a half
    case property::kColorSpace: set_values(property, 0); break;
    case property::kMetering:  // a range without an end
      property.valueType = static_cast<CrDataType>(type::kU16 | type::kRange);
      set_values(property, 2);
      break;
    case property::kLensName: set_longest_text(property); break;
    case property::kLensVersion: property.SetCurrentStr(nullptr); break;
    default: break;
  }
}

CameraFacts with_id(CameraFacts facts, const std::string& id) {
  facts.id.assign(id.begin(), id.end());
  facts.port = kNoPort;
  return facts;
}

}  // namespace

bool Hostile::tells(Lie lie) const {
  constexpr const char* kWords[] = {"names", "sizes", "lists", "serials"};
  const auto held = scenarios_.find(scenario::kHostile);
  if (!held) return false;
  const std::string& what = held->word("what");
  return what == "all" || what == kWords[static_cast<int>(lie)];
}

void Hostile::spoil(std::vector<CameraFacts>& cameras, const CameraFacts& own) const {
  if (tells(Lie::Names) && !cameras.empty()) {
    for (CameraFacts& facts : cameras) {
      if (facts.id == own.id) facts.name = facts.model = hostile_name();
    }
  }
  if (!tells(Lie::Serials)) return;
  CameraFacts twin = own;
  twin.model = "ILCE-TWIN";
  cameras.push_back(twin);
  for (const std::string& id :
       {std::string("../../etc/pa"), std::string("A\0B\r\n\"'<>/..", 12), std::string("* ? [a-z]  "),
        std::string(10'000, 'S'), std::string()}) {
    cameras.push_back(with_id(own, id));
  }
}

void Hostile::spoil(std::vector<CrDeviceProperty>& properties) const {
  const bool names = tells(Lie::Names), sizes = tells(Lie::Sizes), lists = tells(Lie::Lists);
  if (!names && !sizes && !lists) return;
  for (CrDeviceProperty& property : properties) {
    if (names && (property.code == property::kModelName || property.code == property::kLensSerial))
      set_text(property);
    if (sizes) lie_about_size(property);
    if (lists && property.code == property::kWhiteBalance) set_values(property, 2 * kLongList);
  }
  if (!lists || properties.size() < 2) return;
  for (std::size_t i = 0; i < kManyProperties; ++i) {
    CrDeviceProperty more;
    more.code = kFirstNewCode + static_cast<CrInt32u>(i);
    more.valueType = static_cast<CrDataType>(type::kU16);
    more.enableFlag = static_cast<CrPropertyEnableFlag>(flag::kDisplayOnly);
    properties.push_back(more);
  }
}

void Hostile::spoil(std::vector<CrLiveViewProperty>& properties) const {
  const bool sizes = tells(Lie::Sizes), lists = tells(Lie::Lists);
  for (CrLiveViewProperty& property : properties) {
    if (property.code == live_view_property::kAfAreaPosition && lists) {
      const CrFocusFrameInfo frame{6, 2, 1, 1, 640, 1, 480, 38, 38};
      property.Alloc(static_cast<CrInt32u>(kManyFrames * sizeof frame));
      for (std::size_t i = 0; i < kManyFrames; ++i) {
        std::memcpy(property.value + i * sizeof frame, &frame, sizeof frame);
      }
    } else if (property.code == live_view_property::kAfAreaPosition && sizes) {
      const CrFocusFrameInfo frame{6, 2, 1, 1, 0, 1, 0, kNoSuchSize, kNoSuchSize};  // over nothing
      property.Alloc(sizeof frame + 5);
      std::memcpy(property.value, &frame, sizeof frame);
    } else if (sizes) {
      property.Alloc(0);
      property.valueSize = kNoSuchSize;
    }
  }
}

void Hostile::spoil(CrImageInfo& info) const {
  if (tells(Lie::Sizes)) info.width = info.height = info.bufferSize = 0xFFFFFFFF;
}

// Of three pictures the first is larger than the room for it, the second is none, the third good.
void Hostile::spoil(CrImageDataBlock& block) const {
  if (!tells(Lie::Sizes)) return;
  if (block.frameNo % 3 == 1) block.imageSize = 0x7FFFFFFF;
  if (block.frameNo % 3 == 2) std::memset(block.pData, 0xAA, block.imageSize);
}

void Hostile::spoil(std::vector<CrContentsInfo>& contents) const {
  if (tells(Lie::Names)) {
    for (CrContentsInfo& info : contents) {
      for (std::size_t i = 0; i < info.filesNum; ++i) {
        set_text(info.files[i].filePath, info.files[i].filePathLength, "DCIM/" + hostile_name() + ".JPG");
      }
    }
  }
  if (tells(Lie::Sizes) && !contents.empty()) {
    CrContentsInfo lost;  // no files where there should be four milliards
    lost.contentId = 0xFFFFFFFF;
    lost.filesNum = lost.shotMarkNum = kNoSuchSize;
    lost.creationDatetimeUTC.month = lost.creationDatetimeUTC.day = 99;
    contents.push_back(lost);
    CrContentsInfo nameless;
    nameless.contentId = 0xFFFFFFFE;
    nameless.filesNum = 1;
    nameless.files = new CrContentsFile[1];
    nameless.files[0].filePathLength = kNoSuchSize;
    nameless.files[0].fileSize = 0xFFFFFFFFFFFFFFFF;
    contents.push_back(nameless);
  }
  if (tells(Lie::Lists)) {
    for (std::size_t i = contents.size(); i < kManyContents; ++i) {
      CrContentsInfo more;
      more.contentId = kFirstNewCode + static_cast<CrInt32u>(i);
      contents.push_back(more);
    }
  }
}

void Hostile::spoil(std::vector<CrMtpFolderInfo>& folders) const {
  if (tells(Lie::Names)) {
    for (CrMtpFolderInfo& one : folders) set_text(one.folderName, one.folderNameSize, hostile_name());
  }
  if (!tells(Lie::Sizes)) return;
  CrMtpFolderInfo lost;
  lost.handle = 0xFFFFFFFF;
  lost.folderNameSize = kNoSuchSize;
  folders.push_back(lost);
}

void Hostile::spoil(CrMtpContentsInfo& info) const {
  if (tells(Lie::Names)) set_text(info.fileName, info.fileNameSize, "../" + hostile_name() + ".JPG");
  if (!tells(Lie::Sizes)) return;
  info.contentSize = 0xFFFFFFFFFFFFFFFF;
  std::memset(info.dateChar, '9', sizeof info.dateChar);  // without an end
}

void Hostile::spoil(std::vector<CrDisplayStringListInfo>& names) const {
  if (tells(Lie::Names)) {
    for (CrDisplayStringListInfo& one : names) {
      set_text(one.displayString, one.displayStringSize, hostile_name());
    }
  }
  if (!tells(Lie::Sizes)) return;
  CrDisplayStringListInfo lost;
  lost.displayStringSize = kNoSuchSize;
  names.push_back(lost);
}

std::vector<std::string> Hostile::lies_about(const std::string& folder) const {
  if (!tells(Lie::Names)) return {};
  return {"/etc/passwd", folder + "/../../" + hostile_name() + ".JPG", "relative.JPG", ""};
}

}  // namespace crsim
