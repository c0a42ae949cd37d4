"""skglm on one case of two classes: python skglm_peer.py <request.json>. Its L-BFGS fits no intercept; prox-Newton does."""

import warnings

import numpy as np
import skglm
from exchange import climb, load, objective, read_request, report, two_rows
from skglm.estimators import SparseLogisticRegression

warnings.filterwarnings("ignore")


def main():
    request = read_request()
    problem = request["problem"]
    X, y, _ = load(request["folder"], request["labels"])
    # Its datafits are compiled for columns.
    X = X.tocsc() if hasattr(X, "tocsc") else np.asfortranarray(X)
    strength = dict(alpha=problem["lasso"] or problem["ridge"], l1_ratio=1.0 if problem["lasso"] else 0.0)

    def run(setting):
        return SparseLogisticRegression(**strength, max_iter=200, max_epochs=10000, **setting).fit(X, y)

    def describe(model):
        W, b = two_rows(model.coef_, float(np.ravel(model.intercept_)[0]))
        return dict(objective=objective(problem, X, y, W, b), version=skglm.__version__)

    # Compiles for this kind of X and of numbers.
    few = X[:: max(1, len(y) // 200)]
    few = few.tocsc() if hasattr(few, "tocsc") else np.asfortranarray(few)
    SparseLogisticRegression(**strength, max_iter=1).fit(few, np.arange(few.shape[0]) % 2)
    report(ready=True)
    climb("skglm prox-newton", [dict(tol=10.0**-e) for e in range(2, 11)], request, run, describe)


main()
