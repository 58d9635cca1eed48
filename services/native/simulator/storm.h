// A storm of property callbacks, from a thread of its own, at an exact rate. What it tells is true:
// the focus distance counts the callbacks, and the last one names it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace crsim {

class Session;

class Storm {
 public:
  explicit Storm(Session& session) : session_(session) {}
  ~Storm() { stop(); }

  // With the mutex. A storm that rages already goes on.
  void start(std::uint64_t rate, std::chrono::seconds duration);
  void quiet() { quiet_ = true; }  // with or without the mutex: it ends by itself, soon
  void stop();                     // waits for its end; without the mutex
  bool on_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  void rage(std::uint64_t rate, std::chrono::seconds duration);

  Session& session_;
  std::atomic<bool> quiet_{false};
  std::atomic<bool> raging_{false};
  std::thread thread_;
};

}  // namespace crsim
