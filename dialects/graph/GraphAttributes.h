// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect class and its attributes, apart from the ops: the interfaces need dimensions before any op exists.

#ifndef COSTATE_DIALECTS_GRAPH_GRAPHATTRIBUTES_H
#define COSTATE_DIALECTS_GRAPH_GRAPHATTRIBUTES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"

#include <optional>

#include "costate/dialects/graph/GraphDialect.h.inc"
#include "costate/dialects/graph/GraphEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "costate/dialects/graph/GraphAttributes.h.inc"

namespace costate::graph {

/// Dimensions of one value, an entry per axis.
using Dims = llvm::SmallVector<DimAttr>;

/// The dimensions as the attribute `shape` or `graph.dims` holds them, and back.
mlir::ArrayAttr toArrayAttr(mlir::MLIRContext *context, llvm::ArrayRef<DimAttr> dims);
Dims toDims(mlir::ArrayAttr attr);

/// The tensor type with these extents.
mlir::RankedTensorType typeOf(llvm::ArrayRef<DimAttr> dims, mlir::Type elementType);

/// "[batch, 64]", as messages show a shape.
std::string toString(llvm::ArrayRef<DimAttr> dims);

/// Parse and print of `[sum]` and `[sum, sum ...]`, as ops write dimensions.
mlir::ParseResult parseDim(mlir::AsmParser &parser, DimAttr &dim);
void printDim(mlir::AsmPrinter &printer, mlir::Operation *op, DimAttr dim);
mlir::ParseResult parseExtent(mlir::AsmParser &parser, DimAttr &dim); // the same without brackets
void printExtent(mlir::AsmPrinter &printer, mlir::Operation *op, DimAttr dim);
mlir::ParseResult parseShape(mlir::AsmParser &parser, mlir::ArrayAttr &shape);
void printShape(mlir::AsmPrinter &printer, mlir::Operation *op, mlir::ArrayAttr shape);

/// The same of a list of shapes: `[[n], []]`.
mlir::ParseResult parseShapes(mlir::AsmParser &parser, mlir::ArrayAttr &shapes);
void printShapes(mlir::AsmPrinter &printer, mlir::Operation *op, mlir::ArrayAttr shapes);

/// "digits.costate:7:12" of the first place in a file; else nothing.
std::string placeOf(mlir::Location loc);

/// Product of all dimensions; 1 for a scalar.
DimAttr product(mlir::MLIRContext *context, llvm::ArrayRef<DimAttr> dims);

} // namespace costate::graph

#endif
