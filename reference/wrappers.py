"""Library functions whose signature is not the role's, wrapped so that it is."""

from __future__ import annotations

from typing import Any


def torch_cross_entropy(logits: Any, L: int) -> Any:
    """`torch.nn.functional.cross_entropy`, which takes its label as a tensor."""
    import torch

    return torch.nn.functional.cross_entropy(logits, torch.tensor(L))
