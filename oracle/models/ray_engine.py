"""The engine that scales out: each model is a Ray Serve deployment of several replicas, on one machine or many.

Between its own processes Ray pickles what it transports. What comes through it here are bytes that only our replicas made; the
cluster's ports are for the operator's machines alone, as Ray itself demands.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ray
import structlog
from ray import serve
from ray.exceptions import RayError
from ray.serve import Application, RunTarget
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import ApplicationStatus, LoggingConfig

from oracle.core.errors import ModelError, RuntimeUnavailableError
from oracle.models.card import ModelCard
from oracle.models.evaluation import Evaluation, must_fit
from oracle.models.frames import pack_rows, unpack_evaluations
from oracle.models.package import ModelPackage
from oracle.models.ray_replica import Replica
from oracle.settings import RuntimeSettings

log = structlog.get_logger()

_DEPLOY_S = 180.0
_LOOK_AGAIN_S = 0.2
_STORE_BYTES = 80 * 2**20  # the least that Ray takes; rows are small
#: A replica may be lost for a reason that isn't the rows': they are sent again.
_TRIES = 3
_AGAIN_S = 0.5


class RayEngine:
    """Runs models on a Ray cluster: the one at ``ray_address``, or one of its own that ends with it."""

    def __init__(self, settings: RuntimeSettings) -> None:
        """Connect. Call it in the main thread: a cluster of one's own ends with the thread that started it.

        Raises RuntimeUnavailableError if there is no such cluster.
        """
        self._settings = settings
        self._local = settings.ray_address == "local"
        self._names: set[str] = set()
        self._losses = 0
        self._problem: str | None = None
        self._closing = threading.Lock()
        self._closed = False
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        logging.getLogger("ray").setLevel(logging.ERROR)
        try:
            with _own_signals():
                self._connect()
        except Exception as error:  # a bare one is what Ray raises on a machine too busy to start it in time
            ray.shutdown()
            raise RuntimeUnavailableError(
                f"no Ray cluster at {settings.ray_address}: {type(error).__name__}; see runtime.ray_address, and start it again"
            ) from error

    def _connect(self) -> None:
        settings, own = self._settings, self._local
        ray.init(
            settings.ray_address,
            namespace="assent",
            num_cpus=max(os.cpu_count() or 1, settings.replicas) if own else None,
            object_store_memory=_STORE_BYTES if own else None,
            include_dashboard=False if own else None,
            log_to_driver=False,
            configure_logging=False,
            _node_ip_address="127.0.0.1" if own else None,
        )
        serve.start(proxy_location="Disabled", logging_config=_logging())

    def load(self, package: ModelPackage) -> "RayRuntime":
        """Deploy a package; each replica checks and tests it. Raises ModelError or RuntimeUnavailableError."""
        name = self._name(package)
        target = RunTarget(self._application(package), name=name, route_prefix=None)
        try:
            (handle,) = serve.run_many([target], wait_for_applications_running=False)
            self._names.add(name)
            self._wait(name, package)
        except (RayError, RayServeException) as error:
            raise RuntimeUnavailableError(
                f"Ray can't deploy: {type(error).__name__}; see the cluster's status"
            ) from None
        return RayRuntime(self, package, handle)

    def _application(self, package: ModelPackage) -> Application:
        settings = self._settings
        deployment = serve.deployment()(Replica).options(
            num_replicas=settings.replicas,
            # On one machine any number of models has a place; on a cluster Ray finds one.
            ray_actor_options={"num_cpus": 0 if self._local else 1, "num_gpus": int(settings.device == "cuda")},
            health_check_period_s=1,
            health_check_timeout_s=max(settings.timeout_s, 10),
            graceful_shutdown_timeout_s=settings.timeout_s,
            logging_config=_logging(),
        )
        device = settings.device if settings.device == "cuda" else "cpu"
        return deployment.bind(
            dict(package.files), package.files_digest, device, settings.memory_mib, settings.timeout_s
        )

    def unload(self, package: ModelPackage) -> None:
        """Delete the deployment; replicas finish what they evaluate."""
        self._delete(self._name(package))

    def _delete(self, name: str) -> None:
        self._names.discard(name)
        try:
            serve.delete(name, _blocking=False)
        except (RayError, RayServeException) as error:
            log.warning("ray_delete_failed", application=name, error=type(error).__name__)

    def evaluate(
        self, package: ModelPackage, handle: DeploymentHandle[Any], rows: Sequence[Sequence[float]]
    ) -> list[Evaluation]:
        """Evaluate rows, divided among the replicas. Raises ModelError or RuntimeUnavailableError."""
        size = min(self._settings.max_batch, -(-len(rows) // self._settings.replicas)) or 1
        parts = [pack_rows(rows[start : start + size]) for start in range(0, len(rows), size)]
        answers = self._ask(package, handle, parts)
        self._problem = None
        return [each for answer in answers for each in unpack_evaluations(answer, len(package.card.inputs))]

    def problem(self) -> str | None:
        """Return why the cluster can't evaluate now, or None."""
        return self._problem

    def losses(self) -> int:
        """Return how many messages met a replica that died or was late."""
        return self._losses

    def close(self) -> None:
        """Delete the deployments and disconnect; a cluster of one's own ends."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            if not self._local:
                for name in list(self._names):
                    self._delete(name)
            ray.shutdown()

    def _ask(self, package: ModelPackage, handle: DeploymentHandle[Any], parts: Sequence[bytes]) -> list[bytes]:
        """Send all parts at once, and those again that met a replica's end."""
        found: dict[int, bytes] = {}
        for attempt in range(_TRIES):
            sent = {place: handle.evaluate.remote(parts[place]) for place in range(len(parts)) if place not in found}
            for place, response in sent.items():
                try:
                    error, answer = response.result(timeout_s=self._settings.timeout_s)
                except TimeoutError:
                    self._losses += 1
                    raise ModelError(
                        f"{_shown(package)} took longer than {self._settings.timeout_s:g} s; raise runtime.timeout_s"
                    ) from None
                except (RayError, RayServeException) as lost:
                    self._note(lost)
                    continue
                if error:
                    raise ModelError(error)
                found[place] = answer
            if len(found) == len(parts):
                return [found[place] for place in range(len(parts))]
            time.sleep(_AGAIN_S * (attempt + 1))
        raise self._given_up(package, len(parts))

    def _note(self, lost: Exception) -> None:
        self._losses += 1
        log.warning("replica_lost", error=type(lost).__name__)

    def _given_up(self, package: ModelPackage, parts: int) -> ModelError | RuntimeUnavailableError:
        if self._closed:
            return RuntimeUnavailableError("the runtime is closed: the node is stopping")
        status = serve.status().applications.get(self._name(package))
        if status is None or status.status is not ApplicationStatus.RUNNING:
            self._problem = f"{_shown(package)} has no replica on the Ray cluster; see its status"
            return RuntimeUnavailableError(self._problem)
        return ModelError(
            f"{_shown(package)} lost its replicas {_TRIES} times over {parts} messages; raise runtime.memory_mib"
        )

    def _wait(self, name: str, package: ModelPackage) -> None:
        until = time.monotonic() + _DEPLOY_S
        while True:
            status = serve.status().applications.get(name)
            if status is not None and status.status is ApplicationStatus.RUNNING:
                return
            if status is not None and status.status is ApplicationStatus.DEPLOY_FAILED:
                self.unload(package)
                told = [status.message, *(each.message for each in status.deployments.values())]
                raise ModelError(f"{_shown(package)} can't be deployed: {_cause(told)}")
            if time.monotonic() > until:
                self.unload(package)
                raise RuntimeUnavailableError(
                    "Ray found no place for the replicas; add machines or lower runtime.replicas"
                )
            time.sleep(_LOOK_AGAIN_S)

    def _name(self, package: ModelPackage) -> str:
        return f"{self._settings.ray_prefix}-{package.files_digest.hex()}"


class RayRuntime:
    """One model on the cluster."""

    def __init__(self, engine: RayEngine, package: ModelPackage, handle: DeploymentHandle[Any]) -> None:
        self._engine = engine
        self._package = package
        self._handle = handle

    @property
    def card(self) -> ModelCard:
        """The package's card."""
        return self._package.card

    def evaluate(self, batch: Sequence[Sequence[float]]) -> list[Evaluation]:
        """Evaluate rows, as :class:`oracle.models.evaluation.Runtime` says."""
        must_fit(batch, self.card)
        return self._engine.evaluate(self._package, self._handle, batch)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep Ray from taking SIGTERM, which tells the node to stop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def _logging() -> LoggingConfig:
    return LoggingConfig(log_level="ERROR", enable_access_log=False)


def _cause(told: Sequence[str]) -> str:
    """Return what a replica raised, from the traces that Ray makes of it, of the application or of its deployment."""
    lines = [line.partition("ModelError: ")[2] for text in told for line in text.splitlines() if "ModelError: " in line]
    return lines[-1] if lines else "its replicas don't start; see the cluster's log"


def _shown(package: ModelPackage) -> str:
    return f"{package.card.name} {package.card.version}"
