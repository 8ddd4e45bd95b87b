# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""fft.py LIBRARY: calls costate_fft of the runtime through its C interface and compares it with NumPy's transform in f64.

The error of a row, relative to the row and root mean square, may be 6 eps for a length whose prime factors are at most 31 (log2 n additions, each rounded) and
12 eps for any other, which takes two longer transforms.
"""
import ctypes
import sys

import numpy as np

library = ctypes.CDLL(sys.argv[1])
contexts = [ctypes.c_void_p(), ctypes.c_void_p()]
for threads, context in zip((1, 3), contexts):
    assert library.costate_context_create(threads, ctypes.byref(context)) == 0
random = np.random.default_rng(5)


def fft(re, im, inverse, context=contexts[0], out=None):
    function = getattr(library, f"costate_fft_{'f32' if re.dtype == np.float32 else 'f64'}")
    out = out or (np.full_like(re, 77), np.full_like(re, 77))
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (re, im, *out)]
    assert function(context, *pointers, *(ctypes.c_int64(number) for number in (*re.shape, inverse))) == 0
    return out


def largest_prime(n):
    return next((largest_prime(n // p) if n > p else p for p in range(2, n + 1) if n % p == 0), 1)


worst = {}
lengths = [*range(1, 161), 243, 256, 343, 625, 899, 961, 997, 1000, 1009, 1024, 2048, 2310, 3125, 4096, 4099, 30030, 65536]
for dtype in (np.float32, np.float64):
    for n in lengths:
        for batch in (1, 3, 19) if n <= 160 else (2,):
            re, im = (random.standard_normal((batch, n)).astype(dtype) for _ in range(2))
            for inverse in (0, 1):
                x = re + 1j * im.astype(np.float64)
                theirs = np.fft.ifft(x) * n if inverse else np.fft.fft(x)
                mine = fft(re, im, inverse)
                error = np.abs(mine[0] + 1j * mine[1].astype(np.float64) - theirs)
                error = np.max(np.sqrt(np.sum(error**2, axis=-1) / np.sum(np.abs(theirs) ** 2, axis=-1))) / np.finfo(dtype).eps
                kind = (dtype.__name__, "smooth" if largest_prime(n) <= 31 else "large prime")
                worst[kind] = max(worst.get(kind, (0, 0)), (error, n))
                # Whatever the outputs lie on, and whoever computes them.
                for place in ((0, 1), (1, 0)):
                    copies = re.copy(), im.copy()
                    fft(*copies, inverse, out=tuple(copies[i] for i in place))
                    assert all(np.array_equal(copies[i], part) for i, part in zip(place, mine)), f"{n} in place"
                assert all(np.array_equal(a, b) for a, b in zip(mine, fft(re, im, inverse, contexts[1]))), f"{n} by three threads"
                # A row does not hang on those beside it.
                assert all(np.array_equal(a[-1:], b) for a, b in zip(mine, fft(re[-1:].copy(), im[-1:].copy(), inverse))), f"{n} alone"
    for shape in ((0, 5), (5, 0), (0, 0)):
        fft(np.zeros(shape, dtype), np.zeros(shape, dtype), 0)
    for bad in (np.nan, np.inf, -np.inf):
        for n in (4, 37, 60):
            for part in (0, 1):
                x = [random.standard_normal((13, n)).astype(dtype) for _ in range(2)]
                x[part][6, n // 2] = bad
                for y in fft(*x, 0):
                    assert np.all(np.isnan(y[6])) and np.all(np.isfinite(np.delete(y, 6, axis=0)))

for (dtype, kind), (error, n) in worst.items():
    print(f"{dtype}, {kind}: at most {error:.2f} eps, at n = {n}")
    assert error <= (6 if kind == "smooth" else 12)
