"""Golden coefficients of scikit-learn's LogisticRegression for tests/unit/training-fit-head.test.ts.

python3 frozen_head.py ../../fixtures/training/frozen-head.json     (scikit-learn 1.9.1)

Balanced class weights on standardised features. The program minimises the weighted mean loss + penalty/2 |W|^2; scikit-learn's
C * (weighted sum) + |W|^2/2 is the same with C = 1 / (penalty * sum of weights).
"""
import json, sys
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(6)
n, d = 90, 5
x = (rng.normal(size=(n, d)) * [1, 3, 0.2, 1, 10] + [0, 2, 1, -3, 40]).round(3)
scaler = StandardScaler().fit(x)
z = scaler.transform(x)
several = np.stack([z[:, 0] + z[:, 1] + rng.normal(size=n) > 1, z[:, 4] - z[:, 2] + rng.normal(size=n) > 0.5], axis=1).astype(int)
many = np.argmax(np.stack([z[:, 0], 0.8 * z[:, 1] - 0.5, z[:, 3] + 0.2], axis=1) + 0.7 * rng.normal(size=(n, 3)), axis=1)


def fit(y, penalty):
    # balanced weights sum to n
    model = LogisticRegression(C=1 / (penalty * n), class_weight='balanced', tol=1e-12, max_iter=10000).fit(z, y)
    w = model.coef_ / scaler.scale_
    return {'weights': w.tolist(), 'bias': (model.intercept_ - w @ scaler.mean_).tolist()}


json.dump({
    'embeddings': x.tolist(), 'several': several.tolist(), 'many': many.tolist(), 'penalty': 0.1,
    'fitSeveral': [fit(several[:, k], 0.1) for k in range(2)], 'fitMany': fit(many, 0.1),
}, open(sys.argv[1], 'w'))
