"""The whole story on a local chain: agreement, verdict, batch, callback, challenge, failure, withdrawal. Ends at the first untruth.

python -m deploy.demo       narrates, and writes build/demo.json
"""

from __future__ import annotations

import sys
import time

import requests
from rich.console import Console
from rich.table import Table

from deploy.devnet import OperatorNode
from deploy.scenes import PRICE_WEI, WAIT_S, Scenes, short
from deploy.story import PURPOSE, StoryError, sign_and_relay, told
from oracle.audit import audit, fetch_trail
from oracle.client import Asked, VerdictView
from oracle.core.committee import members_of
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Agreement, Record, RequestState
from oracle.core.trail import Trail

#: Six times as fast as Ethereum, and slow enough for four operators on a small machine to answer within a block.
_BLOCK_TIME_S = 2
_SHOWN_ATTRIBUTIONS = 5


class Demo(Scenes):
    """The story, chapter by chapter."""

    def run(self) -> None:
        """Tell it all. Raises AssentError at the first thing that isn't so."""
        record, agreement = self._record_and_agreement()
        first = self._first_verdict(agreement)
        self._batch(agreement)
        clinic = self._callback(record)
        self._challenge(first)
        self._operator_dies(agreement)
        self._withdrawal(agreement)
        self._final(*clinic)
        self._show_gas()

    def _record_and_agreement(self) -> tuple[Record, Agreement]:
        tell, accounts = self._tell, self._devnet.accounts
        tell.chapter("1  A patient's record, committed; an agreement, signed")
        tell.say(
            f"Case {self._case.index} of the Wisconsin data, which the model never saw: {len(self._case.fields)} measurements."
        )
        record = self._devnet.keep_record(self._case.fields, accounts.subject.address)
        tell.say(f"The vault encrypts it; on chain goes its salted Merkle root {short(record.root)}, nothing else.")
        agreement, self._gas["agreement by signature"] = sign_and_relay(self._devnet, record, uses=20, price=PRICE_WEI)
        tell.say(
            f"The subject signs, off chain, an agreement for [bold]{PURPOSE}[/] with this model only; a relayer brings it."
        )
        status = self._controller.read(self._controller.contract.agreement_status(agreement.id))
        tell.expect(status.state.name == "GIVEN", f"agreement {short(agreement.id)} is given")
        return record, agreement

    def _first_verdict(self, agreement: Agreement) -> Asked:
        tell = self._tell
        tell.chapter("2  A request, and a verdict that a quorum signed")
        asked = self._controller.request(agreement, PURPOSE)
        self._gas["request"] = asked.sent.gas_used
        tell.say(
            f"Request {short(asked.id)} in block {asked.sent.block}; one use of the agreement is taken, the fee is in escrow."
        )
        verdict = self._verdict(asked)
        self._show_scores(asked, verdict)
        latency = (verdict.block or 0) - asked.sent.block
        tell.note("latencyBlocks", latency)
        tell.expect(1 <= latency <= 2, f"recorded {latency} block(s) after the request")
        label = self._package.card.outcomes[verdict.outcome or 0]
        tell.note("verdict", {**verdict.to_json(), "label": label, "diagnosis": self._case.diagnosis})
        tell.expect(
            label == self._case.diagnosis,
            f"verdict [bold]{label}[/] ({(verdict.score_ppm or 0) / 10_000:.2f} %), true diagnosis {self._case.diagnosis}",
        )
        self._explain(verdict)
        self._audit(asked)
        return asked

    def _explain(self, verdict: VerdictView) -> None:
        endpoints = [operator.endpoint for operator in self._devnet.operators]
        trail = Trail.from_json(fetch_trail(verdict.trail or b"", endpoints, allow_private=True).content)
        strongest = sorted(trail.attribution.values.items(), key=lambda item: -abs(item[1]))[:_SHOWN_ATTRIBUTIONS]
        table = Table("measurement", "adds to the score", box=None, padding=(0, 2))
        table.columns[1].justify = "right"
        for name, value in strongest:
            table.add_row(name, f"{value // 10_000:+d} %")
        self._tell.say(f"The trail explains it ({trail.attribution.method}); the strongest {len(strongest)}:")
        self._tell.console.print(table)
        self._tell.note("explanation", dict(strongest))

    def _show_scores(self, asked: Asked, verdict: VerdictView) -> None:
        table = Table("operator", "own score, ppm", "signed", box=None, padding=(0, 2))
        scores = []
        signed = members_of(verdict.signers or 0)
        for index, operator in enumerate(self._devnet.operators):
            score = self._own_score(operator, asked)
            scores.append(score)
            table.add_row(operator.name, f"{score:,}", "✓" if index in signed else "")
        self._tell.console.print(table)
        self._tell.note("scores", scores)
        self._tell.expect(
            len(signed) >= asked.request.quorum, f"{len(signed)} of {len(scores)} operators signed the report"
        )
        spread = max(scores) - min(scores)
        self._tell.expect(
            spread <= self._package.card.tolerance_ppm, f"their own scores differ by {spread} ppm at most"
        )

    def _own_score(self, operator: OperatorNode, asked: Asked) -> int:
        """Ask an operator for its own score, which it tells once it has seen the verdict on chain."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            answer = requests.get(f"{operator.endpoint}/v1/requests/0x{asked.id.hex()}", timeout=5).json()
            if answer["score"] is not None:
                return int(answer["score"])
            time.sleep(0.1)
        raise StoryError(f"{operator.name} tells no score of its own")

    def _audit(self, asked: Asked) -> None:
        self._tell.say(
            "An auditor takes the request id, fetches the trail from any node, and with the vault's release runs the model again:"
        )
        release = self._devnet.release_for_audit(asked.id)
        report = audit(self._controller, asked.id, release=release, packages=[self._package])
        for check in report.checks:
            self._tell.console.print(
                f"    [green]✓[/] {check.name}: {check.detail}"
                if check.passed
                else f"    [red]✗[/] {check.name}: {check.detail}"
            )
        self._tell.note("audit", {check.name: check.passed for check in report.checks})
        self._tell.expect(report.passed, f"audit: {len(report.checks)} checks, all passed")

    def _operator_dies(self, agreement: Agreement) -> None:
        tell, devnet = self._tell, self._devnet
        tell.chapter("6  The operator whose turn comes next is killed")
        victim = devnet.operators[-1]
        devnet.processes.kill(victim.name)
        tell.say(f"{victim.name} is gone (SIGKILL), just before a block whose requests are its to propose.")
        asked = devnet.ask_in_turn_of(victim, lambda: self._controller.request(agreement, PURPOSE))
        verdict = self._verdict(asked)
        latency = (verdict.block or 0) - asked.sent.block
        tell.note("latencyBlocksOneDead", latency)
        tell.expect(
            devnet.operators.index(victim) not in members_of(verdict.signers or 0),
            f"the turn moved on; the verdict came after {latency} block(s)",
        )

    def _withdrawal(self, agreement: Agreement) -> None:
        tell, devnet = self._tell, self._devnet
        tell.chapter("7  The subject withdraws")
        second = next(o.name for o in devnet.operators if o.name in devnet.processes)
        devnet.processes.kill(second)
        tell.say(f"First {second} is killed too: two of four are left, which is no quorum, so this request stays open.")
        asked = self._controller.request(agreement, PURPOSE)
        self._gas["withdraw agreement"] = devnet.client(devnet.accounts.subject).withdraw(agreement).gas_used
        tell.say("The subject withdraws the agreement. It takes effect in that block.")
        try:
            self._controller.request(agreement, PURPOSE)
            refused = "nothing"
        except ContractRevertError as revert:
            refused = revert.name
        tell.expect(refused == "AgreementNotGiven", f"a further request is refused by the contract: {refused}")
        ended = self._controller.wait(asked.id, WAIT_S, 0.1)
        tell.expect(
            ended.state is RequestState.REFUSED, "the request that was open is refused on chain, without a verdict"
        )
        total = asked.request.quote.total
        tell.expect(
            self._controller.balance() == total, f"its {total / 10**18:g} ether are back in the controller's balance"
        )
        self._gas["withdraw balance"] = self._controller.withdraw_balance().gas_used
        self._settle(agreement)

    def _settle(self, agreement: Agreement) -> None:
        relayer = self._devnet.client(self._devnet.accounts.relayer)
        due = relayer.unsettled(agreement.id)
        self._gas[f"settle {due.verdicts} verdicts"] = relayer.settle(agreement.id).gas_used
        earned = relayer.balance(agreement.subject)
        self._tell.expect(
            earned == due.verdicts * PRICE_WEI,
            f"the subject earned {earned / 10**18:g} ether by {due.verdicts} verdicts",
        )


def main() -> int:
    """Entry point; returns the exit code."""
    Console(highlight=False).print("[bold]Assent[/]: a verdict about data whose owner agreed")
    return told("demo", lambda devnet, narrator: Demo(devnet, narrator).run(), _BLOCK_TIME_S)


if __name__ == "__main__":
    sys.exit(main())
