#include "profiles.h"

#include <cstring>

namespace crsim {
namespace {

constexpr const Profile* kProfiles[] = {&kIlce7m4, &kIlmeFx3a, &kMinimal, &kInverted, &kUnknown};

}  // namespace

const Profile* find_profile(const char* model) {
  for (const Profile* profile : kProfiles) {
    if (std::strcmp(profile->model, model) == 0) return profile;
  }
  return nullptr;
}

const Profile* find_profile(std::uint32_t model_number) {
  for (const Profile* profile : kProfiles) {
    if (model_number != kNoModelNumber && profile->model_number == model_number) return profile;
  }
  return nullptr;
}

}  // namespace crsim
