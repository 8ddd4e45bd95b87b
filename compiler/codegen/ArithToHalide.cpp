// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Halide's own float operators may be reassociated, and its max, min and negation lose NaN and signed zeros. So floats go through
/// Halide's strict intrinsics, and what these do not cover goes through the bits.
#include "costate/compiler/codegen/ArithToHalide.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using Halide::Expr;
using HalideCall = Halide::Internal::Call;

namespace costate::codegen {

Halide::Type toHalideType(Type type) {
  if (type.isIndex())
    return Halide::Int(32);
  if (type.isBF16())
    return Halide::BFloat(16);
  if (auto real = dyn_cast<FloatType>(type))
    return Halide::Float(real.getWidth());
  if (auto integer = dyn_cast<IntegerType>(type)) {
    if (integer.getWidth() == 1)
      return Halide::Bool();
    return integer.isUnsigned() ? Halide::UInt(integer.getWidth()) : Halide::Int(integer.getWidth());
  }
  return Halide::Type();
}

//===--------------------------------------------------------------------------------------------------------------------===//
// Floats
//===--------------------------------------------------------------------------------------------------------------------===//

static Expr strict(HalideCall::IntrinsicOp op, Expr a, Expr b) {
  return HalideCall::make(a.type(), op, {a, b}, HalideCall::PureIntrinsic);
}
static Expr compare(HalideCall::IntrinsicOp op, Expr a, Expr b) {
  return HalideCall::make(Halide::Bool(), op, {a, b}, HalideCall::PureIntrinsic);
}
static Expr less(Expr a, Expr b) { return compare(HalideCall::strict_lt, a, b); }
static Expr equal(Expr a, Expr b) { return compare(HalideCall::strict_eq, a, b); }
// Halide's own strict_le is the negation of a greater-than, which holds for a NaN. LLVM makes one comparison of these two.
static Expr lessOrEqual(Expr a, Expr b) { return less(a, b) || equal(a, b); }

static Expr toBits(Expr a) { return Halide::reinterpret(Halide::UInt(a.type().bits()), a); }
static Expr fromBits(Halide::Type type, Expr bits) { return Halide::reinterpret(type, bits); }

/// Bit patterns of a float type by its exponent and fraction widths.
static uint64_t signMask(Halide::Type type) { return uint64_t(1) << (type.bits() - 1); }
static uint64_t infinityBits(Halide::Type type) {
  int fraction = type.bits() == 64 ? 52 : type.bits() == 32 ? 23 : type.is_bfloat() ? 7 : 10;
  return (signMask(type) - 1) & ~((uint64_t(1) << fraction) - 1);
}
static Expr constantBits(Halide::Type type, uint64_t bits) { return Halide::Internal::UIntImm::make(Halide::UInt(type.bits()), bits); }

static Expr isNan(Expr a) {
  return (toBits(a) & constantBits(a.type(), signMask(a.type()) - 1)) > constantBits(a.type(), infinityBits(a.type()));
}

/// Selects by bits: LLVM may assume that a selected float is no NaN, but not that an integer is not.
static Expr choose(Expr condition, Expr a, Expr b) {
  if (!a.type().is_float())
    return Halide::select(condition, a, b);
  return fromBits(a.type(), Halide::select(condition, toBits(a), toBits(b)));
}

/// IEEE 754-2019 maximum and minimum: a NaN wins, and -0 lies below +0.
static Expr extremum(Expr a, Expr b, bool larger, std::optional<APFloat> constant) {
  // Against a constant that is no NaN one comparison does, because it fails for a NaN in `a`.
  if (constant && !constant->isNaN()) {
    bool isBetterZero = constant->isZero() && constant->isNegative() != larger; // of the two zeros, the constant is the winning one
    if (!isBetterZero) // an instruction, whose result is `a` unless `b` is beyond it
      return strict(larger ? HalideCall::strict_max : HalideCall::strict_min, b, a);
    return choose(larger ? lessOrEqual(a, b) : lessOrEqual(b, a), b, a);
  }
  Expr zeros = larger ? toBits(a) & toBits(b) : toBits(a) | toBits(b); // of equal values; differs from them for zeros only
  Expr best = Halide::select(larger ? less(b, a) : less(a, b), toBits(a), toBits(b)); // `b` if either is a NaN
  return fromBits(a.type(), Halide::select(isNan(a), toBits(a), Halide::select(equal(a, b), zeros, best)));
}

static Expr compareFloats(arith::CmpFPredicate predicate, Expr a, Expr b) {
  switch (predicate) {
  case arith::CmpFPredicate::AlwaysFalse:
    return Halide::Internal::const_false();
  case arith::CmpFPredicate::AlwaysTrue:
    return Halide::Internal::const_true();
  case arith::CmpFPredicate::OEQ:
    return equal(a, b);
  case arith::CmpFPredicate::OGT:
    return less(b, a);
  case arith::CmpFPredicate::OGE:
    return lessOrEqual(b, a);
  case arith::CmpFPredicate::OLT:
    return less(a, b);
  case arith::CmpFPredicate::OLE:
    return lessOrEqual(a, b);
  case arith::CmpFPredicate::ONE:
    return less(a, b) || less(b, a);
  case arith::CmpFPredicate::ORD:
    return !isNan(a) && !isNan(b);
  case arith::CmpFPredicate::UEQ:
    return !(less(a, b) || less(b, a));
  case arith::CmpFPredicate::UGT:
    return !lessOrEqual(a, b);
  case arith::CmpFPredicate::UGE:
    return !less(a, b);
  case arith::CmpFPredicate::ULT:
    return !lessOrEqual(b, a);
  case arith::CmpFPredicate::ULE:
    return !less(b, a);
  case arith::CmpFPredicate::UNE:
    return !equal(a, b);
  case arith::CmpFPredicate::UNO:
    return isNan(a) || isNan(b);
  }
  llvm_unreachable("all predicates are listed");
}

//===--------------------------------------------------------------------------------------------------------------------===//
// Integers
//===--------------------------------------------------------------------------------------------------------------------===//

static Halide::Type unsignedOf(Expr a) { return Halide::UInt(a.type().bits()); }

/// Halide takes signed arithmetic of 32 bits and more not to overflow; `arith` lets it wrap. Indices do not overflow.
template <typename Operator>
static Expr wrapping(Operation *op, Expr a, Expr b, Operator apply) {
  if (op->getResult(0).getType().isIndex())
    return apply(a, b);
  return Halide::cast(a.type(), apply(Halide::cast(unsignedOf(a), a), Halide::cast(unsignedOf(a), b)));
}

template <typename Operator>
static Expr asUnsigned(Expr a, Expr b, Operator apply) {
  return Halide::cast(a.type(), apply(Halide::cast(unsignedOf(a), a), Halide::cast(unsignedOf(a), b)));
}

static Expr compareIntegers(arith::CmpIPredicate predicate, Expr a, Expr b) {
  auto natural = [](Expr x) { return Halide::cast(unsignedOf(x), x); };
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return a < b;
  case arith::CmpIPredicate::sle:
    return a <= b;
  case arith::CmpIPredicate::sgt:
    return a > b;
  case arith::CmpIPredicate::sge:
    return a >= b;
  case arith::CmpIPredicate::ult:
    return natural(a) < natural(b);
  case arith::CmpIPredicate::ule:
    return natural(a) <= natural(b);
  case arith::CmpIPredicate::ugt:
    return natural(a) > natural(b);
  case arith::CmpIPredicate::uge:
    return natural(a) >= natural(b);
  }
  llvm_unreachable("all predicates are listed");
}

/// High half of a product of 32-bit words; empty for other widths.
static Expr highHalf(Expr a, Expr b, bool isSigned) {
  if (a.type().bits() != 32)
    return Expr();
  Halide::Type wide = isSigned ? Halide::Int(64) : Halide::UInt(64);
  auto widen = [&](Expr x) { return Halide::cast(wide, isSigned ? x : Halide::cast(Halide::UInt(32), x)); };
  return Halide::cast(a.type(), (widen(a) * widen(b)) >> 32);
}

static Expr makeConstant(arith::ConstantOp op) {
  Halide::Type type = toHalideType(op.getType());
  if (auto real = dyn_cast<FloatAttr>(op.getValue())) {
    APFloat value = real.getValue();
    if (value.isFinite() && !value.isNegZero())
      return Halide::Internal::FloatImm::make(type, real.getValueAsDouble());
    return fromBits(type, constantBits(type, value.bitcastToAPInt().getZExtValue())); // Halide's constants drop NaN payloads and signs of zero
  }
  auto integer = dyn_cast<IntegerAttr>(op.getValue());
  if (!integer)
    return Expr();
  if (type.is_uint())
    return Halide::Internal::UIntImm::make(type, integer.getValue().getZExtValue());
  return Halide::Internal::IntImm::make(type, integer.getValue().getSExtValue());
}

//===--------------------------------------------------------------------------------------------------------------------===//
// Ops
//===--------------------------------------------------------------------------------------------------------------------===//

static Expr convertFloatOp(Operation *op, const std::vector<Expr> &x, Rounding rounding) {
  bool contracted = rounding == Rounding::Contracted;
  auto constantOf = [](Value value) {
    APFloat constant(0.0f);
    return matchPattern(value, m_ConstantFloat(&constant)) ? std::optional(constant) : std::nullopt;
  };
  return llvm::TypeSwitch<Operation *, Expr>(op)
      .Case([&](arith::AddFOp) { return contracted ? x[0] + x[1] : strict(HalideCall::strict_add, x[0], x[1]); })
      .Case([&](arith::MulFOp) { return contracted ? x[0] * x[1] : strict(HalideCall::strict_mul, x[0], x[1]); })
      .Case([&](arith::SubFOp) { return strict(HalideCall::strict_sub, x[0], x[1]); })
      .Case([&](arith::DivFOp) { return strict(HalideCall::strict_div, x[0], x[1]); })
      .Case([&](arith::RemFOp) {
        const char *function = x[0].type().bits() == 64 ? "fmod" : "fmodf"; // of the C library; exact
        return HalideCall::make(x[0].type(), function, x, HalideCall::PureExtern);
      })
      .Case([&](arith::NegFOp) { return fromBits(x[0].type(), toBits(x[0]) ^ constantBits(x[0].type(), signMask(x[0].type()))); })
      .Case([&](arith::CmpFOp compare) { return compareFloats(compare.getPredicate(), x[0], x[1]); })
      .Case([&](arith::MaximumFOp maximum) { return extremum(x[0], x[1], true, constantOf(maximum.getRhs())); })
      .Case([&](arith::MinimumFOp minimum) { return extremum(x[0], x[1], false, constantOf(minimum.getRhs())); })
      .Case<arith::MaxNumFOp, arith::MinNumFOp>([&](auto) {
        Expr best = extremum(x[0], x[1], isa<arith::MaxNumFOp>(op), std::nullopt);
        return choose(isNan(x[0]), x[1], choose(isNan(x[1]), x[0], best));
      })
      .Case([&](math::AbsFOp) { return fromBits(x[0].type(), toBits(x[0]) & constantBits(x[0].type(), signMask(x[0].type()) - 1)); })
      .Case([&](math::CopySignOp) {
        Expr sign = constantBits(x[0].type(), signMask(x[0].type()));
        return fromBits(x[0].type(), (toBits(x[0]) & ~sign) | (toBits(x[1]) & sign));
      })
      // LLVM's intrinsic by its name. Halide calls it lane by lane, and LLVM makes one instruction of the lanes.
      .Case([&](math::FmaOp) { return HalideCall::make(x[0].type(), x[0].type().bits() == 64 ? "llvm.fma.f64" : "llvm.fma.f32", x, HalideCall::PureExtern); })
      .Case([&](math::SqrtOp) { return Halide::sqrt(x[0]); })
      .Case([&](math::FloorOp) { return Halide::floor(x[0]); })
      .Case([&](math::CeilOp) { return Halide::ceil(x[0]); })
      .Case([&](math::TruncOp) { return Halide::trunc(x[0]); })
      .Case([&](math::RoundEvenOp) { return Halide::round(x[0]); })
      .Default(Expr());
}

static Expr convertIntegerOp(Operation *op, ArrayRef<Expr> x) {
  using Halide::div_round_to_zero;
  using Halide::mod_round_to_zero;
  return llvm::TypeSwitch<Operation *, Expr>(op)
      .Case([&](arith::AddIOp) { return wrapping(op, x[0], x[1], [](Expr a, Expr b) { return a + b; }); })
      .Case([&](arith::SubIOp) { return wrapping(op, x[0], x[1], [](Expr a, Expr b) { return a - b; }); })
      .Case([&](arith::MulIOp) { return wrapping(op, x[0], x[1], [](Expr a, Expr b) { return a * b; }); })
      .Case([&](arith::DivSIOp) { return div_round_to_zero(x[0], x[1]); })
      .Case([&](arith::RemSIOp) { return mod_round_to_zero(x[0], x[1]); })
      // Halide's quotient leaves a remainder that is not negative: the floor for a positive divisor, as that of an index is.
      .Case([&](arith::FloorDivSIOp) {
        if (op->getResult(0).getType().isIndex())
          return x[0] / x[1];
        Expr down = mod_round_to_zero(x[0], x[1]) != 0 && (x[0] < 0) != (x[1] < 0);
        return div_round_to_zero(x[0], x[1]) - Halide::cast(x[0].type(), down);
      })
      .Case([&](arith::CeilDivSIOp) {
        if (op->getResult(0).getType().isIndex())
          return (x[0] + x[1] - 1) / x[1];
        Expr up = mod_round_to_zero(x[0], x[1]) != 0 && (x[0] < 0) == (x[1] < 0);
        return div_round_to_zero(x[0], x[1]) + Halide::cast(x[0].type(), up);
      })
      // An index in range is not negative, so its unsigned quotient is its signed one, which Halide's bounds analysis understands.
      .Case([&](arith::DivUIOp) {
        return op->getResult(0).getType().isIndex() ? x[0] / x[1] : asUnsigned(x[0], x[1], [](Expr a, Expr b) { return a / b; });
      })
      .Case([&](arith::CeilDivUIOp) {
        if (op->getResult(0).getType().isIndex())
          return (x[0] + x[1] - 1) / x[1];
        return asUnsigned(x[0], x[1], [](Expr a, Expr b) { return a / b + Halide::cast(a.type(), a % b != 0); });
      })
      .Case([&](arith::RemUIOp) {
        return op->getResult(0).getType().isIndex() ? x[0] % x[1] : asUnsigned(x[0], x[1], [](Expr a, Expr b) { return a % b; });
      })
      .Case([&](arith::AndIOp) { return x[0].type().is_bool() ? x[0] && x[1] : x[0] & x[1]; })
      .Case([&](arith::OrIOp) { return x[0].type().is_bool() ? x[0] || x[1] : x[0] | x[1]; })
      .Case([&](arith::XOrIOp) { return x[0].type().is_bool() ? x[0] != x[1] : x[0] ^ x[1]; })
      .Case([&](arith::ShLIOp) { return asUnsigned(x[0], x[1], [](Expr a, Expr b) { return a << b; }); })
      .Case([&](arith::ShRUIOp) { return asUnsigned(x[0], x[1], [](Expr a, Expr b) { return a >> b; }); })
      .Case([&](arith::ShRSIOp) { return x[0] >> Halide::cast(unsignedOf(x[0]), x[1]); })
      .Case([&](arith::MaxSIOp) { return Halide::max(x[0], x[1]); })
      .Case([&](arith::MinSIOp) { return Halide::min(x[0], x[1]); })
      .Case([&](arith::MaxUIOp) { return asUnsigned(x[0], x[1], [](Expr a, Expr b) { return Halide::max(a, b); }); })
      .Case([&](arith::MinUIOp) { return asUnsigned(x[0], x[1], [](Expr a, Expr b) { return Halide::min(a, b); }); })
      .Case([&](arith::CmpIOp compare) { return compareIntegers(compare.getPredicate(), x[0], x[1]); })
      .Case([&](math::AbsIOp) { return Halide::cast(x[0].type(), Halide::abs(x[0])); })
      .Case([&](math::CountLeadingZerosOp) { return Halide::count_leading_zeros(x[0]); })
      .Case([&](math::CountTrailingZerosOp) { return Halide::count_trailing_zeros(x[0]); })
      .Case([&](math::CtPopOp) { return Halide::popcount(x[0]); })
      .Default(Expr());
}

static Expr convertCast(Operation *op, Expr x) {
  Halide::Type to = toHalideType(op->getResult(0).getType());
  return llvm::TypeSwitch<Operation *, Expr>(op)
      .Case<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp, arith::FPToSIOp, arith::TruncIOp, arith::ExtSIOp, arith::IndexCastOp>([&](auto) {
        if (!x.type().is_bool() || isa<arith::TruncIOp>(op))
          return to.is_bool() ? Halide::cast(Halide::UInt(8), x) % 2 == 1 : Halide::cast(to, x);
        return Halide::select(x, Halide::cast(to, -1), Halide::cast(to, 0)); // a signed bit is 0 or -1
      })
      .Case<arith::ExtUIOp, arith::UIToFPOp, arith::IndexCastUIOp>([&](auto) {
        return Halide::cast(to, x.type().is_bool() ? x : Halide::cast(unsignedOf(x), x));
      })
      .Case([&](arith::FPToUIOp) { return Halide::cast(to, Halide::cast(Halide::UInt(to.bits()), x)); })
      .Case([&](arith::BitcastOp) { return Halide::reinterpret(to, x); })
      .Default(Expr());
}

std::vector<Expr> toHalide(Operation *op, ArrayRef<Expr> x, Rounding rounding) {
  if (auto extended = dyn_cast<arith::MulUIExtendedOp>(op)) {
    if (Expr high = highHalf(x[0], x[1], false); high.defined())
      return {asUnsigned(x[0], x[1], [](Expr a, Expr b) { return a * b; }), high};
    return {};
  }
  if (auto extended = dyn_cast<arith::MulSIExtendedOp>(op)) {
    if (Expr high = highHalf(x[0], x[1], true); high.defined())
      return {asUnsigned(x[0], x[1], [](Expr a, Expr b) { return a * b; }), high};
    return {};
  }
  Expr result;
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    result = makeConstant(constant);
  else if (isa<arith::SelectOp>(op))
    result = choose(x[0], x[1], x[2]);
  else if (op->getNumOperands() == 1 && isa<CastOpInterface>(op))
    result = convertCast(op, x[0]);
  if (!result.defined())
    result = convertFloatOp(op, x.vec(), rounding);
  if (!result.defined())
    result = convertIntegerOp(op, x);
  return result.defined() ? std::vector<Expr>{result} : std::vector<Expr>{};
}

} // namespace costate::codegen
