import json

import pytest

from oracle.core.keccak import keccak
from oracle.core.notices import Notice, NoticeError, notice_bytes

OPERATOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
NOTICE = Notice("You may withdraw at any time.", "en", ("your clinic",), (OPERATOR,))


def test_notice__when_encoded_and_parsed__then_is_itself_however_its_file_is_spaced() -> None:
    spaced = json.dumps(json.loads(NOTICE.encoded()), indent=4) + "\n"
    assert Notice.parse(NOTICE.encoded()) == NOTICE == Notice.parse(spaced.encode())
    assert notice_bytes(spaced.encode()) == NOTICE.encoded()
    assert keccak(NOTICE.encoded()) == NOTICE.digest


def test_notice__when_it_is_another_file__then_hashed_as_it_is() -> None:
    for content in (b"plain text", b"{}", b'{"version": "assent-notice/2"}', b"\xff"):
        assert notice_bytes(content) == content


@pytest.mark.parametrize(
    "change",
    [
        {"processors": ["0x70997970c51812dc3a010c7d01b50e0d17dc79c8"]},
        {"processors": "all"},
        {"recipients": [1]},
        {"text": None},
        {"more": 1},
        {"version": "assent-notice/2"},
    ],
)
def test_parse__when_a_part_is_wrong__then_refused(change: dict[str, object]) -> None:
    with pytest.raises(NoticeError):
        Notice.parse(json.dumps({**json.loads(NOTICE.encoded()), **change}).encode())


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"null", b"\xff"])
def test_parse__when_it_is_no_json_object__then_refused(content: bytes) -> None:
    with pytest.raises(NoticeError):
        Notice.parse(content)
