# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases in JAX and optax; see `answer` in cases.py."""
import jax
import jax.numpy as jnp
import optax

from cases import Step, Update, answer

jax.config.update("jax_enable_x64", False)


def dense(key, n, m):
    return {"w": jax.random.normal(key, (n, m)) * (2 / (n + m)) ** 0.5, "b": jnp.zeros(m)}


def conv(key, n, m):
    return {"w": jax.random.normal(key, (3, 3, n, m)) * (2 / (9 * n)) ** 0.5, "b": jnp.zeros(m)}


def pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def in_place(function, params, state, *data):
    """Compiles function(params, state, *data) -> params, state, value, and calls it again and again: params and state are donated."""
    step = jax.jit(function, donate_argnums=(0, 1))
    held = [params, state]

    def run(steps):
        value = None
        for _ in range(steps):
            held[0], held[1], value = step(held[0], held[1], *data)
        value.block_until_ready()

    jax.block_until_ready((held, data))
    return lambda: step.lower(params, state, *data).compile(), run


def make_step(case):
    keys = jax.random.split(jax.random.key(0), 8)
    if case.sizes:
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

    def update(params, state, x, y):
        value, gradient = jax.value_and_grad(loss)(params, x, y)
        change, state = rule.update(gradient, state, params)
        return optax.apply_updates(params, change), state, value

    return in_place(update, params, rule.init(params), *map(jnp.asarray, case.data()))


def make_update(case):
    rule = {"adamw": optax.adamw, "lamb": optax.lamb}[case.optimizer](case.rates["lr"], weight_decay=case.rates["weight_decay"])
    params = [jnp.array(leaf) for leaf in case.data()]

    def update(params, state, gradient):
        change, state = rule.update(gradient, state, params)
        return optax.apply_updates(params, change), state, state[0].count

    return in_place(update, params, rule.init(params), [jnp.copy(leaf) for leaf in params])


def cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def info_nce(a, b):
    unit = lambda x: x / jnp.sqrt(jnp.sum(x * x, axis=-1, keepdims=True))
    return cross_entropy(unit(a) @ unit(b).T / 0.07, jnp.arange(len(a)))


LOSSES = {
    "softmax_cross_entropy": cross_entropy,
    "linear_cross_entropy": lambda x, w, y: cross_entropy(x @ w, y),
    "info_nce": info_nce,
}


def make_loss(case):
    data = jax.block_until_ready([jnp.array(array) for array in case.data()])
    function = jax.jit(jax.value_and_grad(LOSSES[case.name], argnums=tuple(range(len(case.arrays)))))

    def run(calls):
        for _ in range(calls):
            jax.block_until_ready(function(*data))

    return lambda: function.lower(*data).compile(), run


def make(case):
    return {Step: make_step, Update: make_update}.get(type(case), make_loss)(case)


answer(make)
