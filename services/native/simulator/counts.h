// What a body has lived through, counted for tests: how often it was really exposed, whatever
// anybody was told. Text in a mapped file, so the counts outlive a crash and can be read by cat.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

namespace crsim {

class Counts {
 public:
  enum Name : std::size_t {
    kConnects,          // links that came about
    kLosses,            // links that were lost by themselves
    kReconnects,        // of these, came back by themselves
    kReleases,          // triggers that a body accepted in order to expose
    kExposures,         // shots that happened
    kNotExposed,        // triggers that were accepted and came to nothing
    kHostFiles,         // pictures delivered to the host
    kCardFiles,         // files written to a card
    kTransfers,         // pulls from a card, previews too, that were completed
    kTransfersCut,      // files that broke off on their way
    kDeletions,         // contents that a client had deleted
    kFrames,            // live-view pictures handed out
    kPropertyCallbacks, // OnPropertyChangedCodes, the storm's too
    kStormCallbacks,
    kCrashes,
    kNames
  };

  Counts() = default;
  ~Counts() { detach(); }
  Counts(const Counts&) = delete;
  Counts& operator=(const Counts&) = delete;

  // Only the process that holds the body counts; others may read.
  void attach(const std::filesystem::path& file);
  void read(const std::filesystem::path& file);
  void detach();
  void add(Name name, std::uint64_t more = 1);
  std::uint64_t get(Name name) const;
  std::string text() const;  // "connects=1 losses=0 ..."

 private:
  void load(const std::filesystem::path& file);
  void show(std::size_t name);

  mutable std::mutex mutex_;
  std::array<std::uint64_t, kNames> values_{};
  char* text_ = nullptr;
};

}  // namespace crsim
