"""``selftest.json``: synthetic inputs with the answers they got at the publisher, for a node to compare."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, ValidationError

from oracle.core.errors import InputError, ModelError
from oracle.core.quantise import PPM
from oracle.models.card import Label, ModelCard, Part, outcome_of, problems
from oracle.models.features import features


class Vector(Part):
    """One synthetic input by field name, and the score (parts per million) and outcome index expected of it."""

    fields: dict[Label, float]
    score_ppm: Annotated[int, Field(ge=0, le=PPM)]
    outcome: Annotated[int, Field(ge=0)]


class SelfTest(Part):
    """The vectors of one package. They describe nobody: no row of any data set may be among them."""

    vectors: Annotated[tuple[Vector, ...], Field(min_length=1, max_length=10_000)]

    @classmethod
    def from_json(cls, text: bytes, card: ModelCard) -> Self:
        """Parse ``selftest.json`` and hold it against the card. Raises ModelError when it isn't JSON or doesn't fit."""
        try:
            found = cls.model_validate_json(text)
        except ValidationError as error:
            raise ModelError(f"selftest.json can't be used: {problems(error)}; correct it and repackage") from None
        for position, vector in enumerate(found.vectors):
            _must_fit(card, position, vector)
        return found

    def to_json(self) -> bytes:
        """Write the vectors as ``selftest.json``; the same vectors give the same bytes."""
        return self.model_dump_json(indent=1).encode() + b"\n"

    def rows(self, card: ModelCard) -> list[tuple[float, ...]]:
        """Return the vectors' inputs, (vectors, inputs), in the card's order."""
        return [features(card, _as_objects(vector)) for vector in self.vectors]


def _must_fit(card: ModelCard, position: int, vector: Vector) -> None:
    try:
        features(card, _as_objects(vector))
    except InputError as error:
        raise ModelError(f"selftest.json vector {position} doesn't fit model.toml: {error}; repackage") from error
    if vector.outcome != outcome_of(card, vector.score_ppm):
        raise ModelError(
            f"selftest.json vector {position} has a score and an outcome that model.toml's threshold contradicts"
        )


def _as_objects(vector: Vector) -> Mapping[str, object]:
    return dict(vector.fields)
