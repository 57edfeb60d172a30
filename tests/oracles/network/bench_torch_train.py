"""A training step in PyTorch beside ours: bench_torch_train.py NETWORK BATCH SIZE THREADS TRAIN_FROM (see tests/bench/engine.ts).

For every line on standard input takes one step and prints its milliseconds, so that the two take turns; then the largest resident size in MB.
"""
import os
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from models import build  # noqa: E402
from seeded import image  # noqa: E402
from train import group_of, own_name  # noqa: E402

name, batch, size, threads, train_from = sys.argv[1], *(int(v) for v in sys.argv[2:6])
torch.set_num_threads(threads)
net, _, channels = build(name, 3)
net.train()
trained = []
for path, module in net.named_modules():
    for parameter in module.parameters(recurse=False):
        if group_of(name, f"{own_name(name, path, module=True)}.") >= train_from:
            trained.append(parameter)
        else:
            parameter.requires_grad_(False)
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.eval()
optimizer = torch.optim.AdamW(trained, lr=1e-4, betas=(0.9, 0.99), eps=1e-5, weight_decay=0.01)
x = torch.from_numpy(image("bench", (batch, channels, size, size)))
targets = torch.arange(batch) % 3
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(net(x), targets)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    loss.item()
    print((time.perf_counter() - start) * 1000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.process_time() * 1000, flush=True)
