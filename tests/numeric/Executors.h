// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ways a program can be run; all must agree.

#ifndef COSTATE_TESTS_NUMERIC_EXECUTORS_H
#define COSTATE_TESTS_NUMERIC_EXECUTORS_H

#include "costate/compiler/api/Externs.h"
#include "costate/tests/oracle/Oracle.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <memory>

namespace costate::numeric {

/// A module made ready to run. Its entries are functions whose arguments are inputs and whose results are outputs.
class Program {
public:
  virtual ~Program() = default;
  /// Results of an entry. like: arrays with the shapes and kinds of the results. names: values of all dimensions of the entry.
  virtual llvm::FailureOr<std::vector<oracle::Array>> run(llvm::StringRef entry, llvm::ArrayRef<oracle::Array> inputs,
                                                          llvm::ArrayRef<oracle::Array> like, const llvm::StringMap<int64_t> &names) = 0;
};

struct Executor {
  std::string name;
  /// Whether f32 is computed as f32; if not, results agree to f64's precision.
  bool isF32;
  /// Whether it takes long to compile, so that it is left out for programs which add nothing to its proof.
  bool isSlow;
  /// Compiles a module after import, which is not changed. Fails with diagnostics.
  std::function<llvm::FailureOr<std::unique_ptr<Program>>(mlir::ModuleOp)> prepare;
};

/// The module with f64 for f32 in every type and constant: f32 constants keep their value.
mlir::OwningOpRef<mlir::ModuleOp> inF64(mlir::ModuleOp module);

/// The oracle on the IR after the differentiate phase, in f64; then, if `compiled`, machine code: every kernel as loops in f64, then as
/// loops and by Halide in the types that are written; for random programs also by loops with everything streamed that can be, two rows at a time,
/// and by Halide with a random schedule for each kernel. externs: what graph.extern calls.
std::vector<Executor> allExecutors(bool compiled, bool random = false, const Externs &externs = {});

/// Options of an oracle that calls these functions, which outlive it.
oracle::Options optionsWith(const Externs &externs);

} // namespace costate::numeric

#endif
