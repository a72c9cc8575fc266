"""Whether the contract and this program mean the same by a purpose's bit."""

from __future__ import annotations

from oracle.core.errors import ConfigurationError
from oracle.core.purposes import VOCABULARY, vocabulary_tree


def check_vocabulary(told: tuple[str, bytes]) -> None:
    """Compare what the contract tells (``vocabulary``) with this program's table. Raises ConfigurationError if they differ."""
    name, root = told
    own = vocabulary_tree().root
    if root != own:
        raise ConfigurationError(
            [
                f"chain.contract: goes by the purposes of {name[:64]!r} (root 0x{root.hex()}), this program by those of {VOCABULARY!r} "
                f"(root 0x{own.hex()}); use the release of Assent that the contract was deployed from"
            ]
        )
