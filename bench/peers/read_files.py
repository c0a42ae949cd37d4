"""Reading by others: read_files.py <request.json>, whose `format` is csv or libsvm and `file` the path."""

import time

from exchange import read_request, repeat, report

request = read_request()
path = request["file"]


def csv_readers():
    import pandas as pd

    return {"pandas": lambda: pd.read_csv(path, engine="c", na_values="?")}, pd.__version__


def libsvm_readers():
    from importlib.metadata import version

    from liblinear.liblinearutil import svm_read_problem
    from sklearn.datasets import load_svmlight_file

    return {
        "LIBLINEAR svm_read_problem": lambda: svm_read_problem(path, return_scipy=True),
        "scikit-learn load_svmlight_file": lambda: load_svmlight_file(path),
    }, version("liblinear-official")


readers, version = csv_readers() if request["format"] == "csv" else libsvm_readers()
for read in readers.values():
    read()
report(ready=True)
for program, read in readers.items():

    def once():
        start = time.perf_counter()
        read()
        seconds = time.perf_counter() - start
        report(program=program, settings={}, seconds=seconds, version=version)
        return seconds

    repeat(once(), request, once)
