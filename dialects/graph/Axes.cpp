// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace costate::graph {

LogicalResult verifyInRange(Operation *op, StringRef name, ArrayRef<int64_t> axes, int64_t rank) {
  for (int64_t axis : axes)
    if (axis < 0 || axis >= rank)
      return op->emitOpError() << "requires '" << name << "' to lie in [0, " << rank << "), but got " << axis;
  return success();
}

LogicalResult verifyAscending(Operation *op, StringRef name, ArrayRef<int64_t> axes, int64_t rank) {
  if (failed(verifyInRange(op, name, axes, rank)))
    return failure();
  for (auto [previous, next] : llvm::zip(axes.drop_back(axes.empty() ? 0 : 1), axes.drop_front(axes.empty() ? 0 : 1)))
    if (previous >= next)
      return op->emitOpError() << "requires '" << name << "' to ascend, but got " << previous << " before " << next;
  return success();
}

LogicalResult verifyCount(Operation *op, StringRef name, size_t found, size_t required, StringRef what) {
  if (found != required)
    return op->emitOpError() << "requires one entry of '" << name << "' per " << what << " (" << required << "), but got " << found;
  return success();
}

bool mayEqual(int64_t a, int64_t b) { return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b; }

LogicalResult verifyShape(Operation *op, ShapedType type, ArrayRef<int64_t> shape) {
  if (type.getRank() == int64_t(shape.size()) &&
      llvm::all_of(llvm::zip_equal(type.getShape(), shape), [](auto pair) { return mayEqual(std::get<0>(pair), std::get<1>(pair)); }))
    return success();
  return op->emitOpError() << "requires a result of type " << RankedTensorType::get(shape, type.getElementType()) << ", but got " << type;
}

LogicalResult verifyShape(Operation *op, ShapedType type, ArrayAttr shape) {
  RankedTensorType required = typeOf(toDims(shape), type.getElementType());
  if (type.getShape() != required.getShape())
    return op->emitOpError() << "requires a result of type " << required << ", but got " << type;
  return success();
}

SmallVector<int64_t> complement(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> rest;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(axes, axis))
      rest.push_back(axis);
  return rest;
}

} // namespace costate::graph
