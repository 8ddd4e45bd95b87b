#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Problems with an L1 norm, in Costate and in celer, skglm and scikit-learn, in turns on one machine: a Markdown table.

usage: coordinate_descent.py BUILD [--runs N] [CASE...]

BUILD is the folder of a build. Run by the Python of an environment that has the peers. CASE is the beginning of a name. Lasso: standard normal design, 5 %
of the coefficients standard normal, a signal three times the noise, objective |A w - y|^2/(2 n) + lam |w|_1 with lam a tenth and a hundredth of the least
that leaves no coefficient. Logistic regression: labels by the sign of such a y, objective mean(log(1 + exp(-y A w))) + lam |w|_1. Every program solves until
the duality gap, computed here in f64 from its coefficients, is at most 1e-6 of the objective at 0: the tolerance of a peer is the largest of 3^-k for
which it is. Costate is compiled ahead of time, and is given A by columns as the peers are. A ratio is the median of a peer's time over Costate's in the same
turn, in parentheses the least and the largest; `gap` is the largest of Costate's. The last table is the first solve from the start of a process: `costate
run` with what it has compiled in its cache, and a Python program that imports skglm and fits.
"""
import argparse
import importlib.metadata
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from compiled import TYPES, Library

ENOUGH = 1e-6


def draw(n, p, dtype, labels=False):
    """A by columns, y and the least lam that leaves no coefficient."""
    random = np.random.default_rng(0)
    A = random.standard_normal((n, p))
    w = np.zeros(p)
    w[random.choice(p, p // 20, replace=False)] = random.standard_normal(p // 20)
    signal = A @ w
    y = signal + random.standard_normal(n) * signal.std() / 3
    A = np.asfortranarray(A.astype(dtype))
    y = np.sign(y) if labels else y.astype(dtype)
    return A, y, float(np.abs(A.astype(float).T @ y).max() / n * (0.5 if labels else 1))


def lasso_gap(A, y, w, lam):
    """As a share of the objective at 0."""
    A, y, w = (x.astype(np.float64) for x in (A, y, w))
    r = y - A @ w
    s = min(1, lam * len(y) / np.abs(A.T @ r).max())
    return (0.5 * r @ r + len(y) * lam * np.abs(w).sum() - s * y @ r + 0.5 * s * s * r @ r) / (0.5 * y @ y)


def logistic_gap(A, y, w, lam):
    A, y, w = (x.astype(np.float64) for x in (A, y, w))
    m = y * (A @ w)
    u = 1 / (1 + np.exp(m))
    u *= min(1, lam * len(y) / np.abs(A.T @ (y * u)).max())
    u = np.clip(u, 1e-300, 1 - 1e-16)
    return (np.logaddexp(0, -m).mean() + lam * np.abs(w).sum() + (u * np.log(u) + (1 - u) * np.log1p(-u)).mean()) / np.log(2)


def celer(alpha, tol):
    from celer import Lasso
    return Lasso(alpha=alpha, tol=tol, fit_intercept=False)


def sklearn(alpha, tol):
    from sklearn.linear_model import Lasso
    return Lasso(alpha=alpha, tol=tol, fit_intercept=False, max_iter=1_000_000)


def skglm(alpha, tol):
    from skglm import Lasso
    return Lasso(alpha=alpha, tol=tol, fit_intercept=False)


def skglm_logistic(alpha, tol):
    from skglm import SparseLogisticRegression
    return SparseLogisticRegression(alpha=alpha, tol=tol, fit_intercept=False)


# name: n, p, type, peers with the ratio that is wanted of them
CASES = {
    "lasso_wide": (100, 10_000, "f64", {celer: 1, sklearn: 3, skglm: None}),
    "lasso_tall": (10_000, 1_000, "f32", {sklearn: 1}),
    "logistic": (1_000, 5_000, "f64", {skglm_logistic: 1}),
}


def model(name):
    n, p, dtype, _ = CASES[name]
    solver = "l1_logistic_by_features(At, 0.5*(y + 1), lam)" if name == "logistic" else "lasso_by_features(At, y, lam)"
    return f"""model {name} {{
  entry solve(At : {dtype}[{p}, {n}], y : {dtype}[{n}], lam : f64) {{
    w, gap, passes = {solver}
    w, gap, passes
  }}
}}
"""


def rest():
    """The threads of a linear algebra library wait busily for more, up to 2^26 cycles, and take their processor from whoever comes next."""
    time.sleep(0.1)


def fit(peer, A, y, lam, tol):
    rest()
    begin = time.perf_counter()
    estimator = peer(lam, tol).fit(A, y)
    return time.perf_counter() - begin, estimator.coef_.ravel()


def compare(build, name, runs, folder):
    n, p, dtype, peers = CASES[name]
    A, y, largest = draw(n, p, TYPES[dtype], labels=name == "logistic")
    At, y = np.ascontiguousarray(A.T), y.astype(TYPES[dtype])
    gap = logistic_gap if name == "logistic" else lasso_gap
    file = Path(folder) / f"{name}.costate"
    file.write_text(model(name))
    solve = Library(build, file, folder)
    for share in (10, 100):
        lam = largest / share
        tolerances = {}
        for peer in peers:  # this also compiles what a peer compiles
            tolerances[peer] = next((tol for tol in 3.0 ** -np.arange(1, 24) if gap(A, y, fit(peer, A, y, lam, tol)[1], lam) <= ENOUGH), None)
        ours, theirs, gaps = [], {peer: [] for peer in peers}, []
        for _ in range(runs):
            rest()
            results, seconds = solve("solve", At, y, np.array(lam))
            ours.append(seconds)
            gaps.append(gap(A, y, results["w"], lam))
            for peer, tol in tolerances.items():
                theirs[peer].append(fit(peer, A, y, lam, tol)[0] if tol else float("nan"))
        print(f"| {name}, {n} x {p}, {dtype}, 1/{share} | Costate | {1e3 * statistics.median(ours):.3g} | | | {max(gaps):.1e} |")
        for peer, wanted in peers.items():
            ratios = sorted(their / our for their, our in zip(theirs[peer], ours))
            target = f">= {wanted}" if wanted else ""
            print(f"| | {peer.__name__} | {1e3 * statistics.median(theirs[peer]):.3g} | "
                  f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}) | {target} | |", flush=True)
        if max(gaps) > 1.01 * ENOUGH:
            sys.exit(f"{name}: the gap is {max(gaps):.2e}")


FIRST = """
import sys, numpy as np
from skglm import Lasso
data = np.load(sys.argv[1])
w = Lasso(alpha=float(sys.argv[2]), tol=1e-6, fit_intercept=False).fit(np.asfortranarray(data["At"].T), data["y"]).coef_
np.save(sys.argv[3], w)
"""


def first_solves(build, runs, folder):
    n, p, dtype, _ = CASES["lasso_wide"]
    A, y, largest = draw(n, p, TYPES[dtype])
    folder = Path(folder)
    np.savez(folder / "data.npz", At=np.ascontiguousarray(A.T), y=y)
    (folder / "lasso_wide.costate").write_text(model("lasso_wide"))
    (folder / "first.py").write_text(FIRST)
    lam = largest / 10
    commands = {
        "costate run": [build / "bin/costate", "run", folder / "lasso_wide.costate", "--entry", "solve", "--data", folder / "data.npz", "--input", f"lam={lam}",
                        "--output", f"w={folder / 'w.npy'}", "--cache-dir", folder / "cache"],
        "skglm": [sys.executable, folder / "first.py", folder / "data.npz", str(lam), folder / "w.npy"],
    }
    seconds = {name: [] for name in commands}
    subprocess.run([str(word) for word in commands["costate run"]], check=True, stdout=subprocess.DEVNULL)
    for _ in range(runs):
        for name, command in commands.items():
            begin = time.perf_counter()
            subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - begin)
            assert lasso_gap(A, y, np.load(folder / "w.npy"), lam) < 2 * ENOUGH
    ratios = sorted(their / our for their, our in zip(seconds["skglm"], seconds["costate run"]))
    print("\n| first solve | s | ratio | wanted |\n| --- | --- | --- | --- |")
    print(f"| costate run, compiled before | {statistics.median(seconds['costate run']):.3f} | | |")
    print(f"| skglm | {statistics.median(seconds['skglm']):.3f} | {statistics.median(ratios):.1f} ({ratios[0]:.1f}-{ratios[-1]:.1f}) | >= 10 |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--runs", type=int, default=7)
    flags = parser.parse_intermixed_args()
    warnings.filterwarnings("ignore")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("celer", "skglm", "scikit-learn"))
    print(f"{versions}; {os.cpu_count()} processors\n\n| case | program | ms | ratio | wanted | gap |\n| --- | --- | --- | --- | --- | --- |")
    for name in CASES:
        if not flags.cases or name.startswith(tuple(flags.cases)):
            with tempfile.TemporaryDirectory() as folder:
                compare(flags.build, name, flags.runs, folder)
    if not flags.cases or "first".startswith(tuple(flags.cases)):
        with tempfile.TemporaryDirectory() as folder:
            first_solves(flags.build, flags.runs, folder)


if __name__ == "__main__":
    main()
