// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The ops of a stage's body as Halide expressions.
#ifndef COSTATE_COMPILER_CODEGEN_ARITH_TO_HALIDE_H
#define COSTATE_COMPILER_CODEGEN_ARITH_TO_HALIDE_H

#include "mlir/IR/Operation.h"

#include <Halide.h>
#include <vector>

namespace costate::codegen {

/// The Halide type of a scalar, of an element, or (32 bits) of an index. No bits for a type that Halide does not have.
Halide::Type toHalideType(mlir::Type type);

/// How the float arithmetic of an op is rounded.
enum class Rounding {
  Ieee,      ///< every op by itself, special values included
  Contracted ///< a product may be fused with the sum it enters
};

/// The value of `op`, an op of `arith` or `math` with operands `x`, one expression a result. IEEE arithmetic is spelled in
/// Halide's strict operations, so that neither Halide nor LLVM rewrites it. Integers wrap; indices are taken not to. Empty if Halide has no
/// exact form of the op (transcendental functions: expand-math has replaced them before).
std::vector<Halide::Expr> toHalide(mlir::Operation *op, llvm::ArrayRef<Halide::Expr> x, Rounding rounding = Rounding::Ieee);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_ARITH_TO_HALIDE_H
