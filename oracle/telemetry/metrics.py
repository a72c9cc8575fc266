"""Every metric of the node, in one place. Names follow the Prometheus conventions."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from oracle.telemetry.latency import Latency
from oracle.telemetry.peers import PeerMetrics

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The node's metrics on a registry of their own, so that two nodes in one process don't share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter, gauge = self._counter, self._gauge
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
        self.peers = PeerMetrics(self.registry)
        self.peer_rejected = counter(
            "assent_peer_rejected", "Peers' messages turned away, by member or stranger, and reason", "peer", "reason"
        )
        self.claims = counter("assent_claims", "Anchored verdicts claimed because nobody had near the deadline")
        self.rounds_opened = counter("assent_rounds_opened", "Rounds of standing requests that this node opened")
        self.rounds_missed = counter("assent_rounds_missed", "Rounds that passed unopened and can't be opened any more")
        self.rotations = counter("assent_rotations", "Epochs that this node started")
        self.challenges_seen = counter("assent_challenges_seen", "Challenges read from the chain")
        self.rulings = counter("assent_rulings", "Rulings of a bench that this node brought, by finding", "finding")
        self.rulings_signed = counter("assent_rulings_signed", "Other judges' rulings signed")
        self.rulings_declined = counter("assent_rulings_declined", "Other judges' rulings declined", "reason")
        self.conflicts = counter("assent_conflicts", "Requests of which one attester signed verdicts that conflict")
        self.punishments = counter("assent_punishments", "Punishments of conflicting signatures sent")
        self.in_reserve = gauge("assent_epoch_reserve", "1 if one of the attester keys is in the epoch's reserve")
        self.lease_left_s = gauge("assent_lease_left_seconds", "Until the operator's lease ends; 0 if it has none")
        self.member = gauge("assent_epoch_member", "1 if one of the attester keys has a seat in the epoch")
        self.transactions = counter("assent_transactions", "Transactions by kind and end", "kind", "end")
        self.gas_used = counter("assent_gas_used", "Gas used by own transactions", "kind")
        self.remote_signer_errors = counter(
            "assent_remote_signer_errors", "Signatures that the remote signer didn't give, or gave wrong", "reason"
        )
        self.gas_spent_wei = counter("assent_gas_spent_wei", "Ether paid for own transactions' gas, in wei", "kind")
        self.vault_errors = counter("assent_vault_errors", "Failed asks to a vault", "reason")
        self.models_loaded = gauge("assent_models", "Models that this node can run")
        self.models_refused = counter("assent_models_refused", "Packages in the models' folder that can't be used")
        self.model_losses = gauge("assent_model_processes_lost", "Processes of models that died or were late")
        self.loop_errors = counter("assent_loop_errors", "Failed rounds of a service, retried", "service")
        self.open_requests = gauge("assent_open_requests", "Requests in the store, by state", "state")
        self._add_survey()
        self._add_way_to_the_chain()
        self.evaluation_s = Histogram(
            "assent_evaluation_seconds",
            "Time of one micro-batch in the model",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.fetch_s = Histogram(
            "assent_fetch_seconds", "Time of one ask to a vault", registry=self.registry, buckets=_SECONDS
        )
        self.batch_size = Histogram(
            "assent_batch_requests",
            "Requests of one micro-batch",
            registry=self.registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
        )
        self.latency = Latency(self.registry)
        ProcessCollector(registry=self.registry)

    def _add_survey(self) -> None:
        gauge = self._gauge
        self.oldest_open_s = gauge(
            "assent_oldest_open_request_seconds", "Age of the oldest request in work; 0 if none is"
        )
        self.oldest_open_blocks = gauge(
            "assent_oldest_open_request_blocks", "Blocks since the oldest request in work; 0 if none is"
        )
        self.vault_waits = gauge("assent_vault_waiting_requests", "Requests that wait for a vault that doesn't answer")
        self.head_block = gauge("assent_head_block", "Last block read")
        self.chain_lag_s = gauge("assent_chain_lag_seconds", "Age of the last block read")
        self.round_age_s = gauge("assent_chain_round_age_seconds", "Time since the chain was last read to its head")
        self.balance_wei = gauge("assent_sender_balance_wei", "Ether of the sender key")
        self.verdict_cost_wei = gauge(
            "assent_verdict_cost_wei", "Ether that recording one verdict costs at the current fee"
        )
        self.stored_transactions = gauge(
            "assent_stored_transactions", "Own transactions in the store, by state", "state"
        )
        self.lowest_pending_nonce = gauge(
            "assent_lowest_pending_nonce", "Nonce of the own transaction that waits longest; -1 if none does"
        )
        self.epoch = gauge("assent_epoch", "The current epoch")
        self.epoch_members = gauge("assent_epoch_members", "Members of the current epoch")
        self.disk_free_bytes = gauge(
            "assent_disk_free_bytes", "Free space where the database is, or of the work folder"
        )
        self.condition_met = gauge("assent_condition_met", "1 if a condition of readiness is met", "condition")
        self.survey_age_s = gauge("assent_survey_age_seconds", "Time since these gauges were taken")
        self.build = gauge("assent_build_info", "1; its label is the version", "version")

    def _add_way_to_the_chain(self) -> None:
        counter, gauge = self._counter, self._gauge
        self.rpc_up = gauge("assent_rpc_up", "1 if the RPC endpoint answers, and for this chain", "endpoint")
        self.rpc_lag_blocks = gauge(
            "assent_rpc_lag_blocks", "Blocks that the RPC endpoint is behind the best", "endpoint"
        )
        self.rpc_errors = counter("assent_rpc_errors", "Calls without an answer, by RPC endpoint", "endpoint", "fault")
        self.reorganisation_blocks = Histogram(
            "assent_reorganisation_blocks",
            "Blocks taken back when the chain reorganised",
            registry=self.registry,
            buckets=(1, 2, 3, 5, 8, 16, 32, 64, 256, 1024),
        )
        self.events_found_late = counter(
            "assent_events_found_late", "Events that the first answer lacked, found when the window was read again"
        )
        self.broadcasts_refused = counter(
            "assent_broadcasts_refused", "Transactions that every RPC endpoint refused, by reason", "reason"
        )
        self.fees_raised = counter("assent_fees_raised", "Transactions sent again for a higher fee", "kind")
        self.receipts_vanished = counter(
            "assent_receipts_vanished", "Mined transactions whose block was taken back before it was final", "kind"
        )
        self.transactions_open = gauge("assent_transactions_open", "Own transactions that aren't final yet")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, list(labels), registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, list(labels), registry=self.registry)
