"""What controllers ask, by a transaction of their own or by a signature that anyone may relay."""

from __future__ import annotations

from collections.abc import Iterable

from oracle.client.answers import Asked, Price, Sent
from oracle.client.verdicts import Verdicts
from oracle.core import digests
from oracle.core import purposes as dpv
from oracle.core.duo import modifier_mask
from oracle.core.structs import CALLBACK_UNIT, MAX_CALLBACK_GAS, Agreement, Delivery, Question, Request, Step
from oracle.keys.signer import Signer

_DEADLINE_S = 3600


class Requester(Verdicts):
    """For controllers, and for relayers of their signatures; closing a request is open to anyone.

    All methods that send raise what :meth:`oracle.client.sending.Sender.send` does.
    """

    def question(
        self,
        agreement: Agreement,
        purpose: str | int,
        *,
        step: Step = Step.INFER,
        use: int | None = None,
        deadline_s: int | None = None,
        callback_gas: int = 0,
        delivery: Delivery = Delivery.RECORDED,
        undertakes: Iterable[str] = (),
        place: int = 0,
    ) -> Question:
        """Return a question under an agreement, for :meth:`sign_asking`.

        ``purpose`` is a DPV term or its bit; ``use`` is the first free one by default; ``deadline_s`` counts from the latest block, by
        default an hour, or what the agreement has left if that is less: once it is mined, a block or two later, the request must be open
        for :data:`MIN_OPEN_S` at least and :data:`MAX_OPEN_S` at most; ``callback_gas`` is what the controller, a contract, is called
        with, rounded up to thousands, 0 for no call; ``undertakes`` are the DUO modifiers, by shorthand, that the controller undertakes to
        meet; ``place`` is where the verdict is to be used (ISO 3166-1 numeric). It asks to have as much in clear as the agreement allows.
        Raises UnknownPurposeError, UnknownConditionError, or ValueError for a part that doesn't fit.
        """
        bit = dpv.purpose(purpose).bit
        taken = self.free_use(agreement.id) if use is None else use
        deadline = self._deadline(agreement, deadline_s)
        promised = (agreement.disclosure, modifier_mask(undertakes), place)
        question = Question(taken, deadline, bit, int(step), callback_units(callback_gas), delivery, *promised)
        question.pack()
        return question

    def _deadline(self, agreement: Agreement, deadline_s: int | None) -> int:
        now = self.block_time()
        if deadline_s is not None:
            return now + deadline_s
        # As it was renewed last; of one that is over the contract says so itself.
        end: int = self.read(self.contract.agreement_status(agreement.id)).valid_until
        return min(now + _DEADLINE_S, end - 1) if end > now else now + _DEADLINE_S

    def request(
        self,
        agreement: Agreement,
        purpose: str | int,
        *,
        step: Step = Step.INFER,
        use: int | None = None,
        deadline_s: int | None = None,
        callback_gas: int = 0,
        delivery: Delivery = Delivery.RECORDED,
        undertakes: Iterable[str] = (),
        place: int = 0,
        from_balance: bool = False,
    ) -> Asked:
        """Ask for a verdict, as the agreement's controller, and put the quote's total in escrow: sent along, or from the balance.

        The other arguments are :meth:`question`'s. What is paid in a token comes from the balance in any case. Raises what that does, or
        ContractRevertError with the reason why the agreement doesn't cover it.
        """
        price = self.quote(agreement.terms)
        question = self.question(
            agreement,
            purpose,
            step=step,
            use=use,
            deadline_s=deadline_s,
            callback_gas=callback_gas,
            delivery=delivery,
            undertakes=undertakes,
            place=place,
        )
        value = price.quote.total if price.in_ether and not from_balance else 0
        sent = self.send(self.contract.request(agreement.source_id, agreement.terms, question), value)
        return _asked(agreement, question, price, sent)

    def sign_asking(
        self, agreement: Agreement, question: Question, tip: int = 0, signer: Signer | None = None
    ) -> bytes:
        """Return the controller's compact signature (64 bytes) by which anyone may ask this, paid from the controller's balance.

        The relayer has ``tip`` of it, in the smallest unit of the quote's currency. It is good until the question's deadline, or until the
        use is cancelled. Raises ValueError for a part that doesn't fit.
        """
        question.pack()
        return self._sign(digests.asking(self.domain, agreement.id, question, tip), signer)

    def request_signed(self, agreement: Agreement, question: Question, tip: int, signature: bytes) -> Asked:
        """Ask what an agreement's controller signed for, and have the tip."""
        price = self.quote(agreement.terms)
        named = (agreement.source_id, agreement.controller, agreement.terms)
        sent = self.send(self.contract.request_by_sig(*named, question, tip, signature))
        return _asked(agreement, question, price, sent)

    def cancel(self, agreement: Agreement, use: int) -> Sent:
        """Give up a use that no request took, as the agreement's controller: a signature for it is then worth nothing."""
        return self.send(self.contract.cancel(agreement.source_id, agreement.terms, use))

    def refuse(self, request: Request) -> Sent:
        """End a request whose agreement was ended; what it cost goes back to the controller's balance."""
        return self.send(self.contract.refuse(request))

    def expire(self, request: Request) -> Sent:
        """End a request whose deadline passed, and the time for claims if it asked for an anchored report; what it cost goes back to the
        controller's balance.
        """
        return self.send(self.contract.expire(request))

    def free_use(self, agreement_id: bytes, count: int = 1, start: int = 0) -> int:
        """Return the first of ``count`` uses in a row, at or after ``start``, that no request took and no standing request will."""
        taken = [(use, use + 1) for use in self._uses_asked(agreement_id)] if count > 1 else []
        use: int = self.read(self.contract.next_use(agreement_id, start))
        for first, end in sorted([*taken, *self._uses_reserved(agreement_id)]):
            if first < use + count and use < end:
                use = self.read(self.contract.next_use(agreement_id, end))
        return use

    def _uses_asked(self, agreement_id: bytes) -> list[int]:
        asked = self.events("Requested", None, agreement_id)
        return [Question.unpack(event.arguments["question"]).use for event in asked]

    def _uses_reserved(self, agreement_id: bytes) -> list[tuple[int, int]]:
        spans = []
        for event in self.events("StandingMade", None, agreement_id):
            if self.read(self.contract.standing_status(bytes(event.arguments["id"]))).active:
                first = Question.unpack(event.arguments["question"]).use
                spans.append((first, first + event.arguments["schedule"]["rounds"]))
        return spans


def callback_units(gas: int) -> int:
    """Return how many thousands of gas a question names for so much gas. Raises ValueError if it's too much."""
    if not 0 <= gas <= MAX_CALLBACK_GAS:
        raise ValueError(f"a callback has at most {MAX_CALLBACK_GAS} gas")
    return -(-gas // CALLBACK_UNIT)


def _asked(agreement: Agreement, question: Question, price: Price, sent: Sent) -> Asked:
    request = Request(agreement.id, agreement.controller, question, price.quote)
    return Asked(request.id, request, sent)
