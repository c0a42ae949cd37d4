"""Writes the example data: iris.csv, digits.csv and adult-sample.csv.

    python3 make-examples.py <adult.csv or adult.csv.gz> <folder to write to>

Iris and the digits come with scikit-learn; Adult is downloaded from the UCI repository, with its column
names as the first line. Made with scikit-learn 1.9.1; the values are UCI's and do not depend on the version.
"""

import gzip
import random
import sys
from pathlib import Path

from sklearn.datasets import load_digits, load_iris

ADULT_ROWS = 1500


def text(value: float) -> str:
    return f"{value:g}"


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    lines = [",".join(row) for row in [header, *rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_iris(path: Path) -> None:
    iris = load_iris()
    header = [name.removesuffix(" (cm)").replace(" ", "_") for name in iris.feature_names] + ["species"]
    write(path, header, [[*map(text, x), str(iris.target_names[y])] for x, y in zip(iris.data, iris.target)])


def make_digits(path: Path) -> None:
    digits = load_digits()
    header = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)] + ["digit"]
    write(path, header, [[*map(text, x), str(y)] for x, y in zip(digits.data, digits.target)])


def make_adult_sample(source: Path, path: Path) -> None:
    with (gzip.open if source.suffix == ".gz" else open)(source, "rt", encoding="utf-8") as file:
        header, *rows = file.read().splitlines()
    chosen = sorted(random.Random(2024).sample(range(len(rows)), ADULT_ROWS))
    path.write_text("\n".join([header, *(rows[i] for i in chosen)]) + "\n", encoding="utf-8")


def main() -> None:
    adult, folder = Path(sys.argv[1]), Path(sys.argv[2])
    make_iris(folder / "iris.csv")
    make_digits(folder / "digits.csv")
    make_adult_sample(adult, folder / "adult-sample.csv")


if __name__ == "__main__":
    main()
