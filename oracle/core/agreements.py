"""Agreements: whose data they are about, what they allow, and their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any, ClassVar, Self

from oracle.core.addresses import checksum
from oracle.core.eip712 import Struct, struct_hash
from oracle.core.registries import ModelsBy, Record
from oracle.core.words import Limits, Scope

#: The contract's terms: their names, the scope's place among them, and how many come after it.
_TERMS = ("model", "purposes", "prohibited", "scope", "validFrom", "validUntil", "uses", "price")
_SCOPE, _AFTER_SCOPE = 3, 4


class Step(IntEnum):
    """Processing steps; consent to one isn't consent to another."""

    INFER = 0
    TRAIN = 1
    EVALUATE = 2
    AGGREGATE = 3
    SHARE = 4


class AgreementState(IntEnum):
    """State of an agreement on chain, in the DPV's words; one that has expired, or was renewed, is given.

    Withdrawn by its subject, revoked by a representative, refused by the subject before it was given, invalidated by the holder.
    """

    NONE = 0
    GIVEN = 1
    WITHDRAWN = 2
    REVOKED = 3
    REFUSED = 4
    INVALIDATED = 5


@dataclass(frozen=True, slots=True)
class Source(Struct):
    """Whose data an agreement is about, and what the subject was shown. A request carries only its hash."""

    TYPE: ClassVar[str] = "Source(address subject,address holder,bytes32 root,bytes32 notice,bytes32 salt)"

    subject: str
    holder: str
    root: bytes
    notice: bytes
    salt: bytes

    @property
    def id(self) -> bytes:
        """SourceId, 32 bytes."""
        return self.hash()


@dataclass(frozen=True, slots=True)
class Terms(Struct):
    """What an agreement allows; see :class:`Agreement` for its fields. In the contract steps to disclosure are one word."""

    TYPE: ClassVar[str] = (
        "Terms(bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint32 modifiers,uint16 place,bytes2 language,"
        "bool erasure,uint8 disclosure,uint40 validFrom,uint40 validUntil,uint32 uses,uint96 price)"
    )

    model: bytes
    purposes: int
    prohibited: int
    steps: int
    modifiers: int
    place: int
    language: bytes
    erasure: bool
    disclosure: int
    valid_from: int
    valid_until: int
    uses: int
    price: int

    @property
    def id(self) -> bytes:
        """TermsId, 32 bytes."""
        return self.hash()

    @property
    def scope(self) -> Scope:
        """Steps to disclosure, as the contract has them."""
        language = int.from_bytes(self.language)
        return Scope(self.steps, self.modifiers, self.place, language, int(self.erasure), self.disclosure)

    def values(self) -> tuple[Any, ...]:
        """Return the values in the order of ``TYPE``, as they are signed."""
        return tuple(getattr(self, name) for name in self.__match_args__)

    def to_abi(self) -> tuple[Any, ...]:
        """Return the values in the contract's order, the scope packed. Raises ValueError when a part of it doesn't fit."""
        return (*self.values()[:_SCOPE], self.scope.pack(), *self.values()[-_AFTER_SCOPE:])

    @classmethod
    def from_abi(cls, values: Any) -> Self:
        """Build from a decoded tuple or mapping (camelCase keys). Raises ValueError for a scope with a bit beyond its parts."""
        flat = [values[name] for name in _TERMS] if isinstance(values, Mapping) else list(values)
        model, purposes, prohibited, word, *limits = flat
        scope = Scope.unpack(word)
        language = scope.language.to_bytes(2)
        where = (scope.steps, scope.modifiers, scope.place, language, bool(scope.erasure), scope.disclosure)
        signed: tuple[Any, ...] = (bytes(model), purposes, prohibited, *where, *limits)
        return cls(*signed)


@dataclass(frozen=True, slots=True)
class Agreement(Struct):
    """A data-use agreement; flat here, source and terms nested in the contract.

    ``purposes``, ``prohibited``, ``steps`` and ``modifiers`` (DUO's, which the controller must undertake to meet) are bitmaps; ``place`` is
    where alone it may be used (ISO 3166-1 numeric, 0 for anywhere); ``language`` is the notice's (ISO 639-1, two bytes, zero if it isn't
    said); ``erasure`` tells that what was held of the record must be erased when the agreement ends; ``disclosure`` is the most that may
    stand on chain in clear of a verdict. Times are Unix seconds, the end is exclusive; ``price`` is what the subject earns by each verdict,
    in the smallest unit of the model's currency. ``model`` is a model's id, or stands for a publisher's models (``ModelsBy``).
    """

    TYPE: ClassVar[str] = "Agreement(address controller,Source source,Terms terms)"

    controller: str
    subject: str
    holder: str
    root: bytes
    notice: bytes
    salt: bytes
    model: bytes
    purposes: int
    prohibited: int
    steps: int
    modifiers: int
    place: int
    language: bytes
    erasure: bool
    disclosure: int
    valid_from: int
    valid_until: int
    uses: int
    price: int

    @property
    def models_by(self) -> ModelsBy | None:
        """The publisher whose models it is for, to be adopted one by one; None if it names one model."""
        return ModelsBy.unpack(self.model)

    def adopted(self, model_id: bytes, uses: int, valid_until: int) -> Agreement:
        """Return what comes of adopting a model of the publisher's, with some of the uses, while this one ends at ``valid_until``."""
        return replace(self, model=model_id, uses=uses, valid_until=valid_until)

    @property
    def source(self) -> Source:
        """Whose data it is about."""
        return Source(self.subject, self.holder, self.root, self.notice, self.salt)

    @property
    def terms(self) -> Terms:
        """What it allows."""
        return Terms(*(getattr(self, field.name) for field in fields(Terms)))

    @property
    def id(self) -> bytes:
        """AgreementId, 32 bytes."""
        return agreement_id(self.source_id, self.controller, self.terms_id)

    @property
    def source_id(self) -> bytes:
        """SourceId, 32 bytes: names the source without telling it."""
        return self.source.id

    @property
    def terms_id(self) -> bytes:
        """TermsId, 32 bytes."""
        return self.terms.id

    @property
    def record(self) -> bytes:
        """RecordId of the record that it is about, 32 bytes."""
        return Record(self.root, self.subject, self.holder).id

    @property
    def source_abi(self) -> tuple[Any, ...]:
        """The source's values in the contract's order."""
        return self.source.to_abi()

    @property
    def terms_abi(self) -> tuple[Any, ...]:
        """The terms' values in the contract's order."""
        return self.terms.to_abi()

    @property
    def under_abi(self) -> tuple[bytes, tuple[Any, ...]]:
        """What its controller names it by: the source's hash, and the terms in the contract's order."""
        return (self.source_id, self.terms_abi)

    @classmethod
    def of(cls, controller: str, source: Source, terms: Terms) -> Agreement:
        """Put an agreement together from the contract's three parts."""
        return cls(controller, *source.values(), *terms.values())

    @classmethod
    def from_given(cls, arguments: Mapping[str, Any]) -> Agreement:
        """Build from the arguments of an ``AgreementGiven`` event, which with its topics has all of the agreement."""
        limits = Limits.unpack(arguments["limits"])
        parts = [arguments[name] for name in _TERMS[: _SCOPE + 1]]
        terms = Terms.from_abi((*parts, limits.valid_from, limits.valid_until, limits.uses, limits.price))
        return cls.of(checksum(arguments["controller"]), Source.from_abi(arguments), terms)

    def to_given(self) -> dict[str, Any]:
        """Return the arguments of the ``AgreementGiven`` event; inverse of :meth:`from_given`."""
        limits = Limits(self.valid_from, self.valid_until, self.uses, self.price)
        parts = dict(zip(_TERMS[: _SCOPE + 1], self.terms_abi, strict=False))
        parties = {"id": self.id, "controller": self.controller, **self.source.to_message()}
        return {**parties, **parts, "limits": limits.pack()}

    def to_abi(self) -> tuple[Any, ...]:
        """Return ``(controller, source, terms)``, source and terms as tuples."""
        return (self.controller, self.source_abi, self.terms_abi)

    @classmethod
    def from_abi(cls, values: Any) -> Self:
        """Build from the contract's nested struct, decoded to tuples or mappings (camelCase keys)."""
        controller, source, terms = cls.members_of(values)
        source_values, terms_values = Source.from_abi(source).values(), Terms.from_abi(terms).values()
        return cls(checksum(controller), *source_values, *terms_values)

    def to_message(self) -> dict[str, Any]:
        """Return the EIP-712 message, source and terms nested."""
        messages = {"source": self.source.to_message(), "terms": self.terms.to_message()}
        return {"controller": self.controller, **messages}

    def to_json(self) -> dict[str, Any]:
        """Return a flat form that canonical JSON can carry: bytes as 0x-hex, integers beyond 2^53 as decimal strings."""
        return {"controller": self.controller, **self.source.to_json(), **self.terms.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`to_json`. Raises KeyError or ValueError when the data isn't of this form."""
        source, terms = Source.from_json(data), Terms.from_json(data)
        return cls(checksum(data["controller"]), *source.values(), *terms.values())

    def hash(self) -> bytes:
        """Return the EIP-712 struct hash, 32 bytes: the id."""
        return self.id

    @classmethod
    def types(cls) -> dict[str, list[dict[str, str]]]:
        """Return the members of Agreement, Source and Terms, by name."""
        return {"Agreement": cls.type_members(), **Source.types(), **Terms.types()}


def agreement_id(source_id: bytes, controller: str, terms_id: bytes) -> bytes:
    """Return the AgreementId (32 bytes) from the hashes of source and terms: all that a request tells of them."""
    encoded = Agreement.TYPE + Source.TYPE + Terms.TYPE
    return struct_hash(encoded, ["address", "bytes32", "bytes32"], (controller, source_id, terms_id))
