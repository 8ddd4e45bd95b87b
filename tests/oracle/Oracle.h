// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reference interpreter: what a program means, written without the compiler.
//
// It runs functions of `graph`, `optim`, `scf` and `func` in float64, whatever float type they have, with derivatives from a tape of its own (Tape.h). It
// takes the IR as imported, with requests for derivatives and batches in it, and any IR after the differentiate phase, so
// that a failing test can say which phase broke. It links neither the compiler nor Halide.

#ifndef COSTATE_TESTS_ORACLE_ORACLE_H
#define COSTATE_TESTS_ORACLE_ORACLE_H

#include "costate/tests/oracle/Tape.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace costate::oracle {

/// A C function for graph.extern, the context that it gets first and the pointer that it gets last.
struct ProgramFunction {
  void *address, *context, *data;
};

struct Options {
  /// Round the result of every f32 operation to f32, derivatives too; a measure of what f32 costs. Otherwise f32 is computed as f64.
  bool keepF32 = false;
  /// Is shown what the program prints.
  std::function<void(llvm::StringRef name, const Array &value)> printer = {};
  /// Check the extents of every result against the op's own inference of dimensions.
  bool checkDimensions = true;
  /// What graph.extern calls; nullopt for a name that there is not.
  std::function<std::optional<ProgramFunction>(llvm::StringRef name)> findFunction = nullptr;
};

class Evaluator;

class Oracle {
public:
  /// `module` must outlive the oracle and not change while it runs.
  explicit Oracle(mlir::ModuleOp module, Options options = {});

  /// Results of the function named `function`. inputs: an array per argument, of the argument's kind (f64 for f32 unless keepF32) and static extents.
  /// names: values of dimensions that no argument's shape gives. Errors are emitted at the op that could not be computed: a shape that does
  /// not fit at run time, an op without a rule.
  llvm::FailureOr<std::vector<Array>> run(llvm::StringRef function, llvm::ArrayRef<Array> inputs, const llvm::StringMap<int64_t> &names = {});

  /// The same on nodes: inputs may be variables, whose derivatives the caller may ask for while the oracle lives.
  llvm::FailureOr<Nodes> evaluate(llvm::StringRef function, Nodes inputs, const llvm::StringMap<int64_t> &names = {});

  /// The largest finite magnitude of any value that a function had so far, in any lane or trip: what rounding errors are relative to where
  /// such values cancel. 0 if there was none.
  double largestMagnitude() const;

private:
  std::shared_ptr<Evaluator> evaluator;
};

} // namespace costate::oracle

#endif
