"""The outermost layer of the HTTP interface: a request's body comes whole, in time and within a size, and no exception leaves as it is."""

import asyncio
import json
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger(__name__)


class Intake:
    """ASGI middleware. ``limit_bytes`` and ``timeout_s`` are for one body, with or without a content-length."""

    def __init__(self, app: ASGIApp, limit_bytes: int, timeout_s: float) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the body in, then pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                body = await self._body(scope, receive)
        except TimeoutError:
            await _answer(send, 408, "too_slow", f"the body took more than {self._timeout_s:g} s")
            return
        if body is None:
            await _answer(send, 413, "too_large", f"a body has at most {self._limit_bytes} bytes")
            return
        await self._pass_on(scope, _replay(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or len(declared) > 12 or int(declared) > self._limit_bytes:
            return None
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message["type"] == "http.request" and message.get("more_body", False)
            if len(body) > self._limit_bytes:
                return None
        return body

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # whatever it is, its text and trace may hold what nobody may see
            _LOG.error("internal error on %s: %s", scope["path"], type(error).__name__)
            if not started:
                await _answer(
                    send, 500, "internal", "the vault failed; its holder finds the kind of failure in the log"
                )


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _answer(send: Send, status: int, code: str, message: str) -> None:
    body = json.dumps({"error": code, "message": message}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
