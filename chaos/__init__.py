"""Faults on purpose: a whole Assent as real processes, and what goes wrong around it. ``python -m chaos`` tells the story as a table."""
