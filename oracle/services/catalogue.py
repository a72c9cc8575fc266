"""The models that this node can run, by the digest of their files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from oracle.core.errors import InputError, Reason
from oracle.core.structs import Model
from oracle.models.evaluation import Runtime
from oracle.models.package import ModelPackage


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A package and the runtime that evaluates it."""

    package: ModelPackage
    runtime: Runtime


class Catalogue:
    """Loaded models. What a model on chain commits to decides, never a name."""

    def __init__(self, models: Iterable[LoadedModel]) -> None:
        self._by_files = {model.package.files_digest: model for model in models}

    def find(self, model: Model) -> LoadedModel:
        """Return the loaded model behind a published one.

        Raises InputError with MODEL_UNKNOWN when the node doesn't have it, or when the publisher's digests don't describe it.
        """
        loaded = self._by_files.get(model.files)
        if loaded is None:
            raise InputError(
                Reason.MODEL_UNKNOWN,
                f"no package with files digest 0x{model.files.hex()} is loaded here; add its folder to `models`",
            )
        package = loaded.package
        if model.inputs != package.input_schema_digest or model.outcomes != package.outcomes_digest:
            raise InputError(Reason.MODEL_UNKNOWN, "the published input schema or outcomes aren't those of the package")
        if model.outcome_count != len(package.card.outcomes):
            raise InputError(Reason.MODEL_UNKNOWN, "the published number of outcomes isn't the package's")
        return loaded

    def has(self, model: Model) -> bool:
        """Tell whether this node can run a published model."""
        try:
            self.find(model)
        except InputError:
            return False
        return True
