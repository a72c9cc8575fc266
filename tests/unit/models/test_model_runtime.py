import math
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save
from torch import Tensor, nn

from oracle.core.errors import ModelError
from oracle.models import runtime as runtime_module
from oracle.models.card import ModelCard, outcome_of
from oracle.models.features import features
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime, Runtime
from oracle.models.zoo.screening import PACKAGE
from oracle.models.zoo.screening.data import held_out

RUNTIME = LocalRuntime(ModelPackage.load(PACKAGE))


@pytest.fixture(scope="module")
def rows(card: ModelCard) -> list[tuple[float, ...]]:
    return [features(card, case.fields) for case in held_out()]


def with_weights(files: dict[str, bytes], **tensors: Tensor) -> ModelPackage:
    files["model.safetensors"] = save(load(files["model.safetensors"]) | tensors)
    return ModelPackage.from_files(files)


def running(network: nn.Module, package: ModelPackage, monkeypatch: pytest.MonkeyPatch) -> LocalRuntime:
    """Return a runtime that runs this network in place of the package's."""
    monkeypatch.setattr(runtime_module, "_network", lambda _package: network)
    return LocalRuntime(package)


def test_local_runtime__seen_by_a_type_checker__is_a_runtime(runtime: LocalRuntime, card: ModelCard) -> None:
    port: Runtime = runtime
    assert port.card == card


def test_evaluate__a_batch__equals_one_by_one(runtime: LocalRuntime, rows: list[tuple[float, ...]]) -> None:
    assert runtime.evaluate(rows) == [runtime.evaluate([row])[0] for row in rows]
    assert runtime.evaluate(rows * 10) == runtime.evaluate(rows) * 10


def test_evaluate__nothing__gives_nothing(runtime: LocalRuntime) -> None:
    assert runtime.evaluate([]) == []


def test_evaluate__another_number_of_threads__agrees(package: ModelPackage, rows: list[tuple[float, ...]]) -> None:
    single, double = (LocalRuntime(package, threads).evaluate(rows) for threads in (1, 2))
    assert [one.outcome for one in single] == [two.outcome for two in double]
    for one, two in zip(single, double, strict=True):
        assert abs(one.score_ppm - two.score_ppm) <= package.card.tolerance_ppm


def test_evaluate__from_several_threads_at_once__gives_the_same(
    runtime: LocalRuntime, rows: list[tuple[float, ...]]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(runtime.evaluate, [rows] * 8))
    assert results == [runtime.evaluate(rows)] * 8


def test_evaluate__held_out_cases__explains_each_score(
    runtime: LocalRuntime, rows: list[tuple[float, ...]], card: ModelCard
) -> None:
    for result in runtime.evaluate(rows):
        assert 0 <= result.score_ppm <= 1_000_000
        assert result.outcome == outcome_of(card, result.score_ppm)
        assert len(result.attributions_ppm) == len(card.inputs)
        left_over = abs(sum(result.attributions_ppm) - (result.score_ppm - result.baseline_ppm))
        assert result.completeness_ppm == left_over <= len(card.inputs)  # rounding alone, half a ppm an input


def test_evaluate__the_training_mean__is_the_baseline(runtime: LocalRuntime, card: ModelCard) -> None:
    (result,) = runtime.evaluate([card.normalisation.mean])
    assert result.score_ppm == result.baseline_ppm
    assert set(result.attributions_ppm) == {0}


def test_evaluate__one_input_moved__credits_only_that_one(runtime: LocalRuntime, card: ModelCard) -> None:
    row = list(card.normalisation.mean)
    row[7] += card.normalisation.scale[7]
    (result,) = runtime.evaluate([row])
    assert [place for place, share in enumerate(result.attributions_ppm) if share] == [7]
    assert abs(result.attributions_ppm[7] - (result.score_ppm - result.baseline_ppm)) <= 1


@settings(max_examples=200, deadline=None)
@given(st.tuples(*(st.floats(feature.minimum, feature.maximum) for feature in RUNTIME.card.inputs)))
def test_evaluate__anything_within_the_ranges__is_explained_nearly_completely(row: tuple[float, ...]) -> None:
    (result,) = RUNTIME.evaluate([row])
    assert result.completeness_ppm <= 30


def test_evaluate__a_short_row__is_refused(runtime: LocalRuntime) -> None:
    with pytest.raises(ModelError, match="takes 30 inputs"):
        runtime.evaluate([[1.0] * 29])


def test_evaluate__a_row_that_is_no_number__is_refused(runtime: LocalRuntime) -> None:
    with pytest.raises(ModelError, match="no finite number"):
        runtime.evaluate([[math.nan] * 30])


class Talkative(nn.Module):
    """A network that fails, and quotes what it was given."""

    def forward(self, rows: Tensor) -> Tensor:
        if rows.abs().sum() > 0:
            raise RuntimeError(f"can't do {rows.tolist()}")
        return rows.sum(dim=1)


def test_evaluate__a_network_that_fails__is_refused_without_its_words(
    package: ModelPackage, rows: list[tuple[float, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError) as caught:
        running(Talkative(), package, monkeypatch).evaluate(rows[:1])
    assert "RuntimeError" in str(caught.value)
    assert "can't do" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_local_runtime__cuda_without_a_device__is_refused_with_the_remedy(package: ModelPackage) -> None:
    with pytest.raises(ModelError, match=r"runtime\.device"):
        LocalRuntime(package, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="NO CUDA DEVICE: results on a GPU are NOT compared here")
def test_evaluate__on_cuda__agrees_with_the_cpu(package: ModelPackage, rows: list[tuple[float, ...]]) -> None:
    here, there = (LocalRuntime(package, device=device).evaluate(rows) for device in ("cpu", "cuda"))
    for one, two in zip(here, there, strict=True):
        assert abs(one.score_ppm - two.score_ppm) <= package.card.tolerance_ppm
        for first, second in zip(one.attributions_ppm, two.attributions_ppm, strict=True):
            assert abs(first - second) <= 10  # a thousandth of a trail's grain


def test_local_runtime__weights_that_are_no_numbers__are_refused(files: dict[str, bytes]) -> None:
    broken = with_weights(files, bias=torch.tensor(math.nan, dtype=torch.float64))
    with pytest.raises(ModelError, match="no finite number"):
        LocalRuntime(broken)


@pytest.mark.parametrize(
    "tensors", [{"weight": torch.zeros(29, dtype=torch.float64)}, {"surplus": torch.zeros(1, dtype=torch.float64)}]
)
def test_local_runtime__weights_of_another_network__are_refused(
    tensors: dict[str, Tensor], files: dict[str, bytes]
) -> None:
    with pytest.raises(ModelError, match="don't fit architecture 'screening'"):
        LocalRuntime(with_weights(files, **tensors))


def test_self_test__shipped_package__passes(runtime: LocalRuntime) -> None:
    runtime.self_test()


@pytest.mark.parametrize("place", range(30))
def test_self_test__any_one_weight_altered__fails(place: int, files: dict[str, bytes]) -> None:
    weight = load(files["model.safetensors"])["weight"].clone()
    weight[place] += 0.05
    with pytest.raises(ModelError, match="self-test vector"):
        LocalRuntime(with_weights(files, weight=weight)).self_test()


def test_self_test__weights_altered_within_tolerance__passes(files: dict[str, bytes]) -> None:
    bias = load(files["model.safetensors"])["bias"]
    LocalRuntime(with_weights(files, bias=bias + 1e-4)).self_test()


class Cliff(nn.Module):
    """A step that no quadrature follows."""

    def forward(self, rows: Tensor) -> Tensor:
        return 1e6 * (rows.sum(dim=1) - 1.234)


class Wide(nn.Module):
    """Two logits a row."""

    def forward(self, rows: Tensor) -> Tensor:
        return rows[:, :2]


def test_evaluate__a_network_too_steep_to_explain__is_refused(
    package: ModelPackage, rows: list[tuple[float, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="more than the tolerance"):
        running(Cliff(), package, monkeypatch).evaluate(rows)


def test_local_runtime__a_network_of_another_shape__is_refused(
    package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="not one logit a row"):
        running(Wide(), package, monkeypatch)


def test_evaluate__one_row__takes_well_under_50_ms(runtime: LocalRuntime, rows: list[tuple[float, ...]]) -> None:
    def took_s(batch: list[tuple[float, ...]]) -> float:
        start = time.perf_counter()
        runtime.evaluate(batch)
        return time.perf_counter() - start

    assert min(took_s(rows[:1]) for _ in range(20)) < 0.05
    # Vectorised: 57 rows take nothing like 57 times one.
    assert min(took_s(rows) for _ in range(20)) < 20 * min(took_s(rows[:1]) for _ in range(20))
