"""What fastai itself computes: tests/fixtures/training/golden.json.

golden.py --fastai2 FOLDER --out FILE. FOLDER holds fastai 2.8 unpacked (pip install --no-deps --target FOLDER fastai); of it only
the functions of callback/schedule.py are run, out of their own source. fastai 1.0.61 is imported (fastai_v1.py).
"""
import argparse, ast, functools, json, math, os, types
import matplotlib
matplotlib.use("Agg")
import numpy as np
import torch
import fastai_v1  # noqa: F401
from fastai.basic_train import Learner, Recorder
from fastai.callback import Scheduler, SmoothenValue, annealing_exp
from fastai.callbacks.one_cycle import OneCycleScheduler
from fastai.vision.image import Image
from fastai.vision.transform import brightness, contrast, flip_lr, get_transforms, rotate, symmetric_warp, zoom


class Plain(types.SimpleNamespace):
    """Can be referred to weakly."""


def one_cycle_v1(n, lr_max):
    """[lr, mom] as used by each batch, and as set after the last."""
    learn = Plain(data=Plain(train_dl=[0] * n), opt=Plain(lr=None, mom=None))
    scheduler = OneCycleScheduler(learn, lr_max)
    scheduler.on_train_begin(n_epochs=1, epoch=0)
    values = []
    for _ in range(n):
        values.append([float(learn.opt.lr), float(learn.opt.mom)])
        scheduler.on_batch_end(True)
    return values + [[float(learn.opt.lr), float(learn.opt.mom)]]


def functions_v2(folder):
    source = open(os.path.join(folder, "fastai/callback/schedule.py")).read()
    wanted = {"sched_cos", "SchedCos", "combine_scheds", "combined_cos", "valley", "steep", "minimum", "_Annealer"}
    body = [node for node in ast.parse(source).body if getattr(node, "name", None) in wanted]
    for node in body:
        node.decorator_list = []
        if node.name == "_Annealer":  # store_attr of fastcore, written out
            node.body[0].body = ast.parse("self.f, self.start, self.end = f, start, end").body
    space = dict(math=math, np=np, torch=torch, tensor=torch.tensor, L=list, functools=functools)
    exec(compile(ast.Module(body, []), "schedule.py", "exec"), space)
    return space


def one_cycle_v2(space, n, lr_max):
    lr = space["combined_cos"](0.25, lr_max / 25, lr_max, lr_max / 1e5)
    mom = space["combined_cos"](0.25, 0.95, 0.85, 0.95)
    return [[float(lr(i / n)), float(mom(i / n))] for i in range(n)]


def loss_curves():
    """Curves as lr_find meets them: flat, falling, rising; with noise; one that never falls; one that stops early."""
    i = np.arange(100)
    rng = np.random.default_rng(7)
    clean = 1 - 0.6 / (1 + np.exp(-(i - 55) / 6)) + 3 / (1 + np.exp(-(i - 92) / 2))
    return {"clean": clean, "noisy": clean + rng.normal(0, 0.02, 100), "rising": 0.5 + i / 200, "short": clean[:40] + rng.normal(0, 0.01, 40)}


def suggestions(space):
    lrs = [1e-7 * 1e8 ** (k / 100) for k in range(100)]
    found = {}
    for name, curve in loss_curves().items():
        recorder = Recorder.__new__(Recorder)
        recorder.lrs, recorder.losses = lrs[:len(curve)], [torch.tensor(v, dtype=torch.float64) for v in curve]
        recorder.plot(suggestion=True, return_fig=True)
        cut_lrs, cut = lrs[:len(curve)][10:-5], list(curve[10:-5])
        found[name] = dict(losses=[float(v) for v in curve], steepest=float(recorder.min_grad_lr), lowest=float(cut_lrs[int(np.argmin(cut))] / 10), valley=space["valley"](cut_lrs, cut, 100)[0])
    return found


def smoothed(values):
    smoother, out = SmoothenValue(0.98), []
    for v in values:
        smoother.add_value(v)
        out.append(smoother.smooth)
    return out


def lr_range(lr, groups):
    values = Learner.lr_range(types.SimpleNamespace(layer_groups=[0] * groups), lr)
    return [float(v) for v in np.broadcast_to(values, groups)]


def picture(height, width, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    smooth = 0.5 + 0.3 * np.sin(x / 5 + seed) * np.cos(y / 4) + 0.15 * rng.random((height, width))
    return np.round(np.clip(smooth, 0, 1) * 255).astype(np.uint8)


CASES = {
    "nothing": dict(),
    "warp": dict(warp=[0.2, -0.15, 0.1, -0.2]),
    "rotate": dict(rotate=10.0),
    "zoom": dict(zoom=[1.1, 0.2, 0.9]),
    "brightness": dict(brightness=0.6),
    "contrast": dict(contrast=0.8),
    "lighting": dict(brightness=0.41, contrast=1.25),
    "flip": dict(flip=True),
    "all": dict(warp=[-0.12, 0.2, 0.05, 0.18], rotate=-7.5, zoom=[1.07, 0.75, 0.1], brightness=0.57, contrast=1.1),
    "all, flipped": dict(warp=[0.1, 0.1, -0.2, 0.02], rotate=3.0, zoom=[1.02, 0.5, 0.5], brightness=0.44, contrast=0.9, flip=True),
}


def transformed(pixels, size, case):
    chosen = []
    if case.get("flip"): chosen.append(flip_lr(p=1.0))
    if "warp" in case: chosen.append(symmetric_warp(magnitude=tuple(case["warp"]), is_random=False))
    if "rotate" in case: chosen.append(rotate(degrees=case["rotate"], is_random=False))
    if "zoom" in case: chosen.append(zoom(scale=case["zoom"][0], row_pct=case["zoom"][1], col_pct=case["zoom"][2], is_random=False))
    if "brightness" in case: chosen.append(brightness(change=case["brightness"], is_random=False))
    if "contrast" in case: chosen.append(contrast(scale=case["contrast"], is_random=False))
    image = Image(torch.from_numpy(pixels.astype(np.float32) / 255)[None])
    for one in chosen:
        one.resolve()
        one.do_run = True
    out = image.apply_tfms(chosen, do_resolve=False, size=size, padding_mode="reflection") if chosen else image.apply_tfms([], size=size, padding_mode="reflection")
    return [round(float(v), 6) for v in out.px.numpy().ravel()]


def ranges():
    """fastai's get_transforms, in its order: name, what is drawn from where, how often."""
    train, _ = get_transforms(do_flip=False)
    return [dict(name=t.tfm.func.__name__, kwargs={k: list(v) if isinstance(v, tuple) else v for k, v in t.kwargs.items() if k != "padding_mode"}, p=t.p) for t in train]


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--fastai2", required=True); p.add_argument("--out", required=True)
    a = p.parse_args()
    space = functions_v2(a.fastai2)
    lr_find = Scheduler((1e-7, 10), 100, annealing_exp)
    shapes = {"square": ((27, 27), (24, 24)), "wide": ((18, 30), (16, 26)), "enlarged": ((14, 12), (20, 18))}
    golden = dict(
        oneCycleV1=[dict(batches=n, maximum=lr, values=one_cycle_v1(n, lr)) for n, lr in ((100, 3e-3), (7, 1e-2), (3, 1e-2), (1, 1e-2))],
        oneCycleV2=[dict(batches=n, maximum=lr, values=one_cycle_v2(space, n, lr)) for n, lr in ((100, 3e-3), (7, 1e-2), (3, 1e-2))],
        lrFind=[1e-7] + [float(lr_find.step()) for _ in range(100)],
        smoothing=dict(values=[2, 1, 3, 2.5, 0.5], smooth=smoothed([2, 1, 3, 2.5, 0.5])),
        slices=[dict(groups=g, start=s, stop=e, rates=lr_range(slice(s, e), g)) for g, s, e in ((3, 1e-5, 1e-3), (3, None, 3e-3), (3, 1e-4, 1e-3), (1, None, 3e-3), (2, 1e-6, 1e-4))],
        suggestions=suggestions(space),
        ranges=ranges(),
        transforms=[dict(shape=name, height=i[0], width=i[1], outHeight=o[0], outWidth=o[1], pixels=picture(*i, seed).ravel().tolist(),
                         cases=[dict(name=case, **CASES[case], values=transformed(picture(*i, seed), o, CASES[case])) for case in CASES])
                    for seed, (name, (i, o)) in enumerate(shapes.items())],
    )
    json.dump(golden, open(a.out, "w"), separators=(",", ":"))


if __name__ == "__main__":
    main()
