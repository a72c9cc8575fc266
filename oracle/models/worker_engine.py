"""The default engine: one worker process for all of a node's models, started again when it is lost."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import structlog

from oracle.core.errors import ModelError, RuntimeUnavailableError
from oracle.models.card import ModelCard
from oracle.models.evaluation import Evaluation, must_fit
from oracle.models.package import ModelPackage
from oracle.models.worker_process import WorkerLostError, WorkerProcess
from oracle.settings import RuntimeSettings

log = structlog.get_logger()

#: A row that ends the worker this often, alone, is refused. Twice: once may be somebody else's doing.
_TRIES_ALONE = 2
#: So many losses without an answer between are a poisonous row and its repetitions; more are a worker that can't live.
_LOSSES_AT_ONCE = 3
_FIRST_RESTART_S, _LAST_RESTART_S = 0.5, 60.0


class WorkerEngine:
    """Runs models in a process of their own: whatever one does to it, the node goes on."""

    def __init__(self, settings: RuntimeSettings) -> None:
        """The process starts with the first package."""
        self._settings = settings
        self._lock = threading.Lock()
        self._process: WorkerProcess | None = None
        self._retired: set[bytes] = set()
        self._losses = self._all_losses = 0
        self._not_before = 0.0
        self._problem: str | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The worker's process id, if one runs."""
        process = self._process
        return process.pid if process is not None and not process.ended else None

    def load(self, package: ModelPackage) -> "WorkerRuntime":
        """Hand a package to the worker, which checks and tests it. Raises ModelError or RuntimeUnavailableError."""
        with self._lock:
            self._retired.discard(package.files_digest)
            try:
                self._running().load(package)
            except WorkerLostError as error:
                self._lost(error)
                raise ModelError(
                    f"loading {_name(package)} ended the worker: it {error}; raise runtime.memory_mib"
                ) from None
        return WorkerRuntime(self, package, self._settings.max_batch)

    def unload(self, package: ModelPackage) -> None:
        """Let the worker drop a package, after what it evaluates now."""
        with self._lock:
            self._retired.add(package.files_digest)
            self._drop(package)

    def evaluate(self, package: ModelPackage, rows: Sequence[Sequence[float]]) -> list[Evaluation]:
        """Evaluate rows in one message. Raises ModelError or RuntimeUnavailableError."""
        tries, how = _TRIES_ALONE if len(rows) == 1 else 1, ""
        for _ in range(tries):
            with self._lock:
                process = self._with(package)
                try:
                    evaluations = process.evaluate(package, rows)
                except WorkerLostError as error:
                    how = str(error)
                    self._lost(error)
                    continue
                self._losses, self._problem = 0, None
                if package.files_digest in self._retired:
                    self._drop(package)
                return evaluations
        raise ModelError(
            f"{_name(package)} was given {len(rows)} rows and the worker {how}; if that is no attack, raise runtime.timeout_s "
            "or runtime.memory_mib"
        )

    def problem(self) -> str | None:
        """Return why the worker can't evaluate now, or None."""
        return self._problem

    def losses(self) -> int:
        """Return how many workers were lost."""
        return self._all_losses

    def close(self) -> None:
        """End the worker."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()  # first, so that a thread that waits for it lets go of the lock
        with self._lock:
            if self._process is not None:
                self._process.close()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # All below with the lock held

    def _with(self, package: ModelPackage) -> WorkerProcess:
        """Return the running worker with a package in it: after a loss it is handed over again."""
        process = self._running()
        if not process.has(package):
            try:
                process.load(package)
            except (ModelError, WorkerLostError) as error:
                if isinstance(error, WorkerLostError):
                    self._lost(error)
                raise self._unavailable(f"{_name(package)} can't be loaded again: the worker {error}") from None
        return process

    def _running(self) -> WorkerProcess:
        if self._closed:
            raise RuntimeUnavailableError("the worker is closed: the node is stopping")
        if self._process is not None:
            if not self._process.ended:
                return self._process
            self._lost(WorkerLostError("was ended by something else"))
        wait_s = self._not_before - time.monotonic()
        if wait_s > 0:
            raise RuntimeUnavailableError(
                f"the worker was lost {self._losses} times; it starts again in {wait_s:.1f} s"
            )
        terms = {"device": self._settings.device, "memory_mib": self._settings.memory_mib}
        try:
            self._process = WorkerProcess(terms, self._settings.timeout_s)
        except (WorkerLostError, OSError) as error:
            self._lost(error)
            raise self._unavailable(f"the worker can't be started: it {error}") from None
        return self._process

    def _unavailable(self, problem: str) -> RuntimeUnavailableError:
        self._problem = problem
        return RuntimeUnavailableError(problem)

    def _lost(self, how: Exception) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None
        self._losses += 1
        self._all_losses += 1
        log.warning("worker_lost", how=str(how), in_a_row=self._losses)
        if self._losses > _LOSSES_AT_ONCE:
            delay_s = min(_FIRST_RESTART_S * 2 ** min(self._losses - _LOSSES_AT_ONCE, 16), _LAST_RESTART_S)
            self._not_before = time.monotonic() + delay_s
            self._problem = f"the worker was lost {self._losses} times in a row, at last because it {how}"

    def _drop(self, package: ModelPackage) -> None:
        if self._process is None or self._process.ended or not self._process.has(package):
            return
        try:
            self._process.unload(package)
        except WorkerLostError as error:
            self._lost(error)


class WorkerRuntime:
    """One model in the worker."""

    def __init__(self, engine: WorkerEngine, package: ModelPackage, max_batch: int) -> None:
        """``max_batch`` rows go to the worker at a time: its time limit is for so many."""
        self._engine = engine
        self._package = package
        self._max_batch = max_batch

    @property
    def card(self) -> ModelCard:
        """The package's card."""
        return self._package.card

    def evaluate(self, batch: Sequence[Sequence[float]]) -> list[Evaluation]:
        """Evaluate rows, as :class:`oracle.models.evaluation.Runtime` says."""
        must_fit(batch, self.card)
        return [
            evaluation
            for start in range(0, len(batch), self._max_batch)
            for evaluation in self._engine.evaluate(self._package, batch[start : start + self._max_batch])
        ]


def _name(package: ModelPackage) -> str:
    return f"{package.card.name} {package.card.version}"
