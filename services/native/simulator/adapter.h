// The folder CrAdapter, which the real library looks for beside the executable of the process.
#pragma once

namespace crsim {

// Whether enumeration can work: it is there, or this run does not ask for it.
bool adapter_is_found(bool wanted);

}  // namespace crsim
