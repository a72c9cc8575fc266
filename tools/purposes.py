"""Write what is generated from the vocabularies: the Solidity library of purposes, the shared vectors, and the npm package's tables.

``python tools/purposes.py`` writes them; ``--check`` writes nothing and exits 1 if they're out of date.

How the library holds the hierarchy in little code: each purpose with narrower ones has a set of marks (``MARKS``);
any other has the marks of its parents. The sets are chosen so that a purpose with narrower ones is above another
exactly if that one has all its marks. So what is above a purpose has no mark that it lacks, what is below has every
mark that it has, and a constant per mark, the mask of its bearers, is all that the contract needs.

The choice isn't unique; the fewer marks, the less code. ``--search N`` looks for one with ``N`` marks by simulated
annealing. It's needed only when the hierarchy changes so that ``MARKS`` no longer fits, which the generator tells.
"""

import argparse
import json
import math
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from oracle.core.duo import ehds_prohibited, modifiers, permissions
from oracle.core.purposes import VOCABULARY, Purpose, mask, permitted, purpose, purposes, vocabulary_tree

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = Path("contracts/libraries/Purposes.sol")
VECTORS = Path("tests/vectors/purposes.json")
TYPESCRIPT = Path("npm/assent-abi/src/vocabulary.ts")
CAPACITY = 256  # bits of a mask

# One bit per mark, for each purpose with narrower ones.
MARKS: Mapping[str, int] = {
    "Advertising": 0b100000101,
    "CommercialPurpose": 0b010111001,
    "CommunicationManagement": 0b011110010,
    "CustomerCare": 0b011011010,
    "CustomerManagement": 0b010011010,
    "CustomerRelationshipManagement": 0b010011110,
    "EnforceSecurity": 0b110100000,
    "FraudPreventionAndDetection": 0b111111000,
    "FulfilmentOfObligation": 0b011101011,
    "HumanResourceManagement": 0b100000010,
    "Marketing": 0b100000100,
    "MisusePreventionAndDetection": 0b111110000,
    "NonCommercialPurpose": 0b110011001,
    "OptimisationForConsumer": 0b010110101,
    "OptimisationForController": 0b010110110,
    "OrganisationGovernance": 0b001111011,
    "Personalisation": 0b000001101,
    "PersonalisedAdvertising": 0b101001101,
    "PersonnelHiring": 0b101000011,
    "PersonnelManagement": 0b101000010,
    "PersonnelMonitoring": 0b101101010,
    "PersonnelPerformanceManagement": 0b101111010,
    "ProvidePersonalisedRecommendations": 0b001111101,
    "PublicBenefit": 0b101111001,
    "RecruitmentAdvertising": 0b101000111,
    "RecruitmentApplicationManagement": 0b101011011,
    "RecruitmentInterviewManagement": 0b101110011,
    "RecruitmentManagement": 0b101010011,
    "RequestedServiceProvision": 0b001111110,
    "ResearchAndDevelopment": 0b011011001,
    "SellProducts": 0b011101110,
    "ServiceManagement": 0b000100100,
    "ServiceMonitoring": 0b011100111,
    "ServiceOptimisation": 0b010110100,
    "ServicePersonalisation": 0b000101101,
    "ServiceProvision": 0b001101110,
    "TargetedAdvertising": 0b111001101,
    "VendorManagement": 0b010010011,
    "Verification": 0b110110001,
}

# What is asked, agreed and prohibited; the answers come from oracle.core.purposes.
CASES: Mapping[str, tuple[str, Sequence[str], Sequence[str]]] = {
    "the same purpose": ("ScientificResearch", ["ScientificResearch"], []),
    "nothing agreed": ("ScientificResearch", [], []),
    "a broader one agreed": ("ScientificResearch", ["ResearchAndDevelopment"], []),
    "only a narrower one agreed": ("ResearchAndDevelopment", ["ScientificResearch"], []),
    "a sibling agreed": ("ScientificResearch", ["AcademicResearch"], []),
    "agreed by a second parent": ("CommercialResearch", ["CommercialPurpose"], []),
    "agreed far above, by a second line": ("RecruitmentTargetedAdvertising", ["HumanResourceManagement"], []),
    "the same prohibited": ("ScientificResearch", ["ResearchAndDevelopment"], ["ScientificResearch"]),
    "a broader one prohibited": ("ScientificResearch", ["ScientificResearch"], ["ResearchAndDevelopment"]),
    "a narrower one prohibited": ("ResearchAndDevelopment", ["ResearchAndDevelopment"], ["CommercialResearch"]),
    "a sibling prohibited": ("ScientificResearch", ["ResearchAndDevelopment"], ["CommercialResearch"]),
    "prohibited by a second parent": ("CommercialResearch", ["ResearchAndDevelopment"], ["CommercialPurpose"]),
    "a distant one prohibited": ("HumanResourceManagement", ["HumanResourceManagement"], ["TargetedAdvertising"]),
    "far below prohibited": ("Marketing", ["Marketing"], ["RecruitmentTargetedAdvertising"]),
}


def main() -> int:
    """Write the generated files, or do what the option says. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Generate what follows from the table of purposes.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is out of date")
    parser.add_argument("--search", type=int, metavar="N", help="print a choice of N marks, to replace MARKS")
    arguments = parser.parse_args()
    if arguments.search:
        for term, marks in search(purposes(), arguments.search).items():
            sys.stdout.write(f'    "{term}": 0b{marks:0{arguments.search}b},\n')
        return 0
    stale = {path: content for path, content in generated(purposes()).items() if _read(path) != content}
    if arguments.check:
        for path in stale:
            sys.stderr.write(f"{path} is out of date: run python tools/purposes.py\n")
        return int(bool(stale))
    for path, content in stale.items():
        (ROOT / path).write_text(content, encoding="utf-8")
    return 0


def generated(table: Sequence[Purpose]) -> dict[Path, str]:
    """Return what each generated file should hold."""
    if [entry.bit for entry in table] != list(range(len(table))):
        sys.exit("the bits must be 0, 1, 2 and so on, in order")
    if len(table) > CAPACITY:
        sys.exit(f"more than {CAPACITY} purposes")
    return {LIBRARY: library(table), VECTORS: vectors(table), TYPESCRIPT: typescript(table)}


def vectors(table: Sequence[Purpose]) -> str:
    """Return the vectors as JSON: masks by bit, and cases of the rule, in columns of equal length."""
    asked = [(name, purpose(term), mask(agreed), mask(barred)) for name, (term, agreed, barred) in CASES.items()]
    columns = {
        "generator": "tools/purposes.py",
        "count": len(table),
        "vocabulary": VOCABULARY,
        "vocabularyRoot": f"0x{vocabulary_tree(table).root.hex()}",
        "terms": [entry.term for entry in table],
        "ancestorsOrSelf": [_word(entry.ancestors_or_self) for entry in table],
        "descendantsOrSelf": [_word(entry.descendants_or_self) for entry in table],
        "caseNames": [name for name, _, _, _ in asked],
        "casePurposes": [entry.bit for _, entry, _, _ in asked],
        "caseAgreed": [_word(agreed) for _, _, agreed, _ in asked],
        "caseProhibited": [_word(barred) for _, _, _, barred in asked],
        "casePermitted": [permitted(entry.bit, agreed, barred) for _, entry, agreed, barred in asked],
    }
    return json.dumps(columns, indent=2) + "\n"


def typescript(table: Sequence[Purpose]) -> str:
    """Return the tables of the npm package: purposes by bit, and what DUO and the EHDS say."""
    lines = [
        "// Written by tools/purposes.py: don't edit.",
        "",
        _masks(
            "The purpose and all broader ones, by its bit.", "ANCESTORS", (each.ancestors_or_self for each in table)
        ),
        _masks(
            "The purpose and all narrower ones, by its bit.",
            "DESCENDANTS",
            (each.descendants_or_self for each in table),
        ),
        "/** The vocabulary of purposes, and its Merkle root: the contract's `vocabulary` must tell the same. */",
        f'export const VOCABULARY = "{VOCABULARY}";',
        f'export const VOCABULARY_ROOT = "0x{vocabulary_tree(table).root.hex()}";',
        f"export const MODIFIERS = {{ {', '.join(f'{code}: {bit}' for code, bit in modifiers().items())} }} as const;",
        "",
        "export const PERMISSIONS = {",
        *(f"  {code}: 0x{its:x}n," for code, its in permissions().items()),
        "} as const;",
        "",
        f"export const EHDS_PROHIBITED = 0x{ehds_prohibited():x}n;",
        "",
    ]
    return "\n".join(lines)


def _masks(says: str, name: str, masks: Iterable[int]) -> str:
    listed = "".join(f"  0x{each:x}n,\n" for each in masks)
    return f"/** {says} */\nexport const {name}: readonly bigint[] = [\n{listed}];\n"


def library(table: Sequence[Purpose]) -> str:
    """Return the Solidity library, formatted as ``forge fmt`` does. Exits if ``MARKS`` doesn't fit the hierarchy."""
    inner = _inner(table)
    if {entry.term for entry in inner} != set(MARKS):
        sys.exit("MARKS must name the purposes with narrower ones, and no other: see --search")
    marks = [_marks(entry, MARKS) for entry in table]
    for above in inner:
        for below in table:
            is_above = bool(below.ancestors_or_self >> above.bit & 1)
            if (MARKS[above.term] & ~marks[below.bit] == 0) != is_above:
                sys.exit(f"MARKS doesn't tell rightly whether {above.term} is above {below.term}: see --search")
    bearers = [
        sum(1 << bit for bit, its in enumerate(marks) if its >> mark & 1) for mark in range(max(marks).bit_length())
    ]
    calls = [f"        (lineage, offspring) = _sift({_hex(one)}, self, lineage, offspring);" for one in bearers]
    return TEMPLATE.format(
        vocabulary=VOCABULARY,
        root=f"0x{vocabulary_tree(table).root.hex()}",
        count=len(table),
        all=_hex((1 << len(table)) - 1),
        inner=_hex(sum(1 << entry.bit for entry in inner)),
        calls="\n".join(calls),
    )


def search(table: Sequence[Purpose], number: int) -> dict[str, int]:
    """Return marks that fit the hierarchy, by simulated annealing (Kirkpatrick et al. 1983); tries until it finds some.

    For the 120 purposes ten marks take seconds. The nine in use took the same method minutes as compiled code.
    """
    chance = random.Random(number)  # noqa: S311 - no secret depends on it
    inner = _inner(table)
    steps = 60_000
    while True:
        own = {entry.term: 1 << chance.randrange(number) for entry in inner}
        wrong = _clashes(table, own)
        for step in range(steps):
            if not wrong:
                return {entry.term: _marks(entry, own) for entry in inner}
            term = chance.choice(inner).term
            before = own[term]
            own[term] ^= 1 << chance.randrange(number)
            if chance.random() < 1 / 3:
                own[term] ^= 1 << chance.randrange(number)
            now = _clashes(table, own)
            temperature = 1.2 * (1 - step / steps) + 0.05
            if now <= wrong or chance.random() < math.exp((wrong - now) / temperature):
                wrong = now
            else:
                own[term] = before


def _clashes(table: Sequence[Purpose], own: Mapping[str, int]) -> int:
    """Count the pairs in which a purpose's marks are part of another's though it isn't above it."""
    subjects = [entry for entry in table if entry.term in own or len(entry.parents) > 1]
    marks = {entry.bit: _marks(entry, own) for entry in subjects}
    return sum(
        marks[above.bit] & ~marks[below.bit] == 0
        for above in subjects
        if above.term in own
        for below in subjects
        if not below.ancestors_or_self >> above.bit & 1
    )


def _marks(entry: Purpose, marks: Mapping[str, int]) -> int:
    """Return a purpose's marks: its own, if any, and those of all above it."""
    found = marks.get(entry.term, 0)
    for parent in entry.parents:
        found |= _marks(purpose(parent), marks)
    return found


def _inner(table: Sequence[Purpose]) -> list[Purpose]:
    return [entry for entry in table if entry.descendants_or_self != 1 << entry.bit]


def _read(path: Path) -> str | None:
    return (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else None


def _word(value: int) -> str:
    return f"0x{value:064x}"


def _hex(value: int) -> str:
    digits = f"{value:x}"
    return "0x" + digits.zfill(len(digits) + len(digits) % 2)


TEMPLATE = """\
// SPDX-License-Identifier: MIT
// Generated by tools/purposes.py; do not edit.
pragma solidity ^0.8.30;

/// @title Purposes
/// @notice The purposes of the W3C Data Privacy Vocabulary 2.3 as bits of a mask, and the rule that tells whether an
/// agreement permits one. Positions and hierarchy come from oracle/core/vocabulary/dpv_purposes.csv.
/// @dev No function reverts: a number that isn't a purpose has no relatives, and is neither covered nor prohibited.
/// Every function costs one call of `relatives`: who needs two answers calls that, or `permits`, once.
library Purposes {{
    /// @notice The vocabulary, and the Merkle root over it that `IConsentDesk.vocabulary` tells.
    string internal constant VOCABULARY = "{vocabulary}";
    bytes32 internal constant ROOT = {root};

    /// @notice How many purposes there are; they are numbered from 0.
    uint8 internal constant COUNT = {count};

    /// @notice The mask of all purposes.
    uint256 internal constant ALL = {all};

    /// @dev The purposes that have narrower ones.
    uint256 private constant INNER = {inner};

    /// @notice Whether the purpose is covered and not prohibited. Prohibition wins.
    function permits(uint8 purpose, uint256 agreed, uint256 prohibited) internal pure returns (bool) {{
        // The common case: agreed to by itself, and nothing prohibited. The hierarchy has no say then.
        if (prohibited == 0 && purpose < COUNT && (agreed >> purpose) & 1 == 1) return true;
        (uint256 lineage, uint256 offspring) = relatives(purpose);
        return lineage & agreed != 0 && (lineage | offspring) & prohibited == 0;
    }}

    /// @notice Whether the purpose or a broader one is agreed to.
    function covers(uint8 purpose, uint256 agreed) internal pure returns (bool) {{
        return ancestorsOrSelf(purpose) & agreed != 0;
    }}

    /// @notice Whether the purpose, a broader one or a narrower one is prohibited.
    function prohibits(uint8 purpose, uint256 prohibited) internal pure returns (bool) {{
        (uint256 lineage, uint256 offspring) = relatives(purpose);
        return (lineage | offspring) & prohibited != 0;
    }}

    /// @notice The mask of the purpose and all broader ones; 0 if it isn't a purpose.
    function ancestorsOrSelf(uint8 purpose) internal pure returns (uint256 lineage) {{
        (lineage,) = relatives(purpose);
    }}

    /// @notice The mask of the purpose and all narrower ones; 0 if it isn't a purpose.
    function descendantsOrSelf(uint8 purpose) internal pure returns (uint256 offspring) {{
        (, offspring) = relatives(purpose);
    }}

    /// @notice The masks of the purpose with all broader ones, and of the purpose with all narrower ones.
    /// @dev Purposes with narrower ones carry marks, chosen so that one of them is above another purpose exactly if
    /// that one has all its marks; the rest carry their parents' marks. A constant is the mask of one mark's bearers.
    function relatives(uint8 purpose) internal pure returns (uint256 lineage, uint256 offspring) {{
        if (purpose >= COUNT) return (0, 0);
        uint256 self = 1 << purpose;
        lineage = INNER;
        offspring = INNER & self == 0 ? self : ALL;
{calls}
        lineage |= self;
    }}

    /// @dev What lacks a mark that the purpose has isn't below it; what has a mark that it lacks isn't above it.
    function _sift(uint256 bearers, uint256 self, uint256 lineage, uint256 offspring)
        private
        pure
        returns (uint256, uint256)
    {{
        return bearers & self == 0 ? (lineage & ~bearers, offspring) : (lineage, offspring & bearers);
    }}
}}
"""

if __name__ == "__main__":
    sys.exit(main())
