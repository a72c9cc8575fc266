"""Drafting an agreement in words rather than bitmaps."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable

from eth_utils import to_checksum_address

from oracle.core import purposes as dpv
from oracle.core.duo import modifier_mask
from oracle.core.keccak import keccak
from oracle.core.structs import Agreement, Disclosure, Record, Step

#: An agreement begins this long before it was drafted: the chain's clock and ours differ.
_CLOCK_SKEW_S = 60
_MONTH_S = 30 * 24 * 3600
_LAST_PLACE = 999


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
    modifiers: Iterable[str] = (),
    place: int = 0,
    language: str = "",
    erasure: bool = False,
    disclosure: Disclosure = Disclosure.EVERYTHING,
    notice: str | bytes = b"",
) -> Agreement:
    """Return an agreement of a record's subject that is valid from now for ``valid_for_s`` seconds, with a random salt.

    ``purposes`` and ``prohibited`` are DPV terms; ``price`` is what the subject earns by each verdict, in the smallest unit of the model's
    currency; ``modifiers`` are DUO's, by shorthand, that the controller must undertake to meet; ``place`` is where alone it may be used
    (ISO 3166-1 numeric); ``erasure`` asks that the record be erased when the agreement ends; ``disclosure`` is the most of a verdict that
    may stand on chain in clear; ``notice`` is what the subject was shown, in a ``language`` (ISO 639-1), and only its keccak256 goes on
    chain. Raises UnknownPurposeError (with close matches),
    UnknownConditionError, or ValueError for an address, a place or a language that isn't one.
    """
    if not 0 <= place <= _LAST_PLACE:
        raise ValueError("place isn't an ISO 3166-1 numeric code: 1 to 999, or 0 for anywhere")
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
        modifiers=modifier_mask(modifiers),
        place=place,
        language=_language(language),
        erasure=erasure,
        disclosure=int(disclosure),
        valid_from=now - _CLOCK_SKEW_S,
        valid_until=now + valid_for_s,
        uses=uses,
        price=price,
    )


def _language(code: str) -> bytes:
    if code and not re.fullmatch("[a-z]{2}", code):
        raise ValueError("language isn't an ISO 639-1 code: two small letters")
    return code.encode().ljust(2, b"\0")
