"""Imports fastai 1.0.61 beside any PyTorch: what needs more than its pure modules is stood in for here, nothing of its mathematics.

pip install --no-deps fastai==1.0.61, and pandas, scipy, Pillow, torch, torchvision.
"""
import sys, types
import torch


class Anything:
    def __init__(self, *a, **k): pass
    def __getattr__(self, name): return Anything()
    def __call__(self, *a, **k): return Anything()


def stand_in(name, **members):
    module = types.ModuleType(name)
    module.__dict__.update(members)
    module.__getattr__ = lambda member: Anything()
    sys.modules[name] = module
    return module


fastprogress = stand_in("fastprogress", master_bar=Anything, progress_bar=Anything)
fastprogress.fastprogress = stand_in("fastprogress.fastprogress", MasterBar=type("MasterBar", (), {}), ProgressBar=type("ProgressBar", (), {}), master_bar=Anything, progress_bar=Anything, format_time=lambda t: str(t), IN_NOTEBOOK=False)
for missing in ("spacy", "pynvml"):
    try:
        __import__(missing)
    except Exception:
        stand_in(missing)
stand_in("spacy.symbols", ORTH=0)
# removed in PyTorch 1.13; fastai calls solve(B, A)[0]
stand_in("pkg_resources", require=lambda *a: [], get_distribution=Anything)
torch.solve = lambda b, a: (torch.linalg.solve(a, b), None)
import numpy
for name, value in (("object", object), ("bool", bool), ("float", float), ("int", int)):
    if name not in numpy.__dict__:
        setattr(numpy, name, value)
import fastai.vision  # noqa: E402,F401
