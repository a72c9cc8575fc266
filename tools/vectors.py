"""Write ``tests/vectors/ids.json`` and ``matching.json``: what Solidity, Python and TypeScript must agree on.

The expected values come from eth-account's EIP-712 encoder, from eth-abi and from joined bytes, not from ``oracle.core``'s own hashing and
packing, so that neither side is checked against itself. ``--check`` exits 1 if the file is out of date.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address

from oracle.core.matching import mismatch
from oracle.core.structs import Agreement, Model, Question, Quote, Record, Schedule, Source, Struct, Terms

TARGET = Path(__file__).resolve().parent.parent / "tests" / "vectors" / "ids.json"
MATCHING = TARGET.with_name("matching.json")
_CASES = 600
_RARELY = 0.3
_TERMS_ABI = ("model", "purposes", "prohibited", "scope", "validFrom", "validUntil", "uses", "price")
DOMAIN = {
    "name": "Assent",
    "version": "1",
    "chainId": 31337,
    "verifyingContract": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
}
#: What judges and operators sign is for the committee, and what is said of erasures for the registry of records.
COMMITTEE_DOMAIN = {**DOMAIN, "verifyingContract": "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"}
RECORDS_DOMAIN = {**DOMAIN, "verifyingContract": "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"}
DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
DEADLINE = 1_800_000_060
Types = dict[str, list[dict[str, str]]]

#: The first of each is the request's own.
QUESTIONS = (
    Question(7, 1_800_003_600, 31, 0, 150, 0, 2, 0b1000_0000_0100_0000, 276),
    Question(0, 0, 0, 0, 0, 1, 0),
    Question(2**32 - 1, 2**40 - 1, 255, 255, 2**16 - 1, 1, 3, 2**32 - 1, 2**16 - 1),
)
QUOTES = (
    Quote(2, 3, 1_250, 1, 10**15 + 7, 2 * 10**15),
    Quote(2, 3, 0, 0, 10**15, 0),
    Quote(255, 255, 10_000, 2**32 - 1, 2**96 - 1, 2**96 - 1),
)


def word(text: str) -> bytes:
    """Return 32 bytes that stand for something."""
    return keccak(text=text)


def account(text: str) -> str:
    """Return an address that stands for somebody."""
    return to_checksum_address(keccak(text=text)[-20:])


def hexed(value: bytes) -> str:
    """Return bytes as the file has them."""
    return "0x" + value.hex()


def member(**kinds: str) -> list[dict[str, str]]:
    """Return members of a type."""
    return [{"name": name, "type": kind} for name, kind in kinds.items()]


def typed(primary: str, types: Types, message: dict[str, Any], domain: dict[str, Any] = DOMAIN) -> dict[str, Any]:
    """Return struct hash and digest of typed data, by eth-account, and the message as far as it is flat."""
    all_types = {"EIP712Domain": DOMAIN_TYPE, **types}
    signable = encode_typed_data(
        full_message={"types": all_types, "primaryType": primary, "domain": domain, "message": message}
    )
    digest = keccak(b"\x19\x01" + signable.header + signable.body)
    return {"structHash": hexed(signable.body), "digest": hexed(digest), "message": plain(message)}


def plain(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message's flat values as JSON: bytes as hex, integers beyond 2^53 as decimal strings."""
    return {
        name: _plain(value) for name, value in message.items() if not isinstance(value, dict) and name != "agreements"
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return hexed(value)
    return str(value) if isinstance(value, int) and value >= 1 << 53 else value


def struct_hash(primary: str, types: Types, message: dict[str, Any]) -> bytes:
    """Return a struct's hash, by eth-account."""
    return bytes.fromhex(typed(primary, types, message)["structHash"][2:])


def hash_of(struct: Struct) -> bytes:
    """Return the hash of a struct, by eth-account."""
    return struct_hash(type(struct).__name__, struct.types(), struct.to_message())


def packed_question(asked: Question) -> int:
    """Pack a question by joining its parts' bytes, the highest first."""
    parts = (
        (asked.place, 2),
        (asked.modifiers, 4),
        (asked.disclosure << 1 | asked.delivery, 1),
        (asked.callback, 2),
        (asked.step, 1),
        (asked.purpose, 1),
    )
    return _joined((*parts, (asked.deadline, 5), (asked.use, 4)))


def packed_quote(quoted: Quote) -> int:
    """Pack a quote by joining its parts' bytes, the highest first."""
    parts = ((quoted.price, 12), (quoted.fee, 12), (quoted.currency, 4), (quoted.royalty, 2))
    return _joined((*parts, (quoted.quorum, 1), (quoted.outcome_count, 1)))


def _joined(parts: tuple[tuple[int, int], ...]) -> int:
    return int.from_bytes(b"".join(value.to_bytes(size, "big") for value, size in parts), "big")


def words() -> dict[str, Any]:
    """Return questions and quotes, each with its word."""
    questions = [{**each.to_json(), "packed": str(packed_question(each))} for each in QUESTIONS]
    quotes = [
        {
            **each.to_json(),
            "packed": str(packed_quote(each)),
            "total": str(each.fee + each.price),
            "royaltyAmount": str(each.fee * each.royalty // 10_000),
        }
        for each in QUOTES
    ]
    return {"questions": questions, "quotes": quotes}


def request_message(agreement: bytes) -> dict[str, Any]:
    """Return the request as EIP-712 has it."""
    asked, quoted = packed_question(QUESTIONS[0]), packed_quote(QUOTES[0])
    return {"agreement": agreement, "controller": account("controller"), "question": asked, "quote": quoted}


def structs() -> dict[str, Any]:
    """Return structs with their hashes; a hash that another struct needs is taken from there."""
    record = Record(word("root"), account("subject"), account("holder"))
    files = (word("files"), word("inputs"), word("outcomes"))
    model = Model(
        account("publisher"), *files, 2, 3, 1000, 10**15 + 7, account("token"), 1_250, account("arbiter"), 5 * 10**18
    )
    source = Source(account("subject"), account("holder"), word("root"), word("notice"), word("salt"))
    scope = (1, 0b1000_0000_0100_0000, 276, b"en", True, 2)
    terms = Terms(hash_of(model), 1 << 31, 1 << 119, *scope, 1_800_000_000, 1_900_000_000, 10, 2 * 10**15)
    agreement = Agreement.of(account("controller"), source, terms)
    schedule = Schedule(1_800_000_000, 86_400, 5, 3_600, False, True)
    named = {"record": record, "model": model, "source": source, "terms": terms, "agreement": agreement}
    hashed = {name: {"hash": hexed(hash_of(each)), "values": each.to_json()} for name, each in named.items()}
    request = request_message(hash_of(agreement))
    types = {"Request": member(agreement="bytes32", controller="address", question="uint256", quote="uint256")}
    hashed["request"] = {"hash": hexed(struct_hash("Request", types, request)), "values": plain(request)}
    hashed["schedule"] = {"hash": hexed(hash_of(schedule)), "values": schedule.to_json()}
    hashed["standing"] = standing(request, schedule)
    return hashed


def standing(request: dict[str, Any], schedule: Schedule) -> dict[str, Any]:
    """Return the standing request with the request's question, from use 7 on; its values are flat but for the schedule."""
    message = {**request, "question": packed_question(QUESTIONS[0].at(7, 0)), "schedule": schedule.to_message()}
    members = member(
        agreement="bytes32", controller="address", question="uint256", quote="uint256", schedule="Schedule"
    )
    hashed = struct_hash("StandingRequest", {"StandingRequest": members, **Schedule.types()}, message)
    return {"hash": hexed(hashed), "values": plain(message)}


def derived(named: dict[str, Any]) -> dict[str, Any]:
    """Return the request's id, its leaf with the ruling's verdict, and the pools: what isn't hashed as a struct is."""
    agreement, commitment = (bytes.fromhex(named[name]["hash"][2:]) for name in ("agreement", "request"))
    tag = int.from_bytes(word("Use(bytes32 agreement,uint32 use)")[:28], "big") << 32
    request = keccak(encode(["bytes32", "uint256"], [agreement, tag + QUESTIONS[0].use]))
    kinds = ["bytes32", "bytes32", "uint8", "uint32", "bytes32"]
    leaf = keccak(keccak(encode(kinds, [request, commitment, 1, 725_000, word("trail")])))
    pool = {"epoch": 3, "signers": str((1 << 63) | 0b1011), "currency": 1}
    pool_id = _joined(((1, 1), (0, 15), (1, 4), (3, 4), ((1 << 63) | 0b1011, 8)))
    by = {"publisher": account("publisher"), "currency": 3}
    models_by = bytes(8) + (3).to_bytes(4, "big") + bytes.fromhex(account("publisher")[2:])
    root_pool = {"root": hexed(word("report")), "currency": 1, "quorum": 3}
    root_pool_id = b"\x02" + keccak(encode(["bytes32", *["uint256"] * 2], [word("report"), 1, 3]))[:31]
    return {
        "requestId": hexed(request),
        "leaf": hexed(leaf),
        "modelsBy": {**by, "word": hexed(models_by)},
        "verdict": {"outcome": 1, "score": 725_000, "trail": hexed(word("trail"))},
        "pool": {**pool, "id": hexed(pool_id.to_bytes(32, "big"))},
        "rootPool": {**root_pool, "id": hexed(root_pool_id)},
    }


def times() -> dict[str, int]:
    """Return for how many seconds a request is open, at least and at most, and a verdict anchored in time can be claimed after that."""
    minute, day = 60, 24 * 60 * 60
    return {"minOpen": minute, "maxOpen": 7 * day, "claimTime": day}


def controllers_and_subjects(agreement: Agreement, agreement_id: bytes) -> dict[str, Any]:
    """Return what subjects and controllers sign."""
    asked = {"agreement": agreement_id, **QUESTIONS[0].to_json(), "tip": 10**16}
    parts = member(
        agreement="bytes32", use="uint32", deadline="uint40", purpose="uint8", step="uint8", callback="uint16",
        delivery="uint8", disclosure="uint8", modifiers="uint32", place="uint16", tip="uint96",
    )  # fmt: skip
    withdrawn = member(agreement="bytes32", deadline="uint256")
    giving = {"Giving": member(agreement="Agreement", deadline="uint256"), **Agreement.types()}
    withdrawn_many = member(agreements="bytes32[]", deadline="uint256")
    renewed = member(agreement="bytes32", validUntil="uint40", deadline="uint256")
    many = {"GivingMany": member(agreements="Agreement[]", deadline="uint256"), **Agreement.types()}
    twice = {"agreements": [agreement.to_message()] * 2, "deadline": DEADLINE}
    both = {"agreements": [agreement_id, word("another agreement")], "deadline": DEADLINE}
    erased = member(agreement="bytes32", by="address", evidence="bytes32", deadline="uint256")
    gone = {"agreement": agreement_id, "by": account("holder"), "evidence": word("statement"), "deadline": DEADLINE}
    later = {"agreement": agreement_id, "validUntil": 1_950_000_000, "deadline": DEADLINE}
    return {
        "givingMany": typed("GivingMany", many, twice),
        "withdrawalOfMany": typed("WithdrawalOfMany", {"WithdrawalOfMany": withdrawn_many}, both),
        "erasure": typed("Erasure", {"Erasure": erased}, gone, RECORDS_DOMAIN),
        "renewal": typed("Renewal", {"Renewal": renewed}, later),
        "giving": typed("Giving", giving, {"agreement": agreement.to_message(), "deadline": DEADLINE}),
        "withdrawal": typed("Withdrawal", {"Withdrawal": withdrawn}, {"agreement": agreement_id, "deadline": DEADLINE}),
        "asking": typed("Asking", {"Asking": parts}, asked),
    }


def operators(request: str) -> dict[str, Any]:
    """Return what operators' attesters sign: reports for the core, all else for the committee."""
    joined = {"operator": account("operator"), "sealKey": word("seal"), "endpoint": "https://node.example"}
    verdict = {"outcome": (1).to_bytes(32, "big"), "score": (725_000).to_bytes(32, "big"), "trail": word("trail")}
    ruled = {"epoch": 3, "request": bytes.fromhex(request[2:]), "stands": False, **verdict}
    joining = member(operator="address", sealKey="bytes32", endpoint="string", deadline="uint256")
    ruling = member(
        epoch="uint32", request="bytes32", stands="bool", outcome="bytes32", score="bytes32", trail="bytes32"
    )
    report = member(epoch="uint32", count="uint32", root="bytes32")
    return {
        "joining": typed("Joining", {"Joining": joining}, {**joined, "deadline": DEADLINE}, COMMITTEE_DOMAIN),
        "report": typed("Report", {"Report": report}, {"epoch": 1, "count": 1, "root": word("report")}),
        "ruling": typed("Ruling", {"Ruling": ruling}, ruled, COMMITTEE_DOMAIN),
    }


def vectors() -> dict[str, Any]:
    """Return the file's content."""
    named = structs()
    found = derived(named)
    agreement = Agreement.from_json(named["agreement"]["values"])
    signed = controllers_and_subjects(agreement, bytes.fromhex(named["agreement"]["hash"][2:]))
    return {
        "domain": DOMAIN,
        "committeeDomain": COMMITTEE_DOMAIN,
        "recordsDomain": RECORDS_DOMAIN,
        "structs": named,
        **words(),
        "derived": found,
        "times": times(),
        "typed": {**signed, **operators(found["requestId"])},
    }


def matching() -> dict[str, Any]:
    """Return terms and questions, some of which the terms admit, with what keeps them from it: Python's answers, for TypeScript."""
    dice = random.Random(27)  # noqa: S311 - to be the same each time
    return {"cases": [_case(dice) for _ in range(_CASES)]}


def _case(dice: random.Random) -> dict[str, Any]:
    asked, place = dice.randrange(121), dice.choice((0, 276, 840))
    prohibited = 1 << dice.randrange(120) if dice.random() < _RARELY else 0
    purposes = 1 << (asked % 120) if dice.random() > _RARELY else 1 << dice.randrange(120)
    scope = (
        dice.randrange(1, 32),
        dice.choice((0, 0, 1 << 15, 0b1000001)),
        dice.choice((0, 0, 276)),
        b"en",
        True,
        dice.choice((3, 3, 1)),
    )
    terms = Terms(word("model"), purposes, prohibited, *scope, 1_000, 2_000, dice.randrange(1, 9), 7)
    undertaken = dice.choice((0, 1 << 15, 0xFFFF))
    question = Question(
        dice.randrange(8), 3_000, asked, dice.randrange(5), 0, 0, dice.choice((0, 2, 3)), undertaken, place
    )
    timestamp, renewed = dice.choice((999, 1_000, 1_500, 1_500, 1_999, 2_000)), dice.choice((2_000, 2_000, 2_500))
    values = dict(zip(_TERMS_ABI, (_plain(each) for each in terms.to_abi()), strict=True))
    found = mismatch(terms, question, timestamp, renewed)
    values |= {name: str(values[name]) for name in ("purposes", "prohibited", "scope", "price")}
    return {
        "terms": values,
        "question": question.to_json(),
        "timestamp": timestamp,
        "validUntil": renewed,
        "mismatch": found,
    }


def main() -> int:
    """Entry point; returns the exit code."""
    written = {TARGET: json.dumps(vectors(), indent=2) + "\n", MATCHING: json.dumps(matching()) + "\n"}
    stale = [path for path, text in written.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        return int(bool(stale))
    for path in stale:
        path.write_text(written[path])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
