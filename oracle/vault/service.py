"""The vault over HTTP: ``POST /v1/releases``, alone or many at once under ``/batch``, ``GET /healthz``, ``GET /readyz``,
``GET /metrics``.

Every failure is ``{"error": code, "message": text}``.
"""

import asyncio
import logging
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from oracle.core.errors import AssentError, ChainError, DatabaseError, RefusalError
from oracle.data.ask import MAX_ASKS, Ask
from oracle.data.envelope import HYBRID_KEY_BYTES
from oracle.vault.blobs import BlobUnavailableError
from oracle.vault.chain_view import ChainView
from oracle.vault.gatekeeper import Gatekeeper, SealedRelease
from oracle.vault.gauges import VaultMetrics
from oracle.vault.intake import Intake
from oracle.vault.master_key import MasterKeyUnavailableError
from oracle.vault.refusals import BudgetSpentError, ReleaseRefusedError

MAX_BODY_BYTES = 16_384
BODY_TIMEOUT_S = 10.0
_LOG = logging.getLogger(__name__)


#: ML-KEM-768's public key and X25519's, one after the other.
_HybridKey = Annotated[
    str | None, Field(alias="sealKey", pattern=f"^0x[0-9a-fA-F]{{{2 * HYBRID_KEY_BYTES}}}$", default=None)
]


class AskBody(BaseModel):
    """An attester's ask, signed (EIP-712 ``Ask``); ``deadline`` in Unix seconds, ``signature`` compact (EIP-2098).

    With ``sealKey`` it is a ``HybridAsk``, and what is released is sealed to that key, too.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    request: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$")]
    epoch: Annotated[int, Field(ge=0, lt=2**32)]
    deadline: Annotated[int, Field(ge=0, lt=2**53)]
    signature: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{128}$")]
    seal_key: _HybridKey


class AsksBody(BaseModel):
    """Asks that come together. Each is signed, and answered, by itself; ``sealKey`` is that of those that have none of their own."""

    model_config = ConfigDict(extra="forbid", strict=True)

    asks: Annotated[list[AskBody], Field(min_length=1, max_length=MAX_ASKS)]
    seal_key: _HybridKey

    def each(self) -> list[AskBody]:
        """Return the asks, each with its seal key."""
        return [ask if ask.seal_key else ask.model_copy(update={"seal_key": self.seal_key}) for ask in self.asks]


class ReleaseBody(BaseModel):
    """The answer: request and record by id, and the fields, sealed (HPKE) to the operator's key on chain."""

    request: str
    record: str
    sealed: str


class ErrorBody(BaseModel):
    """A failure: a code for machines, a text for people."""

    error: str
    message: str


class RefusalBody(ErrorBody):
    """A failure among other answers, with the HTTP status that it has alone; if a wait helps, how long, in seconds."""

    status: int
    retry_after_s: Annotated[int | None, Field(serialization_alias="retryAfterS")] = None


class AnswersBody(BaseModel):
    """The answers, in the order of the asks."""

    answers: list[ReleaseBody | RefusalBody]


class Health(BaseModel):
    """All is well."""

    status: str


#: What the vault needs and may be without for a while; its holder finds more in the log.
_AWAY: dict[type[AssentError], tuple[str, str]] = {
    DatabaseError: ("database_unavailable", "the vault's database"),
    BlobUnavailableError: ("ciphertext_unavailable", "the record's ciphertext"),
    MasterKeyUnavailableError: ("master_key_unavailable", "the vault's master key"),
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody} for status in (400, 401, 403, 404, 408, 409, 413, 429, 500, 503)
}


def create_app(gatekeeper: Gatekeeper, chain: ChainView, metrics: VaultMetrics | None = None) -> FastAPI:
    """Return the ASGI application of a vault."""
    counted = metrics or VaultMetrics()
    app = FastAPI(title="Assent vault", version="1", docs_url=None, redoc_url=None)
    _add_limits(app, counted)
    _add_probes(app, chain, counted)

    @app.post("/v1/releases", responses=_ERRORS)
    async def release(body: AskBody) -> ReleaseBody:
        """Release the fields that a request's model takes, sealed to the operator who asks."""
        released = await gatekeeper.release(_ask(body))
        counted.releases.inc()
        _LOG.info("released for request %s", body.request)
        return _answer(released)

    @app.post("/v1/releases/batch", responses=_ERRORS, response_model_exclude_none=True)
    async def batch(body: AsksBody) -> AnswersBody:
        """Answer several asks; one that is refused doesn't stop the others."""

        async def answer(ask: AskBody) -> ReleaseBody | RefusalBody:
            try:
                return await release(ask)
            except AssentError as error:
                status, code, message = _told(error)
                counted.refusals.labels(code).inc()
                return RefusalBody(status=status, error=code, message=message, retry_after_s=_wait_s(error))

        return AnswersBody(answers=await asyncio.gather(*map(answer, body.each())))

    return app


def _add_limits(app: FastAPI, counted: VaultMetrics) -> None:
    app.add_middleware(Intake, limit_bytes=MAX_BODY_BYTES, timeout_s=BODY_TIMEOUT_S)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(HTTPException)(_http)

    @app.exception_handler(AssentError)
    async def failed(_: Request, error: AssentError) -> JSONResponse:
        status, code, message = _told(error)
        counted.refusals.labels(code).inc()
        wait_s = _wait_s(error)
        headers = None if wait_s is None else {"retry-after": str(wait_s)}
        return JSONResponse({"error": code, "message": message}, status, headers)


def _add_probes(app: FastAPI, chain: ChainView, counted: VaultMetrics) -> None:
    @app.get("/healthz")
    async def healthz() -> Health:
        """The process answers."""
        return Health(status="ok")

    @app.get("/readyz", responses={503: {"model": ErrorBody}})
    async def readyz() -> Health:
        """The chain is reachable, is the configured one, and has the contract."""
        await chain.check_chain()
        return Health(status="ready")

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> PlainTextResponse:
        """The vault's metrics, in Prometheus' form."""
        return PlainTextResponse(counted.text())


def _wait_s(error: AssentError) -> int | None:
    return error.retry_after_s if isinstance(error, BudgetSpentError) else None


def _ask(body: AskBody) -> Ask:
    signature, seal_key = _bytes(body.signature), _bytes(body.seal_key or "0x")
    return Ask(_bytes(body.request), body.epoch, body.deadline, signature, seal_key)


def _answer(released: SealedRelease) -> ReleaseBody:
    parts = (released.request_id, released.record_id, released.sealed)
    request, record, sealed = ("0x" + part.hex() for part in parts)
    return ReleaseBody(request=request, record=record, sealed=sealed)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": code, "message": message}, status)


async def _malformed(_: Request, error: RequestValidationError) -> JSONResponse:
    # Places only: what was sent isn't sent back, nor logged.
    places = sorted({".".join(map(str, item["loc"])) for item in error.errors()})
    return _error(400, "ask_malformed", "not an ask: " + ", ".join(place[:80] for place in places[:5]))


async def _http(_: Request, error: HTTPException) -> JSONResponse:
    code = {400: "ask_malformed", 404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http")
    return _error(error.status_code, code, str(error.detail))


def _told(error: AssentError) -> tuple[int, str, str]:
    """Return what is told of a failure, and log it: HTTP status, code, text."""
    if isinstance(error, ReleaseRefusedError):
        _LOG.info("refused: %s", error)
        return error.status, error.code, str(error)
    if isinstance(error, RefusalError):
        _LOG.warning("refused: %s", error)
        return 409, error.reason.value, str(error)
    if isinstance(error, ChainError):
        _LOG.warning("chain: %s", error)
        return 503, "chain_unreachable", str(error)
    for kind, (code, what) in _AWAY.items():
        if isinstance(error, kind):
            _LOG.error("%s: %s", code, error)
            return 503, code, f"{what} can't be had now; ask again later"
    _LOG.error("failed: %s", error)
    return 500, "internal", "the vault failed; its holder finds the kind of failure in the log"
