"""Trains one network on what prepare.py wrote. Saves OUT/NAME.pt (state_dict) and OUT/NAME.json (how it was made)."""
import argparse, csv, json, os, time
from collections import defaultdict
import numpy as np
import torch
import torch.nn.functional as F
from augment import augment, glyphs, in_scanner
from network import StarterNet, predict, standardise
import negatives

# What one batch of 64 is made of. Within a source, positives and negatives weigh the same, so the source alone does not give the label.
XRAY_CHEST = [("kermany-paediatric", 0, 6), ("kermany-paediatric", 1, 6), ("nih", 0, 6), ("nih", 1, 5), ("nih", -1, 1),
              ("covid-radiography-normal", 0, 9), ("covid-radiography-covid", 1, 8), ("covid-chestxray-2020-03-15", 1, 4)]
XRAY_OTHER = [("ct", 3), ("lateral", 2), ("dicom", 3), ("turned", 6), ("pieces", 4), ("drawn", 2)]
CT_CHEST = [("covid-ct-ucsd", 0, 18), ("covid-ct-ucsd", 1, 18)]
CT_OTHER = [("xray", 7), ("dicom", 5), ("turned", 8), ("pieces", 6), ("drawn", 3)]
TURNS = ["rot90", "rot180", "rot270", "flip-vertical", "inverted", "inverted"]
OUTPUTS = {"xray": ["pneumonia", "covid-19", "frontal-chest"], "ct": ["covid-19", "axial-chest"]}


def read_table(cache):
    rows = list(csv.DictReader(open(os.path.join(cache, "table.csv"), newline="")))
    for r in rows:
        r["pneumonia"], r["covid"], r["group"] = int(r["pneumonia"]), int(r["covid"]), int(r["group"])
        r["site"] = "nih" if r["source"].startswith("nih") else r["source"]
    return rows


def distinct(small, indices):
    """One index for each different picture (the DICOM files repeat one picture in many syntaxes)."""
    kept = []
    for i in indices:
        if all(np.abs(small[i].astype(int) - small[j]).mean() > 4 for j in kept):
            kept.append(i)
    return kept


class Batches:
    def __init__(self, net, rows, small, rng, leave_out=()):
        self.net, self.rows, self.small, self.rng, self.bank = net, rows, small, rng, glyphs(rng)
        banned = {r["group"] for r in rows if r["source"] in leave_out or r["site"] in leave_out}
        self.pools = defaultdict(list)
        for i, r in enumerate(rows):
            if r["split"] != "train" or r["group"] in banned:
                continue
            if r["kind"] == "frontal":
                self.pools[(r["site"], r["pneumonia"])].append(i)
                self.pools["xray"].append(i)
            elif r["kind"] == "ct":
                self.pools[(r["site"], r["covid"])].append(i)
                self.pools["ct"].append(i)
            elif r["kind"] == "ct-published":
                self.pools["ct"].append(i)
            elif r["kind"] == "lateral":
                self.pools["lateral"].append(i)
            elif r["kind"] == "dicom-train":
                self.pools["dicom"].append(i)
        self.pools["dicom"] = distinct(small, self.pools["dicom"])
        chest, other = (XRAY_CHEST, XRAY_OTHER) if net == "xray" else (CT_CHEST, CT_OTHER)
        self.chest = [(k[:2], k[2]) for k in chest if self.pools[k[:2]]]
        self.other = other
        # covid-chestxray holds few images without COVID-19: they join its pneumonia pool, which is why it is drawn as one.
        print({str(k): len(v) for k, v in self.pools.items()}, flush=True)

    def take(self, pool, n):
        return self.rng.choice(self.pools[pool], n) if self.pools[pool] else np.zeros(0, int)

    def negative(self, kind, n):
        base = "xray" if self.net == "xray" else "ct"
        pick = lambda: self.small[self.rng.choice(self.pools[base])]
        if kind == "turned":
            return [negatives.turned(pick(), TURNS[self.rng.integers(len(TURNS))]) for _ in range(n)]
        if kind == "pieces":
            make = [lambda: negatives.crop(pick(), self.rng), lambda: negatives.strip(pick(), self.rng),
                    lambda: negatives.montage(pick(), pick(), self.rng), lambda: negatives.quarters(pick(), self.rng)]
            return [make[self.rng.integers(4)]() for _ in range(n)]
        if kind == "drawn":
            return [(negatives.drawn(self.rng, 216) * 255).astype(np.uint8) for _ in range(n)]
        images = []
        for i in self.take(kind, n):
            image = self.small[i]
            if kind in ("dicom", "lateral") and self.rng.random() < (0.7 if kind == "dicom" else 0.2):
                image = negatives.turned(image, ["rot90", "rot180", "rot270", "flip-vertical", "inverted"][self.rng.integers(5)])
            images.append(image)
        return images

    def next(self):
        """images [N,1,192,192] standardised, targets [N,outputs] with NaN where unknown."""
        images, targets = [], []
        for key, n in self.chest:
            for i in self.take(key, n):
                r = self.rows[i]
                images.append(self.small[i])
                known = [r["pneumonia"], r["covid"]] if self.net == "xray" else [r["covid"]]
                targets.append([np.nan if v < 0 else v for v in known] + [1])
        for kind, n in self.other:
            made = self.negative(kind, n)
            images += made
            targets += [[np.nan] * (2 if self.net == "xray" else 1) + [0]] * len(made)
        if self.net == "ct":
            images = [in_scanner(v, self.rng) if self.rng.random() < 0.5 else v for v in images]
        zoom = (0.78, 1.06) if self.net == "xray" else (0.72, 1.25)
        x = augment(np.stack(images), self.rng, self.bank, zoom)
        return standardise(x), torch.tensor(targets, dtype=torch.float32)


def loss_of(logits, targets):
    total = 0
    for k, weight in enumerate([1.0] * (targets.shape[1] - 1) + [0.6]):
        known = ~targets[:, k].isnan()
        total = total + weight * F.binary_cross_entropy_with_logits(logits[known, k], targets[known, k] * 0.98 + 0.01)
    return total


def auroc(y, s):
    y, s = np.asarray(y), np.asarray(s)
    if y.min() == y.max():
        return float("nan")
    from scipy.stats import rankdata
    r = rankdata(s)
    p = y.sum()
    return float((r[y == 1].sum() - p * (p + 1) / 2) / (p * (len(y) - p)))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--cache", required=True); p.add_argument("--out", required=True)
    p.add_argument("--net", choices=["xray", "ct"], required=True); p.add_argument("--name")
    p.add_argument("--steps", type=int, default=1300); p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--seed", type=int, default=20200315); p.add_argument("--threads", type=int, default=2)
    p.add_argument("--leave-out", nargs="*", default=[], help="sources that training must not see, with all their near-duplicates")
    p.add_argument("--low", type=float, default=0.5, help="share of the steps, the first ones, at 128 pixels instead of 192: twice as fast")
    p.add_argument("--mix-style", action="store_true"); p.add_argument("--start", help="state_dict to start from, but for fc")
    a = p.parse_args()
    torch.set_num_threads(a.threads); torch.set_flush_denormal(True); torch.manual_seed(a.seed)
    rows, small, exact = read_table(a.cache), np.load(os.path.join(a.cache, "small.npy")), np.load(os.path.join(a.cache, "exact.npy"), mmap_mode="r")
    batches = Batches(a.net, rows, small, np.random.default_rng(a.seed), a.leave_out)
    net = StarterNet(len(OUTPUTS[a.net]), a.mix_style)
    if a.start:
        state = {k: v for k, v in torch.load(a.start).items() if not k.startswith("fc.")}
        print("start", net.load_state_dict(state, strict=False))
    net = net.to(memory_format=torch.channels_last)
    decay = [q for q in net.parameters() if q.ndim > 1]
    plain = [q for q in net.parameters() if q.ndim <= 1]
    optimiser = torch.optim.AdamW([{"params": decay, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0}], lr=a.lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, a.lr, total_steps=a.steps, pct_start=0.25)
    began, mean = time.time(), 0
    for step in range(a.steps):
        net.train()
        x, y = batches.next()
        if step < a.low * a.steps:
            x = standardise(F.interpolate(x, (128, 128), mode="bilinear", align_corners=False, antialias=True))
        with torch.autocast("cpu", torch.bfloat16):
            out = net(x.contiguous(memory_format=torch.channels_last))
        loss = loss_of(out.float(), y)
        optimiser.zero_grad(); loss.backward(); optimiser.step(); schedule.step()
        mean = 0.98 * mean + 0.02 * loss.item()
        if step % 50 == 49:
            print(step + 1, f"loss {mean / (1 - 0.98 ** (step + 1)):.3f}", f"{64 * (step + 1) / (time.time() - began):.0f} images/s", flush=True)
        if step % 450 == 449 or step == a.steps - 1:
            kind, key = ("frontal", "pneumonia") if a.net == "xray" else ("ct", "covid")
            val = [i for i, r in enumerate(rows) if r["split"] == "validation" and r["kind"] == kind]
            logits, _ = predict(net, exact[val])
            for k, name in enumerate(["pneumonia", "covid"] if a.net == "xray" else ["covid"]):
                for site in ["all"] + sorted({rows[i]["site"] for i in val}):
                    use = [j for j, i in enumerate(val) if rows[i][name] >= 0 and site in ("all", rows[i]["site"])]
                    v = auroc([rows[val[j]][name] for j in use], logits[use, k]) if use else float("nan")
                    print("  validation", name, site, f"{v:.3f}")
    os.makedirs(a.out, exist_ok=True)
    name = a.name or a.net
    torch.save({k: v for k, v in net.state_dict().items()}, os.path.join(a.out, name + ".pt"))
    json.dump({**vars(a), "cache": None, "out": None, "start": bool(a.start), "minutes": round((time.time() - began) / 60, 1), "parameters": sum(q.numel() for q in net.parameters())},
              open(os.path.join(a.out, name + ".json"), "w"), indent=1)


if __name__ == "__main__":
    main()
