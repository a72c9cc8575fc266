"""A remote signer in its own process: what it signs is used only if it is right, and nothing that it does stops or fools the node."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from eth_account import Account
from signer_process import signer_process

from oracle.core import digests
from oracle.core.digests import Digest, Domain, report_digest
from oracle.core.errors import SignerUnavailableError, SigningKeyError
from oracle.keys.devnet import devnet_key
from oracle.keys.keystore import write_secret
from oracle.keys.opening import open_keys
from oracle.keys.signer import LocalSigner
from oracle.keys.web3signer import RemoteSigner, Web3Signer
from oracle.settings import KeySettings, RemoteSignerSettings
from oracle.telemetry.metrics import Metrics

ATTESTER, SENDER = bytes(range(1, 33)), bytes(range(2, 34))
ADDRESS = LocalSigner(ATTESTER).address
DOMAIN = Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3")
DIGEST = report_digest(DOMAIN, 3, 1, b"\x33" * 32)
SECRET = "marked-secret-77"
TRANSACTION = {
    "type": 2,
    "chainId": 31337,
    "nonce": 7,
    "to": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    "value": 0,
    "data": "0x" + "5a" * 900,
    "gas": 90_000,
    "maxFeePerGas": 3 * 10**9,
    "maxPriorityFeePerGas": 10**9,
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with signer_process(tmp_path_factory.mktemp("signer"), [ATTESTER, SENDER]) as listening:
        yield listening


def settings(port: int, path: str = "", **changes: object) -> RemoteSignerSettings:
    url = f"http://user:{SECRET}@127.0.0.1:{port}{path}"
    return RemoteSignerSettings.model_validate({"url": url, "attester": ADDRESS, "timeout_s": 5, **changes})


class Scene:
    """One signer's client, with its metrics."""

    def __init__(self, told: RemoteSignerSettings, address: str = ADDRESS) -> None:
        self.metrics = Metrics()
        self.server = Web3Signer(told, self.metrics)
        self.signer = RemoteSigner(address, self.server)

    def errors(self, reason: str) -> float:
        return self.metrics.registry.get_sample_value("assent_remote_signer_errors_total", {"reason": reason}) or 0

    async def failure(self, digest: Digest = DIGEST) -> SigningKeyError:
        with pytest.raises(SigningKeyError) as caught:
            await self.signer.asign(digest)
        await self.server.aclose()
        assert SECRET not in str(caught.value)
        return caught.value


async def test_signature__when_typed_data__then_is_the_local_one(port: int) -> None:
    scene = Scene(settings(port))
    assert await scene.signer.asign(DIGEST) == LocalSigner(ATTESTER).sign(DIGEST)
    await scene.server.aclose()


async def test_transaction__when_signed_remotely__then_is_the_local_one(port: int) -> None:
    scene = Scene(settings(port, attester=[], sender=LocalSigner(SENDER).address), LocalSigner(SENDER).address)
    raw = await scene.signer.asign_transaction(TRANSACTION)
    assert raw == bytes(Account.sign_transaction(TRANSACTION, SENDER).raw_transaction)
    await scene.server.aclose()


async def test_signatures__when_many_at_once__then_the_loop_goes_on_and_all_are_right(port: int) -> None:
    scene, local = Scene(settings(port, timeout_s=30)), LocalSigner(ATTESTER)
    wanted = [report_digest(DOMAIN, 3, 1, bytes([each]) * 32) for each in range(40)]
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    found = await asyncio.gather(*map(scene.signer.asign, wanted))
    beating.cancel()
    await scene.server.aclose()
    assert found == [local.sign(each) for each in wanted]
    assert beats > len(wanted)


@pytest.mark.parametrize(
    ("fault", "reason", "says"),
    [
        ("prefix", "wrong", "prefix"),
        ("hashed-twice", "wrong", "hashes twice"),
        ("other-key", "wrong", "isn't"),
        ("other-data", "wrong", "isn't"),
        ("high-s", "wrong", "high s"),
        ("wrong-v", "wrong", "isn't"),
        ("odd-v", "malformed", "65 bytes"),
        ("truncated", "malformed", "65 bytes"),
        ("zeros", "wrong", "isn't"),
        ("no-hex", "malformed", "65 bytes"),
        ("empty", "malformed", "65 bytes"),
        ("huge", "malformed", "more than 4096 bytes"),
        ("status-403", "refused", "403"),
        ("status-400", "refused", "400"),
        ("status-302", "refused", "302"),
        ("gone", "unknown_key", "reload"),
        ("list-empty", "unknown_key", ADDRESS),
        ("list-html", "malformed", "public keys"),
        ("list-object", "malformed", "public keys"),
        ("list-huge", "malformed", "more than 1048576 bytes"),
    ],
)
async def test_signature__when_the_signer_is_faulty__then_is_refused_named_and_counted(
    port: int, fault: str, reason: str, says: str
) -> None:
    scene = Scene(settings(port, f"/faulty/{fault}"))
    error = await scene.failure()
    assert says in str(error)
    assert f"127.0.0.1:{port}" in str(error)
    assert not isinstance(error, SignerUnavailableError)
    assert scene.errors(reason) == 1


@pytest.mark.parametrize("fault", ["prefix", "other-key", "high-s", "wrong-v", "zeros"])
async def test_transaction__when_the_signer_is_faulty__then_is_refused(port: int, fault: str) -> None:
    scene = Scene(settings(port, f"/faulty/{fault}"))
    with pytest.raises(SigningKeyError):
        await scene.signer.asign_transaction(TRANSACTION)
    await scene.server.aclose()


@pytest.mark.parametrize("fault", ["slow", "drip"])
async def test_signature__when_the_answer_is_slow__then_given_up_in_time(port: int, fault: str) -> None:
    scene = Scene(settings(port, f"/faulty/{fault}", timeout_s=1))
    error = await scene.failure()
    assert isinstance(error, SignerUnavailableError)
    assert "timeout_s" in str(error)
    assert scene.errors("slow") == 1


@pytest.mark.parametrize("fault", ["status-500", "status-503"])
async def test_signature__when_the_signer_fails__then_is_asked_again_and_then_unavailable(
    port: int, fault: str
) -> None:
    scene = Scene(settings(port, f"/faulty/{fault}"))
    assert isinstance(await scene.failure(), SignerUnavailableError)
    assert scene.errors("unreachable") == 3


@pytest.mark.parametrize("fault", ["flaky", "list-odd", "list-compressed"])
async def test_signature__when_the_signer_is_merely_odd__then_is_the_local_one(port: int, fault: str) -> None:
    scene = Scene(settings(port, f"/faulty/{fault}"))
    if fault == "list-compressed":  # this signer doesn't take what it lists, but its list is understood
        assert "reload" in str(await scene.failure())
        return
    assert await scene.signer.asign(DIGEST) == LocalSigner(ATTESTER).sign(DIGEST)
    await scene.server.aclose()


async def test_check__when_up_and_the_key_is_there__then_passes_and_else_says_which(port: int) -> None:
    scene = Scene(settings(port))
    await scene.signer.check()
    other = RemoteSigner(LocalSigner(b"\x09" * 32).address, scene.server)
    with pytest.raises(SigningKeyError, match=other.address) as caught:
        await other.check()
    assert not isinstance(caught.value, SignerUnavailableError)
    await scene.server.aclose()


async def test_signer__when_it_goes_down_and_comes_back__then_fails_typed_and_signs_again(tmp_path: Path) -> None:
    with signer_process(tmp_path, [ATTESTER]) as listening:
        scene = Scene(settings(listening))
        await scene.signer.check()
    with pytest.raises(SignerUnavailableError, match="start it") as caught:
        await scene.signer.asign(DIGEST)
    assert SECRET not in str(caught.value)
    with pytest.raises(SignerUnavailableError):
        await scene.signer.check()
    with signer_process(tmp_path, port=listening):
        assert await scene.signer.asign(DIGEST) == LocalSigner(ATTESTER).sign(DIGEST)
    await scene.server.aclose()


# What the settings name


def key_settings(folder: Path, port: int, **remote: object) -> KeySettings:
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text("here")
    for name in ("sender", "seal"):
        write_secret(folder / f"{name}.json", SENDER, "here", light=True)
    content = {
        "seal": folder / "seal.json",
        "password_file": password,
        "remote": {**settings(port).model_dump(), **remote},
    }
    return KeySettings.model_validate(
        content if remote.get("sender") else {**content, "sender": folder / "sender.json"}
    )


async def test_open_keys__when_some_are_remote_and_some_here__then_each_signs_for_itself(
    port: int, tmp_path: Path
) -> None:
    opened = open_keys(key_settings(tmp_path, port), 1, Metrics())
    assert opened.keyring.addresses == (ADDRESS,)
    assert isinstance(opened.sender, LocalSigner)
    assert await opened.problems() == []
    signature = await opened.keyring.signer(ADDRESS).asign(DIGEST)
    assert digests.recover(DIGEST, signature) == ADDRESS
    await opened.aclose()


async def test_open_keys__when_the_remote_signer_lacks_a_key__then_check_raises_and_problems_tells(
    port: int, tmp_path: Path
) -> None:
    opened = open_keys(key_settings(tmp_path, port, sender="0x" + "12" * 20), 1, Metrics())
    with pytest.raises(SigningKeyError, match="reload"):
        await opened.check()
    assert ["0x1212" in each for each in await opened.problems()] == [True]
    await opened.aclose()


async def test_open_keys__when_the_remote_signer_is_down__then_told_once_and_nothing_raised(tmp_path: Path) -> None:
    opened = open_keys(key_settings(tmp_path, 9, sender="0x" + "12" * 20), 1, Metrics())
    reasons = await opened.check()
    assert len(reasons) == 1
    assert "the remote signer" in reasons[0]
    await opened.aclose()


@pytest.mark.parametrize("which", ["attester", "sender"])
def test_open_keys__when_a_remote_address_is_a_devnets__then_is_refused_elsewhere(tmp_path: Path, which: str) -> None:
    devnets = LocalSigner(devnet_key(3)).address.lower()
    told = key_settings(tmp_path, 9, **{which: devnets if which == "sender" else [devnets]})
    with pytest.raises(SigningKeyError, match="devnet"):
        open_keys(told, 1, Metrics())
    open_keys(told, 31337, Metrics())


# TLS


class Certificates:
    """An authority, and certificates that it signed, as PEM files."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} authority")])
        certificate = self._certificate(self.subject, self.key, True)
        self.authority = self._write(f"{name}-ca.pem", certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, who: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)]), key, False)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = self._write(f"{self.name}-{who}.pem", certificate.public_bytes(serialization.Encoding.PEM))
        return public, self._write(f"{self.name}-{who}.key", secret)

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, authority: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(
                x509.KeyUsage(True, False, False, False, False, authority, authority, False, False), critical=True
            )
        )
        return built.sign(self.key, hashes.SHA256())

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        return path


async def test_tls__when_both_sides_show_their_certificates__then_signs_and_else_is_refused(tmp_path: Path) -> None:
    own, strangers = Certificates(tmp_path, "own"), Certificates(tmp_path, "strange")
    (cert, key), (client_cert, client_key) = own.issue("signer"), own.issue("node")
    tls = ("--cert", str(cert), "--key", str(key), "--client-ca", str(own.authority))
    with signer_process(tmp_path, [ATTESTER], 0, *tls) as listening:
        right = {
            "url": f"https://127.0.0.1:{listening}",
            "ca_file": own.authority,
            "client_cert_file": client_cert,
            "client_key_file": client_key,
        }
        scene = Scene(settings(listening, **right))
        assert digests.recover(DIGEST, await scene.signer.asign(DIGEST)) == ADDRESS
        await scene.server.aclose()
        for wrong in ({"ca_file": strangers.authority}, {"ca_file": None}):
            assert isinstance(await Scene(settings(listening, **{**right, **wrong})).failure(), SignerUnavailableError)
        unknown = settings(listening, url=right["url"], ca_file=own.authority)
        assert isinstance(await Scene(unknown).failure(), SignerUnavailableError)


@pytest.mark.parametrize("url", ["http://", "http://[::", "http://host:port"])
def test_url__when_it_is_none__then_is_refused(url: str) -> None:
    with pytest.raises(SigningKeyError, match=r"keys\.remote\.url"):
        Web3Signer(settings(9, url=url), Metrics())


def test_tls__when_certificate_files_are_unusable__then_each_is_named(tmp_path: Path) -> None:
    own, strangers = Certificates(tmp_path, "own"), Certificates(tmp_path, "strange")
    (cert, key), (_, other_key) = own.issue("node"), strangers.issue("node")
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    base = {"url": "https://127.0.0.1:9", "ca_file": own.authority}

    def refused(**files: Path) -> str:
        with pytest.raises(SigningKeyError) as caught:
            Web3Signer(settings(9, **{**base, **files}), Metrics())
        return str(caught.value)

    assert "junk.pem" in refused(ca_file=junk)
    assert "fits" in refused(client_cert_file=cert, client_key_file=other_key)
    key.chmod(0o644)
    assert f"chmod 600 {key}" in refused(client_cert_file=cert, client_key_file=key)


async def test_signature__when_the_time_is_set__then_all_that_is_tried_again_is_within_it() -> None:
    scene = Scene(settings(9, timeout_s=0.1))
    began = time.monotonic()
    assert isinstance(await scene.failure(), SignerUnavailableError)
    assert time.monotonic() - began < 30
