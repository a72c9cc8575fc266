"""What the node remembers: the chain's events, each request's stage, its own evaluations, trails, reports, and its peers' signatures.

Calls are short and synchronous. Every method is one transaction, or part of ``together``'s, and every insert may be repeated without harm.
"""

from __future__ import annotations

from oracle.core.digests import Domain
from oracle.store.contexts import CaseContext, Judged, Recorded, RequestContext, RequestReport, StandingContext
from oracle.store.duties import CaseStore, Misses, MissStore, StandingStore
from oracle.store.events import Changes, EventStore
from oracle.store.reports import Evidence, Proven, Report, ReportedVerdict, ReportStore
from oracle.store.requests import RequestStore
from oracle.store.survey import Backlog, SurveyStore, Waiting
from oracle.store.tables import open_database
from oracle.store.trails import TrailStore


class NodeStore(EventStore, RequestStore, TrailStore, ReportStore, StandingStore, CaseStore, MissStore, SurveyStore):
    """The node's tables, by what is done with them; each part is in a module of its own."""


def open_store(url: str, domain: Domain) -> NodeStore:
    """Open a deployment's database, its tables brought up to this program's version. Raises ConfigurationError if it is another one's."""
    store = NodeStore(open_database(url, domain))
    try:
        store.bind(domain)
    except BaseException:
        store.close()
        raise
    return store


__all__ = [
    "Backlog",
    "CaseContext",
    "Changes",
    "Evidence",
    "Judged",
    "Misses",
    "NodeStore",
    "Proven",
    "Recorded",
    "Report",
    "ReportedVerdict",
    "RequestContext",
    "RequestReport",
    "StandingContext",
    "Waiting",
    "open_store",
]
