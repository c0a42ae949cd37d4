"""scikit-learn on one case: python sklearn_peer.py <case folder> [seconds]. One line per solver and tolerance."""

import sys
import warnings

import numpy as np
import sklearn
from exchange import budget, load, objective, report, timed
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")


def solvers(meta):
    if meta["lasso"] > 0:
        return ["saga"]
    names = ["lbfgs", "newton-cg"]
    if meta["kind"] == "dense" and meta["nClasses"] * (meta["nFeatures"] + 1) <= 2000:
        names.append("newton-cholesky")
    return names + ["saga"]


def main():
    meta, X, y = load(sys.argv[1])
    n, K = len(y), meta["nClasses"]
    total = meta["lasso"] + 2 * meta["ridge"]
    # With two classes the program fits one vector w and softmax has W = ±w/2: its ridge counts double.
    C = 1 / (total * n) * (2 if K == 2 and meta["lasso"] == 0 else 1)
    for solver in solvers(meta):
        left = budget()
        for tol in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8):
            model = LogisticRegression(
                C=C, l1_ratio=meta["lasso"] / total, solver=solver, tol=tol, max_iter=5000, random_state=0
            )
            _, seconds = timed(lambda: model.fit(X, y))
            W, b = model.coef_, model.intercept_
            if K == 2:
                W, b = np.vstack([-W[0] / 2, W[0] / 2]), np.array([-b[0] / 2, b[0] / 2])
            report(
                f"scikit-learn {solver}", dict(tol=tol), seconds, objective(meta, X, y, W, b),
                version=sklearn.__version__, iterations=int(np.max(model.n_iter_)),
            )
            left -= seconds
            if left < 3 * seconds:
                break


main()
