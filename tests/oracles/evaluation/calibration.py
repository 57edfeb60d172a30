"""Golden figures of scikit-learn and scipy for tests/unit/evaluation-calibration.test.ts.

python3 calibration.py ../../fixtures/evaluation/calibration.json     (scikit-learn 1.2 or later, scipy 1.10 or later)
"""
import json, sys
import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.calibration import _sigmoid_calibration

rng = np.random.default_rng(5)


def platt(n, slope, shift, share):
    y = (rng.random(n) < share).astype(int)
    z = np.round(slope * (y - 0.5) + shift + rng.normal(0, 1.2, n), 4)
    a, b = _sigmoid_calibration(z, y)          # 1 / (1 + exp(a z + b))
    return {"yTrue": y.tolist(), "logits": z.tolist(), "slope": -a, "bias": -b}


def many(n, k, shift):
    y = rng.choice(k, n, p=np.array([0.6, 0.3, 0.1]))
    z = rng.normal(0, 1.5, (n, k)); z[np.arange(n), y] += 1.5
    z = np.round(2 * z + np.array(shift), 4)
    loss = lambda p: -log_softmax(p[0] * z + p[1:], 1)[np.arange(n), y].sum() + 0.5 * np.sum(p[1:] ** 2)
    p = minimize(loss, np.array([1.0] + [0.0] * k), method="BFGS", options={"gtol": 1e-8}).x
    return {"yTrue": y.tolist(), "logits": z.tolist(), "slope": p[0], "biases": p[1:].tolist()}


json.dump({"platt": [platt(60, 2, 0, 0.5), platt(300, 3, 2.5, 0.3), platt(40, 12, 0, 0.5)], "many": many(250, 3, [2, -1, 0])}, open(sys.argv[1], "w"), separators=(",", ":"))
