"""Assent: machine-learning verdicts for smart contracts, about data whose owner agreed.

The package is layered in floors (see ``docs/architecture.md``); a module imports only from floors below its own.
Importing :mod:`oracle` is cheap: neither torch nor web3 is loaded until something needs it.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("assent")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
