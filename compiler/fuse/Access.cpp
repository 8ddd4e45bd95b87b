// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/fuse/Access.h"

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Graph.h"

#include "llvm/ADT/TypeSwitch.h"

#include <set>

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

static bool isScalar(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return !type || type.getRank() == 0;
}

bool isCumulative(Operation *op) { return isa<CumsumOp, CummaxOp, LinearRecurrenceOp>(op); }

bool isScatter(Operation *op) { return isa<ScatterOp, ScatterAddOp, ScatterMaxOp>(op); }

bool isWrite(Operation *op) { return isScatter(op) || isa<DynamicUpdateSliceOp>(op); }

Value storageOf(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getOperand();
  return value;
}

Kind kindOf(Operation *op) {
  if (isa<ReduceSumOp, ReduceProdOp, ReduceMaxOp, ReduceMinOp, ArgmaxOp, ArgminOp, DotGeneralOp, ConvolutionOp>(op) || isCumulative(op) ||
      isWrite(op))
    return Kind::Stage;
  if (op->getNumResults() != 1 || isScalar(op->getResult(0)))
    return Kind::Host;
  if (auto constant = dyn_cast<ConstantOp>(op))
    return constant.getValue().isSplat() ? Kind::Map : Kind::Host;
  bool isMap = op->hasTrait<Elementwise>() || isa<BroadcastInDimOp, ReshapeOp, TransposeOp, SliceOp, PadOp, ConcatenateOp, ReverseOp, IotaOp,
                                                  GatherOp, DynamicSliceOp, RandomOp>(op);
  return isMap ? Kind::Map : Kind::Host;
}

/// Does `op` only add or drop axes of extent 1?
static bool keepsPlaces(ReshapeOp op) {
  auto extents = [](Type type) {
    SmallVector<int64_t> all(cast<RankedTensorType>(type).getShape());
    llvm::erase(all, 1);
    return all;
  };
  SmallVector<int64_t> from = extents(op.getOperand().getType());
  return from == extents(op.getType()) && llvm::count(from, ShapedType::kDynamic) <= 1; // several may have changed places
}

/// Such a reshape for elementwise readers and sums alone: they find their elements at their own index, which a view would hide. So what makes a value and what
/// reads it may share a loop.
static bool isIndexMap(ReshapeOp op) {
  return keepsPlaces(op) && llvm::all_of(op->getUsers(), [&](Operation *user) {
           bool isReader = user->hasTrait<Elementwise>() || isa<BroadcastInDimOp, ReduceSumOp, ReduceProdOp, ReduceMaxOp, ReduceMinOp>(user);
           return isReader && user->getBlock() == op->getBlock() && !isScalar(user->getResult(0));
         });
}

bool isView(Operation *op) {
  auto reshape = dyn_cast<ReshapeOp>(op);
  return reshape && !op->hasAttr(kKernelAttr) && !isScalar(reshape.getResult()) && !isScalar(reshape.getOperand()) &&
         isAvailable(reshape.getOperand()) && !isIndexMap(reshape);
}

bool isAvailable(Value value) {
  Operation *op = value.getDefiningOp();
  return !op || kindOf(op) != Kind::Map || op->hasAttr(kKernelAttr) || isView(op);
}

SmallVector<AxisRun> matchAxes(ArrayRef<DimAttr> from, ArrayRef<DimAttr> to) {
  SmallVector<AxisRun> runs;
  unsigned i = 0, j = 0;
  while (i < from.size() || j < to.size()) {
    AxisRun run{i, i, j, j};
    // The shortest pair of runs with equal products; if no proper pair is found, all that is left.
    bool found = false;
    for (unsigned length = 1; !found && length <= from.size() - i + to.size() - j; ++length)
      for (unsigned a = 0; !found && a <= length; ++a) {
        unsigned b = length - a;
        if (i + a > from.size() || j + b > to.size())
          continue;
        MLIRContext *context = (from.empty() ? to : from).front().getContext();
        if (product(context, from.slice(i, a)) == product(context, to.slice(j, b)) && (a != 0 || b != 0)) {
          run.lastFrom = i + a, run.lastTo = j + b;
          found = true;
        }
      }
    if (!found)
      run.lastFrom = from.size(), run.lastTo = to.size();
    i = run.lastFrom, j = run.lastTo;
    runs.push_back(run);
  }
  return runs;
}

/// Axes of a contraction's operand in its result: batching, contracted (-1), free, beginning at `firstFree`.
static SmallVector<int64_t> contractionAxes(ArrayRef<int64_t> axes, int64_t rank, ArrayRef<int64_t> batching, ArrayRef<int64_t> contracting,
                                            int64_t firstFree) {
  SmallVector<int64_t> traced(rank, -1);
  for (auto [place, axis] : llvm::enumerate(batching))
    traced[axis] = axes[place];
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(batching, axis) && !llvm::is_contained(contracting, axis))
      traced[axis] = axes[firstFree++];
  return traced;
}

SmallVector<int64_t> traceAxes(OpOperand &operand, ArrayRef<int64_t> axes, Dimensions &dimensions) {
  Operation *op = operand.getOwner();
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  int64_t rank = type ? type.getRank() : 0;
  SmallVector<int64_t> none(rank, -1);
  if (rank == 0)
    return none;
  if (op->hasTrait<Elementwise>() || isCumulative(op) || isWrite(op)) {
    // An update in order reads along its axis; of the operand that is changed only the same element.
    if (isCumulative(op)) {
      SmallVector<int64_t> traced(axes);
      traced[cast<IntegerAttr>(op->getAttr("axis")).getInt()] = -1;
      return traced;
    }
    if (!op->hasTrait<Elementwise>() && operand.getOperandNumber() != 0) {
      if (isScatter(op))
        llvm::copy(axes.take_front(cast<IntegerAttr>(op->getAttr("batch_dims")).getInt()), none.begin());
      return none;
    }
    return SmallVector<int64_t>(axes);
  }
  SmallVector<int64_t> traced(none);
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](BroadcastInDimOp op) {
        Dims from = dimensions.of(op.getOperand()), to = toDims(op.getShape());
        for (auto [axis, place] : llvm::enumerate(op.getDims()))
          traced[axis] = from[axis] == to[place] ? axes[place] : -1;
      })
      .Case([&](TransposeOp op) {
        for (auto [place, axis] : llvm::enumerate(op.getPermutation()))
          traced[axis] = axes[place];
      })
      .Case([&](ReshapeOp op) {
        for (AxisRun run : matchAxes(dimensions.of(op.getOperand()), toDims(op.getShape())))
          if (run.lastFrom - run.firstFrom == 1 && run.lastTo - run.firstTo == 1)
            traced[run.firstFrom] = axes[run.firstTo];
      })
      .Case([&](SliceOp op) {
        Dims from = dimensions.of(op.getOperand()), sizes = toDims(op.getSizes());
        for (int64_t axis = 0; axis < rank; ++axis)
          traced[axis] = from[axis] == sizes[axis] && op.getStrides()[axis] == 1 ? axes[axis] : -1;
      })
      .Case([&](DynamicSliceOp op) {
        Dims from = dimensions.of(op.getOperand()), sizes = toDims(op.getSizes());
        for (int64_t axis = 0; axis < rank; ++axis)
          traced[axis] = from[axis] == sizes[axis] ? axes[axis] : -1;
      })
      .Case([&](PadOp op) {
        Dims from = dimensions.of(op.getOperand()), to = dimensions.of(op.getResult());
        for (int64_t axis = 0; axis < rank; ++axis)
          traced[axis] = from[axis] == to[axis] ? axes[axis] : -1;
      })
      .Case([&](ConcatenateOp op) {
        for (int64_t axis = 0; axis < rank; ++axis)
          traced[axis] = axis == int64_t(op.getAxis()) ? -1 : axes[axis];
      })
      .Case([&](ReverseOp op) {
        for (int64_t axis = 0; axis < rank; ++axis)
          traced[axis] = llvm::is_contained(op.getAxes(), axis) ? -1 : axes[axis];
      })
      .Case([&](GatherOp op) {
        int64_t shared = op.getBatchDims(), indexRank = op.getIndices().getType().getRank();
        for (int64_t axis = 0; axis < rank; ++axis)
          if (axis < shared || operand.getOperandNumber() == 1)
            traced[axis] = axes[axis];
          else if (axis > shared)
            traced[axis] = axes[indexRank + axis - shared - 1];
      })
      .Case([&](RandomOp) { traced.assign(axes.begin(), axes.begin() + rank); })
      .Case<ReduceSumOp, ReduceProdOp, ReduceMaxOp, ReduceMinOp>([&](auto op) {
        for (auto [place, axis] : llvm::enumerate(complement(op.getAxes(), rank)))
          traced[axis] = axes[place];
      })
      .Case<ArgmaxOp, ArgminOp>([&](auto op) {
        for (auto [place, axis] : llvm::enumerate(complement({int64_t(op.getAxis())}, rank)))
          traced[axis] = axes[place];
      })
      .Case([&](DotGeneralOp op) {
        bool isLhs = operand.getOperandNumber() == 0;
        traced = isLhs ? contractionAxes(axes, rank, op.getLhsBatching(), op.getLhsContracting(), op.getLhsBatching().size())
                       : contractionAxes(axes, rank, op.getRhsBatching(), op.getRhsContracting(), op.getLhsBatching().size() + op.lhsFree().size());
      })
      .Case([&](ConvolutionOp) {
        if (operand.getOperandNumber() == 0)
          traced.front() = axes.front();
        else
          traced.back() = axes.back();
      });
  return traced;
}

SmallVector<Read> readsOf(Operation *op, Dimensions &dimensions) {
  SmallVector<Read> reads;
  auto own = llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(op->getResult(0).getType()).getRank()));
  SmallVector<std::pair<Operation *, SmallVector<int64_t>>> pending{{op, own}};
  std::set<std::pair<Operation *, std::vector<int64_t>>> seen;
  while (!pending.empty()) {
    auto [user, axes] = pending.pop_back_val();
    if (!seen.insert({user, std::vector<int64_t>(axes.begin(), axes.end())}).second)
      continue;
    for (OpOperand &operand : user->getOpOperands()) {
      SmallVector<int64_t> traced = traceAxes(operand, axes, dimensions);
      if (!isAvailable(operand.get()))
        pending.push_back({operand.get().getDefiningOp(), traced});
      else if (llvm::none_of(reads, [&](Read &read) { return read.value == operand.get() && read.axes == traced; }))
        reads.push_back({operand.get(), traced});
    }
  }
  return reads;
}

int64_t costOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case<ExponentialOp, ExponentialMinusOneOp, LogOp, LogPlusOneOp, TanhOp, LogisticOp, ErfOp, SineOp, CosineOp, FoldInOp>([](auto) { return 16; })
      .Case<PowerOp, Atan2Op>([](auto) { return 32; })
      .Case([](RandomOp) { return 64; })
      .Case<DivideOp, RemainderOp, SqrtOp, RsqrtOp>([](auto) { return 4; })
      .Case([](ConcatenateOp op) { return 2 * op.getNumOperands(); })
      .Case<GatherOp, PadOp>([](auto) { return 2; })
      .Case([](ReshapeOp op) { return keepsPlaces(op) ? 0 : 2; })
      .Default([](Operation *op) { return op->hasTrait<Elementwise>() ? 1 : 0; });
}

double readsPerElement(OpOperand &operand, Dimensions &dimensions, const Hints &hints) {
  Operation *op = operand.getOwner();
  if (!isa<RankedTensorType>(operand.get().getType()) || op->getNumResults() == 0)
    return 1;
  double elements = std::max<int64_t>(1, hints.points(dimensions.of(operand.get())));
  double results = hints.points(dimensions.of(op->getResult(0)));
  if (auto dot = dyn_cast<DotGeneralOp>(op)) {
    double depth = 1;
    for (int64_t axis : dot.getLhsContracting())
      depth *= hints.of(dimensions.of(dot.getLhs())[axis]);
    return std::max(1.0, results * depth / elements);
  }
  if (auto convolution = dyn_cast<ConvolutionOp>(op)) {
    Dims kernel = dimensions.of(convolution.getRhs());
    return std::max(1.0, results * hints.points(ArrayRef(kernel).drop_back()) / elements);
  }
  if (isa<BroadcastInDimOp>(op))
    return std::max(1.0, results / elements);
  return isa<GatherOp, SliceOp, DynamicSliceOp>(op) ? results / elements : 1; // which may take a part
}

static llvm::ConstantRange rangeOf(Value value, Dimensions &dimensions, int depth) {
  using llvm::ConstantRange;
  Type type = cast<RankedTensorType>(value.getType()).getElementType();
  unsigned width = type.getIntOrFloatBitWidth();
  Operation *op = value.getDefiningOp();
  if (!type.isSignlessInteger() || !op || depth == 0)
    return ConstantRange::getFull(width);
  auto from = [&](unsigned operand) { return rangeOf(op->getOperand(operand), dimensions, depth - 1); };
  auto below = [&](DimAttr extent) { // what a place on an axis can be, if it fits into the type
    std::optional<int64_t> most = extent.constant();
    return most && *most > 0 && llvm::isIntN(width - 1, *most) ? ConstantRange(llvm::APInt(width, 0), llvm::APInt(width, *most)) : ConstantRange::getFull(width);
  };
  return llvm::TypeSwitch<Operation *, ConstantRange>(op)
      .Case([&](ConstantOp constant) {
        auto numbers = cast<DenseElementsAttr>(constant.getValue());
        if (numbers.isSplat() || numbers.empty())
          return numbers.empty() ? ConstantRange::getFull(width) : ConstantRange(numbers.getSplatValue<llvm::APInt>());
        int64_t least = std::numeric_limits<int64_t>::max(), most = std::numeric_limits<int64_t>::min();
        auto include = [&](auto values) {
          for (int64_t number : values)
            least = std::min(least, number), most = std::max(most, number);
        };
        if (width == 32)
          include(numbers.getValues<int32_t>());
        else if (width == 64)
          include(numbers.getValues<int64_t>());
        else
          return ConstantRange::getFull(width);
        return ConstantRange::getNonEmpty(llvm::APInt(width, least, /*isSigned=*/true), llvm::APInt(width, most, true) + 1);
      })
      .Case([&](IotaOp iota) { return below(dimensions.of(value)[iota.getAxis()]); })
      .Case<ArgmaxOp, ArgminOp>([&](auto best) { return below(dimensions.of(best.getOperand())[best.getAxis()]); })
      .Case<BroadcastInDimOp, ReshapeOp, TransposeOp, SliceOp, ReverseOp>([&](auto) { return from(0); })
      .Case([&](GatherOp) { return from(0).unionWith(ConstantRange(llvm::APInt(width, 0)), ConstantRange::Signed); })
      .Case([&](SelectOp) { return from(1).unionWith(from(2), ConstantRange::Signed); })
      .Case([&](AddOp) { return from(0).add(from(1)); })
      .Case([&](SubtractOp) { return from(0).sub(from(1)); })
      .Case([&](MultiplyOp) { return from(0).multiply(from(1)); })
      .Case([&](MinimumOp) { return from(0).smin(from(1)); })
      .Case([&](MaximumOp) { return from(0).smax(from(1)); })
      .Default([&](Operation *) { return ConstantRange::getFull(width); });
}

llvm::ConstantRange rangeOf(Value value, Dimensions &dimensions) { return rangeOf(value, dimensions, /*depth=*/8); }

} // namespace costate::fuse
