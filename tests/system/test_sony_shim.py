"""What the shim's lesser functions give to a client over HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from kit.processes import wait_for
from kit.system import ALPHA, CINEMA, System, stream


@contextmanager
def connected(system: System, camera: str, mode: str) -> Iterator[str]:
    api = f"/api/cameras/{camera}"
    system.json("POST", f"{api}/connection", {"mode": mode})
    try:
        yield api
    finally:
        system.json("DELETE", f"{api}/connection")


def test_a_base_look_is_called_what_the_camera_calls_it(system: System) -> None:
    with connected(system, CINEMA, "remote") as api:

        def formatted() -> Any:
            return system.json("GET", f"{api}/properties/base-look-value")["data"]["formatted"]

        wait_for(lambda: formatted() == "s709")


def test_a_thumbnail_comes_in_the_mode_contents(system: System) -> None:
    with connected(system, ALPHA, "contents") as api, stream(system, f"{api}/events") as events:
        listed: list[Any] = []

        def has_files() -> bool:
            status, answer = system.request("GET", f"{api}/sd-card/slot/1/files")
            if status == 200:  # not before the body lets its contents be read
                listed[:] = json.loads(answer)["files"]
            return bool(listed)

        wait_for(has_files)
        handle = listed[0]["content_id"]
        system.json("POST", f"{api}/sd-card/slot/1/files/{handle}/0/thumbnail", expect=202)
        done = events.wait("transferProgress", ALPHA)
    assert (done["percent"], done["contentId"]) == (100, handle)
    with Image.open(Path(done["savedPath"])) as image:
        assert (image.format, image.size) == ("JPEG", (160, 120))
