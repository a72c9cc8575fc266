"""Hypothesis strategies for the structs."""

from eth_utils import to_checksum_address
from hypothesis import strategies as st

from oracle.core.structs import (
    Agreement,
    Delivery,
    Disclosure,
    Model,
    Question,
    Quote,
    Request,
    Schedule,
    StandingRequest,
)

BYTES32 = st.binary(min_size=32, max_size=32)
ADDRESSES = st.binary(min_size=20, max_size=20).map(to_checksum_address)


def uints(bits: int) -> st.SearchStrategy[int]:
    """Integers of so many bits, the ends among them."""
    return st.one_of(st.just(0), st.just((1 << bits) - 1), st.integers(0, (1 << bits) - 1))


QUESTIONS = st.builds(
    Question, uints(32), uints(40), uints(8), uints(8), uints(16), st.sampled_from(Delivery), st.sampled_from(Disclosure),
    uints(32), uints(16),
)  # fmt: skip
QUOTES = st.builds(Quote, uints(8), uints(8), uints(16), uints(32), uints(96), uints(96))
REQUESTS = st.builds(Request, BYTES32, ADDRESSES, QUESTIONS, QUOTES)
SCHEDULES = st.builds(Schedule, uints(40), uints(32), uints(32), uints(32), st.booleans(), st.booleans())
STANDING = st.builds(StandingRequest, BYTES32, ADDRESSES, QUESTIONS, QUOTES, SCHEDULES)
AGREEMENTS = st.builds(
    Agreement,
    ADDRESSES, ADDRESSES, ADDRESSES, BYTES32, BYTES32, BYTES32,
    BYTES32, uints(256), uints(256),
    uints(8), uints(32), uints(16), st.binary(min_size=2, max_size=2), st.booleans(), uints(2),
    uints(40), uints(40), uints(32), uints(96),
)  # fmt: skip
MODELS = st.builds(
    Model,
    ADDRESSES, BYTES32, BYTES32, BYTES32, uints(8), uints(8), uints(24), uints(96), ADDRESSES, uints(16),
)  # fmt: skip
STRUCTS = st.one_of(AGREEMENTS, MODELS, REQUESTS, SCHEDULES, STANDING)
