"""What gets into a log, and what never does."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from oracle.core.errors import EndpointError, Reason
from oracle.telemetry.logs import configure
from oracle.telemetry.redaction import WITHHELD, without_secrets

MARK = "marked-7719"
KEY = "4f" * 32


class Captured:
    """A process's logs."""

    def __init__(self, log_format: str) -> None:
        self.stream = io.StringIO()
        configure(log_format, "debug", self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return found


@pytest.fixture(params=["json", "console"])
def logs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    yield from captured(request.param, monkeypatch)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    yield from captured("json", monkeypatch)


def captured(log_format: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for place, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(place, name, getattr(place, name))
    yield Captured(log_format)
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level


class Opaque:
    def __repr__(self) -> str:
        return MARK


@pytest.mark.parametrize(
    "fields",
    [
        {"password": MARK},
        {"rpcPassword": MARK},
        {"private_key": bytes.fromhex(KEY)},
        {"sender_key": KEY},
        {"keys": [MARK]},
        {"api_token": MARK},
        {"row": (7719.5, 1.0)},
        {"rows": [[7719.5]]},
        {"inputs": (7719.5, 1.0)},
        {"fields": {"mean radius": MARK}},
        {"value": MARK},
        {"context": {"record": {"salt": MARK}}},
        {"raw": MARK},
        {"something": MARK.encode()},
        {"something": Opaque()},
        {"something": [Opaque(), {"deep": Opaque()}]},
        {"error": ValueError(MARK)},
        {"url": f"https://user:{MARK}@rpc.example/v3/x"},
        {"url": f"https://rpc.example/v3/{MARK}?key={MARK}#{MARK}"},
        {"error": EndpointError(f"failed at wss://rpc.example/{MARK}")},
        {"database": f"postgresql+psycopg://assent:{MARK}@db.example:5432/node?password={MARK}"},
        {"deep": [[[[[[MARK]]]]]]},
    ],
)
def test_log__when_a_value_may_be_secret_or_personal__then_withheld(logs: Captured, fields: dict[str, Any]) -> None:
    structlog.get_logger().warning("something_happened", **fields)
    assert "something_happened" in logs.text
    for secret in (MARK, KEY, "7719"):
        assert secret not in logs.text


def test_log__when_values_are_ids_numbers_and_reasons__then_shown(lines: Captured) -> None:
    structlog.get_logger().info(
        "request_refused", request=KEY, reason=Reason.CONSENT, gas=5, age_s=1.5, again=False, signers=[0, 2], error=None
    )
    shown = {name: each for name, each in lines.last.items() if name not in ("timestamp", "level")}
    assert shown == {
        "event": "request_refused", "request": KEY, "reason": "consent", "gas": 5, "age_s": 1.5, "again": False,
        "signers": [0, 2], "error": None,
    }  # fmt: skip


def test_log__when_an_exception_is_foreign__then_kind_and_place_but_neither_text_nor_locals(lines: Captured) -> None:
    def parse(radius: str) -> float:
        return float(radius)

    try:
        try:
            parse(MARK)
        except ValueError as error:
            raise EndpointError("eth_call: ValueError") from error
    except EndpointError:
        structlog.get_logger().exception("round_broke", service="watcher")
    assert MARK not in lines.text
    told = lines.last["exception"]
    assert told.startswith("EndpointError: eth_call: ValueError at ")
    assert "from ValueError at " in told
    assert "parse" in told
    assert "test_logs.py" in told


def test_log__when_exceptions_come_in_a_group__then_each_is_told_without_its_text(lines: Captured) -> None:
    group = ExceptionGroup(MARK, [ValueError(MARK), EndpointError("eth_call: TimeoutError")])
    structlog.get_logger().error("broke", exc_info=group)
    assert MARK not in lines.text
    assert "ExceptionGroup[ValueError, EndpointError: eth_call: TimeoutError]" in lines.last["exception"]


def test_log__when_a_cause_is_its_own_cause__then_it_ends(lines: Captured) -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    structlog.get_logger().error("broke", exc_info=first)
    assert lines.last["exception"] == "ValueError from KeyError"


def test_log__when_a_stranger_wrote_control_characters__then_they_do_nothing(logs: Captured) -> None:
    structlog.get_logger().info("event", text="a\x1b[2Jb\nc\r")
    assert "\x1b[2J" not in logs.text
    assert len(logs.text.splitlines()) == 1


# Libraries


def test_libraries__when_they_log_texts__then_only_where_and_of_what_kind(lines: Captured) -> None:
    logging.getLogger("web3.provider").error("request to %s failed", MARK)
    assert (lines.last["library"], lines.last["level"]) == ("web3.provider", "error")
    logging.getLogger("uvicorn.error").error("%s is no HTTP request", MARK)
    assert lines.last["said"] == "%s is no HTTP request"
    logging.getLogger("httpx").info(MARK)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(MARK, stacklevel=1)
    assert lines.last["library"] == "py.warnings"
    assert MARK not in lines.text


async def test_asyncio__when_a_tasks_error_is_never_fetched__then_logged_without_its_text(lines: Captured) -> None:
    async def broken() -> None:
        raise ValueError(MARK)

    task = asyncio.create_task(broken())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    assert lines.last["library"] == "asyncio"
    assert "ValueError" in lines.last["exception"]
    assert MARK not in lines.text


def test_thread__when_it_breaks__then_logged_without_its_text(lines: Captured) -> None:
    def broken() -> None:
        raise ValueError(MARK)

    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
    assert lines.last["event"] == "uncaught"
    assert MARK not in lines.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no URL", "no URL"),
        ("at http://node.example:9100", "at http://node.example:9100"),
        ("at http://node.example/", "at http://node.example"),
        ("http://[::1]:8545/x", "http://[::1]:8545/…"),
        ("http://[bad/x", WITHHELD),
        ("x" * 2_000, "x" * 1_000 + "…"),
    ],
)
def test_text__when_it_holds_urls__then_only_their_hosts(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
