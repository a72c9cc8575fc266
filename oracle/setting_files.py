"""Settings of a process in a TOML file, overridden by the environment: how they are read, and what is said of those that can't be meant."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsError

from oracle.core.errors import ConfigurationError

S = TypeVar("S", bound="FileSettings")

_SQLITE = "sqlite:///"


class FileSettings(BaseSettings):
    """Settings of one process: a TOML file's content, overridden by the environment."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the file (which arrives as init values)."""
        return env_settings, init_settings


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises ConfigurationError when it can't be read or isn't TOML."""
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigurationError(
            [f"{path}: can't be read ({error.strerror}); name another file with --config"]
        ) from error
    except UnicodeDecodeError:
        raise ConfigurationError([f"{path}: not TOML: it isn't UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{path}: not TOML: {error}"]) from error


def problems_of(error: ValidationError) -> list[str]:
    """Say each of a validation's problems in one line that begins with the setting's name, and never shows a value."""
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        lines.append(f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg'].removeprefix('Value error, ')}")
    return lines


def anchored_database(url: Any, folder: Path) -> Any:
    """Make a relative SQLite path relative to a folder; what else a database may be is left alone."""
    if isinstance(url, str) and url.startswith(_SQLITE) and not url.endswith(":memory:"):
        return _SQLITE + str(folder / url.removeprefix(_SQLITE))
    return url


def anchored_paths(paths: Any, folder: Path) -> Any:
    """Make a list's relative paths relative to a folder; what isn't a list of paths is left to validation."""
    return [folder / each if isinstance(each, str) else each for each in paths] if isinstance(paths, list) else paths


def load_settings(kind: type[S], path: Path, anchor: Callable[[dict[str, Any], Path], dict[str, Any]]) -> S:
    """Read one process's settings from a file; ``anchor`` makes its relative paths relative to the file's folder.

    Raises ConfigurationError with every problem at once, each naming its setting.
    """
    try:
        return kind(**anchor(read_toml(path), path.resolve().parent))
    except ValidationError as error:
        raise ConfigurationError(problems_of(error)) from None
    except SettingsError as error:
        raise ConfigurationError([f"environment: {error}; lists and tables are given there as JSON"]) from None
