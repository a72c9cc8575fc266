"""Where a fetch may go. A vault's address comes from the chain, where anyone writes, so it must not lead into the operator's own network.

Names are resolved and checked when the connection is made, and the connection goes to the address that was checked: a name that answers
otherwise the second time (DNS rebinding) gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

import httpcore
import httpx

from oracle.core.errors import Reason, VaultError

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


def check_form(url: str) -> httpx.URL:
    """Parse a vault's base URL: http or https, a host, no credentials, query or fragment. Raises VaultError (VAULT_UNREACHABLE)."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise _unreachable("isn't a URL") from None
    if parsed.scheme not in _PORTS:
        raise _unreachable("is neither http nor https")
    if not 0 < (parsed.port or _PORTS[parsed.scheme]) < 65536:
        raise _unreachable("has a port that doesn't exist")
    if not parsed.host or parsed.userinfo or parsed.query or parsed.fragment:
        raise _unreachable("must be a plain base URL: a host, and no credentials, query or fragment")
    return parsed


async def check_url(url: str, allow_private: bool) -> list[str]:
    """Return the addresses of a URL's host if a fetch may go to all of them. Raises VaultError (VAULT_UNREACHABLE) otherwise.

    Refused are loopback, private and reserved addresses unless ``allow_private``, and link-local, multicast and unspecified ones always.
    """
    parsed = check_form(url)
    return await resolve(parsed.raw_host.decode("ascii"), parsed.port or _PORTS[parsed.scheme], allow_private)


async def resolve(host: str, port: int, allow_private: bool) -> list[str]:
    """Return the addresses of a host if a connection may go to all of them. Raises VaultError (VAULT_UNREACHABLE)."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _unreachable("has a host whose name doesn't resolve") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(permitted(ipaddress.ip_address(address), allow_private) for address in addresses):
        raise _unreachable(
            "leads to a private, local or reserved address; for a devnet, allow private vaults in the settings"
        )
    return addresses


def permitted(address: _Address, allow_private: bool) -> bool:
    """Tell whether a connection may go there; an IPv4 address inside an IPv6 one counts as well as the whole."""
    if any(not permitted(inner, allow_private) for inner in _embedded(address)):
        return False
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address in _NAT64):
        return True  # reached as the IPv4 address inside, which passed
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    return allow_private or (
        address.is_global and not address.is_reserved and not getattr(address, "is_site_local", False)
    )


def _embedded(address: _Address) -> list[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in inner if each is not None]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections for httpcore, to checked addresses only."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the host's addresses that answers. Raises VaultError, or httpcore's errors."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in await resolve(host, port, self._allow_private):
            try:
                return await self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait, in seconds."""
        await self._sockets.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport with :class:`GuardedBackend` beneath: no proxy, nothing from the environment."""

    def __init__(self, allow_private: bool) -> None:
        super().__init__(trust_env=False)
        # httpx has no parameter for a backend; its pool is httpcore's, which has. A test connects through it.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(allow_private),
        )


def _unreachable(problem: str) -> VaultError:
    return VaultError(Reason.VAULT_UNREACHABLE, f"the vault's address {problem}")
