"""The vault's metrics, in Prometheus' form. Labels are public on chain, or codes; nothing says whose record anything was of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Metric, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class VaultMetrics:
    """On a registry of their own. ``budgets_left`` is asked for each operator's when they are read."""

    def __init__(self, budgets_left: Callable[[], Mapping[str, int]] = dict) -> None:
        self._registry = CollectorRegistry()
        self.releases = Counter("assent_vault_releases", "Releases answered", registry=self._registry)
        self.refusals = Counter(
            "assent_vault_refusals", "Asks not answered with fields, by code", ("code",), registry=self._registry
        )
        self._registry.register(_Budgets(budgets_left))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return all of them, as they are served."""
        return generate_latest(self._registry)


class _Budgets(Collector):
    def __init__(self, left: Callable[[], Mapping[str, int]]) -> None:
        self._left = left

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "assent_vault_budget_left", "Releases that an operator may have now", labels=("operator",)
        )
        for operator, left in self._left().items():
            family.add_metric((operator,), left)
        yield family
