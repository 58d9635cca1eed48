"""Requests to a running system, and what its refusals mean for who asked.

Only the standard library: `lensbus` on an operator's notebook needs no more than its terminal.
"""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from lensbus_deploy.exits import Code, Failure
from lensbus_proto.runtime.passes import local_pass

# A connection to a camera may take twice `sony.connect_s`.
ANSWER_S: Final = 60.0

_CODES: Final[Mapping[int, Code]] = {
    401: Code.FORBIDDEN,
    403: Code.FORBIDDEN,
    404: Code.UNKNOWN,
    409: Code.NOT_READY,
    421: Code.FORBIDDEN,
}
_ADVICE: Final[Mapping[int, str]] = {
    401: "give one with --token or LENSBUS_TOKEN; `lensbus token create` on that machine makes one",
    403: "give a token that allows it; `lensbus token create --scope` on that machine makes one",
    421: "use its address instead of this name, or have its operator add the name",
}
_PROXY_ALONE: Final = (502, 503, 504)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request, whatever its status."""

    status: int
    mime: str
    body: bytes

    def json(self) -> Any:
        """Return the body of an answer that is JSON; None if it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class System:
    """Where a system answers, and what opens it: a token, or the key in a state folder."""

    url: str
    token: str | None = field(default=None, repr=False)
    state: Path | None = None

    def bearer(self) -> str | None:
        """Return what opens it now, None if there is nothing to show."""
        if self.token or self.state is None:
            return self.token
        return local_pass(self.state)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = ANSWER_S,
    ) -> Answer:
        """Send one request; Failure when there is no answer."""
        with self.open(method, path, body, headers=headers, timeout_s=timeout_s) as answer:
            try:
                content = answer.read()
            except TimeoutError as error:
                raise self._too_slow(timeout_s) from error
            except (OSError, http.client.HTTPException) as error:
                raise self._broken_off(error) from error
            return Answer(answer.status, answer.headers.get_content_type(), content)

    def get(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Return the JSON of an answer that must be a success; Failure tells any other."""
        answer = self.ask(method, path, body, **options)
        if not 200 <= answer.status < 300:
            raise refusal(self, answer)
        return answer.json()

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = ANSWER_S,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send one request and yield its answer with the body still to be read."""
        connection = self.dial(timeout_s)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise self._unreachable(error) from error
            data = None if body is None else json.dumps(body).encode()
            sent = dict(headers or {})
            if data is not None:
                sent["Content-Type"] = "application/json"
            if bearer := self.bearer():
                sent["Authorization"] = f"Bearer {bearer}"
            try:
                connection.request(method, urlsplit(self.url).path.rstrip("/") + path, data, sent)
                answer = connection.getresponse()
            except TimeoutError as error:
                raise self._too_slow(timeout_s) from error
            except (OSError, http.client.HTTPException) as error:
                raise self._broken_off(error) from error
            with answer:
                yield answer
        finally:
            connection.close()

    def dial(self, timeout_s: float) -> http.client.HTTPConnection:
        """Return a connection that is not open yet; Failure for an address that cannot be."""
        parts = urlsplit(self.url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in ("http", "https"):
            raise Failure(
                Code.WRONG_USE,
                f"{self.url!r} is not the address of a system; expected one like"
                " http://127.0.0.1:8080",
            )
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=timeout_s)
        context = ssl.create_default_context()  # SSL_CERT_FILE names another authority
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)

    def _unreachable(self, error: OSError) -> Failure:
        if isinstance(error, ssl.SSLCertVerificationError):
            advice = "name the file of its authority in SSL_CERT_FILE"
            reason = error.verify_message
        else:
            advice = "start one with `lensbus up`, or name another with --url or LENSBUS_URL"
            reason = error.strerror or str(error)
        sentence = f"no system answers at {self.url} ({reason}): {advice}"
        return Failure(Code.UNREACHABLE, sentence)

    def _too_slow(self, timeout_s: float) -> Failure:
        return Failure(
            Code.FAILED,
            f"{self.url} gave no answer within {timeout_s:g} s, and what was asked for may still"
            " happen: look with `lensbus status` and `lensbus logs`",
        )

    def _broken_off(self, error: Exception) -> Failure:
        return Failure(
            Code.FAILED,
            f"{self.url} broke off before its answer was complete"
            f" ({error or type(error).__name__}), and what was asked for may still happen: look"
            " with `lensbus events --after earliest`",
        )


def refusal(system: System, answer: Answer) -> Failure:
    """Return what a refusal means."""
    body = answer.json()
    if answer.status in _PROXY_ALONE and not isinstance(body, dict):
        return Failure(
            Code.UNREACHABLE,
            f"a proxy answers at {system.url}, but no system behind it ({answer.status}): start it"
            " there with `lensbus up`",
        )
    if answer.status == 401 and system.bearer() is None:
        return Failure(Code.FORBIDDEN, f"{system.url} wants a token: {_ADVICE[401]}")
    said = explain(body) or f"the answer was {answer.status}"
    advice = _ADVICE.get(answer.status)
    return Failure(_CODES.get(answer.status, Code.FAILED), f"{said}: {advice}" if advice else said)


def explain(body: Any) -> str:
    """Return what a refusal of either surface says, as one line."""
    if not isinstance(body, dict):
        return ""
    said = body.get("message") or body.get("detail") or ""
    if isinstance(said, list):  # of faults, each with the place of a field
        said = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in said)
    return " ".join(str(said).split())
