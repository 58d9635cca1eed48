"""Builds the native libraries of the Sony driver when the package is built or installed."""

import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_LIBRARIES = "services/lensbus_services/sony/native/*.so"


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs make in this folder, also for an editable install, and marks the wheel accordingly."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and tell hatchling that the wheel holds code for this platform."""
        if self.target_name != "wheel":
            return
        build(Path(self.root) / "services" / "native")
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["infer_tag"] = False
        build_data["tag"] = f"py3-none-{platform}"  # the libraries do not link with Python
        build_data["artifacts"].append(_LIBRARIES)


def build(folder: Path) -> None:
    """Run make; a missing tool or a failed build ends with one sentence."""
    if shutil.which("make") is None:
        raise SystemExit("lensbus needs make to build its native libraries, but found none.")
    done = subprocess.run(
        ["make", "-C", str(folder), "check-compiler", "all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    if "no C++ compiler" in done.stdout:
        raise SystemExit("lensbus needs a C++17 compiler (CXX) to build its native libraries.")
    raise SystemExit(f"{done.stdout}\nThe native libraries of lensbus could not be built.")
