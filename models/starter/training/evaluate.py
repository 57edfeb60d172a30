"""Calibrates, chooses thresholds, fits the feature gate and measures; writes the artefact: safetensors, model.json, figures.json."""
import argparse, datetime, glob, hashlib, json, os
from collections import defaultdict
import numpy as np
import torch
from scipy.optimize import minimize_scalar
from sklearn.covariance import LedoitWolf
import negatives
from augment import in_scanner
from network import LAYERS, STRIDES, WIDTHS, StarterNet, predict
from train import OUTPUTS, auroc, distinct, read_table

KEY = {"pneumonia": "pneumonia", "covid-19": "covid"}
DRAWS = 500


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def temperature(z, y):
    """One temperature, by negative log-likelihood (Guo 2017)."""
    def nll(log_t):
        p = np.clip(sigmoid(z / np.exp(log_t)), 1e-7, 1 - 1e-7)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return float(np.exp(minimize_scalar(nll, bounds=(np.log(0.25), np.log(8)), method="bounded").x))


def ece(y, p, bins=15):
    total = 0
    for lo in np.linspace(0, 1, bins + 1)[:-1]:
        use = (p >= lo) & (p < lo + 1 / bins if lo + 1 / bins < 1 else p <= 1)
        if use.any():
            total += use.mean() * abs(y[use].mean() - p[use].mean())
    return float(total)


def interval(groups, measure, seed=0):
    """Percentile bootstrap by group (patient). measure(indices) -> number."""
    rng, members = np.random.default_rng(seed), defaultdict(list)
    for i, g in enumerate(groups):
        members[g].append(i)
    members = [np.array(m) for m in members.values()]
    values = []
    for _ in range(DRAWS):
        v = measure(np.concatenate([members[k] for k in rng.integers(0, len(members), len(members))]))
        if np.isfinite(v):
            values.append(v)
    return [round(float(v), 3) for v in np.percentile(values, [2.5, 97.5])] if len(values) > DRAWS / 2 else None


def measured(y, p, groups, limits=None):
    """Figures of one output on one set."""
    y, p, groups = np.asarray(y), np.asarray(p), np.asarray(groups)
    out = {"n": len(y), "positive": int(y.sum()), "patients": len(set(groups))}
    if min(y.sum(), len(y) - y.sum()) >= 5:   # with fewer of one class an AUROC says nothing
        out["auroc"] = round(auroc(y, p), 3)
        out["aurocInterval"] = interval(groups, lambda i: auroc(y[i], p[i]))
        out["prevalenceBrier"] = round(float(y.mean() * (1 - y.mean())), 3)
    out["brier"], out["ece"] = round(float(np.mean((p - y) ** 2)), 3), round(ece(y, p), 3)
    if limits:
        absent, present = limits
        rate = lambda mask, hit: (lambda i: hit[i][mask[i]].mean() if mask[i].any() else np.nan)
        everything = np.arange(len(y))
        if y.any():
            f = rate(y == 1, p >= present)
            out["sensitivityAtPresent"], out["sensitivityAtPresentInterval"] = round(float(f(everything)), 3), interval(groups, f)
            f = rate(y == 1, p >= absent)
            out["notCalledAbsent"], out["notCalledAbsentInterval"] = round(float(f(everything)), 3), interval(groups, f)
        if (y == 0).any():
            f = rate(y == 0, p < present)
            out["specificityAtPresent"], out["specificityAtPresentInterval"] = round(float(f(everything)), 3), interval(groups, f)
        out["undetermined"] = round(float(np.mean((p >= absent) & (p < present))), 3)
    return out


class FeatureGate:
    """Mahalanobis distance (the square root) of the 192-number embedding to the training images, precision shrunk by Ledoit and Wolf."""

    def __init__(self, embeddings):
        fit = LedoitWolf().fit(embeddings)
        self.mean, self.precision, self.max_distance = fit.location_, fit.precision_, None

    def distance(self, embeddings):
        d = embeddings - self.mean
        return np.sqrt(np.einsum("ij,jk,ik->i", d, self.precision, d))


class Evaluated:
    def __init__(self, kind, weights, rows, exact, leave_out=()):
        self.kind, self.rows, self.exact, self.leave_out = kind, rows, exact, leave_out
        self.names = OUTPUTS[kind]
        self.net = StarterNet(len(self.names)).to(memory_format=torch.channels_last)
        self.state = torch.load(weights)
        self.net.load_state_dict(self.state)
        self.chest = [i for i, r in enumerate(rows) if r["kind"] == ("frontal" if kind == "xray" else "ct")]
        if leave_out:   # a fifth of the training images is enough for the gate; at most 1200 images of the unseen source
            rng = np.random.default_rng(5)
            there = [i for i in self.chest if rows[i]["source"] in leave_out or rows[i]["site"] in leave_out]
            there = set(rng.choice(there, min(len(there), 1200), replace=False))
            self.chest = [i for i in self.chest if i in there or not (rows[i]["source"] in leave_out or rows[i]["site"] in leave_out) and (rows[i]["split"] != "train" or rng.random() < 0.2)]
        logits, embeddings = predict(self.net, exact[self.chest])
        self.logits, self.embeddings = dict(zip(self.chest, logits)), dict(zip(self.chest, embeddings))
        self.banned = {r["group"] for r in rows if r["source"] in leave_out or r["site"] in leave_out}
        self.calibrate()

    def of(self, split, inside=True):
        return [i for i in self.chest if self.rows[i]["split"] == split and (self.rows[i]["group"] not in self.banned) == inside]

    def outside(self):
        return [i for i in self.chest if self.rows[i]["source"] in self.leave_out or self.rows[i]["site"] in self.leave_out]

    def known(self, name, indices):
        return [i for i in indices if self.rows[i][KEY[name]] >= 0]

    def arrays(self, name, indices):
        k = self.names.index(name)
        use = self.known(name, indices)
        z = np.array([self.logits[i][k] for i in use])
        return (np.array([self.rows[i][KEY[name]] for i in use]), sigmoid(z / self.temperatures[k]), np.array([self.rows[i]["group"] for i in use]))

    def calibrate(self):
        calibration, validation = self.of("calibration"), self.of("validation")
        self.temperatures, self.limits = [1.0] * len(self.names), {}
        for k, name in enumerate(self.names[:-1]):
            # CT: too few slices to spare validation (which chose nothing), so both; and each slice also as a scanner's full field, which is what will be served.
            use = self.known(name, calibration + (validation if self.kind == "ct" else []))
            y = np.array([self.rows[i][KEY[name]] for i in use])
            z = np.array([self.logits[i][k] for i in use])
            if self.kind == "ct":
                y, z = np.concatenate([y, y]), np.concatenate([z, self.dressed(use, 4)[0][:, k]])
            self.temperatures[k] = round(max(temperature(z, y), 1.0 if self.kind == "ct" else 0), 4)   # CT: never sharpened on so little
            p = sigmoid(z / self.temperatures[k])
            # Never called present below even odds; never narrower than 0.1.
            present = min(max(float(np.quantile(p[y == 0], 0.90)), 0.5), 0.95)
            absent = min(float(np.quantile(p[y == 1], 0.10)), present - 0.1)
            self.limits[name] = (round(max(absent, 0.02), 3), round(present, 3))
        bad = self.wrong_pictures(calibration, seed=7, count=40 if self.leave_out else 200)
        z_good = np.concatenate([[self.logits[i][-1] for i in calibration], self.dressed(calibration, 1)[0][:, -1]])
        z_bad = np.concatenate([predict(self.net, v)[0][:, -1] for v in bad.values() if len(v)])
        self.temperatures[-1] = round(temperature(np.concatenate([z_good, z_bad]), np.concatenate([np.ones(len(z_good)), np.zeros(len(z_bad))])), 4)
        self.accept_from = round(float(np.clip(np.quantile(sigmoid(z_good / self.temperatures[-1]), 0.005), 0.5, 0.9)), 3)
        train = self.of("train")
        of = lambda indices, seed: np.concatenate([np.stack([self.embeddings[i] for i in indices]), self.dressed(indices, seed)[1]])
        self.gate = FeatureGate(of(train, 2))
        self.gate.max_distance = round(float(np.quantile(self.gate.distance(of(validation, 3)), 0.995)), 3)

    def dressed(self, indices, seed):
        """CT: the same slices as a scanner's full field would show them (the published pictures are cropped to the lungs). X-ray: nothing."""
        if self.kind != "ct":
            return np.zeros((0, len(self.names))), np.zeros((0, WIDTHS[-1]))
        rng = np.random.default_rng(seed)
        return predict(self.net, np.stack([in_scanner((self.exact[i] * 255).astype(np.uint8), rng) for i in indices]).astype(np.float32) / 255)

    def wrong_pictures(self, chest, seed, count):
        """Made from chest images of one split; drawn pictures with their own seed."""
        rng = np.random.default_rng(seed)
        pick = [self.exact[i] for i in rng.choice(chest, min(count, len(chest)), replace=False)]
        sets = {how: np.stack([negatives.turned(a, how) for a in pick]) for how in ("rot90", "rot180", "rot270", "flip-vertical", "inverted")}
        sets["crop"] = np.stack([negatives.crop(a, rng) for a in pick])
        sets["strip"] = np.stack([negatives.strip(a, rng) for a in pick])
        sets["montage"] = np.stack([negatives.montage(a, pick[int(rng.integers(len(pick)))], rng) for a in pick])
        sets["quarters"] = np.stack([negatives.quarters(a, rng) for a in pick])
        sets["drawn"] = np.stack([negatives.drawn(rng) for _ in range(count)])
        return sets

    def gated(self, logits, embeddings):
        p, d = sigmoid(logits[:, -1] / self.temperatures[-1]), self.gate.distance(embeddings)
        return p, d, (p >= self.accept_from) & (d <= self.gate.max_distance)

    def refusals(self, images):
        p, d, accepted = self.gated(*predict(self.net, images))
        return {"n": len(images), "refused": round(float(1 - accepted.mean()), 3), "byOutput": round(float(np.mean(p < self.accept_from)), 3),
                "byDistance": round(float(np.mean(d > self.gate.max_distance)), 3)}

    def chest_refusals(self, indices):
        p, d, accepted = self.gated(np.stack([self.logits[i] for i in indices]), np.stack([self.embeddings[i] for i in indices]))
        return {"n": len(indices), "refused": round(float(1 - accepted.mean()), 4), "byOutput": round(float(np.mean(p < self.accept_from)), 4),
                "byDistance": round(float(np.mean(d > self.gate.max_distance)), 4)}

    def studies(self, indices):
        """Per patient: mean of the four highest slice probabilities."""
        y, p, groups = self.arrays("covid-19", indices)
        ids = sorted(set(groups))
        ys = np.array([y[groups == g].max() for g in ids])
        ps = np.array([np.sort(p[groups == g])[-4:].mean() for g in ids])
        return measured(ys, ps, ids, self.limits["covid-19"])

    def shortcuts(self, test):
        """What the network can say without the lungs, and whether its embedding tells the sources apart."""
        out, pictures = {}, np.array(self.exact[test], np.float32)
        n = pictures.shape[1]
        y0, y1, x0, x1 = int(n * 0.12), int(n * 0.88), int(n * 0.10), int(n * 0.90)
        middle, frame = pictures.copy(), pictures.copy()
        middle[:, y0:y1, x0:x1] = pictures[:, y0:y1, x0:x1].mean((1, 2), keepdims=True)       # lungs covered, frame left
        inside = np.zeros((n, n), bool); inside[y0:y1, x0:x1] = True
        frame[:, ~inside] = pictures[:, inside].mean(1)[:, None]                                # frame covered, lungs left
        for label, images in (("lungsCovered", middle), ("frameCovered", frame)):
            logits, _ = predict(self.net, images)
            out[label] = {}
            for k, name in enumerate(self.names[:-1]):
                use = [j for j, i in enumerate(test) if self.rows[i][KEY[name]] >= 0]
                out[label][name] = round(auroc([self.rows[test[j]][KEY[name]] for j in use], logits[use, k]), 3)
        sites = sorted({self.rows[i]["site"] for i in self.chest})
        if len(sites) > 1:
            from sklearn.linear_model import LogisticRegression
            from sklearn.preprocessing import StandardScaler
            train = self.of("train")
            of = lambda ids: (np.stack([self.embeddings[i] for i in ids]), [self.rows[i]["site"] for i in ids])
            scaler = StandardScaler().fit(of(train)[0])
            probe = LogisticRegression(max_iter=300, class_weight="balanced").fit(scaler.transform(of(train)[0]), of(train)[1])
            from sklearn.metrics import balanced_accuracy_score
            out["sourceFromEmbedding"] = {"sources": len(sites), "balancedAccuracy": round(float(balanced_accuracy_score(of(test)[1], probe.predict(scaler.transform(of(test)[0])))), 3)}
            for name in self.names[:-1]:
                use = self.known(name, train)
                table = np.array([[sum(self.rows[i]["site"] == s and self.rows[i][KEY[name]] == v for i in use) for v in (0, 1)] for s in sites], float)
                table = table[table.sum(1) > 0]
                expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
                out.setdefault("cramersVLabelSource", {})[name] = round(float(np.sqrt(((table - expected) ** 2 / expected).sum() / table.sum())), 3)
        return out

    def figures(self, small):
        rows, test = self.rows, self.of("test")
        sites = sorted({rows[i]["site"] for i in test})
        out = {"images": {s: len(self.of(s)) for s in ("train", "validation", "calibration", "test")}, "findings": {}, "gate": {}}
        for name in self.names[:-1]:
            out["findings"][name] = {"test": measured(*self.arrays(name, test), self.limits[name])}
            out["findings"][name]["bySource"] = {s: measured(*self.arrays(name, [i for i in test if rows[i]["site"] == s]), self.limits[name]) for s in sites}
        if self.kind == "ct":
            out["findings"]["covid-19"]["study"] = self.studies(test)
        out["shortcuts"] = self.shortcuts(test)
        g = out["gate"]
        g["chestTest"] = self.chest_refusals(test)
        g["chestTestBySource"] = {s: self.chest_refusals([i for i in test if rows[i]["site"] == s]) for s in sites}
        if self.kind == "ct":
            g["chestTestInScanner"] = self.refusals(np.stack([in_scanner((self.exact[i] * 255).astype(np.uint8), np.random.default_rng(i)) for i in test]).astype(np.float32) / 255)
        g["made"] = {k: self.refusals(v) for k, v in self.wrong_pictures(test, seed=99, count=300).items()}
        other = lambda kinds, split="test": [i for i, r in enumerate(rows) if r["kind"] in kinds and r["split"] == split]
        sets = {"ct": other(["ct", "ct-published"]), "lateral": other(["lateral"]), "lateralInTraining": other(["lateral"], "train"), "dicomNotChest": distinct(small, other(["dicom-test"]))} if self.kind == "xray" \
            else {"xray": other(["frontal"]), "lateral": other(["lateral"]), "dicomNotChest": distinct(small, other(["dicom-test"]))}
        g["other"] = {k: self.refusals(self.exact[v]) for k, v in sets.items() if v}
        g["dicom"] = {}
        named = other(["dicom-chest", "dicom-ct-chest", "dicom-test"])
        p, d, accepted = self.gated(*predict(self.net, self.exact[named]))
        logits = predict(self.net, self.exact[named])[0]
        for j, i in enumerate(named):
            g["dicom"][os.path.basename(rows[i]["file"])] = {"gate": round(float(p[j]), 4), "distance": round(float(d[j]), 2), "accepted": bool(accepted[j]),
                **{n: round(float(sigmoid(logits[j][k] / self.temperatures[k])), 3) for k, n in enumerate(self.names[:-1])}}
        return out


def write_safetensors(path, tensors):
    header, blobs, offset = {}, [], 0
    for name, t in tensors.items():
        a = np.ascontiguousarray(t, dtype="<f4")
        header[name] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        blobs.append(a.tobytes()); offset += a.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def network_entry(e, out):
    file = e.kind + ".safetensors"
    tensors = {k: v.numpy() for k, v in e.state.items() if not k.endswith("num_batches_tracked")}
    tensors["gate.mean"], tensors["gate.precision"] = e.gate.mean, e.gate.precision
    write_safetensors(os.path.join(out, file), tensors)
    findings = [{"name": n, "kind": "finding", "temperature": e.temperatures[k], "absentBelow": e.limits[n][0], "presentFrom": e.limits[n][1]} for k, n in enumerate(e.names[:-1])]
    entry = {"architecture": {"family": "resnet", "block": "basic", "inputChannels": 1, "layers": list(LAYERS), "widths": list(WIDTHS), "strides": list(STRIDES), "outputs": len(e.names)},
             "weights": file, "sha256": hashlib.sha256(open(os.path.join(out, file), "rb").read()).hexdigest(),
             "input": {"width": 192, "height": 192, "channels": 1, "resize": "bilinear-antialias", "normalization": "per-image"},
             "outputs": findings + [{"name": e.names[-1], "kind": "gate", "temperature": e.temperatures[-1], "acceptFrom": e.accept_from}],
             "gate": {"mean": "gate.mean", "precision": "gate.precision", "maxDistance": e.gate.max_distance}}
    if e.kind == "ct":
        entry["input"]["window"] = {"center": -600, "width": 1500}
        entry["study"] = {"slices": 16, "combine": "mean-of-top", "top": 4}
    return entry


def left_out(runs, rows, exact):
    """What each leave-one-source-out network says at the source that it has not seen. Temperature and thresholds from the other sources' calibration split."""
    out = {}
    for path in sorted(glob.glob(os.path.join(runs, "loso-*.json"))):
        made = json.load(open(path))
        e = Evaluated("xray", path[:-5] + ".pt", rows, exact, made["leave_out"])
        there, entry = e.outside(), {"mixStyle": made["mix_style"], "steps": made["steps"], "gate": e.chest_refusals(e.outside())}
        for name in e.names[:-1]:
            m = measured(*e.arrays(name, there), e.limits[name])
            if name == "covid-19" and m["positive"] in (0, m["n"]):   # the unseen source has one class: against the other class of the other sources' test split
                both = there + [i for i in e.of("test") if rows[i]["covid"] != rows[there[0]]["covid"]]
                m["aurocAgainstOtherSources"] = round(auroc(*e.arrays(name, both)[:2]), 3)
            entry[name] = m
        out[("mixstyle " if made["mix_style"] else "") + "without " + " + ".join(made["leave_out"])] = entry
        print(path, json.dumps(entry), flush=True)
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--cache", required=True); p.add_argument("--runs", required=True); p.add_argument("--out", required=True)
    p.add_argument("--xray", default="xray"); p.add_argument("--ct", default="ct"); p.add_argument("--loso", action="store_true", help="only the leave-one-source-out runs, added to figures.json")
    p.add_argument("--created", default=datetime.date.today().isoformat())
    a = p.parse_args()
    torch.set_num_threads(2)
    rows = read_table(a.cache)
    small, exact = np.load(os.path.join(a.cache, "small.npy"), mmap_mode="r"), np.load(os.path.join(a.cache, "exact.npy"), mmap_mode="r")
    keep = os.path.join(a.out, "figures.json")
    before = json.load(open(keep)) if os.path.exists(keep) else {}
    if a.loso:
        before["leaveOneSourceOut"] = left_out(a.runs, rows, exact)
        json.dump(before, open(keep, "w"), indent=1)
        return
    model = {"name": "orthanc-chest-ai starter", "manufacturer": "orthanc-chest-ai", "created": a.created,
             "license": "research and demonstration only, not for diagnosis; the training pictures carry mixed licences, see CARD.md", "networks": {}, "figures": {}}
    figures = {"made": {}}
    for kind, name in (("xray", a.xray), ("ct", a.ct)):
        e = Evaluated(kind, os.path.join(a.runs, name + ".pt"), rows, exact)
        model["networks"][kind] = network_entry(e, a.out)
        figures[kind] = e.figures(small)
        made = json.load(open(os.path.join(a.runs, name + ".json")))
        figures["made"][kind] = {k: made[k] for k in ("steps", "lr", "seed", "mix_style", "start", "minutes", "parameters")}
        print(kind, json.dumps(figures[kind], indent=1), flush=True)
        model["figures"][kind] = {n: {k: v for k, v in f["test"].items() if k in ("n", "positive", "patients", "auroc", "aurocInterval", "brier", "ece")} for n, f in figures[kind]["findings"].items()}
        model["figures"][kind]["gate"] = {"chestWronglyRefused": figures[kind]["gate"]["chestTest"]["refused"]}
    figures["leaveOneSourceOut"] = before.get("leaveOneSourceOut", {})
    json.dump(model, open(os.path.join(a.out, "model.json"), "w"), indent=2)
    json.dump(figures, open(keep, "w"), indent=1)


if __name__ == "__main__":
    main()
