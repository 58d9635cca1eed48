#include "storm.h"

#include <algorithm>

#include "session.h"
#include "vendor_thread.h"

namespace crsim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBeat{1};

}  // namespace

void Storm::start(std::uint64_t rate, std::chrono::seconds duration) {
  if (raging_) return;
  if (thread_.joinable()) thread_.join();  // at its end: it wants the mutex no more
  quiet_ = false;
  raging_ = true;
  thread_ = vendor_thread([this, rate, duration] { rage(rate, duration); });
}

void Storm::stop() {
  quiet_ = true;
  if (thread_.joinable()) thread_.join();
}

// A client that is too slow gets them all the same, late, but for no longer than twice the time.
void Storm::rage(std::uint64_t rate, std::chrono::seconds duration) {
  Codes codes;
  {
    const std::lock_guard lock(session_.body.mutex);
    codes = session_.body.properties.codes(session_.mode);
  }
  const std::uint64_t total = rate * static_cast<std::uint64_t>(duration.count());
  const auto start = Clock::now();
  std::uint64_t sent = 0;
  while (sent < total && !quiet_ && Clock::now() < start + 2 * duration) {
    const std::chrono::duration<double> elapsed = Clock::now() - start;
    const auto due = std::min(
        total, static_cast<std::uint64_t>(elapsed.count() * static_cast<double>(rate)) + 1);
    {
      const std::lock_guard lock(session_.body.mutex);
      session_.body.properties.jump(property::kFocusDistance, static_cast<std::int64_t>(due));
    }
    const std::uint64_t before = sent;
    for (; sent < due && !quiet_; ++sent) {
      const bool last = sent + 1 == due;
      session_.notify.property_changed_code_now(last ? std::uint32_t{property::kFocusDistance}
                                                     : codes[sent % codes.size()]);
    }
    session_.body.counts.add(Counts::kStormCallbacks, sent - before);
    if (!session_.body.scenarios.holds(scenario::kStorm)) break;
    std::this_thread::sleep_for(kBeat);
  }
  session_.body.scenarios.heal(scenario::kStorm);
  raging_ = false;
}

}  // namespace crsim
