"""Abuse rows A13, A14, A17 and A18: who gets in, and what is there to be found."""

import http.client
import json
import os
import re
import shutil
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from kit.access import OTHER, VISITORS, WEBSOCKET, filled, rows
from kit.chromium import PROGRAM, chromium
from kit.processes import wait_for
from kit.system import ALPHA, CINEMA, System, running_system, stream, wait_for_cameras
from lensbus_proto.runtime.tokens import Scope, token_file

PASSWORD: Final = "hunter2-of-the-studio"


@pytest.fixture(scope="module")
def guarded() -> Iterator[System]:
    """A system that demands tokens; its own token is for control."""
    made: list[str] = []

    def prepare(state: Path) -> None:
        made.append(token_file(state).create("rack", Scope.CONTROL)[1])

    with running_system(
        prepare=prepare, access_demand="always", sony_simulator_time_scale="0.1"
    ) as system:
        system.token = made[0]
        wait_for_cameras(system)
        yield system


def status(
    system: System,
    method: str,
    path: str,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
) -> int:
    """Return the status of one request, a stream's too; of a WebSocket that of its handshake."""
    connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=60)
    try:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if method == WEBSOCKET:
            method = "GET"
            sent |= {"Connection": "Upgrade", "Upgrade": "websocket"}
            sent |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        return connection.getresponse().status
    finally:
        connection.close()


def make(system: System, scope: Scope, *cameras: str, days: float | None = None) -> str:
    """Return a new token; no gateway has looked for it yet."""
    return token_file(system.state).create("test", scope, cameras=cameras, days=days)[1]


def until_known(system: System, *tokens: str) -> None:
    """Wait until every gateway knows these tokens: any of them answers."""
    for token in tokens:
        known = 0
        while known < 12:
            known = known + 1 if status(system, "GET", "/api/nothing", token) == 404 else 0


# A13


class Page:
    """The server of a stranger's page."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html><title>harmless</title><body></body>")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(30)
        self._server.server_close()


@contextmanager
def strangers_page() -> Iterator[Page]:
    page = Page()
    try:
        yield page
    finally:
        page.close()


# Each way in which a page can ask. What it can read is given back, or "" when it can read nothing.
ATTEMPTS: Final = """
(async (base, camera) => {
  const read = [];
  const shutter = `${base}/api/cameras/${camera}/actions/shutter`;
  const settle = (promise) => Promise.race([promise, new Promise((end) => setTimeout(end, 5000))]);
  const ask = async (path, options) => {
    try {
      const answer = await fetch(base + path, options);
      if (answer.type !== "opaque" && answer.ok) read.push([path, await answer.text()]);
    } catch {}
  };
  await ask("/api/cameras", {});
  await ask("/api/cameras", {credentials: "include"});
  await ask("/api/cameras", {mode: "no-cors"});
  await ask("/cameras", {});
  await ask("/metrics", {});
  const json = {"Content-Type": "application/json"};
  const path = shutter.slice(base.length);
  await ask(path, {method: "POST", headers: json, body: "{}"});
  await ask(path, {method: "POST", mode: "no-cors", body: "{}"});
  await ask(path, {method: "POST", mode: "no-cors", credentials: "include"});
  await ask("/api/server/shutdown", {method: "POST", mode: "no-cors"});
  const iso = {method: "PUT", headers: json, body: '{"value":"100"}'};
  await ask(`/api/cameras/${camera}/properties/iso`, iso);
  navigator.sendBeacon(shutter, "{}");
  const frame = Object.assign(document.createElement("iframe"), {name: "into"});
  const form = Object.assign(document.createElement("form"), {action: shutter, method: "post"});
  form.target = "into";
  document.body.append(frame, form);
  const framed = new Promise((end) => { frame.onload = end; });
  form.submit();
  await settle(framed);
  const sources = {img: `/api/cameras/${camera}/live-view/frame`, script: "/api/cameras"};
  for (const [tag, source] of Object.entries(sources)) {
    const element = Object.assign(document.createElement(tag), {src: base + source});
    await settle(new Promise((end) => {
      element.onload = () => { read.push([source, tag]); end(); };
      element.onerror = end;
      document.body.append(element);
    }));
  }
  const events = new EventSource(base + "/api/events");
  await settle(new Promise((end) => {
    events.onopen = () => { read.push(["/api/events", "open"]); end(); };
    events.onerror = end;
  }));
  events.close();
  const socket = new WebSocket(base.replace("http", "ws") + "/console/pictures");
  await settle(new Promise((end) => {
    socket.onopen = () => { read.push(["/console/pictures", "open"]); end(); };
    socket.onerror = end;
  }));
  socket.close();
  return JSON.stringify(read);
})
"""


def audited(system: System) -> list[dict[str, Any]]:
    path = system.state / "logs" / "audit.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a13_pages_of_strangers_neither_act_nor_read() -> None:
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"{PROGRAM} is not installed")
    names = "--host-resolver-rules=MAP *.example 127.0.0.1"
    with (
        running_system(oak_enabled="false", sony_simulator_time_scale="0.1") as system,
        strangers_page() as page,
        chromium(names) as tab,
    ):
        wait_for_cameras(system, {ALPHA, CINEMA})
        system.json("POST", f"/api/cameras/{ALPHA}/connection", {"mode": "remote"})
        system.json("POST", f"/api/cameras/{ALPHA}/live-view/start")
        wait_for(lambda: len(audited(system)) == 2, limit_s=60)
        read: list[Any] = []
        with stream(system, f"/api/cameras/{ALPHA}/events") as seen:
            for origin, base in (
                (f"http://evil.example:{page.port}", f"http://127.0.0.1:{system.port}"),
                (f"http://evil.example:{page.port}", f"http://localhost:{system.port}"),
                (f"http://127.0.0.1:{page.port}", f"http://127.0.0.1:{system.port}"),  # same site
                # Rebound: by now the page's own name leads here.
                (f"http://evil.example:{system.port}", f"http://evil.example:{system.port}"),
            ):
                tab.open(origin)
                assert tab.run("location.origin") == origin
                read += json.loads(tab.run(f"{ATTEMPTS}({json.dumps(base)}, {json.dumps(ALPHA)})"))
            # The same from a page of our own: all of it would have worked.
            own = f"http://127.0.0.1:{system.port}"
            tab.open(f"{own}/docs")
            script = f"fetch('/api/cameras/{ALPHA}/actions/shutter', {{method: 'POST'}})"
            assert tab.run(f"{script}.then(answer => answer.status)") == 200
            seen.wait("downloadComplete", ALPHA, limit_s=60)
            wait_for(lambda: len(audited(system)) >= 3, limit_s=60)
            exposures = seen.kinds(ALPHA).count("downloadComplete")
        acted = audited(system)[2:]
        print(f"row=A13 actions={len(acted) - 1} readable={len(read)} exposures={exposures}")
        assert read == []
        assert [line["route"] for line in acted] == ["/api/cameras/{camera}/actions/shutter"]
        assert exposures == 1


# A14


def found_in(folder: Path, secrets: list[str]) -> list[str]:
    """Return the files that hold one of these; what only its owner may read is left out."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != "access":
            content = path.read_bytes()
            found += [path.name for secret in secrets if secret.encode() in content]
    return found


def test_a14_only_the_right_token_opens_and_none_is_written_down(guarded: System) -> None:
    view, of_one = make(guarded, Scope.VIEW), make(guarded, Scope.CONTROL, CINEMA)
    revoked, expired = make(guarded, Scope.ADMIN), make(guarded, Scope.ADMIN, days=1e-9)
    until_known(guarded, view, of_one, revoked)
    token_file(guarded.state).revoke(revoked.split("_")[1])
    cameras, path = "/api/cameras", f"/api/cameras/{ALPHA}/connection"
    wrong = view[:-4] + "AAAA"
    wait_for(lambda: status(guarded, "GET", cameras, revoked) == 401, limit_s=60)
    answers = {
        "none": status(guarded, "GET", cameras),
        "wrong": status(guarded, "GET", cameras, wrong),
        "expired": status(guarded, "GET", cameras, expired),
        "view": status(guarded, "GET", cameras, view),
        "view acts": status(guarded, "POST", path, view),
        "other camera": status(guarded, "GET", path, of_one),
        "own camera": status(guarded, "GET", f"/api/cameras/{CINEMA}/connection", of_one),
        "in the URL": status(guarded, "GET", f"{cameras}?token={view}&access_token={view}"),
        "as a ticket": status(guarded, "GET", f"/api/events?ticket={view}"),
        "as a password": status(
            guarded, "GET", cameras, headers={"Authorization": f"Basic {view}"}
        ),
        "as a cookie": status(guarded, "GET", cameras, headers={"Cookie": f"lensbus={view}"}),
    }
    code, body = guarded.request("POST", "/access/tickets")
    ticket = json.loads(body)["ticket"]
    assert code == 201
    answers["ticket"] = status(guarded, "GET", f"/api/events?ticket={ticket}")
    reused = [status(guarded, "GET", f"/api/events?ticket={ticket}") for _ in range(12)]
    answers["ticket again"] = max(reused)
    connect = {"mode": "remote", "auth": {"username": "me", "password": PASSWORD}}
    guarded.json("POST", path, connect)
    assert answers == {
        **dict.fromkeys(("none", "wrong", "expired", "in the URL", "as a ticket"), 401),
        **dict.fromkeys(("as a password", "as a cookie", "ticket again"), 401),
        **{"view": 200, "own camera": 200, "ticket": 200},
        **{"view acts": 403, "other camera": 404},
    }
    assert min(reused) == 401
    wait_for(lambda: any(line.get("camera") == ALPHA for line in audited(guarded)), limit_s=60)
    texts = (view, of_one, revoked, expired, wrong, guarded.token or "")
    secrets = [text.split("_", 2)[2] for text in texts] + [ticket, PASSWORD]
    leaks = found_in(guarded.state, secrets)
    print(f"row=A14 cases={len(answers)} secrets={len(secrets)} leaks={len(leaks)}")
    assert leaks == []


def test_a14_a_replay_obeys_the_cameras_of_the_token(guarded: System) -> None:
    own, every = make(guarded, Scope.VIEW, CINEMA), make(guarded, Scope.VIEW)
    until_known(guarded, own, every)
    for camera in (ALPHA, CINEMA):
        guarded.request("POST", f"/api/cameras/{camera}/connection", {"mode": "remote"})
        guarded.request("DELETE", f"/api/cameras/{camera}/connection")

    def cameras(token: str) -> set[str]:
        path = "/api/events?last_event_id=earliest&heartbeat=1"
        connection = http.client.HTTPConnection("127.0.0.1", guarded.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            assert answer.status == 200
            seen = b""
            while b"event: heartbeat" not in seen:  # all of the past has been told by then
                seen += answer.readline()
        finally:
            connection.close()
        return set(re.findall(r'"cameraId":"([^"*]+)"', seen.decode()))

    assert {ALPHA, CINEMA} <= cameras(every)
    assert cameras(own) == {CINEMA}


# A17


def listening(pids: list[int]) -> set[tuple[str, str]]:
    """Return what other machines or users could connect to: protocol and address of each socket."""
    sockets = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry))
            except OSError:
                continue
            if found:
                sockets.add(found[1])
    open_ = set()
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]:
            fields = line.split()
            is_open = (
                fields[3] == "0A" if protocol.startswith("tcp") else fields[2].endswith(":0000")
            )
            if fields[9] in sockets and is_open:
                open_.add((protocol, fields[1]))
    return open_


def test_a17_nothing_is_open_but_the_one_documented_port(guarded: System) -> None:
    pids = guarded.pids()
    assert len(pids) > 4
    expected = {("tcp", f"0100007F:{guarded.port:04X}")}
    open_ = listening([*pids, guarded.pid])
    print(f"row=A17 processes={len(pids)} open={len(open_)}")
    assert open_ == expected


def test_a17_the_process_manager_is_reached_by_its_owner_alone(guarded: System) -> None:
    run = guarded.state / "run"
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    manager = (run / "supervisor.sock").stat()
    assert stat.S_ISSOCK(manager.st_mode)
    assert stat.S_IMODE(manager.st_mode) == 0o700
    sockets = [path for path in guarded.state.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)]
    assert len(sockets) > 5
    assert stat.S_IMODE(guarded.state.stat().st_mode) == 0o700, "they lie behind this"


# A18


def test_a18_no_route_is_open_that_the_table_does_not_name(guarded: System) -> None:
    """Every refusal of the table, asked of the real system; what is allowed is not asked for."""
    tokens: dict[str, str | None] = {
        "no token": None,
        "view": make(guarded, Scope.VIEW),
        "control": guarded.token,
        VISITORS[-1]: make(guarded, Scope.ADMIN, OTHER),
    }
    until_known(guarded, *(token for token in tokens.values() if token))
    asked, wrong = 0, []
    for row in rows():
        for visitor, token in tokens.items():
            expected = row.answers[VISITORS.index(visitor)]
            if expected != "yes":
                asked += 1
                got = status(guarded, row.method, filled(row.path), token)
                wrong += [(row.method, row.path, visitor, got)] * (str(got) != expected)
    print(f"row=A18 refusals={asked} wrong={len(wrong)}")
    assert wrong == []
    assert asked > 150
    assert guarded.request("GET", "/api/server/status")[0] == 200, "nobody has stopped it"


def test_a18_what_an_administrator_reads_has_no_secrets(guarded: System) -> None:
    admin = make(guarded, Scope.ADMIN)
    until_known(guarded, admin)
    body = {"mode": "remote", "auth": {"username": "me", "password": PASSWORD}}
    for camera in (ALPHA, "NOBODY"):
        status(guarded, "POST", f"/api/cameras/{camera}/connection", admin, body=body)
    status(guarded, "GET", f"/api/nothing?ticket=ticket_{'a' * 43}&password={PASSWORD}", admin)
    connection = http.client.HTTPConnection("127.0.0.1", guarded.port, timeout=60)
    try:
        for path in ("/api/server/logs?level=debug&lines=1000", "/metrics", "/openapi.json"):
            connection.request("GET", path, headers={"Authorization": f"Bearer {admin}"})
            answer = connection.getresponse()
            told = answer.read().decode()
            assert answer.status == 200
            assert PASSWORD not in told
            assert admin.split("_", 2)[2] not in told
    finally:
        connection.close()
