"""What the demo's chapters share, and those in which several verdicts come, a contract asks, and a verdict is doubted."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hexbytes import HexBytes
from rich.table import Table

from deploy.clinic import Clinic
from deploy.devnet import Devnet
from deploy.story import PURPOSE, Narrator, sign_and_relay
from oracle.audit import audit
from oracle.client import Asked, AssentClient, VerdictView
from oracle.core.structs import Agreement, Record, RequestState
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE
from oracle.models.zoo.screening.data import HeldOutCase, held_out

#: How long a verdict or the end of a case is waited for, in seconds.
WAIT_S = 60
#: What the subject asks for each verdict.
PRICE_WEI = 10**14
#: A malignant case of the held-out ones, and not one of the obvious.
_CASE = 514
_BATCH = 12


class Scenes:
    """The cast and the stage."""

    def __init__(self, devnet: Devnet, narrator: Narrator) -> None:
        self._devnet = devnet
        self._tell = narrator
        self._package = ModelPackage.load(PACKAGE)
        self._case: HeldOutCase = next(case for case in held_out() if case.index == _CASE)
        self._gas: dict[str, int] = {}

    @property
    def _controller(self) -> AssentClient:
        return self._devnet.client(self._devnet.accounts.controller)

    def _verdict(self, asked: Asked) -> VerdictView:
        verdict = self._controller.wait(asked.id, WAIT_S, 0.1)
        self._tell.expect(verdict.recorded, f"request {short(asked.id)} is recorded")
        transaction = self._controller.web3.to_hex(verdict.transaction or b"")
        receipt = self._controller.web3.eth.get_transaction_receipt(transaction)
        self._gas.setdefault("record, first verdict", receipt["gasUsed"])
        return verdict

    def _batch(self, agreement: Agreement) -> None:
        tell = self._tell
        tell.chapter("3  Several requests at once: one report, one transaction")
        controller = self._controller
        first = controller.free_use(agreement.id, _BATCH)
        with ThreadPoolExecutor(_BATCH) as threads:  # each waits for the block, which is the same for all
            asking = [threads.submit(controller.request, agreement, PURPOSE, use=first + k) for k in range(_BATCH)]
            asked = [each.result() for each in asking]
        tell.say(f"{_BATCH} requests come together; the quorum signs one Merkle root over its verdicts.")
        verdicts = [controller.wait(each.id, WAIT_S, 0.1) for each in asked]
        reports = Counter(verdict.transaction for verdict in verdicts)
        tell.expect(all(verdict.recorded for verdict in verdicts), f"all {_BATCH} are recorded")
        transaction, size = reports.most_common(1)[0]
        tell.note("batch", {"requests": _BATCH, "transactions": len(reports), "largest": size})
        tell.expect(size > 1, f"by {len(reports)} transaction(s), the largest with {size} verdicts")
        gas = controller.web3.eth.get_transaction_receipt(HexBytes(transaction or b""))["gasUsed"]
        self._gas[f"record many, each of {size}"] = gas // size

    def _callback(self, record: Record) -> tuple[Clinic, bytes]:
        tell, devnet = self._tell, self._devnet
        tell.chapter("4  A clinic's contract asks, and is called with the verdict")
        owner, recall = devnet.accounts.clinic, self._package.card.outcomes.index(self._case.diagnosis)
        clinic = Clinic(self._controller, owner, PURPOSE, recall)
        agreement, _ = sign_and_relay(devnet, record, uses=1, controller=clinic.address)
        identifier, sent = clinic.ask(agreement, 0)
        self._gas["request by a contract"] = sent.gas_used
        tell.say(f"The contract {clinic.address[:12]}… asks under an agreement of its own: {short(identifier)}.")
        verdict = self._controller.wait(identifier, WAIT_S, 0.1)
        tell.expect(
            verdict.recorded and not verdict.undelivered, "the verdict is recorded and delivered, in one transaction"
        )
        tell.expect(not clinic.recalled(identifier), "it may still be found false: the clinic recalls nobody yet")
        return clinic, identifier

    def _final(self, clinic: Clinic, identifier: bytes) -> None:
        tell, devnet = self._tell, self._devnet
        tell.chapter("8  An hour later nobody can challenge the clinic's verdict any more")
        anyone = devnet.client(devnet.accounts.relayer)
        devnet.pass_time(anyone.committee_terms.window + 1)
        self._gas["deliver final"] = anyone.deliver_final(identifier).gas_used
        tell.expect(clinic.recalled(identifier), "anyone tells the clinic; its patient is on the list for a recall")

    def _challenge(self, asked: Asked) -> None:
        tell, challenger = self._tell, self._devnet.client(self._devnet.accounts.relayer)
        tell.chapter("5  Somebody doubts the first verdict, and puts down a bond")
        sent = challenger.challenge(asked.id)
        self._gas["challenge"] = sent.gas_used
        bond = challenger.committee_terms.bond / 10**18
        verdict = challenger.verdict(asked.id)
        tell.expect(
            verdict.state is RequestState.CHALLENGED, f"challenged with {bond:g} ether; the verdict can still be read"
        )
        tell.say(
            "Three of the four operators signed it: too few are left to judge. The model's arbiter rules, a board of three."
        )
        release = self._devnet.release_for_audit(asked.id)
        report = audit(challenger, asked.id, release=release, packages=[self._package])
        tell.expect(report.passed, "the board has the holder's release, runs the model again, and finds the same")
        board, recording = self._devnet.board(), challenger.recording(asked.id)
        ruled = board.do(challenger.contract.rule(recording, recording.verdict, stands=True))
        self._gas["rule, by a board"] = ruled.gas_used
        verdict = challenger.wait_case(asked.id, WAIT_S, 0.1)
        tell.expect(verdict.state is RequestState.UPHELD, "two of its three members agreed: the verdict is upheld")
        tell.expect(verdict.final, "the verdict is final; the bond is the board's")
        report = audit(challenger, asked.id)
        tell.expect(report.passed, f"the audit knows: {report.check('case').detail}")

    def _show_gas(self) -> None:
        self._tell.chapter("Gas of each transaction")
        table = Table("transaction", "gas", box=None, padding=(0, 2))
        table.columns[1].justify = "right"
        for name, gas in self._gas.items():
            table.add_row(name, f"{gas:,}")
        self._tell.console.print(table)
        self._tell.note("gas", self._gas)


def short(value: bytes) -> str:
    """Return the head of an id or a digest, for people."""
    return f"0x{value.hex()[:10]}…"
