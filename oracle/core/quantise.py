"""Floats become integers here, and nowhere else: parts per million, rounded half to even."""

import math

PPM = 1_000_000


def to_ppm(value: float) -> int:
    """Return ``value`` in parts per million. Raises ValueError when it isn't finite."""
    if not math.isfinite(value):
        raise ValueError("only a finite number can be quantised")
    return round(value * PPM)


def probability_to_ppm(value: float) -> int:
    """Return a probability in parts per million, 0 to 1,000,000. Raises ValueError when it isn't one."""
    if not 0.0 <= value <= 1.0:  # false for NaN too
        raise ValueError("a probability lies between 0 and 1")
    return to_ppm(value)


def within(first_ppm: int, second_ppm: int, tolerance_ppm: int) -> bool:
    """Tell whether two quantised values differ by at most the tolerance."""
    return abs(first_ppm - second_ppm) <= tolerance_ppm
