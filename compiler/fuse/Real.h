// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formulas as C++ expressions: values of `arith` with operators, so that a function reads like its mathematics.
//
//     Real r = x - n * ln2;                       // arith.mulf, arith.subf
//     return select(x < 0.0, nan, r);             // arith.cmpf, arith.select
//
// Every operator makes one op, in the order of C++'s evaluation and with no fast-math flag: what is written is what is computed. Only `fma` leaves
// something to the target.
#ifndef COSTATE_COMPILER_FUSE_REAL_H
#define COSTATE_COMPILER_FUSE_REAL_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include <map>
#include <memory>

namespace costate::fuse {

class Real;
class Whole;

/// Where expressions of one float type are built: an insertion point, a location, and the constants made so far.
class Formula {
public:
  /// `type`: f32 or f64, or a vector of them; all operands of the formula have it.
  Formula(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type);

  mlir::Type type() const { return realType; }
  mlir::Type wholeType() const { return integerType; }
  bool isSingle() const { return width == 32; }

  /// Width in bits, bits of the fraction without the hidden one, and the bias of the exponent.
  int width, fractionBits, bias;
  /// 2^-126 or 2^-1022.
  double smallestNormal;

  mlir::Value constant(double value);
  mlir::Value constant(int64_t value);

  /// The formula in f64 at the same place, of the same shape.
  Formula &wide();

  template <typename Op, typename... Args> mlir::Value make(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...);
  }

private:
  mlir::Value constant(mlir::Type type, mlir::TypedAttr element, uint64_t key);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type realType, integerType;
  std::map<std::pair<bool, uint64_t>, mlir::Value> constants;
  std::unique_ptr<Formula> wideFormula;
};

/// A value, or a literal that becomes a constant where it first meets a value.
template <typename Literal> class Term {
public:
  Term(Literal literal) : literal(literal) {}
  Term(Formula &formula, mlir::Value value) : home(&formula), value(value) {}
  Term(Formula &formula, Literal literal) : Term(formula, formula.constant(literal)) {}

  Formula *formula() const { return home; }
  mlir::Value in(Formula &formula) const { return value ? value : formula.constant(literal); }

private:
  Formula *home = nullptr;
  mlir::Value value;
  Literal literal = 0;
};

/// A float of the formula's type.
class Real : public Term<double> {
  using Term::Term;
};
/// A signed integer as wide as the float; it wraps.
class Whole : public Term<int64_t> {
  using Term::Term;
};
/// A condition.
struct Truth {
  Formula *home;
  mlir::Value value;
};

template <typename Op, typename T> T combine(T a, T b) {
  Formula &formula = a.formula() ? *a.formula() : *b.formula();
  mlir::Value left = a.in(formula), right = b.in(formula);
  return T(formula, formula.make<Op>(left, right));
}
template <typename Op, typename T, typename Predicate> Truth compare(Predicate predicate, T a, T b) {
  Formula &formula = a.formula() ? *a.formula() : *b.formula();
  mlir::Value left = a.in(formula), right = b.in(formula);
  return {&formula, formula.make<Op>(predicate, left, right)};
}

inline Real operator+(Real a, Real b) { return combine<mlir::arith::AddFOp>(a, b); }
inline Real operator-(Real a, Real b) { return combine<mlir::arith::SubFOp>(a, b); }
inline Real operator*(Real a, Real b) { return combine<mlir::arith::MulFOp>(a, b); }
inline Real operator/(Real a, Real b) { return combine<mlir::arith::DivFOp>(a, b); }

/// a b + c: two ops marked `contract`, which codegen makes one of, rounded once, where the target has an instruction for it. A formula must hold either way.
Real fma(Real a, Real b, Real c);

// Comparisons are false if an operand is NaN.
inline Truth operator<(Real a, Real b) { return compare<mlir::arith::CmpFOp>(mlir::arith::CmpFPredicate::OLT, a, b); }
inline Truth operator>(Real a, Real b) { return compare<mlir::arith::CmpFOp>(mlir::arith::CmpFPredicate::OGT, a, b); }
inline Truth operator>=(Real a, Real b) { return compare<mlir::arith::CmpFOp>(mlir::arith::CmpFPredicate::OGE, a, b); }
inline Truth operator==(Real a, Real b) { return compare<mlir::arith::CmpFOp>(mlir::arith::CmpFPredicate::OEQ, a, b); }
/// Is a or b NaN?
inline Truth anyNaN(Real a, Real b) { return compare<mlir::arith::CmpFOp>(mlir::arith::CmpFPredicate::UNO, a, b); }

inline Whole operator+(Whole a, Whole b) { return combine<mlir::arith::AddIOp>(a, b); }
inline Whole operator-(Whole a, Whole b) { return combine<mlir::arith::SubIOp>(a, b); }
inline Whole operator&(Whole a, Whole b) { return combine<mlir::arith::AndIOp>(a, b); }
inline Whole operator|(Whole a, Whole b) { return combine<mlir::arith::OrIOp>(a, b); }
inline Whole operator^(Whole a, Whole b) { return combine<mlir::arith::XOrIOp>(a, b); }
inline Whole operator<<(Whole a, Whole b) { return combine<mlir::arith::ShLIOp>(a, b); }
inline Whole operator>>(Whole a, Whole b) { return combine<mlir::arith::ShRSIOp>(a, b); } // keeps the sign
inline Truth operator<(Whole a, Whole b) { return compare<mlir::arith::CmpIOp>(mlir::arith::CmpIPredicate::slt, a, b); }
inline Truth operator==(Whole a, Whole b) { return compare<mlir::arith::CmpIOp>(mlir::arith::CmpIPredicate::eq, a, b); }

inline Truth operator&(Truth a, Truth b) { return {a.home, a.home->make<mlir::arith::AndIOp>(a.value, b.value)}; }
inline Truth operator|(Truth a, Truth b) { return {a.home, a.home->make<mlir::arith::OrIOp>(a.value, b.value)}; }
inline Truth operator^(Truth a, Truth b) { return {a.home, a.home->make<mlir::arith::XOrIOp>(a.value, b.value)}; }

inline Real select(Truth c, Real a, Real b) {
  mlir::Value yes = a.in(*c.home), no = b.in(*c.home);
  return Real(*c.home, c.home->make<mlir::arith::SelectOp>(c.value, yes, no));
}
inline Whole select(Truth c, Whole a, Whole b) {
  mlir::Value yes = a.in(*c.home), no = b.in(*c.home);
  return Whole(*c.home, c.home->make<mlir::arith::SelectOp>(c.value, yes, no));
}

/// The bit pattern of a float, and the float of a bit pattern.
Whole bits(Real x);
Real fromBits(Whole bits);

/// |x|, and `magnitude` (not negative) with the sign of `sign`; both of the bits alone, NaN included.
Real magnitude(Real x);
Real withSign(Real magnitude, Real sign);

/// -y where the condition holds.
Real negateIf(Truth condition, Real y);

/// x, moved into [low, high]; NaN stays NaN.
Real clamp(Real x, double low, double high);

/// The nearest integer (ties to even) of |x| < 2^22 in f32 and 2^51 in f64, as a float and as an integer. NaN gives NaN and any integer.
struct Rounded {
  Real real;
  Whole whole;
};
Rounded roundToWhole(Real x);

/// An integer of less than `fractionBits` bits as a float, without a conversion instruction (AVX2 has none for 64 bits).
Real toReal(Whole n);

/// 2^n, where n is the nearest integer of x `times` (ties to even), within twice the range of exponents.
struct PowerOfTwo {
  Real n;            ///< NaN of a NaN
  Whole twiceBiased; ///< n + 2 bias in its last bits; the others mean nothing
};
PowerOfTwo nearestPowerOfTwo(Real x, double times);
/// 2^(n + more), in the range of normal numbers.
Real toReal(PowerOfTwo p, int64_t more = 0);
/// (1 + x) 2^n, |x| < 1, rounded once more where the result is denormal.
Real scaleAboveOne(Real x, PowerOfTwo p);

/// c[0] + c[1] x + ... by Horner's rule, with `fma`.
Real polynomial(llvm::ArrayRef<double> coefficients, Real x);

/// An unevaluated sum high + low with |low| <= ulp(high)/2: about twice the digits (Dekker 1971).
struct Pair {
  Real high, low;
};
/// a + b exactly; `ordered` wants |a| >= |b| or a == 0.
Pair orderedSum(Real a, Real b);
Pair exactSum(Real a, Real b);
/// a b exactly, unless it overflows or is denormal; without a fused multiply-add (Veltkamp's splitting).
Pair exactProduct(Real a, Real b);
Pair operator*(Pair a, Pair b);

/// To f64, and back to the format of a formula; no-ops where that is f64.
Real toWide(Real x);
Real toFormat(Real wide, Formula &formula);
Whole toFormat(Whole wide, Formula &formula);

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_REAL_H
