"""The worker process: the same answers as torch in this process, and a node that no row, model or signal can hurt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from poison_network import DAWDLE, DEVOUR, DIE, HANG, SHOUT
from poison_package import altered, install_poison, poison_package

from oracle.core.errors import ModelError, RuntimeUnavailableError
from oracle.models.evaluation import Engine, Runtime
from oracle.models.features import features
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime
from oracle.models.worker_engine import WorkerEngine, WorkerRuntime
from oracle.models.zoo.screening.data import held_out
from oracle.settings import RuntimeSettings

Row = tuple[float, ...]
#: Long enough for a busy machine to answer, short enough to wait for.
LIMIT_S = 4.0
WAIT_S = 60.0


@pytest.fixture(scope="module")
def rows(package: ModelPackage) -> list[Row]:
    return [features(package.card, case.fields) for case in held_out()][:12]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerEngine]:
    """One engine for all tests that leave it as they found it."""
    with pytest.MonkeyPatch.context() as patch:
        install_poison(tmp_path_factory.mktemp("poison"), patch)
        with WorkerEngine(RuntimeSettings(device="cpu", timeout_s=LIMIT_S, memory_mib=1024)) as engine:
            engine.load(poison_package())
            yield engine


@pytest.fixture
def engine(made: WorkerEngine, rows: list[Row]) -> WorkerEngine:
    """The engine with a worker that has just answered."""
    WorkerRuntime(made, poison_package(), 64).evaluate(rows[:2])
    return made


@pytest.fixture
def runtime(engine: WorkerEngine) -> WorkerRuntime:
    return WorkerRuntime(engine, poison_package(), 64)


@pytest.fixture
def expected(package: ModelPackage, rows: list[Row]) -> list[object]:
    return list(LocalRuntime(package).evaluate(rows))


def poisoned(row: Row, value: float) -> Row:
    return (value, *row[1:])


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


# Answers


def test_evaluate__in_the_worker__equals_this_process(
    engine: WorkerEngine, runtime: WorkerRuntime, rows: list[Row], expected: list[object]
) -> None:
    port: Runtime = runtime
    where: Engine = engine
    assert where.problem() is None
    assert port.evaluate(rows) == expected
    assert port.evaluate([]) == []


def test_evaluate__more_rows_than_go_at_once__are_divided(
    engine: WorkerEngine, rows: list[Row], expected: list[object]
) -> None:
    assert WorkerRuntime(engine, poison_package(), 5).evaluate(rows) == expected


def test_evaluate__from_several_threads__gives_each_its_own(
    runtime: WorkerRuntime, rows: list[Row], expected: list[object]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda row: runtime.evaluate([row])[0], rows))
    assert found == expected


def test_evaluate__a_short_row__is_refused_before_it_is_sent(runtime: WorkerRuntime, rows: list[Row]) -> None:
    with pytest.raises(ModelError, match="takes 30 inputs"):
        runtime.evaluate([rows[0][:-1]])


# What a row can do


def test_evaluate__a_row_that_never_ends__ends_the_worker_and_not_the_others(
    engine: WorkerEngine, runtime: WorkerRuntime, rows: list[Row], expected: list[object]
) -> None:
    with pytest.raises(ModelError, match="didn't answer within") as caught:
        runtime.evaluate([rows[0], poisoned(rows[0], HANG), rows[1]])
    assert str(HANG) not in str(caught.value)
    assert runtime.evaluate(rows) == expected
    assert engine.problem() is None


def test_evaluate__a_row_that_takes_all_memory__is_refused_and_the_worker_lives(
    engine: WorkerEngine, runtime: WorkerRuntime, rows: list[Row], expected: list[object]
) -> None:
    before = engine.pid
    with pytest.raises(ModelError, match=r"memory_mib"):
        runtime.evaluate([poisoned(rows[0], DEVOUR)])
    assert runtime.evaluate(rows) == expected
    assert engine.pid == before


def test_evaluate__a_network_that_shouts__is_not_heard(
    runtime: WorkerRuntime, rows: list[Row], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelError, match="ValueError") as caught:
        runtime.evaluate([poisoned(rows[0], SHOUT)])
    out, err = capfd.readouterr()
    assert "[" not in out + err
    assert "[[" not in str(caught.value)


def test_evaluate__losses_without_an_answer__are_a_problem_until_there_is_one(
    engine: WorkerEngine, runtime: WorkerRuntime, rows: list[Row], expected: list[object]
) -> None:
    poison = poisoned(rows[0], DIE)
    for batch in ([poison, rows[0]], [poison], [poison, rows[0]]):  # alone it is tried twice
        assert engine.problem() is None
        with pytest.raises(ModelError, match="ended with status 3"):
            runtime.evaluate(batch)
    with pytest.raises(RuntimeUnavailableError, match="starts again in"):
        runtime.evaluate(rows)
    assert "4 times in a row" in str(engine.problem())
    until = time.monotonic() + WAIT_S
    while engine.problem():
        assert time.monotonic() < until
        time.sleep(0.1)
        try:
            assert runtime.evaluate(rows) == expected
        except RuntimeUnavailableError:
            continue


# What others can do


def test_evaluate__after_the_worker_was_killed__is_answered_by_the_next(
    engine: WorkerEngine, runtime: WorkerRuntime, rows: list[Row], expected: list[object]
) -> None:
    before = engine.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert runtime.evaluate(rows[:1]) == expected[:1]
    assert engine.pid not in (None, before)


def test_evaluate__the_worker_killed_meanwhile__is_answered_by_the_next(
    engine: WorkerEngine, runtime: WorkerRuntime, rows: list[Row]
) -> None:
    slow, before = poisoned(rows[0], DAWDLE), engine.pid
    assert before is not None
    killer = threading.Timer(0.5, os.kill, (before, signal.SIGKILL))
    killer.start()
    (found,) = runtime.evaluate([slow])
    killer.join()
    assert engine.pid != before
    assert found == LocalRuntime(poison_free()).evaluate([slow])[0]


def poison_free() -> ModelPackage:
    from oracle.models.zoo.screening import PACKAGE

    return ModelPackage.load(PACKAGE)


def test_worker__told_to_terminate_with_the_nodes_group__waits_for_the_node(
    engine: WorkerEngine, runtime: WorkerRuntime, rows: list[Row], expected: list[object]
) -> None:
    before = engine.pid
    assert before is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(before, number)
    assert runtime.evaluate(rows) == expected
    assert engine.pid == before


def test_worker__seen_by_other_users__shows_no_row(engine: WorkerEngine) -> None:
    shown = Path(f"/proc/{engine.pid}/cmdline").read_bytes().split(b"\0")
    assert shown[1:] == [b"-P", b"-m", b"oracle.models.worker", b""]
    limits = Path(f"/proc/{engine.pid}/limits").read_text()
    assert [line.split()[4] for line in limits.splitlines() if line.startswith("Max core file")] == ["0"]


# Loading


def test_load__bytes_that_are_not_the_digests__are_refused_by_the_worker(engine: WorkerEngine) -> None:
    with pytest.raises(ModelError, match="was altered or is another version"):
        engine.load(altered(ModelPackage.from_files(dict(poison_free().files))))


def test_load__an_unknown_architecture__is_refused_and_others_go_on(
    engine: WorkerEngine, runtime: WorkerRuntime, rows: list[Row], expected: list[object]
) -> None:
    card = poison_free().card.model_copy(update={"architecture": "alchemy"})
    files = {**poison_free().files, "model.toml": card.to_toml()}
    with pytest.raises(ModelError, match="unknown architecture 'alchemy'"):
        engine.load(ModelPackage.from_files(files))
    assert runtime.evaluate(rows) == expected


def test_unload__a_model_under_evaluation__finishes(engine: WorkerEngine, rows: list[Row]) -> None:
    retiring = engine.load(poison_package())
    slow = poisoned(rows[0], DAWDLE)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(retiring.evaluate, [slow])
        time.sleep(0.3)
        engine.unload(poison_package())
        assert running.result(WAIT_S) == LocalRuntime(poison_free()).evaluate([slow])
    assert retiring.evaluate([slow]) == LocalRuntime(poison_free()).evaluate([slow])  # prepared before it was retired
    engine.load(poison_package())


# The end


def test_close__while_a_row_hangs__ends_the_worker_and_lets_the_waiting_go(
    tmp_path: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    install_poison(tmp_path, monkeypatch)
    with WorkerEngine(RuntimeSettings(device="cpu", timeout_s=600)) as engine, ThreadPoolExecutor(1) as pool:
        runtime = engine.load(poison_package())
        pid = engine.pid
        assert pid is not None
        waiting = pool.submit(runtime.evaluate, [poisoned(rows[0], HANG)])
        time.sleep(0.3)
        engine.close()
        assert not is_alive(pid)
        with pytest.raises(RuntimeUnavailableError, match="stopping"):
            waiting.result(WAIT_S)


NODE = """
import sys
from poison_network_values import HANG, ROW
from poison_package import poison_package
from oracle.models.worker_engine import WorkerEngine
from oracle.settings import RuntimeSettings

engine = WorkerEngine(RuntimeSettings(device="cpu", timeout_s=600))
runtime = engine.load(poison_package())
print(engine.pid, "torch" in sys.modules, flush=True)
runtime.evaluate([(HANG, *ROW[1:])])
"""


def test_node__killed_while_the_worker_hangs__takes_the_worker_along(
    tmp_path: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    install_poison(tmp_path, monkeypatch)
    (tmp_path / "poison_network_values.py").write_text(f"HANG = {HANG!r}\nROW = {rows[0]!r}\n")
    with subprocess.Popen([sys.executable, "-c", NODE], stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        pid, torch_is_here = node.stdout.readline().split()
        assert torch_is_here == "False"
        time.sleep(0.3)
        assert is_alive(int(pid))
        node.kill()
    wait_until(lambda: not is_alive(int(pid)))
