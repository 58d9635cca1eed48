"""The one door to depthai: its environment is set before it is imported.

Import this module only in functions, or in modules that only a running camera needs: the package
takes 90 MB and starts threads.
"""

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

import depthai as dai  # noqa: E402  # after its environment

__all__ = ["dai"]
