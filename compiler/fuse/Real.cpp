// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/fuse/Real.h"

#include "llvm/ADT/bit.h"
#include <cmath>

using namespace mlir;

namespace costate::fuse {

static Type withElement(Type shape, Type element) {
  auto shaped = dyn_cast<ShapedType>(shape);
  return shaped ? Type(shaped.clone(element)) : element;
}

Formula::Formula(OpBuilder &builder, Location loc, Type type) : builder(builder), loc(loc), realType(type) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  width = element.getWidth();
  fractionBits = element.getFPMantissaWidth() - 1;
  bias = (1 << (width - fractionBits - 2)) - 1;
  smallestNormal = std::ldexp(1.0, 1 - bias);
  integerType = withElement(type, builder.getIntegerType(width));
}

Value Formula::constant(Type type, TypedAttr element, uint64_t key) {
  Value &known = constants[{isa<FloatAttr>(element), key}];
  if (!known) {
    TypedAttr value = element;
    if (auto shaped = dyn_cast<ShapedType>(type))
      value = DenseElementsAttr::get(shaped, Attribute(element));
    known = make<arith::ConstantOp>(value);
  }
  return known;
}

Value Formula::constant(double value) {
  return constant(realType, builder.getFloatAttr(getElementTypeOrSelf(realType), value), llvm::bit_cast<uint64_t>(value));
}

Value Formula::constant(int64_t value) {
  return constant(integerType, builder.getIntegerAttr(getElementTypeOrSelf(integerType), value), value);
}

Formula &Formula::wide() {
  if (!wideFormula)
    wideFormula = std::make_unique<Formula>(builder, loc, withElement(realType, builder.getF64Type()));
  return *wideFormula;
}

Real fma(Real a, Real b, Real c) {
  Formula &f = a.formula() ? *a.formula() : *b.formula();
  Value left = a.in(f), right = b.in(f), other = c.in(f);
  Value product = f.make<arith::MulFOp>(left, right, arith::FastMathFlags::contract);
  return Real(f, f.make<arith::AddFOp>(product, other, arith::FastMathFlags::contract));
}

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

Whole bits(Real x) {
  Formula &f = *x.formula();
  return Whole(f, f.make<arith::BitcastOp>(f.wholeType(), x.in(f)));
}

Real fromBits(Whole bits) {
  Formula &f = *bits.formula();
  return Real(f, f.make<arith::BitcastOp>(f.type(), bits.in(f)));
}

static int64_t signBit(Formula &f) { return f.isSingle() ? int64_t(INT32_MIN) : INT64_MIN; }

Real magnitude(Real x) { return fromBits(bits(x) & Whole(~signBit(*x.formula()))); }

Real withSign(Real magnitude, Real sign) { return fromBits(bits(magnitude) | (bits(sign) & Whole(signBit(*sign.formula())))); }

Real negateIf(Truth condition, Real y) {
  Formula &f = *y.formula();
  return fromBits(bits(y) ^ select(condition, Whole(f, signBit(f)), 0));
}

Real clamp(Real x, double low, double high) { return combine<arith::MinimumFOp>(combine<arith::MaximumFOp>(x, Real(low)), Real(high)); }

//===----------------------------------------------------------------------===//
// Integers and powers of two
//===----------------------------------------------------------------------===//

// 1.5 * 2^fractionBits: added to a small number it leaves no bit behind the point, and the integer in the last bits of the fraction.
static double roundingConstant(Formula &f) { return std::ldexp(1.5, f.fractionBits); }

static int64_t roundingBits(Formula &f) {
  return f.isSingle() ? int64_t(llvm::bit_cast<int32_t>(float(roundingConstant(f)))) : llvm::bit_cast<int64_t>(roundingConstant(f));
}

Rounded roundToWhole(Real x) {
  Formula &f = *x.formula();
  Real shifted = x + roundingConstant(f);
  return {shifted - roundingConstant(f), bits(shifted) - roundingBits(f)};
}

Real toReal(Whole n) {
  Formula &f = *n.formula();
  return fromBits(n + roundingBits(f)) - roundingConstant(f);
}

// Shifted into the exponent, the last bits of an integer are all that is left of it.
static Real ofExponent(Whole biased) { return fromBits(biased << int64_t(biased.formula()->fractionBits)); }

PowerOfTwo nearestPowerOfTwo(Real x, double times) {
  Formula &f = *x.formula();
  double constant = roundingConstant(f) + 2 * f.bias; // even, so ties go to even
  Real shifted = fma(x, times, constant);
  return {shifted - constant, bits(shifted)};
}

Real toReal(PowerOfTwo p, int64_t more) { return ofExponent(p.twiceBiased + (more - p.twiceBiased.formula()->bias)); }

Real scaleAboveOne(Real x, PowerOfTwo p) {
  Whole half = p.twiceBiased >> 1;
  Real power = ofExponent(half);
  return fma(x, power, power) * ofExponent(p.twiceBiased - half); // the first power is as far from the bounds as a root: 1 + x is rounded, no more
}

Real polynomial(ArrayRef<double> coefficients, Real x) {
  Real sum = coefficients.back();
  for (double c : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, c);
  return sum;
}

//===----------------------------------------------------------------------===//
// Pairs
//===----------------------------------------------------------------------===//

Pair orderedSum(Real a, Real b) {
  Real sum = a + b;
  return {sum, b - (sum - a)};
}

Pair exactSum(Real a, Real b) {
  Real sum = a + b;
  Real fromB = sum - a;
  return {sum, (a - (sum - fromB)) + (b - fromB)};
}

// x = high + low with half of the digits each, so that products of the parts are exact.
static Pair halves(Real x) {
  int digits = x.formula()->fractionBits + 1;
  Real shifted = x * (std::ldexp(1.0, (digits + 1) / 2) + 1);
  Real high = shifted - (shifted - x);
  return {high, x - high};
}

Pair exactProduct(Real a, Real b) {
  Pair x = halves(a), y = halves(b);
  Real product = a * b;
  Real error = ((x.high * y.high - product) + x.high * y.low + x.low * y.high) + x.low * y.low;
  return {product, error};
}

Pair operator*(Pair a, Pair b) {
  Pair product = exactProduct(a.high, b.high);
  return orderedSum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

//===----------------------------------------------------------------------===//
// Formats
//===----------------------------------------------------------------------===//

Real toWide(Real x) {
  Formula &f = *x.formula();
  return f.isSingle() ? Real(f.wide(), f.make<arith::ExtFOp>(f.wide().type(), x.in(f))) : x;
}

Real toFormat(Real wide, Formula &f) { return f.isSingle() ? Real(f, f.make<arith::TruncFOp>(f.type(), wide.in(f.wide()))) : wide; }

Whole toFormat(Whole wide, Formula &f) { return f.isSingle() ? Whole(f, f.make<arith::TruncIOp>(f.wholeType(), wide.in(f.wide()))) : wide; }

} // namespace costate::fuse
