"""Key files: what is written, and what is refused."""

import json
import os
import stat
from pathlib import Path

import pytest

from oracle.core.errors import SigningKeyError
from oracle.keys import keystore
from oracle.keys.keystore import read_seal_key, read_secret, read_signer, write_secret
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner

SECRET = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
PASSWORD = "correct horse"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    return owned(tmp_path / "password", PASSWORD + "\n")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    write_secret(path, SECRET, PASSWORD, light=True)
    return path


def owned(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_secret__when_written_and_read__then_is_the_same(key_file: Path, password_file: Path) -> None:
    assert read_secret(key_file, password_file) == SECRET


def test_secret__when_read_as_signer_or_seal_key__then_is_that_key(key_file: Path, password_file: Path) -> None:
    assert read_signer(key_file, password_file).address == LocalSigner(SECRET).address
    assert read_seal_key(key_file, password_file).public == SealKey(SECRET).public


def test_key_file__when_written_under_a_lax_umask__then_is_its_owners_alone_and_nothing_is_left_beside(
    tmp_path: Path,
) -> None:
    before = os.umask(0)
    try:
        write_secret(tmp_path / "key.json", SECRET, PASSWORD, light=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["key.json"]


def test_key_file__when_not_light__then_uses_scrypt_with_full_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def encrypt(secret: bytes, password: str, **how: object) -> dict[str, object]:
        seen.update(how)
        return {}

    monkeypatch.setattr(keystore.Account, "encrypt", encrypt)
    write_secret(tmp_path / "key.json", SECRET, PASSWORD)
    assert seen == {"kdf": "scrypt", "iterations": 2**18}


def test_key_file__when_one_is_there_already__then_stays(key_file: Path, password_file: Path) -> None:
    with pytest.raises(SigningKeyError, match="never overwritten"):
        write_secret(key_file, bytes(31) + b"\1", PASSWORD, light=True)
    assert read_secret(key_file, password_file) == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
@pytest.mark.parametrize("which", ["key_file", "password_file"])
def test_files__when_open_to_others__then_are_refused(
    mode: int, which: str, key_file: Path, password_file: Path
) -> None:
    path = {"key_file": key_file, "password_file": password_file}[which]
    path.chmod(mode)
    with pytest.raises(SigningKeyError, match=f"chmod 600 {path}"):
        read_secret(key_file, password_file)


def test_password__when_wrong__then_names_both_files_and_no_password(key_file: Path, tmp_path: Path) -> None:
    wrong = owned(tmp_path / "other", "battery staple")
    with pytest.raises(SigningKeyError) as caught:
        read_secret(key_file, wrong)
    text = str(caught.value)
    assert str(key_file) in text
    assert str(wrong) in text
    assert "battery" not in text


@pytest.mark.parametrize("content", ["", "\n"])
def test_password__when_empty__then_is_refused(content: str, key_file: Path, tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="empty"):
        read_secret(key_file, owned(tmp_path / "other", content))


@pytest.mark.parametrize(
    "content", ["", "secret-marker", "[]", '{"version": 3}', '{"version": 9, "x": "secret-marker"}']
)
def test_key_file__when_malformed__then_is_refused_without_quoting(
    content: str, tmp_path: Path, password_file: Path
) -> None:
    with pytest.raises(SigningKeyError, match=r"key\.json") as caught:
        read_secret(owned(tmp_path / "key.json", content), password_file)
    assert "secret-marker" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_key_file__when_its_secret_is_short__then_is_refused(
    tmp_path: Path, password_file: Path, key_file: Path
) -> None:
    keyfile = json.loads(key_file.read_text())
    keyfile["crypto"]["ciphertext"] = keyfile["crypto"]["ciphertext"][:-2]
    with pytest.raises(SigningKeyError):
        read_secret(owned(tmp_path / "short.json", json.dumps(keyfile)), password_file)


@pytest.mark.parametrize("path", ["absent.json", "."])
def test_key_file__when_absent_or_a_folder__then_is_refused(path: str, tmp_path: Path, password_file: Path) -> None:
    with pytest.raises(SigningKeyError, match="check the path"):
        read_secret(tmp_path / path, password_file)


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(33), b"\xff" * 32])
def test_secret__when_no_key__then_is_not_written(secret: bytes, tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError):
        write_secret(tmp_path / "key.json", secret, PASSWORD, light=True)
    assert not list(tmp_path.iterdir())


def test_secret__when_folder_is_missing__then_says_so(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="check the folder"):
        write_secret(tmp_path / "nowhere" / "key.json", SECRET, PASSWORD, light=True)
