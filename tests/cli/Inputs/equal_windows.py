# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""equal_windows.py COSTATE FOLDER: equal windows of an image, and equal rows and columns, give equal bits wherever they lie.

A maximum over windows, and its gradient, choose among values that are often equal: those of a background. A last bit that depends on where a value
lies (behind the last whole vector, at an edge, in another image) would make the choice.
"""
import pathlib
import subprocess
import sys

import numpy as np

MODEL = """model equal {{
  input x : f32[batch, {height}, {width}, {channels}]
  input k : f32[3, 3, {channels}, {filters}]
  input b : f32[{filters}]
  input r : f32[batch, {depth}]
  input m : f32[{depth}, {columns}]
  predict same    = conv(x, k, padding="same")
  predict active  = relu(conv(x, k, padding="valid") + b)
  predict strided = conv(x, k, stride=2, padding=[[1, 2], [0, 1]])
  predict product = r @ m
  predict folded  = transpose(m) @ transpose(r)
  predict sums    = sum(r, axis=1)
}}
"""
RESULTS = ("same", "active", "strided", "product", "folded", "sums")
SIZES = ("height", "width", "channels", "filters", "depth", "columns")
# sizes, the batch that is likely, the executor that this gives each kernel, batch
CASES = [
    ((5, 7, 2, 5, 37, 11), 1, "loops", 5),
    ((3, 5, 1, 19, 33, 35), 1, "loops", 3),
    ((5, 7, 2, 5, 37, 11), 8192, "halide", 5),
    ((9, 14, 5, 19, 71, 33), 8192, "halide", 13),
    ((8, 22, 3, 16, 64, 64), 8192, "halide", 2),
    ((3, 17, 4, 70, 131, 150), 8192, "halide", 21),
]


def windows(x, padding, stride):
    """[batch, rows, columns, 3*3*channels]: what each place of the result sees."""
    x = np.pad(x, ((0, 0), *padding, (0, 0)))
    rows, columns = [range(0, extent - 2, stride) for extent in x.shape[1:3]]
    return np.stack([np.stack([x[:, i : i + 3, j : j + 3].reshape(len(x), -1) for j in columns], 1) for i in rows], 1)


def check(name, seen, found):
    """found[i] is a function of seen[i], bit for bit. Returns how many seen[i] there are that are not the first of their kind."""
    _, first, kind = np.unique(seen, axis=0, return_index=True, return_inverse=True)
    assert len(seen) == len(found), (name, seen.shape, found.shape)
    differs = np.flatnonzero((found.view(np.uint32) != found[first[kind.ravel()]].view(np.uint32)).reshape(len(found), -1).any(axis=1))
    assert differs.size == 0, f"{name}: {differs.size} of {len(found)} differ from their equals, such as number {differs[0]}"
    return len(seen) - len(first)


costate, folder = sys.argv[1], pathlib.Path(sys.argv[2])
random = np.random.default_rng(0)
for sizes, likely, executor, batch in CASES:
    size = dict(zip(SIZES, sizes))
    model = folder / "equal.costate"
    model.write_text(MODEL.format(**size))
    options = [model, "--cache-dir", folder / "cache", "--hint", f"batch={likely}"]
    plan = subprocess.run([costate, "explain", *options], check=True, capture_output=True, text=True).stdout
    assert f"entry predict: {len(RESULTS)} {executor}" in plan and f"{executor}," not in plan, plan

    colors = random.normal(size=(3, size["channels"])).astype("f4")
    colors[0] = 0
    image = random.choice(3, p=[0.9, 0.05, 0.05], size=(batch, size["height"], size["width"]))
    kinds = random.normal(size=(3, size["depth"])).astype("f4")
    wide = random.normal(size=(size["depth"], 4)).astype("f4")
    arrays = {
        "x": colors[image] + np.float32(0.1) * (image[:, :1, :1, None] == 0),
        "k": random.normal(size=(3, 3, size["channels"], size["filters"])).astype("f4"),
        "b": random.normal(size=size["filters"]).astype("f4"),
        "r": kinds[random.choice(3, size=batch)],
        "m": wide[:, random.choice(4, size=size["columns"])],
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    inputs = [f"--input={name}={folder}/{name}.npy" for name in arrays]
    subprocess.run([costate, "run", *options, *inputs, *(f"--output={name}={folder}/{name}.npy" for name in RESULTS)], check=True)
    found = {name: np.load(folder / f"{name}.npy") for name in RESULTS}

    equal, x, r, m = {}, arrays["x"], arrays["r"], arrays["m"]
    for name, padding, stride in (("same", [(1, 1), (1, 1)], 1), ("active", [(0, 0), (0, 0)], 1), ("strided", [(1, 2), (0, 1)], 2)):
        seen = windows(x, padding, stride)
        assert found[name].shape == (*seen.shape[:3], size["filters"]), found[name].shape
        wanted = seen.astype("f8") @ arrays["k"].reshape(-1, size["filters"]).astype("f8")
        if name == "active":
            wanted = np.maximum(wanted + arrays["b"], 0)
        assert abs(found[name] - wanted).max() < 1e-4, name
        equal[name] = check(name, seen.reshape(-1, seen.shape[-1]), found[name].reshape(-1, size["filters"]))
    equal["rows"] = check("rows", r, found["product"])
    equal["columns"] = check("columns", m.T, np.ascontiguousarray(found["product"].T))
    equal["folded rows"] = check("folded rows", m.T, found["folded"])
    equal["folded columns"] = check("folded columns", r, np.ascontiguousarray(found["folded"].T))
    equal["sums"] = check("sums", r, found["sums"][:, None])
    assert abs(found["product"] - r.astype("f8") @ m.astype("f8")).max() < 1e-4
    print(executor, *(f"{name}: {count}" for name, count in equal.items()))
