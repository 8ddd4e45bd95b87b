// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that carry their own test (Check.td), and requests for their derivatives and batches as further functions.

#ifndef COSTATE_TESTS_ORACLE_CHECK_H
#define COSTATE_TESTS_ORACLE_CHECK_H

#include "costate/tests/oracle/Array.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"

#include "costate/tests/oracle/CheckDialect.h.inc"

namespace costate::check {

using oracle::Array;
using mlir::func::FuncOp;

inline constexpr llvm::StringLiteral kValueAttr = "check.value";
inline constexpr llvm::StringLiteral kRandomAttr = "check.random";
inline constexpr llvm::StringLiteral kShapeAttr = "check.shape";
inline constexpr llvm::StringLiteral kCloseAttr = "check.close";
inline constexpr llvm::StringLiteral kF32Attr = "check.f32";
inline constexpr llvm::StringLiteral kGradientAttr = "check.gradient";
inline constexpr llvm::StringLiteral kSecondAttr = "check.second";
inline constexpr llvm::StringLiteral kMapAttr = "check.map";
inline constexpr llvm::StringLiteral kConstantAttr = "check.constant";

/// Random elements in [low, high): a function of seed and position. Integers are uniform in [low, high].
Array randomArray(oracle::Kind kind, llvm::ArrayRef<int64_t> shape, double low, double high, uint64_t seed);

/// The values that the attributes of a function give its arguments. Errors: an argument without a value, or of another type.
llvm::FailureOr<std::vector<Array>> inputsOf(FuncOp function);
/// Other values, where named dimensions have extents from 1 to 6 that `draw` chooses; none if an argument is given, or no dimension has a name.
std::optional<std::vector<Array>> inputsAtRandom(FuncOp function, uint64_t draw);

//===----------------------------------------------------------------------===//
// Requests as functions. Each adds a private function to the module and copies the dimensions of arguments and results.
//===----------------------------------------------------------------------===//

/// The float arguments of a function.
llvm::SmallVector<int64_t> floatArguments(FuncOp function);
/// (arguments, a cotangent per float result) -> (values, a gradient per argument in `wrt`). Named NAME.vjp.
FuncOp addVjp(FuncOp function, llvm::ArrayRef<int64_t> wrt);
inline FuncOp addVjp(FuncOp function) { return addVjp(function, floatArguments(function)); }
/// (arguments, a tangent per argument in `along`) -> (values, a tangent per float result). Named NAME.jvp.
FuncOp addJvp(FuncOp function, llvm::ArrayRef<int64_t> along);
inline FuncOp addJvp(FuncOp function) { return addJvp(function, floatArguments(function)); }
/// Arguments for which `over` holds and all results get an axis of lanes in front. Named NAME.map, with `over` as 0 and 1.
FuncOp addMap(FuncOp function, llvm::ArrayRef<bool> over);

/// Inputs of the functions that these make, from inputs of `function` and its results. Lanes differ: reals are scaled, integers rotated.
std::vector<Array> vjpInputs(std::vector<Array> inputs, llvm::ArrayRef<Array> results);
std::vector<Array> jvpInputs(std::vector<Array> inputs);
std::vector<Array> mapInputs(std::vector<Array> inputs, llvm::ArrayRef<bool> over, int64_t lanes);

/// Adds an entry of a model that calls `function` and makes the latter private, as requests demand of what they name. Arguments are inputs x0, x1 ...,
/// results outputs y0, y1 ...
FuncOp addEntry(FuncOp function, llvm::StringRef name);

} // namespace costate::check

#endif
