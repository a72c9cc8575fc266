"""Whether the node can do its work: one condition after another, each with what is wrong and what to do about it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from oracle.services.surveyor import Survey
from oracle.settings import HealthSettings, NodeSettings

#: How old a believed head may be: the finality's own delay, twice.
_STALE_S = {"latest": 120, "safe": 900, "finalized": 1_800}
_STALE_BLOCK_S = 15
_ROUND_S = 10.0
#: With less than such a part of a lease left, somebody has to renew it.
_LEASE_LEFT = 0.25
#: A survey older than this says nothing any more.
_BLIND_S = 30.0
#: If no vault answered for so long while requests wait for theirs, the way out is broken, not one stranger's vault.
_VAULTS_S = 60.0


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that the node needs. ``reason`` says what is wrong and what to do; None if nothing is."""

    name: str
    reason: str | None

    @property
    def met(self) -> bool:
        """Tell whether nothing is wrong."""
        return self.reason is None


def conditions(survey: Survey, settings: NodeSettings) -> list[Condition]:
    """Judge what was last seen of a node."""
    health = settings.health
    found = {
        "survey": _blind(survey),
        "chain": _chain(survey),
        "chain_fresh": _fresh(survey, settings),
        "member": _member(survey),
        "lease": _lease(survey),
        "models": _models(survey),
        "keys": "; ".join(survey.key_problems) or None,
        "balance": _balance(survey, health),
        "vaults": _vaults(survey),
        "database": _database(survey),
        "disk": _disk(survey, health),
    }
    return [Condition(name, f"{name}: {reason}" if reason else None) for name, reason in found.items()]


def _blind(survey: Survey) -> str | None:
    return (
        None
        if survey.age_s <= _BLIND_S
        else "the node hasn't looked at itself lately; see its log, restart it if that is silent"
    )


def _chain(survey: Survey) -> str | None:
    return f"{survey.chain_problem}; check chain.rpc_url" if survey.chain_problem else None


def _fresh(survey: Survey, settings: NodeSettings) -> str | None:
    chain = settings.chain
    if survey.round_age_s > max(10 * chain.poll_interval_s, _ROUND_S):
        return "not read to its head lately: catching up, or the endpoint fails; see `assent node status`"
    by_finality = _STALE_S.get(chain.finality) or _STALE_S["latest"] + _STALE_BLOCK_S * int(chain.finality)
    allowed = settings.health.stale_s or by_finality
    if time.time() - survey.head_timestamp > allowed:
        return f"the {chain.finality} head is older than {allowed} s; the endpoint lags, or the chain stands: try another endpoint"
    return None


def _member(survey: Survey) -> str | None:
    if survey.view is None:
        return None  # what isn't known yet is the chain's problem
    if survey.view.own_place is not None and not survey.view.members:
        return (
            f"nobody has a seat in epoch {survey.view.epoch}: too few of the roll have a whole stake, and no verdict is accepted; "
            "`assent committee show`, `assent operator stake`"
        )
    if survey.view.own_place is not None:
        return None  # the reserve judges, and waits for a seat
    whose = " and ".join(survey.attesters)
    return f"{whose} isn't on the roll of epoch {survey.view.epoch}; `assent operator join`, or wait for a rotation"


def _lease(survey: Survey) -> str | None:
    if survey.lease_until is None or survey.lease_until - time.time() > survey.lease_s * _LEASE_LEFT:
        return None
    return f"the operator's lease ends at {_utc(survey.lease_until)}, and it leaves with a rotation after; `assent operator renew`"


def _utc(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _models(survey: Survey) -> str | None:
    if survey.engine_problems:
        return "; ".join(survey.engine_problems)
    if survey.models_runnable:
        return None
    if survey.models_unserved:
        return (
            f"all {survey.models_unserved} of the published models that are loaded here name arbiters whom this node doesn't know; "
            "add to work.arbiters those under whom it may sign and judge"
        )
    if survey.models_published:
        return f"none of the {survey.models_published} published models is loaded here; add a published one's folder to `models`"
    return "no model is published, as far as this node has read; lower chain.start_block if one should be"


def _balance(survey: Survey, health: HealthSettings) -> str | None:
    if survey.balance_wei is None or survey.verdict_cost_wei is None:
        return None
    if survey.balance_wei >= health.min_verdicts * survey.verdict_cost_wei:
        return None
    pays = survey.balance_wei // max(survey.verdict_cost_wei, 1)
    return f"the sender {survey.sender} can pay for {pays} verdicts, wanted are {health.min_verdicts}; send it ether"


def _vaults(survey: Survey) -> str | None:
    waits = survey.backlog.vault_waits
    if not waits or survey.vault_age_s <= _VAULTS_S:
        return None
    return f"{waits} requests wait for vaults, and none has answered for {_VAULTS_S:.0f} s; check the way out of this machine"


def _database(survey: Survey) -> str | None:
    return (
        f"can't be read or written ({survey.database_problem}); check that it runs, its disk and its rights"
        if survey.database_problem
        else None
    )


def _disk(survey: Survey, health: HealthSettings) -> str | None:
    free = survey.disk_free_bytes
    if free is None or free >= health.min_free_mb * 2**20:
        return None
    return f"{free // 2**20} MB are left, wanted are {health.min_free_mb}; make room before the database stops"
