"""What may be told of where somebody lives: the state, and the ZIP zone (three digits), if it has more than 20,000 people.

Source: 45 CFR 164.514(b)(2)(i)(B). A smaller zone is told as 000. Which zones are small changes with each census: one that was so in 2000
(the list in the guidance of the Department of Health and Human Services) or in 2010 counts as small, and so does one that isn't assigned,
or is the forces' or a territory's.
"""

from __future__ import annotations

import re

_STATES = """AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD
TN TX UT VT VA WA WV WI WY"""
_NAMES = """Alabama,Alaska,Arizona,Arkansas,California,Colorado,Connecticut,Delaware,District of Columbia,Florida,Georgia,
Hawaii,Idaho,Illinois,Indiana,Iowa,Kansas,Kentucky,Louisiana,Maine,Maryland,Massachusetts,Michigan,Minnesota,
Mississippi,Missouri,Montana,Nebraska,Nevada,New Hampshire,New Jersey,New Mexico,New York,North Carolina,
North Dakota,Ohio,Oklahoma,Oregon,Pennsylvania,Rhode Island,South Carolina,South Dakota,Tennessee,Texas,Utah,
Vermont,Virginia,Washington,West Virginia,Wisconsin,Wyoming"""
_BY_NAME = dict(zip((name.strip() for name in _NAMES.split(",")), _STATES.split(), strict=True))
_CODES = frozenset(_STATES.split())

_SMALL = "036 059 063 102 203 205 369 556 692 753 772 790 821 823 830 831 878 879 884 890 893"
_OTHERS = """000 001 002 003 004 006 007 008 009 090 091 092 093 094 095 096 097 098 099 213 269 340 343 345 348 353 419 428 429 517 518
519 529 533 536 552 568 578 579 589 621 632 642 643 659 663 682 694 695 696 697 698 699 702 709 715 732 742 771 817 818 819 839 848 849
854 858 861 862 866 867 868 869 872 876 886 887 888 892 896 899 909 929 962 963 964 965 966 969 987"""
_WITHHELD = frozenset((_SMALL + " " + _OTHERS).split())
_ZIP = re.compile(r"(\d{3})(?:\d{2}(?:-\d{4})?)?", re.ASCII)


def state_of(text: object) -> str | None:
    """Return the two letters of a state of the United States given by them or by its name, or None."""
    if not isinstance(text, str):
        return None
    return text if text in _CODES else _BY_NAME.get(text)


def zone_of(text: object) -> str | None:
    """Return what may be told of a ZIP code or zone: its first three digits, 000 where few live, or None if it isn't one."""
    match = _ZIP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    return "000" if match[1] in _WITHHELD else match[1]
