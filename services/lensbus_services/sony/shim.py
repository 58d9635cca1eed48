"""The shim's library, declared by the header that it carries: the two cannot disagree.

Calls into it run without the interpreter's lock. Pointers stay in the modules that import this
one: `sdk`, `callbacks` and `link`.
"""

import functools
from pathlib import Path
from typing import Any, Final

import cffi

from lensbus_proto.errors import CameraError
from lensbus_services.sony.codes import error_of

NATIVE: Final = Path(__file__).parent / "native"
SHIM: Final = NATIVE / "libcrshim.so"
SIMULATOR: Final = NATIVE / "libcrsim.so"


@functools.cache
def load_shim() -> tuple[Any, Any]:
    """Return cffi and the shim's library, declared by the header inside it."""
    try:
        reader: Any = cffi.FFI()
        reader.cdef("const char *crshim_contract(void);")
        contract = reader.string(reader.dlopen(str(SHIM)).crshim_contract()).decode()
        ffi: Any = cffi.FFI()
        ffi.cdef(contract.split("// cdef begin", 1)[1].split("// cdef end", 1)[0])
        return ffi, ffi.dlopen(str(SHIM))
    except OSError as error:
        raise CameraError(f"the Sony shim is not there; build it with make: {error}") from error


def check(result: int, operation: str) -> None:
    """Raise the error of a result that is not 0."""
    if result != 0:
        raise error_of(result, operation)


def read_text(ffi: Any, text: Any) -> str:
    """Return a C text."""
    return str(ffi.string(text).decode(errors="replace"))
