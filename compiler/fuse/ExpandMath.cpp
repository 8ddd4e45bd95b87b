// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In:  `math` operations on floats, in any region.
// Out: `arith` operations, and those of `math` that every executor computes exactly or rounds correctly.
//
// Halide's and LLVM's own exp, log, ... differ from each other and between targets, and Halide's lose NaN and infinity; a result must not
// depend on the executor that the cost rule picks. So functions are expanded here, once, before kernels go different ways. The walk keeps
// every op where it was: a pattern driver would move constants out of a stage, whose text is the kernel's identity.
#include "costate/compiler/fuse/MathFunctions.h"
#include "costate/compiler/fuse/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/TypeSwitch.h"

namespace costate::fuse {
#define GEN_PASS_DEF_EXPANDMATH
#include "costate/compiler/fuse/Passes.h.inc"
} // namespace costate::fuse

using namespace mlir;
using namespace costate::fuse;

// What every executor computes exactly or correctly rounded.
static bool mayStay(Operation *op) {
  return isa<math::SqrtOp, math::FloorOp, math::CeilOp, math::RoundEvenOp, math::TruncOp, math::AbsFOp, math::CopySignOp>(op);
}

// Does the op take floats? Integer operations of `math` (absi, ctpop, ...) stay.
static bool isOnFloats(Operation *op) {
  return op->getNumOperands() > 0 && isa<FloatType>(getElementTypeOrSelf(op->getOperand(0).getType()));
}

/// The value of `op` on `x`, as many as it has operands, or null if the table has no such function.
static Value expand(Operation *op, ArrayRef<Real> x) {
  Formula &f = *x[0].formula();
  auto test = [&](Truth truth) { return truth.value; };
  auto real = [&](Real y) { return y.in(f); };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp) { return real(exp(x[0])); })
      .Case([&](math::ExpM1Op) { return real(expm1(x[0])); })
      .Case([&](math::LogOp) { return real(log(x[0])); })
      .Case([&](math::Log1pOp) { return real(log1p(x[0])); })
      .Case([&](math::PowFOp) { return real(pow(x[0], x[1])); })
      .Case([&](math::TanhOp) { return real(tanh(x[0])); })
      .Case([&](math::ErfOp) { return real(erf(x[0])); })
      .Case([&](math::SinOp) { return real(sin(x[0])); })
      .Case([&](math::CosOp) { return real(cos(x[0])); })
      .Case([&](math::AtanOp) { return real(atan(x[0])); })
      .Case([&](math::Atan2Op) { return real(atan2(x[0], x[1])); })
      .Case([&](math::RsqrtOp) { return real(1.0 / Real(f, f.make<math::SqrtOp>(x[0].in(f)))); })
      .Case([&](math::IsNaNOp) { return test(anyNaN(x[0], x[0])); })
      .Case([&](math::IsInfOp) { return test(magnitude(x[0]) == infinity); })
      .Case([&](math::IsFiniteOp) { return test(magnitude(x[0]) < infinity); })
      .Default([](Operation *) { return Value(); });
}

/// Expands one op in place. Storage types narrower than f32 compute in f32.
static LogicalResult expandInPlace(Operation *op) {
  OpBuilder builder(op);
  Type type = op->getOperand(0).getType();
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  bool isNarrow = element.isF16() || element.isBF16();
  if (!isNarrow && !element.isF32() && !element.isF64())
    return op->emitOpError("requires f16, bf16, f32 or f64, but got ") << type;

  auto shaped = dyn_cast<ShapedType>(type);
  Type wide = !isNarrow ? type : shaped ? Type(shaped.clone(builder.getF32Type())) : builder.getF32Type();
  Formula formula(builder, op->getLoc(), wide);
  SmallVector<Real> operands;
  for (Value operand : op->getOperands())
    operands.push_back(Real(formula, isNarrow ? formula.make<arith::ExtFOp>(wide, operand) : operand));

  Value result = expand(op, operands);
  if (!result)
    return op->emitOpError("requires an expansion into arithmetic, but fuse-expand-math has none");
  if (isNarrow && result.getType() == wide)
    result = formula.make<arith::TruncFOp>(op->getResult(0).getType(), result);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

namespace {

struct ExpandMath : costate::fuse::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_nonnull<math::MathDialect>(op->getDialect()) && isOnFloats(op) && !mayStay(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (failed(expandInPlace(op)))
        signalPassFailure(); // and name the others too
  }
};

} // namespace
