"""Evaluations that fail in every way, with marked values: every byte of the logs and of the metrics is searched for them."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import structlog
from prometheus_client import generate_latest
from services_world import LOADED, MARKED, RUNTIME, Case, Peer, World, case, peer

from oracle.core.errors import ModelError, Reason, VaultError
from oracle.data.fetch import VaultRefusedError
from oracle.models.evaluation import Evaluation
from oracle.store.tables import Stage
from oracle.telemetry.logs import configure

MARK = "marked-value-3391"
NUMBER = 3391.0625
NAME = LOADED.card.inputs[3].name


class Choking:
    """A model that quotes what it chokes on, as a library would."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    def evaluate(self, batch: Sequence[Sequence[float]]) -> list[Evaluation]:
        if any(NUMBER in row for row in batch) or self._error is RuntimeError:
            raise self._error(f"can't take {batch}") if self._error is not ModelError else ModelError("it can't be run")
        return RUNTIME.evaluate(batch)


def failing(one: Peer) -> list[Case]:
    """Return a request for each way in which there is no evaluation."""
    fields = [
        {**MARKED, NAME: NUMBER},
        {**MARKED, NAME: MARK},
        {**MARKED, MARK: 1.0},
        {**MARKED, NAME: [MARK]},
        {name: value for name, value in MARKED.items() if name != NAME},
    ]
    cases = [case(each) for each in fields]
    for error in (
        RuntimeError(f"nobody thought of this: {MARK}"),
        ValueError(NUMBER, MARK),
        ExceptionGroup(MARK, [ValueError(MARK)]),
        VaultError(Reason.VAULT_UNREACHABLE, "the vault can't be reached"),
        VaultRefusedError("agreement_withdrawn"),
    ):
        cases.append(case())
        one.source.instead[cases[-1].request.id] = error
    altered = case()
    disclosed = [replace(field, value=MARK) for field in altered.disclosed]
    one.source.instead[altered.request.id] = disclosed
    return [*cases, altered]


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_logs_and_metrics__when_evaluations_fail_in_every_way__then_no_marked_value_is_in_them(
    operators: World, log_format: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for place, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(place, hook, getattr(place, hook))
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure(log_format, "debug", stream)
    try:
        for kind in (ModelError, ValueError, RuntimeError):
            one = peer(operators.chain, operators.network, tmp_path, runtime=Choking(kind))
            cases = failing(one)
            one.see(*cases)
            try:
                await one.evaluator.evaluate_due(64)
            except Exception:
                structlog.get_logger().exception("round_broke", service="evaluator", batch=cases)
            task = asyncio.create_task(_unfetched())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            del task
            stages = {report.stage for each in cases if (report := one.store.report(each.request.id))}
            assert Stage.EVALUATED not in stages
            told = stream.getvalue() + generate_latest(one.metrics.registry).decode()
            one.store.close()
            for value in (MARK, str(NUMBER), *(repr(each)[:10] for each in MARKED.values())):
                assert value not in told
            assert "request_refused" in told
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(capture=False)
        root.handlers[:], root.level = handlers, level


async def _unfetched() -> None:
    raise ValueError(MARK)
