"""A client's way to the contracts: opened when first needed, checked once, read with typed errors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from threading import Lock
from typing import Any, Self, TypeVar

from eth_typing import BlockNumber, ChecksumAddress, HexStr
from eth_utils import is_address, to_checksum_address
from hexbytes import HexBytes
from web3.exceptions import BadFunctionCallOutput, ContractLogicError, Web3RPCError
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import FilterParams, LogReceipt

from oracle.chain.abi import Event, contract_of, decode_log, event_topic
from oracle.chain.contract import AssentContract, Block, Read, addresses_told
from oracle.chain.rpc import endpoint_errors, open_sync, wrong_chain
from oracle.client.answers import Sent
from oracle.client.errors import NoSignerError
from oracle.client.sending import Sender
from oracle.core.digests import Domain, typed_data_digest
from oracle.core.errors import ConfigurationError, EndpointError, WrongChainError
from oracle.keys.signer import Signer

T = TypeVar("T")
_SMALLEST_RANGE_BLOCKS = 1_000


class Connection:
    """One deployment behind one endpoint. Nothing is sent before the first read; what only signs needs no endpoint at all."""

    def __init__(
        self,
        rpc_url: str,
        contract: str,
        *,
        chain_id: int | None = None,
        signer: Signer | None = None,
        start_block: int = 0,
    ) -> None:
        """``start_block`` is the block of the deployment: events are sought from there. Raises ConfigurationError for no address.

        Without ``chain_id``, the endpoint's own is believed.
        """
        if not is_address(contract):
            raise ConfigurationError(["contract: must be an address, 0x and 40 hexadecimal digits"])
        self.address = to_checksum_address(contract)
        self.signer = signer
        self.start_block = start_block
        self.web3 = open_sync(rpc_url)
        self.web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        self._chain_id = chain_id
        self._nonces = Lock()  # of all signers, so that clients of one connection can send from several threads

    def with_signer(self, signer: Signer) -> Self:
        """Return a client over the same connection, signing as another."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, signer=signer)
        return other

    @property
    def domain(self) -> Domain:
        """The EIP-712 domain of the deployment."""
        return self.contract.domain if self._chain_id is None else Domain(self._chain_id, self.address)

    @cached_property
    def contract(self) -> AssentContract:
        """The contracts: Assent names the others. Raises WrongChainError or EndpointError unless the endpoint serves the chain, with Assent
        at that address.
        """
        with endpoint_errors("eth_chainId"):
            found = self.web3.eth.chain_id
            code = self.web3.eth.get_code(self.address)
        if self._chain_id not in (None, found):
            raise wrong_chain(found, self._chain_id or 0)
        if not code:
            raise WrongChainError(f"no contract at {self.address} on chain {found}; correct the deployment")
        try:
            with endpoint_errors("eth_call"):
                addresses = addresses_told(self.web3, self.address)
        except EndpointError as error:
            if not isinstance(error.__cause__, ContractLogicError | BadFunctionCallOutput):
                raise
            raise WrongChainError(f"the contract at {self.address} isn't Assent; correct the deployment") from error
        return AssentContract(self.web3, addresses, found)

    @cached_property
    def _sender(self) -> Sender:
        return Sender(self.web3, self.contract.addresses, self.contract.domain.chain_id, self._nonces)

    # Reading

    def read(self, read: Read[T], block: Block = "latest") -> T:
        """Make a view call at a block. Raises ContractRevertError or EndpointError."""
        with endpoint_errors("eth_call"):
            return read.call(block)

    def block_time(self, number: int | None = None) -> int:
        """Return a block's time (Unix seconds), of the latest one by default. Raises EndpointError."""
        with endpoint_errors("eth_getBlockByNumber"):
            return int(self.web3.eth.get_block("latest" if number is None else BlockNumber(number))["timestamp"])

    def block_number(self) -> int:
        """Return the latest block's number. Raises EndpointError."""
        with endpoint_errors("eth_blockNumber"):
            return int(self.web3.eth.block_number)

    def calldata(self, transaction: bytes) -> bytes:
        """Return a transaction's input. Raises EndpointError."""
        with endpoint_errors("eth_getTransactionByHash"):
            return bytes(self.web3.eth.get_transaction(HexBytes(transaction))["input"])

    def events(self, name: str, *topics: bytes | Sequence[bytes] | None) -> list[Event]:
        """Return the contracts' events of a name, in order. Raises EndpointError.

        ``topics`` are its indexed arguments: one, one of several, or None for any.
        """
        padded = [_topic(topic) for topic in topics]
        home = to_checksum_address(self.contract.addresses.of(contract_of(name)))
        logs = self._logs(home, [HexStr(event_topic(name)), *padded], self.start_block, self.block_number())
        events = [decode_log(log) for log in logs if log["address"] == home]
        found = [event for event in events if event is not None]
        return sorted(found, key=lambda event: (event.block_number, event.log_index))

    def _logs(
        self, home: ChecksumAddress, topics: list[HexStr | Sequence[HexStr] | None], first: int, last: int
    ) -> list[LogReceipt]:
        """Return logs of a range of blocks, in halves where the endpoint won't answer for all of it."""
        wanted: FilterParams = {
            "address": home,
            "fromBlock": BlockNumber(first),
            "toBlock": BlockNumber(last),
            "topics": topics,
        }
        try:
            with endpoint_errors("eth_getLogs"):
                return self.web3.eth.get_logs(wanted)
        except EndpointError as error:
            if not isinstance(error.__cause__, Web3RPCError) or last - first < _SMALLEST_RANGE_BLOCKS:
                raise
        middle = (first + last) // 2
        return self._logs(home, topics, first, middle) + self._logs(home, topics, middle + 1, last)

    # Signing and sending

    @property
    def sender_address(self) -> str:
        """Address of who signs and sends. Raises NoSignerError."""
        return self._signer().address

    def _signer(self, signer: Signer | None = None) -> Signer:
        chosen = signer or self.signer
        if chosen is None:
            raise NoSignerError
        return chosen

    def _sign(self, typed_data: dict[str, Any], signer: Signer | None) -> bytes:
        return self._signer(signer).sign(typed_data_digest(typed_data))

    def send(self, function: Any, value_wei: int = 0, *, room: int = 0) -> Sent:
        """Send web3's prepared function, of these contracts or of another, as the signer. Raises what :meth:`Sender.send` does.

        ``room`` is gas to allow beside what is estimated: what others' transactions may make it cost more by then.
        """
        return self._sender.send(function, self._signer(), value_wei, room)


def _topic(topic: bytes | Sequence[bytes] | None) -> HexStr | Sequence[HexStr] | None:
    if topic is None or isinstance(topic, bytes):
        return None if topic is None else HexStr("0x" + topic.rjust(32, b"\0").hex())
    return [HexStr("0x" + each.rjust(32, b"\0").hex()) for each in topic]
