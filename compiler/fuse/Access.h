// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What kernel formation knows of graph ops: how they take part in kernels, which axes of their operands run with which axes of their
/// results, how often they read an element, what an element costs.
#ifndef COSTATE_COMPILER_FUSE_ACCESS_H
#define COSTATE_COMPILER_FUSE_ACCESS_H

#include "costate/compiler/fuse/DimensionValues.h"
#include "costate/dialects/graph/Dimensions.h"

#include "mlir/IR/Operation.h"
#include "llvm/IR/ConstantRange.h"

namespace costate::fuse {

/// The kernel (an i64, counted through the module) that computes the value of an op and keeps it; an op of kind Map without it is computed
/// where it is used.
inline constexpr llvm::StringLiteral kKernelAttr = "fuse.kernel";
/// Attribute of a call until its stages are exposed: the dimension that each index input is, unit for the others.
inline constexpr llvm::StringLiteral kExtentsAttr = "fuse.extents";

enum class Kind {
  Host, ///< no part of a kernel: control flow, extern functions, views, scalars
  Map,  ///< each element is an expression of elements of the operands: may be computed wherever it is used
  Stage ///< needs updates over a domain: computed once, by a kernel
};
Kind kindOf(mlir::Operation *op);

/// Does each element depend on the one before it along the attribute `axis`?
bool isCumulative(mlir::Operation *op);
/// Does it change places of its operand that operand 1 names, one after the other? The first `batch_dims` axes are shared.
bool isScatter(mlir::Operation *op);

/// Is it operand 0 with some places changed?
bool isWrite(mlir::Operation *op);
/// The value that `value` is under another shape.
mlir::Value storageOf(mlir::Value value);

/// Is `value` in memory (or a scalar) when a kernel that uses it begins?
bool isAvailable(mlir::Value value);

/// A reshape of an available value: the same memory under another shape.
bool isView(mlir::Operation *op);

/// The result axes that the axes of operand `operand` of `op` equal, or -1, given such a list for the axes of the result of `op`.
llvm::SmallVector<int64_t> traceAxes(mlir::OpOperand &operand, llvm::ArrayRef<int64_t> axes, graph::Dimensions &dimensions);

/// An available value that an op reads, directly or through what is computed in place, and how the axes correspond.
struct Read {
  mlir::Value value;
  llvm::SmallVector<int64_t> axes; ///< the reader's axis that each axis of the value runs with, or -1
};
/// All reads of an op whose value is kept, without repetition.
llvm::SmallVector<Read> readsOf(mlir::Operation *op, graph::Dimensions &dimensions);

/// Arithmetic operations to compute one element from elements of the operands.
int64_t costOf(mlir::Operation *op);

/// How often each element of the operand is read, on average, for one evaluation of all elements of the op's result.
double readsPerElement(mlir::OpOperand &operand, graph::Dimensions &dimensions, const Hints &hints);

/// The integers that elements of `value` may be, whatever the arguments are.
llvm::ConstantRange rangeOf(mlir::Value value, graph::Dimensions &dimensions);

/// Which axes of two shapes with equal products correspond: pairs of runs [first, last) whose products are equal and which cannot be cut
/// further.
struct AxisRun {
  unsigned firstFrom, lastFrom, firstTo, lastTo;
};
llvm::SmallVector<AxisRun> matchAxes(llvm::ArrayRef<graph::DimAttr> from, llvm::ArrayRef<graph::DimAttr> to);

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_ACCESS_H
