"""A mutant for each statement about the committee (docs/invariants.md, C1 to C12), and the test that must kill it.

They are in tests/mutants/twelve.toml. Runs in the copy of the project that ``mutate.py`` makes, with its fast profile. Fails if a mutant
lives, if one doesn't compile, or if a test fails without a mutant.

    python tools/twelve.py --forge forge
"""

import argparse
import os
import re
import subprocess
import sys
import time
import tomllib
from typing import NamedTuple

from digest import digest
from mutate import ENVIRONMENT, ROOT, WORK, prepare


class Mutant(NamedTuple):
    breaks: str
    file: str
    before: str
    after: str
    path: str
    test: str


def mutants() -> list[Mutant]:
    """Return the mutants of the file, each of which changes just one place."""
    entries = tomllib.loads((ROOT / "tests/mutants/twelve.toml").read_text())["mutant"]
    found = [Mutant(**entry) for entry in entries]
    for mutant in found:
        if (ROOT / mutant.file).read_text().count(mutant.before) != 1:
            raise SystemExit(f"{mutant.file} doesn't have just one: {mutant.before}")
    return found


def ran(forge: str, path: str, tests: list[str]) -> tuple[int, int, str]:
    """Run these tests of a file; return how many passed, how many failed, and what was said."""
    command = [forge, "test", "--match-path", path, "--match-test", f"^({'|'.join(tests)})\\("]
    done = subprocess.run(
        command,
        cwd=WORK,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    said = done.stdout + done.stderr
    passed, failed = (set(re.findall(rf"\[{what}.*\] (\w+)\(", said)) for what in ("PASS", "FAIL"))
    return len(passed), len(failed), said


def tried(forge: str, mutant: Mutant) -> str:
    target = WORK / mutant.file
    original = target.read_text()
    target.write_text(original.replace(mutant.before, mutant.after))
    try:
        passed, failed, _ = ran(forge, mutant.path, [mutant.test])
    finally:
        target.write_text(original)
    return "killed" if failed else "survived" if passed else "stillborn"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forge", default="forge")
    forge = parser.parse_args().forge
    found = mutants()
    prepare()
    for path in sorted({mutant.path for mutant in found}):
        names = sorted({mutant.test for mutant in found if mutant.path == path})
        passed, failed, said = ran(forge, path, names)
        if failed or passed != len(names):
            print(f"{path} doesn't pass without a mutant:\n{said[-2000:]}", file=sys.stderr)
            return 1
    alive = 0
    for mutant in found:
        started = time.monotonic()
        what = tried(forge, mutant)
        alive += what != "killed"
        print(f"{what:10} {time.monotonic() - started:4.0f}s {mutant.breaks}", flush=True)
    print(f"{len(found) - alive} of {len(found)} killed")
    print(f"on contracts {digest()}")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
