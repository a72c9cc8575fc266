"""A report: what failed, in order, and never a stranger's text unabridged."""

from __future__ import annotations

import pytest

from oracle.audit import AuditReport, Check, CheckFailedError, CheckName
from oracle.audit.report import equal, must, shown

PASSED = Check(CheckName.RECORDED, True, "recorded in block 7")
FAILED = Check(CheckName.VERDICT, False, "expected a, found b", expected="a", found="b")
SKIPPED = Check(CheckName.MODEL_CARD, False, "no package", skipped=True)


def test_report__when_a_check_fails__then_it_is_typed() -> None:
    report = AuditReport(bytes(32), (PASSED, FAILED, SKIPPED))
    assert not report.passed
    assert not report.complete
    assert report.failures == (FAILED,)
    with pytest.raises(CheckFailedError) as caught:
        report.must_pass()
    assert (caught.value.check, caught.value.expected, caught.value.found) == (CheckName.VERDICT, "a", "b")


def test_report__when_a_check_is_skipped__then_it_passes_but_is_not_complete() -> None:
    report = AuditReport(bytes(32), (PASSED, SKIPPED))
    report.must_pass()
    assert report.passed
    assert not report.complete
    assert AuditReport(bytes(32), (PASSED,)).complete


def test_to_json__then_results_are_words() -> None:
    data = AuditReport(b"\1" * 32, (PASSED, FAILED, SKIPPED), node="http://n").to_json()
    assert [check["result"] for check in data["checks"]] == ["passed", "failed", "skipped"]
    assert data["checks"][1]["expected"] == "a"
    assert "expected" not in data["checks"][2]
    assert (data["passed"], data["complete"], data["trail"]) == (False, False, None)


def test_check__when_sought_by_name__then_found() -> None:
    report = AuditReport(bytes(32), (PASSED,))
    assert report.check("recorded") is PASSED
    with pytest.raises(KeyError):
        report.check(CheckName.VERDICT)


def test_must__when_untrue__then_says_what_was_expected() -> None:
    must(True, CheckName.QUORUM, "x", "y")
    with pytest.raises(CheckFailedError, match="quorum: expected at least 3, found 2"):
        must(False, CheckName.QUORUM, "at least 3", 2)
    with pytest.raises(CheckFailedError, match="record: expected root 0x01, found 0x02"):
        equal(CheckName.RECORD, "root", b"\x01", b"\x02")


def test_shown__when_a_stranger_wrote_it__then_short_and_printable() -> None:
    assert shown("a\x1b[31m\nb") == "a?[31m?b"
    assert len(shown("x" * 10**6)) == 101
