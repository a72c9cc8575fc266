"""Who gets which fields: every check between an ask and a release.

The vault protects the subject, so it takes nobody's word: it looks at the chain itself, at the latest block, and hands out only the inputs
of a model that it knows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from oracle.core.committee import members_of
from oracle.core.errors import ContractRevertError, SealError
from oracle.core.structs import Agreement, Phase, RecordState, RequestState, Step
from oracle.data.ask import MAX_ASK_S, Ask
from oracle.data.envelope import check_hybrid, pack_fields, seal
from oracle.vault.answered import AnsweredAsks
from oracle.vault.budgets import DEFAULT_PER_DAY, Budgets
from oracle.vault.chain_view import ChainView, Head, Requested
from oracle.vault.journal import Journal
from oracle.vault.notices import Notices
from oracle.vault.refusals import (
    AskExpiredError,
    AskTooLongError,
    ConsentMissingError,
    EpochStaleError,
    ModelUnknownError,
    NotMemberError,
    RecordRetiredError,
    RequestEndedError,
    RequestUnknownError,
    SealKeyWrongError,
    SignatureWrongError,
    StepRefusedError,
)
from oracle.vault.release_log import Release
from oracle.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class SealedRelease:
    """The answer to an ask: which record it is of, and the fields, sealed to the attester's operator."""

    request_id: bytes
    record_id: bytes
    sealed: bytes


class Gatekeeper:
    """Answers asks. ``schemas`` maps an input schema's digest (32 bytes) to the names of its fields, in order."""

    def __init__(
        self,
        vault: Vault,
        chain: ChainView,
        schemas: Mapping[bytes, tuple[str, ...]],
        clock: Callable[[], float] = time.time,
        releases_per_day: int = DEFAULT_PER_DAY,
        notices: Path | None = None,
    ) -> None:
        """``releases_per_day`` is what one operator may have; ``notices`` a folder with those that name processors."""
        self._vault = vault
        self._chain = chain
        self._schemas = schemas
        self._notices = Notices(notices)
        self._clock = clock
        self.budgets = Budgets(releases_per_day, vault.budgets(), clock)
        self._answered = AnsweredAsks(clock)
        self._journal = Journal(lambda releases: vault.log(releases, self.budgets.unsaved()))

    async def release(self, ask: Ask) -> SealedRelease:
        """Check an ask, write the release down and seal the fields. Raises a ReleaseRefusedError for the first check that fails.

        Also RecordError (FIELD_MISSING), ChainError, and SealError if the operator's key or the stored record is unusable.
        """
        attester = await self._signer(ask)
        head = await self._chain.head()
        status = await head.read(("request", ask.request_id), self._chain.contract.verdict_of(ask.request_id))
        if status.state is RequestState.CHALLENGED:
            await self._must_be_judge(head, ask, attester)
        else:
            await self._must_be_member(head, ask.epoch, attester)
        request = await self._open_request(head, ask.request_id, status.state)
        agreement = await self._standing_agreement(head, request)
        await self._must_hold(head, agreement)
        names = await self._inputs(head, agreement.model)
        operator = await head.read(("operator", attester), self._chain.contract.operator_of(attester))
        self._notices.must_be_processor(agreement.notice, operator)
        with self._answered.once(ask, attester):
            self.budgets.charge(operator)
            # Around a change of keys the epoch still has the old attester; the seal key is the new one at once.
            seal_key = (await head.read(("seal key", operator), self._chain.contract.operator_info(operator))).seal_key
            release = Release(ask.request_id, attester, ask.epoch, agreement.record, names, int(self._clock()))
            fields = await self._disclosed(head, release)
            sealed = seal(seal_key, release.request_id, release.attester, fields, ask.seal_key)
            await self._journal.write(release)
        return SealedRelease(release.request_id, release.record_id, sealed)

    async def _signer(self, ask: Ask) -> str:
        left_s = ask.deadline - self._clock()
        if left_s < 0:
            raise AskExpiredError("the ask's deadline has passed; sign a new one, and check both clocks")
        if left_s > MAX_ASK_S:
            raise AskTooLongError(
                f"the ask's deadline is more than {MAX_ASK_S} s ahead; sign a shorter one, and check both clocks"
            )
        attester = ask.attester(self._chain.contract.domain)
        if attester is None:
            raise SignatureWrongError(
                "the ask's signature is nobody's; sign the EIP-712 Ask of this chain and contract"
            )
        if ask.seal_key:
            try:
                check_hybrid(ask.seal_key)
            except SealError as error:
                raise SealKeyWrongError(f"the ask's seal key is {error}") from None
        return attester

    async def _must_be_member(self, head: Head, epoch: int, attester: str) -> None:
        contract = self._chain.contract
        current = await head.read("epoch", contract.current_epoch())
        if epoch != current.number and not await self._in_grace(head, epoch, current.number):
            raise EpochStaleError(f"the ask is for epoch {epoch}, the current one is {current.number}")
        members = await head.read(("members", epoch), contract.members_of(epoch)) if epoch else []
        if attester not in members:
            raise NotMemberError(
                f"{attester}, who signed the ask, is no attester of epoch {epoch} on this chain and contract"
            )

    async def _in_grace(self, head: Head, epoch: int, current: int) -> bool:
        """For a while after a rotation the epoch before it still signs, so that no report under way is spoilt."""
        if epoch == 0 or epoch + 1 != current:
            return False
        until = await head.read(("end", epoch), self._chain.contract.signs_until(epoch))
        return head.timestamp <= until

    async def _must_be_judge(self, head: Head, ask: Ask, attester: str) -> None:
        """Whoever signed a challenged verdict doesn't judge it, and those in reserve get fields of no other request."""
        by, contract = await self._chain.signers_of(head, ask.request_id), self._chain.contract
        if by is None:
            raise RequestUnknownError(
                "the vault's endpoint has no event of the challenged verdict; check its start_block"
            )
        if ask.epoch != by.epoch:
            raise EpochStaleError(f"the ask is for epoch {ask.epoch}, the challenged verdict is of {by.epoch}")
        roll = await head.read(("roll", by.epoch), contract.roll_of(by.epoch))
        judges, _ = await head.read(("bench", by), contract.bench_of(by))
        if attester not in {roll.attesters[index] for index in members_of(judges)}:
            raise NotMemberError(f"{attester}, who signed the ask, is no judge of the challenged verdict")

    async def _open_request(self, head: Head, identifier: bytes, state: RequestState) -> Requested:
        """Return a request that waits for a verdict, or for judges to judge one."""
        shown = "0x" + identifier.hex()
        if state is RequestState.NONE:
            raise RequestUnknownError(f"there is no request {shown} at block {head.number}")
        challenged = state is RequestState.CHALLENGED
        if not challenged and state is not RequestState.REQUESTED:
            raise RequestEndedError(f"request {shown} has ended: {state.name.lower()}")
        request = await self._chain.requested(head, identifier)
        if request is None:
            raise RequestUnknownError(f"the vault's endpoint has no event of request {shown}; check its start_block")
        if await self._last_second(head, identifier, request, challenged) < head.timestamp:
            raise RequestEndedError(f"request {shown} has passed its deadline")
        if request.question.step != Step.INFER:
            raise StepRefusedError(f"request {shown} isn't for inference; the vault releases for nothing else")
        return request

    async def _last_second(self, head: Head, identifier: bytes, request: Requested, challenged: bool) -> int:
        """A verdict that is challenged is judged after its request's deadline, too, until the bench has found or its time is over."""
        if not challenged:
            return request.question.deadline
        case = await head.read(("case", identifier), self._chain.contract.case_of(identifier))
        return case.until if case.phase is Phase.OPEN else 0

    async def _standing_agreement(self, head: Head, request: Requested) -> Agreement:
        agreement = await self._chain.agreement(head, request.agreement)
        check = self._chain.contract.check(agreement.source_id, agreement.controller, agreement.terms, request.question)
        try:
            await head.read(("check", request), check)
        except ContractRevertError as error:
            raise ConsentMissingError(f"the agreement doesn't cover the request now: {error.name}") from error
        return agreement

    async def _must_hold(self, head: Head, agreement: Agreement) -> None:
        """The agreement's record is in this vault, and is committed on chain as its subject's: no request checks that."""
        record = await asyncio.to_thread(self._vault.record, agreement.record)
        status = await head.read(("record", record.id), self._chain.contract.record_status(record.id))
        if status.state is not RecordState.COMMITTED:
            raise RecordRetiredError(f"record 0x{record.id.hex()} is not committed on chain, or no longer")
        if not record.subject == status.subject == agreement.subject:
            raise ConsentMissingError("the agreement's subject isn't the record's")

    async def _inputs(self, head: Head, model_id: bytes) -> tuple[str, ...]:
        model = await self._chain.model(head, model_id)
        names = self._schemas.get(model.inputs)
        if names is None:
            raise ModelUnknownError(
                f"the vault knows no input schema 0x{model.inputs.hex()}; its holder must add the model's package to `models`"
            )
        return names

    async def _disclosed(self, head: Head, release: Release) -> bytes:
        """Open a record once for all who ask for it at one block: a committee does."""

        async def disclose() -> bytes:
            return pack_fields(await asyncio.to_thread(self._vault.disclose, release.record_id, release.fields))

        return await head.memo.once(("fields", release.record_id, release.fields), disclose)
