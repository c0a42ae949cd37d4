"""Seconds of one L-BFGS iteration of scikit-learn on a case: python sklearn_pass.py <case folder>. One JSON line."""

import json
import sys
import time
import warnings

import numpy as np
from exchange import load
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")


def main():
    X, y, _ = load(sys.argv[1])
    seconds = {}
    for dtype in (np.float64, np.float32):
        rows = X.astype(dtype)
        model = LogisticRegression(C=1 / (2e-4 * len(y)), solver="lbfgs", tol=1e-12, max_iter=60)
        start = time.perf_counter()
        model.fit(rows, y)
        elapsed = time.perf_counter() - start
        seconds[dtype.__name__] = elapsed / int(np.max(model.n_iter_))
    print(json.dumps(seconds))


main()
