"""What a representative may do for a subject."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import ClassVar

from oracle.core.eip712 import Struct

#: How long before it begins a mandate to revoke or to renew must be known, in seconds.
NOTICE_S = 86_400


class Right(IntFlag):
    """What a representative may do: give agreements, end them, lengthen them."""

    GIVE = 1
    REVOKE = 2
    RENEW = 4


@dataclass(frozen=True, slots=True)
class Mandate(Struct):
    """A representative's mandate: its rights, from when and until when (Unix seconds, the end exclusive), for which purposes.

    What it gives or renews is for these purposes and lasts no longer; what it revokes may be any.
    """

    TYPE: ClassVar[str] = "Mandate(uint8 rights,uint40 from,uint40 until,uint120 purposes)"

    rights: int
    begins: int
    until: int
    purposes: int

    def covers(self, right: Right, timestamp: int) -> bool:
        """Tell whether it has a right at a time."""
        return bool(self.rights & right) and self.begins <= timestamp < self.until
