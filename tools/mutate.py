"""Mutation testing of the contracts that carry quorum, consent, payment, and who judges.

Each mutant is one small change of one line; it is killed if a test fails. Runs in a copy of the project under build/mutants, with the
fast profile (no IR), the invariant campaign only for mutants that the other tests let live.

    python tools/mutate.py --sample 80          # writes build/mutants/report.json
    python tools/mutate.py --list               # only says what would be changed
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from digest import digest

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "mutants"
FILES = [
    "contracts/base/Quorum.sol",
    "contracts/base/Consent.sol",
    "contracts/base/Contests.sol",
    "contracts/base/ConsentRegistry.sol",
    "contracts/base/Recordings.sol",
    "contracts/base/Requests.sol",
    "contracts/base/Treasury.sol",
    "contracts/base/VerdictOracle.sol",
    "contracts/committee/Bench.sol",
    "contracts/committee/Conflicts.sol",
    "contracts/committee/Epochs.sol",
    "contracts/committee/Roster.sol",
    "contracts/libraries/Members.sol",
    "contracts/types/Quote.sol",
]
# Each pattern with what takes its place, and the operator's name.
SWAPS = [
    (r" < ", " <= ", "boundary"),
    (r" <= ", " < ", "boundary"),
    (r" > ", " >= ", "boundary"),
    (r" >= ", " > ", "boundary"),
    (r" < ", " > ", "relation"),
    (r" > ", " < ", "relation"),
    (r" == ", " != ", "relation"),
    (r" != ", " == ", "relation"),
    (r" && ", " || ", "logic"),
    (r" \|\| ", " && ", "logic"),
    (r" \+ ", " - ", "arithmetic"),
    (r" - ", " + ", "arithmetic"),
    (r" \* ", " / ", "arithmetic"),
    (r" / ", " * ", "arithmetic"),
    (r" \+= ", " -= ", "arithmetic"),
    (r" \+= ", " = ", "arithmetic"),
    (r" << ", " >> ", "shift"),
    (r" >> ", " << ", "shift"),
    (r"\b0\b(?!x)", "1", "constant"),
    (r"\b1\b", "2", "constant"),
    (r"\b(2|20|32|64|27|96|160|255)\b", "1", "constant"),
    (r"\btrue\b", "false", "constant"),
    (r"\bfalse\b", "true", "constant"),
    (r"\bif \((?!!)(.+?)\) (revert|return|continue)", r"if (!(\1)) \2", "negation"),
    (r"\bif \((?!!)(.+)\) \{$", r"if (!(\1)) {", "negation"),
    (r"^(\s+)(if \(.+\) revert .+;)$", r"\1", "deletion"),
    (
        r"^(\s+)(?=\S)(?!return|revert|emit|u?int|bytes|bool|address|string|mapping|if|for|let|\(\w+ \w+|\W"
        r"|.* (constant|memory|storage) )(.+;)$",
        r"\1",
        "deletion",
    ),
    (r"^(\s+)(emit .+;)$", r"\1", "deletion"),
    (r"\b(checkKey|check)\((\w+), ", r"\1(msg.sender, ", "argument"),
]
ASSEMBLY_SWAPS = [
    (r"\bgt\(", "lt(", "relation"),
    (r"\bxor\(", "and(", "logic"),
    (r"\biszero\((.+?)\)", r"(\1)", "negation"),
    (r"\bshr\(", "shl(", "shift"),
    (r"\badd\(", "sub(", "arithmetic"),
]
ENVIRONMENT = {
    "FOUNDRY_VIA_IR": "false",
    "FOUNDRY_OPTIMIZER_RUNS": "1",
    "FOUNDRY_IGNORED_ERROR_CODES": "[4591,5574,3860]",
    "FOUNDRY_CODE_SIZE_LIMIT": "200000",
    "FOUNDRY_FUZZ_RUNS": "64",
    "FOUNDRY_DENY": "never",  # a mutant may leave a variable unused
}
# What the fast profile can't pass: sizes and gas of the optimised code.
NOT_HERE = "Eip170|StaysWithinItsGas"


class Mutant(NamedTuple):
    path: str
    line: int
    operator: str
    before: str
    after: str


def mutants(path: str) -> Iterator[Mutant]:
    """Every mutant of a file. Comments, imports, declarations of types and errors are left alone."""
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        code = line.split("//")[0].rstrip()
        if not code.strip() or re.match(
            r"\s*(import|pragma|using|error|event|struct|/\*|\*|library|abstract|contract|function)", code
        ):
            continue
        is_assembly = bool(re.search(r":=|mstore|\bif (xor|and)\(", code))
        for pattern, replacement, operator in ASSEMBLY_SWAPS if is_assembly else SWAPS:
            for match in re.finditer(pattern, code):
                after = code[: match.start()] + match.expand(replacement) + code[match.end() :]
                if after != code:
                    yield Mutant(path, number, operator, code.strip(), after.strip() or "(deleted)")


def sample(size: int, seed: int) -> list[Mutant]:
    """An equal part of each file, and of a file's operators."""
    chosen: list[Mutant] = []
    draw = random.Random(seed)  # noqa: S311
    for path in FILES:
        all_of = list(mutants(path))
        draw.shuffle(all_of)
        seen: dict[str, int] = {}
        ranked = []
        for mutant in all_of:
            seen[mutant.operator] = seen.get(mutant.operator, 0) + 1
            ranked.append((seen[mutant.operator], len(ranked), mutant))
        chosen += [mutant for _, _, mutant in sorted(ranked)[: max(1, size // len(FILES))]]
    return chosen


def prepare() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    for part in ("contracts", "tests/contracts", "tests/vectors", "tools"):
        shutil.rmtree(WORK / part, ignore_errors=True)
        shutil.copytree(ROOT / part, WORK / part)
    (WORK / "tests/gas").mkdir(exist_ok=True)
    # Without the restrictions that have the contracts compiled via the IR.
    settings = (ROOT / "foundry.toml").read_text()
    settings = re.sub(r"(?ms)^(additional_compiler_profiles = .+?\]|compilation_restrictions = .+?^\])\n", "", settings)
    (WORK / "foundry.toml").write_text(settings)
    if not (WORK / "node_modules").exists():
        (WORK / "node_modules").symlink_to(ROOT / "node_modules")


def outcome(forge: str, arguments: list[str]) -> str:
    """`killed`, `survived`, or `stillborn` when it doesn't compile."""
    command = [forge, "test", "--fail-fast", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=WORK,
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "killed"
    if done.returncode == 0:
        return "survived"
    return "killed" if re.search(r"\[FAIL", done.stdout) else "stillborn"


def judge(forge: str, mutant: Mutant, left_out: str) -> str:
    target = WORK / mutant.path
    original = target.read_text()
    lines = original.splitlines(keepends=True)
    line = lines[mutant.line - 1]
    indent = line[: len(line) - len(line.lstrip())]
    lines[mutant.line - 1] = indent + ("" if mutant.after == "(deleted)" else mutant.after) + "\n"
    target.write_text("".join(lines))
    try:
        found = outcome(forge, ["--no-match-test", left_out, "--no-match-path", "tests/contracts/invariants/*"])
        if found == "survived" and outcome(forge, ["--match-path", "tests/contracts/invariants/*"]) == "killed":
            return "killed by an invariant"
        return found
    finally:
        target.write_text(original)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--forge", default="forge")
    parser.add_argument("--skip", default="", help="tests to leave out, a regular expression")
    chosen = sample((options := parser.parse_args()).sample, options.seed)
    if options.list:
        for mutant in chosen:
            print(f"{mutant.path}:{mutant.line} [{mutant.operator}] {mutant.before}  ->  {mutant.after}")
        print(len(chosen), "of", sum(len(list(mutants(path))) for path in FILES))
        return 0
    left_out = "|".join(filter(None, [NOT_HERE, options.skip]))
    prepare()
    if outcome(options.forge, ["--no-match-test", left_out]) != "survived":
        print("the tests don't pass without a mutation", file=sys.stderr)
        return 1
    report = []
    for mutant in chosen:
        started = time.monotonic()
        found = judge(options.forge, mutant, left_out)
        report.append({**mutant._asdict(), "outcome": found})
        print(
            f"{found:22} {time.monotonic() - started:4.0f}s {mutant.path}:{mutant.line} {mutant.before} -> {mutant.after}",
            flush=True,
        )
        (WORK / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    alive = [entry for entry in report if entry["outcome"] == "survived"]
    born = [entry for entry in report if entry["outcome"] != "stillborn"]
    print(f"{len(born) - len(alive)} of {len(born)} killed, {len(report) - len(born)} didn't compile")
    print(f"on contracts {digest()}, seed {options.seed}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
