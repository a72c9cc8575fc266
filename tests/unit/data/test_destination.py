"""Where a fetch may go."""

import asyncio
import ipaddress
from collections.abc import Callable

import httpcore
import httpx
import pytest

from oracle.core.errors import Reason, VaultError
from oracle.data.destination import GuardedBackend, check_form, check_url, permitted
from oracle.data.fetch import VaultClient

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "fec0::1",
]
PRIVATE += [
    "192.0.2.1",
    "198.18.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::10.0.0.1",
]
PRIVATE += ["2002:7f00:1::1", "2002:a00:1::"]
NEVER = [
    "0.0.0.0",  # noqa: S104
    "::",
    "169.254.169.254",
    "fe80::1",
    "224.0.0.1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "::ffff:0.0.0.0",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE + NEVER)
def test_address__when_private__then_is_refused(address: str) -> None:
    assert not permitted(ipaddress.ip_address(address), allow_private=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd00::1", *PUBLIC])
def test_address__when_private_is_allowed__then_passes(address: str) -> None:
    assert permitted(ipaddress.ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_address__when_link_local_multicast_or_none__then_is_refused_even_if_private_is_allowed(address: str) -> None:
    assert not permitted(ipaddress.ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_address__when_public__then_passes(address: str) -> None:
    assert permitted(ipaddress.ip_address(address), allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "vault.test",
        "ftp://vault.test",
        "file:///etc/passwd",
        "gopher://vault.test",
        "http://",
        "http:///path",
        "http://user@vault.test",
        "http://user:pass@vault.test",
        "http://vault.test?x=1",
        "http://vault.test/#x",
        "http://vault.test:99999999",
        "http://[::1",
        "http://a\nb",
    ],
)
async def test_url__when_not_a_plain_base_url__then_is_refused(url: str) -> None:
    with pytest.raises(VaultError) as caught:
        await check_url(url, allow_private=True)
    assert caught.value.reason is Reason.VAULT_UNREACHABLE


Answers = Callable[..., None]


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Return a function that makes names resolve to these addresses, one list a question."""

    def answer(*turns: list[str]) -> None:
        left = iter(turns)

        async def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            return [(0, 0, 0, "", (address, port)) for address in next(left)]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)

    return answer


async def test_url__when_its_name_is_public__then_gives_its_addresses(names: Answers) -> None:
    names(["1.1.1.1", "2606:4700:4700::1111", "1.1.1.1"])
    assert await check_url("https://vault.test/base", allow_private=False) == ["1.1.1.1", "2606:4700:4700::1111"]


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["fe80::1%eth0"], []])
async def test_url__when_one_of_its_addresses_is_private__then_is_refused(addresses: list[str], names: Answers) -> None:
    names(addresses)
    with pytest.raises(VaultError, match="private"):
        await check_url("https://vault.test", allow_private=False)


async def test_url__when_its_name_doesnt_resolve__then_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> None:
        raise OSError("no such name")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(VaultError, match="resolve"):
        await check_url("https://vault.test", allow_private=False)


def test_form__when_plain__then_passes() -> None:
    assert str(check_form("https://vault.test:8443/base")) == "https://vault.test:8443/base"


class Sockets:
    """Stands in for httpcore's sockets: writes down where it is sent, and connects nowhere."""

    def __init__(self) -> None:
        self.sent_to: list[str] = []

    async def connect_tcp(self, host: str, *_: object) -> httpcore.AsyncNetworkStream:
        self.sent_to.append(host)
        raise httpcore.ConnectError("nobody there")


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Sockets:
    stand_in = Sockets()
    monkeypatch.setattr(httpcore, "AnyIOBackend", lambda: stand_in)
    return stand_in


async def test_connection__when_made__then_goes_to_the_checked_addresses_in_turn(
    names: Answers, sockets: Sockets
) -> None:
    names(["1.1.1.1", "8.8.8.8"])
    with pytest.raises(httpcore.ConnectError):
        await GuardedBackend(allow_private=False).connect_tcp("vault.test", 443)
    assert sockets.sent_to == ["1.1.1.1", "8.8.8.8"]


async def test_connection__when_the_name_turns_private_after_a_check__then_is_not_made(
    names: Answers, sockets: Sockets
) -> None:
    names(["1.1.1.1"], ["127.0.0.1"])
    await check_url("http://vault.test", allow_private=False)
    async with VaultClient() as client:
        with pytest.raises(VaultError, match="private"):
            await client.get("http://vault.test/")
    assert sockets.sent_to == []


async def test_client__when_the_environment_names_a_proxy__then_goes_without(
    monkeypatch: pytest.MonkeyPatch, names: Answers, sockets: Sockets
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://10.9.9.9:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://10.9.9.9:3128")
    names(["1.1.1.1"])
    async with VaultClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://vault.test/")
    assert sockets.sent_to == ["1.1.1.1"]
