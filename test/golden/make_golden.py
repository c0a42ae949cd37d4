"""Optima of softmargin's objective from independent software, written to golden.json.

    pip install -r test/golden/requirements.txt        (and, for glmnet: R with glmnet and jsonlite)
    python test/golden/make_golden.py [data …]         (only the cases of these data, if any are named)

Objective: mean loss + ridge * sum(W^2) + lasso * sum(|W|), free intercepts, natural logarithm. Every value is
the lowest objective that any of the named programs reached, evaluated here in f64; `spread` is the relative
distance from it to the second best program, so it says how far two independent programs agree.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import cvxpy
import numpy as np
import pandas as pd
import scipy.sparse
import sklearn
from liblinear import liblinearutil
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples"


def standardize(X):
    scale = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(scale > 0, scale, 1)


def table(name, rows=None):
    frame = pd.read_csv(EXAMPLES / f"{name}.csv", na_values=["?"])
    if rows is not None:
        frame = frame.iloc[:rows]
    target, features = frame.iloc[:, -1], frame.iloc[:, :-1]
    columns = []
    for column in features:
        values = features[column]
        if pd.api.types.is_numeric_dtype(values):
            columns.append(values.fillna(values.median()).to_numpy(float))
            if values.isna().any():
                columns.append(values.isna().to_numpy(float))
        else:
            for level in sorted(values.dropna().unique()):
                columns.append((values == level).to_numpy(float))
            if values.isna().any():
                columns.append(values.isna().to_numpy(float))
    return standardize(np.column_stack(columns)), np.unique(target, return_inverse=True)[1]


def sparse_text(n=600, d=1500, K=6, seed=7):
    """Text-like rows: Zipf word frequencies, topics that prefer some words, unit length."""
    rng = np.random.default_rng(seed)
    base = 1 / np.arange(1, d + 1)
    topics = base * rng.gamma(0.3, 1, (K, d))
    topics /= topics.sum(axis=1, keepdims=True)
    y = rng.integers(0, K, n)
    X = np.zeros((n, d))
    for i in range(n):
        words = rng.choice(d, size=rng.integers(10, 30), p=0.7 * topics[y[i]] + 0.3 * base / base.sum())
        np.add.at(X[i], words, 1)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    X = np.round(X, 5)
    with open(HERE / "sparse.svm", "w") as file:
        for row, label in zip(X, y):
            cells = " ".join(f"{j + 1}:{row[j]:g}" for j in np.flatnonzero(row))
            file.write(f"{label} {cells}\n")
    return X, y


def objective(W, b, X, y, loss, ridge, lasso, margin):
    s = X @ W.T + b
    true = s[np.arange(len(y)), y]
    if loss == "softmax":
        data = logsumexp(s, axis=1) - true
    else:
        data = np.maximum(0, s - true[:, None] + margin).sum(axis=1) - margin
    return data.mean() + ridge * (W**2).sum() + lasso * np.abs(W).sum()


def by_sklearn(X, y, ridge, lasso):
    n, K = len(y), y.max() + 1
    if lasso == 0:
        variants = [("lbfgs", dict(solver="lbfgs", max_iter=100000)), ("newton-cg", dict(solver="newton-cg", max_iter=10000))]
        C, ratio = 1 / (2 * ridge * n), 0.0
    else:
        ratio = lasso / (lasso + 2 * ridge)
        C = 1 / ((lasso + 2 * ridge) * n)
        variants = [("saga", dict(solver="saga", max_iter=60000, random_state=0))]
    for name, settings in variants:
        # With two classes the program fits one vector w; here W = ±w/2, which doubles C under L2.
        if K == 2:
            w = LogisticRegression(C=C * (2 if lasso == 0 else 1), l1_ratio=ratio, tol=1e-12, **settings).fit(X, y)
            if lasso > 0 and ridge > 0:
                continue
            yield f"scikit-learn {name}", np.vstack([-w.coef_[0] / 2, w.coef_[0] / 2]), np.array([-w.intercept_[0] / 2, w.intercept_[0] / 2])
        else:
            m = LogisticRegression(C=C, l1_ratio=ratio, tol=1e-12, **settings).fit(X, y)
            yield f"scikit-learn {name}", m.coef_, m.intercept_


def by_glmnet(X, y, ridge, lasso):
    alpha = lasso / (lasso + 2 * ridge)
    lambda_g = lasso + 2 * ridge
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        np.savetxt(folder / "X.csv", X, delimiter=",", fmt="%.17g")
        np.savetxt(folder / "y.csv", y, fmt="%d")
        subprocess.run(
            ["Rscript", str(HERE / "glmnet.R"), str(folder), repr(alpha), repr(lambda_g)], check=True, capture_output=True
        )
        solution = json.loads((folder / "solution.json").read_text())
    yield f"glmnet {solution['version']}", np.array(solution["W"]), np.array(solution["b"])


def by_liblinear(X, y, ridge, lasso):
    """Two classes, a free intercept (-R). One vector w stands for W = ±w/2, which doubles C under L2."""
    kind, C = ("0", 1 / (ridge * len(y))) if lasso == 0 else ("6", 1 / (lasso * len(y)))
    data = liblinearutil.problem(y.astype(float), scipy.sparse.csr_matrix(X))
    model = liblinearutil.train(data, liblinearutil.parameter(f"-s {kind} -R -B 1 -c {C!r} -e 1e-10 -q"))
    w = np.ctypeslib.as_array(model.w, shape=(X.shape[1] + 1,)).copy() * (1 if model.get_labels()[0] == 1 else -1)
    yield f"LIBLINEAR -s {kind}", np.vstack([-w[:-1], w[:-1]]) / 2, np.array([-w[-1], w[-1]]) / 2


def by_cvxpy(X, y, loss, ridge, lasso, margin):
    n, d = X.shape
    K = y.max() + 1
    W, b = cvxpy.Variable((K, d)), cvxpy.Variable(K)
    s = X @ W.T + np.ones((n, 1)) @ cvxpy.reshape(b, (1, K), order="C")
    Y = np.eye(K)[y]
    true = cvxpy.sum(cvxpy.multiply(Y, s), axis=1)
    if loss == "softmax":
        data = cvxpy.sum(cvxpy.log_sum_exp(s, axis=1) - true)
    else:
        data = cvxpy.sum(cvxpy.pos(s - cvxpy.reshape(true, (n, 1), order="C") @ np.ones((1, K)) + margin)) - margin * n
    total = data / n + ridge * cvxpy.sum_squares(W) + lasso * cvxpy.sum(cvxpy.abs(W))
    problem = cvxpy.Problem(cvxpy.Minimize(total))
    problem.solve(solver=cvxpy.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    yield "cvxpy + Clarabel", W.value, b.value


CASES = [
    # data, standardized by the reader, loss, margin, penalty, lambda, beta, programs
    *[("iris", "softmax", None, p, lam, "SGC" if p != "l2" else "SC") for p in ("l2", "l1", "elastic-net") for lam in (1e-2, 1e-4)],
    ("digits", "softmax", None, "l2", 1e-2, "S"),
    ("digits", "softmax", None, "l2", 1e-4, "S"),
    ("digits", "softmax", None, "l1", 3e-3, "SG"),
    ("digits", "softmax", None, "elastic-net", 3e-3, "SG"),
    ("adult-sample", "softmax", None, "l2", 1e-3, "SL"),
    ("adult-sample", "softmax", None, "l1", 3e-3, "SGL"),
    ("adult-sample", "softmax", None, "elastic-net", 3e-3, "GC"),
    ("sparse", "softmax", None, "l2", 1e-3, "S"),
    ("sparse", "softmax", None, "l2", 1e-5, "S"),
    ("sparse", "softmax", None, "l1", 1e-3, "SG"),
    ("sparse", "softmax", None, "elastic-net", 1e-3, "SG"),
    *[("iris", "hinge", 1, p, lam, "C") for p in ("l2", "l1", "elastic-net") for lam in (1e-1, 1e-3)],
    ("iris", "hinge", 1, "none", 0, "C"),
    ("iris", "hinge", 2.5, "l2", 1e-2, "C"),
    ("digits-300", "hinge", 1, "l2", 1e-1, "C"),
    ("digits-300", "hinge", 1, "l2", 1e-3, "C"),
    ("sparse", "hinge", 1, "l2", 1e-3, "C"),
]


def main():
    data = {
        "iris": table("iris"),
        "digits": table("digits"),
        "digits-300": table("digits", 300),
        "adult-sample": table("adult-sample"),
        "sparse": sparse_text(),
    }
    wanted = sys.argv[1:]
    golden = HERE / "golden.json"
    cases = [case for case in json.loads(golden.read_text())["cases"] if case["data"] not in wanted] if wanted else []
    for name, loss, margin, penalty, lam, programs in CASES:
        if wanted and name not in wanted:
            continue
        X, y = data[name]
        beta = 0.5 if penalty == "elastic-net" else None
        ridge = lam if penalty == "l2" else lam * beta if beta else 0.0
        lasso = lam if penalty in ("l1", "elastic-net") else 0.0
        found = []
        if "S" in programs:
            found += by_sklearn(X, y, ridge, lasso)
        if "G" in programs:
            found += by_glmnet(X, y, ridge, lasso)
        if "L" in programs:
            found += by_liblinear(X, y, ridge, lasso)
        if "C" in programs:
            found += by_cvxpy(X, y, loss, ridge, lasso, margin or 1)
        values = sorted((objective(W, b, X, y, loss, ridge, lasso, margin or 1), by) for by, W, b in found)
        best = values[0][0]
        spread = (values[1][0] - best) / best if len(values) > 1 and best > 1e-9 else None
        print(name, loss, penalty, lam, [(by, f"{value:.12g}") for value, by in values], flush=True)
        cases.append(
            dict(data=name, loss=loss, margin=margin, penalty=penalty, **{"lambda": lam}, beta=beta, objective=best, by=values[0][1], spread=spread)
        )
    versions = {
        "python": sys.version.split()[0],
        "scikit-learn": sklearn.__version__,
        "cvxpy": cvxpy.__version__,
        "LIBLINEAR": "2.50",
        "numpy": np.__version__,
    }
    golden.write_text(json.dumps({"versions": versions, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
