# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""300 steps beside JAX: of convolutional and recurrent nets, of a transformer block, and of an MLP with each optimizer of the standard library that optax has
(tests/cli/matrix-rules.test has the others).

trajectories.py COSTATE [--only NAME] [--seeds N]

Both start from the same parameters and see the same batches of digits, in f64 and in f32. The losses in f64 must agree to 1e-8, relative to the
larger of the loss and 1 % of the first; in f32 the drift from the peer's f64 run may be at most three times that of the peer's f32 run.

relu and max_pool choose. Where a choice hangs on the last bit any two f32 programs part, and from there on a drift says who met such a place, not
who rounds better: at one start it is the one program, at another the other. So a net that chooses starts from nine seeds, and the ratio of the drifts
may be at most three in the median. In f64 each of the nine must agree. A program that met such places more often than its peer, because it rounds
worse or gives equal windows unequal bits, would fail.

Prints a line for each start, one for the median, and exits with 1 if one fails.
"""
import argparse
import csv
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "highest")

STEPS, BATCH = 300, 32
REALS = {"f64": np.float64, "f32": np.float32}
MOST_AGREEMENT, MOST_RATIO = 1e-8, 3
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
DATA = EXAMPLES / "data/digits.npz"
MODEL = """model m {{
  input  x : f32[batch, 64]
  target y : i32[batch]
  net f = mlp([64, 32, 10], activation=tanh)
  minimize mean(cross_entropy(f(x), y)) with {optimizer}
}}
"""


def lars(lr, momentum=0.9, weight_decay=0.0, trust=0.001):
    return optax.lars(lr, weight_decay=weight_decay, trust_coefficient=trust, momentum=momentum)


def muon(lr, weight_decay):
    """optax.contrib.muon, but as in Jordan's program all that is no matrix takes steps of AdamW, not of its Nesterov variant."""
    number = lambda params: jax.tree.map(lambda p: optax.contrib.MuonDimensionNumbers() if p.ndim == 2 else None, params)
    matrices = optax.contrib.muon(lr, weight_decay=weight_decay, muon_weight_dimension_numbers=number)
    labels = lambda params: jax.tree.map(lambda p: "matrix" if p.ndim == 2 else "other", params)
    return optax.partition({"matrix": matrices, "other": optax.adamw(lr, weight_decay=0.0)}, labels)


def adafactor(lr, least_factored):
    """optax.adafactor, whose decay is in f32 even where all else is in f64."""
    decay = lambda i, exponent: 1 - (i + 1.0) ** -exponent
    return optax.chain(
        optax.scale_by_factored_rms(min_dim_size_to_factor=least_factored, decay_rate_fn=decay),
        optax.clip_by_block_rms(1.0),
        optax.scale_by_learning_rate(lr),
        optax.scale_by_param_block_rms(),
    )


OPTIMIZERS = {
    "sgd(lr=0.1)": optax.sgd(0.1),
    "momentum(lr=0.05)": optax.sgd(0.05, momentum=0.9),
    "nesterov(lr=0.05)": optax.sgd(0.05, momentum=0.9, nesterov=True),
    "adam(lr=0.01)": optax.adam(0.01),
    "adamw(lr=0.01, weight_decay=0.05)": optax.adamw(0.01, weight_decay=0.05),
    "nadam(lr=0.01)": optax.nadam(0.01),
    "amsgrad(lr=0.01)": optax.amsgrad(0.01),
    "radam(lr=0.01)": optax.radam(0.01),
    "rmsprop(lr=0.003)": optax.rmsprop(0.003),
    "adagrad(lr=0.05)": optax.adagrad(0.05),
    "adadelta(lr=1.0)": optax.adadelta(1.0, rho=0.9, eps=1e-6),
    "lion(lr=0.001, weight_decay=0.1)": optax.lion(0.001, weight_decay=0.1),
    "lamb(lr=0.01, weight_decay=0.01)": optax.lamb(0.01, weight_decay=0.01),
    "lars(lr=0.5, weight_decay=0.01)": lars(0.5, weight_decay=0.01),
    "adafactor(lr=0.02, least_factored=8)": adafactor(0.02, 8),
    "muon(lr=0.02, weight_decay=0.01)": muon(0.02, weight_decay=0.01),
}


def dense(p, name, x):
    return x @ p[f"{name}.w"] + p[f"{name}.b"]


def mlp(p, x):
    return dense(p, "f.layers.1", jnp.tanh(dense(p, "f.layers.0", x)))


def conv_net(activation, pool):
    def logits(p, x):
        h = x.reshape(-1, 8, 8, 1)
        for name in ("first", "second"):
            y = jax.lax.conv_general_dilated(h, p[f"{name}.kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            n, height, width, channels = y.shape
            h = pool(activation(y + p[f"{name}.b"]).reshape(n, height // 2, 2, width // 2, 2, channels), axis=(2, 4))
        return dense(p, "head", h.reshape(len(x), -1))

    return logits


def gelu(x):
    return jax.nn.gelu(x, approximate=False)


def transformer(p, x):
    def norm(name, h):
        moved = h - h.mean(-1, keepdims=True)
        return p[f"{name}.gain"] * moved / jnp.sqrt((moved**2).mean(-1, keepdims=True) + 1e-5) + p[f"{name}.bias"]

    def attention(name, h):
        q, k, v = (dense(p, f"{name}.{part}", h).reshape(-1, 8, 4, 8) for part in ("query", "key", "value"))
        # as jax.nn.dot_product_attention, whose softmax is in f32 even where all else is in f64
        weights = jax.nn.softmax(jnp.einsum("bthd,bshd->bhts", q, k) / 8**0.5, axis=-1)
        return dense(p, f"{name}.output", jnp.einsum("bhts,bshd->bthd", weights, v).reshape(h.shape))

    h = dense(p, "embed", x.reshape(-1, 8, 8)) + p["place"]
    h = h + attention("body.mix", norm("body.norm1", h))
    wide = gelu(dense(p, "body.think.layers.0", norm("body.norm2", h)))
    h = h + dense(p, "body.think.layers.1", wide)
    return dense(p, "head", norm("norm", h).mean(axis=1))


def lstm(p, x):
    def step(state, z):
        h, c = state
        i, f, g, o = jnp.split(z + h @ p["f.u"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    inputs = (x.reshape(-1, 8, 8) @ p["f.w"] + p["f.b"]).swapaxes(0, 1)
    start = jnp.zeros((len(x), 24), x.dtype)
    (h, _), _ = jax.lax.scan(step, (start, start), inputs)
    return dense(p, "head", h)


def gru(p, x):
    def step(h, z):
        v = h @ p["f.u"]
        (zr, zu, zn), (vr, vu, vn) = jnp.split(z, 3, axis=-1), jnp.split(v, 3, axis=-1)
        update = jax.nn.sigmoid(zu + vu)
        h = (1 - update) * jnp.tanh(zn + jax.nn.sigmoid(zr + vr) * (vn + p["f.r"])) + update * h
        return h, h

    inputs = (x.reshape(-1, 8, 8) @ p["f.w"] + p["f.b"]).swapaxes(0, 1)
    _, hs = jax.lax.scan(step, jnp.zeros((len(x), 24), x.dtype), inputs)
    return dense(p, "head", hs.mean(axis=0))


def residual_net(p, x):
    def conv(name, h):
        return jax.lax.conv_general_dilated(h, p[f"{name}.kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + p[f"{name}.b"]

    h = gelu(conv("stem", x.reshape(-1, 8, 8, 1)))
    for k in range(2):
        h = h + conv(f"outer.{k}", gelu(conv(f"inner.{k}", h)))
    return dense(p, "head", h.mean(axis=(1, 2)))


def sequence(layer, summary):
    return f"""model m {{
  input  x : f32[batch, 64]
  target y : i32[batch]
  net f    = {layer}(8, 24)
  net head = dense(24, 10)
  hs = f(reshape(x, [batch, 8, 8]))
  minimize mean(cross_entropy(head({summary}), y)) with adamw(lr=2e-3, weight_decay=1e-2)
}}
"""


RESIDUAL = """model m {
  input  x : f32[batch, 64]
  target y : i32[batch]
  net stem  = conv2d(1, 8)
  net inner = [conv2d(8, 8) for k in 0..2]
  net outer = [conv2d(8, 8) for k in 0..2]
  net head  = dense(8, 10)
  first  = gelu(stem(reshape(x, [batch, 8, 8, 1])))
  second = first + outer[0](gelu(inner[0](first)))
  third  = second + outer[1](gelu(inner[1](second)))
  minimize mean(cross_entropy(head(mean(third, axis=[1, 2])), y)) with adamw(lr=2e-3, weight_decay=1e-2)
}
"""


@dataclass
class Case:
    name: str
    model: str  # its text
    logits: Callable  # of parameters by name and images
    rule: optax.GradientTransformation
    chooses: bool = False


CONV = (EXAMPLES / "digits_conv.costate").read_text()
TRANSFORMER = (EXAMPLES / "digits_transformer.costate").read_text()
ADAMW = optax.adamw(2e-3, weight_decay=1e-2)
CASES = [
    Case("convolutional net", CONV, conv_net(jax.nn.relu, jnp.max), ADAMW, chooses=True),
    Case("convolutional net, smooth", CONV.replace("relu", "gelu").replace("max_pool", "avg_pool"), conv_net(gelu, jnp.mean), ADAMW),
    Case("residual net", RESIDUAL, residual_net, ADAMW),
    Case("transformer block", TRANSFORMER, transformer, ADAMW),
    Case("lstm", sequence("lstm", "hs[:, -1]"), lstm, ADAMW),
    Case("gru", sequence("gru", "mean(hs, axis=1)"), gru, ADAMW),
    *(Case(name, MODEL.format(optimizer=name), mlp, rule) for name, rule in OPTIMIZERS.items()),
]


def read_safetensors(path):
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    return {
        name: np.frombuffer(raw[8 + size + e["data_offsets"][0] : 8 + size + e["data_offsets"][1]], np.float64).reshape(e["shape"])
        for name, e in header.items()
        if name != "__metadata__"
    }


def peer_losses(case, data, real):
    """A function from initial parameters to losses."""
    x_all, y_all = jnp.asarray(data["x_train"], real), jnp.asarray(data["y_train"])

    def loss(theta, x, y):
        z = case.logits(theta, x)
        return jnp.mean(jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, y[:, None], 1)[:, 0])

    @jax.jit
    def step(theta, state, x, y):
        value, grads = jax.value_and_grad(loss)(theta, x, y)
        moves, state = case.rule.update(grads, state, theta)
        return optax.apply_updates(theta, moves), state, value

    def train(params):
        theta = jax.tree.map(lambda p: jnp.asarray(p, real), params)
        state, losses = case.rule.init(theta), []
        starts = range(0, len(x_all), BATCH)
        for t in range(STEPS):
            begin = starts[t % len(starts)]
            theta, state, value = step(theta, state, x_all[begin : begin + BATCH], y_all[begin : begin + BATCH])
            losses.append(float(value))
        return np.array(losses)

    return train


def our_losses(costate, case, folder, seed):
    """The initial parameters, and the losses in f64 and in f32."""
    model, start, log = folder / "m.costate", folder / "start.safetensors", folder / "log.csv"
    model.write_text(case.model)
    train = [costate, "train", model, "--data", DATA, "--batch", str(BATCH), "--no-shuffle", "--cache-dir", folder / "cache"]
    run = lambda *options: subprocess.run([*train, *options], check=True, stdout=subprocess.DEVNULL)
    run("--epochs", "0", "--real", "f64", "--seed", str(seed), "--save", start)
    losses = {}
    for real in REALS:
        run("--epochs", "7", "--real", real, "--params", start, "--log", log)
        with open(log) as file:
            losses[real] = np.array([float(row["loss"]) for row in csv.DictReader(file)][:STEPS])
    return read_safetensors(start), losses


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("costate")
    parser.add_argument("--only", default="")
    parser.add_argument("--seeds", type=int, default=9, help="of a net that chooses (default: 9)")
    arguments = parser.parse_args()
    data, failed = np.load(DATA), False
    for case in CASES:
        if not case.name.startswith(arguments.only):
            continue
        train = {real: peer_losses(case, data, dtype) for real, dtype in REALS.items()}
        seeds, ratios, agrees = arguments.seeds if case.chooses else 1, [], True
        with tempfile.TemporaryDirectory() as name:
            for seed in range(seeds):
                params, ours = our_losses(arguments.costate, case, pathlib.Path(name), seed)
                peers = {real: train[real](params) for real in REALS}
                scale = np.maximum(np.abs(peers["f64"]), 0.01 * abs(peers["f64"][0]))
                drift = lambda losses: float(np.max(np.abs(losses - peers["f64"]) / scale))
                agreement, ours32, peer32 = drift(ours["f64"]), drift(ours["f32"]), drift(peers["f32"])
                agrees &= agreement <= MOST_AGREEMENT
                ratios.append(ours32 / peer32)
                losses = f"loss {peers['f64'][0]:.4f} -> {peers['f64'][-1]:.6f}"
                print(f"     {case.name}, seed {seed}: {losses}  f64 {agreement:.1e}  f32 {ours32:.1e}, peer {peer32:.1e}", flush=True)
        good = agrees and np.median(ratios) <= MOST_RATIO
        failed |= not good
        above, below = sum(ratio > MOST_RATIO for ratio in ratios), sum(ratio < 1 / MOST_RATIO for ratio in ratios)
        spread = f", of {seeds} seeds {above} above {MOST_RATIO}, {below} below 1/{MOST_RATIO}" if seeds > 1 else ""
        print(f"{'ok  ' if good else 'FAIL'} {case.name}: f32 drift {np.median(ratios):.2f} times the peer's{spread}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
