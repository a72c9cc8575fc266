"""Asking a vault: what the ask says, and what becomes of the answer."""

from __future__ import annotations

import json
import time

import httpx
import pytest
from services_world import DOMAIN, Peer, World, case

from oracle.core.errors import Reason, VaultError
from oracle.data.ask import Ask
from oracle.data.envelope import pack_fields, seal
from oracle.data.fetch import VaultClient, VaultRefusedError
from oracle.keys.keyring import Keyring
from oracle.keys.seal_key import HybridKey, SealKey
from oracle.services.vault_source import VaultSource


class Vault(httpx.AsyncBaseTransport):
    """Answers with what a test prepared, and keeps the asks."""

    def __init__(self) -> None:
        self.asks: list[dict[str, object]] = []
        self.status, self.body = 200, b"{}"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asks.append(json.loads(await request.aread()))
        return httpx.Response(self.status, content=self.body)


def source_of(one: Peer, vault: Vault, *seal_keys: SealKey) -> VaultSource:
    return VaultSource(DOMAIN, one.committee, VaultClient(transport=vault), Keyring([one.signer], seal_keys))


async def test_fields__when_the_vault_releases__then_opened_and_asked_by_wall_clock(operators: World) -> None:
    one, asked, vault, key = operators.peers[0], case(), Vault(), SealKey.generate()
    one.see(asked)
    sealed = seal(key.public, asked.request.id, one.signer.address, pack_fields(asked.disclosed))
    vault.body = json.dumps({"request": "0x" + asked.request.id.hex(), "sealed": "0x" + sealed.hex()}).encode()
    assert await source_of(one, vault, key).fields(one.context(asked), await one.committee.view()) == asked.disclosed
    said = vault.asks[0]
    # The believed head may be old (finalized: a quarter of an hour); the vault's clock isn't.
    assert abs(int(str(said["deadline"])) - time.time() - 60) < 5
    signature = bytes.fromhex(str(said["signature"])[2:])
    assert Ask(asked.request.id, 1, int(str(said["deadline"])), signature).attester(DOMAIN) == one.signer.address


@pytest.mark.parametrize("which", [0, 1, 2])
async def test_fields__when_there_are_several_seal_keys__then_whichever_fits_opens(
    operators: World, which: int
) -> None:
    one, asked, vault = operators.peers[0], case(), Vault()
    keys = [SealKey.generate() for _ in range(3)]
    one.see(asked)
    sealed = seal(keys[which].public, asked.request.id, one.signer.address, pack_fields(asked.disclosed))
    vault.body = json.dumps({"request": "0x" + asked.request.id.hex(), "sealed": "0x" + sealed.hex()}).encode()
    assert await source_of(one, vault, *keys).fields(one.context(asked), await one.committee.view()) == asked.disclosed


async def test_fields__when_sealed_to_another_key__then_refused(operators: World) -> None:
    one, asked, vault, key = operators.peers[0], case(), Vault(), SealKey.generate()
    one.see(asked)
    sealed = seal(SealKey.generate().public, asked.request.id, one.signer.address, pack_fields(asked.disclosed))
    vault.body = json.dumps({"request": "0x" + asked.request.id.hex(), "sealed": "0x" + sealed.hex()}).encode()
    with pytest.raises(VaultError) as caught:
        await source_of(one, vault, key).fields(one.context(asked), await one.committee.view())
    assert caught.value.reason is Reason.VAULT_REFUSED


async def test_fields__when_the_vault_says_the_epoch_is_stale__then_the_committee_is_read_anew(
    operators: World,
) -> None:
    one, asked, vault = operators.peers[0], case(), Vault()
    one.see(asked)
    vault.status, vault.body = 409, b'{"error": "epoch_stale"}'
    source = source_of(one, vault, SealKey.generate())
    await one.committee.view()
    operators.chain.epoch = 2
    for epoch in (1, 2):
        with pytest.raises(VaultRefusedError):
            await source.fields(one.context(asked), await one.committee.view())
        assert vault.asks[-1]["epoch"] == epoch


async def test_fields__when_the_node_is_no_member__then_nobody_is_asked_and_it_may_pass(operators: World) -> None:
    one, asked, vault = operators.peers[0], case(), Vault()
    one.see(asked)
    operators.chain.members.remove(one.signer.address)
    with pytest.raises(VaultError) as caught:
        await source_of(one, vault, SealKey.generate()).fields(one.context(asked), await one.committee.view())
    assert caught.value.reason is Reason.VAULT_UNREACHABLE
    assert vault.asks == []


async def test_fields__when_post_quantum__then_each_ask_is_signed_for_the_hybrid_key_and_both_open(
    operators: World,
) -> None:
    one, asked, vault, key, hybrid = operators.peers[0], case(), Vault(), SealKey.generate(), HybridKey()
    one.see(asked)
    fields = pack_fields(asked.disclosed)
    sealed = seal(key.public, asked.request.id, one.signer.address, fields, hybrid.public)
    vault.body = json.dumps({"request": "0x" + asked.request.id.hex(), "sealed": "0x" + sealed.hex()}).encode()
    client = VaultClient(transport=vault)
    source = VaultSource(DOMAIN, one.committee, client, Keyring([one.signer], [key]), hybrid)
    assert await source.fields(one.context(asked), await one.committee.view()) == asked.disclosed
    said = vault.asks[0]
    assert said["sealKey"] == "0x" + hybrid.public.hex()
    signature = bytes.fromhex(str(said["signature"])[2:])
    ask = Ask(asked.request.id, 1, int(str(said["deadline"])), signature, hybrid.public)
    assert ask.attester(DOMAIN) == one.signer.address
    vault.body = json.dumps(
        {
            "request": "0x" + asked.request.id.hex(),
            "sealed": "0x" + seal(key.public, asked.request.id, one.signer.address, fields).hex(),
        }
    ).encode()
    with pytest.raises(VaultError, match="isn't sealed to one of this node's seal keys"):
        await source.fields(one.context(asked), await one.committee.view())
