"""Write ``tests/vectors/ids.json``: ids and digests that Solidity and Python must agree on.

The expected values come from eth-account's EIP-712 encoder, not from ``oracle.core``, so that neither side is checked against itself.
``--check`` exits 1 if the file is out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from eth_account.messages import encode_typed_data
from eth_utils import keccak

from oracle.core.structs import Agreement, Model, Record, Request, Struct

TARGET = Path(__file__).resolve().parent.parent / "tests" / "vectors" / "ids.json"
DOMAIN = {
    "name": "Assent",
    "version": "1",
    "chainId": 31337,
    "verifyingContract": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
}


def word(text: str) -> bytes:
    """Return 32 bytes that stand for something."""
    return keccak(text=text)


def account(text: str) -> str:
    """Return an address that stands for somebody."""
    return "0x" + keccak(text=text)[-20:].hex()


def struct_hash(struct: Struct) -> bytes:
    """Hash a struct with eth-account: the body of the typed data's encoding."""
    name = type(struct).__name__
    data = {
        "types": {name: struct.type_members()},
        "primaryType": name,
        "domain": DOMAIN,
        "message": struct.to_message(),
    }
    return encode_typed_data(full_message={**data, "types": {**data["types"], "EIP712Domain": DOMAIN_TYPE}}).body


DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


def typed(primary: str, types: dict[str, list[dict[str, str]]], message: dict[str, Any]) -> dict[str, str]:
    """Return struct hash and digest of typed data, by eth-account."""
    signable = encode_typed_data(
        full_message={
            "types": {"EIP712Domain": DOMAIN_TYPE, **types},
            "primaryType": primary,
            "domain": DOMAIN,
            "message": message,
        }
    )
    digest = keccak(b"\x19\x01" + signable.header + signable.body)
    return {"structHash": "0x" + signable.body.hex(), "digest": "0x" + digest.hex()}


def member(**kinds: str) -> list[dict[str, str]]:
    """Return members of a type."""
    return [{"name": name, "type": kind} for name, kind in kinds.items()]


def vectors() -> dict[str, Any]:
    """Return the file's content."""
    record = Record(word("root"), account("subject"), account("holder"))
    model = Model(account("publisher"), word("files"), word("inputs"), word("outcomes"), 2, 3, 1000, 10**15)
    agreement = Agreement(
        account("subject"), account("controller"), struct_hash(record), struct_hash(model),
        1 << 31, 1 << 47, 1, 1_800_000_000, 1_900_000_000, 10, word("notice"), word("salt"),
    )  # fmt: skip
    request = Request(struct_hash(agreement), 7, account("controller"), 31, 0, 1_800_003_600, 10**15, 3, 2)
    structs: dict[str, Struct] = {"record": record, "model": model, "agreement": agreement, "request": request}
    giving = {"agreement": agreement.to_message(), "deadline": 1_800_000_060}
    types = {
        "giving": (
            "Giving",
            {"Giving": member(agreement="Agreement", deadline="uint256"), "Agreement": Agreement.type_members()},
            giving,
        ),
        "withdrawal": (
            "Withdrawal",
            {"Withdrawal": member(agreement="bytes32", deadline="uint256")},
            {"agreement": struct_hash(agreement), "deadline": 1_800_000_060},
        ),
        "joining": (
            "Joining",
            {"Joining": member(operator="address", sealKey="bytes32", deadline="uint256")},
            {"operator": account("operator"), "sealKey": word("seal"), "deadline": 1_800_000_060},
        ),
        "report": (
            "Report",
            {"Report": member(epoch="uint32", count="uint32", root="bytes32")},
            {"epoch": 1, "count": 1, "root": word("report")},
        ),
    }
    return {
        "domain": DOMAIN,
        "structs": {
            name: {"hash": "0x" + struct_hash(each).hex(), "values": each.to_json()} for name, each in structs.items()
        },
        "typed": {
            name: {**typed(primary, kinds, message), "message": _plain(message)}
            for name, (primary, kinds, message) in types.items()
        },
    }


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    return {k: "0x" + v.hex() if isinstance(v, bytes) else v for k, v in message.items() if not isinstance(v, dict)}


def main() -> int:
    """Entry point; returns the exit code."""
    text = json.dumps(vectors(), indent=2) + "\n"
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.exists() and TARGET.read_text() == text else 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
