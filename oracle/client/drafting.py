"""Drafting an agreement in words rather than bitmaps."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable

from eth_utils import to_checksum_address

from oracle.core import purposes as dpv
from oracle.core.keccak import keccak
from oracle.core.structs import Agreement, Record, Step

#: An agreement begins this long before it was drafted: the chain's clock and ours differ.
_CLOCK_SKEW_S = 60
_MONTH_S = 30 * 24 * 3600


def draft_agreement(
    record: Record,
    controller: str,
    model_id: bytes,
    purposes: Iterable[str],
    prohibited: Iterable[str] = (),
    steps: Iterable[Step] = (Step.INFER,),
    *,
    valid_for_s: int = _MONTH_S,
    uses: int = 1,
    price: int = 0,
    notice: str | bytes = b"",
) -> Agreement:
    """Return an agreement of a record's subject that is valid from now for ``valid_for_s`` seconds, with a random salt.

    ``purposes`` and ``prohibited`` are DPV terms; ``price`` is what the subject earns by each verdict, in the smallest unit of the model's
    currency; ``notice`` is what the subject was shown, and only its keccak256 goes on chain. Raises UnknownPurposeError (with close
    matches), or ValueError for an address that isn't one.
    """
    now = int(time.time())
    return Agreement(
        controller=to_checksum_address(controller),
        subject=to_checksum_address(record.subject),
        holder=to_checksum_address(record.holder),
        root=record.root,
        notice=keccak(notice.encode() if isinstance(notice, str) else notice),
        salt=secrets.token_bytes(32),
        model=model_id,
        purposes=dpv.mask(purposes),
        prohibited=dpv.mask(prohibited),
        steps=sum({1 << step for step in steps}),
        valid_from=now - _CLOCK_SKEW_S,
        valid_until=now + valid_for_s,
        uses=uses,
        price=price,
    )
