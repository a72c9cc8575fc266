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
    """Loaded models, and retired ones. What a model on chain commits to decides, never a name."""

    def __init__(self, models: Iterable[LoadedModel] = ()) -> None:
        self._by_files = {model.package.files_digest: model for model in models}
        self._retired: dict[bytes, ModelPackage] = {}

    def __len__(self) -> int:
        return len(self._by_files)

    def add(self, model: LoadedModel) -> None:
        """Let a model be run from now on."""
        self._by_files[model.package.files_digest] = model
        self._retired.pop(model.package.files_digest, None)

    def retire(self, files_digest: bytes) -> None:
        """Let a model not be run any more. What it evaluated can still be proposed and judged."""
        model = self._by_files.pop(files_digest, None)
        if model is not None:
            self._retired[files_digest] = model.package.without_files()

    def holds(self, files_digest: bytes) -> bool:
        """Tell whether a package is loaded."""
        return files_digest in self._by_files

    def find(self, model: Model) -> LoadedModel:
        """Return the loaded model behind a published one.

        Raises InputError with MODEL_UNKNOWN when the node doesn't have it, or when the publisher's digests don't describe it.
        """
        loaded = self._by_files.get(model.files)
        if loaded is None:
            raise _unknown(model)
        _must_describe(model, loaded.package)
        return loaded

    def package(self, model: Model) -> ModelPackage:
        """Return the package of a published model, retired ones too: what trails are made of. Raises InputError as :meth:`find` does."""
        loaded = self._by_files.get(model.files)
        package = loaded.package if loaded else self._retired.get(model.files)
        if package is None:
            raise _unknown(model)
        _must_describe(model, package)
        return package

    def has(self, model: Model) -> bool:
        """Tell whether this node can run a published model."""
        try:
            self.find(model)
        except InputError:
            return False
        return True


def _unknown(model: Model) -> InputError:
    return InputError(
        Reason.MODEL_UNKNOWN,
        f"no package with files digest 0x{model.files.hex()} is loaded here; add its folder to `models` or `models_folder`",
    )


def _must_describe(model: Model, package: ModelPackage) -> None:
    if model.inputs != package.input_schema_digest or model.outcomes != package.outcomes_digest:
        raise InputError(Reason.MODEL_UNKNOWN, "the published input schema or outcomes aren't those of the package")
    if model.outcome_count != len(package.card.outcomes):
        raise InputError(Reason.MODEL_UNKNOWN, "the published number of outcomes isn't the package's")
