"""scikit-learn on one case: python sklearn_peer.py <solver> <float64 | float32> <request.json>."""

import sys
import warnings

import numpy as np
import sklearn
from exchange import climb, load, objective, read_request, report, two_rows
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")


def main():
    solver, dtype = sys.argv[1], np.dtype(sys.argv[2])
    request = read_request()
    problem = request["problem"]
    X, y, K = load(request["folder"], request["labels"], dtype)
    exact = X.astype(np.float64) if dtype != np.float64 else X
    total = problem["lasso"] + 2 * problem["ridge"]
    # With two classes the program fits one vector w and softmax has W = ±w/2: its ridge counts double.
    C = 1 / (total * len(y)) * (2 if K == 2 and problem["lasso"] == 0 else 1)

    def run(setting):
        model = LogisticRegression(
            C=C, l1_ratio=problem["lasso"] / total, solver=solver, max_iter=100000, random_state=0, **setting
        )
        return model.fit(X, y)

    def describe(model):
        W, b = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
        if K == 2:
            W, b = two_rows(W, b[0])
        return dict(
            objective=objective(problem, exact, y, W, b), version=sklearn.__version__, iterations=int(np.max(model.n_iter_))
        )

    LogisticRegression(solver=solver).fit(np.eye(4, dtype=dtype), [0, 1, 0, 1])
    report(ready=True)
    name = f"scikit-learn {solver}" + (" f32" if dtype == np.float32 else "")
    climb(name, [dict(tol=10.0**-e) for e in (1, 3, 4, 5, 6, 7, 8, 9, 10)], request, run, describe)


main()
