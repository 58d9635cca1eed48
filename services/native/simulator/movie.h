// Movie recording: the state, its result, and the time left on the card. No clip is written.
#pragma once

namespace crsim {

class Session;

class Movie {
 public:
  explicit Movie(Session& session) : session_(session) {}

  void reset();
  void record(bool on);
  void toggle();

 private:
  bool recording() const;
  void count_down();

  Session& session_;
};

}  // namespace crsim
