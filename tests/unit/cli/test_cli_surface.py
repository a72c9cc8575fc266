"""The command line's surface: help, examples, errors, exit statuses. No chain."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from oracle.cli.app import app
from oracle.client import draft_agreement
from oracle.core.errors import EndpointError
from oracle.core.structs import Record
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
CONTRACTS = f'contract = "{ADDRESS}"\ncommittee = "{ADDRESS}"\nrecords = "{ADDRESS}"\n'
ID = "0x" + "11" * 32
DRAFT = ["agreement", "draft", "--subject", ADDRESS, "--holder", ADDRESS, "--root", ID, "--controller", ADDRESS]
runner = CliRunner()


def commands() -> Iterator[tuple[str, Any]]:
    def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
        for name, each in getattr(command, "commands", {}).items():
            yield from walk(f"{path} {name}".strip(), each)
        if not hasattr(command, "commands"):
            yield path, command

    yield from walk("", typer.main.get_command(app))


COMMANDS = dict(commands())


def test_commands__then_all_are_there() -> None:
    wanted = """node run,node check,node status,node retry,vault serve,vault add,vault list,vault release,agreement give,agreement sign,
    agreement relay,agreement withdraw,agreement show,agreement list-purposes,agreement draft,request make,request show,
    request close,request quote,request sign,request relay,request cancel,request status,request claim,request retry,
    standing make,standing open,standing end,standing show,standing list,balance show,balance deposit,balance withdraw,
    agreement settle,verdict show,verdict wait,verdict challenge,verdict contests,verdict judge,
    verdict rule,verdict close,verdict punish,model train,
    model show,model publish,model deprecate,model list,operator join,operator keys,operator stake,operator renew,
    operator resign,operator show,operator rotate,operator collect,operator withdraw-stake,committee show,
    keys new,keys import,keys list,keys show,keys rotate,audit,
    record schemas,record make,record ingest,record check,record prove,record verify,record history,record open,record retire,
    dataset make,dataset check,dataset prove,dataset verify"""
    assert {name.strip() for name in wanted.split(",")} <= COMMANDS.keys()


@pytest.mark.parametrize("path", COMMANDS)
def test_help__then_says_what_it_does_with_an_example(path: str) -> None:
    found = runner.invoke(app, [*path.split(), "--help"])
    assert found.exit_code == 0, found.output
    assert COMMANDS[path].help
    assert f"assent {path}" in COMMANDS[path].epilog


def test_help__when_of_everything__then_loads_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['assent', '--help']\nfrom oracle.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert not {'web3', 'torch', 'sqlalchemy', 'fastapi', 'eth_abi'} & sys.modules.keys()"
    )
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "agreement" in found.stdout


def test_version__then_printed() -> None:
    found = runner.invoke(app, ["--version"])
    assert found.exit_code == 0
    assert found.output.startswith("assent ")


# Wrong usage: exit status 2


@pytest.mark.parametrize(
    "line",
    [
        "verdict show 0x12",
        "verdict show",
        "nonsense",
        "agreement draft --subject nobody",
        f"audit {ID} --release /nowhere",
        "operator show 0x12",
    ],
)
def test_usage__when_wrong__then_status_2(line: str) -> None:
    assert runner.invoke(app, line.split()).exit_code == 2


def test_deployment__when_there_is_none__then_status_2_and_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = runner.invoke(app, ["verdict", "show", ID])
    assert found.exit_code == 2
    remedy = "start one with `assent devnet up`, or name one with --deployment or ASSENT_DEPLOYMENT"
    assert found.stderr == f"error: no deployment in deploy/deployments/: {remedy}\n"
    assert found.stdout == ""


def test_error__when_json_is_wanted__then_it_is_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = runner.invoke(app, ["verdict", "show", ID, "--json"])
    error = json.loads(found.stderr)["error"]
    assert error["kind"] == "ConfigurationError"
    assert len(error["problems"]) == 1


def test_sender__when_no_keystore_is_named__then_both_files_are_asked_for(deployment: Path, drafted: Path) -> None:
    found = runner.invoke(app, ["agreement", "give", str(drafted), "--deployment", str(deployment)])
    assert found.exit_code == 2
    assert "--keystore" in found.stderr
    assert "--password-file" in found.stderr


# Agreements, without a chain


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    path = tmp_path / "5.json"
    content = {
        "chainId": 5,
        "contract": ADDRESS,
        "committee": ADDRESS,
        "records": ADDRESS,
        "block": 0,
        "rpcUrl": "http://127.0.0.1:9",
        "models": {"screening": ID},
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def drafted(tmp_path: Path) -> Path:
    path = tmp_path / "agreement.json"
    agreement = draft_agreement(Record(bytes(32), ADDRESS, ADDRESS), ADDRESS, bytes(32), ["AcademicResearch"])
    path.write_text(json.dumps(agreement.to_json()))
    return path


@pytest.fixture
def keyed(tmp_path: Path) -> list[str]:
    """Options that name a new key."""
    password, key = tmp_path / "password", tmp_path / "key.json"
    password.write_text("secret\n")
    password.chmod(0o600)
    made = runner.invoke(app, ["keys", "new", str(key), "--password-file", str(password), "--light", "--json"])
    assert made.exit_code == 0, made.output
    return ["--keystore", str(key), "--password-file", str(password)]


def test_list_purposes__when_searched__then_only_those() -> None:
    found = runner.invoke(app, ["agreement", "list-purposes", "research", "--json"])
    terms = [row["term"] for row in json.loads(found.stdout)]
    assert "AcademicResearch" in terms
    assert all("research" in term.lower() for term in terms)
    assert "AcademicResearch" in runner.invoke(app, ["agreement", "list-purposes"]).stdout


def test_draft_and_sign__when_in_order__then_a_signed_agreement(
    deployment: Path, keyed: list[str], tmp_path: Path
) -> None:
    line = [*DRAFT, "--model", "screening"]
    line += ["--purpose", "AcademicResearch", "--step", "infer", "--step", "train", "--deployment", str(deployment)]
    found = runner.invoke(app, line)
    assert found.exit_code == 0, found.output
    terms = json.loads(found.stdout)
    assert (terms["model"], terms["steps"]) == (ID, 3)
    signed = runner.invoke(app, ["agreement", "sign", "-", "--deployment", str(deployment), *keyed], input=found.stdout)
    assert signed.exit_code == 0, signed.output
    data = json.loads(signed.stdout)
    assert data["signed"] == "giving"
    assert data["agreement"] == terms
    assert len(data["signature"]) == 130


def test_draft__when_the_record_is_named_by_half__then_status_2(deployment: Path) -> None:
    line = ["agreement", "draft", "--root", ID, "--controller", ADDRESS, "--model", ID, "--purpose", "AcademicResearch"]
    found = runner.invoke(app, [*line, "--deployment", str(deployment)])
    assert found.exit_code == 2
    assert "--subject and --holder" in found.stderr


def test_standing_make__when_no_interval_is_named__then_status_2(deployment: Path, keyed: list[str]) -> None:
    line = ["standing", "make", ID, "--purpose", "AcademicResearch", "--rounds", "2", "--deployment", str(deployment)]
    found = runner.invoke(app, [*line, *keyed])
    assert found.exit_code == 2
    assert "--every-s, --every-blocks" in found.stderr


@pytest.mark.parametrize("content", ["", "{}", '{"signed": "asking", "agreement": {}, "question": 7}'])
def test_relay__when_the_file_is_no_signed_question__then_status_2(
    deployment: Path, keyed: list[str], content: str
) -> None:
    found = runner.invoke(app, ["request", "relay", "-", "--deployment", str(deployment), *keyed], input=content)
    assert found.exit_code == 2
    assert found.stderr.startswith("error: ")


def test_judge__when_a_file_is_no_signed_ruling__then_status_2(
    deployment: Path, keyed: list[str], drafted: Path
) -> None:
    line = ["verdict", "judge", ID, str(drafted), "--deployment", str(deployment), *keyed]
    found = runner.invoke(app, line)
    assert found.exit_code == 2
    assert "not a signed ruling" in found.stderr


def test_draft__when_a_purpose_is_misspelt__then_status_2_and_a_hint(deployment: Path) -> None:
    line = [*DRAFT, "--model", ID]
    found = runner.invoke(app, [*line, "--purpose", "AcademicReserch", "--deployment", str(deployment)])
    assert found.exit_code == 2
    assert "did you mean AcademicResearch" in found.stderr


def test_draft__when_the_model_is_unknown__then_names_those_known(deployment: Path) -> None:
    line = [*DRAFT, "--model", "scrying"]
    found = runner.invoke(app, [*line, "--purpose", "AcademicResearch", "--deployment", str(deployment)])
    assert found.exit_code == 2
    assert "(screening)" in found.stderr


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"subject": 7}', "[" * 100])
def test_sign__when_the_file_is_no_agreement__then_status_2(deployment: Path, keyed: list[str], content: str) -> None:
    found = runner.invoke(app, ["agreement", "sign", "-", "--deployment", str(deployment), *keyed], input=content)
    assert found.exit_code == 2
    assert found.stderr.startswith("error: ")
    assert (
        runner.invoke(
            app, ["agreement", "relay", "-", "--deployment", str(deployment), *keyed], input=content
        ).exit_code
        == 2
    )


# Keys


def test_keys_new__when_the_file_exists__then_kept(keyed: list[str]) -> None:
    path, password = Path(keyed[1]), keyed[3]
    before = path.read_bytes()
    found = runner.invoke(app, ["keys", "new", str(path), "--password-file", password, "--light"])
    assert found.exit_code == 2
    assert "exists" in found.stderr
    assert path.read_bytes() == before


def test_keys_new__when_the_password_is_open_to_others__then_no_key_is_left(tmp_path: Path) -> None:
    password, key = tmp_path / "open", tmp_path / "new.json"
    password.write_text("secret")
    password.chmod(0o644)
    found = runner.invoke(app, ["keys", "new", str(key), "--password-file", str(password), "--light"])
    assert found.exit_code == 2
    assert "chmod 600" in found.stderr
    assert not key.exists()
    assert runner.invoke(app, ["keys", "new", str(key), "--password-file", str(tmp_path / "none")]).exit_code == 2


def test_keys_show__then_public_parts_only(keyed: list[str]) -> None:
    found = runner.invoke(app, ["keys", "show", keyed[1], "--password-file", keyed[3], "--json"])
    data = json.loads(found.stdout)
    assert data.keys() == {"file", "address", "sealKey"}
    assert (len(data["address"]), len(data["sealKey"])) == (42, 66)


SECRET = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
IMPORTED = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"


@pytest.mark.parametrize("form", ["hex", "0x", "standard input", "key file"])
def test_keys_import__from_each_form__then_that_key_is_in_a_file_of_its_owners(
    keyed: list[str], tmp_path: Path, form: str
) -> None:
    source, given = tmp_path / "source", None
    options = ["--password-file", keyed[3], "--light", "--json"]
    if form == "key file":
        imported = json.loads(runner.invoke(app, ["keys", "show", keyed[1], *options[:2], "--json"]).stdout)["address"]
        source, options = Path(keyed[1]), [*options, "--from-password-file", keyed[3]]
    else:
        imported, given = IMPORTED, "0x" * (form == "0x") + SECRET + "\n"
        source.touch(mode=0o600)
        source.write_text(given)
    named = "-" if form == "standard input" else str(source)
    new = tmp_path / "imported.json"
    found = runner.invoke(app, ["keys", "import", str(new), "--from", named, *options], input=given)
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["address"] == imported
    assert new.stat().st_mode & 0o777 == 0o600
    shown = runner.invoke(app, ["keys", "show", str(new), "--password-file", keyed[3], "--json"])
    assert json.loads(shown.stdout)["address"] == imported


@pytest.mark.parametrize("content", [SECRET[:-1], SECRET + "00", "not hex " + SECRET, "", "ff" * 32, "00" * 32])
def test_keys_import__when_it_is_no_key__then_refused_without_quoting_and_nothing_left(
    keyed: list[str], tmp_path: Path, content: str
) -> None:
    new = tmp_path / "imported.json"
    options = ["--password-file", keyed[3], "--light"]
    found = runner.invoke(app, ["keys", "import", str(new), "--from", "-", *options], input=content)
    assert found.exit_code == 2
    assert SECRET[:16] not in found.output
    assert not new.exists()


def test_keys_import__when_the_source_is_open_or_lacks_its_password__then_refused(
    keyed: list[str], tmp_path: Path
) -> None:
    source, new = tmp_path / "source", tmp_path / "imported.json"
    source.write_text(SECRET)
    source.chmod(0o644)
    options = ["--password-file", keyed[3], "--light"]
    found = runner.invoke(app, ["keys", "import", str(new), "--from", str(source), *options])
    assert (found.exit_code, "chmod 600" in found.stderr) == (2, True)
    found = runner.invoke(app, ["keys", "import", str(new), "--from", keyed[1], *options])
    assert (found.exit_code, "--from-password-file" in found.stderr) == (2, True)
    assert not new.exists()


def node_toml(folder: Path, attester: str = '"key.json"') -> Path:
    """Settings of a node in the folder of ``keyed``: one key for all."""
    config = folder / "node.toml"
    chain = f'[chain]\nrpc_url = "http://127.0.0.1:9"\nchain_id = 5\n{CONTRACTS}'
    keys = f'[keys]\nattester = {attester}\nsender = "key.json"\nseal = "key.json"\npassword_file = "password"\n'
    config.write_text(f'models = ["{folder}"]\n{chain}{keys}')
    return config


def test_keys_list__then_address_use_and_mode_without_a_password(keyed: list[str], tmp_path: Path) -> None:
    node_toml(tmp_path)
    (tmp_path / "other.json").write_bytes(Path(keyed[1]).read_bytes())
    (tmp_path / "other.json").chmod(0o644)
    (tmp_path / "deployment.json").write_text("{}")
    Path(keyed[3]).unlink()
    rows = json.loads(runner.invoke(app, ["keys", "list", str(tmp_path), "--json"]).stdout)
    assert [(row["file"], row["kind"], row["mode"]) for row in rows] == [
        ("key.json", "attester, sender, seal", "0600"),
        ("other.json", None, "0644"),
    ]
    assert all(len(row["address"]) == 42 for row in rows)
    assert "key.json" in runner.invoke(app, ["keys", "list", str(tmp_path)]).stdout
    assert runner.invoke(app, ["keys", "list", str(tmp_path / "none")]).exit_code == 2


@pytest.mark.parametrize("kind", ["attester", "seal"])
def test_keys_rotate__when_there_is_one_key__then_another_beside_it_and_what_to_do(
    keyed: list[str], tmp_path: Path, kind: str
) -> None:
    config = node_toml(tmp_path)
    found = runner.invoke(app, ["keys", "rotate", "--config", str(config), "--kind", kind, "--light", "--json"])
    assert found.exit_code == 0, found.output
    facts = json.loads(found.stdout)
    assert facts["setting"] == f'{kind} = ["key.json", "key-2.json"]'
    assert f"--{kind} {tmp_path / 'key-2.json'}" in facts["command"]
    assert len(facts["next"]) == 4
    shown = runner.invoke(app, ["keys", "show", facts["file"], "--password-file", keyed[3], "--json"])
    assert json.loads(shown.stdout)["address"] == facts["address"]


def test_keys_rotate__when_a_remote_signer_has_the_attester__then_says_where_to_make_it(
    keyed: list[str], tmp_path: Path
) -> None:
    config = node_toml(tmp_path, "[]")
    config.write_text(config.read_text() + f'[keys.remote]\nurl = "http://s:1"\nattester = "{ADDRESS}"\n')
    found = runner.invoke(app, ["keys", "rotate", "--config", str(config)])
    assert found.exit_code == 2
    assert "keys.remote.attester" in found.stderr


# Node and vault settings


def test_node_check__when_settings_are_wrong__then_all_problems_at_once(tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text('[chain]\nrpc_url = "ftp://x"\nchain_id = 0\ncontract = "0x12"\n')
    for command in ("check", "run"):
        found = runner.invoke(app, ["node", command, "--config", str(config)])
        assert found.exit_code == 2
        for setting in ("chain.rpc_url", "chain.chain_id", "chain.contract", "keys", "models"):
            assert setting in found.stderr


def test_node_check__when_files_are_unusable__then_each_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.cli.node_checks.Check._chain", _unreachable)
    monkeypatch.setattr("oracle.cli.node_checks.Check._port", lambda _: False)
    bad = tmp_path / "bad"
    bad.write_text("x")
    bad.chmod(0o600)
    (tmp_path / "model").mkdir()
    config = tmp_path / "node.toml"
    config.write_text(
        f'models = ["{tmp_path}/model"]\n[chain]\nrpc_url = "http://127.0.0.1:9"\nchain_id = 5\n{CONTRACTS}'
        f'[keys]\nattester = "{bad}"\nsender = "{bad}"\nseal = "{bad}"\npassword_file = "{bad}"\n'
    )
    found = runner.invoke(app, ["node", "check", "--config", str(config), "--json"])
    assert found.exit_code == 1
    problems = json.loads(found.stdout)["problems"]
    settings = [problem.split(":")[0] for problem in problems]
    assert settings == ["keys.attester", "keys.sender", "keys.seal", "models", "chain.rpc_url"]


def _unreachable(_: object) -> str:
    raise EndpointError("eth_chainId: ConnectionError")


def test_vault__when_settings_are_absent__then_status_2(tmp_path: Path) -> None:
    for line in (["serve"], ["list"], ["release", ID]):
        found = runner.invoke(app, ["vault", *line, "--config", str(tmp_path / "none.toml")])
        assert found.exit_code == 2
        assert "none.toml" in found.stderr


# Models


def test_model_train__when_the_zoo_has_it__then_progress_on_stderr_and_facts_on_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(folder: Path, *, progress: Callable[[str, float], None]) -> ModelPackage:
        progress("halfway", 0.5)
        progress("done", 1.0)
        return ModelPackage.load(PACKAGE)

    stub = ModuleType("training")
    stub.train = train  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "oracle.models.zoo.screening.training", stub)
    found = runner.invoke(app, ["model", "train", "screening", "--out", str(tmp_path / "m"), "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["folder"] == str(tmp_path / "m")
    assert "done" in found.stderr


def test_model_train__when_the_zoo_lacks_it__then_status_2_and_what_there_is(tmp_path: Path) -> None:
    found = runner.invoke(app, ["model", "train", "scrying", "--out", str(tmp_path / "m")])
    assert found.exit_code == 2
    assert "the zoo has screening" in found.stderr
