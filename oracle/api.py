"""The node's HTTP interface: health, metrics, peers' proposals, trails, proofs, and what it knows of a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

import oracle
from oracle.api_document import describe
from oracle.core.errors import ChainError, DatabaseError, PeerError, SigningKeyError
from oracle.core.trail import Trail
from oracle.peers.gate import PASS_HEADER, Gate, Lane, PeerBusyError
from oracle.peers.messages import (
    MAX_PROPOSAL_BYTES,
    Answer,
    Proposal,
    RulingProposal,
    SignedMessage,
)
from oracle.services.cosigner import Cosigner
from oracle.services.forms import Alive, Error, MemberMisses, NodeStatus, ProvenVerdict, Readiness, RequestState
from oracle.services.gauges import set_gauges
from oracle.services.outlook import Outlook
from oracle.services.proofs import proof_json
from oracle.services.ruling_answers import RulingAnswers
from oracle.store.node_store import NodeStore
from oracle.store.tables import Stage
from oracle.telemetry.metrics import Metrics

M = TypeVar("M", bound=SignedMessage)

_BODY_TIMEOUT_S = 10.0
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Error, "description": "Not known to this node"}}


@dataclass(frozen=True, slots=True)
class PeerParts:
    """Who answers peers: about reports, and rulings."""

    reports: Cosigner
    rulings: RulingAnswers


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What the interface serves from. ``identity`` is who this is: ``attester`` and ``chain_id``."""

    store: NodeStore
    peers: PeerParts
    metrics: Metrics
    outlook: Outlook
    identity: dict[str, Any]


class BodyTooLargeError(Exception):
    """A request's body passed its limit."""


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Read a body, at most ``limit_bytes`` of it, whatever its headers say. Raises BodyTooLargeError, or TimeoutError if it trickles."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit_bytes:
        raise BodyTooLargeError
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


def _error(status: int, error: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": error, "message": message}, status_code=status, headers=headers)


def _id_of(text: str) -> bytes | None:
    digits = text.removeprefix("0x")
    try:
        return bytes.fromhex(digits) if len(digits) == 64 else None
    except ValueError:
        return None


def create_app(parts: NodeParts) -> FastAPI:
    """Return the node's HTTP application."""
    app = FastAPI(title="Assent node", version=oracle.__version__, docs_url=None, redoc_url=None)
    _add_errors(app)
    _add_health(app, parts)
    _add_peers(app, parts)
    _add_lookups(app, parts)
    describe(app)
    return app


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def failed(_request: Request, error: HTTPException) -> JSONResponse:
        """Answer what is no route, or not by that method, in the form of all errors."""
        answer = _error(error.status_code, HTTPStatus(error.status_code).name.lower(), str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(DatabaseError)
    async def without_database(_request: Request, _cause: DatabaseError) -> JSONResponse:
        """Say that it may be asked again; what the database said is for the log."""
        return _error(503, "unavailable", "this node's database is unavailable now")


def _add_health(app: FastAPI, parts: NodeParts) -> None:
    @app.get("/healthz")
    async def healthz() -> Alive:
        """Tell that the process runs, and as whom."""
        return Alive(version=oracle.__version__, **parts.identity)

    @app.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready"}})
    async def readyz(response: Response) -> Readiness:
        """Tell whether the node can do its work, with every reason if not."""
        reasons = parts.outlook.reasons()
        response.status_code = 503 if reasons else 200
        return Readiness(ready=not reasons, reasons=reasons)

    @app.get("/v1/status")
    async def status() -> NodeStatus:
        """Tell of the node as a whole, as it looked at itself a moment ago."""
        return parts.outlook.status()

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Serve the metrics in Prometheus's text format."""
        set_gauges(parts.metrics, parts.outlook.survey, parts.outlook.conditions())
        return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)


class PeerDesk:
    """Takes peers' messages: every one within the gate's limits, and every way in which it fails with a status."""

    def __init__(self, metrics: Metrics) -> None:
        self._gate = Gate()
        self._metrics = metrics

    async def take(self, request: Request, kind: type[M], answer: Callable[[M], Awaitable[Answer]]) -> Response:
        """Read a peer's message and answer it."""
        address = request.client.host if request.client else ""
        lane = self._gate.lane(address, request.headers.get(PASS_HEADER))
        try:
            return await self._take(request, lane, kind, answer)
        except (ChainError, SigningKeyError):
            return _error(503, "unavailable", "this node can't read the chain, or sign, now")
        except PeerBusyError as error:
            self._metrics.peer_rejected.labels(lane.peer, error.reason).inc()
            again = {"retry-after": str(error.retry_s), "connection": "close"}
            return _error(429, "too_many", str(error), again)
        except (BodyTooLargeError, ValidationError, PeerError, TimeoutError, ClientDisconnect) as error:
            status, name, message = _failure(error)
            self._metrics.peer_rejected.labels(lane.peer, name).inc()
            self._gate.rejected(lane)
            # What is still to come of a body that wasn't read whole isn't waited for.
            return _error(status, name, message, {"connection": "close"} if status in (408, 413) else None)

    async def _take(
        self, request: Request, lane: Lane, kind: type[M], answer: Callable[[M], Awaitable[Answer]]
    ) -> Response:
        with self._gate.entered(lane):
            body = await read_body(request, MAX_PROPOSAL_BYTES)
        self._gate.read(lane, len(body))
        message = kind.model_validate_json(body)
        repeated = self._gate.known(message.signature, body)
        if repeated is not None:
            return Response(repeated, media_type="application/json")
        self._gate.must_have_room(message.proposer)
        given = await answer(message)
        text = given.model_dump_json()
        signed = text if given.signature is not None else None
        shown = self._gate.accepted(lane, message.proposer, message.signature, body, signed)
        headers = {PASS_HEADER: shown} if shown else None
        return Response(text, media_type="application/json", headers=headers)


def _failure(error: Exception) -> tuple[int, str, str]:
    """Return status, name and text of a message that wasn't accepted."""
    if isinstance(error, BodyTooLargeError):
        return 413, "too_large", f"a proposal has at most {MAX_PROPOSAL_BYTES} bytes"
    if isinstance(error, ValidationError):
        return 422, "malformed", _places(error)
    if isinstance(error, PeerError):
        return 403, "not_accepted", str(error)
    return 408, "too_slow", f"a proposal comes whole within {_BODY_TIMEOUT_S:.0f} s"


def _add_peers(app: FastAPI, parts: NodeParts) -> None:
    desk = PeerDesk(parts.metrics)

    @app.post("/v1/reports")
    async def reports(request: Request) -> Response:
        """Answer a peer's proposal with a signature, or with what is declined of it."""
        return await desk.take(request, Proposal, parts.peers.reports.answer)

    @app.post("/v1/rulings")
    async def rulings(request: Request) -> Response:
        """Sign a judge's ruling about a challenged verdict, or decline."""
        return await desk.take(request, RulingProposal, parts.peers.rulings.answer)

    @app.get("/v1/misses")
    async def misses() -> list[MemberMisses]:
        """Tell how well the other members answer this node's proposals."""
        return [MemberMisses(**asdict(each)) for each in parts.store.misses()]


def _add_lookups(app: FastAPI, parts: NodeParts) -> None:
    @app.get("/v1/trails/{digest}", responses={200: {"model": Trail}, **_UNKNOWN})
    async def trails(digest: str) -> Response:
        """Serve a trail that this node proposed or signed, in the canonical form that its digest is over."""
        key = _id_of(digest)
        content = parts.store.trail(key) if key else None
        if content is None:
            return _error(404, "unknown", "this node has no trail of that digest")
        return Response(content, media_type="application/json")

    @app.get("/v1/proofs/{request_id}", response_model=ProvenVerdict, responses=_UNKNOWN)
    async def proofs(request_id: str) -> Response:
        """Serve the verdict of an anchored request, with the proof that it is under a root on chain: what `claim` takes."""
        key = _id_of(request_id)
        context = parts.store.context(key) if key else None
        found = parts.store.proven(context.id, context.request.deadline) if context else None
        if context is None or found is None:
            return _error(404, "unknown", "this node has no anchored verdict of that request")
        return JSONResponse(proof_json(context, found))

    @app.get("/v1/requests/{request_id}", response_model=RequestState, responses=_UNKNOWN)
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
