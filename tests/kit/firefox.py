"""Firefox, driven by WebDriver BiDi."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from websockets.sync.client import ClientConnection

from kit.browser import WIDE, Tab, browser, profile_folder

PROGRAM: Final = "firefox-esr"

# What it does on its own is none of a test's business: it asks nobody for anything.
SETTINGS: Final[Mapping[str, Any]] = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.active-protocols": 1,
    "services.settings.server": "data:,nothing",
    "toolkit.telemetry.server": "data:,nothing",
    # Everything on the page is reached with Tab, as Chromium does it.
    "accessibility.tabfocus": 7,
}

_KEYS: Final[Mapping[str, str]] = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}


class FirefoxTab(Tab):
    """A tab of Firefox."""

    def __init__(self, line: ClientConnection) -> None:
        super().__init__(line)
        self.do("session.new", capabilities={})
        self.do("session.subscribe", events=["log.entryAdded", "network.responseCompleted"])
        # In the tab that was there at the beginning the address bar keeps the focus from the page.
        before = self.do("browsingContext.getTree")["contexts"][0]["context"]
        self._context: str = self.do("browsingContext.create", type="tab")["context"]
        self.do("browsingContext.close", context=before)
        self.resize(*WIDE)

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "log.entryAdded" if params["level"] in ("error", "warn"):
                self.complaints.append(str(params.get("text")))
            case "network.responseCompleted" if params["response"]["status"] >= 400:
                response = params["response"]
                self.complaints.append(f"status {response['status']} {response['url']}")

    def open(self, url: str) -> None:
        self.do("browsingContext.navigate", context=self._context, url=url, wait="interactive")

    def resize(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        self.do("browsingContext.setViewport", context=self._context, viewport=viewport)

    def run(self, script: str) -> Any:
        answer = self.do(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({script})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", (script, answer)
        return json.loads(answer["result"]["value"])

    def point(self, across: float, down: float, *, press: bool) -> None:
        moves: list[dict[str, Any]] = [
            {"type": "pointerMove", "x": round(across), "y": round(down), "origin": "viewport"}
        ]
        if press:
            moves += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._act({"type": "pointer", "id": "mouse", "actions": moves})

    def press(self, key: str) -> None:
        value = _KEYS.get(key, key)
        downs = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._act({"type": "key", "id": "keys", "actions": downs})

    def _act(self, source: dict[str, Any]) -> None:
        self.do("input.performActions", context=self._context, actions=[source])

    def picture(self, *, whole: bool) -> str:
        origin = "document" if whole else "viewport"
        answer = self.do("browsingContext.captureScreenshot", context=self._context, origin=origin)
        data: str = answer["data"]
        return data


@contextmanager
def firefox() -> Iterator[FirefoxTab]:
    """Yield an empty tab of a browser with a profile of its own."""
    settings = "".join(
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in SETTINGS.items()
    )
    with profile_folder({"user.js": settings}) as profile:
        command = [PROGRAM, "--headless", "--no-remote", "--profile", str(profile)]
        command += ["--remote-debugging-port=0", "about:blank"]
        with browser(command, profile, _address_of(profile)) as line:
            yield FirefoxTab(line)


def _address_of(profile: Path) -> Callable[[], str | None]:
    told = profile / "WebDriverBiDiServer.json"

    def look() -> str | None:
        try:
            found = json.loads(told.read_text())
        except (OSError, ValueError):  # not written, or not to its end
            return None
        return f"ws://{found['ws_host']}:{found['ws_port']}/session"

    return look
