"""What every command looks like: arguments and the time its caller waits, and a result."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from lensbus_services.driver import Result as Answer
from lensbus_services.sony.arguments import Arguments

U32: Final = 2**32 - 1

Result = Mapping[str, Any]
Handler = Callable[[Arguments, float], Result | Answer]  # an answer has files too
