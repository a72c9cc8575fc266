"""The OpenAPI document of the node's HTTP interface: what FastAPI can't see, because peers' bodies are read with a limit, is added."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from oracle.peers.messages import Answer, Proposal, RulingProposal
from oracle.services.forms import Error

_REFS = "#/components/schemas/{model}"
_BODIES = {"/v1/reports": Proposal, "/v1/rulings": RulingProposal}
_TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus's text format"}


def describe(app: FastAPI) -> None:
    """Have an application serve the whole document at ``/openapi.json``."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    setattr(app, "openapi", openapi)  # noqa: B010  FastAPI's documented way, which mypy takes for a mistake


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    wanted = [(model, "validation") for model in (*_BODIES.values(), Answer, Error)]
    _, schemas = models_json_schema(wanted, ref_template=_REFS)  # type: ignore[arg-type]
    components = document.setdefault("components", {}).setdefault("schemas", {})
    components.update(schemas["$defs"])
    for name in ("HTTPValidationError", "ValidationError"):  # no route has typed parameters
        components.pop(name, None)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["4XX"] = _answer("Error", "The asker's fault")
            operation["responses"]["5XX"] = _answer("Error", "The node's, or its chain's")
            if path in _BODIES:
                operation["requestBody"] = {"required": True, **_content(_BODIES[path].__name__)}
                operation["responses"]["200"] = _answer("Answer", "Signed, or what is declined")
            if path == "/metrics":
                operation["responses"]["200"] = _TEXT
    return document


def _content(model: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": _REFS.format(model=model)}}}}


def _answer(model: str, description: str) -> dict[str, Any]:
    return {"description": description, **_content(model)}
