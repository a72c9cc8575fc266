"""The npm package: up to date, compiled, in agreement with the vectors, and able to read a verdict with viem."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any

import client_world
import pytest
from anvil_server import anvil
from client_world import SUBJECT

from deploy.deployment import write
from oracle.core.structs import Delivery, Disclosure, Finality, Phase, RequestState, Verdict

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "npm"
VERDICT = Verdict(1, 900_000, bytes(range(32)))


def run(*command: str | Path) -> str:
    """Run a command at the root; return what it prints, or fail with it."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def names(enum: type[IntEnum]) -> dict[str, int]:
    return {member.name.title().replace("_And_", "And"): member.value for member in enum}


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """Compile the package, under TypeScript's strict rules, into build/npm."""
    run(sys.executable, "tools/npm_package.py", "--build")


def test_package__when_generated_anew__then_nothing_changes() -> None:
    run(sys.executable, "tools/npm_package.py", "--check")


def test_readme__when_its_examples_are_compiled__then_their_types_hold() -> None:
    examples = re.findall(r"```ts\n(.*?)```", (ROOT / "npm" / "assent-abi" / "README.md").read_text(), re.DOTALL)
    folder = ROOT / "build" / "npm" / "readme"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for index, example in enumerate(examples):
        (folder / f"{index}.mts").write_text(example)
    run("node", "node_modules/typescript/bin/tsc", "--project", TESTS)


def test_words_and_ids__when_compared_with_the_vectors__then_the_same() -> None:
    run("node", "--test", TESTS / "words.test.mjs")


def test_viem__when_a_verdict_is_recorded__then_it_reads_what_python_does(tmp_path: Path) -> None:
    file = tmp_path / "31337.json"
    with anvil() as url:
        world = client_world.build(url)
        write(world.deployment, file)
        agreement = world.give(price=7)
        asked = world.ask(agreement)
        world.record_verdict(asked, VERDICT)
        status = world.client.contract.verdict_of(asked.id).call()
        by = world.client.recording(asked.id).by
        use = str(asked.request.question.use)
        found: dict[str, Any] = json.loads(
            run(
                *("node", TESTS / "read_verdict.mjs", url, file),
                *(f"0x{agreement.id.hex()}", use, f"0x{world.record.id.hex()}"),
            )
        )
        terms = world.client.committee_terms
    assert found["id"] == f"0x{asked.id.hex()}"
    assert found["agreement"] == f"0x{agreement.id.hex()}"
    assert found["verdict"] == {
        "state": RequestState.RECORDED,
        "finality": Finality.CONTESTABLE,
        "outcome": VERDICT.outcome,
        "score": VERDICT.score,
        "since": status.since,
        "mark": f"0x{status.mark.hex()}",
        "undelivered": False,
    }
    assert found["quote"] == asked.request.quote.to_json()
    assert found["recorded"] == {
        "id": found["id"],
        **VERDICT.to_json(),
        "epoch": by.epoch,
        "bitmap": str(by.bitmap),
    }
    assert found["terms"]["seats"] == terms.seats
    assert found["terms"]["bond"] == str(terms.bond)
    assert found["case"]["phase"] == Phase.NONE
    assert (found["record"]["state"], found["record"]["subject"]) == (1, SUBJECT.address)
    assert found["models"] == {"screening": f"0x{world.model.id.hex()}"}
    enums = {"RequestState": names(RequestState), "Finality": names(Finality), "Delivery": names(Delivery)}
    enums |= {"Disclosure": names(Disclosure), "Phase": names(Phase)}
    assert found["enums"] == enums
