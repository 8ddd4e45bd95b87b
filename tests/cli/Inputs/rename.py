# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights as PyTorch names and lays them out, and what a model with them makes of an input: rename.py write|check FOLDER

Matrices are [out, in], windows [out, in, height, width]; the layers are numbered along with what has no weights.
"""
import json
import struct
import sys

import numpy as np

random = np.random.default_rng(7)
shapes = {
    "features.0.weight": (3, 2, 3, 3),
    "features.0.bias": (3,),
    "features.1.weight": (3,),
    "features.1.bias": (3,),
    "features.1.running_mean": (3,),
    "features.1.running_var": (3,),
    "features.1.num_batches_tracked": (),
    "head.0.weight": (5, 24),
    "head.0.bias": (5,),
    "head.2.weight": (4, 5),
    "head.2.bias": (4,),
}
weights = {name: np.abs(random.normal(size=shape)).astype(np.float32) for name, shape in shapes.items()}
x = random.normal(size=(7, 4, 6, 2)).astype(np.float32)


def write_safetensors(path, arrays):
    header, data = {}, b""
    for name, array in arrays.items():
        raw = array.tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def predict(x, w):
    """In PyTorch's own layout, from its formulas, in float64."""
    w = {name: array.astype(np.float64) for name, array in w.items()}
    image = x.astype(np.float64).transpose(0, 3, 1, 2)
    n, _, height, width = image.shape
    h = np.zeros((n, 3, height - 2, width - 2))
    for i in range(height - 2):
        for j in range(width - 2):
            h[:, :, i, j] = np.einsum("nchw,ochw->no", image[:, :, i : i + 3, j : j + 3], w["features.0.weight"]) + w["features.0.bias"]
    scale = w["features.1.weight"] / np.sqrt(w["features.1.running_var"] + 1e-5)
    h = (h - w["features.1.running_mean"][:, None, None]) * scale[:, None, None] + w["features.1.bias"][:, None, None]
    h = h.transpose(0, 2, 3, 1).reshape(n, -1)  # the model keeps channels last
    h = np.maximum(h @ w["head.0.weight"].T + w["head.0.bias"], 0)
    return h @ w["head.2.weight"].T + w["head.2.bias"]


folder = sys.argv[2]
if sys.argv[1] == "write":
    write_safetensors(f"{folder}/torch.safetensors", weights)
    np.savez(f"{folder}/torch.npz", **weights)
    np.save(f"{folder}/x.npy", x)
    np.savez(f"{folder}/data.npz", x_train=x.reshape(7, 48), y_train=np.zeros(7, np.float32))
else:
    np.testing.assert_allclose(np.load(f"{folder}/out.npy"), predict(x, weights), rtol=2e-5, atol=2e-5)
    print("outputs agree")
