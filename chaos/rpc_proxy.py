"""A JSON-RPC endpoint that misbehaves on purpose, in front of a real one.

    python -m chaos.rpc_proxy --port 9000 --target http://127.0.0.1:8545 --seed 1

Each client has a path of its own (``/operator0``), so that each can have faults of its own. ``PUT /control/<client>`` sets a client's
faults as JSON (see :class:`Faults`), ``GET /control`` tells how often each was injected. What is chosen at random is chosen by the seed and
the client's name, so that a run can be told again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

#: Where a method's block argument is, for those that take one.
_BLOCK_AT = {
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_getBlockByNumber": 0,
    "eth_feeHistory": 1,
}
_TAGS = ("latest", "pending", "safe", "finalized")
Message = dict[str, Any]


@dataclass
class Faults:
    """What goes wrong for one client. Rates are from 0 to 1, of calls (HTTP requests for the first four)."""

    drop: float = 0.0  # the connection ends without an answer
    too_many: float = 0.0  # status 429
    error: float = 0.0  # status 500, or an error of JSON-RPC
    stall: float = 0.0  # the answer comes ``stall_s`` later
    stall_s: float = 5.0
    broken: float = 0.0  # the answer of eth_getLogs ends in the middle
    truncate: float = 0.0  # eth_getLogs leaves out the last logs, and says nothing
    swallow: float = 0.0  # eth_sendRawTransaction answers, and forwards nothing
    lag_blocks: int = 0  # everything is as it was so many blocks ago
    chain_id: int = 0  # another chain's id, if not 0


@dataclass
class Client:
    """One client's faults, its own source of chance, and how often each fault was injected."""

    random: random.Random
    faults: Faults = field(default_factory=Faults)
    injected: Counter[str] = field(default_factory=Counter)

    def hit(self, name: str, key: str = "") -> bool:
        """Throw the dice for a fault, and count it."""
        rate: float = getattr(self.faults, name)
        struck = rate > 0 and self.random.random() < rate
        if struck:
            self.injected[key or name] += 1
        return struck


class Proxy:
    """Forwards calls, or doesn't."""

    def __init__(self, target: str, seed: int) -> None:
        self._target = target
        self._seed = seed
        self._clients: dict[str, Client] = {}
        self._session: ClientSession | None = None

    def application(self) -> web.Application:
        """Return the aiohttp application."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.cleanup_ctx.append(self._connect)
        app.router.add_get("/control", self._tell)
        app.router.add_put("/control/{client}", self._set)
        app.router.add_post("/{client}", self._serve)
        return app

    async def _connect(self, _app: web.Application) -> Any:
        async with ClientSession(timeout=ClientTimeout(total=30)) as self._session:
            yield

    def _client(self, name: str) -> Client:
        if name not in self._clients:
            self._clients[name] = Client(random.Random(f"{self._seed}/{name}"))
        return self._clients[name]

    async def _tell(self, _request: web.Request) -> web.Response:
        return web.json_response({name: client.injected for name, client in self._clients.items()})

    async def _set(self, request: web.Request) -> web.Response:
        self._client(request.match_info["client"]).faults = Faults(**await request.json())
        return web.json_response({})

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        client = self._client(request.match_info["client"])
        body = json.loads(await request.read())
        if client.hit("stall"):
            await asyncio.sleep(client.faults.stall_s)
        if client.hit("drop"):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if client.hit("too_many"):
            return web.json_response({"error": "too many requests"}, status=429, headers={"retry-after": "1"})
        if client.hit("error"):
            return web.Response(status=500, text="internal error")
        calls = body if isinstance(body, list) else [body]
        try:
            answers = [await self._answer(client, call) for call in calls]
        except (ClientError, TimeoutError, OSError):
            return web.Response(status=502, text="no upstream")
        text = json.dumps(answers if isinstance(body, list) else answers[0])
        if any(call["method"] == "eth_getLogs" for call in calls) and client.hit("broken"):
            text = text[: len(text) // 2]
        return web.Response(text=text, content_type="application/json")

    async def _answer(self, client: Client, call: Message) -> Message:
        method, faults = call["method"], client.faults
        if method == "eth_chainId" and faults.chain_id:
            client.injected["chain_id"] += 1
            return {"jsonrpc": "2.0", "id": call["id"], "result": hex(faults.chain_id)}
        if method == "eth_sendRawTransaction" and client.hit("swallow"):
            hashed = await self._upstream("web3_sha3", call["params"])
            return {"jsonrpc": "2.0", "id": call["id"], "result": hashed}
        answer = await self._lagging(client, call) if faults.lag_blocks else await self._forward(call)
        if method == "eth_getLogs" and answer.get("result") and client.hit("truncate"):
            answer["result"] = answer["result"][: -1 - len(answer["result"]) // 4]
        return answer

    async def _lagging(self, client: Client, call: Message) -> Message:
        """Answer as an endpoint does that is some blocks behind."""
        head = max(int(await self._upstream("eth_blockNumber", []), 16) - client.faults.lag_blocks, 0)
        client.injected["lag"] += 1
        method, params = call["method"], list(call.get("params") or [])
        if method == "eth_blockNumber":
            return {"jsonrpc": "2.0", "id": call["id"], "result": hex(head)}
        place = _BLOCK_AT.get(method)
        if place is not None:
            asked = params[place] if place < len(params) else "latest"
            if isinstance(asked, str) and asked not in _TAGS and asked != "earliest" and int(asked, 16) > head:
                return _unknown_block(call)
            if asked in _TAGS:
                params = [*params[:place], hex(head), *params[place + 1 :]]
        answer = await self._forward({**call, "params": params})
        return _as_of(head, answer)

    async def _upstream(self, method: str, params: list[Any]) -> Any:
        return (await self._forward({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))["result"]

    async def _forward(self, call: Message) -> Message:
        if self._session is None:
            raise RuntimeError("the proxy isn't up")
        async with self._session.post(self._target, json=call) as response:
            answer: Message = await response.json()
        return answer


def _unknown_block(call: Message) -> Message:
    if call["method"] == "eth_getBlockByNumber":
        return {"jsonrpc": "2.0", "id": call["id"], "result": None}
    return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": "header not found"}}


def _as_of(head: int, answer: Message) -> Message:
    """Take out what is in blocks after the head: logs, and a receipt."""
    result = answer.get("result")
    if isinstance(result, list):
        kept = [
            each for each in result if not isinstance(each, dict) or int(each.get("blockNumber", "0x0"), 16) <= head
        ]
        return {**answer, "result": kept}
    if isinstance(result, dict) and "transactionHash" in result and int(result["blockNumber"], 16) > head:
        return {**answer, "result": None}
    return answer


def main() -> None:
    """Entry point: serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    proxy = Proxy(arguments.target, arguments.seed)
    web.run_app(proxy.application(), host="127.0.0.1", port=arguments.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
