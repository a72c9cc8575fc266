"""Asking operators' nodes for JSON. Nodes are strangers: what they serve counts only as far as the caller can check it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import httpx
from pydantic_core import from_json

from oracle.core.errors import VaultError
from oracle.data.destination import check_form
from oracle.data.fetch import VaultClient

T = TypeVar("T")
_TIMEOUT_S = 10.0
_FAILURES_SHOWN = 5
_SHOWN_CHARACTERS = 100


class UnusableError(Exception):
    """A node's answer that can't be used; the message says why."""


class NoAnswerError(Exception):
    """No node gave a usable answer; the message says what each did instead, and is empty if there was none to ask."""


class Answer(NamedTuple):
    """What a node answered, as the caller made it of the JSON, and which node that was."""

    content: Any
    node: str


def ask_nodes(
    path: str, nodes: Sequence[str], accept: Callable[[Any], T], *, allow_private: bool, max_bytes: int
) -> Answer:
    """Return what ``accept`` makes of the JSON at a path of the first node (base URLs) that has something usable there.

    ``accept`` raises :class:`UnusableError` to have the next one asked. Raises NoAnswerError. Private and local addresses only where they
    are allowed.
    """
    with ThreadPoolExecutor(1) as thread:  # a loop of its own, also when the caller runs one
        return thread.submit(asyncio.run, _ask(path, nodes, accept, allow_private, max_bytes)).result()


async def _ask(
    path: str, nodes: Sequence[str], accept: Callable[[Any], T], allow_private: bool, max_bytes: int
) -> Answer:
    failures = []
    async with VaultClient(allow_private=allow_private, timeout_s=_TIMEOUT_S) as client:
        for node in nodes:
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    body = await _get(client, node, path, max_bytes)
                return Answer(accept(_json(body)), node)
            except (UnusableError, VaultError) as error:
                failures.append(f"{printable(node)}: {error}")
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
                failures.append(f"{printable(node)}: {type(error).__name__}")
    more = len(failures) - _FAILURES_SHOWN
    raise NoAnswerError("; ".join(failures[:_FAILURES_SHOWN]) + (f"; and {more} more" if more > 0 else ""))


async def _get(client: VaultClient, node: str, path: str, max_bytes: int) -> bytes:
    url = str(check_form(node)).rstrip("/") + path
    body = bytearray()
    async with client.stream("GET", url) as response:
        if response.status_code != 200:
            raise UnusableError(f"status {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise UnusableError("compressed, which wasn't asked for")
        async for part in response.aiter_bytes():
            body += part
            if len(body) > max_bytes:
                raise UnusableError(f"more than {max_bytes} bytes")
    return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return from_json(
            body, allow_inf_nan=False
        )  # bounds nesting, which json.loads doesn't once eth-account is loaded
    except ValueError:
        raise UnusableError("not JSON") from None


def printable(text: str) -> str:
    """Write a stranger's text for people: printable and short."""
    shown = "".join(character if character.isprintable() else "?" for character in text[: _SHOWN_CHARACTERS + 1])
    return shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "…"
