"""Audit: rebuild a recorded verdict from chain, trail and evidence, and say of each link whether it holds."""

from oracle.audit.auditor import audit, judge
from oracle.audit.evidence import Evidence, gather
from oracle.audit.report import AuditReport, Check, CheckFailedError, CheckName, CheckSkippedError
from oracle.audit.trail_source import FetchedTrail, fetch_trail

__all__ = [
    "AuditReport",
    "Check",
    "CheckFailedError",
    "CheckName",
    "CheckSkippedError",
    "Evidence",
    "FetchedTrail",
    "audit",
    "fetch_trail",
    "gather",
    "judge",
]
