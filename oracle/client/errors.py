"""What the client raises beside the errors of :mod:`oracle.core.errors`."""

from collections.abc import Sequence

from oracle.core.errors import AssentError, ChainError
from oracle.core.structs import RequestState


class UnknownIdError(ChainError):
    """The chain has nothing of this id: another deployment, or a block that came after."""

    def __init__(self, kind: str, identifier: bytes) -> None:
        self.kind = kind
        self.identifier = identifier
        super().__init__(f"the contract knows no {kind} 0x{identifier.hex()}; check the id and the deployment")


class ManyModelsError(ChainError):
    """An agreement to a publisher's models, where one that was adopted under it is wanted. ``adopted`` has the ids of these."""

    def __init__(self, adopted: Sequence[bytes]) -> None:
        self.adopted = tuple(adopted)
        named = ", ".join("0x" + each.hex() for each in adopted) or "none yet"
        super().__init__(f"the agreement is to all models of a publisher: name one that was adopted under it ({named})")


class FundsError(ChainError):
    """The sender can't pay for the transaction. Amounts in wei."""

    def __init__(self, sender: str, balance_wei: int, needed_wei: int) -> None:
        self.balance_wei = balance_wei
        self.needed_wei = needed_wei
        super().__init__(f"{sender} has {balance_wei} wei and needs {needed_wei}: send it ether")


class TokenFundsError(ChainError):
    """An account hasn't enough of a token. Amounts in the token's smallest unit."""

    def __init__(self, account: str, token: str, balance: int, needed: int) -> None:
        self.balance = balance
        self.needed = needed
        super().__init__(f"{account} has {balance} of the token {token} and needs {needed}: send it some")


class NotATokenError(ChainError):
    """What should be a token's contract isn't one."""

    def __init__(self, address: str) -> None:
        super().__init__(f"there is no token at {address}; check the address and the chain")


class SignatureUnknownError(ChainError):
    """A signature that isn't, over just this ruling, of a judge: of one on the roll of the report's epoch who didn't sign the verdict."""

    def __init__(self, epoch: int, signer: str | None) -> None:
        self.signer = signer
        super().__init__(
            f"a signature isn't by a judge on the roll of epoch {epoch}, or over another ruling (it recovers to {signer}); "
            "have those sign just this ruling who didn't sign the verdict"
        )


class UnjudgedError(AssentError):
    """A final verdict was wanted, and nobody decided on its challenge in time. ``request_id`` names the request."""

    def __init__(self, request_id: bytes) -> None:
        self.request_id = request_id
        super().__init__(
            f"the verdict on request 0x{request_id.hex()} was challenged and nobody decided in time: nobody confirmed it, and it stays; "
            "ask anew, or take it as it is by asking for unjudged ones, too"
        )


_ANCHORING = "wait until the operators have anchored it, or name a node that has it"


class NoProofError(ChainError):
    """No operator serves a proof of this request's verdict (yet), or what they serve leads nowhere."""

    def __init__(self, request_id: bytes, found: str, remedy: str = _ANCHORING) -> None:
        self.request_id = request_id
        super().__init__(
            f"no proof of a verdict for request 0x{request_id.hex()}: {found or 'no node to ask'}; {remedy}"
        )


class NoSignerError(AssentError):
    """A method that signs was called on a client without a signer."""

    def __init__(self) -> None:
        super().__init__("this client has no signer; pass `signer=`, or use `client.with_signer(...)`")


class VerdictTimeoutError(AssentError, TimeoutError):
    """A request wasn't where it was waited for when the wait ended. ``request_id`` names it; waiting again does no harm."""

    def __init__(self, request_id: bytes, waited_s: float, state: RequestState = RequestState.REQUESTED) -> None:
        self.request_id = request_id
        self.state = state
        found, remedy = _WAITS.get(state, ("not final", "wait again, until its window is over"))
        super().__init__(f"request 0x{request_id.hex()} is still {found} after {waited_s:g} s; {remedy}")


_WAITS = {
    RequestState.REQUESTED: ("open", "wait again, or expire it"),
    RequestState.CHALLENGED: ("challenged", "wait again, or close the case once nobody can decide any more"),
}
