"""Many requests of one devnet: signed ahead, sent in bulk, and what should become of each known beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import requests

from deploy.devnet import Devnet
from deploy.story import PURPOSE, sign_and_relay
from oracle.chain.recordings import told
from oracle.core import purposes
from oracle.core.structs import Agreement, Delivery, Question, Request, RequestState, Step
from oracle.models.evaluation import Evaluation
from oracle.models.features import features
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE
from oracle.models.zoo.screening.data import held_out

_GAS = 100_000
#: Far above any base fee that a chain with faults has.
_MAX_FEE_WEI, _TIP_WEI = 20_000 * 10**9, 10**9
_TIMEOUT_S = 60
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Signed:
    """One request as it was signed, and the verdict that is right."""

    request: Request
    raw: bytes
    right: Evaluation

    @property
    def id(self) -> bytes:
        """RequestId."""
        return self.request.id


@dataclass(frozen=True, slots=True)
class Ending:
    """What the chain says of a request: its state; its verdict; how often one was recorded; the blocks of its question and its verdict."""

    state: RequestState
    verdict: tuple[int, int] | None
    times: int
    asked_block: int
    block: int


class Asker:
    """The devnet's controller, who asks a lot. Its requests go to Anvil itself, whatever is between the nodes and Anvil."""

    def __init__(self, devnet: Devnet, uses: int, records: int = 4) -> None:
        """Keep some records and have agreements about them, of ``uses`` uses each. Imports torch."""
        from oracle.models.runtime import LocalRuntime  # noqa: PLC0415  heavy

        self._devnet = devnet
        self._client = devnet.client(devnet.accounts.controller)
        cases = held_out()[:records]
        subject = devnet.accounts.subject.address
        kept = [devnet.keep_record(case.fields, subject) for case in cases]
        self._agreements = [sign_and_relay(devnet, record, uses=uses)[0] for record in kept]
        self._used = [0] * records
        package = ModelPackage.load(PACKAGE)
        rows = [features(package.card, case.fields) for case in cases]
        self._right = LocalRuntime(package).evaluate(rows)
        self._quote = self._client.quote(self._agreements[0].terms).quote
        self._purpose = purposes.purpose(PURPOSE).bit
        self._session = requests.Session()
        self._nonce = self._count()
        self._asked = 0
        self._sent: dict[bytes, Signed] = {}

    def sign(self, count: int, deadline_s: int = 3_600, delivery: Delivery = Delivery.RECORDED) -> list[Signed]:
        """Return so many requests, about each record in turn, to be sent in this order; ``deadline_s`` counts from the latest block."""
        deadline = self._client.block_time() + deadline_s
        return [self._sign_next(deadline, delivery) for _ in range(count)]

    def _sign_next(self, deadline: int, delivery: Delivery) -> Signed:
        place = self._asked % len(self._agreements)
        agreement, use = self._agreements[place], self._used[place]
        self._asked += 1
        self._used[place] += 1
        question = Question(use, deadline, self._purpose, int(Step.INFER), 0, delivery)
        request = Request(agreement.id, agreement.controller, question, self._quote)
        return Signed(request, self._raw(agreement, question), self._right[place])

    def _raw(self, agreement: Agreement, question: Question) -> bytes:
        function = self._client.contract.request(agreement.source_id, agreement.terms, question)
        transaction = {
            "type": 2,
            "chainId": self._client.domain.chain_id,
            "nonce": self._nonce,
            "to": self._client.address,
            "value": self._quote.total,
            "data": function._encode_transaction_data(),
            "gas": _GAS,
            "maxFeePerGas": _MAX_FEE_WEI,
            "maxPriorityFeePerGas": _TIP_WEI,
        }
        self._nonce += 1
        return self._devnet.accounts.controller.sign_transaction(transaction)

    def send(self, asked: Sequence[Signed]) -> None:
        """Send requests, in order. One that is known already is not sent twice, so this may be repeated."""
        self._sent.update({each.id: each for each in asked})
        for start in range(0, len(asked), _AT_ONCE):
            calls = [
                {"jsonrpc": "2.0", "id": place, "method": "eth_sendRawTransaction", "params": ["0x" + each.raw.hex()]}
                for place, each in enumerate(asked[start : start + _AT_ONCE])
            ]
            self._session.post(self._devnet.rpc_url, json=calls, timeout=_TIMEOUT_S).raise_for_status()

    def resend(self) -> int:
        """Send again what a reorganisation took back, as any wallet does; return how many. Each waits for those before it."""
        seen = self._blocks("Requested")
        gone = [each for identity, each in self._sent.items() if identity not in seen]
        if gone:
            self.send(gone)
        return len(gone)

    def endings(self, asked: Iterable[Signed]) -> dict[bytes, Ending]:
        """Return what became of requests, by id, as the chain has it now."""
        first = self._blocks("Requested")
        found = {each.id: Ending(RequestState.NONE, None, 0, first.get(each.id, 0), 0) for each in asked}
        for each in [identity for identity in found if identity in first]:
            found[each] = replace(found[each], state=RequestState.REQUESTED)
        for name, state in (("Refused", RequestState.REFUSED), ("Expired", RequestState.EXPIRED)):
            for identity, block in self._blocks(name).items():
                if identity in found:
                    found[identity] = replace(found[identity], state=state, block=block)
        times: Counter[bytes] = Counter()
        for event in self._client.events("Recorded"):
            identity = bytes(event.arguments["id"])
            if identity in found:
                times[identity] += 1
                said, _ = told(event)
                verdict = (said.outcome, said.score)
                new = {"state": RequestState.RECORDED, "verdict": verdict, "block": event.block_number}
                found[identity] = replace(found[identity], times=times[identity], **new)  # type: ignore[arg-type]
        return found

    def pending(self) -> int:
        """Return how many requests were signed but aren't in a block yet."""
        return self._nonce - self._count()

    def anchored(self) -> int:
        """Return how many verdicts are under roots that are on chain."""
        return sum(int(event.arguments["count"]) for event in self._client.events("Anchored"))

    def _blocks(self, name: str) -> dict[bytes, int]:
        return {bytes(event.arguments["id"]): event.block_number for event in self._client.events(name)}

    def _count(self) -> int:
        address = self._devnet.accounts.controller.address
        return self._client.web3.eth.get_transaction_count(self._client.web3.to_checksum_address(address))
