"""A forward pass in PyTorch beside ours: bench_torch.py NETWORK BATCH SIZE THREADS (see tests/bench/engine.ts).

For every line on standard input makes one pass and prints its milliseconds, so that the two take turns.
"""
import os
import sys
import time

import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from models import build  # noqa: E402
from seeded import image  # noqa: E402

name, batch, size, threads = sys.argv[1], *(int(v) for v in sys.argv[2:5])
torch.set_num_threads(threads)
net, _, channels = build(name, 3)
x = torch.from_numpy(image("bench", (batch, channels, size, size)))
with torch.inference_mode():
    net(x)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        net(x)
        print((time.perf_counter() - start) * 1000, flush=True)
