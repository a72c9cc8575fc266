"""The asks that were answered: the same one a second time gets nothing."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from oracle.data.ask import Ask
from oracle.vault.refusals import AskRepeatedError

_Key = tuple[str, bytes, int, int, bytes]


class AnsweredAsks:
    """Asks that were answered or are being, each until its deadline, after which it is refused for that.

    Kept in memory: an ask is valid for some minutes, and what it gets is sealed to its operator, so that the same one after a restart of
    the vault gets nobody anything that it hadn't. A node that needs fields again, since it died or the answer was lost, signs another.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._deadlines: OrderedDict[_Key, int] = OrderedDict()
        self._clock = clock

    @contextmanager
    def once(self, ask: Ask, attester: str) -> Iterator[None]:
        """Answer an ask inside: it is taken from then on, unless answering fails. Raises AskRepeatedError if it was before."""
        self._forget()
        # What was signed, not the signature: there may be several of one ask.
        key = (attester, ask.request_id, ask.epoch, ask.deadline, ask.seal_key)
        if key in self._deadlines:
            raise AskRepeatedError("this very ask was answered before; sign another, with a later deadline")
        self._deadlines[key] = ask.deadline
        try:
            yield
        except BaseException:
            self._deadlines.pop(key, None)
            raise

    def __len__(self) -> int:
        return len(self._deadlines)

    def _forget(self) -> None:
        now = self._clock()
        # In the order in which they came, which is nearly that of their deadlines: none is kept for longer than two asks are valid.
        while self._deadlines and next(iter(self._deadlines.values())) < now:
            self._deadlines.popitem(last=False)
