// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The value of an elementwise graph op at one point, in `arith` and `math`: one table for host scalars and for the bodies of stages.
#ifndef COSTATE_COMPILER_FUSE_SCALAR_MATH_H
#define COSTATE_COMPILER_FUSE_SCALAR_MATH_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/Operation.h"

#include <array>

namespace costate::fuse {

/// The type of a scalar in arithmetic: integers without sign. Whether an op counts them unsigned (i1 and ui8) is in the graph op's types.
mlir::Type arithmeticType(mlir::Type elementType);

/// The value of `op`, which has the trait Elementwise, for scalar operands of the arithmetic types of its operands. Null, with a diagnostic
/// at `op`, for an element type that has no arithmetic (f16 and bf16 are storage only).
mlir::Value emitScalar(mlir::OpBuilder &builder, mlir::Operation *op, mlir::ValueRange operands);

/// Combines two partial results of the reduction, running or scattering op: sum, product, maximum or minimum (of values, or of order keys).
mlir::Value emitCombine(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Value lhs, mlir::Value rhs);

/// factor * value + term of the element type of `op`, rounded twice.
mlir::Value emitMultiplyAdd(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Value factor, mlir::Value value, mlir::Value term);

/// What `emitCombine` leaves unchanged: 0, 1, -inf or the least integer, +inf or the largest integer.
mlir::TypedAttr getIdentity(mlir::Operation *op, mlir::Type elementType);

/// Is `op` a maximum or minimum of floats, whose partial results may be order keys?
bool hasOrderKeys(mlir::Operation *op);

/// The order key of a float: an integer of its width. Keys are ordered as floats are, -0 before 0, and those of NaNs lie on the side that `op` lets win. A maximum
/// of integers is one instruction, one of floats that keeps NaN and signs of zeros is a chain of eight.
mlir::Value emitOrderKey(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Value value);

/// The order key of what `emitCombine` leaves unchanged, for values of float type `type`.
mlir::TypedAttr getIdentityKey(mlir::Operation *op, mlir::Type type);

/// The float of an order key, of float type `type`.
mlir::Value emitFromOrderKey(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Value key, mlir::Type type);

/// The constant `value` of a float or integer type.
mlir::Value emitConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, double value);

/// The element that all elements of a constant equal.
mlir::Value emitSplat(mlir::OpBuilder &builder, mlir::Location loc, mlir::ElementsAttr value);

/// The four i32 words of philox4x32-10 (Salmon et al. 2011) for i32 words of counter and key.
std::array<mlir::Value, 4> emitPhilox(mlir::OpBuilder &builder, mlir::Location loc, std::array<mlir::Value, 4> counter,
                                      std::array<mlir::Value, 2> key);

/// Element `flat` (i64) of the draws of `op`, a graph.random, for `key` (i64).
mlir::Value emitRandom(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Value key, mlir::Value flat);

/// Low and high word (i32) of an i64.
std::array<mlir::Value, 2> emitWords(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value wide);

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_SCALAR_MATH_H
