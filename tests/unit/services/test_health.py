"""Each condition of readiness, met and broken in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from oracle.services.committee import CommitteeView, Member
from oracle.services.health import conditions
from oracle.services.surveyor import Survey
from oracle.settings import ChainSettings, HealthSettings, KeySettings, NodeSettings
from oracle.store.node_store import Backlog

ATTESTER = "0x" + "1d" * 20


def settings(folder: Path, finality: str = "latest", **health: int) -> NodeSettings:
    file = folder / "file"
    file.touch()
    return NodeSettings(
        chain=ChainSettings(
            rpc_url="http://rpc.example",
            chain_id=7,
            contract=ATTESTER,
            committee=ATTESTER,
            records=ATTESTER,
            finality=finality,
        ),
        keys=KeySettings(attester=(file,), sender=file, seal=(file,), password_file=file),
        health=HealthSettings(**health),
        models=(folder,),
    )


def fine() -> Survey:
    return Survey(
        at=time.monotonic(),
        backlog=Backlog(),
        head=100,
        head_timestamp=int(time.time()),
        round_age_s=0.5,
        chain_problem=None,
        view=CommitteeView(3, (Member(0, ATTESTER, "http://a"),), 0),
        attesters=(ATTESTER,),
        sender=ATTESTER,
        balance_wei=10**18,
        verdict_cost_wei=10**15,
        models_published=2,
        models_runnable=1,
        disk_free_bytes=2**40,
    )


def broken(survey: Survey, made: NodeSettings) -> list[str]:
    return [each.name for each in conditions(survey, made) if not each.met]


def test_conditions__when_all_is_well__then_all_are_met(tmp_path: Path) -> None:
    assert broken(fine(), settings(tmp_path)) == []


def _not_looked(survey: Survey) -> None:
    survey.at -= 31


def _wrong_chain(survey: Survey) -> None:
    survey.chain_problem = "the endpoint serves chain 1, the configuration says 7"


def _not_read(survey: Survey) -> None:
    survey.round_age_s = 21


def _old_head(survey: Survey) -> None:
    survey.head_timestamp -= 130


def _no_member(survey: Survey) -> None:
    survey.view = CommitteeView(3, (Member(0, "0x" + "ab" * 20, "http://a"),), None)


def _no_seats(survey: Survey) -> None:
    survey.view = CommitteeView(3, (), None, reserve=("0x" + "ab" * 20,), reserve_index=0)


def _lease_ends(survey: Survey) -> None:
    survey.lease_until, survey.lease_s = int(time.time()) + 99, 400


def _no_model(survey: Survey) -> None:
    survey.models_runnable = 0


def _arbiters_unknown(survey: Survey) -> None:
    survey.models_runnable, survey.models_unserved = 0, 2


def _nothing_published(survey: Survey) -> None:
    survey.models_runnable = survey.models_published = 0


def _poor(survey: Survey) -> None:
    survey.balance_wei = 99 * 10**15


def _vaults_gone(survey: Survey) -> None:
    survey.backlog = Backlog(vault_waits=2)


def _database_gone(survey: Survey) -> None:
    survey.database_problem = "OperationalError"


def _full(survey: Survey) -> None:
    survey.disk_free_bytes = 511 * 2**20


@pytest.mark.parametrize(
    ("breaks", "name"),
    [
        (_not_looked, "survey"),
        (_wrong_chain, "chain"),
        (_not_read, "chain_fresh"),
        (_old_head, "chain_fresh"),
        (_no_member, "member"),
        (_no_seats, "member"),
        (_lease_ends, "lease"),
        (_no_model, "models"),
        (_nothing_published, "models"),
        (_arbiters_unknown, "models"),
        (_poor, "balance"),
        (_vaults_gone, "vaults"),
        (_database_gone, "database"),
        (_full, "disk"),
    ],
)
def test_conditions__when_one_is_broken__then_that_one_says_why_and_what_to_do(
    breaks: Callable[[Survey], None], name: str, tmp_path: Path
) -> None:
    survey = fine()
    breaks(survey)
    found = [each for each in conditions(survey, settings(tmp_path)) if not each.met]
    assert [each.name for each in found] == [name]
    assert (found[0].reason or "").startswith(f"{name}: ")
    assert ";" in (found[0].reason or "") or ":" in (found[0].reason or "").removeprefix(f"{name}: ")


@pytest.mark.parametrize(("finality", "age_s"), [("finalized", 1_000), ("safe", 600), ("40", 500)])
def test_conditions__when_the_finality_explains_the_heads_age__then_met(
    finality: str, age_s: int, tmp_path: Path
) -> None:
    survey = fine()
    survey.head_timestamp -= age_s
    assert broken(survey, settings(tmp_path, finality)) == []
    survey.head_timestamp -= 10 * age_s
    assert broken(survey, settings(tmp_path, finality)) == ["chain_fresh"]


def test_conditions__when_settings_say_otherwise__then_by_those(tmp_path: Path) -> None:
    survey = fine()
    survey.head_timestamp -= 130
    survey.balance_wei, survey.disk_free_bytes = 0, 0
    assert broken(survey, settings(tmp_path, stale_s=200, min_verdicts=0, min_free_mb=0)) == []


def test_conditions__when_one_strangers_vault_is_silent_but_another_answers__then_met(tmp_path: Path) -> None:
    survey = fine()
    survey.backlog, survey.vault_age_s = Backlog(vault_waits=50), 5.0
    assert broken(survey, settings(tmp_path)) == []
