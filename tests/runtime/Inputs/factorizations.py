# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""factorizations.py LIBRARY: calls the factorizations of the runtime through its C interface.

Products of factors are compared with the matrix, and values with NumPy's (which come from LAPACK in f64, whatever the type); not vectors with vectors,
which rounding may turn. An error may be (4 n + 10) eps |A|: LAPACK's own tests allow 30 n.
"""
import ctypes
import sys

import numpy as np

library = ctypes.CDLL(sys.argv[1])
context = ctypes.c_void_p()
assert library.costate_context_create(2, ctypes.byref(context)) == 0
cases, worst, failures = 0, {}, []


def call(name, dtype, arrays, extents):
    function = getattr(library, f"costate_{name}_{'f32' if dtype == np.float32 else 'f64'}")
    return function(context, *(ctypes.c_void_p(array.ctypes.data) for array in arrays), *(ctypes.c_int64(extent) for extent in extents))


def run(name, a, in_place=False):
    """The factors of a batch of matrices."""
    batch, m, n = a.shape
    kind = a.dtype
    empty = lambda *shape, dtype=kind: np.full(shape, 77, dtype)
    a = a.copy()
    whole = a if in_place else empty(*a.shape)
    outputs = {"lu": [whole, empty(batch, n, dtype=np.int32)], "qr": [whole, empty(batch, n, n)], "eigh": [empty(batch, n), whole],
               "svd": [whole, empty(batch, n), empty(batch, n, n)]}[name]
    assert call(name, kind, [a, *outputs], [batch, m, n] if name in ("qr", "svd") else [batch, n]) == 0
    return outputs


def transposed(a):
    return np.swapaxes(a, -1, -2)


def factors(name, a):
    """A product that is to be A, matrices whose columns are to be orthonormal, and the singular or eigenvalues, in f64."""
    results = run(name, a)
    first, *others = [np.asarray(array, np.float64) for array in results]
    if name == "lu":
        lower = np.tril(first, -1) + np.eye(a.shape[-1])
        assert np.max(np.abs(lower), initial=0) <= 1
        product = np.empty_like(first)
        for one, rows, target in zip(lower @ np.triu(first), results[1], product):
            assert sorted(rows) == list(range(a.shape[-1]))
            target[rows] = one
        return product, [], None
    if name == "qr":
        r = others[0]
        assert np.all(np.tril(r, -1) == 0) and np.all(np.diagonal(r, axis1=1, axis2=2) >= 0)
        return first @ r, [first], None
    if name == "eigh":
        v = others[0]
        assert np.all(np.diff(first) >= 0)
        return (v * first[:, None, :]) @ transposed(v), [v], first
    s, vh = others
    assert np.all(np.diff(s) <= 0) and np.all(s >= 0)
    return (first * s[:, None, :]) @ vh, [first, transposed(vh)], s


def norm(a):
    return np.sqrt(np.sum(a * a, axis=(-2, -1)))


def check(title, name, a):
    global cases
    cases += 1
    n, eps = a.shape[-1], np.finfo(a.dtype).eps
    whole = np.asarray(a, np.float64)
    if name == "eigh":
        whole = np.tril(whole) + transposed(np.tril(whole, -1))
    scale = np.max(np.abs(whole), axis=(-2, -1), initial=0)
    scale = np.where(scale > 0, scale, 1)[:, None, None]
    product, orthonormal, values = factors(name, a)
    size = np.maximum(norm(whole / scale), 1)
    errors = {"residual": norm(product / scale - whole / scale) / size}
    for q in orthonormal:
        errors["orthogonality"] = np.maximum(norm(transposed(q) @ q - np.eye(n)), errors.get("orthogonality", 0))
    if values is not None:
        theirs = np.linalg.eigvalsh(whole / scale) if name == "eigh" else np.linalg.svd(whole / scale, compute_uv=False)
        errors["values"] = np.max(np.abs(values / scale[..., 0] - theirs), axis=-1, initial=0) / size
    for what, error in errors.items():
        ratio = np.max(error, initial=0) / ((4 * n + 10) * eps)
        worst[name, what] = max(worst.get((name, what), 0), ratio)
        if not ratio <= 1:
            failures.append(f"{title}: {what} of {name} on {a.dtype}{list(a.shape)} is {np.max(error) / eps:.1f} eps")
    for mine, other in zip(run(name, a), run(name, a, in_place=True)):
        assert np.array_equal(mine, other), f"{title}: {name} in place"


random = np.random.default_rng(7)
for dtype in (np.float32, np.float64):
    normal = lambda *shape: random.standard_normal(shape)
    for name in ("lu", "qr", "eigh", "svd"):
        test = lambda title, a: check(title, name, np.ascontiguousarray(a, dtype))
        square = name in ("lu", "eigh")
        for batch, m, n in ((3, 1, 1), (2, 0, 0), (0, 3, 3), (40, 2, 2), (20, 3, 3), (10, 17, 17), (3, 64, 64), (1, 150, 150),
                            (5, 9, 1), (5, 7, 0), (4, 30, 11), (1, 200, 48)):
            if m == n or not square:
                test("random", normal(batch, m, n))
        n = 24
        left, right = np.linalg.qr(normal(n, n))[0], np.linalg.qr(normal(n, n))[0]
        if name == "eigh":
            right = left.T
        graded = 10.0 ** -np.linspace(0, 12 if dtype == np.float64 else 5, n)
        test("graded", ((left * graded) @ right)[None])
        test("rank deficient", ((left * (np.arange(n) < 5)) @ right)[None])
        for size, rank in ((60, 5), (200, 100)):  # Gram matrices, whose last values are rounding errors
            rows = normal(size, rank).astype(dtype)
            test("Gram matrix", (rows @ rows.T)[None])
        test("equal values", ((left * np.repeat([3.0, -1.0, 2.0], n // 3)) @ right)[None])
        test("one", np.ones((1, n, n)))
        test("zero", np.zeros((2, n, n)))
        test("identity", np.eye(n)[None])
        test("exchange", np.eye(n)[None, ::-1])
        test("diagonal", np.diag(np.arange(n) - 11.0)[None])
        test("triangular", np.tril(np.ones((n, n)))[None])
        test("second differences", (2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1))[None])
        test("Hilbert", (1 / (1 + np.arange(n)[:, None] + np.arange(n)))[None])
        for exponent in ((-30, 30) if dtype == np.float32 else (-290, 290)):
            test("scaled", normal(2, n, n) * 10.0**exponent)
        # A matrix that is not finite gives NaN, and nothing else of the batch.
        for bad in (np.nan, np.inf, -np.inf):
            a = np.ascontiguousarray(normal(3, 5, 5), dtype)
            a[1, 4, 0] = bad
            for factor in run(name, a):
                assert factor.dtype == np.int32 or (np.all(np.isnan(factor[1])) and np.all(np.isfinite(factor[[0, 2]])))

    # Columns of very different size: QR has a small residual for each.
    a = np.ascontiguousarray(normal(1, 20, 6) * 10.0 ** -np.arange(0, 30, 5), dtype)
    q, r = (np.asarray(x, np.float64) for x in run("qr", a))
    assert np.all(norm(transposed(q @ r - a)[..., None]) <= 50 * np.finfo(dtype).eps * norm(transposed(np.asarray(a, np.float64))[..., None]))
    # The upper triangle is not read, and signs are those that costate.h promises.
    a = np.ascontiguousarray(normal(4, 9, 9), dtype)
    for upper, lower in zip(run("eigh", a), run("eigh", np.where(np.tri(9, dtype=bool), a, np.nan).astype(dtype))):
        assert np.array_equal(upper, lower)
    for vectors in (transposed(run("eigh", a)[1]), run("svd", a)[2]):
        large = np.abs(vectors) >= 0.37 * np.max(np.abs(vectors), axis=-1, keepdims=True)
        assert np.all(np.take_along_axis(vectors, np.argmax(large, axis=-1)[..., None], -1) > 0)
    for name in ("qr", "svd"):
        assert call(name, dtype, [np.zeros(6, dtype)] + [np.zeros(9, dtype)] * (2 if name == "qr" else 3), [1, 2, 3]) != 0

for (name, what), ratio in worst.items():
    print(f"{name}: {what} at most {ratio:.2f} of (4 n + 10) eps")
print(f"{cases} batches factorized, {len(failures)} badly", *failures, sep="\n")
sys.exit(1 if failures else 0)
