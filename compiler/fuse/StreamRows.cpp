// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A matrix that is made from much less and read along its rows is never stored as a whole: what makes and reads it runs in a loop over chunks
// of rows. The logits of a large vocabulary, the similarities of all pairs of samples and the distances of two point clouds are of this kind.
//
// A group is a set of large values with a row axis each, such that row i of every value needs only row i of the others (traceAxes says which axes
// run together). What leaves a group is small: values with a row axis of their own (a maximum, the gradient of an operand) and sums over all rows
// (the gradient of what every row reads). Where a row needs such a sum, which is known only behind all rows, a second loop computes the
// large values once more: groups are cut into phases, a loop each.
//
// Nothing here depends on the machine or on hints: the number of rows in a chunk is part of the order of the sums over rows, and so of the result.
#include "costate/compiler/fuse/Access.h"
#include "costate/compiler/fuse/BlockOrder.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/compiler/fuse/ScalarMath.h"
#include "costate/dialects/graph/Emitter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <map>

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_STREAMROWS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

/// What a named dimension counts here.
constexpr int64_t kNamedExtent = 1024;
/// A group has to keep this many times what it reads and leaves from being stored.
constexpr double kLeastSaving = 2;
/// Of the largest value, a chunk has at least and at most so many bytes.
constexpr double kLeastChunk = 1 << 20, kLargestChunk = 16 << 20;
/// Operations in a chunk for each byte that every chunk reads or adds to, whatever its rows: less would wait for memory.
constexpr double kOperationsPerByte = 60;
/// With fewer chunks the loop saves too little.
constexpr int64_t kLeastTrips = 4;
/// Computing large values again may at most double the work of contractions.
constexpr double kMostRepetition = 2;

double extentOf(DimAttr dim) {
  return double(dim.evaluate([](StringRef) { return std::optional<int64_t>(kNamedExtent); }).value_or(kNamedExtent));
}

SmallVector<int64_t> axesOf(Value value) {
  return llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(value.getType()).getRank()));
}

/// Which axis of the operand runs with `axis` of the result; -1 if every row of the result needs the whole operand.
int64_t rowAxisOf(OpOperand &operand, int64_t axis, Dimensions &dimensions) {
  SmallVector<int64_t> traced = traceAxes(operand, axesOf(operand.getOwner()->getResult(0)), dimensions);
  auto found = llvm::find(traced, axis);
  return found == traced.end() ? -1 : found - traced.begin();
}

/// The axis of the result that runs with `axis` of the operand; -1 if there is none.
int64_t resultAxisOf(OpOperand &operand, int64_t axis, Dimensions &dimensions) {
  return traceAxes(operand, axesOf(operand.getOwner()->getResult(0)), dimensions)[axis];
}

/// Can rows of the result along `axis` be computed alone, by the same op on the rows of some operands and the whole of the others?
bool hasRows(Operation *op, int64_t axis, Dimensions &dimensions) {
  if (kindOf(op) == Kind::Host || !op->getBlock())
    return false;
  auto allTraced = [&](auto operands) { return llvm::all_of(operands, [&](OpOperand &operand) { return rowAxisOf(operand, axis, dimensions) >= 0; }); };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<ConstantOp, IotaOp, BroadcastInDimOp, DotGeneralOp>([](auto) { return true; })
      .Case<ReduceSumOp, ReduceProdOp, ReduceMaxOp, ReduceMinOp, ArgmaxOp, ArgminOp>([](auto) { return true; })
      .Case<TransposeOp, ReshapeOp, SliceOp, ConcatenateOp, ReverseOp>([&](Operation *op) { return allTraced(op->getOpOperands()); })
      .Case<CumsumOp, CummaxOp, LinearRecurrenceOp, ScatterOp, ScatterAddOp, ScatterMaxOp>([&](Operation *op) { return allTraced(op->getOpOperands()); })
      .Case<PadOp, DynamicSliceOp>([&](Operation *op) { return allTraced(op->getOpOperands().take_front(1)); })
      .Case([&](GatherOp gather) { return axis < gather.getIndices().getType().getRank() || allTraced(gather->getOpOperands().take_front(1)); })
      .Default([](Operation *op) { return op->hasTrait<Elementwise>(); });
}

/// If `use` sums over rows along `axis` of its operand: for each operand its row axis, or -1.
std::optional<SmallVector<int64_t>> accumulatedAxes(OpOperand &use, int64_t axis) {
  Operation *op = use.getOwner();
  if (isa<ReduceSumOp, ReduceProdOp, ReduceMaxOp, ReduceMinOp>(op) && llvm::is_contained(cast<DenseI64ArrayAttr>(op->getAttr("axes")).asArrayRef(), axis))
    return SmallVector<int64_t>{axis};
  if (auto dot = dyn_cast<DotGeneralOp>(op)) {
    ArrayRef<int64_t> own = dot.getLhsContracting(), other = dot.getRhsContracting();
    bool isLhs = use.getOperandNumber() == 0;
    if (!isLhs)
      std::swap(own, other);
    if (auto found = llvm::find(own, axis); found != own.end()) {
      int64_t partner = other[found - own.begin()];
      return isLhs ? SmallVector<int64_t>{axis, partner} : SmallVector<int64_t>{partner, axis};
    }
  }
  return std::nullopt;
}

/// How a value takes part in a group.
struct State {
  bool depends = false; ///< on a large value of the group
  int64_t axis = -1;    ///< its row axis, if the loop of `phase` can compute its rows; -1: it is known as a whole, to loops from `phase` on
  unsigned phase = 0;
};

/// An op that sums over rows of a large value.
struct Sum {
  SmallVector<int64_t> axes; ///< of the operands, along the rows
  unsigned phase;
};

/// What all chunks of a loop share.
struct Chunk {
  Emitter &e;
  unsigned phase;
  DimAttr rows; ///< in a chunk
  Value start;  ///< tensor<i64>, of the chunk; dynamic_slice moves the last one back into the extent
  Value isNew;  ///< i1 for each row: not a row of the chunk before as well; null if that cannot be
  std::map<std::pair<const void *, int64_t>, Value> known = {};
};

class Group {
public:
  /// All large values that run with `seed` along `axis`.
  Group(Block &block, Dimensions &dimensions, double least, Value seed, int64_t axis)
      : block(block), dimensions(dimensions), least(least), extent(dimensions.of(seed)[axis]) {
    rows.insert({seed, axis});
    for (size_t next = 0; next < rows.size(); ++next) { // grows
      auto [value, axis] = rows.begin()[next];
      for (OpOperand &operand : value.getDefiningOp()->getOpOperands())
        add(operand.get(), rowAxisOf(operand, axis, dimensions));
      for (OpOperand &use : value.getUses())
        if (Operation *user = use.getOwner(); user->getBlock() == &block && isSimple(user))
          add(user->getResult(0), resultAxisOf(use, axis, dimensions));
    }
  }

  /// Finds phases and what leaves the group; is it worth loops? given: the rows in a chunk, whatever it is worth, or 0.
  bool settle(int64_t given) {
    for (Operation &op : block.without_terminator())
      settle(&op);
    findOutputs();
    chunk = given;
    return phases > 0 && (given > 0 ? extent.constant().value_or(INT64_MAX) > given : chooseChunk());
  }

  /// Writes the loops.
  void stream() {
    for (unsigned phase = 0; phase < phases; ++phase)
      writeLoop(phase);
    for (auto [old, value] : replaced)
      old.replaceAllUsesWith(value);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
    sortByValues(block);
  }

  bool contains(Value value) const { return rows.contains(value); }
  /// Its large values and the axes of their rows.
  llvm::ArrayRef<std::pair<Value, int64_t>> members() const { return rows.getArrayRef(); }

  static double bytesOf(Value value, Dimensions &dimensions) {
    double bytes = llvm::divideCeil(cast<RankedTensorType>(value.getType()).getElementTypeBitWidth(), 8);
    for (DimAttr dim : dimensions.of(value))
      bytes *= extentOf(dim);
    return bytes;
  }

private:
  double bytesOf(Value value) { return bytesOf(value, dimensions); }
  static bool isSimple(Operation *op) { return op->getNumResults() == 1 && op->getNumRegions() == 0 && isa<RankedTensorType>(op->getResult(0).getType()); }

  /// If it is large, made here and not known with another axis. What does not join is read from memory.
  void add(Value value, int64_t axis) {
    Operation *op = value.getDefiningOp();
    if (axis >= 0 && op && op->getBlock() == &block && isSimple(op) && bytesOf(value) >= least && dimensions.of(value)[axis] == extent &&
        hasRows(op, axis, dimensions))
      rows.insert({value, axis});
  }

  State stateOf(Value value) const { return states.lookup(value); }

  /// Joins what an operand demands of the phase of its user; `axis`: the operand's rows, or -1 for the whole.
  void require(Value operand, int64_t axis, State &state) {
    State given = stateOf(operand);
    if (!given.depends)
      return;
    state.depends = true;
    state.phase = std::max(state.phase, given.phase + (given.axis >= 0 && given.axis != axis));
  }

  void requireRows(Operation *op, State &state) {
    for (OpOperand &operand : op->getOpOperands())
      require(operand.get(), rowAxisOf(operand, state.axis, dimensions), state);
  }

  void settle(Operation *op) {
    State state;
    if (isSimple(op)) {
      Value result = op->getResult(0);
      if (contains(result)) {
        state = {true, rows.lookup(result)};
        requireRows(op, state);
        states[result] = state;
        return;
      }
      for (OpOperand &use : op->getOpOperands())
        if (auto axes = contains(use.get()) ? accumulatedAxes(use, stateOf(use.get()).axis) : std::nullopt) {
          for (auto [operand, axis] : llvm::zip_equal(op->getOperands(), *axes))
            require(operand, axis, state);
          sums.insert({op, {*axes, state.phase}});
          ++state.phase;
          states[result] = state;
          return;
        }
      for (OpOperand &use : op->getOpOperands())
        if (State given = stateOf(use.get()); given.axis >= 0)
          if (int64_t row = resultAxisOf(use, given.axis, dimensions); row >= 0 && hasRows(op, row, dimensions)) {
            state = {true, row};
            requireRows(op, state);
            states[result] = state;
            return;
          }
    }
    for (Value operand : op->getOperands())
      require(operand, -1, state);
    visitUsedValuesDefinedAbove(op->getRegions(), [&](OpOperand *operand) { require(operand->get(), -1, state); });
    if (state.depends)
      for (Value result : op->getResults())
        states[result] = state;
  }

  bool readsLarge(Operation *op) const { return llvm::any_of(op->getOperands(), [&](Value operand) { return contains(operand); }); }

  /// Does the loop of a phase, or a later one, that computes the user see the rows of this operand without anything being stored?
  bool isReadInLoop(OpOperand &use, State state) {
    Operation *user = use.getOwner();
    bool isLarge = contains(use.get());
    if (auto sum = sums.find(user); sum != sums.end())
      return sum->second.axes[use.getOperandNumber()] == state.axis && (isLarge || sum->second.phase == state.phase);
    State next = user->getBlock() == &block && isSimple(user) ? stateOf(user->getResult(0)) : State();
    if (next.axis < 0 || rowAxisOf(use, next.axis, dimensions) != state.axis)
      return false;
    if (isLarge)
      return true;
    if (contains(user->getResult(0)))
      return state.phase + 1 == phases; // later loops compute the user again
    return next.phase == state.phase && (readsLarge(user) || !needed.contains(user->getResult(0)));
  }

  /// Values with rows leave the loop that computes them if anything but loops needs them: large ones, and small ones that are made of large ones.
  void findOutputs() {
    for (Operation &op : block.without_terminator())
      if (auto sum = sums.find(&op); sum != sums.end())
        phases = std::max(phases, sum->second.phase + 1);
      else if (isSimple(&op) && stateOf(op.getResult(0)).axis >= 0 && (readsLarge(&op) || contains(op.getResult(0))))
        phases = std::max(phases, stateOf(op.getResult(0)).phase + 1);
    for (Operation &op : llvm::reverse(block.without_terminator())) {
      State state = isSimple(&op) ? stateOf(op.getResult(0)) : State();
      if (state.axis < 0 || llvm::all_of(op.getResult(0).getUses(), [&](OpOperand &use) { return isReadInLoop(use, state); }))
        continue;
      needed.insert(op.getResult(0));
      if (readsLarge(&op) || contains(op.getResult(0)))
        outputs.insert(op.getResult(0));
    }
  }

  //===--- Is it worth it? ---===//

  static double operationsOf(Operation *op, Dimensions &dimensions) {
    double points = 1, depth = std::max<int64_t>(1, costOf(op));
    for (DimAttr dim : dimensions.of(op->getResult(0)))
      points *= extentOf(dim);
    if (auto dot = dyn_cast<DotGeneralOp>(op)) {
      depth = 2;
      for (int64_t axis : dot.getLhsContracting())
        depth *= extentOf(dimensions.of(dot.getLhs())[axis]);
    }
    return points * depth;
  }

  bool chooseChunk() {
    double saved = 0, largest = 0, once = 0, again = 0, operations = 0, fixed = 0, outside = 0;
    llvm::SetVector<Value> read;
    auto count = [&](Operation *op, ArrayRef<int64_t> axes) {
      operations += operationsOf(op, dimensions);
      for (auto [operand, axis] : llvm::zip_equal(op->getOperands(), axes))
        if (!contains(operand) && isa<RankedTensorType>(operand.getType()) && stateOf(operand).axis < 0 && read.insert(operand)) {
          outside += bytesOf(operand);
          fixed += axis < 0 ? bytesOf(operand) : 0;
        }
    };
    auto rowAxes = [&](Operation *op, int64_t axis) {
      return llvm::map_to_vector(op->getOpOperands(), [&](OpOperand &operand) { return rowAxisOf(operand, axis, dimensions); });
    };
    for (auto [value, axis] : rows) {
      Operation *op = value.getDefiningOp();
      count(op, rowAxes(op, axis));
      largest = std::max(largest, bytesOf(value));
      if (kindOf(op) == Kind::Stage && !outputs.contains(value))
        saved += bytesOf(value);
      if (isa<DotGeneralOp>(op))
        again += operationsOf(op, dimensions) * (phases - 1);
      once += isa<DotGeneralOp>(op) ? operationsOf(op, dimensions) : 0;
    }
    for (auto &[op, sum] : sums) {
      count(op, sum.axes);
      outside += bytesOf(op->getResult(0));
      fixed += 2 * bytesOf(op->getResult(0));
      once += isa<DotGeneralOp>(op) ? operationsOf(op, dimensions) : 0;
    }
    for (Value output : outputs) {
      if (contains(output))
        continue;
      count(output.getDefiningOp(), rowAxes(output.getDefiningOp(), stateOf(output).axis));
      outside += bytesOf(output);
      once += isa<DotGeneralOp>(output.getDefiningOp()) ? operationsOf(output.getDefiningOp(), dimensions) : 0;
    }
    double all = extentOf(extent), rowBytes = largest / all;
    double wanted = std::max(kLeastChunk / rowBytes, kOperationsPerByte * fixed * all / std::max(1.0, operations));
    chunk = int64_t(llvm::PowerOf2Ceil(uint64_t(std::clamp(wanted, 1.0, std::max(1.0, kLargestChunk / rowBytes)))));
    if (double(chunk) * rowBytes > kLargestChunk)
      chunk = std::max<int64_t>(1, chunk / 2);
    return saved >= kLeastSaving * outside && once + again <= kMostRepetition * once && all >= double(kLeastTrips * chunk);
  }

  //===--- The loops ---===//

  /// What changes no sum of `op`, in the shape of `like`.
  Value identity(Emitter &e, Operation *op, Value like) {
    Type type = getElementTypeOrSelf(like.getType());
    if (isa<DotGeneralOp>(op))
      return e.zerosLike(like);
    Attribute value = getIdentity(op, type);
    if (auto integer = dyn_cast<IntegerAttr>(value))
      value = IntegerAttr::get(type, integer.getValue()); // with its sign
    auto scalar = RankedTensorType::get({}, type);
    return e.broadcast(e.create<ConstantOp>(scalar, cast<ElementsAttr>(DenseElementsAttr::get(scalar, value))), {}, e.dims(like));
  }

  Value combine(Emitter &e, Operation *op, Value so, Value more) {
    return llvm::TypeSwitch<Operation *, Value>(op)
        .Case([&](ReduceProdOp) { return e.mul(so, more); })
        .Case([&](ReduceMaxOp) { return Value(e.create<MaximumOp>(so.getType(), so, more)); })
        .Case([&](ReduceMinOp) { return Value(e.create<MinimumOp>(so.getType(), so, more)); })
        .Default([&](Operation *) { return e.add(so, more); });
  }

  void writeLoop(unsigned phase) {
    SmallVector<Value> mine = llvm::filter_to_vector(outputs.getArrayRef(), [&](Value output) { return stateOf(output).phase == phase; });
    SmallVector<Operation *> added;
    for (auto &[op, sum] : sums)
      if (sum.phase == phase)
        added.push_back(op);
    if (mine.empty() && added.empty())
      return;
    Location loc = mine.empty() ? added.front()->getLoc() : mine.front().getLoc();
    OpBuilder builder(block.getTerminator());
    Emitter e(builder, loc, dimensions);
    SmallVector<Value> starts;
    for (Value output : mine)
      starts.push_back(e.zerosLike(output));
    for (Operation *op : added)
      starts.push_back(identity(e, op, op->getResult(0)));
    DimAttr size = e.dim(chunk), trips = DimAttr::ceilDiv(extent, size);
    auto loop = scf::ForOp::create(builder, loc, e.index(int64_t(0)), e.index(trips), e.index(int64_t(1)), starts);
    builder.setInsertionPointToStart(loop.getBody());
    Value first = e.create<arith::MulIOp>(loop.getInductionVar(), e.index(chunk)), isNew;
    DimAttr length = extent.constant() ? size : DimAttr::min(size, extent);
    if (extent != trips * size) {
      Value last = e.create<arith::SubIOp>(e.index(extent), e.index(length));
      Value seen = e.fromIndex(e.create<arith::SubIOp>(first, e.create<arith::MinSIOp>(first, last)));
      isNew = e.compare(ComparisonDirection::GE, e.iota(0, {length}, builder.getI64Type()), e.broadcast(seen, {}, {length}));
    }
    Chunk c{e, phase, length, e.fromIndex(first), isNew};
    SmallVector<Value> next;
    ValueRange carries = loop.getRegionIterArgs();
    for (auto [carry, output] : llvm::zip(carries, mine)) {
      int64_t axis = stateOf(output).axis;
      Value part = rowsOf(c, output, axis);
      next.push_back(e.create<DynamicUpdateSliceOp>(carry.getType(), carry, part, startsOf(c, output, axis)));
    }
    for (auto [carry, op] : llvm::zip_equal(carries.drop_front(mine.size()), added))
      next.push_back(combine(e, op, carry, partOf(c, op)));
    scf::YieldOp::create(builder, loc, next);
    SmallVector<Value> old(mine);
    for (Operation *op : added)
      old.push_back(op->getResult(0));
    for (auto [value, result] : llvm::zip_equal(old, loop.getResults()))
      replaced[value] = result;
  }

  SmallVector<Value> startsOf(Chunk &c, Value value, int64_t axis) {
    SmallVector<Value> starts(cast<RankedTensorType>(value.getType()).getRank(), c.e.zerosLike(c.start));
    starts[axis] = c.start;
    return starts;
  }

  /// The value as loops of `phase` see it from outside.
  Value wholeOf(Value value) {
    Value other = replaced.lookup(value);
    return other ? other : value;
  }

  /// The rows of the chunk.
  Value rowsOf(Chunk &c, Value value, int64_t axis) {
    auto key = std::pair(value.getAsOpaquePointer(), axis);
    if (auto found = c.known.find(key); found != c.known.end())
      return found->second;
    State state = stateOf(value);
    bool isInside = contains(value) ? state.phase == c.phase || !outputs.contains(value)
                    : (state.depends ? state.axis == axis && state.phase == c.phase : isUniform(value, axis));
    Value result = isInside ? computeRows(c, value.getDefiningOp(), axis) : slice(c, wholeOf(value), axis);
    return c.known[key] = result;
  }

  /// Are all rows made of the same, as those of a broadcast number are?
  bool isUniform(Value value, int64_t axis) {
    Operation *op = value.getDefiningOp();
    return isa_and_nonnull<BroadcastInDimOp, ConstantOp, IotaOp>(op) && hasRows(op, axis, dimensions) &&
           llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) { return rowAxisOf(operand, axis, dimensions) < 0; });
  }

  Value slice(Chunk &c, Value whole, int64_t axis) {
    Dims sizes = dimensions.of(whole);
    sizes[axis] = c.rows;
    return c.e.create<DynamicSliceOp>(typeOf(sizes, getElementTypeOrSelf(whole.getType())), whole, startsOf(c, whole, axis),
                                      toArrayAttr(c.e.builder.getContext(), sizes));
  }

  Value computeRows(Chunk &c, Operation *op, int64_t axis) {
    OpBuilder &b = c.e.builder;
    if (auto iota = dyn_cast<IotaOp>(op); iota && int64_t(iota.getAxis()) == axis)
      return slice(c, b.clone(*op)->getResult(0), axis);
    SmallVector<Value> operands;
    for (OpOperand &operand : op->getOpOperands()) {
      int64_t row = rowAxisOf(operand, axis, dimensions);
      operands.push_back(row >= 0 ? rowsOf(c, operand.get(), row) : wholeOf(operand.get()));
    }
    Dims dims = dimensions.of(op->getResult(0));
    dims[axis] = c.rows;
    RankedTensorType type = typeOf(dims, getElementTypeOrSelf(op->getResult(0).getType()));
    Operation *copy = b.clone(*op);
    copy->setOperands(operands);
    for (StringRef name : {"shape", "sizes"})
      if (copy->hasAttr(name))
        copy->setAttr(name, toArrayAttr(b.getContext(), dims));
    if (auto constant = dyn_cast<ConstantOp>(copy))
      constant.setValueAttr(cast<DenseElementsAttr>(constant.getValue()).resizeSplat(type));
    copy->getResult(0).setType(type);
    return copy->getResult(0);
  }

  /// What the rows of the chunk add to the sum. A row of two chunks counts in the first; of a product, the smaller factor forgets it.
  Value partOf(Chunk &c, Operation *op) {
    ArrayRef<int64_t> axes = sums.find(op)->second.axes;
    SmallVector<Value> operands;
    for (auto [operand, axis] : llvm::zip_equal(op->getOperands(), axes))
      operands.push_back(rowsOf(c, operand, axis));
    if (c.isNew) {
      size_t least = operands.size() > 1 && bytesOf(op->getOperand(1)) < bytesOf(op->getOperand(0));
      Value &part = operands[least];
      part = c.e.select(c.e.broadcast(c.isNew, {axes[least]}, dimensions.of(part)), part, identity(c.e, op, part));
    }
    Operation *copy = c.e.builder.clone(*op);
    copy->setOperands(operands);
    return copy->getResult(0);
  }

  Block &block;
  Dimensions &dimensions;
  double least; ///< bytes of a large value
  llvm::MapVector<Value, int64_t> rows; ///< large values and their row axes
  DimAttr extent; ///< of the row axes
  DenseMap<Value, State> states;
  llvm::MapVector<Operation *, Sum> sums;
  llvm::SetVector<Value> outputs;
  DenseSet<Value> needed; ///< outside of loops
  unsigned phases = 0;
  int64_t chunk = 0; ///< rows
  DenseMap<Value, Value> replaced;
};

struct StreamRows : impl::StreamRowsBase<StreamRows> {
  using StreamRowsBase::StreamRowsBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      SmallVector<Block *> blocks;
      function.walk([&](Block *block) { blocks.push_back(block); });
      for (Block *block : blocks)
        while (streamGroup(*block)) {
        }
    }
  }

  /// The first group of the block that is worth loops becomes loops.
  bool streamGroup(Block &block) {
    Dimensions dimensions;
    // What runs with a value along an axis is the same group whichever of its values one begins with: none is tried twice.
    llvm::DenseSet<std::pair<Value, int64_t>> tried;
    for (Operation &op : block.without_terminator()) {
      if (kindOf(&op) != Kind::Stage || Group::bytesOf(op.getResult(0), dimensions) < double(large))
        continue;
      for (int64_t axis : axesOf(op.getResult(0))) {
        if (tried.contains({op.getResult(0), axis}) || !hasRows(&op, axis, dimensions))
          continue;
        Group group(block, dimensions, double(large), op.getResult(0), axis);
        if (group.settle(rows)) {
          group.stream();
          return true;
        }
        tried.insert_range(group.members());
      }
    }
    return false;
  }
};

} // namespace

} // namespace costate::fuse
