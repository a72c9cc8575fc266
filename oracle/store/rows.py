"""A range's new rows, inserted in bulk: what is there already stays, with the work done on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, insert, inspect, select, tuple_, update
from sqlalchemy.orm import Session

from oracle.core.errors import Reason
from oracle.database.transactions import chunks
from oracle.store.base import Base
from oracle.store.contexts import ETHER
from oracle.store.tables import AgreementRow, CurrencyRow, ModelRow, RequestRow, Stage


def insert_new(session: Session, rows: Iterable[object]) -> list[Base]:
    """Insert the rows that aren't there yet, and return them. Of several with one key the last counts."""
    kinds: dict[type[Base], dict[tuple[Any, ...], Base]] = defaultdict(dict)
    for row in rows:
        if isinstance(row, Base):
            kinds[type(row)][tuple(inspect(type(row)).primary_key_from_instance(row))] = row
    new: list[Base] = []
    for kind, by_key in kinds.items():
        known = _known(session, kind, list(by_key))
        fresh = [row for key, row in by_key.items() if key not in known]
        for some in chunks(fresh):
            session.execute(insert(kind), [_values(row) for row in some])
        new.extend(fresh)
    return new


def reconsider(session: Session, new: Sequence[Base]) -> None:
    """Refuse each new request that names what this node never read: the others of the range stand. Take up those refused so before,
    now that more is known.
    """
    _divide(session, {row.id: row.agreement for row in new if isinstance(row, RequestRow)})
    lost = and_(RequestRow.stage == Stage.REFUSED, RequestRow.reason == Reason.REQUEST_UNKNOWN)
    query = select(RequestRow.id, RequestRow.agreement).where(lost)
    if any(isinstance(row, ModelRow | CurrencyRow) for row in new):
        _divide(session, dict(session.execute(query).all()))
        return
    for some in chunks([row.id for row in new if isinstance(row, AgreementRow)]):
        found = session.execute(query.where(RequestRow.agreement.in_(some)))
        _divide(session, dict(found.all()))


def _divide(session: Session, requests: Mapping[bytes, bytes]) -> None:
    """Refuse those of some requests, by id with their agreements, of which something was never read; all others are open."""
    models = _models_of(session, set(requests.values()))
    currencies = _currencies_of(session, set(models.values()))
    known: list[bytes] = []
    unknown: list[bytes] = []
    for identity, agreement in requests.items():
        (known if models.get(agreement) in currencies else unknown).append(identity)
    message = "what it names is older than what this node read; lower chain.start_block"
    for some in chunks(unknown):
        change = update(RequestRow).where(RequestRow.id.in_(some))
        session.execute(change.values(stage=Stage.REFUSED, reason=Reason.REQUEST_UNKNOWN, message=message))
    for some in chunks(known):
        change = update(RequestRow).where(RequestRow.id.in_(some), RequestRow.stage == Stage.REFUSED)
        session.execute(change.values(stage=Stage.SEEN, reason=None, message=None))


def _models_of(session: Session, agreements: set[bytes]) -> dict[bytes, bytes]:
    """Return the model of each agreement that is known."""
    found: dict[bytes, bytes] = {}
    for some in chunks(agreements):
        query = select(AgreementRow.id, AgreementRow.terms["model"].as_string()).where(AgreementRow.id.in_(some))
        found.update({identity: bytes.fromhex(model[2:]) for identity, model in session.execute(query)})
    return found


def _currencies_of(session: Session, models: set[bytes]) -> set[bytes]:
    """Return those of some models that are known, and whose currency is."""
    listed = {ETHER, *session.scalars(select(CurrencyRow.address))}
    found: set[bytes] = set()
    for some in chunks(models):
        query = select(ModelRow.id, ModelRow.terms["currency"].as_string()).where(ModelRow.id.in_(some))
        found.update(identity for identity, currency in session.execute(query) if currency in listed)
    return found


def _known(session: Session, kind: type[Base], keys: Sequence[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    columns = inspect(kind).primary_key
    known: set[tuple[Any, ...]] = set()
    for some in chunks(keys):
        wanted = columns[0].in_([key[0] for key in some]) if len(columns) == 1 else tuple_(*columns).in_(some)
        known.update(tuple(row) for row in session.execute(select(*columns).where(wanted)))
    return known


def _values(row: Base) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}
