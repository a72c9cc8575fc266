"""Every metric of the node, in one place. Names follow the Prometheus conventions."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The node's metrics on a registry of their own, so that two nodes in one process don't share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter = self._counter
        self.requests_seen = counter("assent_requests_seen", "Requests read from the chain")
        self.evaluated = counter("assent_evaluated", "Requests that the model evaluated")
        self.refused = counter("assent_refused", "Requests refused by this node", "reason")
        self.reports_proposed = counter("assent_reports_proposed", "Reports sent to peers for signature")
        self.reports_signed = counter("assent_reports_signed", "Peers' reports signed")
        self.reports_declined = counter("assent_reports_declined", "Peers' reports declined", "reason")
        self.verdicts_left_out = counter(
            "assent_verdicts_left_out", "Verdicts that peers declined, left out of reports"
        )
        self.report_size = Histogram(
            "assent_report_verdicts",
            "Verdicts of a report with its quorum",
            registry=self.registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
        )
        self.peer_rejected = counter(
            "assent_peer_rejected", "Peers' messages turned away, by member or stranger, and reason", "peer", "reason"
        )
        self.answers_missed = counter("assent_answers_missed", "Proposals that a member left unanswered", "member")
        self.misses_in_a_row = Gauge(
            "assent_misses_in_a_row", "Proposals left unanswered without a break", ["member"], registry=self.registry
        )
        self.claims = counter("assent_claims", "Anchored verdicts claimed because nobody had near the deadline")
        self.rounds_opened = counter("assent_rounds_opened", "Rounds of standing requests that this node opened")
        self.rounds_missed = counter("assent_rounds_missed", "Rounds that passed unopened and can't be opened any more")
        self.rotations = counter("assent_rotations", "Epochs that this node started")
        self.jailings = counter("assent_jailings", "Jailings by what became of them", "end")
        self.challenges_seen = counter("assent_challenges_seen", "Challenges read from the chain")
        self.reviews = counter("assent_reviews", "Challenged verdicts evaluated anew, by what was found", "finding")
        self.reviews_signed = counter("assent_reviews_signed", "Peers' reviews signed")
        self.reviews_declined = counter("assent_reviews_declined", "Peers' reviews and jailings declined", "reason")
        self.conflicts = counter("assent_conflicts", "Requests of which one attester signed verdicts that conflict")
        self.punishments = counter("assent_punishments", "Punishments sent, by kind", "kind")
        self.member = Gauge(
            "assent_epoch_member", "1 if one of the attester keys is a member of the epoch", registry=self.registry
        )
        self.transactions = counter("assent_transactions", "Transactions by kind and end", "kind", "end")
        self.gas_used = counter("assent_gas_used", "Gas used by own transactions", "kind")
        self.vault_errors = counter("assent_vault_errors", "Failed asks to a vault", "reason")
        self.loop_errors = counter("assent_loop_errors", "Failed rounds of a service, retried", "service")
        self.open_requests = Gauge(
            "assent_open_requests", "Requests in work, by state", ["state"], registry=self.registry
        )
        self.head_block = Gauge("assent_head_block", "Last block read", registry=self.registry)
        self.chain_lag_s = Gauge("assent_chain_lag_seconds", "Age of the head when last read", registry=self.registry)
        self.balance_wei = Gauge("assent_sender_balance_wei", "Ether of the sender key", registry=self.registry)
        self.evaluation_s = Histogram(
            "assent_evaluation_seconds",
            "Time of one micro-batch in the model",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.fetch_s = Histogram(
            "assent_fetch_seconds", "Time of one ask to a vault", registry=self.registry, buckets=_SECONDS
        )
        self.latency_blocks = Histogram(
            "assent_latency_blocks",
            "Blocks from request to recorded verdict",
            registry=self.registry,
            buckets=(1, 2, 3, 5, 8, 13, 21, 34, 100),
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, list(labels), registry=self.registry)
