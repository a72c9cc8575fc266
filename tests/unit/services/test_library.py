"""Packages that come and go while a node runs, and a worker whose losses cost no request. Real worker, real folders."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from poison_network import DIE
from poison_package import install_poison, poison_package
from services_world import LOADED, MARKED, Case, Chain, Network, Peer, World, case, model_terms, peer

from oracle.core.errors import InputError, ModelError, Reason, RuntimeUnavailableError
from oracle.models.folder import CARD, SELF_TEST, WEIGHTS, read_files, write_files
from oracle.models.package import ModelPackage
from oracle.models.worker_engine import WorkerEngine
from oracle.models.zoo.screening import PACKAGE
from oracle.services.catalogue import Catalogue
from oracle.services.library import Librarian, Library
from oracle.settings import RuntimeSettings
from oracle.store.tables import Stage


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerEngine]:
    """One worker for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        install_poison(tmp_path_factory.mktemp("poison"), patch)
        with WorkerEngine(RuntimeSettings(device="cpu")) as engine:
            engine.load(poison_package())
            yield engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def one(operators: World) -> Peer:
    return operators.peers[0]


def version(number: str) -> dict[str, bytes]:
    """The screening package's files as another version."""
    files = read_files(PACKAGE)
    card = LOADED.card.model_copy(update={"version": number})
    return {**files, CARD: card.to_toml()}


def digest(files: dict[str, bytes]) -> bytes:
    return ModelPackage.from_files(files).files_digest


def about(files: dict[str, bytes]) -> Case:
    return case(model=model_terms(files=digest(files)))


def stage(one: Peer, asked: Case) -> tuple[Stage, str | None]:
    found = one.store.report(asked.request.id)
    assert found is not None
    return found.stage, found.reason


async def test_tend__when_a_package_comes_and_goes__then_requests_follow_without_a_restart(
    engine: WorkerEngine, one: Peer, folder: Path
) -> None:
    catalogue, files = one.seat.catalogue, version("1.0.1")
    librarian = Librarian(Library(engine, catalogue, folder), one.seat)
    early, late = about(files), about(files)
    one.see(early)
    await one.evaluator.evaluate_due(64)
    assert stage(one, early) == (Stage.REFUSED, Reason.MODEL_UNKNOWN)
    assert not await librarian.tend()

    write_files(folder / "screening", files)
    assert await librarian.tend()
    assert await one.evaluator.evaluate_due(64) == 1
    assert stage(one, early) == (Stage.EVALUATED, None)
    assert one.metrics.registry.get_sample_value("assent_models") == 2

    shutil.rmtree(folder / "screening")
    assert not await librarian.tend()
    one.see(late)
    await one.evaluator.evaluate_due(64)
    assert stage(one, late) == (Stage.REFUSED, Reason.MODEL_UNKNOWN)
    assert catalogue.package(early.model).card.version == "1.0.1"  # what it evaluated can still be proposed and judged
    assert one.metrics.registry.get_sample_value("assent_models") == 1


def flipped(files: dict[str, bytes]) -> None:
    weights = bytearray(files[WEIGHTS])
    weights[-1] ^= 0x80
    files[WEIGHTS] = bytes(weights)


def pickled(files: dict[str, bytes]) -> None:
    files[WEIGHTS] = pickle.dumps({"weight": [1.0] * 30})


def huge_header(files: dict[str, bytes]) -> None:
    files[WEIGHTS] = (2**30).to_bytes(8, "little") + files[WEIGHTS][8:]


def false_vector(files: dict[str, bytes]) -> None:
    document = json.loads(files[SELF_TEST])
    document["vectors"][0]["score_ppm"] ^= 0xFFF
    files[SELF_TEST] = json.dumps(document).encode()


@pytest.mark.parametrize("harm", [flipped, pickled, huge_header, false_vector])
async def test_tend__when_a_package_is_bad__then_refused_once_and_all_others_go_on(
    engine: WorkerEngine, one: Peer, folder: Path, harm: Callable[[dict[str, bytes]], None]
) -> None:
    catalogue = Catalogue()
    librarian = Librarian(Library(engine, catalogue, folder), one.seat)
    files, good = version("1.0.2"), version("1.0.3")
    harm(files)
    for name, content in files.items():
        (folder / "a-bad").mkdir(exist_ok=True)
        (folder / "a-bad" / name).write_bytes(content)
    write_files(folder / "b-good", good)
    assert await librarian.tend()
    assert catalogue.holds(digest(good))
    assert len(catalogue) == 1
    assert not await librarian.tend()
    assert one.metrics.registry.get_sample_value("assent_models_refused_total") == 1


def test_scan__when_a_package_is_replaced__then_by_a_good_one_only(engine: WorkerEngine, folder: Path) -> None:
    library = Library(engine, Catalogue(), folder)
    former, latter = version("1.0.4"), version("1.0.5")
    write_files(folder / "screening", former)
    assert library.scan().loaded == [digest(former)]
    (folder / "screening" / "note.txt").write_text("copying")
    assert len(library.scan().refused) == 1
    assert library.catalogue.holds(digest(former))
    (folder / "screening" / "note.txt").unlink()
    write_files(folder / "screening", latter)
    scan = library.scan()
    assert (scan.loaded, scan.retired, scan.refused) == ([digest(latter)], [digest(former)], [])
    assert library.problems() == []


def test_scan__when_one_package_lies_in_two_places__then_it_goes_with_the_last(
    engine: WorkerEngine, folder: Path
) -> None:
    library, files = Library(engine, Catalogue(), folder), version("1.0.6")
    for name in ("one", "two"):
        write_files(folder / name, files)
    library.scan()
    shutil.rmtree(folder / "one")
    assert library.scan().retired == []
    shutil.rmtree(folder / "two")
    assert library.scan().retired == [digest(files)]
    assert library.problems() == ["none is loaded; see the log for what was refused"]


def test_scan__when_the_settings_name_it_too__then_it_stays(engine: WorkerEngine, folder: Path) -> None:
    library = Library(engine, Catalogue(), folder)
    library.load([PACKAGE])
    write_files(folder / "again", read_files(PACKAGE))
    library.scan()
    shutil.rmtree(folder / "again")
    assert library.scan().retired == []
    assert library.catalogue.holds(LOADED.files_digest)


def test_load__when_a_named_package_is_bad__then_raises(engine: WorkerEngine, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="check the path"):
        Library(engine, Catalogue()).load([tmp_path / "nowhere"])


def test_package__when_published_otherwise__then_unknown_though_retired(engine: WorkerEngine) -> None:
    library = Library(engine, Catalogue())
    library.load([PACKAGE])
    library.catalogue.retire(LOADED.files_digest)
    terms = model_terms()
    assert library.catalogue.package(terms).files == {}
    with pytest.raises(InputError):
        library.catalogue.find(terms)
    with pytest.raises(InputError):
        library.catalogue.package(replace(terms, outcomes=bytes(32)))


# What a worker's loss costs


async def test_evaluate_due__when_one_row_ends_the_worker__then_only_that_one_is_refused(
    engine: WorkerEngine, tmp_path: Path
) -> None:
    worker = peer(Chain(), Network(), tmp_path, runtime=engine.load(poison_package()))
    name = LOADED.card.inputs[0].name
    poison, others = case({**MARKED, name: DIE}), [case() for _ in range(5)]
    worker.see(others[0], poison, *others[1:])
    assert await worker.evaluator.evaluate_due(64) == 5
    assert stage(worker, poison) == (Stage.REFUSED, Reason.MODEL_FAILED)
    assert {stage(worker, each) for each in others} == {(Stage.EVALUATED, None)}
    worker.store.close()


async def test_evaluate_due__when_no_worker_is_to_be_had__then_postponed_and_nothing_is_refused(
    tmp_path: Path,
) -> None:
    class Gone:
        card = LOADED.card

        def evaluate(self, _batch: object) -> object:
            raise RuntimeUnavailableError("the worker starts again in 3 s")

    worker, asked = peer(Chain(), Network(), tmp_path, runtime=Gone()), case()
    worker.see(asked)
    assert await worker.evaluator.evaluate_due(64) == 0
    assert stage(worker, asked) == (Stage.SEEN, "runtime")
    worker.store.close()
