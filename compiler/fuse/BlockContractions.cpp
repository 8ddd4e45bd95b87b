// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A product of matrices keeps a tile of sums in registers for the whole depth, so a panel of its right operand must stay in the cache while all
// tiles of rows pass it. A depth for which it does not is cut into blocks, which are added up in place. A product of a matrix and a vector has no panel: it is
// the sum of each row, which lanes share as they do that of any row (KernelWriter.h, kLanes).
#include "costate/compiler/fuse/DimensionValues.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Emitter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_BLOCKCONTRACTIONS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

constexpr int64_t kLongDepth = 4096, kBlock = 2048;
/// Rows or columns, at least, for which a panel is read more than once.
constexpr int64_t kFew = 32;
/// Elements of a row, at least, that lanes share; likely ones, where a row may have fewer than the lanes.
constexpr int64_t kFewInRow = 32, kFewLikely = 64;

/// A divisor that leaves no rest if there is one near.
int64_t blockOf(int64_t depth) {
  for (int64_t block = kBlock; block > kBlock / 2; --block)
    if (depth % block == 0)
      return block;
  return kBlock;
}

/// Is the extent of these axes known to be small?
bool isFew(ArrayRef<DimAttr> dims) {
  std::optional<int64_t> points = product(dims.empty() ? nullptr : dims.front().getContext(), dims).constant();
  return points && *points < kFew;
}

class Blocking {
public:
  Blocking(DotGeneralOp dot, Dimensions &dimensions) : dot(dot), builder(dot), e(builder, dot.getLoc(), dimensions) {}

  void run() {
    Dims lhs = e.dims(dot.getLhs()), rhs = e.dims(dot.getRhs());
    if (dot.getLhsContracting().size() != 1 || dot.lhsFree().empty() || dot.rhsFree().empty() || isFew(take(lhs, dot.lhsFree())) ||
        isFew(take(rhs, dot.rhsFree())))
      return;
    int64_t depth = lhs[dot.getLhsContracting()[0]].constant().value_or(0);
    if (depth <= kLongDepth)
      return;
    int64_t block = blockOf(depth), count = depth / block;
    Value zero = e.zerosLike(dot.getResult());
    auto loop = scf::ForOp::create(builder, e.loc, e.index(int64_t(0)), e.index(count), e.index(int64_t(1)), zero);
    builder.setInsertionPointToStart(loop.getBody());
    Value start = e.fromIndex(e.create<arith::MulIOp>(loop.getInductionVar(), e.index(block)));
    scf::YieldOp::create(builder, e.loc, e.add(loop.getRegionIterArgs()[0], part(start, block)));
    builder.setInsertionPointAfter(loop);
    Value sum = loop.getResult(0);
    if (int64_t rest = depth - count * block)
      sum = e.add(sum, part(e.fromIndex(e.index(count * block)), rest));
    dot.getResult().replaceAllUsesWith(sum);
    dot.erase();
  }

private:
  /// The product over `length` steps from `start`.
  Value part(Value start, int64_t length) {
    Value a = block(dot.getLhs(), dot.getLhsContracting()[0], start, length), b = block(dot.getRhs(), dot.getRhsContracting()[0], start, length);
    return e.dot(a, b, dot.getLhsBatching(), dot.getRhsBatching(), dot.getLhsContracting(), dot.getRhsContracting());
  }

  Value block(Value operand, int64_t axis, Value start, int64_t length) {
    Dims sizes = e.dims(operand);
    SmallVector<Value> starts(sizes.size(), e.zerosLike(start));
    starts[axis] = start;
    sizes[axis] = e.dim(length);
    return e.create<DynamicSliceOp>(typeOf(sizes, getElementTypeOrSelf(operand.getType())), operand, starts, toArrayAttr(builder.getContext(), sizes));
  }

  DotGeneralOp dot;
  OpBuilder builder;
  Emitter e;
};

/// Where one operand has no axis of its own and the rows of the other are contiguous in memory: the sums of the products of its rows. Else null.
Value sumOfRows(DotGeneralOp dot, Dimensions &dimensions, const Hints &hints) {
  Value matrix = dot.getLhs(), vector = dot.getRhs();
  ArrayRef<int64_t> batches = dot.getLhsBatching(), vectorBatches = dot.getRhsBatching(), contracting = dot.getLhsContracting();
  if (!dot.rhsFree().empty()) {
    if (!dot.lhsFree().empty())
      return {};
    std::swap(matrix, vector);
    std::swap(batches, vectorBatches);
    contracting = dot.getRhsContracting();
  }
  OpBuilder builder(dot);
  Emitter e(builder, dot.getLoc(), dimensions);
  Dims shape = e.dims(matrix);
  int64_t last = int64_t(shape.size()) - 1;
  bool areBatchesInFront = llvm::equal(batches, llvm::seq<int64_t>(0, batches.size()));
  if (contracting.size() != 1 || contracting[0] != last || !areBatchesInFront || hints.of(shape[last]) < (shape[last].constant() ? kFewInRow : kFewLikely) ||
      getElementTypeOrSelf(matrix.getType()) != getElementTypeOrSelf(dot.getType()))
    return {};
  SmallVector<int64_t> places(vectorBatches.size() + 1, last); // of the vector's axes; the one that is contracted is the last
  for (auto [batch, axis] : llvm::zip_equal(batches, vectorBatches))
    places[axis] = batch;
  if (!llvm::is_sorted(places))
    return {};
  return e.sum(e.mul(matrix, e.broadcast(vector, places, shape)), {last});
}

struct BlockContractions : impl::BlockContractionsBase<BlockContractions> {
  using BlockContractionsBase::BlockContractionsBase;
  void runOnOperation() override {
    Hints hints(SmallVector<std::string>(this->hints.begin(), this->hints.end()));
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Dimensions dimensions;
      SmallVector<DotGeneralOp> dots;
      function.walk([&](DotGeneralOp dot) { dots.push_back(dot); });
      for (DotGeneralOp dot : dots) {
        if (Value sum = sumOfRows(dot, dimensions, hints)) {
          dot.getResult().replaceAllUsesWith(sum);
          dot.erase();
        } else {
          Blocking(dot, dimensions).run();
        }
      }
    }
  }
};

} // namespace

} // namespace costate::fuse
