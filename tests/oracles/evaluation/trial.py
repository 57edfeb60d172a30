"""Golden figures of scikit-learn and statsmodels for tests/unit/trial-figures.test.ts.

python3 trial.py ../../fixtures/evaluation/trial.json     (scikit-learn 1.9.1, statsmodels 0.15.0)

Two archives: in `single` each patient has one study, and the intervals are those of the libraries. In `repeated` patients have several;
no library has these intervals, which are written out here: the design effect of a share (Kish 1965), Obuchowski's variance of an AUROC
(1997) over all pairs, and the variance of kappa by numerical derivatives of its formula, summed over patients.
"""
import json, sys
import numpy as np
import sklearn, statsmodels
from scipy.stats import norm
from sklearn.metrics import cohen_kappa_score, recall_score, roc_auc_score
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(15)
Z = norm.ppf(0.975)


def archive(n, patients):
    rows = []
    for i in range(n):
        truth = int(rng.random() < 0.3)
        p = float(np.round(1 / (1 + np.exp(-(2.2 * truth - 1.4 + rng.normal(0, 1.3)))), 3))
        label = [None, "none"][int(rng.random() < 0.2)] if rng.random() < 0.3 else ("present" if truth else "absent")
        rows.append({
            "study": f"2.25.{1000 + i}", "patient": f"p{i if patients is None else int(rng.integers(0, patients))}", "label": label,
            "probability": None if rng.random() < 0.06 else p, "decision": "present" if p >= 0.5 else "absent" if p < 0.3 else "undetermined",
            "known": bool(rng.random() < 0.08), "sex": ["F", "M", "O"][int(rng.choice(3, p=[0.5, 0.45, 0.05]))],
        })
    return rows


def share(hits, patients):
    n = len(hits)
    if n == 0: return {"count": 0, "of": 0}
    hits = np.array(hits, float); p = hits.mean(); names = np.unique(patients)
    if p in (0, 1):
        lo, hi = proportion_confint(p * len(names), len(names), method="wilson")
    else:
        sums = np.array([(hits[np.array(patients) == u] - p).sum() for u in names])
        var = (sums ** 2).sum() / n ** 2 * len(names) / (len(names) - 1)
        deff = max(1, var / (p * (1 - p) / (n - 1)))
        lo, hi = proportion_confint(p * n / deff, n / deff, method="wilson")
        if len(names) == n: lo, hi = proportion_confint(hits.sum(), n, method="wilson")
    return {"count": int(hits.sum()), "of": n, "value": p, "interval": [lo, hi]}


def auroc(y, s, patients):
    y, s, patients = map(np.array, (y, s, patients))
    pos, neg = np.where(y == 1)[0], np.where(y == 0)[0]
    a = roc_auc_score(y, s)
    psi = lambda i, j: (s[i] > s[j]) + 0.5 * (s[i] == s[j])
    v10 = {i: np.mean([psi(i, j) for j in neg]) for i in pos}
    v01 = {j: np.mean([psi(i, j) for i in pos]) for j in neg}
    names = np.unique(patients)
    x = np.array([sum(v10[i] - a for i in pos if patients[i] == u) for u in names])
    w = np.array([sum(v01[j] - a for j in neg if patients[j] == u) for u in names])
    i10 = sum(any(patients[i] == u for i in pos) for u in names); i01 = sum(any(patients[j] == u for j in neg) for u in names); i = len(names)
    m, n = len(pos), len(neg)
    s10 = i10 / ((i10 - 1) * m) * (x ** 2).sum(); s01 = i01 / ((i01 - 1) * n) * (w ** 2).sum(); s11 = i / (i - 1) * (x * w).sum()
    se = np.sqrt(s10 / m + s01 / n + 2 * s11 / (m * n))
    return {"of": m + n, "value": a, "interval": [max(0, a - Z * se), min(1, a + Z * se)]}


def kappa(y, c, patients):
    y, c, patients = map(np.array, (y, c, patients))
    names = np.unique(patients)
    table = np.array([[np.sum((y == i) & (c == j)) for j in (0, 1)] for i in (0, 1)])
    k = cohen_kappa_score(y, c)
    if len(names) == len(y):
        half = Z * cohens_kappa(table).std_kappa
    else:
        n = len(y)
        def of(w):  # kappa of weighted studies
            w = w / w.sum(); po = (w * (y == c)).sum(); a = (w * y).sum(); b = (w * c).sum(); pe = a * b + (1 - a) * (1 - b)
            return (po - pe) / (1 - pe)
        h = 1e-5; influence = []
        for i in range(n):
            up, down = np.ones(n), np.ones(n); up[i] += h; down[i] -= h
            influence.append((of(up) - of(down)) / (2 * h))
        influence = np.array(influence)
        half = Z * np.sqrt(sum(influence[patients == u].sum() ** 2 for u in names))
    return {"of": len(y), "value": k, "interval": [k - half, k + half]}


def figures(rows):
    known = [r for r in rows if r["label"] in ("present", "absent")]
    unseen = [r for r in known if not r["known"]]
    use = [r for r in unseen if r["probability"] is not None]
    y = [int(r["label"] == "present") for r in use]; c = [int(r["decision"] == "present") for r in use]
    names = [r["patient"] for r in use]
    pos = [i for i, v in enumerate(y) if v]; neg = [i for i, v in enumerate(y) if not v]
    predicted = [r for r in rows if r["probability"] is not None]
    result = {
        "predicted": len(predicted),
        "positive": share([r["decision"] == "present" for r in predicted], [r["patient"] for r in predicted]),
        "undetermined": sum(r["decision"] == "undetermined" for r in predicted),
        "prevalence": share([r["label"] == "present" for r in unseen], [r["patient"] for r in unseen]),
        "withoutAgreement": sum(r["label"] == "none" for r in rows), "abstained": len(unseen) - len(use), "knownToModel": len(known) - len(unseen),
        "sensitivity": share([c[i] == 1 for i in pos], [names[i] for i in pos]), "specificity": share([c[i] == 0 for i in neg], [names[i] for i in neg]),
    }
    if min(len(pos), len(neg)) >= 10:
        result["auroc"] = auroc(y, [r["probability"] for r in use], names); result["kappa"] = kappa(y, c, names)
        assert abs(result["sensitivity"]["value"] - recall_score(y, c)) < 1e-12 and abs(result["specificity"]["value"] - recall_score(y, c, pos_label=0)) < 1e-12
    return result


def example(n, patients):
    rows = archive(n, patients)
    return {"rows": rows, "all": figures(rows), "bySex": {sex: figures([r for r in rows if r["sex"] == sex]) for sex in ("F", "M", "O")},
            "sizes": {sex: sum(r["sex"] == sex for r in rows) for sex in ("F", "M", "O")}}


print(sklearn.__version__, statsmodels.__version__, file=sys.stderr)
json.dump({"single": example(320, None), "repeated": example(320, 110)}, open(sys.argv[1], "w"))
