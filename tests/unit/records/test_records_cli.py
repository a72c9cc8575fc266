"""``assent record`` and ``assent dataset``: the whole way of a bundle, and what a wrong document ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from synthea_bundle import bundle, resources
from typer.testing import CliRunner, Result

from oracle.cli.app import app
from oracle.core.eip712 import hex_of
from oracle.keys.keystore import write_secret
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE
from oracle.records.schema import DIALECT

SUBJECT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
HOLDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PARTIES = ["--subject", SUBJECT, "--holder", HOLDER]
SCHEMA = {"$schema": DIALECT, "title": "A visit", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


def run(*line: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in line])


def told(*line: object) -> Any:
    found = run(*line)
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def key(tmp_path: Path) -> list[str]:
    """Options for the secret that fixes how dates move."""
    password = tmp_path / "password"
    password.write_text("secret")
    password.chmod(0o600)
    write_secret(tmp_path / "dates.json", bytes(range(1, 33)), "secret", light=True)
    return ["--secret", str(tmp_path / "dates.json"), "--password-file", str(password)]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "records"


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    folder = tmp_path / "schemas"
    folder.mkdir()
    written(folder / "visit.json", SCHEMA)
    return folder


def ingested(folder: Path, key: list[str], out: Path, *more: object, **how: Any) -> dict[str, Any]:
    path = written(folder / f"Abe604_Frami345_{len(list(folder.iterdir()))}.json", bundle(**how))
    found: list[dict[str, Any]] = told("record", "ingest", path, *PARTIES, *key, "--out", out, "--json", *more)
    return found[0]


def test_ingest__then_a_record_file_that_checks_and_proves(tmp_path: Path, key: list[str], out: Path) -> None:
    made = ingested(tmp_path, key, out)
    assert made["leftOut"]["Patient.name"] == 1
    assert "Frami345" not in made["file"]
    assert Path(made["file"]).stat().st_mode & 0o077 == 0
    checked = told("record", "check", made["file"], "--json")
    assert (checked["record"], checked["schema"], checked["subject"]) == (
        made["record"],
        "fhir-r4-deidentified",
        SUBJECT,
    )
    shown = written(tmp_path / "shown", told("record", "prove", made["file"], "--field", "loinc:2339-0:mg/dL"))
    found = told("record", "verify", shown, "--record", made["record"], "--json")
    assert found["values"].keys() == {"loinc:2339-0:mg/dL"}


def test_ingest__when_people_read_it__then_a_table(tmp_path: Path, key: list[str], out: Path) -> None:
    path = written(tmp_path / "bundle.json", bundle())
    found = run("record", "ingest", path, *PARTIES, *key, "--out", out)
    assert found.exit_code == 0
    assert "leftOut" in found.stdout


def test_ingest__when_several_bundles_and_one_is_wrong__then_none_is_made_and_it_is_named_by_number(
    tmp_path: Path, key: list[str], out: Path
) -> None:
    wrong = bundle(seed=2)
    resources(wrong, "Observation")[0]["status"] = "Quagmire"
    contents = [bundle(), wrong, {"resourceType": "Quagmire"}]
    paths = [written(tmp_path / f"Zebulon{number}.json", content) for number, content in enumerate(contents)]
    found = run("record", "ingest", *paths, *PARTIES, *key, "--out", out)
    assert found.exit_code == 1
    assert found.stderr == (
        "error: bundle 2: Observation/1.status: has a value that isn't known, and can't be left out\n"
        "       bundle 3: document: isn't a FHIR Bundle\n"
    )
    assert not out.exists()


def test_ingest__when_bundles_are_of_several_subjects__then_each_is_its_own(
    tmp_path: Path, key: list[str], out: Path
) -> None:
    whose = {"a.json": SUBJECT, "b.json": HOLDER}
    paths = [written(tmp_path / name, bundle(seed=seed)) for seed, name in enumerate(whose)]
    subjects = written(tmp_path / "subjects", whose)
    rows = told("record", "ingest", *paths, "--subjects", subjects, "--holder", HOLDER, *key, "--out", out, "--json")
    assert [row["subject"] for row in rows] == [SUBJECT, HOLDER]
    births = [json.loads(Path(row["file"]).read_text())["fields"] for row in rows]
    days = {next(each["value"]["birthDate"] for each in fields if each["name"] == "Patient/1") for fields in births}
    assert len(days) == 2  # born on one day, and shifted by each one's own
    missing = run(
        "record",
        "ingest",
        *paths,
        "--subjects",
        written(tmp_path / "s", {"a.json": SUBJECT}),
        "--holder",
        HOLDER,
        *key,
        "--out",
        out,
    )
    assert (missing.exit_code, missing.stderr) == (2, "error: --subjects: names no address for bundle 2\n")


def test_ingest__when_a_bundle_is_not_json__then_named_by_number(tmp_path: Path, key: list[str], out: Path) -> None:
    path = tmp_path / "Zebulon.json"
    path.write_text('{"a": 1, "a": "Quagmire"}')
    found = run("record", "ingest", path, *PARTIES, *key, "--out", out, "--json")
    assert found.exit_code == 1
    assert json.loads(found.stderr)["error"]["problems"] == ["bundle 1: not a JSON object with each name once"]


def test_make__then_the_schema_is_held(tmp_path: Path, schemas: Path, out: Path) -> None:
    line = ["--schema", "visit", "--schemas", schemas, *PARTIES, "--out", out]
    made = told("record", "make", written(tmp_path / "f", {"age": 42}), *line, "--json")
    assert told("record", "check", made["file"], "--schemas", schemas, "--json")["schema"] == "visit"
    assert run("record", "check", made["file"]).exit_code == 1  # the schema isn't known without the folder
    wrong = run("record", "make", written(tmp_path / "g", {"age": "Quagmire"}), *line)
    assert wrong.exit_code == 1
    assert wrong.stderr == 'error: age: breaks the schema\'s rule type "integer"\n'


def test_schemas__then_all_are_listed(schemas: Path) -> None:
    rows = told("record", "schemas", "--schemas", schemas, "--json")
    assert [row["name"] for row in rows] == ["fhir-r4-deidentified", "visit"]


def test_correction__then_the_old_record_stays_and_history_is_checked(tmp_path: Path, schemas: Path, out: Path) -> None:
    more = ["--schemas", schemas, "--out", out, "--json"]
    first = told("record", "make", written(tmp_path / "f", {"age": 42}), "--schema", "visit", *PARTIES, *more)
    second = told("record", "make", written(tmp_path / "g", {"age": 43}), "--corrects", first["file"], *more)
    assert second["corrects"] == first["record"]
    assert Path(first["file"]).exists()
    assert told("record", "check", second["file"], "--schemas", schemas, "--json")["schema"] == "visit"
    rows = told("record", "history", second["file"], "--among", out, "--json")
    assert [row["record"] for row in rows] == [second["record"], first["record"]]
    assert rows[0]["changed"] == ["age"]
    Path(first["file"]).unlink()
    gone = run("record", "history", second["file"], "--among", out)
    assert gone.exit_code == 1
    assert f"{first['record']}: is missing" in gone.stderr


def test_history__when_the_versions_are_in_the_vault__then_found_there(tmp_path: Path, out: Path, config: Path) -> None:
    first = told("record", "make", written(tmp_path / "f", {"age": 42}), *PARTIES, "--out", out, "--json")
    told("vault", "add", first["file"], *PARTIES, "--config", config, "--json")
    second = told(
        "record", "make", written(tmp_path / "g", {"age": 43}), "--corrects", first["file"], "--out", out, "--json"
    )
    rows = told("record", "history", second["file"], "--config", config, "--json")
    assert [row["record"] for row in rows] == [second["record"], first["record"]]
    third = told(
        "record", "make", written(tmp_path / "h", {"age": 44}), "--corrects", second["file"], "--out", out, "--json"
    )
    gone = run("record", "history", third["file"], "--config", config)
    assert gone.exit_code == 1
    assert f"{second['record']}: is missing" in gone.stderr
    assert run("record", "history", third["file"]).exit_code == 2


def test_correction__when_a_bundle_comes_again__then_it_corrects(tmp_path: Path, key: list[str], out: Path) -> None:
    first = ingested(tmp_path, key, out, visits=2)
    path = written(tmp_path / "again.json", bundle(visits=3))
    line = ["record", "ingest", path, *key, "--out", out, "--corrects", first["file"]]
    assert told(*line, "--json")[0]["corrects"] == first["record"]
    assert run(*line, "--subject", HOLDER).exit_code == 2
    assert run(*line, path).exit_code == 2
    assert run(*line, "--subjects", path).exit_code == 2


def test_model__then_exactly_its_inputs_are_shown(tmp_path: Path, out: Path) -> None:
    card = ModelPackage.load(PACKAGE).card
    values = {each.name: (each.minimum + each.maximum) / 2 for each in card.inputs}
    fields = written(tmp_path / "f", {**values, "name": "Zebulon"})
    made = told("record", "make", fields, *PARTIES, "--out", out, "--json")
    assert told("record", "check", made["file"], "--model", PACKAGE, "--json")["model"] == card.name
    shown = run("record", "prove", made["file"], "--model", PACKAGE)
    assert [each["name"] for each in json.loads(shown.stdout)["fields"]] == [each.name for each in card.inputs]
    assert "Zebulon" not in shown.stdout


def test_model__when_the_record_has_not_what_it_takes__then_said(tmp_path: Path, key: list[str], out: Path) -> None:
    made = ingested(tmp_path, key, out)
    found = run("record", "check", made["file"], "--model", PACKAGE)
    assert found.exit_code == 1
    assert "the record has no field" in found.stderr


def test_prove__when_neither_fields_nor_a_model_are_named__then_status_2(
    tmp_path: Path, key: list[str], out: Path
) -> None:
    assert run("record", "prove", ingested(tmp_path, key, out)["file"]).exit_code == 2


def test_verify__when_it_is_another_record__then_status_1(tmp_path: Path, key: list[str], out: Path) -> None:
    made = ingested(tmp_path, key, out)
    shown = written(tmp_path / "shown", told("record", "prove", made["file"], "--field", "patient:gender"))
    assert run("record", "verify", shown, "--record", "0x" + "11" * 32).exit_code == 1


def test_check__when_the_file_was_altered__then_status_1_without_the_value(
    tmp_path: Path, key: list[str], out: Path
) -> None:
    path = Path(ingested(tmp_path, key, out)["file"])
    path.write_text(path.read_text().replace('"male"', '"female"'))
    found = run("record", "check", path)
    assert found.exit_code == 1
    assert "altered" in found.stderr
    assert "male" not in found.stderr


def test_parties__when_not_named__then_status_2(tmp_path: Path, out: Path) -> None:
    assert run("record", "make", written(tmp_path / "f", {"age": 42}), "--out", out).exit_code == 2


def test_file__when_it_is_there__then_is_not_overwritten(tmp_path: Path, out: Path) -> None:
    fields = written(tmp_path / "f", {"age": 42})
    made = told("record", "make", fields, *PARTIES, "--out", out, "--json")
    manifest = tmp_path / "dataset.json"
    told("dataset", "make", out, "--out", manifest, "--json")
    assert run("dataset", "make", out, "--out", manifest).exit_code == 2
    assert Path(made["file"]).stat().st_mode & 0o777 == 0o600


def test_dataset__then_every_record_is_checked_and_proven(tmp_path: Path, key: list[str], out: Path) -> None:
    made = [ingested(tmp_path, key, out, seed=seed, visits=1) for seed in range(3)]
    manifest = tmp_path / "dataset.json"
    root = told("dataset", "make", out, "--out", manifest, "--json")["dataset"]
    whole = told("dataset", "check", manifest, out, "--dataset", root, "--json")
    assert (whole["right"], whole["missing"], whole["altered"], whole["extra"], whole["unreadable"]) == (
        3,
        [],
        [],
        [],
        [],
    )
    proof = written(tmp_path / "proof", told("dataset", "prove", manifest, made[0]["record"]))
    assert told("dataset", "verify", proof, "--dataset", root, "--json") == {
        "dataset": root,
        "record": made[0]["record"],
    }
    assert run("dataset", "verify", proof, "--dataset", hex_of(bytes(32))).exit_code == 1


def test_dataset__when_not_whole__then_every_fault_is_named_with_status_1(
    tmp_path: Path, key: list[str], out: Path
) -> None:
    lost, altered, right = (ingested(tmp_path, key, out, seed=seed, visits=1) for seed in range(3))
    manifest = tmp_path / "dataset.json"
    told("dataset", "make", out, "--out", manifest, "--json")
    Path(lost["file"]).unlink()
    path = Path(altered["file"])
    path.write_text(path.read_text().replace('"male"', '"female"'))
    (out / "zzz.json").write_text("not JSON")
    extra = ingested(tmp_path, key, out, seed=7, visits=1)
    found = run("dataset", "check", manifest, out, "--json")
    assert found.exit_code == 1
    said = json.loads(found.stdout)
    assert (said["right"], said["missing"], said["altered"]) == (1, [lost["record"]], [altered["record"]])
    assert (said["extra"], said["unreadable"]) == ([extra["record"]], ["zzz.json"])
    assert right["record"] not in found.stdout


def test_dataset__when_the_root_is_another_or_a_folder_is_empty__then_refused(
    tmp_path: Path, key: list[str], out: Path
) -> None:
    ingested(tmp_path, key, out)
    manifest = tmp_path / "dataset.json"
    told("dataset", "make", out, "--out", manifest, "--json")
    assert run("dataset", "check", manifest, out, "--dataset", hex_of(bytes(32))).exit_code == 1
    (tmp_path / "empty").mkdir()
    assert run("dataset", "make", tmp_path / "empty", "--out", tmp_path / "x").exit_code == 2
    assert run("dataset", "prove", manifest, hex_of(bytes(32))).exit_code == 1


# The vault


@pytest.fixture
def config(tmp_path: Path, key: list[str]) -> Path:
    content = {
        "rpc_url": "http://127.0.0.1:9",
        "chain_id": 31337,
        "contract": HOLDER,
        "committee": HOLDER,
        "records": HOLDER,
        "master_key_file": key[1],
        "master_password_file": key[3],
        "models": [str(PACKAGE)],
        "public_url": "http://127.0.0.1:8650",
    }
    path = tmp_path / "vault.toml"
    path.write_text("\n".join(f"{name} = {json.dumps(value)}" for name, value in content.items()))
    return path


def test_vault__when_given_a_record_file__then_keeps_it_as_it_is(
    tmp_path: Path, key: list[str], out: Path, config: Path
) -> None:
    made = ingested(tmp_path, key, out)
    added = told("vault", "add", made["file"], *PARTIES, "--config", config, "--json")
    assert added["record"] == made["record"]
    opened = told("record", "open", made["record"], "--config", config, "--out", tmp_path / "opened", "--json")
    assert json.loads(Path(opened["file"]).read_text()) == json.loads(Path(made["file"]).read_text())


def test_vault__when_a_record_file_is_of_another_subject__then_refused(
    tmp_path: Path, key: list[str], out: Path, config: Path
) -> None:
    made = ingested(tmp_path, key, out)
    line = ["vault", "add", made["file"], "--subject", HOLDER, "--holder", HOLDER, "--config", config]
    found = run(*line)
    assert found.exit_code == 2
    assert "another subject or holder" in found.stderr
