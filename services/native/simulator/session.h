// One connection to one body: its life, and the rooms in which the work is done.
//
// Every function of a room needs the body's mutex; `Session::locked` takes it for a client's call,
// the scheduler holds it for tasks.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "body.h"
#include "callback.h"
#include "capture.h"
#include "contents.h"
#include "hostile.h"
#include "live_view.h"
#include "movie.h"
#include "network.h"
#include "operation.h"
#include "osd.h"
#include "scheduler.h"
#include "setup.h"
#include "storm.h"
#include "transfer.h"

namespace crsim {

struct SaveFolder {
  std::string path;    // empty: nothing is sent to the host
  std::string prefix;  // empty: the body's own names
  int number = -1;     // next number with a prefix; -1: the body's own
};

class Session {
 public:
  Session(Body& body, void* callback, Mode mode, bool reconnects, const Login& login);
  ~Session() { close(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Starts the thread and the connection. False if this process holds the body already.
  bool open();
  std::int32_t disconnect();
  // Ends the thread; afterwards no callback comes. Not from a callback.
  void close();
  bool on_own_thread() const { return scheduler.on_own_thread() || storm_.on_own_thread(); }

  // Runs a client's call with the mutex, if the body is connected.
  template <class Call>
  std::int32_t locked(Call call) {
    const std::lock_guard lock(body.mutex);
    return state_ == State::Connected ? call() : error::kDisconnected;
  }

  // The three below need the mutex, as the rooms do.
  std::int32_t set_save_folder(const std::string& path, const std::string& prefix, int number);
  std::int32_t get_setting(std::uint32_t key, std::uint32_t& value) const;
  std::int32_t set_setting(std::uint32_t key, std::uint32_t value);

  // For the rooms. Waits are in milliseconds of the simulated clock; tasks of a link that was lost
  // are dropped.
  void after(double wait_ms, Scheduler::Task task);
  void after_real(Scheduler::Clock::duration wait, Scheduler::Task task);
  bool connected() const { return state_ == State::Connected; }
  void change(std::uint32_t code, std::int64_t value);
  void set(std::uint32_t code, std::int64_t value);  // as a client wanted it; the body keeps it
  void announce(Codes codes);
  void refresh_card();
  void reboot() { lose(); }

  Body& body;
  const Hostile hostile;
  const Mode mode;
  Scheduler scheduler;
  Callback notify;
  SaveFolder save;

  Operation operation;
  Capture capture;
  Movie movie;
  LiveView live_view;
  Osd osd;
  Transfer transfer;
  Contents contents;
  Setup setup;

 private:
  enum class State { Connecting, Connected, Lost, Closed };

  void try_connect();
  void arrive(std::uint32_t version);
  void start_properties();
  void announce_everything();
  void flutter();
  void watch_world();
  void look_at_card();
  void look_at_temperature();
  void stay_silent(Scheduler::Clock::time_point until);
  void end_silence();
  void give_up(std::uint32_t error);
  void lose();
  void return_to_world();
  void end(std::uint32_t error);
  void let_go();

  const bool reconnects_;
  const Login login_;
  bool holds_body_ = false;
  bool silent_ = false;  // accepted, but the body sits on a stale link
  std::size_t port_ = 0;
  std::int64_t heat_ = 0;
  Storm storm_;
  std::uint32_t partial_buffer_ = 0;
  State state_ = State::Connecting;
  unsigned life_ = 0;  // counts up with every change of the link: old tasks see it and stop
};

}  // namespace crsim
