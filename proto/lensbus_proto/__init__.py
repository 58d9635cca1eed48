"""The contract of the bus: messages, their bytes, and errors. `WIRE.md` is the authority."""

from typing import Final

WIRE_VERSION: Final = 1
