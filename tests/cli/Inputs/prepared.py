# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data that is not scaled, and what scaling must make of it: prepared.py write WINE.npz FOLDER, prepared.py check FOLDER PARAMETERS.safetensors"""
import json
import struct
import sys

import numpy as np


def write(wine, folder):
    data = dict(np.load(wine))
    for split in ("x_train", "x_test"):
        x = data[split].astype(np.float64)
        x[:, 0] = 1e6 * x[:, 0]
        x[:, 1] = x[:, 1] + 1e4
        x[:, 2] = 0.1
        data[split] = x.astype(np.float32)
    np.savez(f"{folder}/data.npz", **data)
    np.save(f"{folder}/x.npy", data["x_test"])
    data["x_train"].tofile(f"{folder}/x.bin")
    data["y_train"].tofile(f"{folder}/y.bin")


def read(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    types = {"F32": np.float32, "F64": np.float64}
    arrays = {}
    for name, info in json.loads(raw[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = info["data_offsets"]
            arrays[name] = np.frombuffer(raw[8 + size + begin : 8 + size + end], types[info["dtype"]]).reshape(info["shape"])
    return arrays


def check(folder, parameters):
    data, states = np.load(f"{folder}/data.npz"), read(parameters)
    x = data["x_train"].astype(np.float64)
    assert states["scale.count"] == len(x), states["scale.count"]
    np.testing.assert_allclose(states["scale.average"], x.mean(0), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(states["scale.variance"], x.var(0), rtol=1e-10, atol=1e-20)
    np.testing.assert_array_equal(states["range.low"], data["x_train"].min(0))
    np.testing.assert_array_equal(states["range.high"], data["x_train"].max(0))
    seen = data["x_test"].astype(np.float64)
    deviation = np.where(np.arange(13) == 2, 1, x.std(0))
    np.testing.assert_allclose(np.load(f"{folder}/standard.npy"), (seen - x.mean(0)) / deviation, rtol=1e-6, atol=1e-6)
    extent = np.where(np.arange(13) == 2, 1, np.ptp(x, axis=0))
    np.testing.assert_allclose(np.load(f"{folder}/ranged.npy"), (seen - x.min(0)) / extent, rtol=1e-5, atol=1e-5)
    print("constants agree")


write(*sys.argv[2:]) if sys.argv[1] == "write" else check(*sys.argv[2:])
