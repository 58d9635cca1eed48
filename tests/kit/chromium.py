"""Chromium, driven by its DevTools protocol."""

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from websockets.sync.client import ClientConnection

from kit.browser import WIDE, Tab, browser, profile_folder

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

# What a key is called, and what it types.
_KEYS: Final[Mapping[str, tuple[int, str]]] = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    " ": (32, " "),
    "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
}
_FEATURES: Final = {"scheme": "color-scheme", "motion": "reduced-motion"}


class ChromiumTab(Tab):
    """A tab of Chromium."""

    def __init__(self, line: ClientConnection) -> None:
        super().__init__(line)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")
        self.resize(*WIDE)

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

    def open(self, url: str) -> None:
        self.do("Page.navigate", url=url)
        self.wait("document.readyState !== 'loading'")

    def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.do("Emulation.setDeviceMetricsOverride", **size)

    def prefer(self, **features: str) -> None:
        """Have the person's wishes: `scheme="dark"`, `motion="reduce"`."""
        named = [
            {"name": f"prefers-{_FEATURES[name]}", "value": features[name]} for name in features
        ]
        self.do("Emulation.setEmulatedMedia", features=named)

    def run(self, script: str) -> Any:
        answer = self.do(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            # Without it Chromium takes what a script sends for what no person wanted.
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, (script, answer["exceptionDetails"])
        return answer["result"].get("value")

    def point(self, across: float, down: float, *, press: bool) -> None:
        self.do("Input.dispatchMouseEvent", type="mouseMoved", x=across, y=down)
        if press:
            at = {"x": across, "y": down, "button": "left", "clickCount": 1}
            self.do("Input.dispatchMouseEvent", type="mousePressed", **at)
            self.do("Input.dispatchMouseEvent", type="mouseReleased", **at)

    def press(self, key: str) -> None:
        code, text = _KEYS.get(key, (ord(key[0].upper()), key))
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.do("Input.dispatchKeyEvent", type="keyDown", **pressed, text=text)
        self.do("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def picture(self, *, whole: bool) -> str:
        data: str = self.do("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        return data


@contextmanager
def chromium(*options: str) -> Iterator[ChromiumTab]:
    """Yield an empty tab of a browser with a profile of its own; with further options."""
    with profile_folder() as profile:
        command = [PROGRAM, *OPTIONS, *options, f"--user-data-dir={profile}", "about:blank"]
        with browser(command, profile, _address_of(profile)) as line:
            yield ChromiumTab(line)


def _address_of(profile: Path) -> Callable[[], str | None]:
    told = profile / "DevToolsActivePort"

    def look() -> str | None:
        if not told.exists() or not (lines := told.read_text().split()):
            return None
        with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json/list", timeout=30) as answer:
            tabs = json.load(answer)
        addresses = [tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"]
        return addresses[0] if addresses else None

    return look
