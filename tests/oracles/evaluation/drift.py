"""Golden figures of scipy and statsmodels for tests/unit/evaluation-drift.test.ts.

python3 drift.py ../../fixtures/evaluation/drift.json     (scipy 1.10 or later, statsmodels 0.14)
"""
import json, sys
import numpy as np
from scipy.stats import chi2, chi2_contingency
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

rng = np.random.default_rng(11)


def contingency(one, other):
    statistic, p, dof, _ = chi2_contingency([one, other], correction=False)
    return {"one": one, "other": other, "statistic": statistic, "pValue": p, "dof": int(dof)}


def fall(confirmed, n, before, m):
    z, p = proportions_ztest([confirmed, before], [n, m], alternative="smaller")
    return {"lately": [confirmed, n], "before": [before, m], "pValue": p, "interval": list(proportion_confint(confirmed, n, method="wilson"))}


raw = np.round(rng.random(12) ** 3, 6).tolist()
json.dump({
    "tail": [{"x": x, "k": k, "p": chi2.sf(x, k)} for x, k in [(0.3, 1), (3.84, 1), (30.0, 1), (2.0, 4), (9.5, 4), (40.0, 7), (120.0, 30), (15.0, 30)]],
    "contingency": [contingency([50, 30, 20], [40, 45, 15]), contingency([500, 500], [60, 20]), contingency([200, 180, 90, 30], [50, 45, 22, 8])],
    "holm": {"raw": raw, "adjusted": multipletests(raw, method="holm")[1].tolist()},
    "fall": [fall(70, 100, 360, 400), fall(88, 100, 360, 400), fall(45, 50, 200, 400)],
}, open(sys.argv[1], "w"), separators=(",", ":"))
