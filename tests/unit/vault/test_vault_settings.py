"""The settings file: all problems at once, each by its setting."""

from pathlib import Path

import pytest
import tomli_w

from oracle.core.errors import ConfigurationError
from oracle.keys.keystore import write_secret
from oracle.models.zoo.screening import PACKAGE
from oracle.vault.opening import open_vault
from oracle.vault.serve import schemas_of
from oracle.vault.settings import load_vault_settings

CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
COMMITTEE, RECORDS = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512", "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"


@pytest.fixture
def good(tmp_path: Path) -> dict[str, object]:
    (tmp_path / "password").write_text("password")
    (tmp_path / "password").chmod(0o600)
    write_secret(tmp_path / "master.json", bytes(range(32)), "password", light=True)
    return {
        "rpc_url": "http://127.0.0.1:8545",
        "chain_id": 31337,
        "contract": CONTRACT.lower(),
        "committee": COMMITTEE,
        "records": RECORDS,
        "start_block": 7,
        "master_key_file": "master.json",
        "master_password_file": "password",
        "models": [str(PACKAGE)],
        "public_url": "http://127.0.0.1:8650",
    }


def written(folder: Path, content: dict[str, object]) -> Path:
    path = folder / "vault.toml"
    path.write_text(tomli_w.dumps(content))
    return path


def test_settings__when_good__then_are_read_with_defaults_and_paths_beside_the_file(
    tmp_path: Path, good: dict[str, object]
) -> None:
    settings = load_vault_settings(written(tmp_path, good))
    assert (settings.contract, settings.host, settings.port, settings.start_block) == (CONTRACT, "127.0.0.1", 8650, 7)
    assert settings.master_key_file == tmp_path / "master.json"
    assert settings.database == f"sqlite:///{tmp_path}/vault.sqlite"


def test_settings__when_the_environment_has_one__then_it_goes_first(
    tmp_path: Path, good: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSENT_VAULT_PORT", "9000")
    assert load_vault_settings(written(tmp_path, {**good, "port": 8000})).port == 9000


def test_settings__when_much_is_wrong__then_all_of_it_is_named(tmp_path: Path, good: dict[str, object]) -> None:
    bad = {
        **good,
        "rpc_url": "ipc:///tmp/x",
        "chain_id": 0,
        "contract": "0x12",
        "committee": "0x",
        "records": "x",
        "database": "nonsense",
        "master_key_file": "absent.json",
        "models": ["nowhere"],
        "port": 70_000,
        "prot": 1,
    }
    del bad["public_url"]
    with pytest.raises(ConfigurationError) as caught:
        load_vault_settings(written(tmp_path, bad))
    named = {problem.split(":")[0].split(".")[0] for problem in caught.value.problems}
    wanted = {
        "rpc_url",
        "chain_id",
        "contract",
        "committee",
        "records",
        "database",
        "master_key_file",
        "models",
        "port",
        "prot",
        "public_url",
    }
    assert named == wanted


@pytest.mark.parametrize("content", ["port = ", "\x00"])
def test_settings__when_not_toml__then_says_so(content: str, tmp_path: Path) -> None:
    (tmp_path / "vault.toml").write_text(content)
    with pytest.raises(ConfigurationError, match="TOML"):
        load_vault_settings(tmp_path / "vault.toml")


def test_settings__when_absent__then_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_vault_settings(tmp_path / "vault.toml")


def test_settings__when_an_environment_list_is_no_json__then_says_so(
    tmp_path: Path, good: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSENT_VAULT_MODELS", "no json")
    with pytest.raises(ConfigurationError, match="models"):
        load_vault_settings(written(tmp_path, good))


def test_vault__when_opened_from_settings__then_keeps_records_in_their_database(
    tmp_path: Path, good: dict[str, object]
) -> None:
    vault = open_vault(load_vault_settings(written(tmp_path, good)))
    vault.add({"age": 51}, CONTRACT, CONTRACT)
    assert (tmp_path / "vault.sqlite").stat().st_size > 0


def test_schemas__when_packages_are_broken__then_each_is_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with pytest.raises(ConfigurationError) as caught:
        schemas_of([tmp_path / "one", PACKAGE, tmp_path / "two"])
    assert len(caught.value.problems) == 2
    assert len(next(iter(schemas_of([PACKAGE]).values()))) == 30
