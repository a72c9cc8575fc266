"""The node's settings: a file, the environment over it, and every mistake told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.core.errors import ConfigurationError
from oracle.setting_files import read_toml
from oracle.settings import NodeSettings, load_node_settings

MINIMAL = """
models = ["package"]
[chain]
rpc_url = "http://127.0.0.1:8545/"
chain_id = 31337
contract = "0x00000000000000000000000000000000000000aa"
committee = "0x00000000000000000000000000000000000000ab"
records = "0x00000000000000000000000000000000000000ac"
[keys]
attester = "attester.json"
sender = "sender.json"
seal = "seal.json"
password_file = "password"
"""
MARK = "marked-secret-77"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "package").mkdir()
    for name in ("attester.json", "sender.json", "seal.json", "password"):
        (tmp_path / name).touch()
    return tmp_path


def load(folder: Path, text: str) -> NodeSettings:
    path = folder / "node.toml"
    path.write_text(text)
    return load_node_settings(path)


def problems(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    return caught.value.problems


def test_load__when_minimal__then_defaults_are_safe_and_paths_are_beside_the_file(folder: Path) -> None:
    settings = load(folder, MINIMAL)
    assert settings.chain.rpc_url == "http://127.0.0.1:8545"
    assert settings.chain.finality == "finalized"
    assert settings.http.host == "127.0.0.1"
    assert not settings.work.allow_private_addresses
    assert settings.models == (folder / "package",)
    assert settings.keys.attester == (folder / "attester.json",)
    assert settings.keys.sender == folder / "sender.json"
    assert settings.database == f"sqlite:///{folder / 'assent-node.db'}"


def test_load__when_run_from_elsewhere__then_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    expected = load(folder, MINIMAL)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert load(folder, MINIMAL) == expected


@pytest.mark.parametrize(
    ("database", "found"),
    [
        ("sqlite:///data/x.db", "sqlite:///{folder}/data/x.db"),
        ("sqlite:////abs/x.db", "sqlite:////abs/x.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://h/d", "postgresql://h/d"),
    ],
)
def test_load__when_a_database_is_named__then_only_relative_files_are_anchored(
    folder: Path, database: str, found: str
) -> None:
    assert load(folder, f'database = "{database}"\n{MINIMAL}').database == found.format(folder=folder)


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:hunter2@h/d", "postgresql+psycopg://me:hunter2@h/d", "postgresql://me@h/d?password=hunter2"],
)
def test_load__when_the_database_has_a_password__then_refused_with_a_better_place_and_never_shown(
    folder: Path, url: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"database: .*passfile") as caught:
        load(folder, f'database = "{url}"\n{MINIMAL}')
    assert "hunter2" not in str(caught.value)


def test_load__when_the_environment_says_otherwise__then_it_wins_key_by_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSENT_NODE_CHAIN__RPC_URL", "https://other:1/")
    monkeypatch.setenv("ASSENT_NODE_WORK__TURN_BLOCKS", "9")
    monkeypatch.setenv("ASSENT_NODE_LOG_LEVEL", "debug")
    settings = load(folder, MINIMAL)
    assert settings.chain.rpc_url == "https://other:1"
    assert settings.chain.chain_id == 31337
    assert settings.work.turn_blocks == 9
    assert settings.log_level == "debug"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ('rpc_urls = ["http://a:1/", "https://b:2"]', ("http://a:1", "https://b:2")),
        ('rpc_url = "http://a:1"\nrpc_urls = ["https://b:2", "http://a:1/"]', ("http://a:1", "https://b:2")),
        ('rpc_url = "http://a:1"', ("http://a:1",)),
    ],
)
def test_load__when_there_are_several_endpoints__then_the_preferred_one_is_first_and_each_is_there_once(
    folder: Path, lines: str, found: tuple[str, ...]
) -> None:
    chain = load(folder, MINIMAL.replace('rpc_url = "http://127.0.0.1:8545/"', lines)).chain
    assert (chain.endpoints, chain.rpc_url) == (found, found[0])


def test_load__when_the_environment_prefers_an_endpoint__then_the_files_come_after_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSENT_NODE_CHAIN__RPC_URL", "http://mine:1")
    text = MINIMAL.replace('rpc_url = "http://127.0.0.1:8545/"', 'rpc_urls = ["http://a:1"]')
    assert load(folder, text).chain.endpoints == ("http://mine:1", "http://a:1")


def test_load__when_no_endpoint_is_named__then_the_setting_is(folder: Path) -> None:
    text = MINIMAL.replace('rpc_url = "http://127.0.0.1:8545/"', "rpc_urls = []")
    assert problems(folder, text) == ("chain.rpc_url: Field required",)


@pytest.mark.parametrize("by", ["file", "environment"])
def test_load__when_keys_change__then_several_files_are_taken_in_their_order(
    folder: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    (folder / "new.json").touch()
    text = MINIMAL
    if by == "file":
        text = MINIMAL.replace('"attester.json"', '["attester.json", "new.json"]')
    else:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("ASSENT_NODE_KEYS__ATTESTER", '["attester.json", "new.json"]')
        monkeypatch.setenv("ASSENT_NODE_KEYS__SEAL", "new.json")
    keys = load(folder, text).keys
    assert [path.name for path in keys.attester] == ["attester.json", "new.json"]
    assert [path.name for path in keys.seal] == ["seal.json" if by == "file" else "new.json"]


def test_load__when_there_are_several_mistakes__then_all_are_named_and_no_value_shown(folder: Path) -> None:
    (folder / "seal.json").unlink()
    text = MINIMAL.replace("http://127.0.0.1:8545/", f"ftp://user:{MARK}@host").replace("31337", "-1")
    text = text.replace("0x00000000000000000000000000000000000000aa", MARK).replace("password_file", "pasword_file")
    found = problems(folder, f'log_level = "{MARK}"\nunheard_of = "{MARK}"\n{text}[http]\nport = 99999\n')
    names = {problem.split(":")[0] for problem in found}
    assert names == {
        "chain.rpc_url", "chain.chain_id", "chain.contract", "keys.seal.0", "keys.password_file", "keys.pasword_file",
        "log_level", "unheard_of", "http.port",
    }  # fmt: skip
    assert MARK not in "\n".join(found)


@pytest.mark.parametrize("key", ["models", "chain", "keys"])
def test_load__when_a_part_is_missing__then_named(folder: Path, key: str) -> None:
    text = (
        MINIMAL.replace('models = ["package"]', "") if key == "models" else MINIMAL.replace(f"[{key}]", f"[not_{key}]")
    )
    assert any(problem.startswith(f"{key}:") for problem in problems(folder, text))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("models = []", "models"),
        ('models = "package"', "models"),
        ("models = [7]", "models.0"),
        ("keys = 5", "keys"),
        ("database = 5", "database"),
    ],
)
def test_load__when_a_value_has_another_type__then_named(folder: Path, line: str, name: str) -> None:
    key = line.split(" ", maxsplit=1)[0]
    kept = MINIMAL.replace('models = ["package"]\n', "") if key == "models" else MINIMAL
    kept = kept.split("[keys]")[0] if key == "keys" else kept
    assert any(problem.startswith(name) for problem in problems(folder, f"{line}\n{kept}"))


def test_load__when_packages_come_and_go_in_a_folder__then_none_need_be_named(folder: Path) -> None:
    (folder / "library").mkdir()
    settings = load(folder, MINIMAL.replace('models = ["package"]', 'models_folder = "library"'))
    assert (settings.models, settings.models_folder) == ((), folder / "library")


def test_load__when_the_folder_of_packages_is_missing__then_named(folder: Path) -> None:
    found = problems(folder, MINIMAL.replace('models = ["package"]', 'models_folder = "library"'))
    assert any(problem.startswith("models_folder:") for problem in found)


def test_load__when_nothing_is_said_of_the_runtime__then_a_worker_with_limits(folder: Path) -> None:
    runtime = load(folder, MINIMAL).runtime
    assert (runtime.kind, runtime.device, runtime.timeout_s, runtime.memory_mib) == ("worker", "auto", 10, 2_048)


@pytest.mark.parametrize(
    "line", ['kind = "thread"', "timeout_s = 0", "memory_mib = 1", "max_batch = 257", "replicas = 0"]
)
def test_load__when_the_runtime_is_told_nonsense__then_named(folder: Path, line: str) -> None:
    (problem,) = problems(folder, f"{MINIMAL}[runtime]\n{line}\n")
    assert problem.startswith(f"runtime.{line.split(maxsplit=1)[0]}:")


@pytest.mark.parametrize("finality", ["earliest", "pending", "-1", "1.5", "12345", ""])
def test_load__when_the_finality_is_none__then_named(folder: Path, finality: str) -> None:
    text = MINIMAL.replace("[keys]", f'finality = "{finality}"\n[keys]')
    assert [problem.split(":")[0] for problem in problems(folder, text)] == ["chain.finality"]


def test_load__when_the_environment_is_malformed__then_configuration_error_naming_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSENT_NODE_MODELS", MARK)
    (problem,) = problems(folder, MINIMAL)
    assert "models" in problem
    assert MARK not in problem


@pytest.mark.parametrize("content", [b"[chain", b"\xff\xfe\x00", b'a = "\x00"'])
def test_read_toml__when_it_is_no_toml__then_configuration_error_naming_the_file(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "node.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not TOML") as caught:
        read_toml(path)
    assert str(path) in str(caught.value)


def test_read_toml__when_it_can_not_be_read__then_says_what_to_do(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(ConfigurationError, match="--config"):
            read_toml(path)


# A remote signer

REMOTE = """
[keys.remote]
url = "https://signer:9000/"
attester = ["0x00000000000000000000000000000000000000a1", "0x00000000000000000000000000000000000000a2"]
sender = "0x00000000000000000000000000000000000000b1"
ca_file = "ca.pem"
client_cert_file = "node.pem"
client_key_file = "node.key"
"""
HERE = 'attester = "attester.json"\nsender = "sender.json"\n'


@pytest.fixture
def certified(folder: Path) -> Path:
    for name in ("ca.pem", "node.pem", "node.key"):
        (folder / name).touch()
    return folder


def test_remote_signer__when_it_has_all_keys__then_no_files_are_asked_for(certified: Path) -> None:
    keys = load(certified, MINIMAL.replace(HERE, "") + REMOTE).keys
    assert keys.remote is not None
    assert (keys.attester, keys.sender) == ((), None)
    assert (len(keys.remote.attester), keys.remote.url) == (2, "https://signer:9000")
    assert keys.remote.ca_file == certified / "ca.pem"
    assert keys.remote.client_key_file == certified / "node.key"


def test_remote_signer__when_it_has_one_key__then_the_other_is_a_file(
    certified: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = MINIMAL.replace('attester = "attester.json"\n', "") + REMOTE.replace("sender =", "# sender =")
    monkeypatch.setenv("ASSENT_NODE_KEYS__REMOTE__ATTESTER", "0x00000000000000000000000000000000000000c1")
    keys = load(certified, text).keys
    assert keys.remote is not None
    assert keys.sender == certified / "sender.json"
    assert keys.remote.attester == ("0x00000000000000000000000000000000000000c1",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINIMAL.replace(HERE, ""), ["keys: there is no attester", "there is no sender"]),
        (MINIMAL.replace(HERE, 'attester = "attester.json"\n'), ["keys: there is no sender"]),
        (MINIMAL + REMOTE, ["keys: there are two senders"]),
        (MINIMAL + '[keys.remote]\nurl = "http://s:1"\n', ["keys.remote: signs for nobody"]),
        (MINIMAL + REMOTE.replace('client_key_file = "node.key"', ""), ["keys.remote: client_cert_file and"]),
        (MINIMAL + REMOTE.replace("https", "http"), ["keys.remote: certificates are for https"]),
        (MINIMAL + REMOTE.replace("ca.pem", "none.pem"), ["keys.remote.ca_file", "none.pem"]),
        (MINIMAL + REMOTE.replace("00a2", "0g"), ["keys.remote.attester.1"]),
        (MINIMAL + REMOTE.replace("https://", "signer://"), ["keys.remote.url"]),
        (MINIMAL + REMOTE + "timeout_s = 0\n", ["keys.remote.timeout_s"]),
        (MINIMAL.replace('"seal.json"', "[]"), ["keys.seal"]),
    ],
)
def test_keys__when_incomplete_or_ambiguous__then_says_what_to_do(certified: Path, text: str, said: list[str]) -> None:
    found = "\n".join(problems(certified, text))
    assert [each for each in said if each not in found] == []
