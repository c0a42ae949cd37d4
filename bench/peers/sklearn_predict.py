"""Probabilities from data in memory by scikit-learn: sklearn_predict.py <request.json>. The fit is not timed."""

import time

import numpy as np
import sklearn
from exchange import load, read_request, repeat, report
from sklearn.linear_model import LogisticRegression

request = read_request()
X, y, K = load(request["folder"])
report(ready=True)
for dtype in ("float64", "float32"):
    rows = np.ascontiguousarray(X.astype(dtype))
    single = LogisticRegression(max_iter=20).fit(rows[:2000], y[:2000])
    single.predict_proba(rows)

    def once():
        start = time.perf_counter()
        single.predict_proba(rows)
        seconds = time.perf_counter() - start
        report(program=f"scikit-learn {dtype}", settings={}, seconds=seconds, version=sklearn.__version__)
        return seconds

    repeat(once(), request, once)
