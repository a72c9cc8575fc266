"""Structured logs. Events are named by what happened; values are ids and reasons, never secrets or fields of a record.

What the libraries log goes the same way: of their texts only those of uvicorn's own templates are shown, for all others may quote data.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Any, TextIO

import structlog

from oracle.telemetry.redaction import withhold

#: Libraries whose message templates (never what is put into them) are known to be texts of their own.
_OWN_TEMPLATES = ("uvicorn",)


def configure(log_format: str, level: str, stream: TextIO | None = None) -> None:
    """Send all logs to standard error (or a stream), as JSON lines or for a console. Call once, at the start of a process.

    Exceptions that nobody caught are logged in the same form, without their texts.
    """
    stream = stream or sys.stderr
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _with_error,
            withhold,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Library()], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _with_error(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Put the exception at hand where ``exc_info=True`` asks for it."""
    if event.get("exc_info") is True:
        event["exc_info"] = sys.exc_info()
    return event


def _uncaught(_kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    structlog.get_logger().critical("uncaught", exc_info=error)


class _Library(logging.Handler):
    """Logs that a library logged something, and where; see the module's text for what it said."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on."""
        known = record.name.split(".")[0] in _OWN_TEMPLATES and isinstance(record.msg, str)
        said = {"said": record.msg} if known else {}
        place = f"{record.module}:{record.lineno}"
        log = structlog.get_logger().bind(library=record.name, place=place, **said)
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(log, level)("library_log", exc_info=record.exc_info)
