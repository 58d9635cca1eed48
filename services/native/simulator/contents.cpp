#include "contents.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "body.h"
#include "handout.h"
#include "session.h"
#include "transfer.h"

namespace crsim {
namespace {

constexpr double kPullMs = 120;
constexpr std::uint16_t kFileJpeg = 1, kFileRaw = 2;

// A folder's handle is its date as a number, a content's handle its id and its file.
std::uint32_t folder_handle(const SCRSDK::CrCaptureDate& date) {
  return date.year * 10000U + date.month * 100U + date.day;
}

std::uint32_t content_handle(const Content& content, const CardFile& file) {
  return content.id << 4 | file.id;
}

void set_text(char*& text, std::uint32_t& size, const std::string& from) {
  delete[] text;
  size = static_cast<std::uint32_t>(from.size() + 1);
  text = new char[size];
  std::memcpy(text, from.c_str(), size);
}

bool is_raw(const CardFile& file) { return file.name.find(".ARW") != std::string::npos; }

}  // namespace

void Contents::reset() { folders_listed_ = contents_listed_ = busy_ = cancelled_ = false; }

bool Contents::refused() const { return session_.mode != Mode::Contents; }

std::int32_t Contents::folders(std::vector<SCRSDK::CrMtpFolderInfo>& folders) {
  if (refused()) return error::kInvalidCalled;
  std::uint32_t last = 0;
  for (const Content& content : session_.body.card(1)->listed()) {
    const SCRSDK::CrCaptureDate date = capture_date(content.created, true);
    const std::uint32_t handle = folder_handle(date);
    if (handle == last) continue;
    last = handle;
    char name[24];
    std::snprintf(name, sizeof name, "%04u-%02u-%02u", date.year, date.month, date.day);
    SCRSDK::CrMtpFolderInfo folder;
    folder.handle = handle;
    set_text(folder.folderName, folder.folderNameSize, name);
    folders.push_back(folder);
  }
  folders_listed_ = true;
  return error::kNone;
}

std::int32_t Contents::handles(std::uint32_t folder, std::vector<std::uint32_t>& handles) {
  if (refused()) return error::kInvalidCalled;
  if (!folders_listed_) return error::kFoldersNotRetrieved;
  for (const Content& content : session_.body.card(1)->listed()) {
    if (folder_handle(capture_date(content.created, true)) != folder) continue;
    for (const CardFile& file : content.files) handles.push_back(content_handle(content, file));
  }
  if (handles.empty()) return error::kContentsInvalidHandle;
  contents_listed_ = true;
  return error::kNone;
}

std::int32_t Contents::find(std::uint32_t handle, Content& content, CardFile& file) const {
  if (refused()) return error::kInvalidCalled;
  if (!contents_listed_) return error::kContentsNotRetrieved;
  // A real library crashes on a handle of a list that has been given back.
  const auto same = [handle](std::uint32_t one) { return one == handle; };
  if (!Handout<std::uint32_t>::get().any(same)) return error::kContentsInvalidHandle;
  const auto found = session_.body.card(1)->find(handle >> 4);
  if (!found) return error::kContentsInvalidHandle;
  content = *found;
  for (const CardFile& one : content.files) {
    if (one.id != (handle & 0xF)) continue;
    file = one;
    return error::kNone;
  }
  return error::kContentsInvalidHandle;
}

std::int32_t Contents::detail(std::uint32_t handle, SCRSDK::CrMtpContentsInfo& info) {
  Content content;
  CardFile file;
  const std::int32_t problem = find(handle, content, file);
  if (problem != error::kNone) return problem;
  const SCRSDK::CrCaptureDate date = capture_date(content.created, true);
  info.handle = handle;
  info.parentFolderHandle = folder_handle(date);
  info.contentSize = file.size_bytes;
  char when[32];
  std::snprintf(when, sizeof when, "%04u%02u%02uT%02u%02u%02u", date.year, date.month, date.day,
                date.hour, date.minute, date.sec);
  std::memcpy(info.dateChar, when, sizeof info.dateChar);
  info.width = 1920;
  info.height = 1280;
  set_text(info.fileName, info.fileNameSize, file.name);
  return error::kNone;
}

std::int32_t Contents::pull(std::uint32_t handle, bool small, const char* folder,
                            const char* name) {
  Content content;
  CardFile file;
  std::string target;
  std::int32_t problem = find(handle, content, file);
  if (problem == error::kNone) {
    problem = target_file(session_, folder, name, file.name, target);
  }
  if (problem != error::kNone) return problem;
  if (busy_ || session_.body.scenarios.strike(scenario::kSecondTransferBusy)) {
    return error::kContentsRejected;
  }
  busy_ = true;
  cancelled_ = false;
  session_.notify.contents_transfer(notice::kContentsStart, handle, "");
  session_.after(kPullMs, [this, handle, small, content, file, target] {
    int failed = 0;
    session_.scheduler.unlocked([&] {
      Bytes bytes;
      if (small) {
        bytes = preview_of(content, 1616, 1080);
      } else if (!read_whole(session_.body.card(1)->path_of(file), bytes)) {
        failed = -1;
      }
      const auto cut = session_.body.scenarios.strike(scenario::kTransferCut);
      if (cut && failed == 0) {
        write_part(target, bytes, cut->number("at"));
        session_.body.counts.add(Counts::kTransfersCut);
        failed = -1;
      }
      if (failed == 0) failed = write_whole(target, bytes);
    });
    if (!session_.connected()) return;
    busy_ = false;
    if (cancelled_) {
      std::remove(target.c_str());
      session_.notify.contents_transfer(notice::kContentsCancelled, handle, "");
    } else if (failed != 0) {
      session_.notify.error(error::kContentsUnsuccessful);
    } else {
      session_.body.counts.add(Counts::kTransfers);
      session_.notify.contents_transfer(notice::kContentsComplete, handle, target);
    }
  });
  return error::kNone;
}

std::int32_t Contents::thumbnail(std::uint32_t handle, SCRSDK::CrImageDataBlock& block,
                                 std::uint16_t* kind) {
  Content content;
  CardFile file;
  const std::int32_t problem = find(handle, content, file);
  if (problem != error::kNone) return problem;
  const Bytes jpeg = preview_of(content, 160, 120);
  if (block.pData == nullptr) return error::kInvalidParameter;
  if (block.size < jpeg.size()) return error::kBufferTooSmall;
  std::memcpy(block.pData, jpeg.data(), jpeg.size());
  block.frameNo = content.number;
  block.imageSize = static_cast<std::uint32_t>(jpeg.size());
  if (kind != nullptr) *kind = is_raw(file) ? kFileRaw : kFileJpeg;
  return error::kNone;
}

std::int32_t Contents::cancel() {
  if (refused() || !busy_) return error::kInvalidCalled;
  cancelled_ = true;
  return error::kNone;
}

}  // namespace crsim
