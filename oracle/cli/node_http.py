"""Asking the operator's own node over its HTTP interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.core.errors import EndpointError

if TYPE_CHECKING:
    from oracle.settings import HttpSettings

_TIMEOUT_S = 5
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  where a node listens that listens everywhere


def own_url(http: HttpSettings) -> str:
    """Return where a node with these settings answers on this machine."""
    host = _EVERYWHERE.get(http.host, http.host)
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{http.port}"


def fetch(url: str, path: str) -> dict[str, Any]:
    """GET a JSON object from a node. Raises EndpointError, naming the remedy."""
    import requests  # noqa: PLC0415  only a command that asks pays for it

    try:
        answer = requests.get(url.rstrip("/") + path, timeout=_TIMEOUT_S, allow_redirects=False)
        found = answer.json()
    except requests.RequestException as error:
        raise EndpointError(
            f"{url}: no node answers ({type(error).__name__}); is it running, and is this its port?"
        ) from None
    if answer.status_code != requests.codes.ok or not isinstance(found, dict):
        raise EndpointError(f"{url}: not a node's answer (status {answer.status_code}); something else has the port")
    return found
