"""LIBLINEAR on one case: python liblinear_peer.py <solver number> <request.json>.

Binary logistic regression (-s 0 and 6, with -R: a free intercept) is the same objective; -s 7, the dual, knows no free
intercept, so its constant feature is 10 and hardly penalized. Crammer-Singer (-s 4) is another loss than the
Weston-Watkins hinge: its lines tell its own objective.
"""

import pathlib
import sys
import time
from importlib.metadata import version

import numpy as np
import scipy.sparse
from exchange import climb, load, objective, read_request, repeat, report, two_rows
from liblinear.liblinearutil import parameter, problem as training_set, train

BIAS = {"0": 1.0, "4": 1.0, "6": 1.0, "7": 10.0}
VERSION = version("liblinear-official")


def weights(model, K, d):
    """W (nClasses x (d + 1), the last column for the constant feature) in class order; two classes are one vector."""
    order = np.array(model.get_labels(), dtype=int)
    rows = np.ctypeslib.as_array(model.w, shape=((d + 1) * (1 if K == 2 else K),)).reshape(d + 1, -1).T.copy()
    if K == 2:
        return rows if order[0] == 1 else -rows
    W = np.zeros_like(rows)
    W[order] = rows
    return W


def crammer_singer(X, y, W, bias, C):
    s = X @ W[:, :-1].T + bias * W[:, -1]
    true = s[np.arange(len(y)), y].copy()
    s += 1
    s[np.arange(len(y)), y] -= 1
    return 0.5 * (W**2).sum() + C * (s.max(axis=1) - true).sum()


def logistic(kind, request, X, y, data):
    problem, bias = request["problem"], BIAS[kind]
    C = 1 / ((problem["lasso"] or problem["ridge"]) * len(y))
    free = "" if kind == "7" else "-R"

    def describe(model):
        w = weights(model, 2, X.shape[1])[0]
        W, b = two_rows(w[:-1], bias * w[-1])
        return dict(objective=objective(problem, X, y, W, b), version=VERSION)

    climb(
        f"LIBLINEAR -s {kind}", [dict(e=10.0**-e) for e in range(1, 9)], request,
        lambda setting: train(data, parameter(f"-s {kind} {free} -B {bias} -c {C!r} -e {setting['e']} -q")), describe,
    )


def hinge(kind, request, X, y, K, data):
    """Its own best objective is not known before: tighter until the objective no longer falls by a tenth of epsilon."""
    bias = BIAS[kind]
    C = 1 / (2 * request["problem"]["ridge"] * len(y))
    test = pathlib.Path(request["folder"], "test")
    held_out = load(test)[:2] if test.exists() else None
    found = []

    def once(eps):
        start = time.perf_counter()
        model = train(data, parameter(f"-s {kind} -B {bias} -c {C!r} -e {eps} -q"))
        seconds = time.perf_counter() - start
        W = weights(model, K, X.shape[1])
        accuracy = None
        if held_out is not None:
            scores = held_out[0] @ W[:, :-1].T + bias * W[:, -1]
            accuracy = float((scores.argmax(axis=1) == held_out[1]).mean())
        own = crammer_singer(X, y, W, bias, C)
        found.append((eps, seconds, own))
        report(
            program=f"LIBLINEAR -s {kind}", settings=dict(e=eps), seconds=seconds, ownObjective=own, accuracy=accuracy,
            version=VERSION,
        )
        return seconds

    for eps in (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0001):
        once(eps)
        if len(found) > 2 and 0 <= found[-2][2] - found[-1][2] <= 0.1 * request["epsilon"] * found[-1][2]:
            break
        if found[-1][1] > request["seconds"]:
            break
    best = min(own for _, _, own in found)
    good = [(seconds, eps) for eps, seconds, own in found if own - best <= request["epsilon"] * best]
    seconds, eps = min(good)
    repeat(seconds, request, lambda: once(eps))


def main():
    kind = sys.argv[1]
    request = read_request()
    X, y, K = load(request["folder"], request["labels"])
    X = scipy.sparse.csr_matrix(X)
    data = training_set(y.astype(float), X, bias=BIAS[kind])
    report(ready=True)
    if kind == "4":
        hinge(kind, request, X, y, K, data)
    else:
        logistic(kind, request, X, y, data)


main()
