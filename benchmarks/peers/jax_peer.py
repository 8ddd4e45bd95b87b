# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases in JAX and optax: reads a case and seconds a line, answers with the microseconds of a training step, one sample a step or more."""
import jax
import jax.numpy as jnp
import optax

from cases import data_of, serve

jax.config.update("jax_enable_x64", False)


def dense(key, n, m):
    return {"w": jax.random.normal(key, (n, m)) * (2 / (n + m)) ** 0.5, "b": jnp.zeros(m)}


def conv(key, n, m):
    return {"w": jax.random.normal(key, (3, 3, n, m)) * (2 / (9 * n)) ** 0.5, "b": jnp.zeros(m)}


def pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def make(case):
    keys = jax.random.split(jax.random.key(0), 8)
    if case.kind == "mlp":
        params = [dense(k, n, m) for k, n, m in zip(keys, case.sizes, case.sizes[1:])]

        def apply(params, x):
            for layer in params[:-1]:
                x = jax.nn.relu(x @ layer["w"] + layer["b"])
            return x @ params[-1]["w"] + params[-1]["b"]
    else:
        params = [conv(keys[0], 1, 16), conv(keys[1], 16, 32), dense(keys[2], case.flat, 10)]

        def apply(params, x):
            for layer in params[:2]:
                y = jax.lax.conv_general_dilated(x, layer["w"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
                x = pool(jax.nn.relu(y + layer["b"]))
            return x.reshape(x.shape[0], -1) @ params[2]["w"] + params[2]["b"]

    rule = {
        "sgd": optax.sgd(case.rate),
        "adam": optax.adam(case.rate),
        "adamw": optax.adamw(case.rate, weight_decay=1e-2),
    }[case.optimizer]

    def loss(params, x, y):
        out = apply(params, x)
        if case.optimizer == "sgd":
            return jnp.mean((out - y) ** 2)
        return optax.softmax_cross_entropy_with_integer_labels(out, y).mean()

    @jax.jit
    def update(params, state, x, y):
        value, gradient = jax.value_and_grad(loss)(params, x, y)
        change, state = rule.update(gradient, state, params)
        return optax.apply_updates(params, change), state, value

    step = jax.jit(update, donate_argnums=(0, 1))
    x, y = (jnp.asarray(array) for array in data_of(case))
    held = [params, rule.init(params)]

    def run(steps):
        value = None
        for _ in range(steps):
            held[0], held[1], value = step(held[0], held[1], x, y)
        value.block_until_ready()

    return run


serve(make, f"jax {jax.__version__}")
