import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import rfc8785
from eth_utils.crypto import keccak

from oracle.core.errors import ModelError
from oracle.models import folder as package_folder
from oracle.models.folder import write_files
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE

WEIGHTS, CARD, SELF_TEST = "model.safetensors", "model.toml", "selftest.json"
FolderOf = Callable[[dict[str, bytes]], Path]


def test_load__the_shipped_package__digests_every_file(package: ModelPackage, files: dict[str, bytes]) -> None:
    digests = {name: "0x" + hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert package.file_digests == digests
    assert list(package.file_digests) == sorted(digests)
    assert package.files_digest == keccak(rfc8785.dumps(digests))
    assert package.weights == files[WEIGHTS]
    assert ModelPackage.load(PACKAGE, expected_files_digest=package.files_digest) == package


def test_digests__of_schema_and_outcomes__cover_what_a_requester_relies_on(package: ModelPackage) -> None:
    schema: list[dict[str, str | float]] = [
        {"name": one.name, "unit": one.unit, "minimum": one.minimum, "maximum": one.maximum}
        for one in package.card.inputs
    ]
    assert package.input_schema_digest == keccak(rfc8785.dumps(schema))
    assert package.outcomes_digest == keccak(b'["benign","malignant"]')


@pytest.mark.parametrize("name", [WEIGHTS, CARD, SELF_TEST])
def test_load__a_byte_flipped__is_refused(
    name: str, package: ModelPackage, files: dict[str, bytes], folder_of: FolderOf
) -> None:
    middle = len(files[name]) // 2
    files[name] = files[name][:middle] + bytes([files[name][middle] ^ 1]) + files[name][middle + 1 :]
    with pytest.raises(ModelError, match=r"files digest 0x[0-9a-f]{64}.*fetch the published one"):
        ModelPackage.load(folder_of(files), expected_files_digest=package.files_digest)


@pytest.mark.parametrize("name", [WEIGHTS, CARD, SELF_TEST])
def test_load__a_file_missing__names_it(name: str, files: dict[str, bytes], folder_of: FolderOf) -> None:
    del files[name]
    with pytest.raises(ModelError, match=f"lacks {name}"):
        ModelPackage.load(folder_of(files))


def test_load__a_file_too_many__names_it(files: dict[str, bytes], folder_of: FolderOf) -> None:
    with pytest.raises(ModelError, match=r"holds setup\.py"):
        ModelPackage.load(folder_of({**files, "setup.py": b""}))


def test_load__no_folder__says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="check the path"):
        ModelPackage.load(tmp_path / "nowhere")


def test_load__a_link_for_a_file__is_refused(files: dict[str, bytes], folder_of: FolderOf) -> None:
    del files[CARD]
    folder = folder_of(files)
    (folder / CARD).symlink_to(PACKAGE / CARD)
    with pytest.raises(ModelError, match="plain file"):
        ModelPackage.load(folder)


def test_load__a_pipe_for_a_file__is_refused_and_doesnt_block(files: dict[str, bytes], folder_of: FolderOf) -> None:
    del files[CARD]
    folder = folder_of(files)
    os.mkfifo(folder / CARD)
    with pytest.raises(ModelError, match="plain file"):
        ModelPackage.load(folder)


def test_load__a_folder_for_a_file__is_refused(files: dict[str, bytes], folder_of: FolderOf) -> None:
    del files[CARD]
    folder = folder_of(files)
    (folder / CARD).mkdir()
    with pytest.raises(ModelError, match="plain file"):
        ModelPackage.load(folder)


@pytest.mark.parametrize("name", [WEIGHTS, CARD, SELF_TEST])
def test_load__a_file_above_its_limit__is_refused_unread(
    name: str, files: dict[str, bytes], folder_of: FolderOf
) -> None:
    folder = folder_of(files)
    os.truncate(folder / name, package_folder.LIMITS_BYTES[name] + 1)  # sparse: takes no room
    with pytest.raises(ModelError, match="more than"):
        ModelPackage.load(folder)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_load__a_pickle_in_disguise__is_refused(protocol: int, files: dict[str, bytes], folder_of: FolderOf) -> None:
    files[WEIGHTS] = pickle.dumps({"weight": [1.0] * 30}, protocol)
    with pytest.raises(ModelError, match=r"safetensors.*(pickle|header)"):
        ModelPackage.load(folder_of(files))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ((2**63).to_bytes(8, "little") + b"{}", "declares a header of"),
        ((1024**2 + 1).to_bytes(8, "little") + b"{" + b" " * 1024**2 + b"}", "declares a header of"),
        ((500).to_bytes(8, "little") + b"{}", "cut short"),
        ((0).to_bytes(8, "little"), "cut short"),
        (b"", "cut short"),
        (b"\x02", "cut short"),
        ((2).to_bytes(8, "little") + b"[]", "no safetensors file"),
        ((2).to_bytes(8, "little") + b"{}surplus", "no safetensors file"),
        (b"PK\x03\x04 a zip, as torch.save writes it", "pickle or a zip"),
    ],
)
def test_load__weights_that_are_no_safetensors__are_refused(
    weights: bytes, message: str, files: dict[str, bytes], folder_of: FolderOf
) -> None:
    with pytest.raises(ModelError, match=message):
        ModelPackage.load(folder_of({**files, WEIGHTS: weights}))


def test_load__weights_cut_short__are_refused(files: dict[str, bytes], folder_of: FolderOf) -> None:
    files[WEIGHTS] = files[WEIGHTS][:-1]
    with pytest.raises(ModelError, match="no safetensors file"):
        ModelPackage.load(folder_of(files))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda vector: vector["fields"].pop("mean radius"), "vector 0.*'mean radius' is missing"),
        (lambda vector: vector["fields"].update({"mean radius": 1e9}), "vector 0.*range"),
        (lambda vector: vector.update(outcome=1 - vector["outcome"]), "vector 0.*threshold"),
        (lambda vector: vector.update(score_ppm=1_000_001), "score_ppm"),
        (lambda vector: vector.update(score_ppm=0.5), "score_ppm"),
        (lambda vector: vector.update(note="x"), "note"),
    ],
)
def test_load__a_self_test_that_doesnt_fit__is_refused(
    change: Callable[[dict[str, object]], None], message: str, files: dict[str, bytes]
) -> None:
    document = json.loads(files[SELF_TEST])
    change(document["vectors"][0])
    files[SELF_TEST] = json.dumps(document).encode()
    with pytest.raises(ModelError, match=message):
        ModelPackage.from_files(files)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'{"vectors": []}', b"[]"])
def test_load__a_self_test_that_is_none__is_refused(text: bytes, files: dict[str, bytes]) -> None:
    with pytest.raises(ModelError, match=r"selftest\.json"):
        ModelPackage.from_files({**files, SELF_TEST: text})


def test_load__the_folder_altered_afterwards__package_keeps_what_was_digested(
    files: dict[str, bytes], folder_of: FolderOf
) -> None:
    folder = folder_of(files)
    loaded = ModelPackage.load(folder)
    (folder / WEIGHTS).write_bytes(b"other weights")
    assert loaded.file_digests[WEIGHTS] == "0x" + hashlib.sha256(loaded.weights).hexdigest()


def test_write_files__a_package_is_there__replaces_it_whole(files: dict[str, bytes], tmp_path: Path) -> None:
    target = tmp_path / "models" / "screening"
    write_files(target, files)
    write_files(target, {**files, SELF_TEST: b"{}"})
    assert {entry.name: entry.read_bytes() for entry in target.iterdir()} == {**files, SELF_TEST: b"{}"}
    assert [entry.name for entry in target.parent.iterdir()] == ["screening"]


def test_write_files__something_else_is_there__leaves_it(files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ModelError, match=r"thesis\.tex"):
        write_files(tmp_path, files)
    with pytest.raises(ModelError, match="is a file"):
        write_files(tmp_path / "thesis.tex", files)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_write_files__the_last_step_fails__puts_the_earlier_package_back(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "screening"
    write_files(target, files)
    rename = Path.rename

    def failing(self: Path, to: Path) -> Path:
        if self.name == "fresh":
            raise OSError("disk on fire")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="fire"):
        write_files(target, {**files, SELF_TEST: b"{}"})
    assert {entry.name: entry.read_bytes() for entry in target.iterdir()} == files
