"""The command line against the contract on Anvil: one verdict from key to audit, as people and programs drive it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import client_world
import pytest
from anvil_server import anvil
from client_world import (
    ARBITER,
    CONTROLLER,
    HOLDER,
    OPERATORS,
    PUBLISHER,
    PURPOSE,
    RELAYER,
    SUBJECT,
    TrailServer,
    World,
)
from typer.testing import CliRunner

from deploy.deployment import write
from oracle.chain.contract import ETHER
from oracle.cli.app import app
from oracle.core.digests import report_digest, report_leaf
from oracle.core.notices import Notice
from oracle.core.structs import Request
from oracle.keys.devnet import devnet_key
from oracle.keys.keystore import write_secret
from oracle.models.evaluation import Evaluation
from oracle.models.features import features
from oracle.models.runtime import LocalRuntime
from oracle.models.zoo.screening import PACKAGE


@dataclass
class Shell:
    """Runs ``assent`` on a world, as any of its parties."""

    world: World
    folder: Path

    def run(self, *line: str, by: str | None = None, status: int = 0, stdin: str | None = None) -> str:
        """Run a command; return what it wrote to standard output, or to standard error if it was to fail."""
        keys = (
            []
            if by is None
            else ["--keystore", str(self.folder / by), "--password-file", str(self.folder / "password")]
        )
        own = (
            ()
            if line[0] == "vault" or line[:2] == ("agreement", "verify")
            else ("--deployment", str(self.folder / "31337.json"))
        )
        found = CliRunner().invoke(app, [*line, *own, *keys], input=stdin)
        assert found.exit_code == status, found.output
        return found.stdout if found.stdout else found.stderr

    def json(self, *line: str, by: str | None = None, status: int = 0, stdin: str | None = None) -> Any:
        """Run a command with ``--json``; return the values."""
        return json.loads(self.run(*line, "--json", by=by, status=status, stdin=stdin))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("assent")
    (folder / "password").write_text("secret")
    (folder / "password").chmod(0o600)
    parties = {
        "subject": SUBJECT,
        "controller": CONTROLLER,
        "holder": HOLDER,
        "publisher": PUBLISHER,
        "relayer": RELAYER,
    }
    for index, name in enumerate(parties):
        write_secret(folder / name, devnet_key(index), "secret", light=True)
    write_secret(folder / "operator", devnet_key(5), "secret", light=True)
    others = {"attester": 18, "seal": 19, "arbiter": 16, **{f"judge{index}": 10 + index for index in (2, 3, 4)}}
    for name, index in others.items():
        write_secret(folder / name, devnet_key(index), "secret", light=True)
    with anvil() as url:
        world = client_world.build(url, client_world.OVERRULED)
        write(world.deployment, folder / "31337.json")
        yield Shell(world, folder)


@pytest.fixture
def agreement(shell: Shell) -> str:
    """The id of an agreement that was drafted, signed and relayed."""
    drafted = shell.run(
        *("agreement", "draft", "--controller", CONTROLLER.address, "--price", "5"),
        *("--record", "0x" + shell.world.record.id.hex(), "--model", "screening", "--purpose", PURPOSE),
        *("--uses", "9", "--days", "3000"),
    )
    signed = shell.run("agreement", "sign", "-", "--deadline-s", "99999999", by="subject", stdin=drafted)
    return str(shell.json("agreement", "relay", "-", by="relayer", stdin=signed)["agreement"])


def test_agreement__when_relayed_and_withdrawn_by_signature__then_shown(shell: Shell, agreement: str) -> None:
    shown = shell.json("agreement", "show", agreement)
    assert (shown["state"], shown["purposes"], shown["steps"]) == ("given", [PURPOSE], ["infer"])
    assert agreement in shell.run("agreement", "show", agreement).replace("\n", "")
    signed = shell.run("agreement", "withdraw", agreement, "--sign-only", "--deadline-s", "99999999", by="subject")
    assert shell.json("agreement", "relay", "-", by="relayer", stdin=signed)["state"] == "withdrawn"
    assert shell.json("agreement", "show", agreement)["state"] == "withdrawn"


def test_agreement__when_given_and_withdrawn_by_the_subject__then_so_it_is(shell: Shell) -> None:
    terms = json.dumps(shell.world.draft().to_json())
    given = shell.json("agreement", "give", "-", by="subject", stdin=terms)
    assert given["events"] == ["AgreementGiven"]
    assert shell.json("agreement", "withdraw", given["agreement"], by="subject")["state"] == "withdrawn"


def test_agreement__when_to_a_publishers_models__then_one_is_adopted_and_asked_under(shell: Shell) -> None:
    publisher = shell.world.model.publisher
    terms = ("agreement", "draft", "--record", "0x" + shell.world.record.id.hex(), "--controller", CONTROLLER.address)
    named = (*terms, "--purpose", PURPOSE, "--uses", "5")
    drafted = shell.run(*named, "--publisher", publisher)
    given = shell.json("agreement", "give", "-", by="subject", stdin=drafted)["agreement"]
    adopted = shell.json("agreement", "adopt", given, "--model", "screening", "--uses", "2", by="controller")
    assert (adopted["under"], adopted["events"]) == (given, ["AgreementGiven", "AgreementAdopted"])
    shown = shell.json("agreement", "show", given)
    assert (shown["modelsBy"], shown["allotted"], shown["adopted"]) == (publisher, 2, [adopted["agreement"]])
    assert shell.json("agreement", "show", adopted["agreement"])["terms"]["uses"] == 2
    _ask(shell, adopted["agreement"])
    (used,) = shell.json("agreement", "uses", given)
    assert (used["agreement"], used["state"]) == (adopted["agreement"], "requested")
    assert shown["currency"] == "0x" + "0" * 40
    error = shell.json("agreement", "settle", given, by="relayer", status=1)["error"]
    assert adopted["agreement"] in error["message"]
    excluded = shell.json("agreement", "exclude", given, "--model", "screening", by="subject")
    assert len(excluded["transactions"]) == 2
    assert shell.json("agreement", "show", adopted["agreement"])["state"] == "withdrawn"
    assert shell.json("agreement", "show", given)["state"] == "given"
    error = shell.json("agreement", "adopt", given, "--model", "screening", "--uses", "4", by="controller", status=1)
    assert error["error"]["revert"]["name"] == "AgreementExists"
    for wrong in (
        (),
        ("--publisher", publisher, "--model", "screening"),
        ("--model", "screening", "--currency", publisher),
    ):
        shell.json(*named, *wrong, status=2)
    assert "no model is paid in" in shell.run(*named, "--publisher", publisher, "--currency", publisher, status=2)


def test_agreement__when_renewed_and_revoked__then_its_history_says_by_whom(shell: Shell, agreement: str) -> None:
    error = shell.json("agreement", "renew", agreement, "--days", "1", by="subject", status=1)["error"]
    assert error["revert"]["name"] == "RenewalTooEarly"
    signed = shell.run("agreement", "renew", agreement, "--days", "4000", "--sign-only", by="subject")
    assert shell.json("agreement", "relay", "-", by="relayer", stdin=signed)["state"] == "renewed"
    error = shell.json("agreement", "revoke", agreement, by="relayer", status=1)["error"]
    assert error["revert"]["name"] == "NotSubject"
    assert shell.json("agreement", "invalidate", agreement, by="holder")["state"] == "invalidated"
    events = [(each["event"], each.get("by")) for each in shell.json("agreement", "history", agreement)]
    assert events == [("given", SUBJECT.address), ("renewed", SUBJECT.address), ("invalidated", HOLDER.address)]


def test_agreements__when_several_are_signed_at_once__then_relayed_and_withdrawn_together(
    shell: Shell, tmp_path: Path
) -> None:
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file in files:
        file.write_text(json.dumps(shell.world.draft().to_json()))
    forever = ("--deadline-s", "99999999")
    signed = shell.run("agreement", "sign", *map(str, files), *forever, by="subject")
    given = shell.json("agreement", "relay", "-", by="relayer", stdin=signed)
    assert (given["state"], len(given["agreements"])) == ("given", 2)
    withdrawal = shell.run("agreement", "withdraw", *given["agreements"], "--sign-only", *forever, by="subject")
    assert shell.json("agreement", "relay", "-", by="relayer", stdin=withdrawal)["state"] == "withdrawn"
    states = [shell.json("agreement", "show", each)["state"] for each in given["agreements"]]
    assert states == ["withdrawn", "withdrawn"]


def test_agreement__when_drafted_with_conditions__then_a_request_must_undertake_them(shell: Shell) -> None:
    drafted = shell.json(
        *("agreement", "draft", "--controller", CONTROLLER.address, "--model", "screening", "--permission", "GRU"),
        *("--record", "0x" + shell.world.record.id.hex(), "--ehds", "--modifier", "NCU", "--place", "276"),
        *("--language", "de", "--erasure", "--days", "3000"),
    )
    assert (drafted["modifiers"], drafted["place"], drafted["language"], drafted["erasure"]) == (
        2**15,
        276,
        "0x6465",
        True,
    )
    given = shell.json("agreement", "give", "-", by="subject", stdin=json.dumps(drafted))["agreement"]
    assert shell.json("agreement", "show", given)["modifiers"] == ["NCU"]
    asked = ("request", "make", given, "--purpose", "ScientificResearch")
    assert "ModifiersUnmet" in shell.run(*asked, by="controller", status=1)
    assert "PlaceNotAgreed" in shell.run(*asked, "--undertake", "NCU", by="controller", status=1)
    refused = shell.run(
        "request", "make", given, "--purpose", "Marketing", "--undertake", "NCU", by="controller", status=1
    )
    assert "PurposeProhibited" in refused
    shell.json(*asked, "--undertake", "NCU", "--place", "276", by="controller")
    assert "there are" in shell.run(*asked, "--undertake", "NOCU", by="controller", status=1)
    error = shell.json("agreement", "erasures", given, status=1)["error"]
    assert error["kind"] == "NothingToEraseError"


def test_agreement__when_refused_before_it_is_given__then_nobody_can_give_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "agreement.json"
    file.write_text(json.dumps(shell.world.draft().to_json()))
    signed = shell.run("agreement", "sign", str(file), "--deadline-s", "99999999", by="subject")
    assert shell.json("agreement", "refuse", str(file), by="subject")["state"] == "refused"
    error = shell.json("agreement", "relay", "-", by="relayer", stdin=signed, status=1)["error"]
    assert error["revert"]["name"] == "AgreementExists"


def test_notice__when_written__then_the_agreement_has_its_digest_and_language(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "notice.txt").write_text("You may withdraw at any time.")
    named = ("--language", "en", "--recipient", "your clinic", "--processor", OPERATORS[0].address)
    line = ["agreement", "notice", str(tmp_path / "notice.txt"), *named]
    written = CliRunner().invoke(app, line).stdout
    (tmp_path / "notice.json").write_text(written)
    drafted = shell.json(
        *("agreement", "draft", "--controller", CONTROLLER.address, "--model", "screening", "--purpose", PURPOSE),
        *("--record", "0x" + shell.world.record.id.hex(), "--notice", str(tmp_path / "notice.json")),
    )
    notice = Notice("You may withdraw at any time.", "en", ("your clinic",), (OPERATORS[0].address,))
    assert (drafted["notice"], drafted["language"]) == ("0x" + notice.digest.hex(), "0x656e")


def test_mandate__when_appointed_and_dismissed__then_shown(shell: Shell) -> None:
    own = ("--subject", SUBJECT.address)
    line = ("mandate", "appoint", RELAYER.address, "--right", "revoke", "--until", "2199-05-04")
    shell.json(*line, by="subject")
    shown = shell.json("mandate", "show", RELAYER.address, *own)
    assert (shown["rights"], shown["purposes"]) == (["revoke"], [])
    assert "--purpose" in shell.run(*line, "--right", "give", by="subject", status=2)
    assert "YYYY-MM-DD" in shell.run(*line[:-1], "soon", by="subject", status=2)
    shell.json("mandate", "dismiss", RELAYER.address, *own, by="relayer")
    assert shell.json("mandate", "show", RELAYER.address, *own)["rights"] == []


def test_receipt__when_written_and_verified__then_it_shows_how_it_stood_and_what_is_wrong(
    shell: Shell, agreement: str, tmp_path: Path
) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(shell.run("agreement", "receipt", agreement, by="holder"))
    facts = shell.json("agreement", "verify", str(file))
    assert (facts["agreement"], facts["status"], facts["issuer"]) == (agreement, "given", HOLDER.address)
    assert "the issuer alone vouches" in shell.run("agreement", "verify", str(file))
    contract = ("--contract", shell.world.client.address)
    known = ("--block-hash", facts["blockHash"], *contract, "--chain-id", "31337")
    anchored = shell.run("agreement", "verify", str(file), *known)
    assert "--chain-id" in shell.run("agreement", "verify", str(file), *contract, status=2)
    assert "the issuer alone vouches" not in anchored
    error = shell.json("agreement", "verify", str(file), "--block-hash", "0x" + "11" * 32, status=1)["error"]
    assert error["kind"] == "ReceiptError"
    file.write_text(file.read_text().replace("ConsentGiven", "ConsentWithdrawn"))
    text = shell.run("agreement", "verify", str(file), status=1)
    assert "hasConsentStatus.@type: isn't what the evidence says" in text.replace("\n", " ")
    assert [each["event"] for each in shell.json("agreement", "history", agreement)] == ["given"]
    assert "given" in shell.run("agreement", "history", agreement)
    assert shell.json("agreement", "uses", agreement) == []
    shell.json("request", "make", agreement, "--purpose", PURPOSE, by="controller")
    (used,) = shell.json("agreement", "uses", agreement)
    assert (used["use"], used["state"], used["purpose"], used["earned"]) == (0, "requested", PURPOSE, "0")
    assert "earned  0" in shell.run("agreement", "uses", agreement)
    consent = shell.json("agreement", "fhir", agreement)
    assert (consent["resourceType"], consent["status"]) == ("Consent", "active")
    drafted = shell.json("agreement", "from-fhir", "-", stdin=json.dumps(consent))
    assert drafted == shell.json("agreement", "show", agreement)["terms"]
    consent["provision"]["securityLabel"] = [{"code": "R"}]
    assert "provision.securityLabel" in shell.run("agreement", "from-fhir", "-", stdin=json.dumps(consent), status=1)
    missing = shell.run("agreement", "receipt", agreement, status=2)
    assert "--keystore" in missing


def test_agreement_give__when_sent_by_another__then_status_1_and_the_revert_is_decoded(shell: Shell) -> None:
    terms = json.dumps(shell.world.draft().to_json())
    error = shell.json("agreement", "give", "-", by="relayer", stdin=terms, status=1)["error"]
    assert error["revert"]["name"] == "NotSubject"
    text = shell.run("agreement", "give", "-", by="relayer", stdin=terms, status=1)
    assert text.startswith("error: NotSubject(")
    assert "Traceback" not in text


def test_request_to_audit__when_all_goes_well__then_every_step_shows(
    shell: Shell, agreement: str, tmp_path: Path
) -> None:
    world, server = shell.world, TrailServer()
    made = shell.json("request", "make", agreement, "--purpose", PURPOSE, by="controller")
    request = made["request"]
    assert shell.json("request", "show", request)["terms"] == made["terms"]
    assert shell.json("verdict", "show", request)["state"] == "requested"
    assert (
        shell.json("verdict", "wait", request, "--timeout-s", "0", status=1)["error"]["kind"] == "VerdictTimeoutError"
    )
    assert shell.json("audit", request, status=1)["checks"][0]["result"] == "failed"

    asked = client_world.Asked(bytes.fromhex(request[2:]), Request.from_json(made["terms"]), _sent(shell, made))
    try:
        world.conclude(asked, world.trail(asked, _evaluation(world)), server)
        verdict = shell.json("verdict", "wait", request)
        assert (verdict["state"], verdict["signers"]) == ("recorded", [0, 1])
        (tmp_path / "release.json").write_text(json.dumps(world.release(asked)))
        options = ("--node", server.url, "--release", str(tmp_path / "release.json"), "--model", str(PACKAGE))
        report = shell.json("audit", request, *options)
        assert report["complete"]
        assert {check["result"] for check in report["checks"]} == {"passed"}
        assert "20 of 20 checks made, all hold" in shell.run("audit", request, *options)
        assert "1 failed" in shell.run("audit", request, "--node", "http://127.0.0.1:9", status=1)
    finally:
        server.close()


def test_request_close__when_the_agreement_is_gone__then_refused_and_the_wait_tells(
    shell: Shell, agreement: str
) -> None:
    request = shell.json("request", "make", agreement, "--purpose", PURPOSE, by="controller")["request"]
    shell.run("agreement", "withdraw", agreement, by="subject")
    assert shell.json("request", "close", request, by="relayer")["state"] == "refused"
    assert shell.json("verdict", "wait", request, status=1)["state"] == "refused"


def test_request_make__when_the_purpose_is_not_covered__then_status_1(shell: Shell, agreement: str) -> None:
    text = shell.run("request", "make", agreement, "--purpose", "Advertising", by="controller", status=1)
    assert "PurposeNotAgreed" in text


def test_model__when_published_and_deprecated__then_listed(shell: Shell) -> None:
    options = ("--quorum", "2", "--fee", "7", "--royalty", "500", "--uri", "ipfs://[bold]x\x1b[31m")
    more = ("--arbiter", ARBITER.address, "--cap", "1000")
    model = shell.json("model", "publish", str(PACKAGE), *options, *more, by="publisher")["model"]
    shown = shell.json("model", "show", model)
    assert (shown["fee"], shown["arbiter"], shown["cap"]) == ("7", ARBITER.address, "1000")
    shell.run("model", "deprecate", model, by="publisher")
    states = {row["model"]: row["state"] for row in shell.json("model", "list")}
    assert states[model] == "deprecated"
    table = shell.run("model", "list")
    assert "\x1b[31m" not in table
    assert shell.json("model", "show", "screening")["state"] == "published"
    assert shell.json("model", "show", str(PACKAGE))["card"]["name"] == shell.world.package.card.name
    assert shell.world.package.card.name in shell.run("model", "show", str(PACKAGE))


def test_operator__when_it_joins_rotates_and_leaves__then_shown(shell: Shell) -> None:
    files = ("--attester", str(shell.folder / "attester"), "--seal", str(shell.folder / "seal"))
    stake = ("--endpoint", "https://new.example", "--stake-wei", str(client_world.STAKE_WEI))
    joined = shell.json("operator", "join", *files, *stake, by="relayer")
    shown = shell.json("operator", "show", RELAYER.address)
    assert (shown["place"], shown["index"], shown["leaseOver"]) == ("waiting", None, False)
    assert [each["operator"] for each in shell.json("committee", "show")["waiting"]] == [RELAYER.address]
    assert "waiting" in shell.run("committee", "show")
    shell.world.pass_time(20)
    rotated = shell.json("operator", "rotate", by="relayer")
    assert (joined["attester"], rotated["seats"]) == (rotated["roll"][5], 3)
    shown = shell.json("operator", "show", RELAYER.address)
    assert (shown["place"], shown["index"]) == ("reserve", 5)
    assert [each["place"] for each in shell.json("operator", "show")] == ["seat"] * 3 + ["reserve"] * 3
    shell.run("operator", "resign", by="relayer")
    assert "StillOnRoll" in shell.run("operator", "withdraw-stake", by="relayer", status=1)
    shell.world.pass_time(20)
    shell.run("operator", "rotate", by="controller")
    shell.world.pass_time(client_world.TERMS.unbonding)
    assert shell.json("operator", "withdraw-stake", by="relayer")["events"] == ["StakeWithdrawn"]
    shown = shell.json("operator", "show", RELAYER.address)
    assert (shown["attester"], shown["place"], shown["lease"]) == (None, "out", None)


def test_operator_renew__when_its_lease_was_over__then_shown_in_local_time(shell: Shell) -> None:
    before = shell.json("operator", "show", OPERATORS[0].address)
    assert before["leaseOver"]
    assert "over: `assent operator renew`" in shell.run("operator", "show", OPERATORS[0].address)
    lease = shell.json("operator", "renew", by="operator")["lease"]
    after = shell.json("operator", "show", OPERATORS[0].address)
    assert (after["lease"], after["leaseOver"], after["place"]) == (lease, False, "seat")
    local = datetime.fromtimestamp(lease).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    assert local in shell.run("operator", "show", OPERATORS[0].address)


def test_committee_show__then_its_terms_and_everyone_on_its_roll(shell: Shell) -> None:
    shown = shell.json("committee", "show")
    terms = client_world.TERMS
    assert (shown["terms"]["seats"], shown["terms"]["bond"]) == (3, str(terms.bond))
    assert (shown["seats"], shown["canRotate"], len(shown["roll"])) == (3, True, 5)
    assert shown["committee"] == shell.world.client.contract.addresses.committee
    told = shell.run("committee", "show").replace("\n", "")
    assert "reserve" in told
    assert "rotatableAt" in told


def test_operator_collect__when_fees_were_earned__then_paid_once(shell: Shell) -> None:
    world = shell.world
    world.record_verdict(world.ask(), client_world.Verdict(0, 1, bytes(32)))
    paid = shell.json("operator", "collect", "--withdraw", by="operator")
    assert paid["operator"] == OPERATORS[0].address
    assert int(paid["collected"][ETHER]) >= client_world.FEE_WEI * 9 // 10 // world.shape.quorum
    assert (paid["withdrawn"], paid["creditWithdrawn"]) == (paid["collected"], "0")
    left = shell.json("operator", "collect", by="operator")
    assert (left["balance"], left["credit"]) == ({}, "0")


def test_vault__when_a_record_is_added_and_committed__then_listed_and_on_chain(shell: Shell) -> None:
    folder = shell.folder
    write_secret(folder / "master", bytes(range(32)), "secret", light=True)
    (folder / "vault.toml").write_text(
        f'rpc_url = "{shell.world.url}"\nchain_id = 31337\ncontract = "{shell.world.client.address}"\n'
        f'committee = "{shell.world.deployment.committee}"\nrecords = "{shell.world.deployment.records}"\n'
        f'master_key_file = "master"\nmaster_password_file = "password"\nmodels = ["{PACKAGE}"]\n'
        'public_url = "https://vault.example"\n'
    )
    (folder / "fields.json").write_text('{"mean radius": 12.5, "name": "Nobody"}')
    config = ("--config", str(folder / "vault.toml"))
    add = ("vault", "add", str(folder / "fields.json"), "--subject", SUBJECT.address, *config)
    assert "--keystore" in shell.run(*add, status=2)
    added = shell.json(*add, "--commit", by="holder")
    committed = shell.world.client.record(bytes.fromhex(added["record"][2:]))
    assert (committed.record.holder, committed.vault_url) == (HOLDER.address, "https://vault.example")
    assert [row["record"] for row in shell.json("vault", "list", *config)] == [added["record"]]
    assert "nothing was released" in shell.run("vault", "release", "0x" + "11" * 32, *config, status=1)
    (folder / "fields.json").write_text('{"secret": NaN}')
    assert "fields.json" in shell.run(*add, "--holder", HOLDER.address, status=2)

    # Its log, another master key, and the end.
    assert shell.json("vault", "log", *config) == {"entries": 0, "head": "0x" + "00" * 32, "releases": []}
    assert "entry 0" in shell.run("vault", "log", "--noted", "1:0x" + "11" * 32, *config, status=1)
    assert "entries  0" in shell.run("vault", "log", "--record", added["record"], *config)
    write_secret(folder / "new-master", bytes(range(1, 33)), "secret", light=True)
    new = ("--new-key", str(folder / "new-master"), "--new-password", str(folder / "password"))
    assert shell.json("vault", "rotate", *new, *config)["records"] == 1
    assert shell.json("vault", "rotate", *new, *config)["records"] == 1  # again changes nothing
    refused = shell.run("vault", "forget", added["record"], *config, status=1, stdin="n\n")
    assert "Delete record" in refused
    assert shell.json("vault", "forget", added["record"], "--yes", *config)["forgotten"]
    assert shell.json("vault", "list", *config) == []
    assert "isn't in this vault" in shell.run("vault", "forget", added["record"], "--yes", *config, status=1)


def test_draft__when_the_record_is_anothers__then_status_2(shell: Shell) -> None:
    line = ["agreement", "draft", "--controller", CONTROLLER.address, "--record", "0x" + shell.world.record.id.hex()]
    line += ["--subject", RELAYER.address, "--model", "screening", "--purpose", PURPOSE]
    assert SUBJECT.address in shell.run(*line, status=2)


def test_request__when_signed_and_relayed__then_paid_from_the_balance(shell: Shell, agreement: str) -> None:
    quote = shell.json("request", "quote", agreement)
    assert int(quote["total"]) == client_world.FEE_WEI + 5
    shell.run("balance", "deposit", str(3 * client_world.FEE_WEI), by="controller")
    before = _balance(shell, CONTROLLER.address)
    signed = shell.run("request", "sign", agreement, "--purpose", PURPOSE, "--tip", "7", by="controller")
    made = shell.json("request", "relay", "-", by="relayer", stdin=signed)
    assert before - _balance(shell, CONTROLLER.address) == int(quote["total"]) + 7
    assert shell.json("request", "status", made["request"]) == {
        "request": made["request"],
        "state": "requested",
        "finality": "none",
        "since": None,
        "undelivered": False,
    }
    cancelled = shell.json("request", "cancel", agreement, "1", by="controller")
    assert shell.json("verdict", "show", cancelled["request"])["state"] == "cancelled"
    paid = shell.json("balance", "withdraw", "--currency", "eth", by="controller")
    assert (paid["to"], _balance(shell, CONTROLLER.address)) == (CONTROLLER.address, 0)


def _signed(shell: Shell, request: str, *right: str) -> list[str]:
    """Have the judges sign a ruling, each in a file."""
    files = []
    for index in (2, 3, 4):
        path = shell.folder / f"ruling{index}.json"
        path.write_text(shell.run("verdict", "judge", request, *right, "--sign-only", by=f"judge{index}"))
        files.append(str(path))
    return files


def test_verdict__when_challenged_upheld_and_settled__then_each_step_shows(shell: Shell, agreement: str) -> None:
    world, verdict = shell.world, client_world.Verdict(1, 900_000, bytes(32))
    asked = _ask(shell, agreement)
    request = "0x" + asked.id.hex()
    world.record_verdict(asked, verdict)
    assert shell.json("verdict", "show", request)["finality"] == "contestable"
    assert shell.json("verdict", "show", request)["case"] is None
    challenged = shell.json("verdict", "challenge", request, by="relayer")
    assert challenged["bondWei"] == str(client_world.TERMS.bond)
    assert shell.json("verdict", "show", request)["case"]["phase"] == "open"
    assert RELAYER.address in shell.run("verdict", "show", request).replace("\n", "")
    assert [row["request"] for row in shell.json("verdict", "contests", "--open")] == [request]
    assert "NotDue" in shell.run("verdict", "close", request, by="relayer", status=1)
    files = _signed(shell, request, "--stands")
    assert "QuorumMismatch" in shell.run("verdict", "judge", request, *files[:2], by="relayer", status=1)
    assert "name what the judges signed" in shell.run("verdict", "judge", request, by="relayer", status=2)
    judged = shell.json("verdict", "judge", request, *files, by="relayer")
    assert (judged["case"]["phase"], judged["case"]["judges"]) == ("stands", [2, 3, 4])
    assert [row["state"] for row in shell.json("verdict", "contests")] == ["judged"]
    world.pass_time(client_world.TERMS.ruling_time + 1)
    assert shell.json("verdict", "close", request, by="relayer")["state"] == "upheld"
    shown = shell.json("verdict", "wait", request, "--final")
    assert (shown["state"], shown["finality"]) == ("upheld", "final")
    assert shell.json("verdict", "contests", "--open") == []
    settled = shell.json("agreement", "settle", agreement, by="relayer")
    assert (settled["verdicts"], settled["price"], settled["currency"]) == (1, "5", ETHER)
    error = shell.json("agreement", "settle", agreement, by="relayer", status=1)["error"]
    assert error["revert"]["remedy"]


def test_verdict_judge__when_rulings_are_others__then_status_2(shell: Shell, agreement: str) -> None:
    world, asked = shell.world, _ask(shell, agreement)
    request = "0x" + asked.id.hex()
    world.record_verdict(asked, client_world.Verdict(1, 900_000, bytes(32)))
    stands = _signed(shell, request, "--stands")
    other = shell.folder / "other.json"
    false = ("--outcome", "0", "--score-ppm", "100000", "--trail", "0x" + "22" * 32)
    other.write_text(shell.run("verdict", "judge", request, *false, "--sign-only", by="judge2"))
    bring = ("verdict", "judge", request)
    assert "different rulings" in shell.run(*bring, *stands, str(other), by="relayer", status=2)
    other.write_text(other.read_text().replace(request, "0x" + "11" * 32))
    assert "another request" in shell.run(*bring, str(other), by="relayer", status=2)
    other.write_text("{}")
    assert "not a signed ruling" in shell.run(*bring, str(other), by="relayer", status=2)
    for wrong in (("--stands", *false), false[:4], ()):
        assert "--score-ppm" in shell.run("verdict", "rule", request, *wrong, by="arbiter", status=2)


def test_verdict_rule__when_the_bench_lies__then_the_arbiter_overrules_it(shell: Shell, agreement: str) -> None:
    world, asked = shell.world, _ask(shell, agreement)
    request = "0x" + asked.id.hex()
    world.record_verdict(asked, client_world.Verdict(1, 900_000, bytes(32)))
    shell.run("verdict", "challenge", request, by="relayer")
    call = shell.json("verdict", "rule", request, "--stands", "--show-only")
    assert (call["to"], call["value"]) == (world.client.contract.addresses.committee, "0")
    assert "RulingNotDue" in shell.run("verdict", "rule", request, "--stands", by="arbiter", status=1)
    files = _signed(shell, request, "--stands")
    shell.run("verdict", "judge", request, *files, by="subject")
    false = ("--outcome", "0", "--score-ppm", "100000", "--trail", "0x" + "22" * 32)
    assert "NotArbiter" in shell.run("verdict", "rule", request, *false, by="relayer", status=1)
    ruled = shell.json("verdict", "rule", request, *false, by="arbiter")
    assert (ruled["state"], ruled["outcome"], ruled["signers"]) == ("corrected", 0, [])
    assert ruled["case"]["phase"] == "overruled"
    assert ruled["events"].count("OperatorSlashed") == 5
    assert int(shell.json("operator", "show", RELAYER.address)["credit"]) == 2 * client_world.TERMS.bond
    shown = shell.json("operator", "show", OPERATORS[0].address)
    assert shown["convictedIn"] is not None
    shell.run("operator", "stake", str(10**18), "--operator", OPERATORS[0].address, by="relayer")
    grown = shell.json("operator", "show", OPERATORS[0].address)
    assert int(grown["stakeWei"]) - int(shown["stakeWei"]) == 10**18
    for each in [*OPERATORS[1:], client_world.FIFTH]:
        shell.run("operator", "stake", str(10**18), "--operator", each.address, by="relayer")
    world.pass_time(20)
    assert shell.json("operator", "rotate", by="relayer")["seats"] == 3


def test_verdict_close__when_nobody_decided__then_unjudged_unless_asked_for(shell: Shell, agreement: str) -> None:
    world, asked = shell.world, _ask(shell, agreement)
    request = "0x" + asked.id.hex()
    world.record_verdict(asked, client_world.Verdict(1, 900_000, bytes(32)))
    shell.run("verdict", "challenge", request, by="relayer")
    world.pass_time(client_world.TERMS.judging_time + client_world.TERMS.ruling_time + 1)
    assert shell.json("verdict", "close", request, by="relayer")["state"] == "unjudged"
    error = shell.json("verdict", "wait", request, "--final", status=1)["error"]
    assert error["kind"] == "UnjudgedError"
    assert shell.json("verdict", "wait", request, "--final", "--take-unjudged")["state"] == "unjudged"
    paid = shell.json("operator", "collect", "--withdraw", by="relayer")
    assert int(paid["creditWithdrawn"]) >= client_world.TERMS.bond


def test_verdict_punish__when_one_signed_two_that_conflict__then_slashed(shell: Shell, agreement: str) -> None:
    world, asked = shell.world, _ask(shell, agreement)
    request = "0x" + asked.id.hex()
    world.record_verdict(asked, client_world.Verdict(1, 900_000, bytes(32)))
    (first, *_) = world.client.testimonies(asked.id)
    signer = next(each for each in world.attesters if each.address == world.client.witness(first))
    other = client_world.Verdict(0, 100_000, bytes(32))
    digest = report_digest(world.client.domain, first.epoch, 1, report_leaf(asked.request, other))
    file = shell.folder / "testimony.json"
    told = {"verdict": other.to_json(), "proof": [], "epoch": first.epoch, "count": 1}
    file.write_text(json.dumps({**told, "signature": "0x" + signer.sign(digest).hex()}))
    slashed = shell.json("verdict", "punish", request, str(file), by="subject")
    operator = world.client.read(world.client.contract.operator_of(signer.address))
    assert (slashed["operator"], slashed["penaltyWei"]) == (operator, str(client_world.TERMS.penalty))
    assert "AlreadyPunished" in shell.run("verdict", "punish", request, str(file), by="subject", status=1)
    assert "TestimoniesCompatible" in shell.run("verdict", "punish", request, *[str(file)] * 2, by="subject", status=1)
    file.write_text(json.dumps({**told, "signature": "0x" + RELAYER.sign(digest).hex()}))
    assert "name another file" in shell.run("verdict", "punish", request, str(file), by="subject", status=2)
    file.write_text(json.dumps(told))
    assert "not a signature" in shell.run("verdict", "punish", request, str(file), by="subject", status=2)


def test_request_claim__when_anchored__then_fetched_shown_and_brought_on_chain(shell: Shell, agreement: str) -> None:
    asked, server = _ask(shell, agreement, "--anchored"), TrailServer()
    request = "0x" + asked.id.hex()
    try:
        assert "no proof" in shell.run("request", "claim", request, "--node", server.url, by="relayer", status=1)
        shell.world.anchor([(asked, client_world.Verdict(1, 900_000, bytes(32)))], server)
        options = ("--node", server.url)
        shown = shell.json("request", "claim", request, *options, "--show-only", by="relayer")
        assert (shown["outcome"], shown["anchored"]) == (1, True)
        assert shell.json("request", "claim", request, *options, by="relayer")["events"] == ["Recorded"]
    finally:
        server.close()
    assert shell.json("verdict", "show", request)["state"] == "recorded"


def test_request_retry__when_nothing_failed__then_status_1_with_a_remedy(shell: Shell, agreement: str) -> None:
    asked = _ask(shell, agreement)
    text = shell.run("request", "retry", "0x" + asked.id.hex(), by="relayer", status=1)
    assert "no callback of this request failed" in text


def test_standing__when_made_opened_and_ended__then_shown(shell: Shell, agreement: str) -> None:
    plan = ("--rounds", "3", "--every-blocks", "1000", "--purpose", PURPOSE)
    made = shell.json("standing", "make", agreement, *plan, by="controller")
    standing = made["standing"][0]["standing"]
    opened = shell.json("standing", "open", standing, by="relayer")
    shown = shell.json("standing", "show", standing)
    assert [each["request"] for each in shown["requests"]] == [opened["request"]]
    assert (shown["active"], shown["opened"], shown["terms"]["inBlocks"]) == (True, 1, True)
    assert opened["request"][:50] in shell.run("standing", "show", standing)
    assert [row["standing"] for row in shell.json("standing", "list", "--agreement", agreement)] == [standing]
    assert "RoundNotDue" in shell.run("standing", "open", standing, by="relayer", status=1)
    assert int(shell.json("standing", "end", standing, by="controller")["refunded"]) == 2 * (client_world.FEE_WEI + 5)


def test_operator_keys__when_changed__then_shown(shell: Shell) -> None:
    files = ("--attester", str(shell.folder / "attester19"), "--seal", str(shell.folder / "seal"))
    write_secret(shell.folder / "attester19", devnet_key(19), "secret", light=True)
    changed = shell.json("operator", "keys", *files, "--endpoint", "https://moved.example", by="operator")
    shown = shell.json("operator", "show", OPERATORS[0].address)
    assert (shown["endpoint"], shown["attester"]) == ("https://moved.example", changed["attester"])


def _ask(shell: Shell, agreement: str, *options: str) -> client_world.Asked:
    made = shell.json("request", "make", agreement, "--purpose", PURPOSE, *options, by="controller")
    request = Request.from_json(made["terms"])
    return client_world.Asked(request.id, request, _sent(shell, made))


def _balance(shell: Shell, account: str) -> int:
    rows = {row["currency"]: row["amount"] for row in shell.json("balance", "show", account)}
    return int(rows[ETHER])


def _evaluation(world: World) -> Evaluation:
    values = {field.name: field.value for field in world.tree.fields}
    card = world.package.card
    row = features(card, {feature.name: values[feature.name] for feature in card.inputs})
    return LocalRuntime(world.package).evaluate([row])[0]


def _sent(shell: Shell, made: dict[str, Any]) -> client_world.Sent:
    block = shell.json("request", "show", made["request"])["block"]
    return client_world.Sent(bytes.fromhex(made["transaction"][2:]), block, made["gasUsed"], [])
