"""Ciphertexts outside the database: in a folder, in S3 (moto's server), on a web server, in IPFS; all of them real servers on loopback."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer
from multiformats import CID

from oracle.core.errors import ConfigurationError, SealError
from oracle.data.record import DisclosedField
from oracle.vault.blobs import Blobs, BlobUnavailableError, name_of
from oracle.vault.master_key import LocalKey
from oracle.vault.opening import open_blobs
from oracle.vault.refusals import RecordAbsentError
from oracle.vault.settings import CiphertextSettings
from oracle.vault.store import VaultStore
from oracle.vault.vault import Vault

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
MARK = "marked-value-4711"
FIELDS: dict[str, object] = {"note": MARK, "age": 51}
TOKEN = "a-bearers-token"


class Handler(BaseHTTPRequestHandler):
    """A file server that takes PUT and DELETE; an IPFS gateway; an IPFS node's RPC, which computes CIDs by itself."""

    kept: ClassVar[dict[str, bytes]] = {}
    refuses: ClassVar[set[str]] = set()
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path.startswith("/redirect/"):
            self.send_response(302)
            self.send_header("location", "/files/x")
            self.end_headers()
            return
        name = path.path.rpartition("/")[2]
        raw = path.path.startswith("/files/") or parse_qs(path.query).get("format") == ["raw"]
        self.answer(200, self.kept[name]) if raw and name in self.kept else self.answer(404)

    def do_PUT(self) -> None:
        body = self.body()
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            self.answer(401)
            return
        self.kept[self.path.rpartition("/")[2]] = body
        self.answer(201)

    def do_DELETE(self) -> None:
        found = self.kept.pop(self.path.rpartition("/")[2], None)
        self.answer(204 if found is not None else 404)

    def do_POST(self) -> None:
        body, path = self.body(), urlsplit(self.path)
        query = parse_qs(path.query)
        if path.path == "/api/v0/block/put":
            assert (query["cid-codec"], query["mhtype"], query["pin"]) == (["raw"], ["sha2-256"], ["true"])
            boundary = re.search("boundary=(.*)", self.headers["content-type"])
            assert boundary is not None
            block = body.split(b"--" + boundary[1].encode())[1].partition(b"\r\n\r\n")[2][:-2]
            self.kept[name_of(block)] = block
            self.answer(200, f'{{"Key":"{name_of(block)}","Size":{len(block)}}}'.encode())
        elif path.path == "/api/v0/block/rm":
            self.answer(200) if self.kept.pop(query["arg"][0], None) is not None else self.answer(500)
        else:
            self.answer(500)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self, status: int, content: bytes = b"") -> None:
        self.seen.append(f"{self.command} {self.path}")
        status = 503 if self.command in self.refuses else status
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.kept, Handler.refuses, Handler.seen = {}, set(), []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    made.start()
    host, port = made.get_host_and_port()
    yield f"http://{host}:{port}"
    made.stop()


@dataclass
class Place:
    """One way to keep ciphertexts, and what its server has, by name."""

    blobs: Blobs
    settings: CiphertextSettings
    content: Callable[[], dict[str, bytes]]
    replace: Callable[[str, bytes], None]


def folder_place(folder: Path) -> Place:
    folder.mkdir()
    settings = CiphertextSettings(url=folder.as_uri())

    def content() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def replace(name: str, value: bytes) -> None:
        (folder / name).write_bytes(value)

    return Place(open_blobs(settings), settings, content, replace)


def s3_place(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, value in (("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing-secret")):
        monkeypatch.setenv(name, value)
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="records")
    settings = CiphertextSettings(url="s3://records/of/ours", endpoint=endpoint)

    def content() -> dict[str, bytes]:
        keys = [each["Key"] for each in client.list_objects_v2(Bucket="records").get("Contents", [])]
        read = {key: client.get_object(Bucket="records", Key=key)["Body"].read() for key in keys}
        return {key.removeprefix("of/ours/"): value for key, value in read.items()}

    def replace(name: str, value: bytes) -> None:
        client.put_object(Bucket="records", Key=f"of/ours/{name}", Body=value)

    return Place(open_blobs(settings), settings, content, replace)


def web_place(server: str, folder: Path, kind: str) -> Place:
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o600)
    url, api = (f"{server}/files/", None) if kind == "https" else (f"ipfs+{server}", server)
    settings = CiphertextSettings(
        url=url, api=api, token_file=folder / "token", allow_private_addresses=True, timeout_s=3
    )
    return Place(open_blobs(settings), settings, lambda: dict(Handler.kept), Handler.kept.__setitem__)


@pytest.fixture(params=["file", "s3", "https", "ipfs"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    if request.param == "file":
        return folder_place(tmp_path / "ciphertexts")
    if request.param == "s3":
        return s3_place(request.getfixturevalue("moto"), monkeypatch)
    return web_place(request.getfixturevalue("server"), tmp_path, request.param)


@pytest.fixture
def vault(place: Place, tmp_path: Path) -> Iterator[Vault]:
    made = Vault(VaultStore(f"sqlite:///{tmp_path}/vault.sqlite"), LocalKey(bytes(range(32))), place.blobs)
    yield made
    made.close()


def values(fields: list[DisclosedField]) -> list[object]:
    return [field.value for field in fields]


def test_record__when_added__then_the_keeper_has_ciphertext_alone_and_the_database_the_key(
    place: Place, vault: Vault, tmp_path: Path
) -> None:
    record = vault.add(FIELDS, ADDRESS, ADDRESS)
    assert values(vault.disclose(record.id, ["age", "note"])) == [51, MARK]
    ((name, content),) = place.content().items()
    assert name == name_of(content)
    assert str(CID.decode(name).set(base="base32")) == name
    stored = vault._store.get(record.id)
    assert stored is not None
    assert (stored.blob, stored.ciphertext) == (name, b"")
    database = b"".join(path.read_bytes() for path in tmp_path.glob("vault.sqlite*"))
    assert content not in database
    assert MARK.encode() not in content
    assert stored.key.content not in content


def test_record__when_altered_where_it_is_kept__then_doesnt_open_and_nothing_is_shown(
    place: Place, vault: Vault
) -> None:
    record, other = vault.add(FIELDS, ADDRESS, ADDRESS), vault.add({"age": 12}, ADDRESS, ADDRESS)
    stored, others = vault._store.get(record.id), vault._store.get(other.id)
    assert stored is not None
    assert others is not None
    assert stored.blob is not None
    for content in (b"", b"x" * 100, place.content()[others.blob or ""]):
        place.replace(stored.blob, content)
        with pytest.raises(SealError, match=r"was altered where it is kept; restore it"):
            vault.disclose(record.id, ["age"])


def test_record__when_forgotten__then_gone_there_too(place: Place, vault: Vault) -> None:
    record, other = vault.add(FIELDS, ADDRESS, ADDRESS), vault.add({"age": 12}, ADDRESS, ADDRESS)
    assert vault.forget(record.id) is None
    assert len(place.content()) == 1
    assert values(vault.disclose(other.id, ["age"])) == [12]


def test_record__when_its_ciphertext_is_gone__then_unavailable_and_forgetting_works(place: Place, vault: Vault) -> None:
    record = vault.add(FIELDS, ADDRESS, ADDRESS)
    (name,) = place.content()
    place.blobs.delete(name)
    with pytest.raises(BlobUnavailableError):
        vault.disclose(record.id, ["age"])
    vault.forget(record.id)
    assert vault.records() == []


def test_record__when_the_settings_no_longer_say_where__then_refused_with_a_remedy(
    place: Place, vault: Vault, tmp_path: Path
) -> None:
    record = vault.add(FIELDS, ADDRESS, ADDRESS)
    inside = Vault(VaultStore(f"sqlite:///{tmp_path}/vault.sqlite"), LocalKey(bytes(range(32))))
    with pytest.raises(ConfigurationError, match="name where it is"):
        inside.disclose(record.id, ["age"])
    here = inside.add({"age": 33}, ADDRESS, ADDRESS)  # and what is in the database stays readable when it is elsewhere
    inside.close()
    assert values(vault.disclose(here.id, ["age"])) == [33]


def test_forget__when_the_server_refuses_to_delete__then_the_key_is_gone_and_the_name_is_told(
    server: str, tmp_path: Path
) -> None:
    place = web_place(server, tmp_path, "https")
    vault = Vault(VaultStore(f"sqlite:///{tmp_path}/vault.sqlite"), LocalKey(bytes(range(32))), place.blobs)
    record = vault.add(FIELDS, ADDRESS, ADDRESS)
    stored = vault._store.get(record.id)
    assert stored is not None
    Handler.refuses = {"DELETE"}
    assert vault.forget(record.id) == stored.blob
    with pytest.raises(RecordAbsentError):
        vault.disclose(record.id, ["age"])
    files = b"".join(path.read_bytes() for path in tmp_path.glob("vault.sqlite*"))
    assert stored.key.content not in files
    vault.close()


def test_add__when_the_server_refuses__then_nothing_is_in_the_vault(server: str, tmp_path: Path) -> None:
    place = web_place(server, tmp_path, "https")
    vault = Vault(VaultStore(f"sqlite:///{tmp_path}/vault.sqlite"), LocalKey(bytes(range(32))), place.blobs)
    Handler.refuses = {"PUT"}
    with pytest.raises(BlobUnavailableError, match="status 503"):
        vault.add(FIELDS, ADDRESS, ADDRESS)
    assert vault.records() == []
    vault.close()


@pytest.mark.parametrize("prefix", ["", "ipfs+"])
def test_web__when_the_address_is_private_and_that_isnt_allowed__then_nothing_is_sent(server: str, prefix: str) -> None:
    blobs = open_blobs(CiphertextSettings(url=f"{prefix}{server}/files"))
    with pytest.raises(BlobUnavailableError, match="private, local or reserved"):
        blobs.get(name_of(b"x"))
    assert Handler.seen == []


def test_web__when_redirected__then_not_followed(server: str) -> None:
    blobs = open_blobs(CiphertextSettings(url=f"{server}/redirect", allow_private_addresses=True))
    with pytest.raises(BlobUnavailableError, match="status 302"):
        blobs.get("x")


def test_ipfs__when_no_node_is_named__then_reads_but_adds_nothing(server: str) -> None:
    Handler.kept[name_of(b"block")] = b"block"
    blobs = open_blobs(CiphertextSettings(url=f"ipfs+{server}", allow_private_addresses=True))
    assert blobs.get(name_of(b"block")) == b"block"
    with pytest.raises(ConfigurationError, match=r"ciphertexts\.api"):
        blobs.put("x", b"x")


def test_ipfs__when_a_ciphertext_is_no_block__then_refused(server: str) -> None:
    blobs = open_blobs(CiphertextSettings(url=f"ipfs+{server}", api=server, allow_private_addresses=True))
    with pytest.raises(BlobUnavailableError, match="too large"):
        blobs.put("x", bytes(1024**2 + 1))


def test_s3__when_the_bucket_or_server_is_away__then_unavailable_and_no_secret_is_told(
    moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_place(moto, monkeypatch)
    for url, endpoint in (("s3://absent", moto), ("s3://records", "http://127.0.0.1:1")):
        blobs = open_blobs(CiphertextSettings(url=url, endpoint=endpoint, timeout_s=1))
        with pytest.raises(BlobUnavailableError) as caught:
            blobs.put("x", b"x")
        assert "testing" not in str(caught.value)


def test_name__then_is_the_cid_that_ipfs_gives_a_raw_block() -> None:
    # `echo hello | ipfs add --cid-version 1 --raw-leaves` gives this one.
    assert name_of(b"hello\n") == "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"


@pytest.mark.parametrize(
    "url", ["ftp://x", "file://relative", "s3:///x", "https://user:word@host/", "https://h/?q=1", ""]
)
def test_settings__when_the_url_is_none_of_these__then_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        CiphertextSettings(url=url)


def test_open__when_the_folder_is_absent__then_said_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="make it"):
        open_blobs(CiphertextSettings(url=(tmp_path / "absent").as_uri()))
