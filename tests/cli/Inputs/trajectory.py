# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains an MLP in NumPy from the same parameters and batches as `costate train`, and compares the losses of 300 steps.

trajectory.py DATA PARAMS LOSS OPTIMIZER ACTIVATION STEPS64.csv STEPS32.csv

The f64 runs must agree to 1e-9, relative to the larger of the loss and 1 % of the first loss. In f32 both programs drift from the f64 run by
rounding; Costate's drift may be at most three times NumPy's. That compares roundings only while every relu decides as it does in f64: a
pre-activation within f32 rounding of zero makes any two f32 programs part, so the run must keep clear of zero.
"""
import csv
import json
import struct
import sys

import numpy as np

STEPS, BATCH = 300, 32


def read_safetensors(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    types = {"F32": np.float32, "F64": np.float64}
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(raw[8 + size + begin : 8 + size + end], types[entry["dtype"]]).reshape(entry["shape"])
    return arrays


# The rules, as their papers or reference implementations write them: the new value of one parameter. `s` keeps its states.


def mixed(real, s, name, old_share, new, new_share):
    s[name] = real(old_share) * s.get(name, real(0)) + real(new_share) * new
    return s[name]


def momentum(real, p, g, s, t):
    return p - real(0.05) * mixed(real, s, "m", 0.9, g, 1)


def adam(real, p, g, s, t, rate=0.01):
    m, v = mixed(real, s, "m", 0.9, g, 1 - 0.9), mixed(real, s, "v", 0.999, g * g, 1 - 0.999)
    return p - real(rate) * ((m / real(1 - 0.9**t)) / (np.sqrt(v / real(1 - 0.999**t)) + real(1e-8)))


def tangent(real, p, g, step, delta=0.1, wd_ratio=0.1, eps=1e-8):
    """The projection of the reference implementation of AdamP and SGDP; outputs are in the last axis."""
    if p.ndim < 2:
        return step, real(1)
    for axes, inputs in ((0,), p.shape[0]), ((0, 1), p.size):
        norm = lambda a: np.sqrt((a * a).sum(axis=axes, keepdims=True)) + real(eps)
        cosine = np.abs((p * g).sum(axis=axes, keepdims=True)) / norm(g) / norm(p)
        if cosine.max() < delta / np.sqrt(inputs):
            unit = p / norm(p)
            return step - unit * (unit * step).sum(axis=axes, keepdims=True), real(wd_ratio)
    return step, real(1)


def adamp(real, p, g, s, t):
    m, v = mixed(real, s, "m", 0.9, g, 1 - 0.9), mixed(real, s, "v", 0.999, g * g, 1 - 0.999)
    step, decay = tangent(real, p, g, m / (np.sqrt(v) / np.sqrt(real(1 - 0.999**t)) + real(1e-8)))
    return p - real(0.01) * (real(0.1) * decay * p + step / real(1 - 0.9**t))


def sgdp(real, p, g, s, t):
    step, decay = tangent(real, p, g, mixed(real, s, "m", 0.9, g, 1))
    return p - real(0.05) * (real(0.01 / (1 - 0.9)) * decay * p + step)


def adafactor(real, p, g, s, t):
    beta, square = 1 - t**-0.8, g * g + real(1e-30)
    if p.ndim > 1:
        rows, columns = (mixed(real, s, f"v{k}", beta, square.mean(axis=k), 1 - beta) for k in (1, 0))
        late = np.outer(rows, columns) / rows.mean()
    else:
        late = mixed(real, s, "v", beta, square, 1 - beta)
    step = g / np.sqrt(late)
    step = step / np.maximum(real(1), np.sqrt((step * step).mean()))
    return p - real(0.02) * np.maximum(real(1e-3), np.sqrt((p * p).mean())) * step


def shampoo(real, p, g, s, t):
    def root(a):  # a**(-1/4), by eigenvalues
        values, vectors = np.linalg.eigh(a)
        return (vectors * values ** real(-0.25)) @ vectors.T

    if p.ndim < 2:
        s["v"] = s.get("v", real(1e-4)) + g * g
        return p - real(0.1) * g / np.sqrt(s["v"])
    for k, product in enumerate((g @ g.T, g.T @ g)):
        s[k] = s.get(k, real(1e-4) * np.eye(p.shape[k], dtype=real)) + product
    return p - real(0.1) * (root(s[0]) @ g @ root(s[1]))


def muon(real, p, g, s, t):
    if p.ndim < 2:
        return adam(real, p, g, s, t, rate=0.02)
    m = mixed(real, s, "m", 0.95, g, 1 - 0.95)
    x = real(0.95) * m / real(1 - 0.95 ** (t + 1)) + real(1 - 0.95) * g / real(1 - 0.95**t)
    x = x / (np.linalg.norm(x) + real(1e-8))
    for _ in range(5):
        gram = x @ x.T
        x = real(3.4445) * x + (real(-4.7750) * gram + real(2.0315) * (gram @ gram)) @ x
    return p - real(0.02) * (np.sqrt(real(max(1, p.shape[1] / p.shape[0]))) * x + real(0.01) * p)


RULES = {rule.__name__: rule for rule in (momentum, adam, adamp, sgdp, adafactor, shampoo, muon)}


def losses(data, params, loss, optimizer, activation, real):
    x_all, y_all = data["x_train"].astype(real), data["y_train"]
    layers = len(params) // 2
    theta = [params[f"f.layers.{i}.{p}"].astype(real) for i in range(layers) for p in "wb"]
    states = [{} for _ in theta]
    act, slope = {
        "tanh": (np.tanh, lambda a, h: 1 - h * h),
        "relu": (lambda a: np.maximum(a, real(0)), lambda a, h: (a > 0).astype(real)),
    }[activation]
    batches = [(i, min(i + BATCH, len(x_all))) for i in range(0, len(x_all), BATCH)]
    result, clearance = [], np.inf
    for t in range(1, STEPS + 1):
        begin, end = batches[(t - 1) % len(batches)]
        x, y, n = x_all[begin:end], y_all[begin:end], real(end - begin)
        hidden, pre = [x], []
        for i in range(layers):
            pre.append(hidden[-1] @ theta[2 * i] + theta[2 * i + 1])
            hidden.append(act(pre[-1]) if i + 1 < layers else pre[-1])
            if i + 1 < layers and activation == "relu":
                clearance = min(clearance, np.abs(pre[-1]).min())
        z = hidden[-1]
        if loss == "cross_entropy":
            top = z.max(axis=1, keepdims=True)
            norm = top[:, 0] + np.log(np.exp(z - top).sum(axis=1))
            rows = np.arange(len(y))
            result.append((norm - z[rows, y]).sum() / n)
            d = np.exp(z - norm[:, None])
            d[rows, y] -= real(1)
            d /= n
        else:
            error = z[:, 0] - y.astype(real)
            result.append((error * error).sum() / n)
            d = (2 * error / n)[:, None]
        grads = [None] * len(theta)
        for i in reversed(range(layers)):
            grads[2 * i], grads[2 * i + 1] = hidden[i].T @ d, d.sum(axis=0)
            if i:
                d = (d @ theta[2 * i].T) * slope(pre[i - 1], hidden[i])
        for k, g in enumerate(grads):
            theta[k] = RULES[optimizer](real, theta[k], g, states[k], t)
    return np.array(result, np.float64), clearance


def logged(path):
    with open(path) as file:
        return np.array([float(row["loss"]) for row in csv.DictReader(file)][:STEPS])


data, params = np.load(sys.argv[1]), read_safetensors(sys.argv[2])
numpy64, clearance = losses(data, params, *sys.argv[3:6], np.float64)
numpy32, _ = losses(data, params, *sys.argv[3:6], np.float32)
scale = np.maximum(np.abs(numpy64), 0.01 * abs(numpy64[0]))


def drift(run):
    assert len(run) == STEPS
    return np.max(np.abs(run - numpy64) / scale)


agreement = drift(logged(sys.argv[6]))
print(f"loss {numpy64[0]:.6f} -> {numpy64[-1]:.6f}; f64 agreement {agreement:.2e}")
assert agreement <= 1e-9, "the f64 losses differ"
assert clearance >= 1e-6, f"a pre-activation comes as close to zero as {clearance:.1e}: choose another seed"
ours, peer = drift(logged(sys.argv[7])), drift(numpy32)
print(f"f32 drift {ours:.2e}, NumPy's {peer:.2e}")
assert ours <= 3 * peer, "the f32 losses drift further than three times NumPy's"
