#include "callback.h"

namespace crsim {
namespace {

// Slots of the table with 21 functions (2.02). Those of 2.00 (19), 1.14 (18) and 1.12 (12) lack the
// first one named here, and end earlier.
enum Slot {
  kConnected = 0,
  kDisconnected = 1,
  kPropertyChanged = 2,
  kPropertyChangedCodes = 3,
  kLiveViewPropertyChanged = 4,
  kLiveViewPropertyChangedCodes = 5,
  kCompleteDownload = 6,
  kCompleteOperation = 7,  // not up to 2.00: there every later slot is one further up
  kContentsTransfer = 8,
  kWarning = 9,
  kWarningExt = 10,
  kError = 11,
  kRemoteTransferFile = 13,
  kRemoteTransferData = 14,
  kContentsListChanged = 15,
};

constexpr int kNoSlot = -1;

int slot_in(int slots, int slot) {
  if (slots == 21) return slot;
  if (slot == kCompleteOperation) return kNoSlot;
  const int older = slot > kCompleteOperation ? slot - 1 : slot;
  return older < slots ? older : kNoSlot;
}

char* writable(const std::string& text) { return const_cast<char*>(text.c_str()); }

}  // namespace

template <class... Arguments>
void Callback::call(int slot, Arguments... arguments) const {
  const int index = slot_in(slots_, slot);
  if (index == kNoSlot || object_ == nullptr) return;
  void** const table = *static_cast<void***>(object_);
  reinterpret_cast<void (*)(void*, Arguments...)>(table[index])(object_, arguments...);
}

void Callback::connected(std::uint32_t version) {
  scheduler_.deliver([this, version] { call(kConnected, version); });
}

void Callback::disconnected(std::uint32_t error) {
  scheduler_.deliver([this, error] { call(kDisconnected, error); });
}

void Callback::property_changed() {
  scheduler_.deliver([this] { call(kPropertyChanged); });
}

void Callback::property_changed_codes(std::vector<std::uint32_t> codes) {
  scheduler_.deliver([this, codes = std::move(codes)]() mutable {
    counts_.add(Counts::kPropertyCallbacks);
    call(kPropertyChangedCodes, static_cast<std::uint32_t>(codes.size()), codes.data());
  });
}

void Callback::property_changed_code_now(std::uint32_t code) {
  counts_.add(Counts::kPropertyCallbacks);
  call(kPropertyChangedCodes, std::uint32_t{1}, &code);
}

void Callback::live_view_property_changed(std::vector<std::uint32_t> codes) {
  scheduler_.deliver([this, codes = std::move(codes)]() mutable {
    call(kLiveViewPropertyChanged);
    call(kLiveViewPropertyChangedCodes, static_cast<std::uint32_t>(codes.size()), codes.data());
  });
}

void Callback::complete_download(std::string file, std::uint32_t kind) {
  scheduler_.deliver(
      [this, file = std::move(file), kind] { call(kCompleteDownload, writable(file), kind); });
}

void Callback::complete_operation(std::uint32_t code) {
  scheduler_.deliver(
      [this, code] { call(kCompleteOperation, code, static_cast<void*>(nullptr)); });
}

void Callback::contents_transfer(std::uint32_t notify, std::uint32_t handle, std::string file) {
  scheduler_.deliver([this, notify, handle, file = std::move(file)] {
    call(kContentsTransfer, notify, handle, writable(file));
  });
}

void Callback::warning(std::uint32_t code) {
  scheduler_.deliver([this, code] { call(kWarning, code); });
}

void Callback::warning_ext(std::uint32_t code, std::int32_t p1, std::int32_t p2, std::int32_t p3) {
  scheduler_.deliver([this, code, p1, p2, p3] { call(kWarningExt, code, p1, p2, p3); });
}

void Callback::error(std::uint32_t code) {
  scheduler_.deliver([this, code] { call(kError, code); });
}

void Callback::remote_transfer(std::uint32_t notify, std::uint32_t percent, std::string file) {
  scheduler_.deliver([this, notify, percent, file = std::move(file)] {
    call(kRemoteTransferFile, notify, percent, writable(file));
  });
}

void Callback::remote_transfer_data(std::uint32_t notify, std::uint32_t percent,
                                    std::vector<std::uint8_t> data) {
  scheduler_.deliver([this, notify, percent, data = std::move(data)]() mutable {
    call(kRemoteTransferData, notify, percent, data.data(), std::uint64_t{data.size()});
  });
}

void Callback::nothings() {
  scheduler_.deliver([this] {
    const auto text = static_cast<char*>(nullptr);
    const auto data = static_cast<void*>(nullptr);
    call(kPropertyChangedCodes, std::uint32_t{0xFFFFFFFF}, data);
    call(kLiveViewPropertyChangedCodes, std::uint32_t{0xFFFFFFFF}, data);
    call(kCompleteDownload, text, std::uint32_t{0});
    call(kCompleteOperation, std::uint32_t{0}, data);
    call(kContentsTransfer, std::uint32_t{0}, std::uint32_t{0}, text);
    call(kRemoteTransferFile, std::uint32_t{0}, std::uint32_t{0xFFFFFFFF}, text);
    call(kRemoteTransferData, std::uint32_t{0}, std::uint32_t{0xFFFFFFFF}, data,
         std::uint64_t{0xFFFFFFFFFFFFFFFF});
  });
}

void Callback::contents_list_changed(std::uint32_t notify, std::uint32_t slot,
                                     std::uint32_t added) {
  scheduler_.deliver([this, notify, slot, added] {
    call(kContentsListChanged, notify, slot, added);
  });
}

}  // namespace crsim
