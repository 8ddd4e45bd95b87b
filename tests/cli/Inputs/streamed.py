# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""streamed.py write FOLDER ROWS, or streamed.py check FOLDER: the arrays of streamed.costate, and its results against NumPy in f64."""
import sys

import numpy as np

action, folder = sys.argv[1:3]
if action == "write":
    rows, random = int(sys.argv[3]), np.random.default_rng(0)
    np.save(f"{folder}/x.npy", random.normal(size=(rows, 64)).astype("f4"))
    np.save(f"{folder}/w.npy", random.normal(size=(64, 20000)).astype("f4") / 8)
    np.save(f"{folder}/y.npy", random.integers(20000, size=rows).astype("i4"))
else:
    x, w, y, losses, dx, dw = [np.load(f"{folder}/{name}.npy") for name in ("x", "w", "y", "each_loss", "dx", "dw")]
    x, w, rows = x.astype("f8"), w.astype("f8"), np.arange(len(y))
    z = x @ w
    largest = z.max(axis=1, keepdims=True)
    e = np.exp(z - largest)
    total = e.sum(axis=1, keepdims=True)
    dz = e / total
    dz[rows, y] -= 1
    dz /= len(y)
    for name, found, wanted in (("losses", losses, (np.log(total) + largest)[:, 0] - z[rows, y]), ("dx", dx, dz @ w.T), ("dw", dw, x.T @ dz)):
        assert found.shape == wanted.shape, (name, found.shape)
        error = abs(found - wanted).max() / abs(wanted).max()
        assert error < 1e-5, (name, error)
