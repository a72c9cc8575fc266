"""A dataset: a Merkle tree over the ids of records, so that one root stands for all of them.

The tree is OpenZeppelin's ``StandardMerkleTree`` with leaves of one ``bytes32``, a record's id, which itself fixes root, subject and
holder. The manifest has ids only: who has it alone learns nothing of whose records they are; who has the records, too, can check all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from oracle.core import merkle
from oracle.core.eip712 import hex_of
from oracle.core.errors import DocumentError
from oracle.records.opened import AlteredError, OpenedRecord, bytes32_of

VERSION = "assent-dataset/1"
PROOF_VERSION = "assent-inclusion/1"
_LEAF = ("bytes32",)
_MAX_PROOF = 64


@dataclass(frozen=True)
class Dataset:
    """Records by their ids (32 bytes each), sorted, each once."""

    ids: tuple[bytes, ...]

    @classmethod
    def of(cls, ids: Iterable[bytes]) -> Dataset:
        """Make a dataset. Raises DocumentError if there are no records, or one twice."""
        found = sorted(ids)
        if not found:
            raise DocumentError(["records: none; a dataset has at least one"])
        if twice := sorted({one for one, next_one in pairwise(found) if one == next_one}):
            raise DocumentError([f"record {hex_of(each)}: is there twice" for each in twice])
        return cls(tuple(found))

    @property
    def root(self) -> bytes:
        """What stands for all of it, 32 bytes."""
        return self._tree.root

    @cached_property
    def _tree(self) -> merkle.MerkleTree:
        return merkle.MerkleTree([_leaf(each) for each in self.ids])

    def proof(self, record_id: bytes) -> dict[str, Any]:
        """Return the proof that a record is in the dataset, as JSON values. Raises DocumentError if it isn't."""
        if record_id not in self.ids:
            raise DocumentError([f"record {hex_of(record_id)}: isn't in the dataset"])
        siblings = [hex_of(each) for each in self._tree.proof(_leaf(record_id))]
        return {"version": PROOF_VERSION, "dataset": hex_of(self.root), "record": hex_of(record_id), "proof": siblings}

    def to_json(self) -> dict[str, Any]:
        """Return the manifest, as JSON values."""
        return {"version": VERSION, "dataset": hex_of(self.root), "records": [hex_of(each) for each in self.ids]}

    @classmethod
    def from_json(cls, data: object) -> Dataset:
        """Inverse of :meth:`to_json`. Raises DocumentError for another form, or if its root isn't that of its records."""
        if (
            not isinstance(data, Mapping)
            or data.keys() != {"version", "dataset", "records"}
            or data["version"] != VERSION
        ):
            raise DocumentError([f"not a dataset's manifest of version {VERSION}"])
        if not isinstance(data["records"], list):
            raise DocumentError(["records: isn't a list of ids"])
        found = cls.of(bytes32_of(each, "records") for each in data["records"])
        if found.root != bytes32_of(data["dataset"], "dataset"):
            raise DocumentError(["dataset: isn't the root over these records: the manifest was altered"])
        return found


@dataclass(frozen=True)
class Integrity:
    """How records compare with a dataset: by id, those that are right, missing, altered, and not of the dataset; and unreadable ones."""

    right: tuple[bytes, ...]
    missing: tuple[bytes, ...]
    altered: tuple[bytes, ...]
    extra: tuple[bytes, ...]
    #: Places, as the caller counts them, of what is no record file at all.
    unreadable: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether it's the whole dataset, and nothing else."""
        return not (self.missing or self.altered or self.extra or self.unreadable)


def check(dataset: Dataset, records: Iterable[object]) -> Integrity:
    """Compare record files' contents (JSON values) with a dataset, one after the other: none is kept."""
    wanted = set(dataset.ids)
    right: set[bytes] = set()
    altered: set[bytes] = set()
    extra: list[bytes] = []
    unreadable: list[int] = []
    for number, data in enumerate(records):
        try:
            found = OpenedRecord.from_json(data).id
        except AlteredError as error:
            (altered.add if error.record in wanted else extra.append)(error.record)
        except DocumentError:
            unreadable.append(number)
        else:
            (right.add if found in wanted and found not in right else extra.append)(found)
    missing = wanted - right - altered
    # One that is there twice, once right and once not, is altered: who takes the wrong copy must know.
    return Integrity(
        right=tuple(sorted(right - altered)),
        missing=tuple(sorted(missing)),
        altered=tuple(sorted(altered)),
        extra=tuple(sorted(extra)),
        unreadable=tuple(unreadable),
    )


def verify_inclusion(data: object) -> tuple[bytes, bytes]:
    """Return dataset's root and record's id (32 bytes each) of a proof that leads from the one to the other.

    Raises DocumentError if it doesn't, or has another form.
    """
    if (
        not isinstance(data, Mapping)
        or data.keys() != {"version", "dataset", "record", "proof"}
        or data["version"] != PROOF_VERSION
    ):
        raise DocumentError([f"not a proof of inclusion of version {PROOF_VERSION}"])
    if not isinstance(data["proof"], list) or len(data["proof"]) > _MAX_PROOF:
        raise DocumentError([f"proof: isn't a list of at most {_MAX_PROOF} hashes"])
    root, record_id = bytes32_of(data["dataset"], "dataset"), bytes32_of(data["record"], "record")
    siblings: Sequence[bytes] = [bytes32_of(each, "proof") for each in data["proof"]]
    if not merkle.verify(root, _leaf(record_id), siblings):
        raise DocumentError(["proof: doesn't lead from the record to the dataset's root"])
    return root, record_id


def _leaf(record_id: bytes) -> bytes:
    return merkle.leaf_hash(_LEAF, (record_id,))
