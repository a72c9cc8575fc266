from importlib.metadata import EntryPoint

import pytest
from torch import nn

from oracle.core.errors import ModelError
from oracle.models import architectures
from oracle.models.card import ModelCard


def offer(monkeypatch: pytest.MonkeyPatch, *values: str) -> None:
    """Let these be the only architectures installed, all under the name "made-up"."""
    found = [EntryPoint("made-up", value, architectures.GROUP) for value in values]

    def entry_points(*, group: str, name: str | None = None) -> list[EntryPoint]:
        return [entry for entry in found if group == architectures.GROUP and name in (None, entry.name)]

    monkeypatch.setattr(architectures, "entry_points", entry_points)


def of(card: ModelCard, architecture: str) -> ModelCard:
    return card.model_copy(update={"architecture": architecture})


def test_build__screening__gives_a_network(card: ModelCard) -> None:
    assert "screening" in architectures.known()
    assert isinstance(architectures.build(card), nn.Module)


def test_build__an_unknown_name__lists_the_known_ones(card: ModelCard) -> None:
    with pytest.raises(ModelError, match=r"unknown architecture 'alchemy'; installed are: .*screening"):
        architectures.build(of(card, "alchemy"))


def test_build__nothing_installed__says_none(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch)
    with pytest.raises(ModelError, match="installed are: none"):
        architectures.build(card)


@pytest.mark.parametrize("value", ["no_such_module:build", "oracle.models.card:no_such_name", "math:factorial"])
def test_build__a_builder_that_fails__names_it(value: str, card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, value)
    with pytest.raises(ModelError, match=f"'made-up' .{value}. can't be built"):
        architectures.build(of(card, "made-up"))


def test_build__two_distributions_with_one_name__refuses_both(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "one:build", "two:build")
    with pytest.raises(ModelError, match=r"twice \(one:build, two:build\)"):
        architectures.build(of(card, "made-up"))
