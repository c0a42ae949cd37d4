"""From a CSV to a model file as one does with pandas and scikit-learn: pipeline_sklearn.py <csv> <target> <solver> <model>.

The same features and the same objective as `softmargin train` by default: median and indicator for missing numbers,
one-hot categories, all columns standardized, L2 with lambda = 1e-4 (two classes: C = 1 / (lambda n)).
"""

import sys

import joblib
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

path, target, solver, out = sys.argv[1:]
table = pd.read_csv(path, na_values="?", skipinitialspace=True)
y = table.pop(target)
# A missing category is a level of its own.
texts = table.select_dtypes(exclude="number").columns
table[texts] = table[texts].astype(object).fillna("missing")
classes = y.nunique()
model = make_pipeline(
    make_column_transformer(
        (SimpleImputer(strategy="median", add_indicator=True), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(texts)),
    ),
    StandardScaler(),
    LogisticRegression(C=(1 if classes == 2 else 0.5) / (1e-4 * len(y)), solver=solver, max_iter=10000),
)
model.fit(table, y)
joblib.dump(model, out)
