"""Models on a real Ray cluster on this machine: two replicas, the same answers, and none lost with one of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.core.errors import ModelError, RuntimeUnavailableError
from oracle.models.evaluation import Engine, Runtime
from oracle.models.features import features
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime
from oracle.models.zoo.screening import PACKAGE
from oracle.models.zoo.screening.data import held_out
from oracle.services.library import open_engine
from oracle.settings import RuntimeSettings

LOADED = ModelPackage.load(PACKAGE)
ROWS = [features(LOADED.card, case.fields) for case in held_out()]
# Starting a cluster takes ten seconds, and far longer on a machine that is busy.
pytestmark = [
    pytest.mark.timeout(900),
    # Ray leaves sockets and log files to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(ray|google|opencensus|grpc)"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    before = signal.getsignal(signal.SIGTERM)
    engine = start()
    assert signal.getsignal(signal.SIGTERM) is before  # the node's own still stops it
    yield engine
    engine.close()
    engine.close()
    assert replicas() == []


def start() -> Engine:
    """Start a cluster. Ray gives its own processes 30 s, which a busy machine doesn't always keep."""
    for last in (False, False, True):
        try:
            return open_engine(RuntimeSettings(kind="ray", replicas=2, device="cpu", max_batch=16, timeout_s=60))
        except RuntimeUnavailableError:
            if last:
                raise
    raise AssertionError


@pytest.fixture(scope="module")
def runtime(engine: Engine) -> Runtime:
    return engine.load(LOADED)


def replicas() -> list[int]:
    """Process ids of the replicas that this process's cluster runs."""
    return [pid for pid in descendants(os.getpid()) if b"ServeReplica" in command(pid)]


def descendants(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        read(
            path,
            lambda text, path=path: parents.update({int(path.parent.name): int(text.rpartition(")")[2].split()[1])}),
        )
    found, left = [], [root]
    while left:
        children = [pid for pid, parent in parents.items() if parent == left[0]]
        left = [*left[1:], *children]
        found += children
    return found


def command(pid: int) -> bytes:
    return read(Path(f"/proc/{pid}/cmdline"), str.encode) or b""


def read(path: Path, use: Callable[[str], bytes | None]) -> bytes | None:
    try:
        return use(path.read_text())
    except OSError:  # the process has ended
        return None


def test_evaluate__on_two_replicas__equals_this_process(engine: Engine, runtime: Runtime) -> None:
    expected = LocalRuntime(LOADED).evaluate(ROWS)
    assert len(replicas()) == 2
    assert runtime.evaluate(ROWS) == expected
    assert runtime.evaluate(ROWS[:1]) == expected[:1]
    assert runtime.evaluate([]) == []
    assert engine.problem() is None


def test_evaluate__by_many_at_once__gives_each_its_own(runtime: Runtime) -> None:
    expected = LocalRuntime(LOADED).evaluate(ROWS)
    with ThreadPoolExecutor(8) as pool:
        assert [each for (each,) in pool.map(lambda row: runtime.evaluate([row]), ROWS)] == expected


def test_evaluate__a_row_that_is_no_number__is_refused_and_no_replica_dies(engine: Engine, runtime: Runtime) -> None:
    before = set(replicas())
    with pytest.raises(ModelError, match="no finite number"):
        runtime.evaluate([ROWS[0], (float("nan"), *ROWS[1][1:])])
    assert set(replicas()) == before


def test_evaluate__a_replica_killed_meanwhile__loses_no_answer(engine: Engine, runtime: Runtime) -> None:
    expected, before = LocalRuntime(LOADED).evaluate(ROWS), replicas()
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(runtime.evaluate, ROWS) for _ in range(40)]
        running[2].result()
        os.kill(before[0], signal.SIGKILL)
        assert [each.result() for each in running] == [expected] * 40
    assert before[0] not in replicas()


def test_load__bytes_that_are_not_the_digests__are_refused_by_the_replica(engine: Engine, runtime: Runtime) -> None:
    flipped = LOADED.weights[:-1] + bytes([LOADED.weights[-1] ^ 1])
    # Under another digest, as under another name: what runs under its own isn't touched.
    altered = ModelPackage.from_files(
        {**LOADED.files, "model.toml": LOADED.card.model_copy(update={"version": "1.0.9"}).to_toml()}
    )
    with pytest.raises(ModelError, match="was altered or is another version"):
        engine.load(replace(altered, files={**altered.files, "model.safetensors": flipped}))
    assert runtime.evaluate(ROWS[:2]) == LocalRuntime(LOADED).evaluate(ROWS[:2])
