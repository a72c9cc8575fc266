"""A deployment's file: read whole, or every problem named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oracle.client import AssentClient, Deployment
from oracle.core.errors import ConfigurationError

CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
COMMITTEE, RECORDS = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512", "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
LEAST: dict[str, Any] = {
    "chainId": 31337, "contract": CONTRACT, "committee": COMMITTEE, "records": RECORDS, "block": 3,
}  # fmt: skip


def _write(folder: Path, content: object) -> Path:
    path = folder / "deployment.json"
    path.write_text(json.dumps(content))
    return path


def test_read__when_only_what_is_needed_is_there__then_it_is_enough(tmp_path: Path) -> None:
    assert Deployment.read(_write(tmp_path, LEAST)) == Deployment(31337, CONTRACT, COMMITTEE, RECORDS, 3)
    assert Deployment.read(_write(tmp_path, {**LEAST, "rpcUrl": None})).rpc_url is None


def test_read__when_it_says_more__then_models_are_by_name_and_the_rest_is_left(tmp_path: Path) -> None:
    more = {**LEAST, "rpcUrl": "http://localhost:1", "models": {"screening": "0x" + "ab" * 32}, "deployer": "someone"}
    found = Deployment.read(_write(tmp_path, more))
    assert found.models == {"screening": b"\xab" * 32}
    assert found.rpc_url == "http://localhost:1"


@pytest.mark.parametrize("content", [[], None, 7, "text"])
def test_read__when_it_is_no_object__then_says_so(tmp_path: Path, content: object) -> None:
    with pytest.raises(ConfigurationError, match="JSON object"):
        Deployment.read(_write(tmp_path, content))


def test_read__when_all_is_wrong__then_all_problems_come_at_once(tmp_path: Path) -> None:
    wrong = {"chainId": "1", "contract": "0x12", "block": True, "rpcUrl": 7, "models": {"a": "0x12"}}
    with pytest.raises(ConfigurationError) as caught:
        Deployment.read(_write(tmp_path, wrong))
    assert len(caught.value.problems) == 7


def test_read__when_the_file_is_absent_or_no_json__then_says_which(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.json"):
        Deployment.read(tmp_path / "none.json")
    (tmp_path / "text.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"text\.json"):
        Deployment.read(tmp_path / "text.json")


def test_from_deployment__when_no_endpoint_is_named__then_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="rpc_url"):
        AssentClient.from_deployment(_write(tmp_path, LEAST))


def test_client__when_the_contract_is_no_address__then_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="contract"):
        AssentClient("http://127.0.0.1:1", "0x12")
