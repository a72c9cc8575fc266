"""Standing requests: one question, repeated on a schedule, paid for in advance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oracle.client.answers import Asked, MadeStanding, Round, Sent, StandingView
from oracle.client.lookups import altered, with_id
from oracle.client.requests import Requester, callback_units
from oracle.core import purposes as dpv
from oracle.core.duo import modifier_mask
from oracle.core.structs import Agreement, Delivery, Question, Request, Schedule, StandingRequest, Step


class StandingRequester(Requester):
    """For controllers who ask again and again; opening a round that is due is open to anyone, and operators do."""

    def stand(
        self,
        agreements: Sequence[Agreement],
        purpose: str | int,
        schedule: Schedule,
        *,
        step: Step = Step.INFER,
        use: int | None = None,
        callback_gas: int = 0,
        delivery: Delivery = Delivery.RECORDED,
        undertakes: Iterable[str] = (),
        place: int = 0,
        from_balance: bool = False,
    ) -> MadeStanding:
        """Make one standing request under each agreement, as their controller, and pay all rounds of all: sent along, or from the balance.

        Round k takes the use ``use + k``, by default from the first on that are free under all agreements. Agreements of one call are in
        one currency; what is paid in a token comes from the balance. ``undertakes`` and ``place`` are a request's. Raises
        UnknownPurposeError, ValueError for a part that doesn't fit or no agreement at all, or ContractRevertError.
        """
        if not agreements:
            raise ValueError("name an agreement")
        bit = dpv.purpose(purpose).bit
        first = self._common_use(agreements, schedule.rounds) if use is None else use
        disclosure = min(agreement.disclosure for agreement in agreements)
        promised = (disclosure, modifier_mask(undertakes), place)
        question = Question(first, 0, bit, int(step), callback_units(callback_gas), delivery, *promised)
        prices = [self.quote(agreement.terms) for agreement in agreements]
        total = sum(price.quote.total for price in prices) * schedule.rounds
        value = total if prices[0].in_ether and not from_balance else 0
        sent = self.send(self.contract.stand(agreements, question, schedule), value)
        made = (
            StandingRequest(agreement.id, agreement.controller, question, price.quote, schedule)
            for agreement, price in zip(agreements, prices, strict=True)
        )
        return MadeStanding(tuple(made), sent)

    def standing(self, standing_id: bytes) -> StandingRequest:
        """Return a standing request that was made, whatever became of it. Raises UnknownIdError."""
        arguments = self._only("StandingMade", "standing request", standing_id).arguments
        agreement = self.agreement(bytes(arguments["agreement"]))
        question, schedule = Question.unpack(arguments["question"]), Schedule.from_abi(arguments["schedule"])
        quote = self.price_of(agreement).quote
        made = StandingRequest(agreement.id, agreement.controller, question, quote, schedule)
        return with_id(made, standing_id)

    def standing_view(self, standing_id: bytes) -> StandingView:
        """Return a standing request with its state and its rounds. Raises UnknownIdError."""
        standing = self.standing(standing_id)
        status = self.read(self.contract.standing_status(standing_id))
        rounds = []
        for event in self.events("RoundOpened", standing_id):
            request = bytes(event.arguments["request"])
            state = self.read(self.contract.verdict_of(request)).state
            rounds.append(Round(event.arguments["round"], request, state))
        due = self._round_due(standing, status.next) if status.active else None
        return StandingView(standing, status, tuple(rounds), None if due is None else standing.due(due))

    def standings(self, *, agreement_id: bytes | None = None, controller: str | None = None) -> list[StandingView]:
        """Return all standing requests, oldest first; of one agreement or of one controller, if named."""
        account = None if controller is None else bytes.fromhex(controller[2:])
        events = self.events("StandingMade", None, agreement_id, account)
        return [self.standing_view(bytes(event.arguments["id"])) for event in events]

    def open_round(self, standing_id: bytes, round_: int | None = None) -> Asked:
        """Open a round of a standing request, by default the one that is due now, or the next. Raises ContractRevertError if none is."""
        standing = self.standing(standing_id)
        if round_ is None:
            following = self.read(self.contract.standing_status(standing_id)).next
            due = self._round_due(standing, following)
            round_ = following if due is None else due
        sent = self.send(self.contract.open_round(standing, round_))
        question = Question.unpack(sent.event("Requested").arguments["question"])
        request = Request(standing.agreement, standing.controller, question, standing.quote)
        if request.id != bytes(sent.event("RoundOpened").arguments["request"]):
            raise altered(request.id)
        return Asked(request.id, request, sent)

    def end_standing(self, standing_id: bytes) -> Sent:
        """End a standing request, as its controller, or as anyone once no round can be opened any more; unopened rounds are refunded."""
        return self.send(self.contract.end_standing(self.standing(standing_id)))

    def _round_due(self, standing: StandingRequest, following: int) -> int | None:
        """Return the round to be opened next, due already or not; None if there is none."""
        schedule = standing.schedule
        if not schedule.catch_up:
            now = self.block_number() if schedule.in_blocks else self.block_time()
            following = max(following, (now - schedule.start) // schedule.interval)
        return following if following < schedule.rounds else None

    def _common_use(self, agreements: Sequence[Agreement], rounds: int) -> int:
        use, found = -1, 0
        while found != use:
            use = found
            found = max(self.free_use(agreement.id, rounds, use) for agreement in agreements)
        return use
