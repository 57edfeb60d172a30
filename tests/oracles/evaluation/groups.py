"""Golden figures of groups of images for tests/unit/evaluation-groups.test.ts: AUROC (scikit-learn), shares with Wilson's interval
(statsmodels) at the effective number of images, its variance from ordinary least squares with patients as clusters (statsmodels).

python3 groups.py ../../fixtures/evaluation/groups.json     (scikit-learn, statsmodels, numpy)
"""
import json, sys
import numpy as np
import statsmodels.api as sm
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(17)


def share(patients, hits):
    hits = np.array(hits, float); codes = np.unique(patients, return_inverse=True)[1]
    n, clusters, p = len(hits), codes.max() + 1, hits.mean()
    if p in (0, 1):
        interval = proportion_confint(round(p * clusters), clusters, method="wilson")
    else:
        robust = sm.OLS(hits, np.ones((n, 1))).fit(cov_type="cluster", cov_kwds={"groups": codes}).cov_params()[0, 0]
        effect = max(1.0, robust / (p * (1 - p) / (n - 1)))
        interval = proportion_confint(p * n / effect, n / effect, method="wilson")
    return {"value": p, "interval": list(interval), "clopperPearson": list(proportion_confint(int(hits.sum()), n, method="beta"))}


def images(n, per_patient, shift, rate):
    rows = []
    for patient in range(n):
        source = ["north", "south", "west"][patient % 3]
        truth = int(rng.random() < rate[source]); own = rng.normal(0, 0.6)
        for _ in range(rng.integers(1, per_patient + 1)):
            logit = shift[source] * (truth - 0.5) * 2 + own + rng.normal(0, 0.8)
            rows.append({"patient": f"p{patient}", "source": source, "view": ["AP", "PA", "AP Supine"][rng.integers(0, 3)], "yTrue": truth, "yScore": round(float(1 / (1 + np.exp(-logit))), 4)})
    return rows


def figures(rows, key):
    out = {}
    for group in sorted({key(r) for r in rows}):
        own = [r for r in rows if key(r) == group]; y = [r["yTrue"] for r in own]; s = [r["yScore"] for r in own]
        absent = [r for r in own if r["yTrue"] == 0]
        out[group] = {"n": len(own), "auroc": roc_auc_score(y, s) if len(set(y)) > 1 else None,
                      "falsePositives": share([r["patient"] for r in absent], [r["yScore"] >= 0.5 for r in absent])}
    return out


sets = [images(240, 3, {"north": 1.2, "south": 0.3, "west": 1.0}, {"north": 0.4, "south": 0.5, "west": 0.0}),
        images(150, 1, {"north": 1.5, "south": 1.5, "west": 1.5}, {"north": 0.3, "south": 0.3, "west": 0.3})]
shares = []
for n, clusters, p in [(40, 40, 0.0), (60, 60, 0.05), (90, 30, 0.2), (200, 50, 0.5), (41, 41, 1.0), (64, 16, 0.1)]:
    patients = [f"p{i}" for i in np.sort(rng.integers(0, clusters, n))] if clusters < n else [f"p{i}" for i in range(n)]
    own = {q: rng.random() for q in set(patients)}
    hits = [bool(p == 1 or (p > 0 and (own[q] < p if rng.random() < 0.6 else rng.random() < p))) for q in patients]
    shares.append({"patients": patients, "hits": hits, "expected": share(patients, hits)})
json.dump({"sets": [{"rows": s, "bySource": figures(s, lambda r: r["source"]), "byView": figures(s, lambda r: r["view"][:2])} for s in sets], "shares": shares}, open(sys.argv[1], "w"), separators=(",", ":"))
