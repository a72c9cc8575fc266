"""What a transaction offers for its gas (EIP-1559), from what blocks of late cost. All fees are in wei for a unit of gas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from web3 import AsyncWeb3

from oracle.chain.pool import EndpointPool

#: What one transaction may have of a block's gas at most (EIP-7825).
MAX_TRANSACTION_GAS = 1 << 24

_BLOCKS = 10
_PERCENTILE = 50.0
#: Less for whoever makes the block is no offer, and can't be raised by a tenth.
_LEAST_TIP_WEI = 10**7


@dataclass(frozen=True, slots=True)
class Fees:
    """An offer: the most for all, and what of it is for whoever makes the block."""

    max_fee_wei: int
    tip_wei: int


@dataclass(frozen=True, slots=True)
class Market:
    """The newest block's number, the next one's base fee, and the tip that half of the gas of late was worth."""

    head: int
    base_fee_wei: int
    tip_wei: int

    def offer(self, cap_wei: int) -> Fees:
        """Return an offer that holds while the base fee doubles, as far as the cap allows."""
        fee = min(2 * self.base_fee_wei + self.tip_wei, cap_wei)
        return Fees(fee, min(self.tip_wei, fee))

    def raised(self, before: Fees, percent: int, cap_wei: int) -> Fees | None:
        """Return an offer that pools take instead of an earlier one: both fees higher by ``percent``; None if that is above the cap."""
        least_fee, least_tip = (-(-fee * (100 + percent) // 100) for fee in (before.max_fee_wei, before.tip_wei))
        fee, tip = max(least_fee, 2 * self.base_fee_wei + self.tip_wei), max(least_tip, self.tip_wei)
        fee = max(least_fee, min(fee, cap_wei))
        tip = max(least_tip, min(tip, fee))
        return Fees(fee, tip) if tip <= fee <= cap_wei else None


async def read_market(web3: AsyncWeb3[EndpointPool]) -> Market:
    """Read the market from ``eth_feeHistory``. Raises what web3 raises."""
    history = await web3.eth.fee_history(_BLOCKS, "latest", [_PERCENTILE])
    return market_of(history)


def market_of(history: Any) -> Market:
    """Return what a fee history says. Blocks without transactions say nothing about tips."""
    fees = history["baseFeePerGas"]
    tips = sorted(tip for (tip,) in history.get("reward") or [] if tip)
    tip = tips[len(tips) // 2] if tips else 0
    return Market(history["oldestBlock"] + len(fees) - 2, fees[-1], max(tip, _LEAST_TIP_WEI))
