"""Dates shifted by a secret of the subject's own, so that intervals stay and days don't.

After Hripcsak et al., "Preserving temporal relations in clinical data while maintaining privacy" (JAMIA 2016), without their truncation
at both ends. All of a subject's dates move back by the same 1 to 365 days, in whatever bundle they come. Times are told in UTC: an offset
from it would show by daylight saving in which season a time really was, and roughly where.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from eth_utils import to_canonical_address

MOST_DAYS = 365
#: Nobody's age is told beyond this (45 CFR 164.514(b)(2)(i)(C)).
OLDEST = 89
_CONTEXT = b"assent-dates/1\x00"
_PARTIAL = re.compile(r"\d{4}(-\d{2})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


@dataclass(frozen=True)
class DateShift:
    """The days by which a subject's dates move back: known to who has the secret, and written nowhere."""

    days: int = field(repr=False)

    @classmethod
    def of(cls, subject: str, secret: bytes) -> DateShift:
        """Derive it from the subject's address and the holder's secret (32 bytes) by HMAC-SHA256."""
        if len(secret) != 32:
            raise ValueError("the secret hasn't 32 bytes")
        found = hmac.new(secret, _CONTEXT + to_canonical_address(subject), hashlib.sha256).digest()
        return cls(1 + int.from_bytes(found) % MOST_DAYS)

    def shift(self, text: str) -> str | None:
        """Return a FHIR date, dateTime or instant shifted, in whole seconds; None for one without a day, which can't be shifted.

        Raises ValueError, without the text in it, for anything else.
        """
        if _PARTIAL.fullmatch(text):
            return None
        back = timedelta(days=self.days)
        try:
            if _DAY.fullmatch(text):
                return (date.fromisoformat(text) - back).isoformat()
            if _MOMENT.fullmatch(text):
                moment = datetime.fromisoformat(text).astimezone(UTC) - back
                return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
        except (ValueError, OverflowError):
            pass
        raise ValueError("not a date of FHIR's form")


def day_of(text: str) -> date:
    """Return the day of a date or moment as FHIR writes it."""
    return date.fromisoformat(text[:10])


def dates_in(value: Any) -> Iterator[str]:
    """Yield the dates and moments in JSON values."""
    if isinstance(value, str):
        if _DAY.fullmatch(value) or _MOMENT.fullmatch(value):
            yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from dates_in(part)


def age_at(birth: date, day: date) -> int:
    """Return the completed years from birth to a day."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
