// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes graph ops at one place. It knows the dimensions of what it touches, so a rule reads as its formula.

#ifndef COSTATE_DIALECTS_GRAPH_EMITTER_H
#define COSTATE_DIALECTS_GRAPH_EMITTER_H

#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"

namespace costate::graph {

/// Operands of a binary op have one shape; `double` operands become splats of the other's shape and element type.
class Emitter {
public:
  Emitter(mlir::OpBuilder &builder, mlir::Location loc, Dimensions &dimensions) : builder(builder), loc(loc), dimensions(dimensions) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;

  /// Creates any op.
  template <typename Op, typename... Args>
  Op create(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...);
  }

  /// Dimensions of a value.
  Dims dims(mlir::Value value) { return dimensions.of(value); }
  DimAttr dim(int64_t value) { return DimAttr::get(builder.getContext(), value); }
  Dimensions &analysis() { return dimensions; }

  //===--- Elementwise ---===//
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, double b) { return add(a, splat(b, a)); }
  mlir::Value sub(double a, mlir::Value b) { return sub(splat(a, b), b); }
  mlir::Value mul(mlir::Value a, double b) { return mul(a, splat(b, a)); }
  mlir::Value div(double a, mlir::Value b) { return div(splat(a, b), b); }
  mlir::Value neg(mlir::Value a);
  mlir::Value square(mlir::Value a) { return mul(a, a); }
  template <typename Op>
  mlir::Value unary(mlir::Value a) {
    return create<Op>(a.getType(), a);
  }
  mlir::Value compare(ComparisonDirection direction, mlir::Value a, mlir::Value b);
  mlir::Value compare(ComparisonDirection direction, mlir::Value a, double b) { return compare(direction, a, splat(b, a)); }
  mlir::Value select(mlir::Value pred, mlir::Value a, mlir::Value b);
  mlir::Value convert(mlir::Value a, mlir::Type elementType);

  //===--- Shapes ---===//
  /// `value` everywhere, with the shape and element type of `like`.
  mlir::Value splat(double value, mlir::Value like);
  mlir::Value splat(double value, llvm::ArrayRef<DimAttr> shape, mlir::Type elementType);
  mlir::Value zerosLike(mlir::Value like) { return splat(0.0, like); }
  mlir::Value broadcast(mlir::Value a, llvm::ArrayRef<int64_t> places, llvm::ArrayRef<DimAttr> shape);
  /// The inverse shape of a reduction over `axes`: `a` repeated along them, in the shape of `like`.
  mlir::Value spread(mlir::Value a, llvm::ArrayRef<int64_t> axes, mlir::Value like);
  mlir::Value reshape(mlir::Value a, llvm::ArrayRef<DimAttr> shape);
  mlir::Value transpose(mlir::Value a, llvm::ArrayRef<int64_t> permutation);
  /// Exchanges the last two axes.
  mlir::Value transposeMatrix(mlir::Value a);
  mlir::Value slice(mlir::Value a, llvm::ArrayRef<DimAttr> starts, llvm::ArrayRef<DimAttr> sizes, llvm::ArrayRef<int64_t> strides);
  mlir::Value pad(mlir::Value a, mlir::Value value, llvm::ArrayRef<DimAttr> low, llvm::ArrayRef<DimAttr> high, llvm::ArrayRef<int64_t> interior);
  mlir::Value concatenate(mlir::ValueRange parts, int64_t axis);
  mlir::Value iota(int64_t axis, llvm::ArrayRef<DimAttr> shape, mlir::Type elementType);

  //===--- Sums and products ---===//
  mlir::Value sum(mlir::Value a, llvm::ArrayRef<int64_t> axes);
  /// Sum over all axes.
  mlir::Value sum(mlir::Value a);
  mlir::Value dot(mlir::Value a, mlir::Value b, llvm::ArrayRef<int64_t> aBatching, llvm::ArrayRef<int64_t> bBatching,
                  llvm::ArrayRef<int64_t> aContracting, llvm::ArrayRef<int64_t> bContracting);
  /// Product of matrices in the last two axes; leading axes are shared.
  mlir::Value matmul(mlir::Value a, mlir::Value b);
  /// The lower triangle of the last two axes, zero above; `diagonal` scales the diagonal.
  mlir::Value lowerTriangle(mlir::Value a, double diagonal = 1.0) { return triangle(a, /*isLower=*/true, diagonal); }
  /// The upper triangle, likewise.
  mlir::Value upperTriangle(mlir::Value a, double diagonal = 1.0) { return triangle(a, /*isLower=*/false, diagonal); }
  /// Where an element of `like` stands on the diagonal of the last two axes.
  mlir::Value onDiagonal(mlir::Value like);

  //===--- Indexing ---===//
  mlir::Value gather(mlir::Value a, mlir::Value indices, int64_t batchDims);
  mlir::Value scatterAdd(mlir::Value a, mlir::Value indices, mlir::Value updates, int64_t batchDims);

  //===--- Host scalars, for loops that a transform writes ---===//
  mlir::Value index(int64_t value);
  /// The value of a dimension as an index.
  mlir::Value index(DimAttr dim);
  /// tensor<i64> that holds an index.
  mlir::Value fromIndex(mlir::Value index);
  /// Block `i` along a leading axis, without that axis; and `a` with that block replaced. i: an index, or a tensor of one integer.
  mlir::Value readLane(mlir::Value a, mlir::Value index);
  mlir::Value writeLane(mlir::Value a, mlir::Value lane, mlir::Value index);

protected:
  Dimensions &dimensions;

private:
  /// How the row and the column of an element of `like` compare.
  mlir::Value compareIndices(ComparisonDirection direction, mlir::Value like);
  mlir::Value triangle(mlir::Value a, bool isLower, double diagonal);
};

} // namespace costate::graph

#endif
