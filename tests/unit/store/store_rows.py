"""A request and everything it names, as the tables have them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from oracle.core.structs import Agreement, Model, Record, Request
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
                use=self.request.use,
                purpose=5,
                step=0,
                deadline=self.request.deadline,
                stage=Stage.SEEN,
                attempts=0,
                not_before=0.0,
            ),
        ]


def asked(valid_until: int = 10_000, deadline: int = 9_000, use: int = 0) -> Asked:
    """Make a request with a record, a model and an agreement of its own."""
    record = Record(secrets.token_bytes(32), SUBJECT, HOLDER)
    model = Model(PUBLISHER, secrets.token_bytes(32), bytes(32), bytes(32), 2, 3, 1000, 2**96 - 1)
    agreement = Agreement(
        SUBJECT,
        CONTROLLER,
        record.id,
        model.id,
        2**255,
        2**256 - 1,
        1,
        0,
        valid_until,
        5,
        bytes(32),
        secrets.token_bytes(32),
    )
    request = Request(agreement.id, use, CONTROLLER, 5, 0, deadline, model.fee, 3, 2)
    return Asked(record, model, agreement, request)
