// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Dimensions as numbers at run time: index arithmetic on the names that the arguments of a function bind.
#ifndef COSTATE_COMPILER_FUSE_DIMENSION_VALUES_H
#define COSTATE_COMPILER_FUSE_DIMENSION_VALUES_H

#include "costate/dialects/graph/GraphAttributes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace costate::fuse {

/// `dim` as an index, given the index of each name. Constants fold.
mlir::Value emitDim(mlir::OpBuilder &builder, mlir::Location loc, graph::DimAttr dim, llvm::function_ref<mlir::Value(llvm::StringRef)> name);

/// The dimensions of one function, each computed once at its start. A name is bound by an axis of an argument that is that name alone
/// (`graph.dims`), or by an `index` argument (`graph.dim_name`).
class FunctionDims {
public:
  explicit FunctionDims(mlir::func::FuncOp function);

  /// The index, or null, with a diagnostic, if the function does not bind a name of `dim`.
  mlir::Value get(graph::DimAttr dim);

  /// The index of `a + b`, computed from those of the two.
  mlir::Value getSum(graph::DimAttr a, graph::DimAttr b);

private:
  /// Puts the builder behind the dimension computed last.
  void resume();

  mlir::func::FuncOp function;
  mlir::OpBuilder builder;
  mlir::Operation *last = nullptr; ///< the dimension computed last, after which the next one is put
  llvm::DenseMap<graph::DimAttr, mlir::Value> known;
};

/// Likely values of names: cost rules read them, results never depend on them. A name without one counts 32.
class Hints {
public:
  Hints() = default;
  /// `entries`: "name=value".
  explicit Hints(llvm::ArrayRef<std::string> entries);

  int64_t of(graph::DimAttr dim) const;
  /// Number of points of an index space.
  int64_t points(llvm::ArrayRef<graph::DimAttr> dims) const;

private:
  llvm::StringMap<int64_t> values;
};

/// Names that the arguments of `function` bind, in the order of the arguments.
llvm::SmallVector<llvm::StringRef> boundNames(mlir::func::FuncOp function);

/// What an entry asks of the extents that a call brings (`graph.requires`): without what holds anyway or follows from another requirement.
class Requirements {
public:
  explicit Requirements(mlir::func::FuncOp entry);
  /// `dim` >= 0. Nothing is said of a name that no argument has.
  void add(graph::DimAttr dim, mlir::Location loc);
  /// Puts them on the entry.
  void write();

private:
  mlir::func::FuncOp entry;
  llvm::SmallVector<llvm::StringRef> names;
  llvm::SmallVector<mlir::Attribute> found;
};

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_DIMENSION_VALUES_H
