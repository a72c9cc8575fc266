"""What node and worker say to each other: frames of JSON and plain bytes. Nothing is pickled.

A frame is two lengths (4 and 8 bytes, big-endian), a JSON object, and bytes. Rows and evaluations travel as arrays of 64-bit
numbers: floats stay exactly what they are, and cost no text.
"""

import json
import socket
import struct
import time
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oracle.models.evaluation import Evaluation

_LENGTHS = struct.Struct(">IQ")
_PIECE_BYTES = 2**20
#: Score, outcome, baseline and completeness; then the attributions.
_FIXED = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    head: Mapping[str, Any]
    body: bytes = field(default=b"", repr=False)


def send(channel: socket.socket, frame: Frame, timeout_s: float | None = None) -> None:
    """Send a frame. Raises TimeoutError, or OSError if the other side is gone."""
    head = json.dumps(frame.head).encode()
    channel.settimeout(timeout_s)
    channel.sendall(_LENGTHS.pack(len(head), len(frame.body)) + head)
    channel.sendall(frame.body)


def receive(channel: socket.socket, timeout_s: float | None = None) -> Frame:
    """Return the next frame. Raises TimeoutError if it isn't whole in time, or EOFError if the other side is gone."""
    end = None if timeout_s is None else time.monotonic() + timeout_s
    head, body = _LENGTHS.unpack(_exactly(channel, _LENGTHS.size, end))
    return Frame(json.loads(_exactly(channel, head, end)), _exactly(channel, body, end))


def pack_rows(rows: Sequence[Sequence[float]]) -> bytes:
    """Return rows of equal width as bytes."""
    return array("d", [value for row in rows for value in row]).tobytes()


def unpack_rows(body: bytes, width: int) -> list[list[float]]:
    """Return the rows, each of a width."""
    values = array("d", body)
    return [values[start : start + width].tolist() for start in range(0, len(values), width)]


def pack_evaluations(evaluations: Sequence[Evaluation]) -> bytes:
    """Return evaluations of one model as bytes."""
    numbers = array("q")
    for each in evaluations:
        numbers.extend((each.score_ppm, each.outcome, each.baseline_ppm, each.completeness_ppm))
        numbers.extend(each.attributions_ppm)
    return numbers.tobytes()


def unpack_evaluations(body: bytes, width: int) -> list[Evaluation]:
    """Return the evaluations of a model with so many inputs."""
    numbers, size = array("q", body), _FIXED + width
    parts = [numbers[start : start + size].tolist() for start in range(0, len(numbers), size)]
    return [Evaluation(part[0], part[1], tuple(part[_FIXED:]), part[2], part[3]) for part in parts]


def pack_files(files: Mapping[str, bytes]) -> tuple[dict[str, int], bytes]:
    """Return a package's files as their sizes by name and their bytes."""
    return {name: len(content) for name, content in files.items()}, b"".join(files.values())


def unpack_files(sizes: Mapping[str, int], body: bytes) -> dict[str, bytes]:
    """Return a package's files by name."""
    files, start = {}, 0
    for name, size in sizes.items():
        files[name] = body[start : start + size]
        start += size
    return files


def _exactly(channel: socket.socket, size: int, end: float | None) -> bytes:
    received = bytearray()
    while len(received) < size:
        channel.settimeout(None if end is None else max(end - time.monotonic(), 1e-6))
        piece = channel.recv(min(size - len(received), _PIECE_BYTES))
        if not piece:
            raise EOFError("the other side has closed the channel")
        received += piece
    return bytes(received)
