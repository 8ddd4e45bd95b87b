// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks and arithmetic on lists of axes, shared by the verifiers.

#ifndef COSTATE_DIALECTS_GRAPH_AXES_H
#define COSTATE_DIALECTS_GRAPH_AXES_H

#include "costate/dialects/graph/GraphAttributes.h"
#include "mlir/IR/Operation.h"

namespace costate::graph {

/// C: `axes` lie in [0, rank); `name` is the attribute's, for the message.
llvm::LogicalResult verifyInRange(mlir::Operation *op, llvm::StringRef name, llvm::ArrayRef<int64_t> axes, int64_t rank);

/// C: `axes` ascend, differ and lie in [0, rank).
llvm::LogicalResult verifyAscending(mlir::Operation *op, llvm::StringRef name, llvm::ArrayRef<int64_t> axes, int64_t rank);

/// C: `count` entries in `name`, one per `what`.
llvm::LogicalResult verifyCount(mlir::Operation *op, llvm::StringRef name, size_t found, size_t required, llvm::StringRef what);

/// C: static extents of `type` agree with those of `shape`; a dynamic one agrees with any.
llvm::LogicalResult verifyShape(mlir::Operation *op, mlir::ShapedType type, llvm::ArrayRef<int64_t> shape);

/// C: as above, against an attribute; here a name demands a dynamic extent.
llvm::LogicalResult verifyShape(mlir::Operation *op, mlir::ShapedType type, mlir::ArrayAttr shape);

/// Whether two extents can be equal at run time.
bool mayEqual(int64_t a, int64_t b);

/// The axes of a rank that `axes` does not name, ascending.
llvm::SmallVector<int64_t> complement(llvm::ArrayRef<int64_t> axes, int64_t rank);

/// The entries of `list` at `axes`.
template <typename List>
auto take(const List &list, llvm::ArrayRef<int64_t> axes) {
  llvm::SmallVector<std::decay_t<decltype(list[0])>> taken;
  for (int64_t axis : axes)
    taken.push_back(list[axis]);
  return taken;
}

/// (`batching` [..] x [..])? `contracting` [..] x [..], as dot_general writes its axes.
mlir::ParseResult parseDotAxes(mlir::OpAsmParser &parser, mlir::DenseI64ArrayAttr &lhsBatching, mlir::DenseI64ArrayAttr &rhsBatching,
                               mlir::DenseI64ArrayAttr &lhsContracting, mlir::DenseI64ArrayAttr &rhsContracting);
void printDotAxes(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::DenseI64ArrayAttr lhsBatching,
                  mlir::DenseI64ArrayAttr rhsBatching, mlir::DenseI64ArrayAttr lhsContracting, mlir::DenseI64ArrayAttr rhsContracting);

} // namespace costate::graph

#endif
