// Half press, release, exposure, and where the picture goes.
#pragma once

#include <cstdint>

namespace crsim {

class Session;

class Capture {
 public:
  explicit Capture(Session& session) : session_(session) {}

  void reset();
  void half_press(bool down);
  void release(bool down);
  void focus_and_release(bool down);  // one command; fires whatever the autofocus says
  void cancel();

 private:
  enum class Focus { None, Searching, Found, Missed };
  struct Shot;

  bool autofocus() const;
  bool in_still_position() const;
  void lock(bool locked);
  void spring_back();
  void press_ends();
  void start_focus();
  void focus_ends(Focus result, std::int64_t indication, std::int32_t status);
  void report(std::int64_t indication, std::int32_t status);
  void report_unlocked();
  void tell(std::int64_t indication, std::int32_t status);
  void expose(double wait_ms);
  bool comes_to_nothing();
  double exposure_delay() const;
  void captured();
  void store(const Shot& shot);
  void send_to_host(const Shot& shot);
  void write_to_card(const Shot& shot);
  void shot_ends();

  Session& session_;
  Focus focus_ = Focus::None;
  unsigned focus_turn_ = 0;      // a search that was given up does not report
  bool down_ = false;            // the release is held
  bool waiting_ = false;         // the release waits for the focus
  bool always_fires_ = false;    // even when the focus was missed
  bool exposed_ = false;         // since the release went down
  bool lock_reported_ = false;   // an AF status stands that "unlocked" must follow
  int in_flight_ = 0;            // exposures whose pictures are not delivered yet
};

}  // namespace crsim
