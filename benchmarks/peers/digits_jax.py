# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""examples/digits.costate as a program in JAX: 30 epochs of shuffled batches, the last of an epoch smaller, each epoch's loss and accuracy on both
parts of the data. The last line is JSON.  usage: digits_jax.py DATA.npz"""
import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

EPOCHS, BATCH = 30, 32


def logits(params, x):
    return jax.nn.relu(x @ params["w0"] + params["b0"]) @ params["w1"] + params["b1"]


def metrics(params, x, y):
    out = logits(params, x)
    return optax.softmax_cross_entropy_with_integer_labels(out, y).mean(), jnp.mean(out.argmax(axis=-1) == y)


rule = optax.adamw(1e-3, weight_decay=1e-2)
evaluate = jax.jit(metrics)


@jax.jit
def train_step(params, state, x, y):
    values, gradient = jax.value_and_grad(metrics, has_aux=True)(params, x, y)
    change, state = rule.update(gradient, state, params)
    return optax.apply_updates(params, change), state, values


def main():
    data = np.load(sys.argv[1])
    x, y = data["x_train"], data["y_train"]
    glorot = jax.nn.initializers.glorot_uniform()
    first, second = jax.random.split(jax.random.key(0))
    params = {"w0": glorot(first, (64, 128)), "b0": jnp.zeros(128), "w1": glorot(second, (128, 10)), "b1": jnp.zeros(10)}
    state, random, first_step_at, steps = rule.init(params), np.random.default_rng(0), None, 0
    for epoch in range(EPOCHS):
        order, totals = random.permutation(len(x)), []
        for begin in range(0, len(x), BATCH):
            rows = order[begin : begin + BATCH]
            params, state, values = train_step(params, state, x[rows], y[rows])
            totals.append((values, len(rows)))
            if first_step_at is None:
                jax.block_until_ready(values)
                first_step_at = time.time()
        loss, accuracy = (sum(float(values[k]) * rows for values, rows in totals) / len(x) for k in (0, 1))
        test_loss, test_accuracy = map(float, evaluate(params, data["x_test"], data["y_test"]))
        steps += len(totals)
        print(f"epoch {epoch + 1}/{EPOCHS}  loss {loss:.5g}  accuracy {accuracy:.5g}  test_loss {test_loss:.5g}  test_accuracy {test_accuracy:.5g}")
    print(json.dumps({"steps": steps, "first_step_at": first_step_at, "test_accuracy": test_accuracy}))


main()
