"""What a Python peer shares with bench/run.js: the case folder, the objective and the report lines.

A case folder holds meta.json and little-endian arrays: labels.u32, and X.f32 (row-major) for dense data or
indptr.u32, indices.u32, values.f32 for sparse rows. Each run is reported as one JSON line on stdout.
"""

import json
import pathlib
import sys
import time

import numpy as np
import scipy.sparse
from scipy.special import logsumexp


def load(folder):
    folder = pathlib.Path(folder)
    meta = json.loads((folder / "meta.json").read_text())
    y = np.fromfile(folder / "labels.u32", dtype="<u4").astype(np.int64)
    if meta["kind"] == "dense":
        X = np.fromfile(folder / "X.f32", dtype="<f4").reshape(meta["nSamples"], meta["nFeatures"])
        return meta, X.astype(np.float64), y
    indptr, indices = (np.fromfile(folder / f"{name}.u32", dtype="<u4").astype(np.int32) for name in ("indptr", "indices"))
    values = np.fromfile(folder / "values.f32", dtype="<f4").astype(np.float64)
    return meta, scipy.sparse.csr_matrix((values, indices, indptr), shape=(meta["nSamples"], meta["nFeatures"])), y


def objective(meta, X, y, W, b):
    """The bench's one objective: mean loss + ridge * sum(W^2) + lasso * sum(|W|), in f64."""
    s = X @ W.T + b
    true = s[np.arange(len(y)), y]
    if meta["loss"] == "softmax":
        data = logsumexp(s, axis=1) - true
    else:
        data = np.maximum(0, s - true[:, None] + 1).sum(axis=1) - 1
    return float(data.mean() + meta["ridge"] * (W**2).sum() + meta["lasso"] * np.abs(W).sum())


def report(program, settings, seconds, value, **more):
    print(json.dumps(dict(program=program, settings=settings, seconds=seconds, objective=value, **more)), flush=True)


def timed(run):
    start = time.perf_counter()
    result = run()
    return result, time.perf_counter() - start


def budget():
    """Seconds that one peer may use on a case: past it no tighter run is started."""
    return float(sys.argv[2]) if len(sys.argv) > 2 else 120.0
