"""Which codes may stay: those of a public terminology, in its form. A text in a code's place has another one, and is left out.

LOINC and SNOMED CT codes end in a check digit. RxNorm's, CVX's and ICD's don't: a short number in their place can't be told from a code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
OMB_RACE = "urn:oid:2.16.840.1.113883.6.238"
_HL7 = "http://terminology.hl7.org/CodeSystem/"

_LOINC = re.compile(r"([1-9]\d{0,6})-(\d)")
#: Answers have no check digit in use; the last three are Synthea's own under LOINC's name.
_LOINC_OTHER = re.compile(r"LA\d{1,6}-\d|QALY|DALY|QOLS")
_SNOMED = re.compile(r"[1-9]\d{5,17}")
_SNOMED_CONCEPT = ("00", "10")
_VERHOEFF_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def of_pattern(pattern: str) -> Callable[[str], bool]:
    """Return a test for codes that match a pattern as a whole."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda code: compiled.fullmatch(code) is not None


def of_list(codes: str) -> Callable[[str], bool]:
    """Return a test for the codes in a list, parted by spaces."""
    return frozenset(codes.split()).__contains__


def is_loinc(code: str) -> bool:
    """Tell whether it's a LOINC code with the right check digit (LOINC Users' Guide, appendix: mod 10)."""
    match = _LOINC.fullmatch(code)
    if match is None:
        return _LOINC_OTHER.fullmatch(code) is not None
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(match[1]))]
    return (sum(each // 10 + each % 10 for each in doubled) + int(match[2])) % 10 == 0


def is_snomed(code: str) -> bool:
    """Tell whether it's the id of a SNOMED CT concept: partition and check digit (SNOMED CT RF2 guide, section 6.2 and 6.5)."""
    if _SNOMED.fullmatch(code) is None or code[-3:-1] not in _SNOMED_CONCEPT:
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(place % 8):
            value = _VERHOEFF_TURN[value]
        check = _dihedral(check, value)
    return check == 0


def _dihedral(left: int, right: int) -> int:
    """The product in the group of a pentagon's symmetries, as Verhoeff numbers them."""
    turn = (left + right) % 5 if left < 5 else (left - right) % 5
    return turn if (left < 5) == (right < 5) else turn + 5


_PREFIX = "(?:da|[YZEPTGMkhdcmunpfazy])?"
_METRIC = r"(?:mol|eq|osm|Pa|bar|cal|kat|Hz|Bq|Gy|Sv|lm|lx|cd|m\[Hg\]|m\[H2O\]|\[IU\]|\[iU\]|[gmsLlJWVAKNU])"
_PLAIN = r"%|Cel|\[degF\]|\[in_i\]|\[ft_i\]|\[lb_av\]|\[oz_av\]|\[pH\]|\[ppm\]|\[ppth\]|\[arb'U\]|\[CFU\]|min|h|d|wk|mo|a|dB|1"
_NOTE = r"\{(?:score|nominal|count|T|INR|ratio|index|titer|copies|cells|CFU|events|beats|breaths|#|1\.73_m2|pH)\}"
_POWER = r"10[*^]-?\d{1,2}"
_UNIT = f"(?:(?:{_PREFIX}{_METRIC}|{_PLAIN})(?:-?[1-9])?|{_POWER})(?:{_NOTE})?|{_NOTE}"
#: Units of UCUM that measurements have. No numbers but powers of ten, and of notes in braces, where UCUM allows any text, the usual ones.
is_unit: Callable[[str], bool] = of_pattern(f"/?(?:{_UNIT})(?:[./](?:{_UNIT}))*")

_STATES = "active inactive resolved remission recurrence relapse unconfirmed provisional differential confirmed refuted"
_VERIFIED = f"{_STATES} entered-in-error presumed"
#: By code system, which codes may stay.
SYSTEMS: Mapping[str, Callable[[str], bool]] = {
    LOINC: is_loinc,
    "http://snomed.info/sct": is_snomed,
    "http://www.nlm.nih.gov/research/umls/rxnorm": of_pattern(r"[1-9]\d{1,5}|[1-3]\d{6}"),
    "http://hl7.org/fhir/sid/cvx": of_pattern(r"\d{2,3}"),
    "http://hl7.org/fhir/sid/icd-10": of_pattern(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?"),
    "http://hl7.org/fhir/sid/icd-10-cm": of_pattern(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?"),
    OMB_RACE: of_list("1002-5 2028-9 2054-5 2076-8 2106-3 2131-1 2135-2 2186-5"),
    _HL7 + "observation-category": of_list(
        "social-history vital-signs imaging laboratory procedure survey exam therapy activity"
    ),
    _HL7 + "v3-ObservationInterpretation": of_list("H L N A HH LL AA HU LU POS NEG IND DET ND R S I"),
    _HL7 + "condition-clinical": of_list(_STATES),
    _HL7 + "condition-ver-status": of_list(_VERIFIED),
    _HL7 + "condition-category": of_list("problem-list-item encounter-diagnosis"),
    _HL7 + "allergyintolerance-clinical": of_list(_STATES),
    _HL7 + "allergyintolerance-verification": of_list(_VERIFIED),
    _HL7 + "medicationrequest-category": of_list("inpatient outpatient community discharge"),
    _HL7 + "data-absent-reason": of_list("unknown asked-unknown not-asked masked not-applicable error not-performed"),
    _HL7 + "v3-ActCode": of_list("AMB EMER FLD HH IMP ACUTE NONAC OBSENC PRENC SS VR"),
    _HL7 + "v3-NullFlavor": of_list("UNK ASKU OTH NI NA"),
    _HL7 + "v3-MaritalStatus": of_list("A C D I L M P S T U W"),
    _HL7 + "v2-0074": of_list("LAB RAD CH HM MB PAT"),
}


def may_stay(system: object, code: object) -> bool:
    """Tell whether a code may stay: its system is in the list, and it has that system's form."""
    if not isinstance(system, str) or not isinstance(code, str):
        return False
    fits = SYSTEMS.get(system)
    return fits is not None and fits(code)
