"""Which device torch computes on."""

import torch

from oracle.core.errors import ModelError


def torch_device(choice: str) -> torch.device:
    """Return the device for "cpu", "cuda", or "auto": CUDA where torch sees one. Raises ModelError if there is no such device."""
    available = torch.cuda.is_available()
    if choice == "cuda" and not available:
        raise ModelError('torch sees no CUDA device here; set runtime.device to "cpu" or "auto"')
    return torch.device("cuda" if choice != "cpu" and available else "cpu")
