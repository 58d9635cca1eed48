#include "movie.h"

#include <chrono>

#include "session.h"

namespace crsim {

void Movie::reset() { session_.body.properties.set(property::kRecordingState, 0); }

bool Movie::recording() const {
  return session_.body.properties.get(property::kRecordingState) == 1;
}

void Movie::toggle() { record(!recording()); }

void Movie::record(bool on) {
  if (on == recording()) return;
  const Profile& profile = session_.body.profile;
  const std::int64_t program = session_.body.properties.get(property::kExposureProgram);
  const bool possible = (profile.habits.any_position || profile.movie_programs.contains(program)) &&
                        session_.body.card(1)->present() &&
                        !session_.body.scenarios.holds(scenario::kCardFull);
  if (on && !possible) {
    // The command is accepted all the same; only the result tells.
    session_.notify.complete_operation(notice::kMovieInvalid);
    return;
  }
  session_.after(on ? profile.timing.recording_on : profile.timing.recording_off, [this, on] {
    session_.change(property::kRecordingState, on ? 1 : 0);
    session_.notify.complete_operation(notice::kMovieOk);
    if (on) session_.after_real(std::chrono::seconds(1), [this] { count_down(); });
  });
}

void Movie::count_down() {
  if (!recording()) return;
  const std::int64_t left = session_.body.properties.get(property::kSlot1Time);
  if (left > 0) session_.change(property::kSlot1Time, left - 1);
  if (left <= 1) {
    record(false);
  } else {
    session_.after_real(std::chrono::seconds(1), [this] { count_down(); });
  }
}

}  // namespace crsim
