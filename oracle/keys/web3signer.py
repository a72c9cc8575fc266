"""Keys that another process has: a client of Web3Signer's HTTP API for secp256k1 keys, ``/api/v1/eth1``.

The signer is sent what is to be hashed, hashes it (keccak256, nothing before it) and signs the hash: so typed data goes as EIP-712's
preimage (66 bytes), a transaction as its unsigned EIP-1559 payload. Its ``eth_signTypedData`` isn't used: versions have put Ethereum's
message prefix before it. Nothing that the signer says is believed: what it signed is recovered before use.
https://consensys.github.io/web3signer/web3signer-eth1.html
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Awaitable
from typing import Any, TypeVar

import httpx
import structlog
from eth_keys.datatypes import PublicKey
from eth_utils import to_checksum_address

from oracle.core import digests
from oracle.core.digests import Digest
from oracle.core.errors import SignerUnavailableError, SigningKeyError
from oracle.core.keccak import keccak
from oracle.keys.keystore import read_private
from oracle.keys.transactions import UnsignedTransaction
from oracle.settings import RemoteSignerSettings
from oracle.telemetry.metrics import Metrics

log = structlog.get_logger()

T = TypeVar("T")
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{128}(?:00|01|1[bBcC])")
_PUBLIC_KEY = re.compile(r"(?:0x)?(?:(?:04)?(?P<whole>[0-9a-fA-F]{128})|(?P<compressed>0[23][0-9a-fA-F]{64}))")
_SIGNATURE_BYTES, _LIST_BYTES = 4_096, 1_048_576
#: Signing the same again does no harm: what may pass is tried again after these times, while the time for the signature lasts.
_AGAIN_S = (0.05, 0.25)
_PASSING = (429, 500, 502, 503, 504)


class Web3Signer:
    """The way to one remote signer. Every failure is named and counted; no text has the URL's credentials."""

    def __init__(self, settings: RemoteSignerSettings, metrics: Metrics) -> None:
        """Nothing is sent before it is asked for. Raises SigningKeyError for a URL or certificates that can't be used."""
        self._url = settings.url
        self._place = f"the remote signer at {_shown(settings.url)}"
        self._timeout_s = settings.timeout_s
        self._errors = metrics.remote_signer_errors
        self._identifiers: dict[str, str] = {}
        self._client = httpx.AsyncClient(
            verify=_tls(settings),
            timeout=settings.timeout_s,
            limits=httpx.Limits(max_connections=16),
            headers={"Accept-Encoding": "identity"},  # what comes is counted as it comes
            trust_env=False,  # no proxy of the environment is told what is signed
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def check(self, address: str) -> None:
        """Raise SignerUnavailableError unless the signer is up, SigningKeyError unless it has an address's key."""
        await self._in_time(self._check(address))

    async def sign(self, address: str, digest: Digest) -> bytes:
        """Return an address's compact signature of a digest.

        Raises SignerUnavailableError when there is none to be had now, SigningKeyError when what came isn't it.
        """
        signature = await self._in_time(self._signature(address, digest))
        if digests.recover(digest, signature) == address:
            return signature
        prefixed = keccak(b"\x19Ethereum Signed Message:\n%d" % len(digest.preimage) + digest.preimage)
        if digests.recover(prefixed, signature) == address:
            raise self._failure(
                "wrong", "puts a prefix before what it signs; let it serve Web3Signer's /api/v1/eth1/sign"
            )
        if digests.recover(keccak(digest), signature) == address:
            raise self._failure("wrong", "hashes twice; let it hash once what it is sent, with keccak256")
        raise self._failure(
            "wrong", f"gave a signature that isn't {address}'s; it was not used: check that signer's keys"
        )

    async def _in_time(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await work
        except TimeoutError:
            message = f"gave no answer within {self._timeout_s:g} s; see its load, or raise keys.remote.timeout_s"
            raise self._failure("slow", message, SignerUnavailableError) from None

    async def _check(self, address: str) -> None:
        await self._ask("GET", "/upcheck", _SIGNATURE_BYTES)
        self._identifiers = {}
        await self._identifier(address)

    async def _signature(self, address: str, digest: Digest) -> bytes:
        path = f"/api/v1/eth1/sign/{await self._identifier(address)}"
        answer = await self._ask("POST", path, _SIGNATURE_BYTES, {"data": "0x" + digest.preimage.hex()})
        text = answer.decode(errors="replace").strip()
        if _SIGNATURE.fullmatch(text) is None:
            raise self._failure("malformed", "answered with what is no signature of 65 bytes; check keys.remote.url")
        signature = bytes.fromhex(text[2:])
        if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
            raise self._failure("wrong", "gave a signature with high s, which the contract refuses; update the signer")
        return digests.compact(signature)

    async def _identifier(self, address: str) -> str:
        """Return the public key by which the signer knows an address."""
        if address not in self._identifiers:
            answer = await self._ask("GET", "/api/v1/eth1/publicKeys", _LIST_BYTES)
            try:
                self._identifiers = dict(_known(json.loads(answer)))
            except (ValueError, TypeError, RecursionError):
                message = "answered with what is no list of public keys; check keys.remote.url"
                raise self._failure("malformed", message) from None
        if address not in self._identifiers:
            raise self._unknown(f"{address}'s")
        return self._identifiers[address]

    # Asking

    async def _ask(self, method: str, path: str, limit_bytes: int, body: dict[str, str] | None = None) -> bytes:
        for again_s in _AGAIN_S:
            try:
                return await self._once(method, path, limit_bytes, body)
            except SignerUnavailableError:
                await asyncio.sleep(again_s)
        return await self._once(method, path, limit_bytes, body)

    async def _once(self, method: str, path: str, limit_bytes: int, body: dict[str, str] | None) -> bytes:
        content = b""
        try:
            async with self._client.stream(method, self._url + path, json=body) as answer:
                self._must_be_ok(answer.status_code)
                async for chunk in answer.aiter_raw():
                    content += chunk
                    if len(content) > limit_bytes:
                        raise self._failure(
                            "malformed", f"answered with more than {limit_bytes} bytes; check keys.remote.url"
                        )
        except (httpx.HTTPError, OSError) as error:  # their texts may have the URL; TLS's own errors come unwrapped
            message = (
                f"can't be asked ({type(error).__name__}); start it, or check keys.remote: its url and certificates"
            )
            raise self._failure("unreachable", message, SignerUnavailableError) from None
        return content

    def _must_be_ok(self, status: int) -> None:
        if status == httpx.codes.NOT_FOUND:
            self._identifiers = {}
            raise self._unknown("that")
        if status in _PASSING:
            raise self._failure("unreachable", f"answered with status {status}; see its log", SignerUnavailableError)
        if status != httpx.codes.OK:
            raise self._failure("refused", f"answered with status {status}; check keys.remote, and whom it serves")

    def _unknown(self, whose: str) -> SigningKeyError:
        return self._failure(
            "unknown_key", f"doesn't have {whose} key; give it the key and reload it, or correct keys.remote"
        )

    def _failure(self, reason: str, message: str, kind: type[SigningKeyError] = SigningKeyError) -> SigningKeyError:
        self._errors.labels(reason).inc()
        log.warning("remote_signer_failed", reason=reason, error=f"{self._place} {message}")
        return kind(f"{self._place} {message}")


class RemoteSigner:
    """Signs for one address, whose key a remote signer has."""

    __slots__ = ("_server", "address")

    def __init__(self, address: str, server: Web3Signer) -> None:
        self.address: str = to_checksum_address(address)
        self._server = server

    def __repr__(self) -> str:
        return f"RemoteSigner({self.address})"

    async def asign(self, digest: Digest) -> bytes:
        """Return the compact signature (EIP-2098, 64 bytes) of a digest. Raises SigningKeyError."""
        return await self._server.sign(self.address, digest)

    async def asign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Return the raw signed transaction. Raises SigningKeyError, or TypeError if a field of the transaction is missing or wrong."""
        unsigned = UnsignedTransaction(transaction, self.address)
        return unsigned.signed(await self.asign(unsigned.digest))

    async def check(self) -> None:
        """Raise SignerUnavailableError if the signer is down, SigningKeyError if it doesn't have the key."""
        await self._server.check(self.address)


def _known(listed: object) -> list[tuple[str, str]]:
    """Return addresses and public keys; what is no key of this curve is passed over. Raises TypeError unless it is a list of texts."""
    if not isinstance(listed, list):
        raise TypeError("not a list")
    known: list[tuple[str, str]] = []
    for text in listed:
        if found := _PUBLIC_KEY.fullmatch(text):
            known.append((_public_key(found).to_checksum_address(), text))
    return known


def _public_key(found: re.Match[str]) -> PublicKey:
    if found["whole"]:
        return PublicKey(bytes.fromhex(found["whole"]))
    return PublicKey.from_compressed_bytes(bytes.fromhex(found["compressed"]))


def _shown(url: str) -> str:
    """Return a URL's scheme, host and port: what may be told of it."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if not parsed.host:
        raise SigningKeyError("keys.remote.url is no URL; write it as http://host:port or https://host:port")
    return f"{parsed.scheme}://{parsed.netloc.decode()}"


def _tls(settings: RemoteSignerSettings) -> ssl.SSLContext | bool:
    if not settings.url.startswith("https://"):
        return True
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (ssl.SSLError, OSError):
        raise SigningKeyError(
            f"{settings.ca_file}: no certificates in PEM; name the authority that signed the signer's"
        ) from None
    if settings.client_cert_file and settings.client_key_file:
        read_private(settings.client_key_file)  # its mode is checked as a key file's is
        try:
            context.load_cert_chain(settings.client_cert_file, settings.client_key_file)
        except (ssl.SSLError, OSError):
            raise SigningKeyError(
                f"{settings.client_cert_file}: no certificate in PEM that fits {settings.client_key_file}; name the right pair"
            ) from None
    return context
