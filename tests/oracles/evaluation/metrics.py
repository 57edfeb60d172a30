"""Golden figures of scikit-learn, scipy and statsmodels for tests/unit/evaluation-metrics.test.ts.

python3 metrics.py ../../fixtures/evaluation/metrics.json     (scikit-learn 1.2.1, scipy 1.10.1, statsmodels 0.15.0)

Scores are rounded to a few digits so that there are ties. What is not in those libraries (DeLong) is written out from the paper,
slowly, over all pairs; R's pROC gives the same (Sun & Xu 2014).
"""
import json, sys
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax
from scipy.stats import norm, rankdata
from sklearn.calibration import calibration_curve
from sklearn.covariance import LedoitWolf
from sklearn.metrics import (accuracy_score, balanced_accuracy_score, brier_score_loss, confusion_matrix, log_loss,
                             precision_score, recall_score, roc_auc_score, roc_curve)
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(7)


def plain(x):
    if isinstance(x, dict): return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)): return [plain(v) for v in x]
    if isinstance(x, np.ndarray): return plain(x.tolist())
    if isinstance(x, np.generic): return plain(x.item())
    if isinstance(x, float) and np.isinf(x): return "Infinity"
    return x


def placements(y, s):
    pos, neg = s[y == 1], s[y == 0]
    psi = (pos[:, None] > neg[None]) + 0.5 * (pos[:, None] == neg[None])
    return psi.mean(1), psi.mean(0), psi.mean()


def delong(y, a, b):
    pa, na, aa = placements(y, a); pb, nb, ab = placements(y, b)
    s10, s01 = np.cov(np.vstack([pa, pb])), np.cov(np.vstack([na, nb]))
    s = s10 / len(pa) + s01 / len(na)
    se = np.sqrt(s[0, 0] + s[1, 1] - 2 * s[0, 1])
    half = norm.ppf(0.975) * np.sqrt(s[0, 0])
    return {"first": aa, "second": ab, "firstInterval": [max(0, aa - half), min(1, aa + half)], "standardError": se, "pValue": 2 * norm.cdf(-abs(ab - aa) / se)}


def ece(y, p, bins=15):
    total = 0
    for b in range(bins):
        use = np.minimum(np.floor(p * bins), bins - 1) == b
        if use.any():
            total += use.mean() * abs(y[use].mean() - p[use].mean())
    return total


def binary(n, effect, digits):
    y = rng.integers(0, 2, n)
    s = np.round(expit(effect * (y - 0.5) + rng.normal(0, 1.2, n)), digits)
    other = np.round(expit(effect * 0.7 * (y - 0.5) + rng.normal(0, 1.2, n)), digits)
    pred = (s >= 0.5).astype(int)
    fpr, tpr, thr = roc_curve(y, s)
    thr[0] = np.inf
    obs, predicted = calibration_curve(y, np.minimum(s + 1e-5, 1), n_bins=15, strategy="uniform")   # off the edges: scikit-learn closes its bins on the other side
    w = rng.integers(0, 3, n)
    z = rng.normal(0, 1, n) * 3 + 4 * (y - 0.5)
    t = np.exp(minimize_scalar(lambda u: log_loss(y, expit(z / np.exp(u))), bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-10}).x)
    return {"yTrue": y, "yScore": s, "other": other, "weights": w, "auroc": roc_auc_score(y, s), "weightedAuroc": roc_auc_score(y, s, sample_weight=w),
            "roc": [fpr, tpr, thr], "brier": brier_score_loss(y, s), "logLoss": log_loss(y, s), "calibrationCurve": [obs, predicted], "ece": ece(y, s),
            "ranks": rankdata(s), "delong": delong(y, s, other), "sensitivity": recall_score(y, pred), "specificity": recall_score(y, pred, pos_label=0),
            "precision": precision_score(y, pred), "accuracy": accuracy_score(y, pred), "balancedAccuracy": balanced_accuracy_score(y, pred),
            "confusion": confusion_matrix(y, pred), "logits": z, "temperature": t}


def many(n, k):
    y = rng.choice(k, n, p=np.array([0.6, 0.25, 0.1, 0.05]))
    z = rng.normal(0, 1.5, (n, k)); z[np.arange(n), y] += 1.5
    t = np.exp(minimize_scalar(lambda u: -log_softmax(z / np.exp(u), 1)[np.arange(n), y].mean(), bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-10}).x)
    p = np.exp(log_softmax(z, 1)); pred = p.argmax(1)
    one = np.eye(k)[y]
    return {"yTrue": y, "logits": z, "yScore": p, "temperature": t, "accuracy": accuracy_score(y, pred), "balancedAccuracy": balanced_accuracy_score(y, pred),
            "confusion": confusion_matrix(y, pred, labels=range(k)), "auroc": [roc_auc_score(one[:, c], p[:, c]) for c in range(k)], "logLoss": log_loss(y, p, labels=range(k)),
            "brier": ((p - one) ** 2).sum(1).mean(), "ece": ece((pred == y).astype(int), p.max(1))}


def several(n, k):
    y = rng.integers(0, 2, (n, k)).astype(float)
    p = np.round(expit(2 * (y - 0.5) + rng.normal(0, 1, (n, k))), 3)
    unknown = rng.random((n, k)) < 0.2
    known = [~unknown[:, c] for c in range(k)]
    pred = (p >= 0.5).astype(int)
    return {"yTrue": np.where(unknown, -1, y), "yScore": p, "auroc": [roc_auc_score(y[m, c], p[m, c]) for c, m in enumerate(known)],
            "confusion": [confusion_matrix(y[m, c], pred[m, c]) for c, m in enumerate(known)],
            "accuracy": accuracy_score(y[~unknown], pred[~unknown]), "brier": brier_score_loss(y[~unknown], p[~unknown]),
            "balancedAccuracy": np.mean([balanced_accuracy_score(y[m, c], pred[m, c]) for c, m in enumerate(known)])}


def covariance(n, k):
    x = rng.normal(0, 1, (n, k)) @ rng.normal(0, 1, (k, k)) + 3
    return {"values": np.round(x, 6), "features": k, "mean": LedoitWolf().fit(np.round(x, 6)).location_, "covariance": LedoitWolf().fit(np.round(x, 6)).covariance_,
            "precision": LedoitWolf().fit(np.round(x, 6)).precision_, "shrinkage": LedoitWolf().fit(np.round(x, 6)).shrinkage_}


out = {
    "normal": [[x, norm.cdf(x)] for x in (-8, -3.5, -1.96, -0.3, 0, 0.01, 1, 2.5, 6)], "quantiles": [[q, norm.ppf(q)] for q in (1e-6, 0.025, 0.3, 0.5, 0.975, 0.9999)],
    "wilson": [[k, n, c, proportion_confint(k, n, 1 - c, method="wilson")] for k, n, c in ((19, 23, 0.95), (0, 10, 0.95), (10, 10, 0.95), (1, 1, 0.9), (500, 1000, 0.99))],
    "binary": [binary(40, 1.5, 1), binary(300, 2.0, 3)], "oneOfMany": many(250, 4), "several": several(120, 3), "covariance": covariance(30, 6),
}
json.dump(plain(out), open(sys.argv[1], "w"), separators=(",", ":"))
