"""What the client raises beside the errors of :mod:`oracle.core.errors`."""

from oracle.core.errors import AssentError, ChainError


class UnknownIdError(ChainError):
    """The chain has nothing of this id: another deployment, or a block that came after."""

    def __init__(self, kind: str, identifier: bytes) -> None:
        self.kind = kind
        self.identifier = identifier
        super().__init__(f"the contract knows no {kind} 0x{identifier.hex()}; check the id and the deployment")


class FundsError(ChainError):
    """The sender can't pay for the transaction. Amounts in wei."""

    def __init__(self, sender: str, balance_wei: int, needed_wei: int) -> None:
        self.balance_wei = balance_wei
        self.needed_wei = needed_wei
        super().__init__(f"{sender} has {balance_wei} wei and needs {needed_wei}: send it ether")


class NoSignerError(AssentError):
    """A method that signs was called on a client without a signer."""

    def __init__(self) -> None:
        super().__init__("this client has no signer; pass `signer=`, or use `client.with_signer(...)`")


class VerdictTimeoutError(AssentError, TimeoutError):
    """A request was still open when the wait for its verdict ended. ``request_id`` names it; waiting again does no harm."""

    def __init__(self, request_id: bytes, waited_s: float) -> None:
        self.request_id = request_id
        super().__init__(f"request 0x{request_id.hex()} is still open after {waited_s:g} s; wait again, or expire it")
