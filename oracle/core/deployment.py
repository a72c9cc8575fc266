"""A deployment: a contract on a chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oracle.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Deployment:
    """A contract on a chain, as a database keeps whose it is."""

    chain_id: int
    contract: str

    @property
    def facts(self) -> dict[str, str]:
        """What a database keeps of it."""
        return {"chain_id": str(self.chain_id), "contract": self.contract.lower()}

    def must_own(self, found: Mapping[str, str]) -> None:
        """Raise ConfigurationError if a database keeps another deployment's facts."""
        if found and dict(found) != self.facts:
            raise ConfigurationError(
                [
                    f"database: belongs to contract {found.get('contract')} on chain {found.get('chain_id')}, not to "
                    f"{self.facts['contract']} on chain {self.chain_id}; name another database"
                ]
            )


__all__ = ["Deployment"]
