"""The trail: every step that led to a verdict, as canonical JSON whose digest is in the verdict.

It names things by id and digest and holds no value of the record. Attributions are rounded to whole percent points (10,000 ppm): finer
ones, together with the public model, would let a reader of the trail compute the fields back.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from oracle.core import canonical
from oracle.core.errors import AuditError
from oracle.core.keccak import keccak

#: How attributions are computed: Sundararajan, Taly and Yan, 2017 (https://arxiv.org/abs/1703.01365).
ATTRIBUTION_METHOD = "integrated-gradients"
#: Attributions are rounded to multiples of this, in parts per million.
ATTRIBUTION_GRAIN_PPM = 10_000
#: A trail larger than this isn't one of ours.
MAX_TRAIL_BYTES = 262_144

Hex32 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
Ppm = Annotated[int, Field(ge=0, le=1_000_000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)


class RequestPart(_Part):
    """The request: its id, the block it came in, and its terms: the JSON form of :class:`oracle.core.structs.Request`, which has the parts
    of question and quote by name."""

    id: Hex32
    commitment: Hex32
    block: int
    terms: dict[str, Any]


class AgreementPart(_Part):
    """The agreement's id, its state when the request was evaluated, and its terms (JSON form of :class:`oracle.core.structs.Agreement`)."""

    id: Hex32
    state: Literal["given"]
    since: int
    terms: dict[str, Any]


class FieldDigest(_Part):
    """One field that the model saw: its name and its salted leaf in the record's tree."""

    name: str
    leaf: Hex32


class RecordPart(_Part):
    """The record's id, what the id is made of, and the fields used."""

    id: Hex32
    root: Hex32
    subject: Address
    holder: Address
    fields: list[FieldDigest]


class ModelPart(_Part):
    """The model's id and terms, and the SHA-256 of each of its files."""

    id: Hex32
    name: str
    version: str
    terms: dict[str, Any]
    files: dict[str, Hex32]


class OutputPart(_Part):
    """The quantised output. ``threshold_ppm`` is the score from which the label changes."""

    outcome: int
    label: str
    score_ppm: Ppm
    threshold_ppm: Ppm


class AttributionPart(_Part):
    """What each feature added to the score. ``completeness_ppm`` is how far the exact attributions miss (score - baseline)."""

    method: str
    baseline_ppm: Ppm
    completeness_ppm: int
    grain_ppm: Literal[10_000]
    values: dict[str, int]


class Trail(_Part):
    """A trail. ``digest`` is over the RFC 8785 form of :meth:`to_json`."""

    version: Literal["assent-trail/2"] = "assent-trail/2"
    chain_id: int
    contract: Address
    request: RequestPart
    agreement: AgreementPart
    record: RecordPart
    model: ModelPart
    software: Annotated[str, Field(max_length=64)]
    output: OutputPart
    attribution: AttributionPart
    proposer: Address

    def to_json(self) -> dict[str, Any]:
        """Return the trail as JSON values, camelCase."""
        return self.model_dump(by_alias=True)

    @cached_property
    def content(self) -> bytes:
        """The canonical form. Raises ValueError if a number in it is none that canonical JSON can say."""
        return canonical.canonical(self.to_json())

    @cached_property
    def digest(self) -> bytes:
        """keccak256 of the canonical form, 32 bytes."""
        return keccak(self.content)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a changed copy; what follows from the parts is found anew."""
        made = super().model_copy(update=update, deep=deep)
        for name in ("content", "digest"):
            made.__dict__.pop(name, None)
        return made

    @classmethod
    def from_json(cls, data: object) -> Trail:
        """Parse a trail from JSON values. Raises AuditError naming what doesn't fit, by path, never by value."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            where = ", ".join(
                ".".join(map(str, item["loc"])) or "trail" for item in error.errors(include_input=False)[:5]
            )
            raise AuditError(f"not a trail: {where}") from None


def grain(value_ppm: int) -> int:
    """Round an attribution to the trail's grain, half away from zero."""
    sign = -1 if value_ppm < 0 else 1
    return sign * ((abs(value_ppm) + ATTRIBUTION_GRAIN_PPM // 2) // ATTRIBUTION_GRAIN_PPM) * ATTRIBUTION_GRAIN_PPM
