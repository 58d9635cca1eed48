// Calls the client's callback object: its first word points to a table of functions that take the
// object first. Which slot holds which function depends on the SDK generation.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "counts.h"
#include "scheduler.h"

namespace crsim {

// Every function below but one only queues; the scheduler's thread makes the call.
class Callback {
 public:
  Callback(Scheduler& scheduler, Counts& counts, void* object, int slots)
      : scheduler_(scheduler), counts_(counts), object_(object), slots_(slots) {}

  void connected(std::uint32_t version);
  void disconnected(std::uint32_t error);
  void property_changed();
  void property_changed_codes(std::vector<std::uint32_t> codes);
  void property_changed_code_now(std::uint32_t code);  // on the calling thread
  void live_view_property_changed(std::vector<std::uint32_t> codes);
  void complete_download(std::string file, std::uint32_t kind);
  void complete_operation(std::uint32_t code);
  void contents_transfer(std::uint32_t notify, std::uint32_t handle, std::string file);
  void warning(std::uint32_t code);
  void warning_ext(std::uint32_t code, std::int32_t p1, std::int32_t p2, std::int32_t p3);
  void error(std::uint32_t code);
  void remote_transfer(std::uint32_t notify, std::uint32_t percent, std::string file);
  void remote_transfer_data(std::uint32_t notify, std::uint32_t percent,
                            std::vector<std::uint8_t> data);
  void nothings();  // every call that has pointers, with null ones
  void contents_list_changed(std::uint32_t notify, std::uint32_t slot, std::uint32_t added);

 private:
  template <class... Arguments>
  void call(int slot, Arguments... arguments) const;

  Scheduler& scheduler_;
  Counts& counts_;
  void* object_;
  int slots_;
};

}  // namespace crsim
