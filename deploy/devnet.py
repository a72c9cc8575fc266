"""A whole Assent on this machine: Anvil, the contract, a vault, and operators, each a process of its own."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from web3.types import RPCEndpoint

from deploy.board import Board, create_board
from deploy.deploy import Network, deploy, load_network
from deploy.deployment import FOLDER, sending
from deploy.devnet_files import BOARD_QUORUM, Accounts, Place, operator_owner, write_node, write_vault
from deploy.foundry import anvil_command
from deploy.processes import ProcessError, Processes, answers, free_port, port_is_free
from oracle.chain.rpc import open_sync
from oracle.client import Asked, AssentClient, Deployment
from oracle.core.committee import majority, proposing_turn
from oracle.core.digests import Domain
from oracle.core.roll import MIN_ROLL
from oracle.core.structs import Record
from oracle.core.trail import Trail
from oracle.keys.devnet import DEVNET_CHAIN_ID
from oracle.keys.signer import LocalSigner
from oracle.models.package import ModelPackage
from oracle.services.trails import build_trail
from oracle.store.node_store import NodeStore
from oracle.store.tables import open_database
from oracle.vault.opening import open_vault
from oracle.vault.settings import load_vault_settings

NETWORK = Path(__file__).resolve().parent / "networks" / "devnet.toml"
#: A machine may be so busy that a request comes a block later than it was meant to.
_TRIES = 12
_SENDER_WEI = 10 * 10**18

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DevnetOptions:
    """What a devnet is made of. A port of 0 takes a free one; operators take the ports from ``node_port`` on.

    The first ``seats`` operators sign, the rest are in reserve. ``quorum`` is the models', more than half of the seats by default. A roll
    that couldn't convict all who signed a lie, having fewer than 2 quorum + 1 operators, gets an arbiter: a board of three. ``work`` are
    settings of every node beside its pace. One that is ``published`` is, while it runs, the deployment that commands and the SDK take when
    none is named.
    """

    folder: Path
    operators: int = 4
    seats: int = 4
    block_time_s: int = 1
    anvil_port: int = 0
    vault_port: int = 0
    node_port: int = 0
    turn_blocks: int = 2
    quorum: int | None = None
    work: Mapping[str, object] = field(default_factory=dict)
    published: bool = False

    @property
    def signers(self) -> int:
        """How many sign a report."""
        return max(self.quorum or 0, majority(self.seats))

    @property
    def needs_arbiter(self) -> bool:
        """Whether too few are left to judge what a quorum signed."""
        return self.operators < 2 * self.signers + 1


@dataclass(slots=True)
class OperatorNode:
    """One operator of the devnet."""

    name: str
    owner: LocalSigner
    attester: str
    endpoint: str
    config: Path


class Devnet:
    """Use as a context manager: everything runs inside, and nothing is left outside."""

    def __init__(self, options: DevnetOptions, say: Say) -> None:
        self.options = options
        self.accounts = Accounts()
        self.operators: list[OperatorNode] = []
        self.processes = Processes(options.folder / "logs")
        self._say = say
        self._ports = self._take_ports()
        self.rpc_url = f"http://127.0.0.1:{self._ports['anvil']}"
        self.vault_url = f"http://127.0.0.1:{self._ports['vault']}"
        self.vault_config = options.folder / "vault" / "vault.toml"
        self.deployment: Deployment | None = None
        #: The board's address, if there is one.
        self.arbiter: str | None = None
        #: Where the deployment is published, and as what.
        self._published: tuple[Path, bytes] | None = None

    def _take_ports(self) -> dict[str, int]:
        wanted = {"anvil": self.options.anvil_port, "vault": self.options.vault_port}
        for index in range(self.options.operators):
            wanted[f"node{index}"] = self.options.node_port + index if self.options.node_port else 0
        busy = [f"{name}: {port}" for name, port in wanted.items() if port and not port_is_free(port)]
        if busy:
            raise ProcessError(
                f"ports in use ({', '.join(busy)}): end what listens there, or choose others (see --help)"
            )
        return {name: port or free_port() for name, port in wanted.items()}

    # Up and down

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def up(self) -> None:
        """Start everything, in order. Raises AssentError when a part doesn't start."""
        started = time.monotonic()
        self._start_anvil()
        self._deploy()
        self._make_vault()
        self.start_vault()
        self._make_operators()
        # Until here each transaction had its block at once, so that setting up doesn't wait for the clock.
        self.mine_by_the_clock()
        for operator in self.operators:
            self.start_node(operator.name)
        for operator in self.operators:
            self.wait_ready(operator.name)
        self._say(f"devnet up after {time.monotonic() - started:.1f} s")

    def down(self) -> None:
        """Stop everything that this devnet started."""
        self.processes.stop_all()
        if self._published is not None:
            path, content = self._published
            if path.exists() and path.read_bytes() == content:  # another devnet may have come after
                path.unlink()
            self._published = None

    def client(self, signer: LocalSigner) -> AssentClient:
        """Return the SDK's client for an account."""
        return AssentClient.of(self._deployed(), signer=signer)

    @property
    def models(self) -> Mapping[str, bytes]:
        """Ids of the published models, by name."""
        return self._deployed().models

    @property
    def model_id(self) -> bytes:
        """Id of the one model that this devnet publishes."""
        return next(iter(self.models.values()))

    def mine_at_once(self) -> None:
        """Give each transaction a block at once, and none by the clock: many transactions then go quickly."""
        open_sync(self.rpc_url).provider.make_request(RPCEndpoint("evm_setAutomine"), [True])

    def mine_by_the_clock(self) -> None:
        """Mine a block every ``block_time_s`` seconds, as a chain does."""
        provider = open_sync(self.rpc_url).provider
        provider.make_request(RPCEndpoint("evm_setIntervalMining"), [self.options.block_time_s])

    def pass_time(self, seconds: int) -> None:
        """Move the chain's clock forward."""
        provider = open_sync(self.rpc_url).provider
        provider.make_request(RPCEndpoint("evm_increaseTime"), [seconds])
        provider.make_request(RPCEndpoint("evm_mine"), [])

    def _deployed(self) -> Deployment:
        if self.deployment is None:
            raise ProcessError("the devnet isn't up")
        return self.deployment

    # Parts

    def _start_anvil(self) -> None:
        self._say("anvil …")
        self.processes.start("anvil", anvil_command(self._ports["anvil"]))
        web3 = open_sync(self.rpc_url)
        self.processes.wait_until("anvil", web3.is_connected)

    def _deploy(self) -> None:
        self._say("contract and model …")
        if self.options.needs_arbiter:
            self.arbiter = self._create_board()
        network = self._network()
        self.options.folder.mkdir(parents=True, exist_ok=True)
        path = self.options.folder / "deployment.json"
        self.deployment = deploy(network, self.accounts.deployer, path, self._say)
        if self.options.published and FOLDER.is_dir():
            self._published = (FOLDER / f"{network.chain_id}.json", path.read_bytes())
            shutil.copyfile(path, self._published[0])

    def _create_board(self) -> str:
        web3, members = open_sync(self.rpc_url), self.accounts.board
        send = sending(web3, self.accounts.deployer, DEVNET_CHAIN_ID)
        return create_board(web3, [each.address for each in members], BOARD_QUORUM, send)

    def board(self) -> Board:
        """Return the board that is the models' arbiter. Raises ProcessError if there is none."""
        if self.arbiter is None:
            raise ProcessError("this devnet's roll is large enough to convict: it has no arbiter")
        return Board(self.client(self.accounts.deployer), self.arbiter, self.accounts.board, BOARD_QUORUM)

    def _network(self) -> Network:
        network, options = load_network(NETWORK), self.options
        terms: dict[str, Any] = {"quorum": options.signers}
        if self.arbiter is not None:
            terms["arbiter"] = self.arbiter
        # No model asks for more signers than the smallest roll has seats; and one operator may lose its own.
        seats = {"seats": options.seats, "min_roll": max(MIN_ROLL, options.signers)}
        return network.model_copy(
            update={
                "rpc_url": self.rpc_url,
                "models": tuple(model.model_copy(update=terms) for model in network.models),
                "committee": network.committee.model_copy(update=seats),
            }
        )

    def start_vault(self) -> None:
        """Start the vault, or start it again after it was stopped."""
        self._run("vault", ["vault", "serve", "--config", str(self.vault_config)])
        self.processes.wait_until("vault", lambda: answers(f"{self.vault_url}/healthz"))

    def _make_vault(self) -> None:
        self._say("vault …")
        write_vault(self.vault_config.parent, self._place("vault"), self._ports["vault"], self._packages())

    def _make_operators(self) -> None:
        self._say(f"{self.options.operators} operators join …")
        for index in range(self.options.operators):
            self.operators.append(self._make_operator(index))
        self.client(self.accounts.deployer).rotate()

    def _make_operator(self, index: int) -> OperatorNode:
        name, port = f"operator{index}", self._ports[f"node{index}"]
        endpoint = f"http://127.0.0.1:{port}"
        arbiters = [self.arbiter] if self.arbiter is not None else []
        work = {"turn_blocks": self.options.turn_blocks, "arbiters": arbiters, **self.options.work}
        keys = write_node(self.options.folder / name, self._place(name), port, self._packages(), work)
        provider = open_sync(self.rpc_url).provider
        provider.make_request(RPCEndpoint("anvil_setBalance"), [keys.sender.address, hex(_SENDER_WEI)])
        owner = operator_owner(index)
        client = self.client(owner)
        terms = client.read(client.contract.committee_terms())
        client.join(keys.attester, keys.seal.public, endpoint, terms.min_stake)
        return OperatorNode(name, owner, keys.attester.address, endpoint, keys.config)

    def rpc_url_of(self, name: str) -> str:  # noqa: ARG002  a devnet that puts something in between tells them apart
        """Return the endpoint that the vault, or an operator's node, reads the chain from."""
        return self.rpc_url

    def _place(self, name: str) -> Place:
        return Place(self.rpc_url_of(name), self._deployed())

    def _packages(self) -> list[Path]:
        return [model.package.resolve() for model in load_network(NETWORK).models]

    # Nodes

    def operator(self, name: str) -> OperatorNode:
        """Return an operator by its name, ``operator0`` and so on."""
        return next(operator for operator in self.operators if operator.name == name)

    def start_node(self, name: str) -> None:
        """Start an operator's node, or start it again after it was stopped or killed."""
        self._say(f"{name} …")
        # One thread for each of the numeric libraries: the operators share this machine's cores.
        threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.processes.start(name, self.node_command(name), threads)

    def node_command(self, name: str) -> list[str]:
        """Return the command that runs an operator's node."""
        return [sys.executable, "-m", "oracle.cli", "node", "run", "--config", str(self.operator(name).config)]

    def due_to_propose(self, block: int) -> OperatorNode:
        """Return the operator whose turn comes first for what is asked in a block."""
        return self.operators[proposing_turn(block, block, self.options.turn_blocks, self.options.seats)]

    def ask_in_turn_of(self, operator: OperatorNode, ask: Callable[[], Asked]) -> Asked:
        """Ask when it is an operator's turn to propose; once more if that came in a later block. Raises ProcessError."""
        reader = open_sync(self.rpc_url)
        for _ in range(_TRIES):
            while self.due_to_propose(reader.eth.block_number + 1) is not operator:
                time.sleep(0.05)
            asked = ask()
            if self.due_to_propose(asked.sent.block) is operator:
                return asked
        raise ProcessError(f"no request came in a block that is {operator.name}'s to propose")

    def own_trail(self, name: str, identifier: bytes) -> Trail:
        """Return the trail that an operator would propose for a request, from its database."""
        operator, deployment = self.operator(name), self._deployed()
        store = NodeStore(open_database(f"sqlite:///{operator.config.parent / 'assent-node.db'}"))
        context = store.context(identifier)
        store.close()
        if context is None:
            raise ProcessError(f"{name} hasn't seen request 0x{identifier.hex()}")
        domain = Domain(deployment.chain_id, deployment.contract)
        package = ModelPackage.load(self._packages()[0])
        return build_trail(domain, context, package, operator.attester, "assent/devnet")

    def wait_ready(self, name: str) -> None:
        """Wait until an operator's node says that it is ready. Raises ProcessError if it doesn't become so."""
        endpoint = self.operator(name).endpoint
        self.processes.wait_until(name, lambda: answers(f"{endpoint}/readyz"))

    # Records

    def keep_record(self, fields: Mapping[str, object], subject: str) -> Record:
        """Put a record into the vault, as its holder, and commit it on chain."""
        vault = open_vault(load_vault_settings(self.vault_config))
        record = vault.add(fields, subject, self.accounts.holder.address)
        self.client(self.accounts.holder).commit_record(record.root, record.subject, self.vault_url)
        return record

    def release_for_audit(self, request_id: bytes) -> dict[str, Any]:
        """Return what the vault released for a request, as its holder would hand it to an auditor."""
        return open_vault(load_vault_settings(self.vault_config)).release_for_audit(request_id)

    def _run(self, name: str, arguments: list[str], environment: dict[str, str] | None = None) -> None:
        self.processes.start(name, [sys.executable, "-m", "oracle.cli", *arguments], environment)
