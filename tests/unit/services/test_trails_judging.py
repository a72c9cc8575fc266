"""What a node stands behind, and what it doesn't."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from services_world import DOMAIN, LOADED, MARKED, World, case

from oracle.core.canonical import canonical
from oracle.core.errors import AssentError, Reason, VerdictMismatchError
from oracle.core.structs import Verdict
from oracle.core.trail import ATTRIBUTION_GRAIN_PPM, Trail
from oracle.services.trails import build_trail, judge

TOLERANCE = LOADED.card.tolerance_ppm
PROPOSER = "0x" + "ab" * 20
FEATURE = LOADED.card.inputs[0].name
NAMES = [feature.name for feature in LOADED.card.inputs]


@pytest.fixture
async def own(operators: World) -> Trail:
    one, asked = operators.peers[0], case()
    await one.evaluate(asked)
    return build_trail(DOMAIN, one.context(asked), LOADED, PROPOSER, "assent/test")


def verdict_of(trail: Trail) -> Verdict:
    return Verdict(trail.output.outcome, trail.output.score_ppm, trail.digest)


def judged(own: Trail, proposed: Trail) -> None:
    judge(own, proposed, verdict_of(proposed), LOADED, TOLERANCE)


def with_output(trail: Trail, score: int, outcome: int | None = None) -> Trail:
    outcome = int(score >= LOADED.card.threshold_ppm) if outcome is None else outcome
    update = {"score_ppm": score, "outcome": outcome, "label": LOADED.card.outcomes[outcome]}
    return trail.model_copy(update={"output": trail.output.model_copy(update=update)})


def with_attribution(trail: Trail, **update: object) -> Trail:
    return trail.model_copy(update={"attribution": trail.attribution.model_copy(update=update)})


def refused(own: Trail, proposed: Trail) -> Reason:
    with pytest.raises(VerdictMismatchError) as caught:
        judged(own, proposed)
    return caught.value.reason


def test_judge__when_it_is_the_own_trail__then_it_stands(own: Trail) -> None:
    judged(own, own)


@pytest.mark.parametrize("off", [-TOLERANCE, -1, 1, TOLERANCE])
def test_judge__when_the_score_is_within_tolerance__then_it_stands(own: Trail, off: int) -> None:
    middle = with_output(own, 500_000)
    judged(middle, with_output(middle, 500_000 + off))


@pytest.mark.parametrize("off", [-TOLERANCE - 1, TOLERANCE + 1, 400_000])
def test_judge__when_the_score_is_beyond_tolerance__then_score_mismatch(own: Trail, off: int) -> None:
    middle = with_output(own, 500_000)
    assert refused(middle, with_output(middle, 500_000 + off)) is Reason.SCORE_MISMATCH


@pytest.mark.parametrize("score", [500_000, 10_000])
def test_judge__when_the_label_is_not_the_scores__then_outcome_mismatch(own: Trail, score: int) -> None:
    base = with_output(own, score)
    assert refused(base, with_output(base, score, 1 - base.output.outcome)) is Reason.OUTCOME_MISMATCH


def test_judge__when_the_outcome_is_none_of_the_models__then_outcome_mismatch(own: Trail) -> None:
    strange = own.model_copy(update={"output": own.output.model_copy(update={"outcome": 7})})
    assert refused(own, strange) is Reason.OUTCOME_MISMATCH


@pytest.mark.parametrize(("mine", "theirs"), [(-1, 0), (0, -1), (-TOLERANCE, 0), (TOLERANCE - 1, -1)])
def test_judge__when_scores_lie_on_both_sides_of_the_threshold__then_the_other_label_stands(
    own: Trail, mine: int, theirs: int
) -> None:
    threshold = LOADED.card.threshold_ppm
    first, second = with_output(own, threshold + mine), with_output(own, threshold + theirs)
    assert first.output.label != second.output.label
    judged(first, second)


def test_judge__when_the_verdict_is_not_its_trails__then_trail_mismatch(own: Trail) -> None:
    true = verdict_of(own)
    for verdict in (
        Verdict(1 - true.outcome, true.score, true.trail),
        Verdict(true.outcome, true.score ^ 1, true.trail),
        Verdict(true.outcome, true.score, bytes(32)),
    ):
        with pytest.raises(VerdictMismatchError) as caught:
            judge(own, own, verdict, LOADED, TOLERANCE)
        assert caught.value.reason is Reason.TRAIL_MISMATCH


ALLOWED = TOLERANCE + ATTRIBUTION_GRAIN_PPM


@pytest.mark.parametrize("off", [-ALLOWED, ALLOWED])
def test_judge__when_an_attribution_is_within_tolerance_and_grain__then_it_stands(own: Trail, off: int) -> None:
    values = own.attribution.values
    judged(own, with_attribution(own, values={**values, FEATURE: values[FEATURE] + off}))


def attributions_that_differ(trail: Trail) -> Iterator[Trail]:
    values, baseline = trail.attribution.values, trail.attribution.baseline_ppm
    yield with_attribution(trail, values={**values, FEATURE: values[FEATURE] + ALLOWED + 1})
    yield with_attribution(trail, values={**values, FEATURE: values[FEATURE] - ALLOWED - 1})
    yield with_attribution(trail, values={name: value for name, value in values.items() if name != FEATURE})
    yield with_attribution(trail, values={**values, "another": 0})
    yield with_attribution(trail, completeness_ppm=TOLERANCE + 1)
    yield with_attribution(trail, completeness_ppm=-1)
    yield with_attribution(trail, baseline_ppm=baseline + TOLERANCE + 1)


def test_judge__when_the_explanation_is_another__then_attribution_mismatch(own: Trail) -> None:
    reasons = [refused(own, each) for each in attributions_that_differ(own)]
    assert reasons == [Reason.ATTRIBUTION_MISMATCH] * 7


# Every fact of the trail

_FREE = {("software",), ("proposer",), ("attribution", "completenessPpm"), ("attribution", "baselinePpm")}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def altered(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
        yield int(value)
        yield str(value)
    elif isinstance(value, int):
        yield value + 1
        yield str(value)
        if value in (0, 1):
            yield bool(value)
    else:
        text = str(value)
        yield text + "0"
        yield text[:-1] + ("0" if text[-1] != "0" else "1")
        yield text.upper().replace("0X", "0x") if text != text.upper().replace("0X", "0x") else text.lower() + "x"


def put(tree: Any, path: tuple[Any, ...], value: object) -> Any:
    changed = copy.deepcopy(tree)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return changed


def accepted(own: Trail, data: Any) -> bool:
    try:
        judged(own, Trail.from_json(data))
    except AssentError:
        return False
    return True


def test_judge__when_any_fact_is_altered__then_refused(own: Trail) -> None:
    tree = own.to_json()
    paths = [path for path in leaves(tree) if path not in _FREE and path[:2] != ("attribution", "values")]
    assert len(paths) > 60
    for path in paths:
        value: Any = tree
        for step in path:
            value = value[step]
        for other in altered(value):
            # The score alone is tolerated a little: it is altered by more.
            tolerated = path == ("output", "scorePpm") and other == value + 1
            changed = put(tree, path, value + 1 + TOLERANCE if tolerated else other)
            assert not accepted(own, changed), (path, other)


def test_judge__when_a_fact_is_missing_or_added__then_refused(own: Trail) -> None:
    tree = own.to_json()
    for part in ("request", "agreement", "record", "model"):
        for key in list(tree[part].get("terms", tree[part])):
            changed = copy.deepcopy(tree)
            del changed[part].get("terms", changed[part])[key]
            assert not accepted(own, changed), (part, key)
        more = copy.deepcopy(tree)
        more[part].get("terms", more[part])["more"] = 1
        assert not accepted(own, more), part
    assert not accepted(own, put(tree, ("record", "fields"), tree["record"]["fields"][:-1]))
    assert not accepted(own, put(tree, ("record", "fields"), tree["record"]["fields"][::-1]))


def test_judge__when_software_and_proposer_differ__then_it_stands(own: Trail) -> None:
    tree = put(own.to_json(), ("software",), "assent/9")
    assert accepted(own, put(tree, ("proposer",), "0x" + "cd" * 20))


def test_build_trail__when_built__then_holds_no_value(own: Trail) -> None:
    text = canonical(own.to_json()).decode()
    for value in MARKED.values():
        assert f"{value:.5f}"[:7] not in text
    assert all(name in text for name in NAMES)


def test_build_trail__when_not_evaluated__then_value_error(operators: World) -> None:
    one, asked = operators.peers[0], case()
    one.see(asked)
    with pytest.raises(ValueError, match="evaluated"):
        build_trail(DOMAIN, one.context(asked), LOADED, PROPOSER, "assent/test")
