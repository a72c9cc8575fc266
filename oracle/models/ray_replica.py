"""One copy of one model on a Ray cluster. Ray imports this in processes of its own."""

import asyncio
import os
import time
from collections.abc import Mapping

from ray import serve

from oracle.core.errors import ModelError
from oracle.models.frames import pack_evaluations, unpack_rows
from oracle.models.package import ModelPackage
from oracle.models.runtime import LocalRuntime
from oracle.models.worker import limit_memory

_MESSAGES_AT_ONCE = 8
_WAIT_S = 0.002


class Replica:
    """Evaluates what its callers send, several messages at a time."""

    def __init__(
        self, files: Mapping[str, bytes], files_digest: bytes, device: str, memory_mib: int, timeout_s: float
    ) -> None:
        """Check the package's digest, load it and test it. Raises ModelError: then Ray reports that the deployment failed."""
        _be_silent()
        if device != "cuda":  # a GPU's driver maps what it likes
            limit_memory(memory_mib)
        package = ModelPackage.from_files(files, expected_files_digest=files_digest)
        self._runtime = LocalRuntime(package, device=device)
        self._runtime.self_test()
        self._timeout_s = timeout_s
        self._began: float | None = None

    @serve.batch(max_batch_size=_MESSAGES_AT_ONCE, batch_wait_timeout_s=_WAIT_S)
    async def evaluate(self, messages: list[bytes]) -> list[tuple[str, bytes]]:
        """Answer messages of rows, each with an error's text, or "" and evaluations, in the form of :mod:`oracle.models.frames`."""
        self._began = time.monotonic()
        try:
            return await asyncio.to_thread(self._answers, messages)
        finally:
            self._began = None

    def check_health(self) -> None:
        """Raise TimeoutError if an evaluation takes too long: Ray then puts another replica in this one's place."""
        if self._began is not None and time.monotonic() - self._began > self._timeout_s:
            raise TimeoutError("an evaluation takes too long")

    def _answers(self, messages: list[bytes]) -> list[tuple[str, bytes]]:
        width = len(self._runtime.card.inputs)
        batches = [unpack_rows(message, width) for message in messages]
        try:
            evaluations = self._runtime.evaluate([row for rows in batches for row in rows])
        except ModelError as error:
            return self._apart(messages, error)  # one caller's row mustn't spoil another's
        answers, start = [], 0
        for rows in batches:
            answers.append(("", pack_evaluations(evaluations[start : start + len(rows)])))
            start += len(rows)
        return answers

    def _apart(self, messages: list[bytes], error: ModelError) -> list[tuple[str, bytes]]:
        if len(messages) == 1:
            return [(str(error), b"")]
        return [answer for message in messages for answer in self._answers([message])]


def _be_silent() -> None:
    # What a network prints, rows perhaps, would end in Ray's log files.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
