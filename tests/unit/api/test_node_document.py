"""The interface keeps to its OpenAPI document: whatever is sent, the answer is one that the document describes."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from test_node_api import Scene, fine

from oracle.core.errors import PeerError
from oracle.store.tables import Stage

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.specs.openapi.checks import positive_data_acceptance

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs/api/node.json").read_text())
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.store.close()


def test_document__then_the_one_in_the_repository_is_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/openapi.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr


async def test_document__then_it_is_the_one_that_is_served(scene: Scene) -> None:
    assert (await scene.call("GET", "/openapi.json")).json() == DOCUMENT


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_document__then_every_operation_has_a_typed_answer_a_text_and_the_form_of_errors(
    method: str, path: str
) -> None:
    operation = DOCUMENT["paths"][path][method]
    assert operation["description"]
    (content,) = operation["responses"]["200"]["content"].values()
    assert content["schema"] not in ({}, {"type": "object"})
    error = operation["responses"]["4XX"]["content"]["application/json"]["schema"]
    assert error == {"$ref": "#/components/schemas/Error"}
    assert (method == "post") == ("requestBody" in operation)


def arranged(scene: Scene) -> None:
    fine(scene.survey)
    scene.see(bytes(32), Stage.REFUSED, reason="proof_wrong", message="a field isn't the record's")
    scene.cosigner.outcome = PeerError("not a member")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_interface__when_anything_is_sent__then_no_5xx_and_an_answer_of_the_documents_form(
    scene: Scene, method: str, path: str
) -> None:
    arranged(scene)
    schema = schemathesis.openapi.from_asgi("/openapi.json", scene.app)
    operation = schema[path][method.upper()]

    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def conforms(case: Any) -> None:
        # That a well-formed proposal is signed isn't the document's promise; all else is.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    conforms()
