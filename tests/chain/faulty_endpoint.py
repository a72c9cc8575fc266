"""An RPC endpoint over a real one, with faults: what a provider does on a bad day."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web


@dataclass
class FaultyEndpoint:
    """Faults may be set and taken back while it runs. ``share`` of the calls, by a seed, have them; all by default."""

    upstream: str
    url: str = ""
    status: int = 200
    error: dict[str, Any] | None = None
    stall_s: float = 0.0
    chain_id: int | None = None
    lag_blocks: int = 0
    truncated_to: int | None = None
    lacks: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=lambda: {"latest", "safe", "finalized"})
    share: float = 1.0
    asked: Counter[str] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(4))

    takes_batches: bool = True
    batch_status: int = 200
    batch_error: dict[str, Any] | None = None
    batches: Counter[int] = field(default_factory=Counter)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not isinstance(body, list):
            return await self._answer_one(body)
        self.batches[len(body)] += 1
        if self.batch_status != 200:
            return web.Response(status=self.batch_status)
        if self.batch_error is not None:
            return web.json_response({"jsonrpc": "2.0", "id": None, "error": self.batch_error})
        if not self.takes_batches:
            return web.json_response({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batches"}})
        answers = await asyncio.gather(*map(self._answer_one, body))
        failed = next((each for each in answers if each.status != 200), None)
        return failed or web.json_response([json.loads(each.text or "") for each in answers])

    async def _answer_one(self, call: dict[str, Any]) -> web.Response:
        method = call["method"]
        self.asked[method] += 1
        if self.chance.random() < self.share:
            if self.stall_s:
                await asyncio.sleep(self.stall_s)
            if self.status != 200:
                return web.Response(status=self.status)
            if self.error is not None:
                return web.json_response({"jsonrpc": "2.0", "id": call["id"], "error": self.error})
        if method in self.lacks:
            missing = {"code": -32601, "message": f"the method {method} does not exist/is not available"}
            return web.json_response({"jsonrpc": "2.0", "id": call["id"], "error": missing})
        return web.json_response(await self._faithful(call))

    async def _faithful(self, call: dict[str, Any]) -> Any:
        head = int((await self._post({**call, "method": "eth_blockNumber", "params": []}))["result"], 16)
        seen = head - self.lag_blocks
        which = call["params"][0] if call["method"] == "eth_getBlockByNumber" else ""
        if which in {"safe", "finalized"} - self.tags:
            unknown = {"code": -32000, "message": f"unknown block tag {which}"}
            return {"jsonrpc": "2.0", "id": call["id"], "error": unknown}
        if which and self.lag_blocks:
            if which in ("latest", "safe", "finalized"):
                call = {**call, "params": [hex(seen), False]}
            elif int(which, 16) > seen:
                return {"jsonrpc": "2.0", "id": call["id"], "result": None}
        answer = await self._post(call)
        if call["method"] == "eth_chainId" and self.chain_id is not None:
            answer["result"] = hex(self.chain_id)
        if call["method"] == "eth_getLogs" and "result" in answer:
            shown = [entry for entry in answer["result"] if int(entry["blockNumber"], 16) <= seen]
            answer["result"] = shown if self.truncated_to is None else shown[: self.truncated_to]
        return answer

    async def _post(self, call: dict[str, Any]) -> Any:
        async with ClientSession() as session, session.post(self.upstream, json=call) as response:
            return await response.json()


@asynccontextmanager
async def faulty(upstream: str) -> AsyncIterator[FaultyEndpoint]:
    """Run one on a free loopback port, without faults at first. Its URL has what mustn't be told: a key."""
    made = FaultyEndpoint(upstream)
    app = web.Application()
    app.router.add_post("/{key}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://user:secret-word@{host}:{port}/secret-key"
    try:
        yield made
    finally:
        await runner.cleanup()
