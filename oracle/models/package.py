"""A model package: weights, card and self-test, digested as they were read, and nothing ever read twice.

The digests are what the chain commits to: ``files_digest`` covers every byte of the package, ``input_schema_digest``
and ``outcomes_digest`` the parts that a requester relies on. Each is keccak256 over canonical JSON (RFC 8785).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Self

import rfc8785
from safetensors import SafetensorError, deserialize

from oracle.core.errors import ModelError
from oracle.core.keccak import keccak
from oracle.models.card import ModelCard
from oracle.models.folder import CARD, LIMITS_BYTES, SELF_TEST, WEIGHTS, read_files
from oracle.models.selftest import SelfTest

_LENGTH_BYTES = 8
_HEADER_LIMIT_BYTES = 1024**2
_PICKLE_MARKS = (b"\x80", b"PK\x03\x04")


@dataclass(frozen=True)
class ModelPackage:
    """One verified package in memory. ``files`` are the bytes of its files by name, exactly those digested.

    ``file_digests`` maps each file's name to "0x" and its SHA-256 in hex, sorted by name.
    """

    card: ModelCard
    self_test: SelfTest
    files: Mapping[str, bytes]
    file_digests: Mapping[str, str]

    @classmethod
    def load(cls, folder: Path, *, expected_files_digest: bytes | None = None) -> Self:
        """Read and check a package folder: ``model.safetensors``, ``model.toml``, ``selftest.json``, nothing else.

        ``expected_files_digest`` (32 bytes) is the one committed on chain. Raises ModelError naming cause and remedy.
        """
        return cls.from_files(read_files(folder), expected_files_digest=expected_files_digest)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], *, expected_files_digest: bytes | None = None) -> Self:
        """Check a package whose three files are in memory already, by name. Raises ModelError as :meth:`load` does."""
        digests = {name: "0x" + hashlib.sha256(files[name]).hexdigest() for name in sorted(LIMITS_BYTES)}
        found = _digest(digests)
        if expected_files_digest is not None and found != expected_files_digest:
            raise ModelError(
                f"the package has files digest 0x{found.hex()}, but published was 0x{expected_files_digest.hex()}: "
                "it was altered or is another version; fetch the published one"
            )
        _must_be_safetensors(files[WEIGHTS])
        card = ModelCard.from_toml(files[CARD])
        self_test = SelfTest.from_json(files[SELF_TEST], card)
        return cls(card, self_test, MappingProxyType(dict(files)), MappingProxyType(digests))

    def without_files(self) -> Self:
        """Return the package without its bytes: enough to write and to judge trails, too little to evaluate."""
        return replace(self, files=MappingProxyType({}))

    @property
    def weights(self) -> bytes:
        """The bytes of ``model.safetensors``."""
        return self.files[WEIGHTS]

    @property
    def files_digest(self) -> bytes:
        """The package's identity, 32 bytes: digest of ``file_digests``."""
        return _digest(dict(self.file_digests))

    @cached_property
    def input_schema_digest(self) -> bytes:
        """Digest (32 bytes) of the inputs' name, unit, minimum and maximum, in order."""
        return _digest([feature.model_dump(exclude={"description"}) for feature in self.card.inputs])

    @cached_property
    def outcomes_digest(self) -> bytes:
        """Digest (32 bytes) of the outcomes' names, in order."""
        return _digest(list(self.card.outcomes))


def _digest(value: dict[str, str] | list[dict[str, str | float]] | list[str]) -> bytes:
    return keccak(rfc8785.dumps(value))


def _must_be_safetensors(weights: bytes) -> None:
    """Refuse anything but a well-formed safetensors file, with a header that is cheap to parse."""
    if weights.startswith(_PICKLE_MARKS) and not weights[_LENGTH_BYTES:].startswith(b"{"):
        raise ModelError(
            f"{WEIGHTS} is a pickle or a zip, which may run code; save the weights with safetensors instead"
        )
    header = int.from_bytes(weights[:_LENGTH_BYTES], "little")
    if header > _HEADER_LIMIT_BYTES:
        raise ModelError(f"{WEIGHTS} declares a header of {header} bytes, above {_HEADER_LIMIT_BYTES}; save it again")
    if header < len(b"{}") or header > len(weights) - _LENGTH_BYTES:
        raise ModelError(f"{WEIGHTS} is cut short or no safetensors file; fetch the package again")
    try:
        deserialize(weights)  # type: ignore[no-untyped-call]  # written in Rust, without annotations
    except SafetensorError as error:
        raise ModelError(f"{WEIGHTS} is no safetensors file: {error}; save the weights with safetensors") from error
