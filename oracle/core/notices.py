"""What a subject is shown before it agrees, with what no contract checks: to whom the answer goes, and who may process the data.

An agreement has the digest of this, and the subject signs that. The contract can't read it; the vault, which gives the data out, can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from eth_utils import is_checksum_address
from pydantic_core import from_json

from oracle.core.canonical import canonical
from oracle.core.errors import AssentError
from oracle.core.keccak import keccak

VERSION = "assent-notice/1"
_MEMBERS = {"version", "text", "language", "recipients", "processors"}


class NoticeError(AssentError):
    """Not a notice; the text names the part."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: its text and language (ISO 639-1), the recipients of what is found, in words, and the processors: accounts of operators.

    With no processor named, any operator of the committee may process.
    """

    text: str
    language: str = ""
    recipients: tuple[str, ...] = ()
    processors: tuple[str, ...] = ()

    def encoded(self) -> bytes:
        """Return its canonical JSON, whose keccak256 is its digest."""
        named = {"recipients": list(self.recipients), "processors": list(self.processors)}
        return canonical({"version": VERSION, "text": self.text, "language": self.language, **named})

    @property
    def digest(self) -> bytes:
        """What an agreement has of it, 32 bytes."""
        return keccak(self.encoded())

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Return the notice in a file. Raises NoticeError."""
        try:
            data: Any = from_json(
                content, allow_inf_nan=False
            )  # bounds nesting, which json.loads doesn't once eth-account is loaded
        except ValueError:
            raise NoticeError("not JSON: write one with `assent agreement notice`") from None
        if not isinstance(data, dict) or data.keys() != _MEMBERS or data["version"] != VERSION:
            raise NoticeError(f"not a notice of version {VERSION}: write one with `assent agreement notice`")
        lists = (data["recipients"], data["processors"])
        if not all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists):
            raise NoticeError("recipients and processors are lists of texts")
        if not isinstance(data["text"], str) or not isinstance(data["language"], str):
            raise NoticeError("text and language are texts")
        if wrong := [each for each in data["processors"] if not is_checksum_address(each)]:
            raise NoticeError(f"processors: {wrong[0][:50]} is no account of an operator (0x…, with its checksum)")
        return cls(data["text"], data["language"], tuple(data["recipients"]), tuple(data["processors"]))


def notice_bytes(content: bytes) -> bytes:
    """Return what is hashed of a file that a subject is shown: a notice's canonical JSON, or any other file as it is."""
    try:
        return Notice.parse(content).encoded()
    except NoticeError:
        return content
