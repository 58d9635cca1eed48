"""Log records in both formats: ids, fields, secrets, and lines that stay lines."""

import io
import json
import logging
import re
import subprocess
import sys
import threading
from typing import Any

import pytest

from kit.processes import environ
from lensbus_gateway.alpha.logs import parse
from lensbus_proto.runtime.logs import FieldFormatter, shown
from lensbus_proto.runtime.records import JsonFormatter, bound, known

TEXT = FieldFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")


class Log:
    """One logger and what it has written, in one format."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self._written = io.StringIO()
        handler = logging.StreamHandler(self._written)
        handler.setFormatter(formatter)
        self.logger = logging.Logger("lensbus_test")
        self.logger.addHandler(handler)

    def lines(self) -> list[str]:
        return self._written.getvalue().split("\n")[:-1]

    def told(self) -> dict[str, Any]:
        (line,) = self.lines()
        loaded: dict[str, Any] = json.loads(line)
        return loaded


@pytest.fixture
def log() -> Log:
    return Log(JsonFormatter("lensbus_test"))


def test_a_record_is_one_line_of_json_with_its_fields(log: Log) -> None:
    log.logger.warning("events lost", extra={"camera": "CAM1", "lost": 3})
    told = log.told()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", told.pop("time"))
    assert isinstance(told.pop("pid"), int)
    assert told == {
        "level": "warning",
        "logger": "lensbus_test",
        "process": "lensbus_test",
        "message": "events lost",
        "camera": "CAM1",
        "fields": {"lost": 3},
    }


def test_a_traceback_stays_in_its_line(log: Log) -> None:
    try:
        raise ZeroDivisionError("7 / 0")
    except ZeroDivisionError:
        log.logger.exception("handler failed")
    assert log.told()["exception"].endswith("ZeroDivisionError: 7 / 0")


@pytest.mark.parametrize("value", ["a\nb", "\u2028", object(), float("nan"), b"\xff", {1: 2}])
def test_any_field_makes_one_line_that_is_json(log: Log, value: object) -> None:
    log.logger.info("a\nb %s", value, extra={"odd": value})
    assert log.told()["message"].startswith("a\nb")


def test_ids_stand_where_they_are_bound_and_nowhere_else(log: Log) -> None:
    with bound(command_id="7-1"):
        with bound(capture=17):
            log.logger.info("inner")
        log.logger.info("outer", extra={"command_id": "own"})
    log.logger.info("outside")
    inner, outer, outside = (json.loads(line) for line in log.lines())
    assert (inner["command_id"], inner["capture"]) == ("7-1", 17)
    assert (outer["command_id"], "capture" in outer) == ("own", False)
    assert "command_id" not in outside


def test_what_one_thread_knows_the_others_do_not(log: Log) -> None:
    def work() -> None:
        known(command_id="7-2")
        log.logger.info("there")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    log.logger.info("here")
    there, here = (json.loads(line) for line in log.lines())
    assert there["command_id"] == "7-2"
    assert "command_id" not in here


def test_ids_are_in_lines_of_text_too() -> None:
    log = Log(TEXT)
    with bound(command_id="7-1"):
        log.logger.info("fact", extra={"count": 3})
    (line,) = log.lines()
    assert line.endswith(" info lensbus_test: fact count=3 command_id=7-1")


def test_secrets_are_masked_and_the_line_is_still_json(log: Log) -> None:
    secret = 'hun"ter2'
    fields = {"password": secret, "arguments": {"password": secret, "mode": "remote"}}
    log.logger.info("connect password=%s", "hunter2", extra=fields)
    told = log.told()
    assert "ter2" not in json.dumps(told)
    assert told["fields"]["arguments"]["mode"] == "remote"


def test_the_log_endpoint_reads_both_formats_in_one_file(log: Log) -> None:
    text = Log(TEXT)
    for one in (text, log):
        with bound(command_id="7-1"):
            try:
                raise ZeroDivisionError
            except ZeroDivisionError:
                one.logger.exception("it failed", extra={"camera": "CAM1", "path": "a b"})
    of_text, of_json = parse([*text.lines(), *log.lines(), '{"time":"cut'])
    assert of_json.level == of_text.level == "error"
    assert of_json.camera == of_text.camera == "CAM1"
    first = of_json.message.split("\n")[0]
    assert set(first.split()) == set(of_text.message.split("\n")[0].split())
    assert of_json.message.startswith("lensbus_test: it failed ")
    assert f"path={shown('a b')}" in first
    assert of_json.message.split("\n")[1:3] == of_text.message.split("\n")[1:3]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", of_json.timestamp)


@pytest.mark.parametrize(
    "line",
    ['{"time":"x"}', '{"time":"x","level":"loud","logger":"a","message":"b"}', '{"time":"', "[]"],
)
def test_what_only_looks_like_a_record_is_none(line: str) -> None:
    assert list(parse([line])) == []


def test_a_process_names_itself() -> None:
    code = (
        "import runpy, sys; sys.argv[0] = 'x.py';"
        "from lensbus_proto.runtime import logs; logs.configure('info', 'json');"
        "import logging; logging.getLogger('a').info('b')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ(), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stderr)["process"] == "x"
