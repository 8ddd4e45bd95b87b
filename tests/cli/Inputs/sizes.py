# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arrays for sizes.costate, and what comes out of it by NumPy: sizes.py FOLDER N [check]"""
import sys

import numpy as np

folder, n = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(n)
x, m = random.permutation(n).astype("f"), random.normal(size=(n, 4)).astype("f")
row, ids = np.arange(4, dtype="f"), np.array([n - 1, 0, n, -1, 2 % n], "i4")
if len(sys.argv) == 3:
    for name, value in ("x", x), ("m", m), ("row", row), ("ids", ids):
        np.save(f"{folder}/{name}.npy", value)
    sys.exit()

order = np.argsort(-x)[: n // 2]
a = m.copy()
a[n - 1] = 2 * row
a[n // 2 :, 1:] = -1
for i in ids:
    if 0 <= i < n:  # others are skipped
        a[i] = row
a[:, 3] = np.arange(n)
for name, wanted in ("value", x[order]), ("place", order), ("turned", np.roll(x, n // 2)), ("written", a):
    got = np.load(f"{folder}/{name}.npy")
    assert got.shape == wanted.shape and np.array_equal(got, wanted), (name, got, wanted)
print("as NumPy has it")
