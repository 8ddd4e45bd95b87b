// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emits graph ops on tensors whose dimensions are known as expressions. What a user may get wrong is checked by the
// callers; here operands fit, and types and dimensions of results follow from them.
#ifndef COSTATE_FRONTENDS_TENSORBUILDER_H
#define COSTATE_FRONTENDS_TENSORBUILDER_H

#include "costate/frontends/Values.h"

namespace costate::importer {

/// Marks the extent of an open shape that is asked for as the number of elements, not as the length of an axis.
inline constexpr llvm::StringLiteral kSizeAttr = "size";

class TensorBuilder {
public:
  explicit TensorBuilder(mlir::MLIRContext *context) : builder(context) {}

  mlir::OpBuilder builder;
  mlir::Location location = builder.getUnknownLoc(); // of the ops to come

  graph::DimAttr dim(int64_t n) { return graph::DimAttr::get(builder.getContext(), n); }
  graph::DimAttr dim(llvm::StringRef name) { return graph::DimAttr::get(builder.getContext(), name); }
  /// The extent of a parameter whose shape is open: one axis stands for all that it may have. No model can give a dimension this name.
  graph::DimAttr openExtent() { return dim("param.size"); }
  bool isOpen(llvm::ArrayRef<graph::DimAttr> dims) { return llvm::is_contained(dims, openExtent()); }

  //===--- Values from nothing --------------------------------------------===//

  /// A scalar; `element` is a float or integer type, bool among them.
  Tensor constant(mlir::Type element, const Number &number);
  Tensor full(mlir::Type element, llvm::ArrayRef<graph::DimAttr> dims, const Number &number);
  /// Numbers in row-major order of a static shape.
  Tensor constant(mlir::Type element, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<Number> numbers);
  Tensor extent(graph::DimAttr dim); // i64
  /// The number of elements of `x`, i64.
  Tensor size(const Tensor &x);
  Tensor iota(mlir::Type element, llvm::ArrayRef<graph::DimAttr> dims, int64_t axis);
  Tensor random(graph::Distribution distribution, mlir::Type element, const Tensor &key, int64_t site,
                llvm::ArrayRef<graph::DimAttr> dims);

  //===--- Elementwise ----------------------------------------------------===//

  template <typename Op> Tensor unary(const Tensor &x) {
    return like(x, Op::create(builder, location, x.value.getType(), x.value));
  }
  /// Operands of one type and shape.
  template <typename Op> Tensor binary(const Tensor &a, const Tensor &b) {
    return like(a.arena ? a : b, Op::create(builder, location, a.value.getType(), a.value, b.value));
  }
  Tensor compare(graph::ComparisonDirection direction, const Tensor &a, const Tensor &b);
  Tensor select(const Tensor &condition, const Tensor &a, const Tensor &b);
  Tensor convert(const Tensor &x, mlir::Type element);
  Tensor multiply(const Tensor &a, const Tensor &b) { return binary<graph::MultiplyOp>(a, b); }

  /// Larger where x is smaller: -x, of integers their complement, which has no overflow. Twice, it is x.
  Tensor mirror(const Tensor &x) {
    return mlir::isa<mlir::FloatType>(x.elementType()) ? unary<graph::NegateOp>(x) : unary<graph::NotOp>(x);
  }

  //===--- Shape ----------------------------------------------------------===//

  /// NumPy's rule: axes are aligned from the last; missing ones and those of extent 1 are repeated.
  Tensor broadcast(const Tensor &x, llvm::ArrayRef<graph::DimAttr> dims);
  /// Axis i of `x` becomes axis places[i].
  Tensor broadcast(const Tensor &x, llvm::ArrayRef<int64_t> places, llvm::ArrayRef<graph::DimAttr> dims);
  Tensor reshape(const Tensor &x, llvm::ArrayRef<graph::DimAttr> dims);
  Tensor transpose(const Tensor &x, llvm::ArrayRef<int64_t> permutation);
  Tensor slice(const Tensor &x, llvm::ArrayRef<graph::DimAttr> starts, llvm::ArrayRef<graph::DimAttr> sizes,
               llvm::ArrayRef<int64_t> strides);
  Tensor dynamicSlice(const Tensor &x, llvm::ArrayRef<Tensor> starts, llvm::ArrayRef<graph::DimAttr> sizes);
  Tensor concatenate(llvm::ArrayRef<Tensor> parts, int64_t axis);
  Tensor pad(const Tensor &x, const Tensor &value, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high);
  Tensor reverse(const Tensor &x, llvm::ArrayRef<int64_t> axes);

  //===--- Contraction, reduction, indexing -------------------------------===//

  Tensor dot(const Tensor &a, const Tensor &b, llvm::ArrayRef<int64_t> aBatch, llvm::ArrayRef<int64_t> bBatch,
             llvm::ArrayRef<int64_t> aContracted, llvm::ArrayRef<int64_t> bContracted);
  /// Sliding windows: [n, spatial.., c] and [spatial.., c, o]; all lists have an entry per spatial axis, whose extents are static.
  Tensor convolution(const Tensor &x, const Tensor &kernel, llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> low,
                     llvm::ArrayRef<int64_t> high, llvm::ArrayRef<int64_t> dilation);
  template <typename Op> Tensor reduce(const Tensor &x, llvm::ArrayRef<int64_t> axes) {
    if (axes.empty())
      return x;
    graph::Dims dims = without(x.dims, axes);
    return {Op::create(builder, location, graph::typeOf(dims, x.elementType()), x.value, axes), dims, {}};
  }
  template <typename Op> Tensor argReduce(const Tensor &x, int64_t axis) {
    graph::Dims dims = without(x.dims, axis);
    return {Op::create(builder, location, graph::typeOf(dims, builder.getI32Type()), x.value, axis), dims, {}};
  }
  Tensor softmax(const Tensor &x, llvm::ArrayRef<int64_t> axes);
  template <typename Op> Tensor cumulative(const Tensor &x, int64_t axis, bool reverse) {
    return {Op::create(builder, location, x.value.getType(), x.value, axis, reverse), x.dims, {}};
  }
  Tensor linearRecurrence(const Tensor &a, const Tensor &b, int64_t axis, bool reverse);
  Tensor gather(const Tensor &x, const Tensor &indices, int64_t batchDims);
  /// scatter, scatter_add or scatter_max.
  template <typename Op> Tensor scatter(const Tensor &x, const Tensor &indices, const Tensor &updates, int64_t batchDims = 0) {
    return {Op::create(builder, location, x.value.getType(), x.value, indices.value, updates.value, batchDims), x.dims, {}};
  }
  Tensor dynamicUpdateSlice(const Tensor &x, const Tensor &update, llvm::ArrayRef<Tensor> starts);
  /// By the first, the others alike.
  std::vector<Tensor> sort(llvm::ArrayRef<Tensor> operands, int64_t axis);
  std::pair<Tensor, Tensor> topK(const Tensor &x, graph::DimAttr k);
  Tensor foldIn(const Tensor &key, const Tensor &data);

  //===--- Parameter sets -------------------------------------------------===//

  Tensor leaf(const Tensor &arena, llvm::StringRef path, llvm::ArrayRef<int64_t> shape);
  Tensor pack(const ParameterSet &set, llvm::ArrayRef<Tensor> leaves); // those that are not tied, in order
  Tensor pack(const ParameterSet &set, llvm::ArrayRef<llvm::StringRef> paths, llvm::ArrayRef<Tensor> leaves); // the others are zeros
  /// base[i], but values[k] where i lies in a range of group k: a scalar for each element of an arena.
  Tensor piecewise(const ParameterSet &set, const Tensor &base, llvm::ArrayRef<std::pair<int64_t, Tensor>> values);
  /// Whether an element of an arena belongs to a frozen leaf.
  Tensor frozen(const ParameterSet &set);

  graph::Dims staticDims(llvm::ArrayRef<int64_t> shape);
  static graph::Dims without(llvm::ArrayRef<graph::DimAttr> dims, llvm::ArrayRef<int64_t> axes);

private:
  Tensor inside(const ParameterSet &set, llvm::ArrayRef<ParameterSet::Range> ranges);
  static Tensor like(const Tensor &x, mlir::Value value) { return {value, x.dims, x.arena}; }
  mlir::ArrayAttr attr(llvm::ArrayRef<graph::DimAttr> dims) { return graph::toArrayAttr(builder.getContext(), dims); }
  mlir::Attribute element(mlir::Type type, const Number &number);
};

} // namespace costate::importer

#endif // COSTATE_FRONTENDS_TENSORBUILDER_H
