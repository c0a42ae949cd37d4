"""LIBLINEAR on one case: python liblinear_peer.py <case folder> [seconds].

Binary logistic regression (-s 0 and 6, with -R: a free intercept) is the same objective. Crammer-Singer (-s 4) is another loss than the
Weston-Watkins hinge, so its runs report the relative gap to the best value of its own objective.
"""

import sys

import numpy as np
import scipy.sparse
from exchange import budget, load, objective, report, timed
from liblinear.liblinearutil import parameter, problem, train


def weights(model, K, d, has_bias):
    """nClasses x (d [+ 1]) in class order 0 .. K-1; two classes are stored as one vector."""
    order = np.array(model.get_labels())
    rows = np.ctypeslib.as_array(model.w, shape=((d + has_bias) * (1 if K == 2 else K),))
    rows = rows.reshape(d + has_bias, -1).T.copy()
    if K == 2:
        sign = 1 if order[0] == 1 else -1
        return np.vstack([-sign * rows[0] / 2, sign * rows[0] / 2])
    W = np.empty_like(rows)
    W[order] = rows
    return W


def crammer_singer(X, y, W, C):
    s = X @ W.T
    true = s[np.arange(len(y)), y].copy()
    s += 1
    s[np.arange(len(y)), y] -= 1
    return 0.5 * (W**2).sum() + C * (s.max(axis=1) - true).sum()


def main():
    meta, X, y = load(sys.argv[1])
    n, d, K = len(y), meta["nFeatures"], meta["nClasses"]
    hinge = meta["loss"] == "hinge"
    if not hinge and K != 2:
        return
    C = 1 / (2 * meta["ridge"] * n) if hinge else 1 / (meta["ridge"] * n) if meta["lasso"] == 0 else 1 / (meta["lasso"] * n)
    kinds = ["4"] if hinge else ["6 -R -B 1"] if meta["lasso"] > 0 else ["0 -R -B 1"]
    rows = scipy.sparse.csr_matrix(X)
    data = problem(y.astype(float), rows, bias=-1 if hinge else 1)
    for kind in kinds:
        left = budget()
        found = []
        for eps in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
            model, seconds = timed(lambda: train(data, parameter(f"-s {kind} -c {C!r} -e {eps} -q")))
            W = weights(model, K, d, 0 if hinge else 1)
            if hinge:
                found.append((eps, seconds, crammer_singer(rows, y, W, C)))
            else:
                report(f"LIBLINEAR -s {kind}", dict(e=eps), seconds, objective(meta, rows, y, W[:, :d], W[:, d]), version="2.50")
            left -= seconds
            if left < 3 * seconds:
                break
        best = min((value for _, _, value in found), default=None)
        for eps, seconds, value in found:
            report(f"LIBLINEAR -s {kind}", dict(e=eps), seconds, None, version="2.50", ownRelativeGap=(value - best) / best)


main()
