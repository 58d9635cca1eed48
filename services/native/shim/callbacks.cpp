// Callbacks run on the SDK's threads. They copy what they are given, stamp it, and return.
//
// Functions take the object first, as member functions do on x86-64 and aarch64. Arguments that are
// of no use here are not declared: the caller has put them where they do no harm.

#include "callbacks.h"

#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace {

int64_t unix_us() {
  timeval now{};
  gettimeofday(&now, nullptr);
  return int64_t{now.tv_sec} * 1000000 + now.tv_usec;
}

// No path is longer, and no body tells so many codes at once: what claims to be is not read.
constexpr size_t text_limit = 4096;
constexpr uint32_t codes_limit = 4096;
constexpr uint32_t transfer_in_progress = 0x20099;

std::string text_of(const char* text) {
  return text != nullptr ? std::string(text, strnlen(text, text_limit)) : std::string();
}

void ignore(Callbacks*) {}

void on_connected(Callbacks* self, uint32_t version) { self->put({CRSHIM_CONNECTED, version}); }

void on_disconnected(Callbacks* self, uint32_t error) { self->put({CRSHIM_DISCONNECTED, error}); }

void on_properties(Callbacks* self, uint32_t count, const uint32_t* codes) {
  if (codes == nullptr || count == 0 || count > codes_limit) return;
  Entry entry{CRSHIM_PROPERTIES};
  entry.codes.assign(codes, codes + count);
  self->put(std::move(entry));
}

void on_downloaded(Callbacks* self, const char* file, uint32_t type) {
  self->put({CRSHIM_DOWNLOADED, type, {}, text_of(file)});
}

void on_operation(Callbacks* self, uint32_t code) { self->put({CRSHIM_OPERATION, code}); }

void on_contents(Callbacks* self, uint32_t notice, uint32_t handle, const char* file) {
  Entry entry{CRSHIM_CONTENTS, notice, {}, text_of(file)};
  entry.handle = handle;
  self->put(std::move(entry));
}

void on_warning(Callbacks* self, uint32_t warning) { self->put({CRSHIM_WARNING, warning}); }

void on_warning_ext(Callbacks* self, uint32_t warning, int32_t a, int32_t b, int32_t c) {
  self->put({CRSHIM_WARNING_EXT, warning, {a, b, c}});
}

void on_error(Callbacks* self, uint32_t error) { self->put({CRSHIM_ERROR, error}); }

void on_transfer(Callbacks* self, uint32_t notice, uint32_t percent, const char* file) {
  self->put({CRSHIM_TRANSFER, notice, {static_cast<int32_t>(percent)}, text_of(file)});
}

void on_data(Callbacks* self, uint32_t notice, uint32_t percent, const uint8_t* data,
             uint64_t size) {
  self->collected(notice, percent, data, size);
}

void on_card_changed(Callbacks* self, uint32_t notice, uint32_t slot, uint32_t added) {
  Entry entry{CRSHIM_CARD_CHANGED, notice};
  entry.params = {static_cast<int32_t>(slot), static_cast<int32_t>(added), 0};
  self->put(std::move(entry));
}

template <typename Function>
void* slot(Function* function) {
  return reinterpret_cast<void*>(function);
}

// Two zeros stand where a compiled table has the offset to the top and the type.
constexpr size_t front = 2;
// Room behind the last slot, so that a function appended by a newer release lands on `ignore`.
constexpr size_t room = 32;
using Table = std::array<void*, front + room>;

template <typename... Slots>
Table table_of(Slots... slots) {
  static_assert(sizeof...(slots) <= room);
  Table table{};
  for (size_t index = front; index < table.size(); ++index) table[index] = slot(ignore);
  size_t index = front;
  ((table[index++] = slots), ...);
  return table;
}

// Up to 2.00 a release only appends: 12 slots in 1.12 (the last is FTP results), 18 in 1.14 (the
// last is playback data), 19 in 2.00. A shorter one is the beginning of a longer one.
const Table& before_operations() {
  static const Table table = table_of(
      slot(on_connected),     // 0 OnConnected
      slot(on_disconnected),  // 1 OnDisconnected
      slot(ignore),           // 2 OnPropertyChanged
      slot(on_properties),    // 3 OnPropertyChangedCodes
      slot(ignore),           // 4 OnLvPropertyChanged
      slot(ignore),           // 5 OnLvPropertyChangedCodes
      slot(on_downloaded),    // 6 OnCompleteDownload
      slot(on_contents),      // 7 OnNotifyContentsTransfer
      slot(on_warning),       // 8 OnWarning
      slot(on_warning_ext),   // 9 OnWarningExt
      slot(on_error),         // 10 OnError
      slot(ignore),           // 11 OnNotifyFTPTransferResult
      slot(on_transfer),      // 12 OnNotifyRemoteTransferResult, to a file
      slot(on_data),          // 13 OnNotifyRemoteTransferResult, to memory
      slot(on_card_changed),  // 14 OnNotifyRemoteTransferContentsListChanged
      slot(ignore),           // 15 OnNotifyRemoteFirmwareUpdateResult
      slot(ignore),           // 16 OnReceivePlaybackTimeCode
      slot(ignore),           // 17 OnReceivePlaybackData
      slot(ignore));          // 18 OnNotifyMonitorUpdated
  return table;
}

// From 2.01 on OnCompleteOperation stands at 7 and everything behind it moves by one.
const Table& with_operations() {
  static const Table table = table_of(
      slot(on_connected),     // 0 OnConnected
      slot(on_disconnected),  // 1 OnDisconnected
      slot(ignore),           // 2 OnPropertyChanged
      slot(on_properties),    // 3 OnPropertyChangedCodes
      slot(ignore),           // 4 OnLvPropertyChanged
      slot(ignore),           // 5 OnLvPropertyChangedCodes
      slot(on_downloaded),    // 6 OnCompleteDownload
      slot(on_operation),     // 7 OnCompleteOperation
      slot(on_contents),      // 8 OnNotifyContentsTransfer
      slot(on_warning),       // 9 OnWarning
      slot(on_warning_ext),   // 10 OnWarningExt
      slot(on_error),         // 11 OnError
      slot(ignore),           // 12 OnNotifyFTPTransferResult
      slot(on_transfer),      // 13 OnNotifyRemoteTransferResult, to a file
      slot(on_data),          // 14 OnNotifyRemoteTransferResult, to memory
      slot(on_card_changed),  // 15 OnNotifyRemoteTransferContentsListChanged
      slot(ignore),           // 16 OnNotifyRemoteFirmwareUpdateResult
      slot(ignore),           // 17 OnReceivePlaybackTimeCode
      slot(ignore),           // 18 OnReceivePlaybackData
      slot(ignore),           // 19 OnNotifyMonitorUpdated
      slot(ignore));          // 20 OnNotifyPostViewImage
  return table;
}

}  // namespace

Callbacks::Callbacks(uint32_t slots, std::shared_ptr<Queue> queue, uint32_t link)
    : table_((slots >= 21 ? with_operations() : before_operations()).data() + front),
      queue_(std::move(queue)),
      link_(link) {}

void Callbacks::retire() {
  const std::lock_guard lock(mutex_);
  queue_.reset();
}

void Callbacks::put(Entry entry) {
  std::shared_ptr<Queue> queue;
  {
    const std::lock_guard lock(mutex_);
    queue = queue_;
  }
  if (queue == nullptr) return;
  entry.time_us = unix_us();
  entry.link = link_;
  queue->put(std::move(entry));
}

void Callbacks::collect(size_t limit, uint64_t chunk) {
  const std::lock_guard lock(mutex_);
  inbox_ = Inbox{limit, chunk};
}

void Callbacks::collected(uint32_t notice, uint32_t percent, const uint8_t* data, uint64_t size) {
  Entry entry{CRSHIM_READ, notice, {static_cast<int32_t>(percent)}};
  {
    const std::lock_guard lock(mutex_);
    if (!inbox_) return;
    Inbox& inbox = *inbox_;
    if (size > inbox.chunk) {
      entry.params[2] = CRSHIM_MALFORMED;
    } else if (data != nullptr) {
      const size_t room = inbox.limit - inbox.bytes.size();
      inbox.bytes.insert(inbox.bytes.end(), data, data + std::min<uint64_t>(size, room));
      entry.params[1] = size > room ? 1 : 0;
    }
    const bool is_news = (entry.params[1] != 0 || entry.params[2] != 0) && !inbox.overflowed;
    if (notice == transfer_in_progress && !is_news) return;
    inbox.overflowed = inbox.overflowed || is_news;
    entry.params[1] = inbox.overflowed ? 1 : 0;
  }
  put(std::move(entry));
}

std::vector<uint8_t> Callbacks::take_collected() {
  const std::lock_guard lock(mutex_);
  std::vector<uint8_t> bytes;
  if (inbox_) bytes.swap(inbox_->bytes);
  inbox_.reset();
  return bytes;
}
