"""A request and everything it names, as the tables have them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from oracle.core.structs import Agreement, Model, Question, Quote, Record, Request
from oracle.store.tables import AgreementRow, ModelRow, RecordRow, RequestRow, Stage

SUBJECT, CONTROLLER, HOLDER, PUBLISHER = ("0x" + digit * 40 for digit in "1234")


@dataclass(frozen=True)
class Asked:
    """One request."""

    record: Record
    model: Model
    agreement: Agreement
    request: Request

    @property
    def id(self) -> bytes:
        return self.request.id

    def rows(self, block: int) -> list[object]:
        """Record, model, agreement, request."""
        return [
            RecordRow(id=self.record.id, block_number=block, terms=self.record.to_json(), vault="http://vault.example"),
            ModelRow(id=self.model.id, block_number=block, terms=self.model.to_json()),
            AgreementRow(
                id=self.agreement.id,
                block_number=block,
                terms=self.agreement.to_json(),
                valid_until=self.agreement.valid_until,
            ),
            RequestRow(
                id=self.id,
                block_number=block,
                agreement=self.agreement.id,
                question=self.request.question.to_json(),
                deadline=self.request.deadline,
                delivery=int(self.request.question.delivery),
                stage=Stage.SEEN,
                attempts=0,
                not_before=0.0,
            ),
        ]


def asked(
    valid_until: int = 10_000, deadline: int = 9_000, use: int = 0, delivery: int = 0, erasure: bool = False
) -> Asked:
    """Make a request with a record, a model and an agreement of its own."""
    record = Record(secrets.token_bytes(32), SUBJECT, HOLDER)
    model = Model(PUBLISHER, secrets.token_bytes(32), bytes(32), bytes(32), 2, 3, 1000, 2**96 - 1, "0x" + "0" * 40, 5)
    agreement = Agreement(
        controller=CONTROLLER, subject=SUBJECT, holder=HOLDER, root=record.root, notice=bytes(32),
        salt=secrets.token_bytes(32), model=model.id, purposes=2**255, prohibited=2**256 - 1, steps=1,
        modifiers=0, place=0, language=bytes(2), erasure=erasure, disclosure=3, valid_from=0,
        valid_until=valid_until, uses=5, price=2**96 - 1,
    )  # fmt: skip
    question = Question(use, deadline, 5, 0, 0, delivery)
    quote = Quote(2, 3, 5, 0, model.fee, agreement.price)
    return Asked(record, model, agreement, Request(agreement.id, CONTROLLER, question, quote))
