# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The data of the tables of examples/papers/51-block-coordinate-descent.costate, and the tables, which an implementation in NumPy has measured.

block_descent.py data FOLDER                      # least squares of 200 x 1000, and labels of a lattice of 50 x 50
block_descent.py compare FOLDER                   # what the entries have written against the tables
"""
import sys
from pathlib import Path

import numpy as np


def data(folder):
    n, p = 200, 1000
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, p)) + 1
    X *= 10 * rng.standard_normal(p)
    X *= rng.random((n, p)) < 10 * np.log(n) / n
    w = rng.standard_normal(p)
    w *= rng.random(p) < 0.1
    y = X @ w + rng.standard_normal(n)
    rng = np.random.default_rng(1)
    known = rng.choice(2500, 100, replace=False)
    for name, array in [("A", X), ("y", y), ("known", known), ("labels", 10 * rng.standard_normal(100))]:
        np.save(folder / f"{name}.npy", array)


def compare(folder):
    read = lambda name: np.load(folder / f"{name}.npy")
    close = lambda actual, expected, share: np.all(np.abs(np.asarray(actual) / np.asarray(expected) - 1) <= share)
    drawn, turns, weighed, *best = read("any_blocks")
    # What is drawn depends on the draws: to a factor of 3.
    assert close(np.log([drawn, turns, weighed]) - np.log([3.9e3, 2.5e3, 1.0e4]) + 1, 1, np.log(3)), (drawn, turns, weighed)
    assert close(best, [8.3, 0.71, 0.033], 0.06), best
    drawn, *fixed = read("fixed_blocks")
    assert 261 / 2 < drawn < 261 * 2, drawn
    assert close(fixed, [36, 196, 0.092, 0.079, 104, 3.8, 5.5e3, 587, 280, 3.8e4], 0.03), fixed
    # Thresholding begins elsewhere here, and ends at less (7.6e-9 there).
    gs, rows, own, thresholded, *alike = read("newton")
    assert close([gs, rows, own], [0.34, 0.00018, 7.6e-9], 0.2), (gs, rows, own)
    assert thresholded <= 7.6e-9 * 1.2, thresholded
    assert close(alike, [37, 4.3e-5, 3.5e-5, 3.0e-5], 0.2), alike
    print("the rules agree")

    # Counts above 100 to some per cent; 301 is never.
    counts = read("counts")
    assert read("support") == 49
    # Newton's ends after 5 and 6, or 7 and 7: which 50 are taken where promises are nearly equal hangs on the last bits.
    assert np.array_equal(counts[0], [7, 8]) and np.all(abs(counts[1] - [5, 6]) <= 2) and np.array_equal(counts[2], [96, 301]), counts
    assert np.array_equal(counts[3:6, 0], [39, 39, 56]) and close(counts[3:6, 1], [234, 234, 270], 0.06), counts
    assert counts[6, 1] == 301, counts
    print("the ends agree")

    gaps = read("gaps")[:, [0, 4, 19, 49, 99]]
    assert close(read("value"), -1062022840.5, 1e-9), read("value")
    assert 1570 <= read("share") <= 1680, read("share")
    # Ties of gradients that are 0, and draws, decide the rest.
    assert close(gaps[0], [0.48, 0.15, 0.021, 0.0017, 5.6e-5], 0.1), gaps[0]
    assert close(gaps[1], [0.62, 0.24, 0.047, 0.0070, 6.0e-4], 0.2), gaps[1]
    assert close(gaps[2], [0.89, 0.71, 0.48, 0.35, 0.27], 0.02), gaps[2]
    print("the forests agree")


if __name__ == "__main__":
    {"data": data, "compare": compare}[sys.argv[1]](Path(sys.argv[2]))
