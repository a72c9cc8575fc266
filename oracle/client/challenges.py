"""How verdicts are contested, and how those who signed a wrong one are punished."""

from __future__ import annotations

from dataclasses import replace

from oracle.client.answers import Contest, Sent
from oracle.client.verdicts import Verdicts
from oracle.core.digests import recover, report_digest, report_leaf
from oracle.core.errors import ContractRevertError
from oracle.core.merkle import climb
from oracle.core.structs import Attestation, RequestState, Testimony, Verdict


class Challenger(Verdicts):
    """For whoever doubts a verdict. All methods that send raise what :meth:`Sender.send` does."""

    def challenge(self, request_id: bytes) -> Sent:
        """Challenge a recorded verdict while its window lasts, with the bond, which comes back if the verdict is corrected."""
        terms = self.read(self.contract.challenge_terms())
        return self.send(self.contract.challenge(request_id), terms.bond)

    def lapse(self, request_id: bytes) -> Sent:
        """End a challenge that the committee left unanswered: the bond goes back, the verdict can be challenged anew. Open to anyone."""
        return self.send(self.contract.lapse(request_id))

    def review(self, request_id: bytes, verdict: Verdict, attestation: Attestation) -> Sent:
        """Bring what the committee found of a challenged verdict; open to anyone who has its signatures."""
        agreement = self.request_terms(request_id).agreement
        terms = self.recording(request_id), agreement, self.model(agreement.model)
        return self.send(self.contract.review(*terms, verdict, attestation))

    def contests(self, *, open_only: bool = False) -> list[Contest]:
        """Return all challenges there were, oldest first, each with what became of it; or only those whose review is due."""
        found: dict[bytes, list[Contest]] = {}
        for event in self.events("Challenged"):
            identifier = bytes(event.arguments["id"])
            terms = (event.arguments["challenger"], event.arguments["bond"], event.arguments["until"])
            # All but the last of a request lapsed: only then could it be challenged again.
            found.setdefault(identifier, []).append(
                Contest(identifier, *terms, RequestState.RECORDED, event.block_number)
            )
        for identifier, contests in found.items():
            contests[-1] = replace(contests[-1], state=self.read(self.contract.verdict_of(identifier)).state)
        every = [contest for contests in found.values() for contest in contests]
        wanted = [each for each in every if each.state is RequestState.CHALLENGED] if open_only else every
        return sorted(wanted, key=lambda contest: contest.block)

    def testimonies(self, request_id: bytes) -> list[Testimony]:
        """Return what each of those who signed a request's first verdict testifies, from the transactions on chain.

        Raises UnknownIdError if no call that recorded it can be read there.
        """
        call, report, _ = self.signing(request_id)
        return call.testimonies(report)

    def punish(self, testimony: Testimony) -> Sent:
        """Slash an operator that signed a verdict that was corrected; half of the penalty is the challenger's. Open to anyone."""
        return self.send(self.contract.punish(testimony))

    def punish_all(self, request_id: bytes) -> list[Sent]:
        """Slash every operator that signed a request's first verdict, which was corrected, unless it was before.

        Raises ContractRevertError if the verdict wasn't corrected.
        """
        sent = []
        for testimony in self.testimonies(request_id):
            try:
                sent.append(self.punish(testimony))
            except ContractRevertError as error:
                if error.name not in ("AlreadyPunished", "NothingToSlash"):
                    raise
        return sent

    def punish_conflict(self, first: Testimony, second: Testimony) -> Sent:
        """Slash an operator that signed two verdicts of one request that can't both be honest; half of the penalty is the sender's."""
        request, agreement, _ = self.request_terms(first.request.id)
        named, model = Reference.to(agreement, request.use), self.model(agreement.model)
        return self.send(self.contract.punish_conflict(named, model, first, second))

    def witness(self, testimony: Testimony) -> str | None:
        """Return whose signature a testimony has, an attester's address; None if it is none."""
        root = climb(report_leaf(testimony.request, testimony.verdict), testimony.proof)
        return recover(report_digest(self.domain, testimony.epoch, testimony.count, root), testimony.signature)
