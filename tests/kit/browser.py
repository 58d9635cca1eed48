"""A browser without a screen, driven by its own protocol: what a person sees, types and clicks."""

import base64
import itertools
import json
import os
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from kit.processes import wait_for

ANSWER_S: Final = 120.0  # a machine that does much else takes its time
START_S: Final = 120.0
MESSAGE_BYTES: Final = 64 * 1024 * 1024
WIDE: Final = (1440, 900)
PHONE: Final = (390, 844)


class Tab(ABC):
    """A page that is open. What it complains about in its console is in `complaints`."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the answer to one command of the browser's protocol."""
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._line.recv(timeout=ANSWER_S))
            if message.get("id") == number:
                assert "error" not in message, (method, message)
                answer: dict[str, Any] = message["result"]
                return answer
            self._note(message)

    @abstractmethod
    def _note(self, message: dict[str, Any]) -> None:
        """Take what the browser tells unasked."""

    @abstractmethod
    def open(self, url: str) -> None:
        """Go to a page."""

    @abstractmethod
    def resize(self, width: int, height: int) -> None:
        """Show as much as such a screen."""

    @abstractmethod
    def run(self, script: str) -> Any:
        """Return the value of an expression; of a promise what it becomes."""

    @abstractmethod
    def point(self, across: float, down: float, *, press: bool) -> None:
        """Go to a place of the window with the pointer; press there."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press one key, by the name that programs are told: `Tab`, `ArrowLeft`, `a`."""

    @abstractmethod
    def picture(self, *, whole: bool) -> str:
        """Return what is seen as a PNG in base64, with `whole` what is below the edge too."""

    def wait(self, script: str, limit_s: float = 60.0) -> Any:
        """Return the value of an expression once it is true."""
        try:
            return wait_for(lambda: self.run(script), limit_s, every_s=0.1)
        except AssertionError as error:
            raise AssertionError(f"{script}\nnever came true on\n{self.text()}") from error

    def reads(self, *words: str, limit_s: float = 60.0) -> None:
        """Wait until these words are on the page."""
        for each in words:
            self.wait(f"document.body.innerText.includes({json.dumps(each)})", limit_s)

    def click(self, selector: str, *, across: float = 0.5, down: float = 0.5) -> None:
        """Click on an element, at a place of it."""
        self.point(*self._place(selector, across, down), press=True)

    def hover(self, selector: str, *, across: float = 0.5, down: float = 0.5) -> None:
        """Go to an element with the pointer, to a place of it."""
        self.point(*self._place(selector, across, down), press=False)

    def _place(self, selector: str, across: float, down: float) -> tuple[float, float]:
        """Return where in the window it is, once it stands still there."""
        found = (
            f"(async () => {{ const one = document.querySelector({json.dumps(selector)});"
            " if (!one) return null; one.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const before = one.getBoundingClientRect();"
            " await new Promise((done) => setTimeout(done, 60));"
            " const box = one.getBoundingClientRect();"
            " if (!box.width || ['x', 'y', 'width', 'height'].some(k => box[k] !== before[k]))"
            f" return null; return [box.left + box.width * {across}, box.top + box.height * {down}]"
            " })()"
        )
        left, top = self.wait(found)
        return left, top

    def push(self, words: str) -> None:
        """Click the button with these words, once it can be clicked."""
        found = (
            "[...document.querySelectorAll('button')]"
            f".find(one => one.innerText.trim() === {json.dumps(words)} && !one.disabled)"
        )
        self.wait(f"{found} !== undefined")
        self.run(f"{found}.click()")

    def choose(self, selector: str, value: str) -> None:
        """Set a field to a value, as a person does who leaves it then."""
        one = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{one} !== null && !{one}.disabled")
        self.run(
            f"(() => {{ const one = {one}; one.value = {json.dumps(value)};"
            " one.dispatchEvent(new Event('input', {bubbles: true}));"
            " one.dispatchEvent(new Event('change', {bubbles: true})) })()"
        )

    def tab(self) -> str:
        """Go on to the next thing that can be pressed; return its words."""
        self.press("Tab")
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
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.picture(whole=whole)))


@contextmanager
def browser(
    command: Sequence[str], profile: Path, address: Callable[[], str | None]
) -> Iterator[ClientConnection]:
    """Yield the line to a browser, which ends with the block."""
    with (profile / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "HOME": str(profile)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        found = wait_for(address, limit_s=START_S, every_s=0.1)
        with connect(
            found,
            max_size=MESSAGE_BYTES,
            compression=None,
            open_timeout=START_S,
            ping_interval=None,
        ) as line:
            yield line
    except ConnectionClosed as error:
        raise AssertionError((profile / "log").read_text(errors="replace")[-2000:]) from error
    finally:
        # A browser is many processes; they are a session of their own.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@contextmanager
def profile_folder(files: Mapping[str, str] = {}) -> Iterator[Path]:
    """Yield the folder of a person who has never used the browser."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as name:
        for file, content in files.items():
            (Path(name) / file).write_text(content)
        yield Path(name)
