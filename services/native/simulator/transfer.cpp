#include "transfer.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "body.h"
#include "session.h"

namespace crsim {
namespace {

constexpr std::uint32_t kAll = 0, kMonth = 1, kDay = 2, kHour = 3;
constexpr std::uint32_t kThumbnail = 1, kScreennail = 2;
constexpr std::uint32_t kResume = 0, kPause = 1, kCancel = 2;
constexpr std::uint32_t kDcf = 1;
constexpr std::int32_t kDeleted = 1, kDeleteBusy = 3, kDeleteProtected = 4, kDeleteNothing = 5;
constexpr std::uint32_t kFormatJpeg = 0x3801, kFormatRaw = 0xB101, kFormatHeif = 0xB110;
constexpr int kStillWidth = 1920, kStillHeight = 1280;
constexpr int kPreviewQuality = 80;
constexpr double kBytesPerMs = 80'000;  // about what USB 3 gives
constexpr std::uint64_t kLeastChunk = 64 * 1024, kChunksPerFile = 8;

bool same_span(std::uint32_t span, const SCRSDK::CrCaptureDate& a, const SCRSDK::CrCaptureDate& b) {
  return a.year == b.year && a.month == b.month && (span < kDay || a.day == b.day) &&
         (span < kHour || a.hour == b.hour);
}

std::uint32_t format_of(const std::string& name) {
  if (name.find(".ARW") != std::string::npos) return kFormatRaw;
  return name.find(".HIF") != std::string::npos ? kFormatHeif : kFormatJpeg;
}

void describe(const Card& card, const Content& content, SCRSDK::CrContentsInfo& info) {
  info.contentType = kDcf;
  info.contentId = content.id;
  info.dirNumber = Card::kFolderNumber;
  info.fileNumber = content.number;
  info.representative = true;
  info.protectionStatus = card.is_protected(content) ? 1 : 0;
  info.creationDatetimeUTC = info.modificationDatetimeUTC = capture_date(content.created, false);
  info.creationDatetimeLocaltime = info.modificationDatetimeLocaltime =
      capture_date(content.created, true);
  info.filesNum = static_cast<std::uint32_t>(content.files.size());
  info.files = new SCRSDK::CrContentsFile[content.files.size()];
  for (std::size_t i = 0; i < content.files.size(); ++i) {
    const CardFile& from = content.files[i];
    SCRSDK::CrContentsFile& file = info.files[i];
    const std::string path = std::string(Card::kFolder) + "/" + from.name;
    file.fileId = from.id;
    file.filePathLength = static_cast<std::uint32_t>(path.size() + 1);
    file.filePath = new char[path.size() + 1];
    std::memcpy(file.filePath, path.c_str(), path.size() + 1);
    file.fileFormat = format_of(from.name);
    file.fileSize = from.size_bytes;
    file.isImageParamExsist = true;
    file.imageParam[0] = kStillWidth;
    file.imageParam[1] = kStillHeight;
  }
}

}  // namespace

SCRSDK::CrCaptureDate capture_date(std::time_t when, bool local) {
  std::tm parts{};
  if (local) {
    localtime_r(&when, &parts);
  } else {
    gmtime_r(&when, &parts);
  }
  SCRSDK::CrCaptureDate date;
  date.year = static_cast<std::uint16_t>(parts.tm_year + 1900);
  date.month = static_cast<std::uint16_t>(parts.tm_mon + 1);
  date.day = static_cast<std::uint16_t>(parts.tm_mday);
  date.hour = static_cast<std::uint16_t>(parts.tm_hour);
  date.minute = static_cast<std::uint16_t>(parts.tm_min);
  date.sec = static_cast<std::uint16_t>(parts.tm_sec);
  return date;
}

std::vector<std::uint8_t> preview_of(const Content& content, int width, int height) {
  View view;
  view.seed = view.number = content.number;
  return jpeg_file(view, width, height, kPreviewQuality);
}

std::int32_t target_file(const Session& session, const char* folder, const char* name,
                         const std::string& otherwise, std::string& target) {
  const std::string into = folder == nullptr || *folder == '\0' ? session.save.path : folder;
  const std::string file = name == nullptr || *name == '\0' ? otherwise : name;
  if (into.empty() || !plain_name(file)) return error::kInvalidParameter;
  std::error_code ignored;
  if (!std::filesystem::is_directory(into, ignored)) return error::kFolderNotFound;
  target = (std::filesystem::path(into) / file).string();
  return error::kNone;
}

// A pull under way. What was written is removed unless it was finished.
struct Transfer::Pull {
  std::ifstream source;
  std::ofstream part;
  std::string target;
  std::uint64_t size = 0, done = 0, chunk = 0;
  bool to_memory = false;
  std::int64_t cut_at = -1;  // percent; less than 0: it goes well
  bool paused = false, idle = false, cancelled = false;

  std::string part_name() const { return target + ".part"; }
  bool is_cut() const {
    return cut_at >= 0 && done * 100 >= size * static_cast<std::uint64_t>(cut_at);
  }
  ~Pull() {
    if (!part.is_open()) return;
    part.close();
    ::unlink(part_name().c_str());
  }
};

Transfer::Transfer(Session& session) : session_(session) {}
Transfer::~Transfer() = default;

void Transfer::reset() {
  index_is_ready_ = !session_.body.profile.habits.first_listing_fails;
  busy_ = false;
  pull_.reset();
}

bool Transfer::is_closed() const {
  const bool in_remote = session_.body.profile.habits.cards_in_remote;
  return session_.mode != (in_remote ? Mode::Remote : Mode::RemoteTransfer);
}

std::int32_t Transfer::dates(std::uint32_t slot, std::vector<SCRSDK::CrCaptureDate>& dates) {
  if (is_closed()) return error::kInvalidCalled;
  const Card* card = session_.body.card(slot);
  if (card == nullptr) return error::kInvalidParameter;
  for (const Content& content : card->contents()) {
    SCRSDK::CrCaptureDate day = capture_date(content.created, true);
    day.hour = day.minute = day.sec = 0;
    if (std::find(dates.begin(), dates.end(), day) == dates.end()) dates.push_back(day);
  }
  return error::kNone;
}

std::int32_t Transfer::list(std::uint32_t slot, std::uint8_t span,
                            const SCRSDK::CrCaptureDate* date, std::uint32_t most,
                            std::vector<SCRSDK::CrContentsInfo>& listed) {
  if (is_closed()) return error::kInvalidCalled;
  const Card* card = session_.body.card(slot);
  // Real libraries want a date even when it is ignored.
  if (card == nullptr || date == nullptr || span > kHour) return error::kInvalidParameter;
  if (!std::exchange(index_is_ready_, true) ||
      session_.body.scenarios.strike(scenario::kBusyFirstListing)) {
    return error::kListProcessing;
  }
  std::vector<Content> chosen;
  for (Content& content : card->listed()) {
    if (most != 0 && chosen.size() == most) break;
    if (span == kAll || same_span(span, capture_date(content.created, true), *date)) {
      chosen.push_back(std::move(content));
    }
  }
  listed.resize(chosen.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) describe(*card, chosen[i], listed[i]);
  return error::kNone;
}

std::int32_t Transfer::find(Wanted wanted, Content& content, CardFile& file) const {
  if (is_closed()) return error::kInvalidCalled;
  const Card* card = session_.body.card(wanted.slot);
  if (card == nullptr) return error::kInvalidParameter;
  if (busy_ || session_.body.scenarios.strike(scenario::kSecondTransferBusy)) {
    return error::kTransferRunning;
  }
  const auto found = card->find(wanted.content);
  if (!found) return error::kContentNotFound;
  content = *found;
  for (const CardFile& one : content.files) {
    if (one.id != wanted.file) continue;
    file = one;
    return error::kNone;
  }
  return error::kContentNotFound;
}

std::int32_t Transfer::pull(Wanted wanted, std::uint32_t chunk, const char* folder,
                            const char* name, bool to_memory) {
  Content content;
  CardFile file;
  std::string target;
  std::int32_t problem = find(wanted, content, file);
  if (problem == error::kNone && !to_memory) {
    problem = target_file(session_, folder, name, file.name, target);
  }
  if (problem != error::kNone) return problem;
  auto pull = std::make_unique<Pull>();
  pull->source.open(session_.body.card(wanted.slot)->path_of(file), std::ios::binary);
  pull->target = to_memory ? file.name : target;
  pull->to_memory = to_memory;
  pull->size = file.size_bytes;
  if (const auto cut = session_.body.scenarios.strike(scenario::kTransferCut)) {
    pull->cut_at = cut->number("at");
  }
  const std::uint64_t even = std::max(file.size_bytes / kChunksPerFile, kLeastChunk);
  pull->chunk = chunk == 0 ? even : std::min<std::uint64_t>(chunk, even);
  pull_ = std::move(pull);
  busy_ = true;
  session_.after(static_cast<double>(pull_->chunk) / kBytesPerMs, [this] { step(); });
  return error::kNone;
}

void Transfer::step() {
  if (!pull_) return;
  Pull& pull = *pull_;
  if (pull.cancelled) {
    end(notice::kTransferCancelled);
    return;
  }
  if (pull.paused) {
    pull.idle = true;
    return;
  }
  if (pull.is_cut()) {
    // What came so far stays, under the name of the whole.
    if (pull.part.is_open()) {
      pull.part.close();
      std::rename(pull.part_name().c_str(), pull.target.c_str());
    }
    session_.body.counts.add(Counts::kTransfersCut);
    end(notice::kTransferFailed);
    return;
  }
  std::vector<std::uint8_t> bytes(std::min(pull.chunk, pull.size - pull.done));
  bool good = false;
  session_.scheduler.unlocked([&] {
    if (!pull.to_memory && !pull.part.is_open()) pull.part.open(pull.part_name(), std::ios::binary);
    pull.source.read(reinterpret_cast<char*>(bytes.data()),
                     static_cast<std::streamsize>(bytes.size()));
    good = pull.source.good();
    if (good && !pull.to_memory) {
      pull.part.write(reinterpret_cast<const char*>(bytes.data()),
                      static_cast<std::streamsize>(bytes.size()));
      good = pull.part.flush().good();
    }
  });
  if (!session_.connected() || !pull_) return;
  if (!good) {
    end(notice::kTransferFailed);
    return;
  }
  pull.done += bytes.size();
  const bool complete = pull.done >= pull.size;
  const auto percent =
      static_cast<std::uint32_t>(pull.size == 0 ? 100 : pull.done * 100 / pull.size);
  if (pull.to_memory) {
    session_.notify.remote_transfer_data(
        complete ? notice::kTransferOk : notice::kTransferInProgress, percent, std::move(bytes));
  } else if (!complete) {
    session_.notify.remote_transfer(notice::kTransferInProgress, percent, pull.target);
  }
  if (complete) {
    end(notice::kTransferOk);
  } else {
    session_.after(static_cast<double>(pull.chunk) / kBytesPerMs, [this] { step(); });
  }
}

void Transfer::end(std::uint32_t notify) {
  const std::unique_ptr<Pull> pull = std::move(pull_);
  busy_ = false;
  if (notify == notice::kTransferOk && !pull->to_memory) {
    pull->part.close();
    if (std::rename(pull->part_name().c_str(), pull->target.c_str()) != 0) {
      notify = notice::kTransferFailed;
    }
  }
  if (notify == notice::kTransferOk) session_.body.counts.add(Counts::kTransfers);
  for (const std::string& lie : session_.hostile.lies_about(session_.save.path)) {
    session_.notify.remote_transfer(notice::kTransferInProgress, 0xFFFFFFFF, lie);
  }
  if (notify == notice::kTransferOk && pull->to_memory) return;  // told with the last bytes
  session_.notify.remote_transfer(notify, notify == notice::kTransferOk ? 100 : 0, pull->target);
}

std::int32_t Transfer::pull_preview(Wanted wanted, std::uint32_t kind, const char* folder,
                                    const char* name, bool to_memory) {
  if (kind != kThumbnail && kind != kScreennail) return error::kInvalidParameter;
  Content content;
  CardFile file;
  std::string target;
  std::int32_t problem = find(wanted, content, file);
  if (problem == error::kNone && !to_memory) {
    problem = target_file(session_, folder, name, file_name(session_.body.profile, content.number, "JPG"), target);
  }
  if (problem != error::kNone) return problem;
  busy_ = true;
  session_.after(session_.body.profile.timing.preview_transfer,
                 [this, content, target, kind, to_memory] {
    std::vector<std::uint8_t> jpeg;
    int problem = 0;
    session_.scheduler.unlocked([&] {
      jpeg = kind == kThumbnail ? preview_of(content, 160, 120) : preview_of(content, 1616, 1080);
      if (!to_memory) problem = write_whole(target, jpeg);
    });
    if (!session_.connected()) return;
    busy_ = false;
    if (problem == 0) session_.body.counts.add(Counts::kTransfers);
    if (to_memory) {
      session_.notify.remote_transfer_data(notice::kTransferOk, 100, std::move(jpeg));
    } else {
      session_.notify.remote_transfer(problem == 0 ? notice::kTransferOk : notice::kTransferFailed,
                                      problem == 0 ? 100 : 0, target);
    }
  });
  return error::kNone;
}

std::int32_t Transfer::control(std::uint32_t type) {
  if (is_closed()) return error::kInvalidCalled;
  if (type > kCancel) return error::kInvalidParameter;
  if (!pull_) return error::kTransferStatus;
  // Only the step itself ends a pull: it may be reading at this moment.
  if (type == kPause && !pull_->paused) {
    session_.notify.remote_transfer(notice::kTransferStopped, 0, pull_->target);
  }
  pull_->paused = type == kPause;
  if (type == kCancel) pull_->cancelled = true;
  if (type != kPause && std::exchange(pull_->idle, false)) {
    session_.after(0, [this] { step(); });
  }
  return error::kNone;
}

std::int32_t Transfer::erase(std::uint32_t slot, std::uint32_t content_id) {
  if (is_closed()) return error::kInvalidCalled;
  const Card* card = session_.body.card(slot);
  if (card == nullptr) return error::kInvalidParameter;
  const auto content = card->find(content_id);
  if (!content) return error::kContentNotFound;
  session_.after(session_.body.profile.timing.preview_transfer, [this, card, slot, content] {
    const std::int32_t result = busy_                         ? kDeleteBusy
                                : !card->find(content->id)    ? kDeleteNothing
                                : card->is_protected(*content) ? kDeleteProtected
                                                              : kDeleted;
    if (result == kDeleted) card->erase(*content);
    session_.notify.warning_ext(notice::kExtDeleteContent, result,
                                static_cast<std::int32_t>(content->id),
                                static_cast<std::int32_t>(slot));
    if (result != kDeleted) return;
    session_.body.counts.add(Counts::kDeletions);
    session_.notify.contents_list_changed(notice::kListChangedAll, slot, 0);
    session_.refresh_card();
  });
  return error::kNone;
}

}  // namespace crsim
