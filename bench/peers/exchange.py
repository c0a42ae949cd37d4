"""What Python peers share with bench/run.js: requests, case folders, the objective and the report lines.

bench/run-program.js says what a request and a line are, bench/case-folder.js what a case folder holds.
"""

import json
import pathlib
import sys
import time

import numpy as np
import scipy.sparse
from scipy.special import logsumexp


def read_request():
    return json.loads(pathlib.Path(sys.argv[-1]).read_text())


def load(folder, labels=None, dtype=np.float64):
    """X (nSamples x nFeatures, dense or CSR), y, the number of classes."""
    folder = pathlib.Path(folder)
    shape = json.loads((folder / "shape.json").read_text())
    n, d = shape["nSamples"], shape["nFeatures"]
    y = np.fromfile(folder / (f"labels-{labels}.u32" if labels else "labels.u32"), dtype="<u4").astype(np.int64)
    classes = shape["nClasses"][labels or ""]
    if shape["kind"] == "dense":
        return np.fromfile(folder / "X.f32", dtype="<f4").reshape(n, d).astype(dtype), y, classes
    indptr, indices = (np.fromfile(folder / f"{name}.u32", dtype="<u4").astype(np.int32) for name in ("indptr", "indices"))
    values = np.fromfile(folder / "values.f32", dtype="<f4").astype(dtype)
    return scipy.sparse.csr_matrix((values, indices, indptr), shape=(n, d)), y, classes


def objective(problem, X, y, W, b):
    """The bench's one objective: mean loss + ridge * sum(W^2) + lasso * sum(|W|), in f64."""
    s = X @ W.T.astype(np.float64) + b
    true = s[np.arange(len(y)), y]
    if problem["loss"] == "softmax":
        data = logsumexp(s, axis=1) - true
    else:
        data = np.maximum(0, s - true[:, None] + 1).sum(axis=1) - 1
    return float(data.mean() + problem["ridge"] * (W**2).sum() + problem["lasso"] * np.abs(W).sum())


def two_rows(w, b):
    """A binary model's one vector as softmax's two rows: W = -w/2, w/2."""
    w = np.asarray(w, dtype=np.float64).ravel()
    return np.vstack([-w / 2, w / 2]), np.array([-b / 2, b / 2])


def report(**line):
    print(json.dumps(line), flush=True)


def climb(program, settings, request, run, describe):
    """bench/ladder.js: settings from loose to tight until one reaches epsilon; then the fastest sufficient one repeated.

    Between the setting that first reaches epsilon and the one before it one more is tried, at their geometric mean.
    """
    tried = []

    def once(setting):
        start = time.perf_counter()
        result = run(setting)
        seconds = time.perf_counter() - start
        line = dict(program=program, settings=setting, seconds=seconds, **describe(result))
        report(**line)
        tried.append((setting, seconds, reaches(line["objective"], request)))
        return tried[-1]

    for setting in settings:
        _, seconds, reached = once(setting)
        if reached or seconds > request["seconds"]:
            break
    if len(tried) > 1 and tried[-1][2]:
        once({name: float(np.sqrt(tried[-2][0][name] * value)) for name, value in tried[-1][0].items()})
    good = [(seconds, setting) for setting, seconds, reached in tried if reached]
    if not good:
        return
    seconds, setting = min(good, key=lambda pair: pair[0])
    repeat(seconds, request, lambda: once(setting)[1])


def repeat(first, request, once):
    """After a run of `first` seconds calls `once`, which gives a run's seconds, as often as bench/ladder.js repeats."""
    seconds = [first]
    while is_run_again(seconds, request):
        seconds.append(once())


def is_run_again(seconds, request):
    """bench/ladder.js, isRunAgain."""
    ours = request.get("ours")
    if ours is not None and seconds[0] > min(10, 20 * ours):
        return False
    if len(seconds) < request["repeats"]:
        return True
    return len(seconds) < 1000 and sum(seconds) < 1


def reaches(value, request):
    reference = request["reference"]
    return reference is not None and (value - reference) / abs(reference) <= request["epsilon"]
