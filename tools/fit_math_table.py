#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derives the polynomials and split constants of compiler/fuse/MathTable.inc.

    fit_math_table.py [OUT]       writes the table to OUT or standard output; needs mpmath, which nothing else does

Each polynomial is the minimax fit of a *residual*: what is left of a function once its leading terms, which the expansion adds exactly,
are taken away. The fit minimizes the relative error of the whole function. In f32 coefficients are rounded one by one, lowest first, and the
others fitted again after each, so that a rounded coefficient costs nothing (a cheap form of Brisebarre & Chevillard 2007, "Efficient
polynomial L-infinity approximations"). The error stated beside a table is that of the rounded coefficients in exact arithmetic.
"""
import re
import struct
import sys

from mpmath import mp, mpf, atan, cos, erf, erfc, exp, expm1, log, lu_solve, matrix, pi, sin, sqrt, tanh

mp.dps = 50


def round_to(value, single):
    value = float(value)
    return mpf(struct.unpack("f", struct.pack("f", value))[0] if single else value)


def remez(points, target, weight, low, count):
    """Minimizes max |weight (target - p)| over the points, p = x^low (c[0] + ... + c[count-1] x^(count-1)); returns c."""
    n = len(points)
    reference = [round(i * (n - 1) / count) for i in range(count + 1)]
    for _ in range(30):
        system, right = matrix(count + 1, count + 1), matrix(count + 1, 1)
        for row, i in enumerate(reference):
            power = points[i] ** low
            for column in range(count):
                system[row, column] = power
                power *= points[i]
            system[row, count] = (-1) ** row / weight[i]
            right[row] = target[i]
        solution = lu_solve(system, right)
        coefficients = [solution[i] for i in range(count)]
        level = abs(solution[count])
        error = [w * (t - x**low * horner(coefficients, x)) for x, t, w in zip(points, target, weight)]
        # Exchange: the largest error of each run of one sign; then the shorter end is dropped until the count is right.
        runs = []
        for i, e in enumerate(error):
            if runs and (error[runs[-1]] < 0) == (e < 0):
                if abs(e) > abs(error[runs[-1]]):
                    runs[-1] = i
            else:
                runs.append(i)
        while len(runs) > count + 1:
            runs.pop(0 if abs(error[runs[0]]) < abs(error[runs[-1]]) else -1)
        if len(runs) < count + 1 or runs == reference or max(map(abs, error)) < level * mpf("1.001"):
            break
        reference = runs
    return coefficients


def horner(coefficients, x):
    result = mpf(0)
    for c in reversed(coefficients):
        result = result * x + c
    return result


def fit(residual, relative, low, high, degree, single):
    """Coefficients of the fit of `residual` on [low, high]; `relative` turns an error of it into one of the function."""
    n = 20 * (degree + 2)
    points = [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + mpf(1) / 2) / n) for i in range(n)]
    values = [residual(x) for x in points]
    weights = [abs(relative(x)) for x in points]
    floor = max(weights) / 10**12
    weights = [max(w, floor) for w in weights]
    rest, rounded = list(values), []
    coefficients = remez(points, rest, weights, 0, degree + 1)
    for k in range(degree + 1):
        if single and k > 0:
            coefficients[k:] = remez(points, rest, weights, k, degree + 1 - k)
        c = round_to(coefficients[k], single)
        rounded.append(c)
        rest = [r - c * x**k for r, x in zip(rest, points)]
    return rounded, max(w * abs(r) for w, r in zip(weights, rest))


def odd(function, leading):
    """Residual of an odd function in z = x^2: (function(x) - leading x) / (leading x z)."""
    return lambda z: (function(sqrt(z)) / sqrt(z) - leading) / z, lambda z: z * sqrt(z) / function(sqrt(z))


ln2, half_pi = log(2), pi / 2
erf_split, erf_center = mpf(1), mpf(2)
log_ratio = lambda s: log((1 + s) / (1 - s))
log_reach = ((sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)) ** 2
tanh_reach = mpf("0.55") ** 2
z0 = mpf(10) ** -6  # the residuals are differences of nearly equal numbers: they are not evaluated at zero itself

# name, formula, residual, relative weight, interval in f32 and f64, degree in f32 and f64
POLYNOMIALS = [
    ("exp", "(e^r - 1 - r) / r^2, |r| <= ln(2)/2", lambda r: (expm1(r) - r) / r**2, lambda r: r**2 / expm1(r),
     [(-ln2 / 2, ln2 / 2)] * 2, (4, 10)),
    ("log", "(log((1+s)/(1-s)) - 2s) / (s z), z = s^2 <= 0.0295", lambda z: (log_ratio(sqrt(z)) / sqrt(z) - 2) / z,
     lambda z: sqrt(z) * z / log_ratio(sqrt(z)), [(z0, log_reach)] * 2, (3, 6)),
    ("logTail", "((log((1+s)/(1-s)) - 2s) / (s z) - 2/3) / z, z = s^2 <= 0.0295",
     lambda z: ((log_ratio(sqrt(z)) / sqrt(z) - 2) / z - mpf(2) / 3) / z,
     lambda z: sqrt(z) * z**2 / log_ratio(sqrt(z)), [(z0, log_reach)] * 2, (3, 8)),
    ("tanh", "(tanh(x) - x) / (x z), z = x^2 <= 0.55^2", *odd(tanh, 1), [(z0, tanh_reach)] * 2, (5, 12)),
    ("erf", "erf(x) / x - 1, z = x^2 <= 1", lambda z: erf(sqrt(z)) / sqrt(z) - 1, lambda z: sqrt(z) / erf(sqrt(z)),
     [(z0, erf_split**2)] * 2, (6, 13)),
    ("erfc", "-log(erfc(x)) in u = x - 2, 1 <= x <= 4 (f32), 6 (f64); the error is that of erf",
     lambda u: -log(erfc(u + erf_center)), lambda u: erfc(u + erf_center) / erf(u + erf_center),
     [(erf_split - erf_center, 4 - erf_center), (erf_split - erf_center, 6 - erf_center)], (7, 18)),
    ("sin", "(sin(r) - r) / (r z), z = r^2 <= (pi/4)^2", *odd(sin, 1), [(z0, (pi / 4) ** 2)] * 2, (3, 6)),
    ("cos", "(cos(r) - 1 + z/2) / z^2, z = r^2 <= (pi/4)^2", lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2,
     lambda z: z**2 / cos(sqrt(z)), [(z0, (pi / 4) ** 2)] * 2, (3, 6)),
    ("atan", "(atan(t) - t) / (t z), z = t^2 <= 1", *odd(atan, 1), [(z0, mpf(1))] * 2, (9, 22)),
]

# name, value, bits of each part but the last, which has all that the format has; in f32 and f64
CONSTANTS = [
    ("ln2", "n ln2[0] is exact for |n| < 2^9 in f32, 2^11 in f64", ln2, ((15,), (42,))),
    ("halfPi", "n halfPi[0], n halfPi[1] and n halfPi[2] are exact for |n| < 2^20 (f64 only)", half_pi, (None, (33, 33, 33))),
    ("halfPiSum", "as head and tail", half_pi, ((24,), (53,))),
    ("twoThirds", "as head and tail", mpf(2) / 3, ((24,), (53,))),
]


def split(value, bits, single):
    parts = []
    for b in bits:
        unit = mpf(2) ** (mp.floor(mp.log(abs(value), 2)) + 1 - b)
        parts.append(mp.floor(value / unit) * unit if b < 53 and not (single and b == 24) else round_to(value, single))
        value -= parts[-1]
    return parts + [round_to(value, single)]


def array(name, suffix, values):
    text = f"inline constexpr double {name}{suffix}[] = {{"
    lines, line = [], text
    for i, value in enumerate(values):
        item = float(value).hex() + ("," if i + 1 < len(values) else "};")
        item = re.sub(r"\.?0+p", "p", item) if "." in item else item
        if len(line) + len(item) + 1 > 136:
            lines.append(line)
            line = "   "
        line += (" " if line[-1] not in "{" else "") + item
    return "\n".join(lines + [line])


def main():
    out = open(sys.argv[1], "w", encoding="utf-8") if len(sys.argv) > 1 else sys.stdout
    print("// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n//\n"
          "// Generated by tools/fit_math_table.py, which says how; coefficients lowest degree first. Do not edit.", file=out)
    for name, formula, residual, relative, intervals, degrees in POLYNOMIALS:
        print(f"\n// {name}: {formula}", file=out)
        for single, suffix, (low, high), degree in zip((True, False), ("F32", "F64"), intervals, degrees):
            coefficients, error = fit(residual, relative, mpf(low), mpf(high), degree, single)
            print(f"// relative error below 2^{float(log(error, 2)):.1f}", file=out)
            print(array(name, suffix, coefficients), file=out)
            out.flush()
    for name, note, value, bits in CONSTANTS:
        print(f"\n// {name}: {note}", file=out)
        for single, suffix, b in zip((True, False), ("F32", "F64"), bits):
            if b:
                print(array(name, suffix, split(value, b, single)), file=out)


if __name__ == "__main__":
    main()
