"""The model card, ``model.toml``: everything about a model that isn't a weight.

In the spirit of Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019), but the machine reads it too: inputs,
normalisation, calibration and threshold in it decide the verdict, so a model's id commits to it as to the weights.
"""

import json
import tomllib
from typing import Annotated, Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from oracle.core.errors import ModelError
from oracle.core.quantise import PPM

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Label = Annotated[str, Field(min_length=1, max_length=80)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]

_PROBLEMS_SHOWN = 5


class Part(BaseModel):
    """Base of the card's tables: frozen, no unknown keys, no silent conversion, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Feature(Part):
    """One input: its name in the record, its unit, and the closed range the model was made for, in that unit."""

    name: Label
    unit: Label
    minimum: float
    maximum: float
    description: Text

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> Self:
        if self.minimum >= self.maximum:
            raise ValueError(f"input {self.name!r} has minimum >= maximum")
        return self


class Normalisation(Part):
    """Per input, in the card's order: the network sees ``(value - mean) / scale``. The mean is also the baseline."""

    mean: tuple[float, ...]
    scale: tuple[Annotated[float, Field(gt=0.0)], ...]


class Calibration(Part):
    """How a logit becomes a probability: ``sigmoid(logit / temperature)`` (Guo et al., ICML 2017)."""

    method: Literal["temperature"]
    temperature: Annotated[float, Field(gt=0.0)]
    fitted_on: Text


class Reliability(Part):
    """How far to believe probabilities: Brier score, expected calibration error, log loss in nats; less is better."""

    brier: Fraction
    ece: Fraction
    log_loss: Annotated[float, Field(ge=0.0)]


class Figures(Part):
    """Results on one set of cases at the card's threshold; the last outcome counts as positive."""

    cases: Count
    true_positives: Count
    false_negatives: Count
    true_negatives: Count
    false_positives: Count
    auc: Fraction
    sensitivity: Fraction
    specificity: Fraction
    reliability: Reliability


class Metrics(Part):
    """Cross-validated figures (out of fold, calibrated), the same before calibration, and the held-out cases."""

    cv_auc_mean: Fraction
    cv_auc_folds: tuple[Fraction, ...]
    uncalibrated: Reliability
    out_of_fold: Figures
    held_out: Figures


class Lineage(Part):
    """Where the training data came from, which rows were used, and with what software."""

    dataset: Text
    source: Text
    doi: Text
    licence: Text
    rows: Count
    training_rows: Count
    training_sha256: Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
    training_sha256_of: Text
    held_out: tuple[Count, ...]
    seed: Count
    software: dict[str, str]


class ModelCard(Part):
    """One immutable model version. ``outcomes`` are (negative, positive); a score is the positive one's probability."""

    name: Name
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    task: Text
    description: Text
    architecture: Name
    licence: Text
    intended_use: Text
    limits: Text
    outcomes: Annotated[tuple[Label, ...], Field(min_length=2, max_length=2)]
    threshold_ppm: Annotated[int, Field(ge=1, le=PPM)]
    tolerance_ppm: Annotated[int, Field(ge=0, le=PPM // 10)]
    inputs: Annotated[tuple[Feature, ...], Field(min_length=1, max_length=4096)]
    normalisation: Normalisation
    calibration: Calibration
    metrics: Metrics
    lineage: Lineage

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        names = [feature.name for feature in self.inputs]
        if len(set(names)) != len(names):
            raise ValueError("two inputs have the same name")
        if len(set(self.outcomes)) != len(self.outcomes):
            raise ValueError("two outcomes have the same name")
        if not len(self.normalisation.mean) == len(self.normalisation.scale) == len(names):
            raise ValueError("normalisation needs one mean and one scale for each input")
        return self

    @classmethod
    def from_toml(cls, text: bytes) -> Self:
        """Parse ``model.toml``. Raises ModelError naming the first few problems and their places."""
        try:
            # By way of JSON, whose arrays strict mode accepts as tuples; TOML's own dates are no part of a card.
            return cls.model_validate_json(json.dumps(tomllib.loads(text.decode("utf-8"))))
        except ValidationError as error:
            raise ModelError(f"model.toml is not a model card: {problems(error)}; correct it and repackage") from None
        except (ValueError, TypeError, RecursionError) as error:
            raise ModelError(f"model.toml can't be read as UTF-8 TOML: {error}; correct it and repackage") from error

    def to_toml(self) -> bytes:
        """Write the card as ``model.toml``; the same card gives the same bytes, which parse back to it."""
        return tomli_w.dumps(self.model_dump(mode="json")).encode()


def outcome_of(card: ModelCard, score_ppm: int) -> int:
    """Return the index into ``card.outcomes`` that a score means: 1 (positive) at the threshold and above, else 0."""
    return int(score_ppm >= card.threshold_ppm)


def problems(error: ValidationError) -> str:
    """Return the first few problems of a failed validation in one line, each with its place in the document."""
    found = [f"{'.'.join(map(str, item['loc'])) or 'document'}: {item['msg']}" for item in error.errors()]
    hidden = len(found) - _PROBLEMS_SHOWN
    return "; ".join(found[:_PROBLEMS_SHOWN]) + (f"; and {hidden} more" if hidden > 0 else "")
