"""The command line, ``assent``. Importing it loads next to nothing: each command imports what it needs when it runs."""


def main() -> None:
    """Run ``assent``. Exit status: 0 all is well, 1 an operation or a check failed, 2 wrong usage or configuration."""
    from oracle.cli.app import app  # noqa: PLC0415  typer and rich cost a tenth of a second

    app()
