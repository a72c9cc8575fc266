"""``python -m oracle.cli`` is ``assent``."""

from oracle.cli import main

main()
