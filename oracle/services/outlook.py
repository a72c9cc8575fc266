"""What the node tells of itself: readiness and status, made from the last survey and never by looking anything up."""

from __future__ import annotations

import math
import time
from collections import deque

import oracle
from oracle.core.errors import AssentError
from oracle.services import forms
from oracle.services.health import Condition, conditions
from oracle.services.surveyor import Survey
from oracle.settings import NodeSettings
from oracle.telemetry.peers import PeerMetrics
from oracle.telemetry.redaction import without_secrets

_ERRORS_KEPT = 20


class Outlook:
    """One node's account of itself."""

    def __init__(self, settings: NodeSettings, survey: Survey, peers: PeerMetrics) -> None:
        self.survey = survey
        self._settings = settings
        self._peers = peers
        self._started_at = time.time()
        self._errors: deque[forms.ErrorState] = deque(maxlen=_ERRORS_KEPT)

    def failed(self, service: str, error: Exception) -> None:
        """Remember that a round of a service failed; of errors that aren't our own, only the kind."""
        text = without_secrets(str(error)) if isinstance(error, AssentError) else type(error).__name__
        self._errors.append(forms.ErrorState(at=time.time(), service=service, error=text))

    def conditions(self) -> list[Condition]:
        """Return the conditions of readiness."""
        return conditions(self.survey, self._settings)

    def reasons(self) -> list[str]:
        """Return why the node isn't ready; nothing if it is."""
        return [condition.reason for condition in self.conditions() if condition.reason]

    def status(self) -> forms.NodeStatus:
        """Return the node's status."""
        survey, chain = self.survey, self._settings.chain
        judged = self.conditions()
        return forms.NodeStatus(
            version=oracle.__version__,
            attesters=list(survey.attesters),
            chain_id=chain.chain_id,
            contract=chain.contract,
            started_at=self._started_at,
            survey_age_seconds=_finite(survey.age_s),
            ready=all(each.met for each in judged),
            conditions=[forms.ConditionState(name=each.name, met=each.met, reason=each.reason) for each in judged],
            head=self._head(),
            requests=survey.stages,
            oldest=self._oldest(),
            vault_waits=survey.backlog.vault_waits,
            transactions=survey.backlog.transactions,
            sender=self._sender(),
            epoch=self._epoch(),
            models=forms.ModelsState(published=survey.models_published, runnable=survey.models_runnable),
            peers=self._peer_states(),
            waiting=self._waiting(),
            errors=list(self._errors),
            disk_free_bytes=survey.disk_free_bytes,
        )

    def _head(self) -> forms.HeadState:
        survey = self.survey
        return forms.HeadState(
            block=survey.head,
            age_seconds=max(time.time() - survey.head_timestamp, 0) if survey.head_timestamp else None,
            read_seconds_ago=_finite(survey.round_age_s),
            finality=self._settings.chain.finality,
        )

    def _oldest(self) -> forms.OldestState | None:
        survey, block = self.survey, self.survey.backlog.oldest_block
        if block is None:
            return None
        return forms.OldestState(block=block, age_blocks=survey.oldest_blocks, age_seconds=survey.oldest_s)

    def _sender(self) -> forms.SenderState:
        balance, cost = self.survey.balance_wei, self.survey.verdict_cost_wei
        return forms.SenderState(
            address=self.survey.sender,
            balance_wei=None if balance is None else str(balance),
            verdict_cost_wei=None if cost is None else str(cost),
            verdicts=balance // cost if balance is not None and cost else None,
        )

    def _epoch(self) -> forms.EpochState | None:
        view = self.survey.view
        if view is None:
            return None
        return forms.EpochState(
            number=view.epoch,
            members=len(view.members),
            index=view.own_index,
            reserve=len(view.reserve),
            reserve_index=view.reserve_index,
            lease_until=self.survey.lease_until,
        )

    def _peer_states(self) -> list[forms.PeerState]:
        view, misses = self.survey.view, {each.attester: each for each in self.survey.misses}
        states = []
        for member in view.members if view else ():
            if view is None or member.index == view.own_index:
                continue
            missed, sight = misses.get(member.attester), self._peers.seen.get(member.attester)
            states.append(
                forms.PeerState(
                    attester=member.attester,
                    endpoint=member.endpoint,
                    asked=missed.asked if missed else 0,
                    missed=missed.missed if missed else 0,
                    missed_in_a_row=missed.in_a_row if missed else 0,
                    last_seen=sight.at if sight else None,
                    answer_seconds=sight.took_s if sight else None,
                )
            )
        return states

    def _waiting(self) -> list[forms.WaitingState]:
        return [
            forms.WaitingState(
                request="0x" + each.request.hex(),
                stage=each.stage,
                attempts=each.attempts,
                reason=each.reason,
                message=each.message,
            )
            for each in self.survey.waiting
        ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
