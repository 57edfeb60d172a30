"""Golden figures of MLstatkit and statsmodels for tests/unit/evaluation-comparison.test.ts.

python3 comparison.py ../../fixtures/evaluation/comparison.json     (MLstatkit 0.1.91, statsmodels 0.15.0, scikit-learn 1.9.1)

Two models on the same images: their AUROC and DeLong's test of the difference, and McNemar's exact test of their sensitivities and
specificities at a threshold. Scores are rounded, so that there are ties.
"""
import json, sys
import numpy as np
from MLstatkit import Delong_test
from sklearn.metrics import recall_score, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar

rng = np.random.default_rng(14)


def exact(first_right, second_right):
    table = [[int(np.sum(first_right & second_right)), int(np.sum(first_right & ~second_right))],
             [int(np.sum(~first_right & second_right)), int(np.sum(~first_right & ~second_right))]]
    return {'onlyFirstRight': table[0][1], 'onlySecondRight': table[1][0], 'pValue': float(mcnemar(table, exact=True).pvalue)}


def case(n, strength, noise):
    y = (rng.random(n) < 0.35).astype(int)
    shared = rng.normal(size=n)
    first = 1 / (1 + np.exp(-(strength[0] * (y - 0.5) + shared + noise * rng.normal(size=n))))
    second = 1 / (1 + np.exp(-(strength[1] * (y - 0.5) + shared + noise * rng.normal(size=n))))
    first, second = first.round(2), second.round(2)
    threshold = [0.5, 0.45]
    called = [first >= threshold[0], second >= threshold[1]]
    pos = y == 1
    z, p = Delong_test(y, first, second)[:2]
    return {
        'yTrue': y.tolist(), 'first': first.tolist(), 'second': second.tolist(), 'thresholds': threshold,
        'auroc': [float(roc_auc_score(y, first)), float(roc_auc_score(y, second))],
        'delong': {'z': float(z), 'pValue': float(p)},
        'sensitivity': [float(recall_score(y, one)) for one in called],
        'specificity': [float(recall_score(1 - y, ~one)) for one in called],
        'mcnemar': {'sensitivity': exact(called[0][pos], called[1][pos]), 'specificity': exact(~called[0][~pos], ~called[1][~pos])},
    }


cases = [case(120, (1.5, 2.5), 0.6), case(300, (2.0, 2.1), 0.4), case(60, (3.0, 1.0), 1.0)]
pairs = [(0, 0), (0, 1), (3, 3), (1, 9), (400, 520), (900, 900), (0, 1500)]
single = [{'onlyFirstRight': a, 'onlySecondRight': b, 'pValue': float(mcnemar([[0, a], [b, 0]], exact=True).pvalue) if a + b else 1.0} for a, b in pairs]
json.dump({'cases': cases, 'mcnemar': single}, open(sys.argv[1], 'w'))
