"""Under whose arbitration this node signs and judges."""

from __future__ import annotations

from collections.abc import Iterable

from oracle.core.addresses import checksum
from oracle.core.errors import Reason, RefusalError
from oracle.core.roll import NOBODY
from oracle.core.structs import Model


class Arbiters:
    """The arbiters that this node's operator trusts. Whoever publishes a model names its arbiter, who takes a penalty from each signer of a
    verdict that it finds false, and from each judge whom it overrules.
    """

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted = frozenset(map(checksum, trusted))

    def named_by(self, model: Model) -> bool:
        """Tell whether a model names an arbiter."""
        return model.arbiter != NOBODY

    def may_serve(self, model: Model) -> bool:
        """Tell whether this node gives and judges verdicts of a model."""
        return not self.named_by(model) or model.arbiter in self._trusted

    def must_serve(self, model: Model) -> None:
        """Raise RefusalError (ARBITER_UNKNOWN) unless this node gives verdicts of a model."""
        if not self.may_serve(model):
            raise RefusalError(
                Reason.ARBITER_UNKNOWN,
                f"the model's arbiter {model.arbiter} isn't one that this node serves under; add it to work.arbiters if it may be",
            )
