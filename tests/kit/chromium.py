"""Chromium without a screen, driven by its own protocol: what a person sees, types and clicks."""

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from kit.processes import wait_for

PROGRAM: Final = "chromium"
OPTIONS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
ANSWER_S: Final = 30.0
MESSAGE_BYTES: Final = 64 * 1024 * 1024


class Page:
    """A tab. Whatever it complains about is in `complaints`."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the answer to one command."""
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._line.recv(timeout=ANSWER_S))
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                answer: dict[str, Any] = message["result"]
                return answer
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                said = details.get("exception", {}).get("description", details["text"])
                self.complaints.append(said)
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                said = " ".join(str(one.get("value", one)) for one in params["args"])
                self.complaints.append(said)
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                entry = params["entry"]
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")

    def open(self, url: str, *, width: int = 1280, height: int = 900) -> None:
        """Go to a page at a size."""
        self.resize(width, height)
        self.do("Page.navigate", url=url)

    def resize(self, width: int, height: int) -> None:
        """Show as much as such a screen."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.do("Emulation.setDeviceMetricsOverride", **size)

    def prefer(self, **features: str) -> None:
        """Have the person's wishes: `scheme="dark"`, `motion="reduce"`."""
        named = [{"name": f"prefers-{_LONG[name]}", "value": features[name]} for name in features]
        self.do("Emulation.setEmulatedMedia", features=named)

    def run(self, script: str) -> Any:
        """Return the value of an expression; of a promise what it becomes."""
        answer = self.do(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script: str, limit_s: float = 15.0) -> Any:
        """Return the value of an expression once it is true."""
        return wait_for(lambda: self.run(script), limit_s, every_s=0.1)

    def click(self, selector: str, *, across: float = 0.5, down: float = 0.5) -> None:
        """Click on an element, at a place of it."""
        place = self.wait(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            " if (!one) return null; one.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const box = one.getBoundingClientRect();"
            f" return [box.left + box.width * {across}, box.top + box.height * {down}] }})()"
        )
        at = {"x": place[0], "y": place[1], "button": "left", "clickCount": 1}
        self.do("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
        self.do("Input.dispatchMouseEvent", type="mousePressed", **at)
        self.do("Input.dispatchMouseEvent", type="mouseReleased", **at)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press one key."""
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.do("Input.dispatchKeyEvent", type="keyDown", **pressed, text=text)
        self.do("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def tab(self) -> str:
        """Go on to the next thing that can be pressed; return its words."""
        self.press("Tab", 9)
        words: str = self.run(
            "(document.activeElement.ariaLabel ?? document.activeElement.textContent).trim()"
        )
        return words

    def text(self) -> str:
        """Return what can be read on the page."""
        words: str = self.run("document.body.innerText")
        return words

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Keep what is seen; with `whole` also what is below the edge of the screen."""
        answer = self.do("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))


_LONG: Final = {"scheme": "color-scheme", "motion": "reduced-motion"}


def has_chromium() -> bool:
    """Tell whether there is one on this machine."""
    return shutil.which(PROGRAM) is not None


@contextmanager
def chromium() -> Iterator[Page]:
    """Yield an empty tab of a browser with a profile of its own."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as name:
        profile = Path(name)
        with (profile / "log").open("wb") as log:
            browser = subprocess.Popen(
                [PROGRAM, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
                env={**os.environ, "HOME": name},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            address = wait_for(_address_of(profile), limit_s=60, every_s=0.1)
            with connect(address, max_size=MESSAGE_BYTES, compression=None) as line:
                yield Page(line)
        except ConnectionClosed as error:
            raise AssertionError((profile / "log").read_text(errors="replace")[-2000:]) from error
        finally:
            # A browser is many processes; they are a session of their own.
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait(10)


def _address_of(profile: Path) -> Callable[[], str | None]:
    told = profile / "DevToolsActivePort"

    def look() -> str | None:
        if not told.exists() or not (lines := told.read_text().split()):
            return None
        with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json/list", timeout=10) as answer:
            tabs = json.load(answer)
        addresses = [tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"]
        return addresses[0] if addresses else None

    return look
