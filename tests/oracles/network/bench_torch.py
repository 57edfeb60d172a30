"""Median milliseconds of a forward pass in PyTorch: bench_torch.py NETWORK BATCH SIZE THREADS SECONDS (see tests/bench/engine.ts)."""
import os
import statistics
import sys
import time

import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from models import build  # noqa: E402
from seeded import image  # noqa: E402

name, batch, size, threads, seconds = sys.argv[1], *(int(v) for v in sys.argv[2:5]), float(sys.argv[5])
torch.set_num_threads(threads)
net, _, channels = build(name, 3)
x = torch.from_numpy(image("bench", (batch, channels, size, size)))
times = []
with torch.inference_mode():
    net(x)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        net(x)
        times.append((time.perf_counter() - start) * 1000)
print(statistics.median(times))
