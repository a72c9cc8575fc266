"""``assent model``: train, show, publish, deprecate, list."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Currency, Json, Link, parse_address, reads, sends
from oracle.cli.output import hexed, print_facts, print_rows
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.models.package import ModelPackage

app = typer.Typer(no_args_is_help=True, help="Models: train, show, publish, deprecate, list.")
Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A model package's folder.")]


@app.command(epilog="Example: assent model train screening --out build/screening")
def train(
    name: Annotated[str, typer.Argument(help="A model of the zoo, for example screening.")],
    out: Annotated[Path, typer.Option(help="Folder for the package; one that is there is replaced.")],
    as_json: Json = False,
) -> None:
    """Train a model of the zoo and write its package; the same software writes the same bytes."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    zoo = importlib.import_module("oracle.models.zoo")
    known = sorted(each.name for each in pkgutil.iter_modules(zoo.__path__) if each.ispkg)
    if name not in known:
        raise ConfigurationError([f"unknown model {name!r}; the zoo has {', '.join(known)}"])
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(f"train {name}: loading", total=1.0)
        training: Any = importlib.import_module(f"oracle.models.zoo.{name}.training")
        package = training.train(
            out,
            progress=lambda stage, done: progress.update(task, description=f"train {name}: {stage}", completed=done),
        )
    print_facts({"folder": str(out), **_package_facts(package)}, as_json)


@app.command(epilog="Example: assent model show build/screening")
@reads
def show(link: Link, target: Annotated[str, typer.Argument(metavar="FOLDER|NAME|ID")]) -> None:
    """Show a package's card, or a published model's terms and state."""
    if Path(target).is_dir():
        from oracle.models.package import ModelPackage  # noqa: PLC0415

        package = ModelPackage.load(Path(target))
        facts = _package_facts(package)
        card = package.card.model_dump(mode="json")
        print_facts({**facts, "card": card} if link.as_json else {**facts, **_card_facts(package)}, link.as_json)
        return
    model = link.client.model(link.model_id(target))
    status = link.client.read(link.client.contract.model_status(model.id))
    print_facts(
        {"model": hexed(model.id), "state": status.state.name.lower(), "since": status.since, **model.to_json()},
        link.as_json,
    )


@app.command(
    epilog="Example: assent model publish build/screening --quorum 3 --fee 1000000000000000 --uri https://… "
    "--keystore publisher.json --password-file password"
)
@sends
def publish(
    link: Link,
    folder: Folder,
    quorum: Annotated[int, typer.Option(min=2, max=255, help="Operators that must sign each verdict.")],
    fee: Annotated[
        int,
        typer.Option(
            "--fee", "--fee-wei", min=0, max=2**96 - 1, help="Price of one verdict: wei, or the token's units."
        ),
    ],
    uri: Annotated[str, typer.Option(help="Where the package can be had.")],
    currency: Currency = "eth",
    royalty: Annotated[int, typer.Option(min=0, max=5_000, help="The publisher's part, in basis points.")] = 0,
    arbiter: Annotated[
        str | None,
        typer.Option(
            parser=parse_address, metavar="ADDRESS", help="Who rules on challenged verdicts where the bench doesn't."
        ),
    ] = None,
    cap: Annotated[
        int, typer.Option(min=0, max=2**96 - 1, help="What may be in escrow for open requests at most; 0: no bound.")
    ] = 0,
) -> None:
    """Publish a package as a model version, as its publisher."""
    from oracle.core.roll import NOBODY  # noqa: PLC0415
    from oracle.core.structs import Model  # noqa: PLC0415
    from oracle.models.package import ModelPackage  # noqa: PLC0415

    package = ModelPackage.load(folder)
    model = Model(
        publisher=link.signer.address,
        files=package.files_digest,
        inputs=package.input_schema_digest,
        outcomes=package.outcomes_digest,
        outcome_count=len(package.card.outcomes),
        quorum=quorum,
        tolerance=package.card.tolerance_ppm,
        fee=fee,
        currency=currency,
        royalty=royalty,
        arbiter=arbiter or NOBODY,
        cap=cap,
    )
    sent = link.sender.publish_model(model, uri)
    print_facts({"model": hexed(model.id), "state": "published", **sent.to_json()}, link.as_json)


@app.command(epilog="Example: assent model deprecate screening --keystore publisher.json --password-file password")
@sends
def deprecate(link: Link, target: Annotated[str, typer.Argument(metavar="NAME|ID")]) -> None:
    """Deprecate a model version, as its publisher: no new request may name it."""
    model = link.sender.model(link.model_id(target))
    sent = link.sender.deprecate_model(model)
    print_facts({"model": hexed(model.id), "state": "deprecated", **sent.to_json()}, link.as_json)


@app.command("list", epilog="Example: assent model list --json")
@reads
def list_models(link: Link) -> None:
    """List all models that were published."""
    names = {identifier: name for name, identifier in link.deployment.models.items()}
    rows = [
        {
            "model": hexed(each.model.id),
            "name": names.get(each.model.id),
            "state": each.state.name.lower(),
            "quorum": each.model.quorum,
            "fee": str(each.model.fee),
            "currency": each.model.currency,
            "uri": each.uri,
        }
        for each in link.client.models()
    ]
    print_rows(("model", "name", "state", "quorum", "fee", "currency", "uri"), rows, link.as_json)


def _package_facts(package: ModelPackage) -> dict[str, Any]:
    return {
        "name": package.card.name,
        "version": package.card.version,
        "files": hexed(package.files_digest),
        "inputs": hexed(package.input_schema_digest),
        "outcomes": hexed(package.outcomes_digest),
    }


def _card_facts(package: ModelPackage) -> dict[str, Any]:
    card = package.card
    held_out = card.metrics.held_out
    return {
        "task": card.task,
        "labels": list(card.outcomes),
        "threshold": f"{card.threshold_ppm} ppm",
        "tolerance": f"{card.tolerance_ppm} ppm",
        "fields": [feature.name for feature in card.inputs],
        "held out": f"{held_out.cases} cases, AUC {held_out.auc}, sensitivity {held_out.sensitivity}",
        "limits": card.limits,
        "licence": card.licence,
    }
