"""A vault on a real chain: what a standing request gets, and everything that gets nothing."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from daemon_chain import TERMS
from vault_chain import CONTROLLER, HOLDER, NEWCOMER, OPERATORS, SEATS, SUBJECT, World, world

from oracle.chain.contract import AssentContract
from oracle.chain.rpc import open_async
from oracle.core.addresses import Addresses
from oracle.core.digests import ruling_digest
from oracle.core.errors import ChainError, DatabaseError, EndpointError, Reason, SealError, VaultError, WrongChainError
from oracle.core.notices import Notice
from oracle.core.structs import Model, Record, Request, Step
from oracle.data.ask import Ask, ask_digest
from oracle.data.fetch import OpeningKeys, VaultClient, VaultRefusedError, fetch_fields
from oracle.data.record import DisclosedField, verify_disclosure
from oracle.keys.devnet import DEVNET_CHAIN_ID, devnet_key
from oracle.keys.seal_key import HybridKey
from oracle.keys.signer import LocalSigner
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE
from oracle.vault.chain_view import ChainView
from oracle.vault.gatekeeper import Gatekeeper
from oracle.vault.master_key import LocalKey
from oracle.vault.notices import Notices
from oracle.vault.refusals import ReleaseRefusedError
from oracle.vault.serve import schemas_of
from oracle.vault.service import create_app
from oracle.vault.store import VaultStore
from oracle.vault.vault import Vault

MARK = "marked-value-4711"
INPUTS = tuple(feature.name for feature in ModelPackage.load(PACKAGE).card.inputs)
FIELDS: dict[str, object] = {**{name: index + 0.5 for index, name in enumerate(INPUTS)}, "name": MARK}

_ASKED = itertools.count()


@dataclass
class Scene:
    """One vault on the chain, with a record committed."""

    world: World
    vault: Vault
    chain: ChainView
    gate: Gatekeeper
    record: Record

    @property
    def epoch(self) -> int:
        return self.world.contract.current_epoch().call().number

    def ask(self, request: Request, who: int = 0, **changes: Any) -> Ask:
        """Have an attester sign an ask; ``changes`` go in before it signs."""
        return self.signed(request, self.world.attesters[who], **changes)

    def signed(self, request: Request, signer: LocalSigner, **changes: Any) -> Ask:
        # Each another ask: as a node's are that come later.
        deadline = int(time.time()) + 60 + next(_ASKED) % 200
        terms = {"request_id": request.id, "epoch": self.epoch, "deadline": deadline, **changes}
        return Ask(**terms, signature=signer.sign(ask_digest(self.world.contract.domain, **terms)))

    async def fetch(self, ask: Ask, who: int = 0, hybrid: HybridKey | None = None) -> list[DisclosedField]:
        """Send an ask through the HTTP application as an operator's daemon does."""
        attester = self.world.attesters[who].address
        transport = httpx.ASGITransport(create_app(self.gate, self.chain))
        async with VaultClient(transport=transport) as client:
            keys = OpeningKeys([self.world.seal_keys[attester].private], hybrid.private if hybrid else None)
            return await fetch_fields(client, "http://vault.test", ask, attester, keys)

    async def refusal(self, ask: Ask) -> str:
        """Send an ask that must be refused; return the code."""
        with pytest.raises(VaultRefusedError) as caught:
            await self.fetch(ask)
        assert not self.vault.releases(ask.request_id)
        return caught.value.code


@pytest.fixture(scope="module")
def chain_world() -> Iterator[World]:
    with world() as made:
        yield made


def view(made: World, addresses: Addresses | None = None, *urls: str, chain_id: int = DEVNET_CHAIN_ID) -> ChainView:
    web3 = open_async(urls or made.url)
    return ChainView(web3, AssentContract(web3, addresses or made.contract.addresses, chain_id), 0, freshness_s=0)


@pytest.fixture
async def scene(chain_world: World, tmp_path: Path) -> AsyncIterator[Scene]:
    before = chain_world.rpc("evm_snapshot")
    vault = Vault(VaultStore(f"sqlite:///{tmp_path}/vault.sqlite"), LocalKey(bytes(range(32))))
    record = vault.add(FIELDS, SUBJECT, HOLDER)
    chain_world.send(chain_world.contract.commit(record.root, SUBJECT, "http://vault.test"), HOLDER)
    chain = view(chain_world)
    yield Scene(chain_world, vault, chain, Gatekeeper(vault, chain, schemas_of([PACKAGE])), record)
    await chain.close()
    chain_world.rpc("evm_revert", before)


async def test_fields__when_a_member_asks_for_a_standing_request__then_open_and_verify(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    for who in range(3):
        values = verify_disclosure(scene.record.root, await scene.fetch(scene.ask(request, who), who))
        assert values == {name: FIELDS[name] for name in INPUTS}
    logged = {release.attester for release in scene.vault.releases(request.id)}
    assert logged == {attester.address for attester in scene.world.attesters[:SEATS]}


async def test_fields__when_all_members_ask_at_once__then_the_chain_is_asked_once(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    calls = []
    provider = scene.chain._web3.provider
    made = provider.make_request

    async def counted(method: Any, arguments: Any) -> Any:
        calls.append(method)
        return await made(method, arguments)

    provider.make_request = counted  # type: ignore[method-assign,assignment]
    await asyncio.gather(*(scene.fetch(scene.ask(request, who), who) for who in range(3)))
    # Once for all: the epoch, its members, the request, consent, the record, and three events. For each: the head, and its seal key in two.
    assert len(calls) <= 8 + 3 * 3, calls


async def test_fields__when_another_operator_opens_them__then_stay_shut(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    with pytest.raises(SealError):
        await scene.fetch(scene.ask(request, who=0), who=1)


async def test_fields__when_released__then_the_audit_gets_them(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    await scene.fetch(scene.ask(request))
    given = scene.vault.release_for_audit(request.id)
    fields = [DisclosedField.from_json(field) for field in given["fields"]]
    assert set(verify_disclosure(scene.record.root, fields)) == set(INPUTS)
    assert MARK not in str(given)


async def test_ask__when_there_is_no_such_request__then_is_refused(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    other = replace(request, question=replace(request.question, use=1))
    assert await scene.refusal(scene.ask(other)) == "request_unknown"


async def test_ask__when_a_stranger_signs__then_is_refused(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    assert await scene.refusal(scene.signed(request, LocalSigner(devnet_key(19)))) == "not_a_member"


async def test_ask__when_an_operator_joined_but_isnt_a_member_yet__then_is_refused(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    waiting = LocalSigner(devnet_key(15))
    scene.world.join(NEWCOMER, waiting)
    assert await scene.refusal(scene.signed(request, waiting)) == "not_a_member"


async def test_ask__when_the_member_has_left__then_is_refused(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    scene.world.send(scene.world.contract.resign(), OPERATORS[0])
    scene.world.rotate()
    assert await scene.refusal(scene.ask(request)) == "not_a_member"
    assert await scene.fetch(scene.ask(request, who=1), who=1)


@pytest.mark.parametrize("ahead", [-1, 1])
async def test_ask__when_the_epoch_is_another__then_is_refused(ahead: int, scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    assert await scene.refusal(scene.ask(request, epoch=scene.epoch + ahead)) == "epoch_stale"


async def test_ask__when_the_epoch_has_passed__then_its_members_are_answered_for_the_grace_and_not_after(
    scene: Scene,
) -> None:
    agreement = scene.world.agree(scene.record)
    before, after = (scene.world.ask(agreement, use) for use in (0, 1))
    epoch = scene.epoch
    scene.world.send(scene.world.contract.resign(), OPERATORS[2])
    scene.world.rotate()
    scene.world.pass_time(TERMS.grace - 10)
    # The third is a member of that epoch only.
    assert await scene.fetch(scene.ask(before, who=2, epoch=epoch), who=2)
    assert await scene.refusal(scene.ask(after, who=2)) == "not_a_member"
    scene.world.pass_time(20)
    assert await scene.refusal(scene.ask(after, who=2, epoch=epoch)) == "epoch_stale"


async def test_ask__when_the_epoch_is_two_back__then_is_refused_within_the_grace(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    epoch = scene.epoch
    scene.world.join(NEWCOMER, LocalSigner(devnet_key(15)))
    scene.world.rotate()
    scene.world.send(scene.world.contract.resign(), NEWCOMER)
    scene.world.rotate()
    assert await scene.refusal(scene.ask(request, epoch=epoch)) == "epoch_stale"


async def test_ask__when_the_operator_changed_its_keys__then_the_old_attester_has_fields_sealed_to_the_new_key(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    old, new = scene.world.attesters[0].address, LocalSigner(devnet_key(16))
    scene.world.send(
        scene.world.contract.change_keys(*scene.world.joining(OPERATORS[0], new, "http://127.0.0.1:1")), OPERATORS[0]
    )
    monkeypatch.setitem(scene.world.seal_keys, old, scene.world.seal_keys[new.address])
    assert await scene.fetch(scene.ask(request))
    assert await scene.refusal(scene.signed(scene.world.ask(scene.world.agree(scene.record)), new)) == "not_a_member"
    scene.world.rotate()
    monkeypatch.setattr(scene.world, "attesters", [new, *scene.world.attesters[1:]])
    assert await scene.fetch(scene.ask(request))


async def test_ask__when_the_verdict_is_challenged__then_its_judges_are_answered_until_their_time_is_over(
    scene: Scene,
) -> None:
    agreement = scene.world.agree(scene.record)
    request = scene.world.ask(agreement, lasts_s=100)
    scene.world.record_verdict(request)
    assert await scene.refusal(scene.ask(request)) == "request_ended"
    scene.world.pass_time(200)  # the request's own deadline is past
    by = scene.world.challenge(agreement, request).by
    assert by.bitmap == 0b011
    for judge in range(2, 5):
        assert await scene.fetch(scene.ask(request, judge), judge)
    scene.world.pass_time(TERMS.judging_time + 1)
    with pytest.raises(VaultRefusedError, match="request_ended"):
        await scene.fetch(scene.ask(request, 2), 2)


async def test_ask__when_the_asker_signed_the_challenged_verdict__then_is_refused(scene: Scene) -> None:
    agreement = scene.world.agree(scene.record)
    request = scene.world.ask(agreement)
    scene.world.record_verdict(request)
    scene.world.challenge(agreement, request)
    for signer in range(2):
        assert await scene.refusal(scene.ask(request, signer)) == "not_a_member"
    assert await scene.refusal(scene.signed(request, LocalSigner(devnet_key(19)))) == "not_a_member"


async def test_ask__when_the_verdict_is_of_an_epoch_that_is_over__then_its_own_judges_are_answered(
    scene: Scene,
) -> None:
    agreement, epoch = scene.world.agree(scene.record), scene.epoch
    request = scene.world.ask(agreement)
    scene.world.record_verdict(request)
    newcomer = LocalSigner(devnet_key(15))
    scene.world.join(NEWCOMER, newcomer)
    scene.world.rotate()
    scene.world.challenge(agreement, request)
    assert await scene.refusal(scene.ask(request, 2)) == "epoch_stale"
    assert await scene.refusal(scene.signed(request, newcomer, epoch=epoch)) == "not_a_member"
    assert await scene.fetch(scene.ask(request, 4, epoch=epoch), 4)


async def test_ask__when_the_bench_has_found__then_nobody_is_answered_any_more(scene: Scene) -> None:
    agreement = scene.world.agree(scene.record)
    request = scene.world.ask(agreement)
    scene.world.record_verdict(request)
    contested = scene.world.challenge(agreement, request)
    digest = ruling_digest(scene.world.contract.committee_domain, scene.epoch, request.id, True, contested.verdict)
    signatures = b"".join(each.sign(digest) for each in scene.world.attesters[2:])
    judging = scene.world.contract.judge(
        contested, contested.verdict, stands=True, judges=0b11100, signatures=signatures
    )
    scene.world.send(judging, SUBJECT)
    assert await scene.refusal(scene.ask(request, 2)) == "request_ended"


@pytest.mark.parametrize("who", [3, 4])
async def test_ask__when_the_reserve_asks_about_an_open_request__then_is_refused(scene: Scene, who: int) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    assert await scene.refusal(scene.ask(request, who)) == "not_a_member"


async def test_ask__when_the_challenged_agreement_was_withdrawn__then_is_refused(scene: Scene) -> None:
    agreement = scene.world.agree(scene.record)
    request = scene.world.ask(agreement)
    scene.world.record_verdict(request)
    scene.world.challenge(agreement, request)
    scene.world.send(scene.world.contract.withdraw(agreement), SUBJECT)
    assert await scene.refusal(scene.ask(request, 2)) == "consent"


async def test_ask__when_replayed_for_another_request__then_is_refused(scene: Scene) -> None:
    agreement = scene.world.agree(scene.record)
    first, second = (scene.world.ask(agreement, use=use) for use in (0, 1))
    assert await scene.refusal(replace(scene.ask(first), request_id=second.id)) == "not_a_member"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"deadline": -1}, "ask_expired"),
        ({"deadline": 360}, "ask_too_long"),
    ],
)
async def test_ask__when_its_deadline_is_past_or_far__then_is_refused(
    change: dict[str, int], code: str, scene: Scene
) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    assert await scene.refusal(scene.ask(request, deadline=int(time.time()) + change["deadline"])) == code


async def test_ask__when_its_deadline_was_prolonged_afterwards__then_is_refused(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    ask = scene.ask(request)
    assert await scene.refusal(replace(ask, deadline=ask.deadline + 30)) == "not_a_member"


async def test_ask__when_its_signature_is_no_point__then_is_refused(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    assert await scene.refusal(replace(scene.ask(request), signature=bytes(64))) == "signature_wrong"


async def test_ask__when_the_agreement_was_withdrawn__then_is_refused_also_after_a_release(scene: Scene) -> None:
    agreement = scene.world.agree(scene.record)
    first, second = (scene.world.ask(agreement, use=use) for use in (0, 1))
    await scene.fetch(scene.ask(first))
    scene.world.send(scene.world.contract.withdraw(agreement), SUBJECT)
    assert await scene.refusal(scene.ask(second)) == "consent"
    with pytest.raises(VaultRefusedError):
        await scene.fetch(scene.ask(first))


async def test_ask__when_the_agreement_has_run_out__then_is_refused(scene: Scene) -> None:
    agreement = scene.world.agree(scene.record, valid_until=scene.world.now + 100)
    open_, challenged = (scene.world.ask(agreement, use, lasts_s=80) for use in range(2))
    scene.world.record_verdict(challenged)
    scene.world.challenge(agreement, challenged)
    scene.world.rpc("evm_increaseTime", 200)
    scene.world.rpc("evm_mine")
    assert await scene.refusal(scene.ask(open_)) == "request_ended"  # no deadline lies beyond an agreement
    assert await scene.refusal(scene.ask(challenged, 2)) == "consent"


async def test_ask__when_the_request_was_recorded__then_is_refused(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    scene.world.record_verdict(request)
    assert await scene.refusal(scene.ask(request)) == "request_ended"


async def test_ask__when_the_request_was_refused__then_is_refused(scene: Scene) -> None:
    agreement = scene.world.agree(scene.record)
    request = scene.world.ask(agreement)
    scene.world.send(scene.world.contract.withdraw(agreement), SUBJECT)
    scene.world.send(scene.world.contract.refuse(request), CONTROLLER)
    assert await scene.refusal(scene.ask(request)) == "request_ended"


async def test_ask__when_the_request_is_past_its_deadline__then_is_refused_expired_or_not(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record), lasts_s=100)
    scene.world.rpc("evm_increaseTime", 200)
    scene.world.rpc("evm_mine")
    assert await scene.refusal(scene.ask(request)) == "request_ended"
    scene.world.send(scene.world.contract.expire(request), CONTROLLER)
    assert await scene.refusal(scene.ask(request)) == "request_ended"


async def test_ask__when_the_record_is_in_no_vault_of_ours__then_is_refused(scene: Scene) -> None:
    record = Record(b"\x77" * 32, SUBJECT, HOLDER)
    scene.world.send(scene.world.contract.commit(record.root, SUBJECT, "http://vault.test"), HOLDER)
    request = scene.world.ask(scene.world.agree(record))
    assert await scene.refusal(scene.ask(request)) == "record_unknown"


async def test_ask__when_the_record_was_retired__then_is_refused(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    scene.world.send(scene.world.contract.retire(scene.record.root, SUBJECT), HOLDER)
    assert await scene.refusal(scene.ask(request)) == "record_retired"


async def test_ask__when_the_record_was_never_committed__then_is_refused_though_the_chain_took_the_request(
    scene: Scene,
) -> None:
    record = scene.vault.add(FIELDS, SUBJECT, HOLDER)
    request = scene.world.ask(scene.world.agree(record))
    assert await scene.refusal(scene.ask(request)) == "record_retired"


async def test_ask__when_the_agreement_names_another_subjects_record__then_is_refused(scene: Scene) -> None:
    # The record's id covers its subject: another subject's agreement names another record, which nobody committed.
    stranger = Record(scene.record.root, CONTROLLER, HOLDER)
    request = scene.world.ask(scene.world.agree(stranger))
    assert await scene.refusal(scene.ask(request)) == "record_unknown"


async def test_ask__when_the_step_isnt_inference__then_is_refused(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record), step=Step.TRAIN)
    assert await scene.refusal(scene.ask(request)) == "step_not_infer"


async def test_ask__when_the_models_inputs_are_of_no_known_card__then_is_refused(scene: Scene) -> None:
    model: Model = replace(scene.world.model, inputs=b"\x66" * 32)
    scene.world.send(scene.world.contract.publish(model, "file:package"), model.publisher)
    request = scene.world.ask(scene.world.agree(scene.record, model=model.id))
    assert await scene.refusal(scene.ask(request)) == "model_unknown"


async def test_ask__when_the_record_lacks_an_input__then_is_refused_naming_the_field(scene: Scene) -> None:
    short = scene.vault.add({"name": MARK, INPUTS[0]: 1.0}, SUBJECT, HOLDER)
    scene.world.send(scene.world.contract.commit(short.root, SUBJECT, "http://vault.test"), HOLDER)
    request = scene.world.ask(scene.world.agree(short))
    assert await scene.refusal(scene.ask(request)) == "field_missing"


async def test_ask__when_a_reorg_takes_the_request_away__then_is_refused(scene: Scene) -> None:
    agreement = scene.world.agree(scene.record)
    before = scene.world.rpc("evm_snapshot")
    request = scene.world.ask(agreement)
    await scene.fetch(scene.ask(request))
    scene.world.rpc("evm_revert", before)
    scene.world.rpc("evm_mine")
    with pytest.raises(VaultRefusedError, match="request_unknown"):
        await scene.fetch(scene.ask(request))


async def test_refusal__when_raised__then_has_a_reason_for_the_node(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    with pytest.raises(ReleaseRefusedError) as caught:
        await scene.gate.release(scene.ask(request, epoch=7))
    assert (caught.value.reason, caught.value.status) == (Reason.EPOCH_STALE, 409)


async def test_chain__when_it_lies_about_an_agreement__then_nothing_is_released(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, forged = scene.world.agree(scene.record), scene.world.agree(scene.record, uses=9)
    request = scene.world.ask(honest)
    logs = scene.chain._logs

    async def lying(name: str, identifier: bytes, first: int, last: int) -> Any:
        return await logs(name, forged.id if identifier == honest.id else identifier, first, last)

    monkeypatch.setattr(scene.chain, "_logs", lying)
    with pytest.raises(EndpointError, match="AgreementGiven"):
        await scene.gate.release(scene.ask(request))


async def test_chain__when_another_a_stranger_or_away__then_the_check_says_so(chain_world: World) -> None:
    kinds = {
        WrongChainError: view(chain_world, chain_id=1),
        ChainError: view(chain_world, Addresses(CONTROLLER, CONTROLLER, CONTROLLER)),
        EndpointError: view(chain_world, None, "http://127.0.0.1:9"),
    }
    for kind, chain in kinds.items():
        with pytest.raises(kind):
            await chain.check_chain()
        await chain.close()
    good = view(chain_world)
    await good.check_chain()
    await good.close()


async def test_chain__when_the_preferred_endpoint_is_away__then_the_other_answers(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    chain = view(scene.world, None, "http://127.0.0.1:9", scene.world.url)
    await chain.check_chain()
    gate = Gatekeeper(scene.vault, chain, schemas_of([PACKAGE]))
    await gate.release(scene.ask(request))
    await chain.close()
    assert len(scene.vault.releases(request.id)) == 1


async def test_ask__when_it_is_sent_twice__then_gets_nothing_and_another_by_the_same_operator_is_counted(
    scene: Scene,
) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    ask = scene.ask(request)
    assert await scene.fetch(ask)
    for _ in range(2):
        with pytest.raises(VaultRefusedError, match="ask_repeated") as caught:
            await scene.fetch(ask)
        assert caught.value.transient, "a node asks anew"
    assert scene.vault.release_count(scene.record.id) == 1
    assert await scene.fetch(scene.ask(request)), "one that died, or had no answer, signs another"
    assert scene.vault.release_count(scene.record.id) == 2


async def test_ask__when_many_send_the_same_at_once__then_one_gets_the_fields(scene: Scene) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    ask = scene.ask(request)
    answers = await asyncio.gather(*(scene.fetch(ask) for _ in range(5)), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, VaultRefusedError)]
    assert {each.code for each in refused} == {"ask_repeated"}
    assert len(refused) == 4


async def test_ask__when_answering_it_failed__then_it_may_be_sent_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = scene.ask(scene.world.ask(scene.world.agree(scene.record)))
    with monkeypatch.context() as broken:

        def away(*_: object) -> None:
            raise DatabaseError("the disk is full")

        broken.setattr(scene.vault, "log", away)
        with pytest.raises(VaultError):
            await scene.fetch(ask)
    assert await scene.fetch(ask)


async def test_ask__when_the_operator_has_spent_its_budget__then_is_refused_also_after_a_restart_and_others_are_not(
    scene: Scene,
) -> None:
    request = scene.world.ask(scene.world.agree(scene.record))
    scene.gate = Gatekeeper(scene.vault, scene.chain, schemas_of([PACKAGE]), releases_per_day=2)
    for _ in range(2):
        assert await scene.fetch(scene.ask(request))
    for _ in range(2):
        with pytest.raises(VaultRefusedError, match="budget_spent") as caught:
            await scene.fetch(scene.ask(request))
        assert caught.value.transient
        scene.gate = Gatekeeper(scene.vault, scene.chain, schemas_of([PACKAGE]), releases_per_day=2)
    assert await scene.fetch(scene.ask(request, who=1), who=1)
    assert scene.vault.release_count(scene.record.id) == 3


async def test_ask__when_the_notice_names_processors__then_only_those_are_given_fields(
    scene: Scene, tmp_path: Path
) -> None:
    chosen = scene.world.contract.operator_of(scene.world.attesters[1].address).call()
    notice = Notice("Two may process this.", "en", processors=(chosen,))
    request = scene.world.ask(scene.world.agree(scene.record, notice=notice.digest))
    scene.gate = Gatekeeper(scene.vault, scene.chain, schemas_of([PACKAGE]), notices=tmp_path)
    assert await scene.fetch(scene.ask(request)), "the vault wasn't told of the notice"
    file = Notices.keep(tmp_path, notice)
    with pytest.raises(VaultRefusedError, match="processor_not_agreed"):
        await scene.fetch(scene.ask(request))
    assert await scene.fetch(scene.ask(request, who=1), who=1)
    # Altered, it lets nobody through.
    file.write_bytes(Notice("Anyone may.", "en").encoded())
    scene.gate = Gatekeeper(scene.vault, scene.chain, schemas_of([PACKAGE]), notices=tmp_path)
    for who in (0, 1):
        with pytest.raises(VaultRefusedError, match="processor_not_agreed"):
            await scene.fetch(scene.ask(request, who=who), who=who)


async def test_ask__when_the_notice_names_no_processor__then_any_member_is_given_fields(
    scene: Scene, tmp_path: Path
) -> None:
    notice = Notice("Any of the committee.", "en")
    Notices.keep(tmp_path, notice)
    scene.gate = Gatekeeper(scene.vault, scene.chain, schemas_of([PACKAGE]), notices=tmp_path)
    request = scene.world.ask(scene.world.agree(scene.record, notice=notice.digest))
    assert await scene.fetch(scene.ask(request))


async def test_fields__when_a_hybrid_key_is_named__then_sealed_to_both_and_no_fewer_open(scene: Scene) -> None:
    request, key = scene.world.ask(scene.world.agree(scene.record)), HybridKey()
    fields = await scene.fetch(scene.ask(request, seal_key=key.public), hybrid=key)
    assert set(verify_disclosure(scene.record.root, fields)) == set(INPUTS)
    for wrong in (None, HybridKey()):
        with pytest.raises(SealError):
            await scene.fetch(scene.ask(request, seal_key=key.public), hybrid=wrong)
    with pytest.raises(SealError):
        await scene.fetch(scene.ask(request, seal_key=key.public), who=1, hybrid=key)  # another's registered key


async def test_ask__when_its_hybrid_key_was_put_in_left_out_or_is_none__then_is_refused(scene: Scene) -> None:
    request, key = scene.world.ask(scene.world.agree(scene.record)), HybridKey()
    assert await scene.refusal(replace(scene.ask(request), seal_key=key.public)) == "not_a_member"
    named = scene.ask(request, seal_key=key.public)
    assert await scene.refusal(replace(named, seal_key=b"")) == "not_a_member"
    assert await scene.refusal(replace(named, seal_key=HybridKey().public)) == "not_a_member"
    assert await scene.refusal(scene.ask(request, seal_key=b"\xff" * 1216)) == "seal_key_wrong"
