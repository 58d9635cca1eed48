"""The child in which the doctor tries Sony's SDK: load, initialise, enumerate.

Run as `python -m lensbus_services.sony.probe`, with the settings of the system in its variables
and by the launcher if there is one, so that it sees what a worker sees.
"""

import os
import sys
from pathlib import Path

from lensbus_proto.errors import CommandError
from lensbus_proto.runtime import lifecycle
from lensbus_proto.runtime.settings import Settings, load
from lensbus_services.probe import Teller, teller
from lensbus_services.sony.discover import open_sdk


def tell(settings: Settings, told: Teller) -> None:
    """Tell how far the SDK comes. A failure of the SDK is a fact too."""
    try:
        told.stage("load")
        sdk = open_sdk(settings.sony, settings.state)
        told.fact("version", sdk.version)
        told.fact("serial", sdk.serial)
        told.fact("slots", sdk.slots)
        told.stage("enumerate")
        cameras = sdk.enumerate(settings.sony.enumerate_s)
        told.fact(
            "cameras", [[one.camera, one.model, one.connection_type] for one in cameras.found]
        )
        told.stage("release")
        cameras.close()
        sdk.release()
    except CommandError as error:
        told.fact("error", error.message)
        told.fact("code", error.vendor_code)
    told.done()


if __name__ == "__main__":
    lifecycle.die_with_parent()
    config = os.environ.get("LENSBUS_CONFIG")
    tell(load(Path(config) if config else None), teller())
    sys.stderr.flush()
    os._exit(0)  # whatever threads the SDK has left behind
