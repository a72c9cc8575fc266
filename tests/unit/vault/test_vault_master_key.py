"""Master keys: in a file, and on a PKCS#11 token (SoftHSM's, from the system's package)."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11
import pytest
import tomli_w
from pkcs11 import KeyType
from typer.testing import CliRunner

from oracle.cli.app import app
from oracle.core.errors import ConfigurationError, SealError, SigningKeyError
from oracle.keys.keystore import write_secret
from oracle.models.zoo.screening import PACKAGE
from oracle.vault.master_key import LocalKey, MasterKey, MasterKeyUnavailableError
from oracle.vault.opening import open_vault
from oracle.vault.pkcs11_key import Pkcs11Key
from oracle.vault.settings import load_vault_settings

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PIN = "567890"
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)


class Token:
    """A SoftHSM token with two AES keys; one process loads the library once, so it is the session's."""

    def __init__(self, library: Path, label: str) -> None:
        self.library, self.label = library, label

    def key(self, label: str = "vault-1", pin: str = PIN) -> Pkcs11Key:
        return Pkcs11Key(self.library, self.label, label, pin)


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    library = next((Path(place) for place in _PLACES if Path(place).exists()), None)
    program = shutil.which("softhsm2-util")
    if library is None or program is None:
        pytest.skip("SoftHSM is not installed, so no key on a token is tested: apt-get install softhsm2")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    options = ["--init-token", "--free", "--label", "assent", "--so-pin", "1234", "--pin", PIN]
    subprocess.run([program, *options], check=True, capture_output=True)
    with pkcs11.lib(str(library)).get_token(token_label="assent").open(rw=True, user_pin=PIN) as session:
        for label in ("vault-1", "vault-2"):
            session.generate_key(KeyType.AES, 256, label=label, store=True)
    return Token(library, "assent")


@pytest.fixture(params=["in a file", "on a token"])
def keys(request: pytest.FixtureRequest) -> tuple[MasterKey, MasterKey]:
    """Return two master keys of one kind."""
    if request.param == "in a file":
        return LocalKey(bytes(range(32))), LocalKey(b"n" * 32)
    made: Token = request.getfixturevalue("token")
    return made.key("vault-1"), made.key("vault-2")


def test_wrap__when_unwrapped__then_the_same_and_not_by_another_nor_altered(keys: tuple[MasterKey, MasterKey]) -> None:
    one, other = keys
    key = secrets.token_bytes(32)
    wrapped = one.wrap(key)
    assert one.unwrap(wrapped) == key
    assert key not in wrapped
    assert one.id != other.id
    for bad in (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), wrapped[:-1], wrapped[:20], b""):
        with pytest.raises(SealError, match="isn't wrapped under this master key, or was altered"):
            one.unwrap(bad)
    with pytest.raises(SealError):
        other.unwrap(wrapped)
    assert one.unwrap(wrapped) == key  # what failed before has no effect


def test_unwrap__when_from_several_threads__then_each_gets_its_own(keys: tuple[MasterKey, MasterKey]) -> None:
    pairs = [(key, keys[0].wrap(key)) for key in (secrets.token_bytes(32) for _ in range(40))]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda pair: keys[0].unwrap(pair[1]) == pair[0], pairs)) == [True] * 40


def test_id__when_of_a_key_in_a_file__then_is_the_same_each_time_and_has_nothing_of_it() -> None:
    secret = secrets.token_bytes(32)
    assert LocalKey(secret).id == LocalKey(secret).id
    assert secret.hex()[:8] not in LocalKey(secret).id + repr(LocalKey(secret))


def test_token__when_another_key_has_the_same_label__then_its_id_is_another(token: Token) -> None:
    with pkcs11.lib(str(token.library)).get_token(token_label=token.label).open(rw=True) as session:
        made = [session.generate_key(KeyType.AES, 256, label="again", store=True)]
        first = token.key("again")
        assert token.key("again").id == first.id
        made[0].destroy()
        session.generate_key(KeyType.AES, 256, label="again", store=True)
        assert token.key("again").id != first.id


def test_token__when_pin_key_or_token_is_wrong__then_said_and_the_pin_isnt(token: Token) -> None:
    for opened, text in (
        (lambda: token.key("absent"), "has no AES key 'absent'"),
        (lambda: Pkcs11Key(token.library, "elsewhere", "vault-1", PIN), "'elsewhere' doesn't answer"),
        (lambda: Pkcs11Key(Path("/nowhere.so"), "assent", "vault-1", PIN), "doesn't answer"),
    ):
        with pytest.raises((SigningKeyError, MasterKeyUnavailableError), match=text) as caught:
            opened()
        assert PIN not in str(caught.value)


def test_token__when_the_session_is_gone__then_another_is_opened(token: Token) -> None:
    key = token.key()
    wrapped = key.wrap(b"k" * 32)
    assert key._key is not None
    key._key.session.close()
    assert key.unwrap(wrapped) == b"k" * 32


def settings(folder: Path, name: str, **master: object) -> Path:
    (folder / "password").write_text("password")
    (folder / "password").chmod(0o600)
    path = folder / name
    common = {
        "rpc_url": "http://127.0.0.1:8545",
        "chain_id": 31337,
        **dict.fromkeys(("contract", "committee", "records"), ADDRESS),
        "models": [str(PACKAGE)],
    }
    path.write_text(tomli_w.dumps({**common, "public_url": "http://127.0.0.1:8650", **master}))
    return path


def test_rotate__when_from_a_file_to_a_token_and_back__then_only_the_present_one_opens(
    token: Token, tmp_path: Path
) -> None:
    write_secret(tmp_path / "master.json", bytes(range(32)), "password", light=True)
    (tmp_path / "pin").write_text(PIN)
    (tmp_path / "pin").chmod(0o600)
    file = settings(tmp_path, "file.toml", master_key_file="master.json", master_password_file="password")
    place = {"library": str(token.library), "token": token.label, "key": "vault-1", "pin_file": "pin"}
    hardware = settings(tmp_path, "token.toml", master_pkcs11=place)
    vault = open_vault(load_vault_settings(file))
    record = vault.add({"age": 51}, ADDRESS, ADDRESS)
    vault.close()
    for before, after in ((file, hardware), (hardware, file)):
        done = CliRunner().invoke(app, ["vault", "rotate", "--to", str(after), "--config", str(before), "--json"])
        assert done.exit_code == 0, done.output
        assert '"records": 1' in done.output
        opened, shut = open_vault(load_vault_settings(after)), open_vault(load_vault_settings(before))
        assert [field.value for field in opened.disclose(record.id, ["age"])] == [51]
        with pytest.raises(SealError, match="doesn't open under"):
            shut.disclose(record.id, ["age"])
        opened.close()
        shut.close()


def test_settings__when_no_or_two_master_keys_are_named__then_refused(tmp_path: Path) -> None:
    (tmp_path / "pin").touch()
    place = {"library": "pin", "token": "t", "key": "k", "pin_file": "pin"}
    both = {"master_key_file": "pin", "master_password_file": "password", "master_pkcs11": place}
    for number, master in enumerate(({}, {"master_key_file": "pin"}, both)):
        with pytest.raises(ConfigurationError, match="name one master key"):
            load_vault_settings(settings(tmp_path, f"{number}.toml", **master))
