"""The options that many commands share, in one place: which deployment, through which endpoint, as whom, and in which form to answer."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.client import AssentClient, Deployment
    from oracle.keys.signer import LocalSigner

#: Where deployments are sought, newest first, when none is named.
DEPLOYMENTS = Path("deploy/deployments")
_JSON_KEY = "assent.json"


def _remember_json(context: typer.Context, value: bool) -> bool:
    if value:
        context.meta[_JSON_KEY] = True
    return value


def wants_json(context: typer.Context) -> bool:
    """Tell whether the running command was given ``--json``."""
    return bool(context.meta.get(_JSON_KEY))


def parse_id(text: str) -> bytes:
    """Return the 32 bytes of an id. Raises typer.BadParameter."""
    if re.fullmatch(r"0x[0-9a-fA-F]{64}", text) is None:
        raise typer.BadParameter("an id is 0x and 64 hexadecimal digits")
    return bytes.fromhex(text[2:])


def parse_address(text: str) -> str:
    """Return an address, checksummed. Raises typer.BadParameter."""
    from eth_utils import is_address, to_checksum_address  # noqa: PLC0415

    if not is_address(text):
        raise typer.BadParameter("an address is 0x and 40 hexadecimal digits, and its checksum must be right")
    return to_checksum_address(text)


def parse_currency(text: str) -> str:
    """Return a currency's address, the zero address for ether. Raises typer.BadParameter."""
    return "0x" + "0" * 40 if text.lower() in ("eth", "ether") else parse_address(text)


Currency = Annotated[
    str,
    typer.Option("--currency", parser=parse_currency, metavar="ETH|ADDRESS", help="Ether, or a token by its address."),
]
Id = Annotated[bytes, typer.Argument(parser=parse_id, metavar="ID", help="Its id, 0x and 64 hexadecimal digits.")]
Json = Annotated[bool, typer.Option("--json", callback=_remember_json, help="Write JSON to standard output.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", envvar="ASSENT_PASSWORD_FILE", help="File with the keystore's password."),
]
_DEPLOYMENT = Annotated[
    Path | None,
    typer.Option(
        "--deployment", envvar="ASSENT_DEPLOYMENT", help=f"Deployment to use; the newest in {DEPLOYMENTS}/ by default."
    ),
]
_RPC_URL = Annotated[
    str | None, typer.Option("--rpc-url", envvar="ASSENT_RPC_URL", help="RPC endpoint; the deployment's by default.")
]
_KEYSTORE = Annotated[
    Path | None, typer.Option("--keystore", envvar="ASSENT_KEYSTORE", help="Key file of who signs and sends.")
]


@dataclass(frozen=True)
class Link:
    """A command's way to the contract, and the form of its answer. Nothing is read before it's asked for."""

    deployment_path: Path | None
    rpc_url: str | None
    as_json: bool
    keystore: Path | None = None
    password_file: Path | None = None

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment. Raises ConfigurationError."""
        from oracle.client import Deployment  # noqa: PLC0415

        return Deployment.read(self.deployment_path or _newest(DEPLOYMENTS))

    @cached_property
    def client(self) -> AssentClient:
        """The client, signing as the keystore's owner if one was given. Raises ConfigurationError or SigningKeyError."""
        from oracle.client import AssentClient  # noqa: PLC0415

        signer = self.signer if self.keystore else None
        return AssentClient.of(self.deployment, rpc_url=self.rpc_url, signer=signer)

    @cached_property
    def sender(self) -> AssentClient:
        """The client of a command that signs. Raises ConfigurationError if no keystore was given."""
        return self.client.with_signer(self.signer)

    @cached_property
    def signer(self) -> LocalSigner:
        """Who signs. Raises ConfigurationError, or SigningKeyError for a key that can't or mustn't be used on this chain."""
        from oracle.keys.devnet import refuse_devnet_key  # noqa: PLC0415
        from oracle.keys.keystore import read_signer  # noqa: PLC0415

        wanted = {"--keystore": self.keystore, "--password-file": self.password_file}
        if missing := [name for name, given in wanted.items() if given is None]:
            raise ConfigurationError([f"{name}: this command signs; name the file" for name in missing])
        signer = read_signer(self.keystore or Path(), self.password_file or Path())
        refuse_devnet_key(signer.address, self.deployment.chain_id)
        return signer

    def model_id(self, name_or_id: str) -> bytes:
        """Return a model's id, given that or its name in the deployment. Raises ConfigurationError."""
        models = self.deployment.models
        if name_or_id in models:
            return models[name_or_id]
        try:
            return parse_id(name_or_id)
        except typer.BadParameter:
            known = ", ".join(models) or "none"
            raise ConfigurationError(
                [f"{name_or_id!r} is no model id, nor a model of the deployment ({known})"]
            ) from None


def reads(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes a ``link`` first the options to reach a deployment."""
    return _linked(command, {"deployment": _DEPLOYMENT, "rpc_url": _RPC_URL, "as_json": Json})


def sends(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes a ``link`` first the options to reach a deployment and to sign."""
    keys = {"keystore": _KEYSTORE, "password_file": PasswordFile}
    return _linked(command, {"deployment": _DEPLOYMENT, "rpc_url": _RPC_URL, **keys, "as_json": Json})


def _linked(command: Callable[..., None], options: dict[str, Any]) -> Callable[..., None]:
    """Typer reads a command's signature: show it the command's own parameters, and the shared ones in place of ``link``."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    shared = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=False if name == "as_json" else None, annotation=kind
        )
        for name, kind in options.items()
    ]

    def run(**given: Any) -> None:
        common = {name: given.pop(name) for name in options}
        command(Link(deployment_path=common.pop("deployment"), **common), **given)

    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own] + shared
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _newest(folder: Path) -> Path:
    found = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        remedy = "start one with `assent devnet up`, or name one with --deployment or ASSENT_DEPLOYMENT"
        raise ConfigurationError([f"no deployment in {folder}/: {remedy}"])
    return found[-1]
