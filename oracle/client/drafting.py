"""Drafting an agreement in words rather than bitmaps."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable

from eth_utils import keccak, to_checksum_address

from oracle.core import purposes as dpv
from oracle.core.structs import Agreement, Step

#: An agreement begins this long before it was drafted: the chain's clock and ours differ.
_CLOCK_SKEW_S = 60
_MONTH_S = 30 * 24 * 3600


def draft_agreement(
    subject: str,
    controller: str,
    record_id: bytes,
    model_id: bytes,
    purposes: Iterable[str],
    prohibited: Iterable[str] = (),
    steps: Iterable[Step] = (Step.INFER,),
    *,
    valid_for_s: int = _MONTH_S,
    uses: int = 1,
    notice: str | bytes = b"",
) -> Agreement:
    """Return an agreement that is valid from now for ``valid_for_s`` seconds, with a random salt.

    ``purposes`` and ``prohibited`` are DPV terms; ``notice`` is what the subject was shown, and only its keccak256 goes on chain.
    Raises UnknownPurposeError (with close matches), or ValueError for an address that isn't one.
    """
    now = int(time.time())
    return Agreement(
        subject=to_checksum_address(subject),
        controller=to_checksum_address(controller),
        record=record_id,
        model=model_id,
        purposes=dpv.mask(purposes),
        prohibited=dpv.mask(prohibited),
        steps=sum({1 << step for step in steps}),
        valid_from=now - _CLOCK_SKEW_S,
        valid_until=now + valid_for_s,
        uses=uses,
        notice=keccak(notice.encode() if isinstance(notice, str) else notice),
        salt=secrets.token_bytes(32),
    )
