"""Writes tests/fixtures/network/python.safetensors with the reference implementation, and prints what it holds.

Needs `pip install safetensors` beside python3-torch.
"""
import os

import torch
from safetensors.torch import save_file

values = torch.tensor([0.0, 1.0, -2.5, 0.1, 65504.0, 6.1e-5])
tensors = {
    "half": values.to(torch.float16).reshape(2, 3),
    "brain": values.to(torch.bfloat16),
    "single": values.reshape(3, 2),
    "double": values.double() + 1e-9,
    "counter": torch.tensor(123456),
    "empty": torch.zeros(0, 4),
}
out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../fixtures/network/python.safetensors")
save_file(tensors, out, metadata={"made by": "safetensors_fixture.py"})
for name, tensor in tensors.items():
    print(name, tuple(tensor.shape), tensor.float().flatten().tolist())
