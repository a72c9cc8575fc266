"""Checks of the output itself: consistent in the trail, as the model's card has it, and as the model gives it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from oracle.audit.evidence import Evidence
from oracle.audit.report import CheckFailedError, CheckName, equal, must, shown
from oracle.core.errors import InputError, ModelError, RecordError
from oracle.core.quantise import within
from oracle.core.trail import ATTRIBUTION_GRAIN_PPM, ATTRIBUTION_METHOD, Trail
from oracle.data.record import RELEASE_VERSION, DisclosedField, leaf_of, verify_disclosure
from oracle.models.card import outcome_of
from oracle.models.features import features
from oracle.models.package import ModelPackage

if TYPE_CHECKING:
    from oracle.models.evaluation import Evaluation


def output(evidence: Evidence, trail: Trail) -> str:
    """The outcome is one of the model's, and the one that score and threshold give."""
    name, output = CheckName.OUTPUT, trail.output
    must(
        0 <= output.outcome < evidence.model.outcome_count,
        name,
        f"one of {evidence.model.outcome_count} outcomes",
        output.outcome,
    )
    implied = int(output.score_ppm >= output.threshold_ppm)
    equal(name, f"by {output.score_ppm} ppm and threshold {output.threshold_ppm} ppm outcome", implied, output.outcome)
    return f"{shown(output.label)}: {output.score_ppm} ppm, threshold {output.threshold_ppm} ppm"


def attribution(evidence: Evidence, trail: Trail) -> str:
    """The attributions are of the fields used, rounded to the grain, and add up to the score within that rounding."""
    name, found = CheckName.ATTRIBUTION, trail.attribution
    equal(name, "attributions of", sorted(field.name for field in trail.record.fields), sorted(found.values))
    tolerance = evidence.model.tolerance
    must(0 <= found.completeness_ppm <= tolerance, name, f"completeness within {tolerance} ppm", found.completeness_ppm)
    coarse = all(value % ATTRIBUTION_GRAIN_PPM == 0 for value in found.values.values())
    must(coarse, name, f"multiples of {ATTRIBUTION_GRAIN_PPM} ppm", "a finer attribution")
    allowed = found.completeness_ppm + len(found.values) * ATTRIBUTION_GRAIN_PPM // 2
    wanted, total = trail.output.score_ppm - found.baseline_ppm, sum(found.values.values())
    must(within(total, wanted, allowed), name, f"a sum within {allowed} ppm of {wanted}", total)
    return f"{len(found.values)} attributions add up within {abs(total - wanted)} ppm"


def model_card(evidence: Evidence, trail: Trail, package: ModelPackage) -> str:
    """The package is the one published, and the trail names what its card says."""
    name, card, model = CheckName.MODEL_CARD, package.card, evidence.model
    equal(name, "input schema", shown(model.inputs), shown(package.input_schema_digest))
    equal(name, "outcomes", shown(model.outcomes), shown(package.outcomes_digest))
    equal(name, "name", card.name, trail.model.name)
    equal(name, "version", card.version, trail.model.version)
    equal(name, "threshold", card.threshold_ppm, trail.output.threshold_ppm)
    must(trail.output.outcome < len(card.outcomes), name, f"one of {len(card.outcomes)} outcomes", trail.output.outcome)
    equal(name, "label", card.outcomes[trail.output.outcome], trail.output.label)
    inputs = sorted(feature.name for feature in card.inputs)
    equal(name, "fields", inputs, sorted(field.name for field in trail.record.fields))
    return f"{card.name} {card.version}"


def release_fields(evidence: Evidence, trail: Trail, release: object) -> dict[str, object]:
    """Return the released values: of this request and record, each proven into its root, and just those that the trail names."""
    name = CheckName.RELEASE_FIELDS
    if not isinstance(release, Mapping) or not isinstance(release.get("fields"), list):
        raise CheckFailedError(name, "a release: an object with request, record and fields", "something else")
    equal(name, "version", RELEASE_VERSION, release.get("version", RELEASE_VERSION))
    equal(name, "request", shown(evidence.request_id), str(release.get("request")).lower())
    equal(name, "record", shown(evidence.record.id), str(release.get("record")).lower())
    try:
        fields = [DisclosedField.from_json(item) for item in release["fields"]]
        values = verify_disclosure(evidence.record.root, fields)
    except RecordError as error:  # its text names a field, never a value
        raise CheckFailedError(name, "fields proven into the record's root", shown(error)) from None
    _same_leaves(trail, fields)
    return values


def evaluate(package: ModelPackage, values: Mapping[str, object]) -> Evaluation:
    """Run the model on released values. Raises CheckFailedError if they don't fit it, or it doesn't run. Imports torch."""
    from oracle.models.runtime import LocalRuntime  # noqa: PLC0415  torch is heavy: only a recomputation pays for it

    name = CheckName.RECOMPUTED_SCORE
    try:
        row = features(package.card, values)
        return LocalRuntime(package).evaluate([row])[0]
    except InputError as error:  # its text names a field, never a value
        raise CheckFailedError(name, "fields that the model takes", shown(error)) from None
    except ModelError as error:
        raise CheckFailedError(name, "a model that runs here", shown(error)) from None


def recomputed_score(evidence: Evidence, trail: Trail, package: ModelPackage, again: Evaluation) -> str:
    """The score is the model's own within its tolerance, and the label the one that the score gives."""
    name, tolerance, output = CheckName.RECOMPUTED_SCORE, evidence.model.tolerance, trail.output
    near = within(output.score_ppm, again.score_ppm, tolerance)
    must(near, name, f"{again.score_ppm} ppm within {tolerance} ppm", f"{output.score_ppm} ppm")
    equal(name, "outcome", outcome_of(package.card, output.score_ppm), output.outcome)
    return f"{again.score_ppm} ppm here, {output.score_ppm} ppm recorded"


def recomputed_attribution(evidence: Evidence, trail: Trail, package: ModelPackage, again: Evaluation) -> str:
    """Baseline and attributions are the model's own, within tolerance and, for the latter, one grain."""
    name, tolerance, found = CheckName.RECOMPUTED_ATTRIBUTION, evidence.model.tolerance, trail.attribution
    equal(name, "method", ATTRIBUTION_METHOD, found.method)
    near = within(found.baseline_ppm, again.baseline_ppm, tolerance)
    must(near, name, f"baseline {again.baseline_ppm} ppm within {tolerance} ppm", found.baseline_ppm)
    allowed = tolerance + ATTRIBUTION_GRAIN_PPM
    for feature, value in zip(package.card.inputs, again.attributions_ppm, strict=True):
        given = found.values.get(feature.name)
        must(
            given is not None and within(given, value, allowed),
            name,
            f"attribution of {feature.name} within {allowed} ppm of this machine's",
            "none" if given is None else f"{given} ppm",
        )
    return f"{len(found.values)} attributions within {allowed} ppm"


def _same_leaves(trail: Trail, fields: list[DisclosedField]) -> None:
    name: CheckName = CheckName.RELEASE_FIELDS
    leaves: dict[str, Any] = {field.name: "0x" + leaf_of(field).hex() for field in fields}
    wanted = {field.name: field.leaf for field in trail.record.fields}
    for key in sorted(wanted.keys() | leaves.keys()):
        equal(name, f"leaf of field {shown(key)}", wanted.get(key), leaves.get(key))
