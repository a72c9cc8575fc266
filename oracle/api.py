"""The node's HTTP interface: health, metrics, peers' proposals, trails, and what it knows of a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

import oracle
from oracle.core.errors import ChainError, PeerError
from oracle.peers.messages import MAX_PROPOSAL_BYTES, Proposal
from oracle.services.cosigner import Cosigner
from oracle.store.node_store import NodeStore
from oracle.store.tables import Stage
from oracle.telemetry.metrics import Metrics

Readiness = Callable[[], Awaitable[list[str]]]

_BODY_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What the interface serves from. ``readiness`` returns the reasons why the node isn't ready."""

    store: NodeStore
    cosigner: Cosigner
    metrics: Metrics
    readiness: Readiness
    identity: dict[str, str | int] = field(default_factory=dict)


class BodyTooLargeError(Exception):
    """A request's body passed its limit."""


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Read a body, at most ``limit_bytes`` of it, whatever its headers say. Raises BodyTooLargeError, or TimeoutError if it trickles."""
    body = bytearray()
    async with asyncio.timeout(_BODY_TIMEOUT_S):
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit_bytes:
                raise BodyTooLargeError
    return bytes(body)


def _places(error: ValidationError) -> str:
    """Name the places that don't fit, and nothing that was sent: an unknown key is the sender's own text."""
    lines = []
    for item in error.errors(include_input=False, include_url=False)[:5]:
        place = item["loc"][:-1] if item["type"] == "extra_forbidden" else item["loc"]
        lines.append(f"{'.'.join(map(str, place)) or 'proposal'}: {item['msg']}")
    return "; ".join(lines)


def _error(status: int, error: str, message: str) -> JSONResponse:
    return JSONResponse({"error": error, "message": message}, status_code=status)


def _id_of(text: str) -> bytes | None:
    digits = text.removeprefix("0x")
    try:
        return bytes.fromhex(digits) if len(digits) == 64 else None
    except ValueError:
        return None


def create_app(parts: NodeParts) -> FastAPI:
    """Return the node's HTTP application."""
    app = FastAPI(title="Assent node", version=oracle.__version__, docs_url=None, redoc_url=None)
    _add_health(app, parts)
    _add_protocol(app, parts)
    return app


def _add_health(app: FastAPI, parts: NodeParts) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, object]:
        """Tell that the process runs, and as whom."""
        return {"status": "ok", "version": oracle.__version__, **parts.identity}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """Tell whether the node can do its work, with every reason if not."""
        reasons = await parts.readiness()
        return JSONResponse({"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)

    @app.get("/metrics")
    async def metrics() -> Response:
        """Serve the metrics in Prometheus's text format."""
        counts = parts.store.counts()
        for stage in Stage:
            parts.metrics.open_requests.labels(stage.value).set(counts.get(stage.value, 0))
        return PlainTextResponse(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _add_protocol(app: FastAPI, parts: NodeParts) -> None:
    @app.post("/v1/reports")
    async def reports(request: Request) -> Response:
        """Answer a peer's proposal with a signature, or with what is declined of it."""
        try:
            proposal = Proposal.model_validate_json(await read_body(request, MAX_PROPOSAL_BYTES))
            answer = await parts.cosigner.answer(proposal)
        except BodyTooLargeError:
            return _error(413, "too_large", f"a proposal has at most {MAX_PROPOSAL_BYTES} bytes")
        except ValidationError as error:
            return _error(422, "malformed", _places(error))
        except PeerError as error:
            return _error(403, "not_accepted", str(error))
        except ChainError:
            return _error(503, "unavailable", "this node can't read the chain now")
        except (TimeoutError, ClientDisconnect):
            return _error(408, "too_slow", f"a proposal comes whole within {_BODY_TIMEOUT_S:.0f} s")
        return Response(answer.model_dump_json(), media_type="application/json")

    @app.get("/v1/trails/{digest}")
    async def trails(digest: str) -> Response:
        """Serve a trail that this node proposed or signed, in the canonical form that its digest is over."""
        key = _id_of(digest)
        content = parts.store.trail(key) if key else None
        if content is None:
            return _error(404, "unknown", "this node has no trail of that digest")
        return Response(content, media_type="application/json")

    @app.get("/v1/requests/{request_id}")
    async def requests(request_id: str) -> Response:
        """Tell how far a request has come at this node, and the reason if it was refused."""
        key = _id_of(request_id)
        report = parts.store.report(key) if key else None
        if report is None:
            return _error(404, "unknown", "this node has seen no request of that id")
        context = parts.store.context(report.id)
        # A score that isn't on chain yet is nobody's business: least of all that of an operator that would rather copy than compute.
        evaluation = context.evaluation if context and report.stage is Stage.RECORDED else None
        score = evaluation["score"] if evaluation else None
        return JSONResponse(
            {
                "request": "0x" + report.id.hex(),
                "stage": report.stage.value,
                "block": report.block,
                "reason": report.reason,
                "message": report.message,
                "score": score,
            }
        )
