# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What print.costate shows on stderr in two steps and an evaluation, by NumPy: print.py X.npy Y.npy < SHOWN"""
import sys

import numpy as np


def line(name, value):
    value = np.asarray(value)
    kind = {"f": "f32", "b": "i1", "i": "i64"}[value.dtype.kind]
    shape = f"{kind}[{', '.join(map(str, value.shape))}] " if value.ndim else ""
    return name, shape, value


x, y = np.load(sys.argv[1]), np.load(sys.argv[2])
w, s, expected = np.ones(2, "f"), np.float32(0.5), []
for t in 1, 2:

    def loss():
        e = x @ w - y
        expected.extend([line("e", e), *[line("up", e[1])][: int(e[1] > 0)], line("energy", np.sum(e * e))])
        return 2 * x.T @ e / len(e)

    loss()  # the metric
    expected.append(line("t", t))
    for k in 0, 1:
        w = w - np.float32(0.125) * loss()
        expected.extend([line("w", w), line("k", k)])
    if t % 2 == 0:
        expected.append(line("even", x > 0))
    else:
        s = s + t
    for c in 1, 2:
        s = np.float32(c * s)
        expected.append(line("s", s))
    expected.extend([line("again", t)] * 2 + [line("told", s)] * 2)

loss()  # of what `costate train` tells at its end

shown = sys.stdin.read().splitlines()
for text, (name, shape, value) in zip(shown, expected, strict=True):
    begin = f"{name} = {shape}"
    assert text.startswith(begin), (text, begin)
    numbers = np.array(text[len(begin):].replace("true", "1").replace("false", "0").translate(str.maketrans("[],", "   ")).split(), dtype=float)
    assert np.allclose(numbers, value.astype(float).ravel(), rtol=1e-5, atol=1e-6), (text, value)
