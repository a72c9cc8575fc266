"""The world of the vault's tests: the daemon's, with a model whose package the vault has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from daemon_chain import CONTROLLER, HOLDER, NEWCOMER, OPERATORS, PUBLISHER, SUBJECT, TERMS, Ground, ground

from oracle.chain.contract import ETHER
from oracle.core.structs import Model
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE

World = Ground
SEATS = 3


def screening(quorum: int = 2, **changes: int) -> Model:
    """Return the screening model's terms."""
    package = ModelPackage.load(PACKAGE)
    tolerance = changes.get("tolerance", package.card.tolerance_ppm)
    digests = (package.files_digest, package.input_schema_digest, package.outcomes_digest)
    return Model(PUBLISHER, *digests, 2, quorum, tolerance, 1_000, ETHER, 500)


@contextmanager
def world() -> Iterator[World]:
    """Start a chain with everything on it but records, agreements and requests: three seats, and two in reserve."""
    with ground(5, screening(), replace(TERMS, seats=SEATS)) as made:
        yield made


__all__ = [
    "CONTROLLER",
    "HOLDER",
    "NEWCOMER",
    "OPERATORS",
    "PUBLISHER",
    "SEATS",
    "SUBJECT",
    "World",
    "screening",
    "world",
]
