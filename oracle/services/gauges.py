"""Puts the last survey into the gauges, when they are scraped."""

from __future__ import annotations

import time

import oracle
from oracle.services.health import Condition
from oracle.services.surveyor import Survey
from oracle.store.tables import Stage
from oracle.telemetry.metrics import Metrics


def set_gauges(metrics: Metrics, survey: Survey, conditions: list[Condition]) -> None:
    """Set every gauge that tells of the node as a whole. Nothing is looked up here."""
    for stage in Stage:
        metrics.open_requests.labels(stage.value).set(survey.stages.get(stage.value, 0))
    metrics.oldest_open_s.set(survey.oldest_s)
    metrics.oldest_open_blocks.set(survey.oldest_blocks)
    metrics.vault_waits.set(survey.backlog.vault_waits)
    for state in {"pending", *survey.backlog.transactions}:
        metrics.stored_transactions.labels(state).set(survey.backlog.transactions.get(state, 0))
    lowest = survey.backlog.lowest_nonce
    metrics.lowest_pending_nonce.set(-1 if lowest is None else lowest)
    if survey.head_timestamp:
        metrics.chain_lag_s.set(max(time.time() - survey.head_timestamp, 0))
    metrics.round_age_s.set(survey.round_age_s)
    metrics.survey_age_s.set(survey.age_s)
    metrics.build.labels(oracle.__version__).set(1)
    if survey.verdict_cost_wei is not None:
        metrics.verdict_cost_wei.set(survey.verdict_cost_wei)
    if survey.disk_free_bytes is not None:
        metrics.disk_free_bytes.set(survey.disk_free_bytes)
    metrics.lease_left_s.set(max(survey.lease_until - time.time(), 0) if survey.lease_until else 0)
    for condition in conditions:
        metrics.condition_met.labels(condition.name).set(condition.met)
    _set_committee(metrics, survey)


def _set_committee(metrics: Metrics, survey: Survey) -> None:
    view = survey.view
    if view is None:
        return
    metrics.member.set(view.own_index is not None)
    metrics.in_reserve.set(view.reserve_index is not None)
    metrics.epoch.set(view.epoch)
    metrics.epoch_members.set(len(view.members))
    metrics.peers.keep({member.attester for member in view.members})
