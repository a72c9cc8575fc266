import subprocess
import sys

import pytest

HEAVY = "torch", "captum", "sklearn", "ray"


@pytest.mark.parametrize(
    "modules",
    [
        "oracle",
        "oracle.models.card, oracle.models.package, oracle.models.features, oracle.models.evaluation",
        "oracle.node, oracle.models.worker_engine, oracle.models.worker_process, oracle.models.frames",
        "oracle.models.architectures, oracle.models.selftest, oracle.models.folder, oracle.models.zoo.screening",
    ],
)
def test_import__of_the_light_modules__loads_neither_torch_nor_sklearn(modules: str) -> None:
    code = f"import sys, {modules}; print([name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_import__of_the_screening_data__loads_no_torch() -> None:
    code = "import sys, oracle.models.zoo.screening.data; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
