"""The faults that a campaign plays: each sets in, lets requests come, and goes away again.

A play is a function of the scene that returns how often its fault was injected; requests are asked, and accounted for, by the scene.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import requests

from chaos.ledger import Row, account, settle, wait_for
from chaos.mode import AFTER, BEFORE, PEER_FAULTS, Mode
from chaos.net import ChaosNet
from deploy.asking import Asker, Signed
from oracle.core.structs import MIN_OPEN_S

#: What no quorum will answer ends by its deadline, to which the chain's clock runs ahead when operators were at fault for a while.
_SHORT_DEADLINE_S, _AT_FAULT_S = 2 * MIN_OPEN_S, 12
_PATIENCE_S = 240.0
_STAGES = ("asked", "seen", "evaluated", "sent", "recorded")


@dataclass
class Scene:
    """A net, who asks, and the dice. ``batch`` requests are asked at a time."""

    net: ChaosNet
    asker: Asker
    dice: random.Random
    batch: int = 8

    def ask(self, deadline_s: int = 3_600) -> list[Signed]:
        """Ask a batch."""
        asked = self.asker.sign(self.batch, deadline_s)
        self.asker.send(asked)
        return asked

    def close(self, row: Row, asked: Sequence[Signed], may_end: bool = False) -> None:
        """Wait for the ends, and account for them."""
        account(row, asked, settle(self.asker, asked, _PATIENCE_S), may_end)

    def some(self, count: int) -> list[str]:
        """Choose operators."""
        return self.dice.sample(self.net.names, count)

    @property
    def spare(self) -> int:
        """How many operators may be faulty: f of n = 3f + 1."""
        return (len(self.net.operators) - 1) // 3


Play = Callable[[Scene, Row], None]


def calm(scene: Scene, row: Row) -> None:
    """Nothing is wrong: what the others are compared to."""
    scene.close(row, scene.ask())


# The chain's endpoint


def _rpc(**faults: float) -> Play:
    def play(scene: Scene, row: Row) -> None:
        before = scene.net.injected()
        with scene.net.rpc_faults([*scene.net.names, "vault"], **faults):
            scene.close(row, scene.ask())
        row.injected += scene.net.injected() - before

    return play


def _rpc_of_some(**faults: float) -> Play:
    """Only as many endpoints as operators may be faulty."""

    def play(scene: Scene, row: Row) -> None:
        before = scene.net.injected()
        with scene.net.rpc_faults(scene.some(scene.spare), **faults):
            scene.close(row, scene.ask())
        row.injected += scene.net.injected() - before

    return play


def other_chain(scene: Scene, row: Row) -> None:
    """Let some operators' endpoints go away, and come back as another chain's."""
    names, before = scene.some(scene.spare), scene.net.injected()
    # It is another chain's from the first on, so that a node that comes back between the two finds nothing else there.
    with scene.net.rpc_faults(names, drop=1.0, chain_id=1):
        asked = scene.ask()
        time.sleep(3)
        dropped_ = scene.net.injected() - before
        with scene.net.rpc_faults(names, chain_id=1):
            asked += scene.ask()
            wait_for(lambda: scene.net.injected() - before > dropped_, 60)
            scene.close(row, asked)
    row.injected += scene.net.injected() - before - dropped_


def swallows(scene: Scene, row: Row) -> None:
    """Let some operators' endpoints take transactions and pass none on, while it becomes everyone's turn."""
    before = scene.net.injected()
    with scene.net.rpc_faults(scene.some(scene.spare), swallow=1.0):
        asked: list[Signed] = []
        for _ in range(2 * len(scene.net.operators)):
            asked += scene.ask()
            time.sleep(1.1)  # the next block is another's turn
        scene.close(row, asked)
    row.injected += scene.net.injected() - before


# The chain itself


def reorg(scene: Scene, row: Row) -> None:
    """Take back 1 to 20 blocks while a request is at some stage."""
    stage, depth = scene.dice.choice(_STAGES), scene.dice.randint(1, 20)
    asked = scene.ask()
    if stage == "sent":
        wait_for(lambda: _is_sent(scene), 10)
    elif stage != "asked":
        wait_for(lambda: stage in _stages(scene, asked[0]), 10)
    # What is pending stays so; what was mined in those blocks is gone.
    scene.net.ask_anvil("anvil_reorg", depth, [])
    row.injected += 1
    scene.close(row, asked)


def _is_sent(scene: Scene) -> bool:
    senders = scene.net.senders()
    pending = scene.net.ask_anvil("txpool_content")["pending"]
    return any(address.lower() in senders for address in pending)


def _stages(scene: Scene, asked: Signed) -> set[str]:
    found = set()
    for operator in scene.net.operators:
        with suppress(requests.RequestException):
            answer = requests.get(f"{operator.endpoint}/v1/requests/0x{asked.id.hex()}", timeout=2)
            found.add(str(answer.json().get("stage")))
    return found


def dropped(scene: Scene, row: Row) -> None:
    """Throw nodes' transactions out of the pool for some blocks, as often as they come."""
    asked, senders = scene.ask(), scene.net.senders()
    until = time.monotonic() + 4
    while time.monotonic() < until:
        pending = scene.net.ask_anvil("txpool_content")["pending"]
        for address, by_nonce in pending.items():
            for each in by_nonce.values() if address.lower() in senders else ():
                row.injected += scene.net.ask_anvil("anvil_dropTransaction", each["hash"]) is not None
        time.sleep(0.1)
    scene.close(row, asked)


def fee_spike(scene: Scene, row: Row) -> None:
    """Let the base fee be fifty times as high for some blocks, just after transactions were signed for the lower one."""
    asked = scene.ask()
    wait_for(lambda: _is_sent(scene), 5)
    for _ in range(4):
        block = scene.net.ask_anvil("eth_getBlockByNumber", "latest", False)
        spike = min(50 * int(block["baseFeePerGas"], 16), 100 * 10**9)
        scene.net.ask_anvil("anvil_setNextBlockBaseFeePerGas", hex(spike))
        row.injected += 1
        time.sleep(1)
    scene.net.ask_anvil("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    scene.close(row, asked)


# The vault


def vault_down(scene: Scene, row: Row) -> None:
    """Ask while the vault is dead, and start it again."""
    scene.net.processes.kill("vault")
    row.injected += 1
    try:
        asked = scene.ask()
        time.sleep(scene.dice.uniform(1, 4))
    finally:
        scene.net.start_vault()
    scene.close(row, asked)


# Operators


def killed(scene: Scene, row: Row) -> None:
    """Let every node die at a write, be born again, and die at another, while requests come: each write that there is has its turn."""
    scene.close(row, scene.ask())  # so that every write was seen
    before, steps = scene.net.deaths().total(), scene.net.steps()
    asked: list[Signed] = []
    for step in scene.dice.sample(steps, len(steps)):
        for name in scene.net.names:
            scene.net.tell(name, Mode("killed", step, scene.dice.choice((BEFORE, AFTER))))
        asked += scene.ask()
        time.sleep(scene.dice.uniform(0.5, 2.5))
    for name in scene.net.names:
        scene.net.tell(name, Mode())
    row.injected += scene.net.deaths().total() - before
    scene.close(row, asked)


def _peers(fault: str, extra: int) -> Play:
    """So many operators more than may be faulty are so (0: just as many as may)."""

    def play(scene: Scene, row: Row) -> None:
        count = scene.spare + extra
        names = scene.some(count)
        with scene.net.faulty(names, fault):
            time.sleep(0.5)
            asked = scene.ask(_SHORT_DEADLINE_S if extra else 3_600)
            row.injected += count
            if extra:
                time.sleep(_AT_FAULT_S)
                scene.net.ask_anvil("evm_increaseTime", _SHORT_DEADLINE_S)
            scene.close(row, asked, may_end=bool(extra))

    return play


#: Faults of operators after which the net is another: who signed two verdicts is slashed.
_LAST = ("equivocating", "equivocating_too_many")

FAULTS: dict[str, Play] = {
    "calm": calm,
    "rpc_errors": _rpc(error=0.1, drop=0.1, too_many=0.1),
    "rpc_stalls": _rpc(stall=0.05, stall_s=5.0),
    "rpc_broken_logs": _rpc(broken=0.5),
    "rpc_truncated_logs": _rpc_of_some(truncate=0.5),
    "rpc_lagging": _rpc_of_some(lag_blocks=3),
    "rpc_other_chain": other_chain,
    "rpc_swallows": swallows,
    "reorg": reorg,
    "dropped": dropped,
    "fee_spike": fee_spike,
    "vault_down": vault_down,
    "killed": killed,
    **{name: _peers(name, 0) for name in PEER_FAULTS if name not in _LAST},
    **{f"{name}_too_many": _peers(name, 1) for name in PEER_FAULTS if name not in _LAST},
    "equivocating": _peers("equivocating", 0),
    "equivocating_too_many": _peers("equivocating", 1),
}
#: The faults of operators alone.
PEERS = tuple(name for name in FAULTS if name.removesuffix("_too_many") in PEER_FAULTS)
#: What the short campaign plays.
SHORT = ("lying",)
