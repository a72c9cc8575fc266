"""Ciphertexts on a web server (GET, PUT, DELETE), or in IPFS (a gateway to read, a node's RPC to keep).

Connections go to checked addresses only, as an operator's do: :mod:`oracle.data.destination`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import httpx

from oracle.core.errors import ConfigurationError, VaultError
from oracle.data.fetch import VaultClient
from oracle.vault.blobs import MAX_BLOB_BYTES, BlobUnavailableError

T = TypeVar("T")

#: What IPFS nodes pass on as one block.
_BLOCK_BYTES = 1024**2
_GONE = (404, 410)


class Web:
    """An HTTP client for threads: it has a loop of its own in one, so that connections stay open between calls."""

    def __init__(self, *, allow_private: bool, timeout_s: float, token: str | None = None) -> None:
        """``token`` is sent as a bearer's."""
        self._loop = asyncio.new_event_loop()
        self._timeout_s = timeout_s
        self._headers = {} if token is None else {"authorization": f"Bearer {token}"}
        threading.Thread(target=self._loop.run_forever, name="ciphertexts", daemon=True).start()
        self._client = self._wait(self._open(allow_private))

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **content: Any
    ) -> tuple[int, bytes]:
        """Return status and body, of at most ``MAX_BLOB_BYTES``. Raises BlobUnavailableError."""
        try:
            return self._wait(self._exchange(method, url, {**self._headers, **(headers or {})}, content))
        except (httpx.HTTPError, VaultError, OSError) as error:  # TimeoutError is an OSError
            # The kind alone, or the guard's own text: an address may have what nobody should read.
            why = str(error) if isinstance(error, VaultError) else type(error).__name__
            raise BlobUnavailableError(
                f"the ciphertexts' server can't be reached: {why}; check [ciphertexts]"
            ) from None

    async def _open(self, allow_private: bool) -> VaultClient:
        return VaultClient(allow_private=allow_private, timeout_s=self._timeout_s)

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: Mapping[str, Any]
    ) -> tuple[int, bytes]:
        body = bytearray()
        async with (
            asyncio.timeout(self._timeout_s),
            self._client.stream(method, url, headers=headers, **content) as response,
        ):
            async for part in response.aiter_raw():
                body += part
                if len(body) > MAX_BLOB_BYTES:
                    raise BlobUnavailableError("the ciphertexts' server sent more than any ciphertext has")
        self._client.cookies.clear()
        return response.status_code, bytes(body)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class WebBlobs:
    """Files under a base URL, written with PUT and deleted with DELETE (WebDAV, or any server of one's own)."""

    def __init__(self, web: Web, base: str) -> None:
        self._web = web
        self._base = base.rstrip("/")

    def put(self, name: str, content: bytes) -> None:
        """Write a file."""
        self._must("PUT", name, (200, 201, 204), content=content)

    def get(self, name: str) -> bytes:
        """Read a file."""
        return self._must("GET", name, (200,))

    def delete(self, name: str) -> None:
        """Delete a file."""
        self._must("DELETE", name, (200, 202, 204, *_GONE))

    def _must(self, method: str, name: str, wanted: tuple[int, ...], **content: Any) -> bytes:
        status, body = self._web.send(method, f"{self._base}/{name}", **content)
        if status not in wanted:
            raise BlobUnavailableError(f"the ciphertexts' server answered {method} {name} with status {status}")
        return body


class IpfsBlobs:
    """Raw blocks in IPFS. Anyone may have a copy, for ever: without the key, which is in the vault's database alone, it is noise."""

    def __init__(self, gateway: Web, gateway_url: str, node: Web | None, node_url: str | None) -> None:
        """``node`` and its URL are those of an IPFS node's RPC (Kubo's ``/api/v0``); without them nothing is added."""
        self._gateway, self._gateway_url = gateway, gateway_url.rstrip("/")
        self._node, self._node_url = node, (node_url or "").rstrip("/")

    def put(self, name: str, content: bytes) -> None:
        """Have the node keep a block, pinned."""
        if len(content) > _BLOCK_BYTES:
            raise BlobUnavailableError(
                f"a ciphertext of {len(content)} bytes is too large for an IPFS block; keep it elsewhere"
            )
        options = "cid-codec=raw&mhtype=sha2-256&pin=true"
        status, body = self._call(f"block/put?{options}", files={"data": ("block", content)})
        if status != 200 or f'"{name}"'.encode() not in body:
            raise BlobUnavailableError(f"the IPFS node didn't keep {name}: status {status}")

    def get(self, name: str) -> bytes:
        """Read a block from the gateway."""
        headers = {"accept": "application/vnd.ipld.raw"}
        status, body = self._gateway.send("GET", f"{self._gateway_url}/ipfs/{name}?format=raw", headers=headers)
        if status != 200:
            raise BlobUnavailableError(f"the IPFS gateway answered for {name} with status {status}")
        return body

    def delete(self, name: str) -> None:
        """Have the node drop its copy; others may keep theirs."""
        self._call(f"pin/rm?arg={name}")  # one that isn't pinned is an error of no interest
        status, _ = self._call(f"block/rm?arg={name}&force=true")
        if status != 200:
            raise BlobUnavailableError(f"the IPFS node didn't drop {name}: status {status}")

    def _call(self, path: str, **content: Any) -> tuple[int, bytes]:
        if self._node is None:
            raise ConfigurationError(["ciphertexts.api: name an IPFS node's RPC; a gateway only reads"])
        return self._node.send("POST", f"{self._node_url}/api/v0/{path}", **content)
