// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small random programs: a function of many ops, inputs for it, and a chain of requests around it.

#ifndef COSTATE_TESTS_RANDOM_GENERATOR_H
#define COSTATE_TESTS_RANDOM_GENERATOR_H

#include "costate/tests/oracle/Array.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace costate::random {

/// A request around a function; `over` holds for map only.
struct Transform {
  enum Kind { Vjp, Jvp, Map } kind;
  llvm::SmallVector<bool> over;
};

struct Program {
  uint64_t seed = 0;
  /// Holds the private function @f, the functions it calls, and the arena @p.
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// Arguments of @f, as f64 for any float type.
  std::vector<oracle::Array> inputs;
  llvm::StringMap<int64_t> names;
  /// Applied to @f, the first one first.
  std::vector<Transform> transforms;
  /// Whether inputs hold NaN, infinities and zeros of either sign; then nothing asks for a derivative.
  bool isSpecial = false;

  Program clone() const;
};

/// Erases functions that nobody calls and ops that nobody reads: they are no part of a program.
void removeDead(mlir::ModuleOp module);

/// The program with this seed; equal on every machine. `depth`: number of transforms.
Program generate(mlir::MLIRContext *context, uint64_t seed, int depth);

/// Adds the transforms to the module; the outermost function, and its inputs in `inputs`. `results` computes a function's results, which the
/// inputs of a vjp are shaped after. Fails if it does.
using Results = llvm::function_ref<llvm::FailureOr<std::vector<oracle::Array>>(mlir::func::FuncOp, llvm::ArrayRef<oracle::Array>)>;
llvm::FailureOr<mlir::func::FuncOp> applyTransforms(mlir::ModuleOp module, const Program &program, Results results,
                                                    std::vector<oracle::Array> &inputs);

/// The smallest program found that still fails: transforms, results and ops are taken away one at a time.
Program shrink(Program program, llvm::function_ref<bool(const Program &)> fails);

/// The program with its requests as a file that costate-values runs: inputs, and the results that `evaluate` gives.
using Evaluate = llvm::function_ref<llvm::FailureOr<std::vector<oracle::Array>>(mlir::ModuleOp, mlir::func::FuncOp, llvm::ArrayRef<oracle::Array>)>;
std::string toText(const Program &program, Evaluate evaluate);

} // namespace costate::random

#endif
