"""Probabilities of a CSV's rows, whole process: predict_sklearn.py <model> <csv> <target> <out.csv>."""

import sys

import joblib
import pandas as pd

model_file, path, target, out = sys.argv[1:]
model = joblib.load(model_file)
table = pd.read_csv(path)
if target in table:
    table.pop(target)
pd.DataFrame(model.predict_proba(table), columns=model.classes_).to_csv(out, index=False)
