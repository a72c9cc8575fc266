"""``assent agreement draft``, ``notice``: what a subject is asked to sign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.agreement import DAY_S, app
from oracle.cli.files import STEPS, step_of
from oracle.cli.options import Link, parse_address, parse_id, reads
from oracle.cli.output import print_json
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.core.structs import Record

_ADDRESS: dict[str, Any] = {"parser": parse_address, "metavar": "ADDRESS"}


@app.command(
    epilog="Example: assent agreement draft --record 0x5d… --controller 0x70… --model screening "
    "--purpose AcademicResearch --uses 3 > agreement.json"
)
@reads
def draft(
    link: Link,
    controller: Annotated[str, typer.Option(**_ADDRESS, help="Who may ask.")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME|ID", help="The model, by id or by name in the deployment.")
    ] = None,
    publisher: Annotated[
        str | None,
        typer.Option(**_ADDRESS, help="Instead: any model that it publishes, which the controller then adopts."),
    ] = None,
    currency: Annotated[
        str | None, typer.Option(**_ADDRESS, help="With --publisher: the token of the price; ether by default.")
    ] = None,
    purpose: Annotated[
        list[str] | None, typer.Option(metavar="TERM", help="A purpose agreed to; may be repeated.")
    ] = None,
    permission: Annotated[
        list[str] | None,
        typer.Option(metavar="DUO", help="Purposes by a DUO permission, such as GRU or HMB; repeatable."),
    ] = None,
    record: Annotated[
        bytes | None, typer.Option(parser=parse_id, metavar="ID", help="The record's id, to be looked up on chain.")
    ] = None,
    root: Annotated[
        bytes | None, typer.Option(parser=parse_id, metavar="ROOT", help="The record's root, if it isn't on chain yet.")
    ] = None,
    subject: Annotated[str | None, typer.Option(**_ADDRESS, help="Whose data it is; with --root.")] = None,
    holder: Annotated[str | None, typer.Option(**_ADDRESS, help="Who keeps the record; with --root.")] = None,
    prohibit: Annotated[list[str] | None, typer.Option(metavar="TERM", help="A purpose ruled out; it wins.")] = None,
    ehds: Annotated[
        bool, typer.Option("--ehds", help="Rule out what the European Health Data Space forbids: Art. 54(b), (c).")
    ] = False,
    modifier: Annotated[
        list[str] | None, typer.Option(metavar="DUO", help="What whoever asks must undertake, such as NCU; repeatable.")
    ] = None,
    place: Annotated[
        int, typer.Option(min=0, max=999, help="Where alone it may be used, ISO 3166-1 numeric; 0: anywhere.")
    ] = 0,
    language: Annotated[str, typer.Option(metavar="CODE", help="The notice's language, ISO 639-1.")] = "",
    erasure: Annotated[
        bool, typer.Option("--erasure", help="Have the record erased when the agreement ends, and told on chain.")
    ] = False,
    step: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(STEPS)}; infer by default.")] = None,
    days: Annotated[float, typer.Option(min=0, help="How long it is valid from now, in days.")] = 30,
    uses: Annotated[int, typer.Option(min=1, max=2**32 - 1, help="How many requests may be made.")] = 1,
    price: Annotated[
        int, typer.Option(min=0, max=2**96 - 1, help="What each verdict earns the subject: wei, or the token's units.")
    ] = 0,
    notice: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="What the subject is shown.")] = None,
) -> None:
    """Write an agreement as JSON to standard output, for `give` or `sign`."""
    from oracle.client import draft_agreement  # noqa: PLC0415
    from oracle.core.duo import ehds_prohibited  # noqa: PLC0415
    from oracle.core.notices import notice_bytes  # noqa: PLC0415
    from oracle.core.purposes import terms  # noqa: PLC0415

    drafted = draft_agreement(
        _record(link, record, root, subject, holder),
        controller,
        _model(link, model, publisher, currency),
        _purposes(purpose, permission),
        [*(prohibit or ()), *(terms(ehds_prohibited()) if ehds else ())],
        [step_of(each) for each in step or ["infer"]],
        valid_for_s=int(days * DAY_S),
        uses=uses,
        price=price,
        modifiers=modifier or (),
        place=place,
        language=language or _language_of(notice),
        erasure=erasure,
        notice=notice_bytes(notice.read_bytes()) if notice else b"",
    )
    print_json(drafted.to_json())


@app.command(epilog="Example: assent agreement notice notice.txt --language en --recipient 'your clinic' > notice.json")
def notice(
    text: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What the subject reads, UTF-8.")],
    language: Annotated[str, typer.Option(metavar="CODE", help="Its language, ISO 639-1.")] = "",
    recipient: Annotated[list[str] | None, typer.Option(help="Who learns the answer, in words; repeatable.")] = None,
    processor: Annotated[
        list[str] | None,
        typer.Option(**_ADDRESS, help="An operator that may process the record; repeatable; none: any."),
    ] = None,
) -> None:
    """Write a notice to standard output, for `draft --notice` and, if it names processors, for `vault notice`."""
    from oracle.core.notices import Notice  # noqa: PLC0415

    try:
        content = text.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ConfigurationError([f"{text}: not UTF-8 text"]) from None
    made = Notice(content, language, tuple(recipient or ()), tuple(processor or ()))
    typer.echo(made.encoded().decode())


def _record(link: Link, record: bytes | None, root: bytes | None, subject: str | None, holder: str | None) -> Record:
    """Return the record that an agreement is about: looked up by its id, or put together."""
    from oracle.core.structs import Record  # noqa: PLC0415

    if record is not None:
        found = link.client.record(record).record
        if subject not in (None, found.subject) or holder not in (None, found.holder) or root not in (None, found.root):
            raise ConfigurationError([f"--record: it is {found.subject}'s, held by {found.holder}; name it alone"])
        return found
    if root is None or subject is None or holder is None:
        raise ConfigurationError(["--record: name the record, or its --root, --subject and --holder"])
    return Record(root, subject, holder)


def _model(link: Link, model: str | None, publisher: str | None, currency: str | None) -> bytes:
    """Return the model's id, or what stands for all models of a publisher."""
    from oracle.core.structs import ModelsBy  # noqa: PLC0415

    if model is not None and publisher is None and currency is None:
        return link.model_id(model)
    if model is not None or publisher is None:
        raise ConfigurationError(["--model: name a model; or a --publisher of models, and perhaps its --currency"])
    if currency is None:
        return ModelsBy(publisher).pack()
    listed = link.client.currencies()
    if currency not in listed:
        raise ConfigurationError([f"--currency: no model is paid in {currency}; see `assent balance show`"])
    return ModelsBy(publisher, listed.index(currency)).pack()


def _language_of(notice: Path | None) -> str:
    from oracle.core.notices import Notice, NoticeError  # noqa: PLC0415

    try:
        return "" if notice is None else Notice.parse(notice.read_bytes()).language
    except NoticeError:
        return ""


def _purposes(named: list[str] | None, permissions: list[str] | None) -> list[str]:
    from oracle.core.duo import permission_mask  # noqa: PLC0415
    from oracle.core.purposes import terms  # noqa: PLC0415

    if not named and not permissions:
        raise ConfigurationError(["--purpose: name a purpose, or a --permission"])
    return [*(named or ()), *terms(permission_mask(permissions or ()))]
