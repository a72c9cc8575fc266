"""Brings packages to where models run: those that the settings name, and those that come and go in a folder while the node runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from oracle.core.errors import ConfigurationError, ModelError, Reason, RuntimeUnavailableError
from oracle.models.evaluation import Engine
from oracle.models.package import ModelPackage
from oracle.models.worker_engine import WorkerEngine
from oracle.services.catalogue import Catalogue, LoadedModel
from oracle.services.seat import Seat
from oracle.settings import NodeSettings, RuntimeSettings

log = structlog.get_logger()

#: What a folder looked like when it was read: name, inode, size and time of change of each file.
Look = tuple[tuple[str, int, int, int], ...]


@dataclass(slots=True)
class _Shelf:
    """One folder: how it looked when it was last read, and the package that came of it, then or before."""

    look: Look | None = None
    package: ModelPackage | None = None


@dataclass(slots=True)
class Scan:
    """What a look at the folder changed: files digests of the loaded and the retired, and why others were refused."""

    loaded: list[bytes] = field(default_factory=list)
    retired: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Library:
    """All packages of a node, in its catalogue and its engine."""

    def __init__(self, engine: Engine, catalogue: Catalogue, folder: Path | None = None) -> None:
        """``folder`` is where packages come and go, each a folder of its own in it."""
        self.engine = engine
        self.catalogue = catalogue
        self._folder = folder
        self._named: set[bytes] = set()
        self._shelves: dict[Path, _Shelf] = {}

    @classmethod
    def open(cls, settings: NodeSettings) -> Self:
        """Start the engine and load every package. Raises ModelError or RuntimeUnavailableError for one that the settings name."""
        library = cls(open_engine(settings.runtime), Catalogue(), settings.models_folder)
        try:
            library.load(settings.models)
            library.scan()
        except BaseException:
            library.close()
            raise
        return library

    def load(self, folders: Sequence[Path]) -> None:
        """Load packages that stay for as long as the node runs. Raises ModelError or RuntimeUnavailableError."""
        for folder in folders:
            self._named.add(self._load(folder).files_digest)

    def scan(self) -> Scan:
        """Load what is new in the folder, retire what is gone from it. Blocks; never raises for a package.

        A package that is replaced by one that can't be used stays until its folder is gone: its bytes were checked and are in memory.
        """
        scan = Scan()
        if self._folder is None:
            return scan
        try:
            present = {path for path in self._folder.iterdir() if not path.name.startswith(".") and path.is_dir()}
        except OSError as error:
            log.warning("models_folder_unreadable", folder=str(self._folder), error=error.strerror)
            return scan
        for path in sorted(present):
            self._look_at(path, scan)
        for path in sorted(self._shelves.keys() - present):
            self._retire(self._shelves.pop(path).package, scan)
        return scan

    def problems(self) -> list[str]:
        """Return every reason why nothing can be evaluated now."""
        found = [] if len(self.catalogue) else ["none is loaded; see the log for what was refused"]
        problem = self.engine.problem()
        return [*found, problem] if problem else found

    def close(self) -> None:
        """End what runs the models."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look_at(self, path: Path, scan: Scan) -> None:
        shelf, look = self._shelves.setdefault(path, _Shelf()), _look(path)
        if look == shelf.look:
            return
        try:
            package = self._load(path)
        except RuntimeUnavailableError as error:  # not the package's fault: looked at again
            log.warning("model_waits", folder=str(path), error=str(error))
            return
        except ModelError as error:
            shelf.look = look
            scan.refused.append(str(error))
            log.warning("model_refused", folder=str(path), error=str(error))
            return
        former, shelf.look, shelf.package = shelf.package, look, package
        scan.loaded.append(package.files_digest)
        self._retire(former, scan)

    def _load(self, folder: Path) -> ModelPackage:
        package = ModelPackage.load(folder)
        if not self.catalogue.holds(package.files_digest):
            self.catalogue.add(LoadedModel(package, self.engine.load(package)))
            log.info("model_loaded", name=package.card.name, files="0x" + package.files_digest.hex())
        return package

    def _retire(self, package: ModelPackage | None, scan: Scan) -> None:
        kept = self._named | {shelf.package.files_digest for shelf in self._shelves.values() if shelf.package}
        if package is None or package.files_digest in kept:
            return
        self.catalogue.retire(package.files_digest)
        self.engine.unload(package)
        scan.retired.append(package.files_digest)
        log.info("model_retired", name=package.card.name, files="0x" + package.files_digest.hex())


class Librarian:
    """Looks at the library's folder while the node runs."""

    def __init__(self, library: Library, seat: Seat) -> None:
        self._library = library
        self._seat = seat

    async def tend(self) -> bool:
        """Take in what changed; return whether a model came, for whose sake requests that were refused are due again."""
        scan = await asyncio.to_thread(self._library.scan)
        metrics = self._seat.metrics
        metrics.models_loaded.set(len(self._library.catalogue))
        metrics.models_refused.inc(len(scan.refused))
        metrics.model_losses.set(self._library.engine.losses())
        if scan.loaded:
            self._seat.store.due_again(Reason.MODEL_UNKNOWN)
        return bool(scan.loaded)


def open_engine(settings: RuntimeSettings) -> Engine:
    """Return the engine that the settings choose. Raises RuntimeUnavailableError, or ConfigurationError if it isn't installed."""
    if settings.kind == "worker":
        return WorkerEngine(settings)
    try:
        from oracle.models.ray_engine import RayEngine  # noqa: PLC0415  an extra, and large
    except ModuleNotFoundError:
        raise ConfigurationError(['runtime.kind: Ray isn\'t installed here; install "assent[ray]"']) from None
    return RayEngine(settings)


def _look(folder: Path) -> Look | None:
    try:
        entries = sorted(folder.iterdir())
        return tuple(
            (path.name, status.st_ino, status.st_size, status.st_mtime_ns)
            for path in entries
            for status in (path.lstat(),)
        )
    except OSError:
        return None  # gone meanwhile: the next look tells
