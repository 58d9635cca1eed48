"""The one door to depthai: its environment is set before it is imported.

Import this module only in functions, or in modules that only a running camera needs: the package
takes 90 MB and starts threads.
"""

import faulthandler
import os
from typing import Final

# The package reads these while it is imported. What the operator has set stays.
_ENVIRONMENT: Final = {
    "DEPTHAI_TELEMETRY": "0",
    "DEPTHAI_SEARCH_TIMEOUT": "1500",
    "DEPTHAI_LEVEL": "warn",
}

for _key, _value in _ENVIRONMENT.items():
    os.environ.setdefault(_key, _value)

# The package's handlers of fatal signals print its stack and pass nothing on; those of Python do.
# So Python's are installed over them: both stacks are printed, and the process ends by the signal.
_python_handles: Final = faulthandler.is_enabled()
faulthandler.disable()

import depthai as dai  # noqa: E402  # after its environment

if _python_handles:
    faulthandler.enable(2)  # sys.stderr may be replaced by now, as tests do

__all__ = ["dai"]
