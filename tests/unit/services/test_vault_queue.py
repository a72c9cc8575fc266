"""A crowd of asks at one vault: a few at a time, and none in vain."""

from __future__ import annotations

import asyncio
import json

import httpx
from services_world import DOMAIN, World, case

from oracle.core.errors import Reason, VaultError
from oracle.data.fetch import VaultClient
from oracle.services.vault_source import VaultSource


class CountingVault(httpx.AsyncBaseTransport):
    """Answers nothing of use; counts how many ask at once, and hangs if told to. One that is ``old`` takes no asks together."""

    def __init__(self, hangs: bool = False, old: bool = False) -> None:
        self.asked, self.posts, self.now, self.most = 0, 0, 0, 0
        self.hangs, self.old = hangs, old

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        together = request.url.path.endswith("/batch")
        if together and self.old:
            return httpx.Response(404, json={"error": "not_found"})
        asks = json.loads(await request.aread())["asks"] if together else [None]
        self.asked += len(asks)
        self.posts += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(60 if self.hangs else 0.1)
        finally:
            self.now -= 1
        refusal = {"error": "consent_missing", "message": ""}
        if together:
            return httpx.Response(200, json={"answers": [{**refusal, "status": 403} for _ in asks]})
        return httpx.Response(403, json=refusal)


async def ask_all(operators: World, vault: CountingVault, count: int) -> list[VaultError]:
    one = operators.peers[0]
    asked = [case() for _ in range(count)]
    one.see(*asked)
    client = VaultClient(allow_private=True, timeout_s=0.3 if vault.hangs else 60, transport=vault)
    source = VaultSource(DOMAIN, one.committee, client, one.seat.keys)
    view = await one.committee.view()
    found = await asyncio.gather(*(source.fields(one.context(each), view) for each in asked), return_exceptions=True)
    assert all(isinstance(each, VaultError) for each in found)
    return [each for each in found if isinstance(each, VaultError)]


async def test_fields__when_many_ask_at_once__then_asked_together_and_all_are_answered(operators: World) -> None:
    vault = CountingVault()
    failures = await ask_all(operators, vault, 60)
    assert (vault.asked, vault.most) == (60, 4)
    assert vault.posts <= 15
    assert {each.reason for each in failures} == {Reason.VAULT_REFUSED}


async def test_fields__when_the_vault_takes_no_asks_together__then_each_is_asked_alone(operators: World) -> None:
    vault = CountingVault(old=True)
    failures = await ask_all(operators, vault, 20)
    assert (vault.asked, vault.posts) == (20, 20)
    assert {each.reason for each in failures} == {Reason.VAULT_REFUSED}


async def test_fields__when_the_vault_hangs__then_those_who_waited_do_not_hang_one_after_the_other(
    operators: World,
) -> None:
    vault = CountingVault(hangs=True)
    async with asyncio.timeout(10):
        failures = await ask_all(operators, vault, 60)
    assert vault.posts == 4
    assert {each.reason for each in failures} == {Reason.VAULT_UNREACHABLE}
