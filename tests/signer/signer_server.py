"""A remote signer in a process of its own: Web3Signer's HTTP API for secp256k1 keys as its documentation says, and nothing of Assent.

``python signer_server.py --keys FOLDER --password-file FILE [--port N] [--cert F --key F [--client-ca F]]`` serves every key file of the
folder, and prints ``listening on PORT`` when it does. Below ``/faulty/NAME`` it serves the same, spoilt in one way.
"""

from __future__ import annotations

import argparse
import json
import re
import ssl
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import eth_keyfile
from eth_keys import keys
from eth_utils import keccak

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SLOW_S = 20.0
OTHER = keys.PrivateKey(b"\x07" * 32)

Answer = tuple[int, str, bytes]


def text(content: str, status: int = 200) -> Answer:
    return status, "text/plain; charset=utf-8", content.encode()


def signature_of(key: keys.PrivateKey, digest: bytes) -> bytes:
    made = key.sign_msg_hash(digest)
    return made.r.to_bytes(32, "big") + made.s.to_bytes(32, "big") + bytes([made.v + 27])


def with_high_s(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


#: What a faulty signer gives for a key and the data it was sent.
SPOILT: dict[str, Callable[[keys.PrivateKey, bytes], str]] = {
    "prefix": lambda key, data: hexed(key, keccak(b"\x19Ethereum Signed Message:\n%d" % len(data) + data)),
    "hashed-twice": lambda key, data: hexed(key, keccak(keccak(data))),
    "other-key": lambda key, data: hexed(OTHER, keccak(data)),
    "other-data": lambda key, data: hexed(key, keccak(data + b"\0")),
    "high-s": lambda key, data: "0x" + with_high_s(signature_of(key, keccak(data))).hex(),
    "wrong-v": lambda key, data: hexed(key, keccak(data))[:-2] + f"{55 - signature_of(key, keccak(data))[64]:02x}",
    "odd-v": lambda key, data: hexed(key, keccak(data))[:-2] + "25",
    "truncated": lambda key, data: hexed(key, keccak(data))[:-2],
    "zeros": lambda key, data: "0x" + "00" * 65,
    "no-hex": lambda key, data: "the signature",
    "empty": lambda key, data: "",
    "huge": lambda key, data: "0x" + "ab" * 5_000_000,
}
#: What it answers whatever it is sent.
REFUSING = {"status-500": 500, "status-503": 503, "status-403": 403, "status-400": 400, "status-302": 302, "gone": 404}


def hexed(key: keys.PrivateKey, digest: bytes) -> str:
    return "0x" + signature_of(key, digest).hex()


class Keys:
    """The keys of a folder, by their public keys as the API names them."""

    def __init__(self, folder: Path, password: bytes) -> None:
        private = [
            keys.PrivateKey(eth_keyfile.extract_key_from_keyfile(str(path), password))
            for path in sorted(folder.glob("*.json"))
        ]
        self.by_public = {key.public_key.to_hex(): key for key in private}
        self.asked = 0

    def find(self, identifier: str) -> keys.PrivateKey | None:
        return self.by_public.get("0x" + identifier.lower().removeprefix("0x"))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    known: Keys

    def do_GET(self) -> None:
        fault, path = self.route()
        if path == "/upcheck":
            self.give(text("OK"))
        elif path == "/api/v1/eth1/publicKeys":
            self.give(self.listed(fault))
        else:
            self.give(text("", 404))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        fault, path = self.route()
        identifier = re.fullmatch(r"/api/v1/eth1/sign/([0-9a-zA-Z]+)", path)
        if identifier is None:
            self.give(text("", 404))
            return
        self.known.asked += 1
        self.give(self.signed(fault, identifier[1], body))

    def route(self) -> tuple[str, str]:
        found = re.fullmatch(r"/faulty/([a-z0-9-]+)(/.*)", self.path)
        return (found[1], found[2]) if found else ("", self.path)

    def listed(self, fault: str) -> Answer:
        public: Any = list(self.known.by_public)
        if fault == "list-odd":
            public = ["0x12", "0x" + "ff" * 64, *public]
        if fault == "list-empty":
            public = []
        if fault == "list-object":
            public = {"keys": 7}
        if fault == "list-huge":
            public = ["0x" + "ab" * 64] * 20_000
        if fault == "list-compressed":
            public = ["0x" + each.public_key.to_compressed_bytes().hex() for each in self.known.by_public.values()]
        content = "<html>" if fault == "list-html" else json.dumps(public)
        return 200, "application/json", content.encode()

    def signed(self, fault: str, identifier: str, body: bytes) -> Answer:
        if fault == "flaky" and self.known.asked % 2:
            return text("", 503)
        if fault in REFUSING:
            return text("", REFUSING[fault])
        if fault == "slow":
            time.sleep(SLOW_S)
        try:
            data = bytes.fromhex(json.loads(body)["data"].removeprefix("0x"))
        except (ValueError, KeyError, AttributeError, TypeError):
            return text("", 400)
        key = self.known.find(identifier)
        if key is None:
            return text("", 404)
        return text(SPOILT.get(fault, lambda key, data: hexed(key, keccak(data)))(key, data))

    def give(self, answer: Answer) -> None:
        status, kind, content = answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 302:
            self.send_header("Location", self.path.replace("/faulty/status-302", ""))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            if "/faulty/drip/api/v1/eth1/sign" in self.path:
                for index in range(len(content)):
                    self.wfile.write(content[index : index + 1])
                    time.sleep(0.2)
            else:
                self.wfile.write(content)
        except OSError:  # who asked has gone: that is what a fault is for
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--keys", "--password-file"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    for name in ("--cert", "--key", "--client-ca"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    Handler.known = Keys(given.keys, given.password_file.read_text().strip().encode())
    server = ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    server.daemon_threads = True
    if given.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.cert, given.key)
        if given.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(given.client_ca)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
