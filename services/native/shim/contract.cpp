// The library carries the text of its own header: see crshim_contract in shim.h.

#define CRSHIM_EMBED
#include "shim.h"

extern "C" const char crshim_header_text[] __attribute__((visibility("hidden")));

const char* crshim_contract(void) { return crshim_header_text; }
