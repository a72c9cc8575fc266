"""A vault as a process, asked over a real socket; and the guard of destinations, with real name resolution."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import tomli_w
from vault_chain import HOLDER, SUBJECT, World, world

from deploy.processes import free_port
from oracle.core.errors import VaultError
from oracle.data.ask import Ask, ask_digest
from oracle.data.destination import check_url
from oracle.data.fetch import OpeningKeys, VaultClient, fetch_fields
from oracle.data.record import verify_disclosure
from oracle.keys.devnet import DEVNET_CHAIN_ID
from oracle.keys.keystore import write_secret
from oracle.models.package import ModelPackage
from oracle.models.zoo.screening import PACKAGE
from oracle.vault.opening import open_vault
from oracle.vault.settings import load_vault_settings

MARK = "marked-value-4711"
PROGRAM = (
    "import asyncio, pathlib, sys\n"
    "from oracle.vault.serve import serve\n"
    "from oracle.vault.settings import load_vault_settings\n"
    "asyncio.run(serve(load_vault_settings(pathlib.Path(sys.argv[1]))))\n"
)


@pytest.fixture(scope="module")
def chain_world() -> Iterator[World]:
    with world() as made:
        yield made


def settings_file(folder: Path, made: World, **changes: object) -> Path:
    (folder / "password").write_text("password")
    (folder / "password").chmod(0o600)
    write_secret(folder / "master.json", bytes(range(32)), "password", light=True)
    port = free_port()
    content = {
        "rpc_url": made.url,
        "chain_id": DEVNET_CHAIN_ID,
        **made.places,
        "master_key_file": "master.json",
        "master_password_file": "password",
        "models": [str(PACKAGE)],
        "port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "freshness_s": 0.0,
        "log_level": "debug",
        **changes,
    }
    (folder / "vault.toml").write_text(tomli_w.dumps(content))
    return folder / "vault.toml"


@contextmanager
def vault_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_ready(url: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(url + "/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the vault didn't become ready")


async def test_vault__when_run_as_a_process__then_releases_logs_nothing_personal_and_ends_with_0_on_sigterm(
    chain_world: World, tmp_path: Path
) -> None:
    path = settings_file(tmp_path, chain_world)
    settings = load_vault_settings(path)
    inputs = [feature.name for feature in ModelPackage.load(PACKAGE).card.inputs]
    record = open_vault(settings).add({**dict.fromkeys(inputs, 4711.25), "name": MARK}, SUBJECT, HOLDER)
    chain_world.send(chain_world.contract.commit(record.root, SUBJECT, settings.public_url), HOLDER)
    request = chain_world.ask(chain_world.agree(record))
    attester = chain_world.attesters[0]
    deadline = int(time.time()) + 60
    ask = Ask(request.id, 1, deadline, attester.sign(ask_digest(chain_world.contract.domain, request.id, 1, deadline)))
    key = chain_world.seal_keys[attester.address].private
    with vault_process(path) as process:
        wait_until_ready(settings.public_url)
        async with VaultClient(allow_private=True) as client:
            fields = await fetch_fields(client, settings.public_url, ask, attester.address, OpeningKeys([key]))
        async with VaultClient() as client:
            with pytest.raises(VaultError, match="private"):
                await fetch_fields(client, settings.public_url, ask, attester.address, OpeningKeys([key]))
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    assert set(verify_disclosure(record.root, fields)) == set(inputs)
    assert process.returncode == 0, output
    assert "4711" not in output
    assert not any(field.salt.hex() in output for field in fields)


def test_vault__when_the_chain_is_another__then_doesnt_start(chain_world: World, tmp_path: Path) -> None:
    with vault_process(settings_file(tmp_path, chain_world, chain_id=1)) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "WrongChainError" in output


def test_vault__when_another_runs_on_its_database__then_doesnt_start_and_the_first_goes_on(
    chain_world: World, tmp_path: Path
) -> None:
    first = settings_file(tmp_path, chain_world)
    url = load_vault_settings(first).public_url
    content = first.read_text().replace(f"port = {url.rpartition(':')[2]}", f"port = {free_port()}")
    (tmp_path / "second.toml").write_text(content)
    with vault_process(first):
        wait_until_ready(url)
        with vault_process(tmp_path / "second.toml") as second:
            output, _ = second.communicate(timeout=60)
        assert second.returncode != 0
        assert "another vault runs on it; stop that one first" in output
        assert httpx.get(url + "/healthz", trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "[::1]", "[::ffff:127.0.0.1]", "localhost"],
)
async def test_url__when_loopback_is_written_in_any_way__then_is_refused(host: str) -> None:
    with pytest.raises(VaultError, match=r"private|resolve"):
        await check_url(f"http://{host}:8650", allow_private=False)
