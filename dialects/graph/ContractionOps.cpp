// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Graph.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

//===----------------------------------------------------------------------===//
// dot_general
//===----------------------------------------------------------------------===//

ParseResult costate::graph::parseDotAxes(OpAsmParser &parser, DenseI64ArrayAttr &lhsBatching, DenseI64ArrayAttr &rhsBatching,
                                DenseI64ArrayAttr &lhsContracting, DenseI64ArrayAttr &rhsContracting) {
  auto parsePair = [&](DenseI64ArrayAttr &lhs, DenseI64ArrayAttr &rhs) -> ParseResult {
    lhs = dyn_cast_or_null<DenseI64ArrayAttr>(DenseI64ArrayAttr::parse(parser, {}));
    if (!lhs || parser.parseKeyword("x"))
      return failure();
    rhs = dyn_cast_or_null<DenseI64ArrayAttr>(DenseI64ArrayAttr::parse(parser, {}));
    return failure(!rhs);
  };
  lhsBatching = rhsBatching = DenseI64ArrayAttr::get(parser.getContext(), {});
  if (succeeded(parser.parseOptionalKeyword("batching")) && parsePair(lhsBatching, rhsBatching))
    return failure();
  if (parser.parseKeyword("contracting"))
    return failure();
  return parsePair(lhsContracting, rhsContracting);
}

void costate::graph::printDotAxes(OpAsmPrinter &printer, Operation *, DenseI64ArrayAttr lhsBatching, DenseI64ArrayAttr rhsBatching,
                         DenseI64ArrayAttr lhsContracting, DenseI64ArrayAttr rhsContracting) {
  auto printPair = [&](DenseI64ArrayAttr lhs, DenseI64ArrayAttr rhs) {
    lhs.print(printer);
    printer << " x ";
    rhs.print(printer);
  };
  if (!lhsBatching.empty()) {
    printer << "batching ";
    printPair(lhsBatching, rhsBatching);
    printer << ' ';
  }
  printer << "contracting ";
  printPair(lhsContracting, rhsContracting);
}

static SmallVector<int64_t> freeAxes(ArrayRef<int64_t> batching, ArrayRef<int64_t> contracting, int64_t rank) {
  SmallVector<int64_t> bound(batching);
  llvm::append_range(bound, contracting);
  return complement(bound, rank);
}

SmallVector<int64_t> DotGeneralOp::lhsFree() { return freeAxes(getLhsBatching(), getLhsContracting(), getLhs().getType().getRank()); }

SmallVector<int64_t> DotGeneralOp::rhsFree() { return freeAxes(getRhsBatching(), getRhsContracting(), getRhs().getType().getRank()); }

/// Batch axes, then the free axes of both sides.
template <typename List>
static auto dotShape(DotGeneralOp op, const List &lhs, const List &rhs) {
  auto shape = take(lhs, op.getLhsBatching());
  llvm::append_range(shape, take(lhs, op.lhsFree()));
  llvm::append_range(shape, take(rhs, op.rhsFree()));
  return shape;
}

LogicalResult DotGeneralOp::verify() {
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType();
  auto verifySide = [&](StringRef side, ArrayRef<int64_t> batching, ArrayRef<int64_t> contracting, int64_t rank) -> LogicalResult {
    SmallVector<int64_t> axes(batching);
    llvm::append_range(axes, contracting);
    if (failed(verifyInRange(*this, (side + " axes").str(), axes, rank)))
      return failure();
    llvm::SmallDenseSet<int64_t> seen(axes.begin(), axes.end());
    if (seen.size() != axes.size())
      return emitOpError() << "requires batching and contracting axes of '" << side << "' to differ";
    return success();
  };
  if (failed(verifySide("lhs", getLhsBatching(), getLhsContracting(), lhs.getRank())) || // C1
      failed(verifySide("rhs", getRhsBatching(), getRhsContracting(), rhs.getRank())))
    return failure();
  auto verifyPairs = [&](StringRef name, ArrayRef<int64_t> left, ArrayRef<int64_t> right) -> LogicalResult {
    if (left.size() != right.size())
      return emitOpError() << "requires as many " << name << " axes of 'lhs' as of 'rhs', but got " << left.size() << " and " << right.size();
    for (auto [l, r] : llvm::zip_equal(left, right))
      if (!mayEqual(lhs.getDimSize(l), rhs.getDimSize(r)))
        return emitOpError() << "requires equal extents of " << name << " axes " << l << " and " << r << ", but got " << lhs.getDimSize(l)
                             << " and " << rhs.getDimSize(r);
    return success();
  };
  if (failed(verifyPairs("batching", getLhsBatching(), getRhsBatching())) || // C2
      failed(verifyPairs("contracting", getLhsContracting(), getRhsContracting())))
    return failure();
  return verifyShape(*this, getResult().getType(), dotShape(*this, lhs.getShape(), rhs.getShape())); // C3
}

Dims DotGeneralOp::inferDimensions(unsigned, DimensionsOf of) { return dotShape(*this, of(getLhs()), of(getRhs())); }

//===----------------------------------------------------------------------===//
// convolution
//===----------------------------------------------------------------------===//

LogicalResult ConvolutionOp::verify() {
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType(), result = getResult().getType();
  int64_t spatial = lhs.getRank() - 2;
  if (spatial < 1 || rhs.getRank() != lhs.getRank() || result.getRank() != lhs.getRank())
    return emitOpError() << "requires operands and result of one rank >= 3, but got " << lhs << ", " << rhs << " and " << result;
  for (auto [name, list] : {std::pair<StringRef, ArrayRef<int64_t>>{"strides", getStrides()},
                            {"low", getLow()},
                            {"high", getHigh()},
                            {"lhs_dilation", getLhsDilation()},
                            {"rhs_dilation", getRhsDilation()}}) { // C1
    if (failed(verifyCount(*this, name, list.size(), spatial, "spatial axis")))
      return failure();
    bool isPadding = name == "low" || name == "high";
    for (int64_t value : list)
      if (!isPadding && value < 1)
        return emitOpError() << "requires '" << name << "' to be positive, but got " << value;
  }
  if (ShapedType::isDynamicShape(lhs.getShape().drop_front().drop_back()) || ShapedType::isDynamicShape(rhs.getShape().drop_back(2)))
    return emitOpError() << "requires static spatial extents, but got " << lhs << " and " << rhs;
  if (!mayEqual(lhs.getShape().back(), rhs.getDimSize(spatial))) // C2
    return emitOpError() << "requires as many channels of 'lhs' as input channels of 'rhs', but got " << lhs.getShape().back() << " and "
                         << rhs.getDimSize(spatial);
  SmallVector<int64_t> shape{lhs.getDimSize(0)}; // C3
  auto dilate = [](int64_t extent, int64_t dilation) { return extent == 0 ? 0 : (extent - 1) * dilation + 1; };
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t room = dilate(lhs.getDimSize(i + 1), getLhsDilation()[i]) + getLow()[i] + getHigh()[i] -
                   dilate(rhs.getDimSize(i), getRhsDilation()[i]);
    shape.push_back(room < 0 ? 0 : room / getStrides()[i] + 1);
  }
  shape.push_back(rhs.getShape().back());
  return verifyShape(*this, result, shape);
}

Dims ConvolutionOp::inferDimensions(unsigned, DimensionsOf of) {
  Dims dims = {of(getLhs())[0]};
  for (int64_t extent : getResult().getType().getShape().drop_front().drop_back())
    dims.push_back(DimAttr::get(getContext(), extent));
  dims.push_back(of(getRhs()).back());
  return dims;
}

//===----------------------------------------------------------------------===//
// fft
//===----------------------------------------------------------------------===//

LogicalResult FftOp::verify() {
  if (getRe().getType().getRank() == 0) // C1
    return emitOpError() << "requires operands with axes, but got " << getRe().getType();
  return success();
}

Dims FftOp::inferDimensions(unsigned, DimensionsOf of) { return of(getRe()); }
