"""Golden figures of scikit-learn and scipy for tests/unit/evaluation-promotion.test.ts and evaluation-drift.test.ts.

python3 promotion.py ../../fixtures/evaluation/promotion.json     (scikit-learn 1.2.1, scipy 1.10.1)
"""
import json, sys
import numpy as np
from scipy.special import kolmogorov
from scipy.stats import ks_2samp
from scipy.stats.contingency import association
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(3)


def regression(n, k, f, penalty):
    y = rng.integers(0, k, n)
    x = np.round(rng.normal(0, 1, (n, f)) + 0.8 * rng.normal(0, 1, (k, f))[y], 4)
    m = LogisticRegression(C=1 / penalty, multi_class="multinomial", tol=1e-10, max_iter=10000).fit(x, y)
    return {"rows": x.tolist(), "yTrue": y.tolist(), "classes": k, "penalty": penalty, "probabilities": m.predict_proba(x[:20]).tolist()}


def cramer(n, a, b, together):
    one = rng.integers(0, a, n); other = np.where(rng.random(n) < together, one % b, rng.integers(0, b, n))
    t = np.array([[np.sum((one == i) & (other == j)) for j in range(b)] for i in range(a)])
    return {"ones": one.tolist(), "others": other.tolist(), "v": association(t, method="cramer", correction=False)}


def ks(n, m, shift, digits):
    a, b = np.round(rng.normal(0, 1, n), digits), np.round(rng.normal(shift, 1, m), digits)
    statistic = ks_2samp(a, b).statistic
    return {"one": a.tolist(), "other": b.tolist(), "statistic": statistic, "pValue": kolmogorov(np.sqrt(n * m / (n + m)) * statistic)}


def psi(n, m, shift):
    then, now = np.round(rng.normal(0, 1, n), 3), np.round(rng.normal(shift, 1.2, m), 3)
    edges = np.quantile(then, np.arange(1, 10) / 10)
    share = lambda v: np.maximum(np.histogram(v, bins=np.concatenate([[-np.inf], edges, [np.inf]]))[0] / len(v), 1e-4)
    a, b = share(then), share(now)
    return {"then": then.tolist(), "now": now.tolist(), "edges": edges.tolist(), "psi": float(np.sum((b - a) * np.log(b / a)))}


json.dump({"regression": [regression(120, 3, 5, 1.0), regression(60, 2, 4, 0.1)], "cramer": [cramer(200, 3, 2, 0.6), cramer(100, 4, 4, 0.0), cramer(50, 2, 2, 1.0)],
           "ks": [ks(80, 60, 0.0, 4), ks(150, 90, 0.5, 1), ks(400, 300, 0.2, 3)], "psi": [psi(500, 200, 0.0), psi(500, 300, 0.8)]}, open(sys.argv[1], "w"), separators=(",", ":"))
