// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions of the math dialect, each as one formula for f32 and f64 alike: only coefficients differ. The methods are the classical
// ones (Cody & Waite 1980; FDLIBM, Sun 1993; Dekker 1971 for pow); the polynomials are ours (tools/fit_math_table.py).
#include "costate/compiler/fuse/MathFunctions.h"

#include <cmath>
#include <limits>
#include <optional>

namespace costate::fuse {

namespace {

#include "costate/compiler/fuse/MathTable.inc"

// The row of the table for the format of a formula.
#define COSTATE_TABLE(name, x) ((x).formula()->isSingle() ? llvm::ArrayRef<double>(name##F32) : llvm::ArrayRef<double>(name##F64))

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// One of two numbers by format.
double pick(Real x, double single, double wide) { return x.formula()->isSingle() ? single : wide; }

} // namespace

//===----------------------------------------------------------------------===//
// Exponentials
//===----------------------------------------------------------------------===//

namespace {

// e^(x + low) = 2^n (1 + expm1).
struct Exponential {
  Real expm1;
  PowerOfTwo power;
};

} // namespace

// n = round(x / ln 2), r = x - n ln 2, |r| <= ln(2)/2 (Cody & Waite); e^r - 1 = r + r^2 P(r).
static Exponential reduceExponential(Real x, std::optional<Real> low = std::nullopt) {
  auto ln2 = COSTATE_TABLE(ln2, x);
  PowerOfTwo power = nearestPowerOfTwo(x, 1.0 / 0x1.62e42fefa39efp-1);
  Real rest = fma(power.n, -ln2[0], x); // exact
  Real r = low ? rest + fma(power.n, -ln2[1], *low) : fma(power.n, -ln2[1], rest);
  return {fma(r * r, polynomial(COSTATE_TABLE(exp, x), r), r), power};
}

// The range outside of which e^x is 0 or infinity after rounding, with a margin that `scaleAboveOne` can take.
static Real clampExponent(Real x) { return clamp(x, pick(x, -104.5, -746.0), pick(x, 89.5, 710.5)); }

// e^x where neither the result nor 2^n leaves the normal numbers.
static Real boundedExp(Real x) {
  Exponential e = reduceExponential(x);
  Real power = toReal(e.power);
  return fma(e.expm1, power, power);
}

Real exp(Real x) {
  Exponential e = reduceExponential(clampExponent(x));
  return scaleAboveOne(e.expm1, e.power);
}

// e^x - 1 = 2 (s p + (s - 1/2)), s = 2^(n-1), p = e^r - 1: s is finite for every n that leaves the result finite. The
// bounds give -1 and infinity, the latter with a finite s still.
Real expm1(Real x) {
  Exponential e = reduceExponential(clamp(x, pick(x, -20.0, -40.0), pick(x, 88.9, 709.9)));
  Real s = toReal(e.power, -1);
  Real y = fma(s, e.expm1, s - 0.5) * 2.0;
  // e^x - 1 = x to all digits; keeps denormals and the sign of zero.
  return select(magnitude(x) < std::ldexp(1.0, -x.formula()->fractionBits - 2), x, y);
}

//===----------------------------------------------------------------------===//
// Logarithms
//===----------------------------------------------------------------------===//

namespace {

// x = 2^k m, sqrt(1/2) <= m < sqrt(2).
struct Decomposed {
  Real m, k;
};

} // namespace

// x: positive, finite, not denormal. Every other x gives some m and k.
static Decomposed decompose(Real x) {
  Formula &f = *x.formula();
  int64_t fraction = f.fractionBits;
  int64_t sqrtHalf = f.isSingle() ? 0x3f3504f3 : 0x3fe6a09e667f3bcd;
  Whole pattern = bits(magnitude(x)); // so that no difference below overflows
  Whole k = (pattern - sqrtHalf) >> fraction;
  return {fromBits(pattern - (k << fraction)), toReal(k)};
}

// The same for denormal x too.
static Decomposed decomposeAny(Real x) {
  Formula &f = *x.formula();
  double lift = f.fractionBits + 1;
  Truth isSmall = x < f.smallestNormal;
  Decomposed d = decompose(select(isSmall, x * std::ldexp(1.0, lift), x));
  return {d.m, d.k + select(isSmall, Real(f, -lift), 0.0)};
}

// log(2^k (1 + f) + correction'), where `correction` = correction' / (2^k (1 + f)) is tiny:
// log(1 + f) = f - (f^2/2 - s (f^2/2 + R)), s = f / (2 + f), R = s^2 P(s^2): f^2/2 goes in by itself, so that R needs half of the digits.
static Real logOf(Real f, Real k, Real correction) {
  auto ln2 = COSTATE_TABLE(ln2, f);
  Real s = f / (2.0 + f);
  Real z = s * s;
  Real halfSquare = f * f * 0.5;
  Real tail = fma(s, fma(z, polynomial(COSTATE_TABLE(log, f), z), halfSquare), fma(k, ln2[1], correction));
  return fma(k, ln2[0], f - (halfSquare - tail));
}

// The logarithm where the argument is not positive and finite; `x` is the argument and `y` what the formula gave.
static Real logSpecial(Real x, Real y) {
  Real zeroOrLess = select(x == 0.0, Real(*x.formula(), -infinity), nan);
  return select(x > 0.0, select(x < infinity, y, x), zeroOrLess);
}

Real log(Real x) {
  Decomposed d = decomposeAny(x);
  return logSpecial(x, logOf(d.m - 1.0, d.k, 0.0));
}

// u = 1 + x rounded, and the correction restores what the rounding lost: log(1 + x) = log(u) + log(1 + c/u), c = (1 + x) - u.
Real log1p(Real x) {
  Real u = 1.0 + x;
  Real lost = select(x < 1.0, x - (u - 1.0), 1.0 - (u - x));
  Decomposed d = decompose(u);
  Real y = logSpecial(u, logOf(d.m - 1.0, d.k, lost / u));
  return select(magnitude(x) < std::ldexp(1.0, -x.formula()->fractionBits - 2), x, y);
}

//===----------------------------------------------------------------------===//
// Power
//===----------------------------------------------------------------------===//

// log(a) as a pair, good to about 1.2 times the digits of the format: what |y log a| < 2^10 (f32: 2^7) loses again. a > 0, finite.
// log(m) = s (2 + z (2/3 + z T(z))), s = (m - 1) / (m + 1), z = s^2; T needs no pair.
static Pair logPair(Real a) {
  auto ln2 = COSTATE_TABLE(ln2, a), twoThirds = COSTATE_TABLE(twoThirds, a);
  Decomposed d = decomposeAny(a);
  Real above = d.m - 1.0;
  Pair below = exactSum(d.m, 1.0);
  Real quotient = above / below.high;
  Pair back = exactProduct(quotient, below.high);
  Pair s = {quotient, (((above - back.high) - back.low) - quotient * below.low) / below.high};
  Pair z = s * s;
  Pair q = orderedSum(Real(twoThirds[0]), z.high * polynomial(COSTATE_TABLE(logTail, a), z.high));
  q.low = q.low + twoThirds[1];
  Pair c = z * q;
  Pair sum = orderedSum(2.0, c.high);
  sum.low = sum.low + c.low;
  Pair logM = s * sum;
  Pair total = exactSum(d.k * ln2[0], logM.high);
  return orderedSum(total.high, total.low + fma(d.k, ln2[1], logM.low));
}

// Is a >= 0 an integer? From 2^fractionBits on every float is; below, adding that much rounds to one.
static Truth isInteger(Real a) {
  double first = std::ldexp(1.0, a.formula()->fractionBits);
  return (a >= first) | ((a + first) - first == a);
}

Real pow(Real base, Real exponent) {
  Formula &f = *base.formula();
  Real a = magnitude(base), b = magnitude(exponent);
  // Beyond 2^32 (2^64) every power but that of one is 0 or infinity; the bound keeps the products below from overflowing.
  double bound = std::ldexp(1.0, f.isSingle() ? 32 : 64);
  Real y = clamp(exponent, -bound, bound);
  Pair logA = logPair(a);
  Pair product = exactProduct(y, logA.high);
  Real high = clampExponent(product.high);
  Exponential e = reduceExponential(high, select(high == product.high, fma(y, logA.low, product.low), 0.0));
  Real power = scaleAboveOne(e.expm1, e.power);

  Truth grows = exponent > 0.0;
  power = select(a == 0.0, select(grows, Real(f, 0.0), Real(f, infinity)), power);
  power = select(a == infinity, select(grows, Real(f, infinity), Real(f, 0.0)), power);

  // Of a negative base, odd exponents keep the sign; a fraction has no power unless the base is infinite.
  Truth isWhole = isInteger(b);
  Truth isOdd = isWhole ^ (isWhole & isInteger(b * 0.5)); // no integer times 2
  power = select(isOdd, withSign(power, base), power);
  power = select(base < 0.0, select(isWhole | (a == infinity), power, nan), power);
  power = select(anyNaN(base, exponent), nan, power);
  return select((base == 1.0) | (exponent == 0.0), 1.0, power);
}

//===----------------------------------------------------------------------===//
// Sigmoids
//===----------------------------------------------------------------------===//

// Below 0.55, where 1 - 2 / (e^2a + 1) would cancel, an odd polynomial; above 20 the result is 1 in both formats.
Real tanh(Real x) {
  Real a = clamp(magnitude(x), 0.0, 20.0);
  Real z = a * a;
  Real small = fma(a * z, polynomial(COSTATE_TABLE(tanh, x), z), a);
  Real large = 1.0 - 2.0 / (boundedExp(a * 2.0) + 1.0);
  return withSign(select(a < 0.55, small, large), x);
}

// Below 1 an odd polynomial; above 1 - erfc(a), erfc(a) = e^-L(a), where a polynomial follows L = -log(erfc) well. From 4 (f32) or 6 (f64)
// on the result is 1.
Real erf(Real x) {
  Real a = clamp(magnitude(x), 0.0, pick(x, 4.0, 6.0));
  Real small = fma(a, polynomial(COSTATE_TABLE(erf, x), a * a), a);
  Real large = 1.0 - boundedExp(0.0 - polynomial(COSTATE_TABLE(erfc, x), a - 2.0));
  return withSign(select(a < 1.0, small, large), x);
}

//===----------------------------------------------------------------------===//
// Circular functions
//===----------------------------------------------------------------------===//

namespace {

// An angle of n quarter turns and r + low more, |r| <= pi/4.
struct Angle {
  Real r, low;
  Whole n;
};

} // namespace

// a >= 0. In f64 for both formats: the products of n < 2^20 and the first parts of pi/2 are exact, and so is what they leave of a.
static Angle reduceAngle(Real a) {
  Formula &f = *a.formula();
  const auto &part = halfPiF64;
  Real wide = toWide(a);
  Rounded n = roundToWhole(wide * (1.0 / 0x1.921fb54442d18p+0));
  Real rest = fma(n.real, -part[0], wide);
  if (f.isSingle()) {
    Real r = toFormat(fma(n.real, -(part[1] + part[2]), rest), f);
    return {clamp(r, -0.8, 0.8), 0.0, toFormat(n.whole, f)};
  }
  Pair second = exactSum(rest, n.real * -part[1]);
  Pair third = exactSum(second.high, n.real * -part[2]);
  Pair r = orderedSum(third.high, fma(n.real, -part[3], second.low + third.low));
  return {clamp(r.high, -0.8, 0.8), clamp(r.low, -0x1p-50, 0x1p-50), n.whole};
}

// sin(angle) for quarter = 0, cos(angle) for quarter = 1; |r| <= pi/4 leaves two polynomials and the sign to choose.
static Real sineOf(Angle angle, int64_t quarter) {
  Real r = angle.r, z = r * r, half = z * 0.5;
  Real sinTail = polynomial(COSTATE_TABLE(sin, r), z), cosTail = polynomial(COSTATE_TABLE(cos, r), z);
  Real head = 1.0 - half, lost = (1.0 - head) - half;
  bool isSingle = r.formula()->isSingle();
  // sin(r + low) = sin r + low cos r, cos(r + low) = cos r - low sin r; the first terms are enough.
  Real sine = isSingle ? fma(r * z, sinTail, r) : r + fma(r * z, sinTail, angle.low * head);
  Real cosine = head + fma(z * z, cosTail, isSingle ? lost : fma(r, 0.0 - angle.low, lost));

  Whole n = angle.n + quarter;
  Real y = select((n & 1) == 0, sine, cosine);
  return negateIf((n & 2) == 2, y);
}

Real sin(Real x) {
  Real y = sineOf(reduceAngle(magnitude(x)), 0);
  return negateIf(bits(x) < 0, y);
}

Real cos(Real x) { return sineOf(reduceAngle(magnitude(x)), 1); }

//===----------------------------------------------------------------------===//
// Inverse circular functions
//===----------------------------------------------------------------------===//

// The smaller of |y|, |x| over the larger gives an angle of [0, pi/4]; then the octant is restored.
Real atan2(Real y, Real x) {
  auto halfPi = COSTATE_TABLE(halfPiSum, x);
  Real b = magnitude(y), a = magnitude(x);
  Truth isSteep = b > a;
  Real shorter = select(isSteep, a, b), longer = select(isSteep, b, a);
  Real t = shorter / longer;
  t = select(longer == 0.0, 0.0, select(shorter == infinity, 1.0, t)); // 0/0 and infinity/infinity
  Real z = t * t;
  Real angle = fma(t * z, polynomial(COSTATE_TABLE(atan, x), z), t);
  angle = select(isSteep, halfPi[0] - (angle - halfPi[1]), angle);
  angle = select(bits(x) < 0, 2.0 * halfPi[0] - (angle - 2.0 * halfPi[1]), angle);
  return select(anyNaN(x, y), nan, withSign(angle, y));
}

Real atan(Real x) { return atan2(x, Real(*x.formula(), 1.0)); }

} // namespace costate::fuse
