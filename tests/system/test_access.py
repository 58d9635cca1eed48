"""A system that demands tokens, as its operator and its users meet it: command line and console."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kit.chromium import PROGRAM, chromium
from kit.cli import lensbus
from kit.processes import ROOT, wait_for
from kit.system import ALPHA, CINEMA, System, running_system, wait_for_cameras
from lensbus_proto.runtime.tokens import Scope, token_file


@pytest.fixture(scope="module")
def guarded() -> Iterator[System]:
    """A system that demands tokens; its own token is for viewing."""
    made: list[str] = []

    def prepare(state: Path) -> None:
        made.append(token_file(state).create("wall", Scope.VIEW)[1])

    with running_system(
        prepare=prepare,
        access_demand="always",
        oak_enabled="false",
        sony_simulator_time_scale="0.1",
    ) as system:
        system.token = made[0]
        wait_for_cameras(system, {ALPHA, CINEMA})
        yield system


def test_a_system_that_others_can_reach_does_not_start_without_a_token(tmp_path: Path) -> None:
    done = lensbus(None, "up", "--host", "0.0.0.0", "--state", str(tmp_path), expect=2)
    assert "others can reach 0.0.0.0, and there is no token that lets them in" in done.err
    assert "lensbus token create" in done.err
    assert "lensbus up --insecure" in done.err


def test_tokens_that_have_expired_let_nobody_in(tmp_path: Path) -> None:
    token_file(tmp_path).create("old", Scope.ADMIN, days=1e-9)
    variables = {"LENSBUS_ACCESS_DEMAND": "always"}
    done = lensbus(None, "up", "--state", str(tmp_path), expect=2, **variables)
    assert "access.demand asks for tokens, and there is none" in done.err


def test_the_old_name_of_the_origins_is_told_the_new_one() -> None:
    done = lensbus(None, "status", expect=2, LENSBUS_GATEWAY_CORS_ORIGIN="*")
    assert "gateway.cors_origin is access.origins now" in done.err


def test_a_new_token_is_good_at_once(guarded: System) -> None:
    for _ in range(3):
        guarded.json("GET", "/api/cameras")  # from now on they know the tokens that there are
        text = token_file(guarded.state).create("script", Scope.VIEW)[1]
        replace(guarded, token=text).json("GET", "/api/cameras")


def test_without_a_token_the_command_line_says_where_to_get_one(guarded: System) -> None:
    for command in (("cameras",), ("status",), ("events",), ("get", ALPHA), ("logs",)):
        done = lensbus(guarded, *command, expect=6)
        assert f"{guarded.url} wants a token: give one with --token or LENSBUS_TOKEN" in done.err


def test_a_token_opens_what_its_scope_allows(guarded: System) -> None:
    given = {"LENSBUS_TOKEN": guarded.token or ""}
    listed = lensbus(guarded, "cameras", "--json", expect=0, **given).json
    assert {camera["id"] for camera in listed} == {ALPHA, CINEMA}
    refused = lensbus(guarded, "connect", ALPHA, expect=6, **given).err
    assert "This needs the scope control; the token has view" in refused
    assert "give a token that allows it" in refused
    wrong = lensbus(guarded, "cameras", "--token", "lensbus_wrong", expect=6).err
    assert "the token is not valid, or was revoked" in wrong


def test_on_its_own_machine_the_owner_needs_none(guarded: System) -> None:
    here = {
        "LENSBUS_SYSTEM_STATE": str(guarded.state),
        "LENSBUS_GATEWAY_PORT": str(guarded.port),
    }
    assert len(lensbus(None, "cameras", "--json", expect=0, **here).json) == 2
    lensbus(None, "logs", "--json", expect=0, **here)
    elsewhere = {**here, "LENSBUS_SYSTEM_STATE": str(guarded.state / "elsewhere")}
    assert "wants a token" in lensbus(None, "cameras", expect=6, **elsewhere).err


def test_a_token_for_one_camera_shows_one(guarded: System) -> None:
    state = ("--state", str(guarded.state))
    made = lensbus(
        None, "token", "create", "--name", "booth", "--camera", CINEMA, "--json", *state
    ).json
    assert (made["scope"], made["cameras"], made["expires"]) == ("view", [CINEMA], None)

    def seen() -> list[str]:
        done = lensbus(guarded, "cameras", "--json", LENSBUS_TOKEN=made["token"])
        return [camera["id"] for camera in done.json]

    def is_known() -> bool:
        status, _ = System(guarded.port, guarded.state, 0, made["token"]).request("GET", "/api/x")
        return status == 404

    wait_for(lambda: all(is_known() for _ in range(8)), limit_s=60)
    assert seen() == [CINEMA]
    other = lensbus(guarded, "get", ALPHA, expect=4, LENSBUS_TOKEN=made["token"]).err
    assert ALPHA in other
    listed = lensbus(None, "token", "list", "--json", *state).json
    assert made["token"] not in str(listed)
    assert {"wall", "booth"} <= {one["name"] for one in listed}
    lensbus(None, "token", "revoke", made["id"], *state)
    assert lensbus(None, "token", "revoke", made["id"], *state, expect=4).err


def test_the_commands_of_the_page_work(tmp_path: Path) -> None:
    pages = (ROOT / "docs" / "access.md", ROOT / "README.md")
    text = "\n".join(page.read_text() for page in pages)
    commands = re.findall(r"^lensbus (token .*)$", text, re.MULTILINE)
    assert len(commands) == 5
    ids: list[str] = []
    for command in commands:
        words = command.replace("0123456789", ids[0] if ids else "").split()
        lensbus(None, *words, LENSBUS_SYSTEM_STATE=str(tmp_path))
        ids += [id_ for id_ in token_file(tmp_path).read() if id_ not in ids]
    assert len(ids) == 3
    assert list(token_file(tmp_path).read()) == ids[1:]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--name", "x", "--scope", "root"), 2, "'root' is no scope"),
        (("--name", "x", "--camera", "a/b"), 2, "cannot be the id of a camera"),
        (("--name", "x", "--days", "-1"), 2, "-1 days is no time for a token"),
    ],
)
def test_nonsense_makes_no_token(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = lensbus(None, "token", "create", *words, "--state", str(tmp_path), expect=code)
    assert said in done.err


SIGN_IN = """
(() => {
  document.getElementById("token").value = %r;
  document.querySelector(".signin form").requestSubmit();
})()
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_console_asks_for_a_token_once_and_tells_when_it_is_over(guarded: System) -> None:
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"{PROGRAM} is not installed")
    made, text = token_file(guarded.state).create("visitor", Scope.VIEW)
    standing = "document.querySelector('header .standing')?.innerText.includes('Live')"
    shown = "document.querySelector('.signin')?.innerText ?? ''"
    with chromium() as tab:
        tab.open(guarded.url + "/")
        tab.wait(f"({shown}).includes('You are signed out')")
        tab.run(SIGN_IN % "lensbus_wrong")
        tab.wait("document.querySelector('#wrong').innerText.includes('not valid')")
        tab.run(SIGN_IN % text)
        tab.wait(standing)
        tab.wait("document.querySelector('header .visitor').innerText.includes('visitor, view')")
        assert "lensbus" not in tab.run("document.cookie")
        tab.open(guarded.url + "/")  # asked for once
        tab.wait(standing)
        token_file(guarded.state).revoke(made.id)
        tab.wait(f"({shown}).includes('You are signed out')")
