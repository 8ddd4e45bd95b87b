# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data for wide.costate, and its training in NumPy.

wide.py write FOLDER           # data.npz, x.bin, y.bin
wide.py check FOLDER STEPS     # 0.safetensors, STEPS full batches of Adam, must give STEPS.safetensors
"""
import json
import struct
import sys

import numpy as np

ROWS = 32


def data():
    draws = np.random.default_rng(3)
    x = draws.normal(size=(ROWS, 3))
    return x, np.sin(x[:, 0]) + x @ [0.5, -1.0, 2.0]


def read(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    types = {"F32": np.float32, "F64": np.float64}
    begin = 8 + size
    return {
        name: np.frombuffer(raw[begin + e["data_offsets"][0] : begin + e["data_offsets"][1]], types[e["dtype"]]).reshape(e["shape"])
        for name, e in header.items()
        if name != "__metadata__"
    }


def gradients(p, x, y):
    first = x @ p["f.w"] + p["f.b"]
    hidden = np.tanh(first @ p["g.layers.0.w"] + p["g.layers.0.b"])
    out = (hidden @ p["g.layers.1.w"] + p["g.layers.1.b"] + x @ p["h.w"] + p["h.b"])[:, 0] + x @ p["v"]
    dout = (2 / ROWS * (out - y))[:, None]
    dhidden = (dout @ p["g.layers.1.w"].T) * (1 - hidden**2)
    dfirst = dhidden @ p["g.layers.0.w"].T
    return {
        "f.w": x.T @ dfirst, "f.b": dfirst.sum(0),
        "g.layers.0.w": first.T @ dhidden, "g.layers.0.b": dhidden.sum(0),
        "g.layers.1.w": hidden.T @ dout, "g.layers.1.b": dout.sum(0),
        "h.w": x.T @ dout, "h.b": dout.sum(0), "v": (x.T @ dout)[:, 0],
    }  # fmt: skip


def main():
    x, y = data()
    folder = sys.argv[2]
    if sys.argv[1] == "write":
        np.savez(f"{folder}/data.npz", x_train=x, y_train=y, x_test=x, y_test=y)
        x.tofile(f"{folder}/x.bin")
        y.tofile(f"{folder}/y.bin")
        return
    steps = int(sys.argv[3])
    before, after = read(f"{folder}/0.safetensors"), read(f"{folder}/{steps}.safetensors")
    params = {name: value.astype(np.float64) for name, value in before.items()}
    m = {name: 0.0 for name in params}
    v = {name: 0.0 for name in params}
    for t in range(1, steps + 1):
        for name, g in gradients(params, x, y).items():
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g * g
            params[name] = params[name] - 1e-2 * (m[name] / (1 - 0.9**t)) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
    for name, value in params.items():
        is_wide = not name.startswith("h.")
        assert after[name].dtype == (np.float64 if is_wide else np.float32), name
        worst = np.abs(after[name] - value).max()
        # The parameters in f32 round what the others see of them.
        assert worst < 1e-6, (name, worst)
    # What is drawn or computed for a parameter in f64 is so in f64.
    for name in ("f.w", "f.b", "g.layers.0.w", "v"):
        assert np.all(before[name] != before[name].astype(np.float32)), name
    assert np.all(before["f.b"] == 0.1)
    print("agrees")


main()
