// Fetching from the card in remote-transfer mode: lists, files, previews; one pull at a time.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "abi.h"
#include "card.h"

namespace crsim {

class Session;

class Transfer {
 public:
  explicit Transfer(Session& session);
  ~Transfer();

  void reset();
  std::int32_t dates(std::uint32_t slot, std::vector<SCRSDK::CrCaptureDate>& dates);
  std::int32_t list(std::uint32_t slot, std::uint8_t span, const SCRSDK::CrCaptureDate* date,
                    std::uint32_t most, std::vector<SCRSDK::CrContentsInfo>& contents);

  struct Wanted {
    std::uint32_t slot;
    std::uint32_t content;
    std::uint32_t file;
  };
  // A null folder means the save folder; a null name the name on the card. With `to_memory` the
  // bytes come through the callback instead.
  std::int32_t pull(Wanted wanted, std::uint32_t chunk, const char* folder, const char* name,
                    bool to_memory);
  std::int32_t pull_preview(Wanted wanted, std::uint32_t kind, const char* folder,
                            const char* name, bool to_memory);
  std::int32_t control(std::uint32_t type);
  std::int32_t erase(std::uint32_t slot, std::uint32_t content);

 private:
  struct Pull;

  bool is_closed() const;  // in this mode
  std::int32_t find(Wanted wanted, Content& content, CardFile& file) const;
  void step();
  void end(std::uint32_t notify);

  Session& session_;
  bool index_is_ready_ = false;
  bool busy_ = false;
  std::unique_ptr<Pull> pull_;
};

std::vector<std::uint8_t> preview_of(const Content& content, int width, int height);
SCRSDK::CrCaptureDate capture_date(std::time_t when, bool local);
// Where a pulled file goes: 0 and the path, or the error.
std::int32_t target_file(const Session& session, const char* folder, const char* name,
                         const std::string& otherwise, std::string& target);

}  // namespace crsim
