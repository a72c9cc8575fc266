"""Write the OpenAPI document of the node's HTTP interface to docs/api/node.json, or check that it is current (``--check``)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI

from oracle.api import create_app

PATH = Path(__file__).resolve().parents[1] / "docs" / "api" / "node.json"


def document() -> str:
    """Return the document, as it is written. No node is needed: the routes are only described."""
    nothing: Any = SimpleNamespace(metrics=None)
    app: FastAPI = create_app(nothing)
    return json.dumps(app.openapi(), indent=1) + "\n"


def main() -> None:
    """Write, or check."""
    if "--check" not in sys.argv:
        PATH.write_text(document())
    elif PATH.read_text() != document():
        sys.exit(f"{PATH.name} isn't current: run python -m tools.openapi")


if __name__ == "__main__":
    main()
