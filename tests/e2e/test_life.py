"""The whole life of an agreement, by the command line against real processes; and what it may not leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from deploy.life import holds, marked_record
from deploy.story import BUILD

LIFE_S = 300


def test_life__when_told__ends_well_and_leaves_no_value_of_the_record() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.life"], capture_output=True, text=True, timeout=LIFE_S, check=False
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr
    assert ended.stdout.rstrip().endswith("life: ok")
    figures = json.loads((BUILD / "life.json").read_text())
    assert figures["ok"] is True
    assert figures["receipt"]["status"] == "withdrawn"
    assert figures["scanned"]["files"] > 20
    assert figures["scanned"]["values"] > 25


def test_scan__when_a_value_was_left_in_a_file__then_it_is_found(tmp_path: Path) -> None:
    fields, marks = marked_record()
    file = tmp_path / "node.log"
    file.write_text(f"evaluating {json.dumps(fields['mean radius'])} of a patient")
    assert holds(file, marks.forms())
    file.write_bytes(np.array([fields["mean radius"]]).tobytes())
    assert holds(file, marks.forms())
    file.write_text("evaluating a patient")
    assert not holds(file, marks.forms())
