// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels as loops in the function that calls them: what is too small for Halide, and the reference for every schedule. A stage becomes a nest
// over its index space, stores the definition and applies the updates. The order of each sum is the order of its update, as everywhere. A
// kernel that one function calls repeatedly becomes a function of its own, so that LLVM compiles a repeated layer once, and so do all kernels
// of a function that calls many: passes of LLVM take more than linear time in what a function, or a loop of it, holds.
//
// Shapes of a stage with sums, in all of which the order of each is the same:
//  - if the last axis is of some length and all is read contiguously along it, sums of as many neighbours as fill some registers, a vector, side by side (so is
//    a long formula without sums);
//  - the sum of one point stays in a register (free variables outside, the reduction inside), or
//  - the last free variable runs innermost and the sum stays in memory.
//
// A row of lanes has neither a nest nor memory: it is a vector at the point that reads it.
#include "costate/compiler/codegen/Passes.h"
#include "costate/dialects/kernel/LaneRows.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::codegen {

#define GEN_PASS_DEF_KERNELTOLOOPS
#include "costate/compiler/codegen/Passes.h.inc"

namespace {

/// From this many elements on, vectors along the last axis pay for themselves, and for keeping a sum in memory.
constexpr int64_t kFewestForVectors = 8;

/// Sums side by side: four of the largest registers, so that no addition waits for the one before.
constexpr int64_t kPanelBytes = 256;

/// From so many operations on a body is written as vectors, as an exponential is; of a shorter one LLVM makes them.
constexpr int64_t kLongBody = 16;

/// A function that calls more kernels than this calls them all as functions.
constexpr unsigned kMostInline = 32;

/// A body for neighbours along the last axis of a stage, as vectors.
struct LaneBody {
  StageOp stage;
  UpdateOp update;   ///< null in the definition
  Value last;        ///< the variable along which they lie; it is mapped to the first
  int64_t count;     ///< of neighbours
  ValueRange before; ///< what the stage's results are before the update
  llvm::SmallDenseMap<Value, Value> vectors = llvm::SmallDenseMap<Value, Value>();
};

class LoopWriter {
public:
  /// Loops before `b`, on these operands of a call.
  LoopWriter(DefineOp kernel, ValueRange inputs, ValueRange outs, OpBuilder b, Location loc) : kernel(kernel), b(b), loc(loc) {
    for (auto [argument, input] : llvm::zip_equal(kernel.getBody().getArguments(), inputs))
      mapping.map(argument, input);
    for (auto [number, memory] : llvm::enumerate(outs)) {
      mapping.map(kernel.getOutputValue(number), memory);
      if (std::optional<unsigned> input = kernel.getTiedInput(number)) // one name for the memory: LLVM sees that an element is read where it is written
        mapping.map(kernel.getBody().getArgument(*input), memory);
    }
  }

  LogicalResult write() {
    for (Operation &op : kernel.getBody()) {
      auto stage = dyn_cast<StageOp>(op);
      if (!stage && !isa<OutputOp>(op)) {
        b.clone(op, mapping); // arithmetic on extents
        continue;
      }
      if (!stage || isLaneRow(stage))
        continue;
      for (Value result : stage.getResults())
        if (!mapping.contains(result))
          return kernel.emitError() << "requires every stage of a kernel in loops to be an output, but stage '" << stage.getStageName() << "' is not";
      writeStage(stage);
    }
    return success();
  }

private:
  using Body = function_ref<void(ValueRange variables)>;

  Value extentOf(OpFoldResult extent) {
    if (auto constant = dyn_cast<Attribute>(extent))
      return arith::ConstantIndexOp::create(b, loc, cast<IntegerAttr>(constant).getInt());
    return mapping.lookup(cast<Value>(extent));
  }

  /// A nest over `extents`, the last innermost.
  void nest(ArrayRef<OpFoldResult> extents, Body body) {
    SmallVector<Value> bounds = llvm::map_to_vector(extents, [&](OpFoldResult extent) { return extentOf(extent); });
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Value> variables;
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
    for (Value bound : bounds) {
      auto loop = scf::ForOp::create(b, loc, zero, bound, one);
      variables.push_back(loop.getInductionVar());
      b.setInsertionPointToStart(loop.getBody());
    }
    body(variables);
  }

  /// Copies the arithmetic of a body but what is copied already; loads become loads of memory. The stage's own buffers may stand for values in
  /// registers.
  void copyBody(Block &block, ValueRange self, ValueRange registers) {
    for (Operation &op : block.without_terminator())
      if (llvm::none_of(op.getResults(), [&](Value result) { return mapping.contains(result); }))
        copy(op, self, registers);
  }

  void copy(Operation &op, ValueRange self, ValueRange registers) {
    auto load = dyn_cast<LoadOp>(op);
    if (!load) {
      b.clone(op, mapping);
      return;
    }
    if (auto own = llvm::find(self, load.getBuffer()); own != self.end() && !registers.empty())
      mapping.map(load.getResult(), registers[own - self.begin()]);
    else
      mapping.map(load.getResult(), memref::LoadOp::create(b, loc, mapping.lookup(load.getBuffer()), mapped(load.getIndices())).getResult());
  }

  SmallVector<Value> mapped(ValueRange values) {
    return llvm::map_to_vector(values, [&](Value value) { return mapping.lookup(value); });
  }

  void store(ValueRange values, StageOp stage, ValueRange indices) {
    for (auto [value, result] : llvm::zip_equal(values, stage.getResults()))
      memref::StoreOp::create(b, loc, value, mapping.lookup(result), indices);
  }

  SmallVector<Value> define(StageOp stage, ValueRange variables) {
    Block &body = stage.getDefinition().front();
    mapping.map(body.getArguments(), variables);
    rows.clear();
    return llvm::map_to_vector(body.getTerminator()->getOperands(), [&](Value value) { return valueOf(value); });
  }

  /// `value` of a body, with what it is computed from. All lanes of a row are joined by halves of the vector.
  Value valueOf(Value value) {
    if (Value known = mapping.lookupOrNull(value))
      return known;
    Operation *op = value.getDefiningOp();
    SmallVector<LoadOp> joined = getJoinedLanes(value);
    auto load = joined.empty() ? dyn_cast<LoadOp>(op) : joined.front();
    if (load && readsLaneRow(load)) {
      Value row = rowOf(load);
      for (int64_t half = joined.size() / 2; half > 0; half /= 2)
        row = elementwise(op, ValueRange{slice(row, 0, half), slice(row, half, half)});
      int64_t lane = joined.empty() ? *getConstantIntValue(load.getIndices().back()) : 0;
      mapping.map(value, vector::ExtractOp::create(b, loc, row, lane).getResult());
    } else {
      for (Value operand : op->getOperands())
        valueOf(operand);
      copy(*op, {}, {});
    }
    return mapping.lookup(value);
  }

  static bool readsLaneRow(LoadOp load) {
    auto stage = load.getBuffer().getDefiningOp<StageOp>();
    return stage && isLaneRow(stage);
  }

  /// Elements `first` to `first` + `count` of a vector.
  Value slice(Value row, int64_t first, int64_t count) {
    return vector::ShuffleOp::create(b, loc, row, row, llvm::to_vector(llvm::seq(first, first + count)));
  }

  /// `op` on vectors.
  Value elementwise(Operation *op, ValueRange vectors) {
    OperationState state(loc, op->getName(), vectors, {}, op->getAttrs());
    state.addTypes(cast<VectorType>(vectors.back().getType()).clone(op->getResult(0).getType()));
    return b.create(state)->getResult(0);
  }

  /// The row of lanes that `load` reads an element of.
  Value rowOf(LoadOp load) {
    if (Value row = rows.lookup(load.getBuffer()))
      return row;
    auto stage = load.getBuffer().getDefiningOp<StageOp>();
    SmallVector<Value> variables = llvm::map_to_vector(load.getIndices().drop_back(), [&](Value index) { return valueOf(index); });
    variables.push_back(arith::ConstantIndexOp::create(b, loc, 0));
    for (auto [result, row] : llvm::zip_equal(stage.getResults(), pointsAt(stage, variables, *getConstantIntValue(stage.getMixedExtents().back()))))
      rows[result] = row;
    return rows.lookup(load.getBuffer());
  }

  /// `count` neighbours along the last axis of `stage`, the first one at `variables`: of each result a vector.
  SmallVector<Value> pointsAt(StageOp stage, ValueRange variables, int64_t count) {
    Block &body = stage.getDefinition().front();
    mapping.map(body.getArguments(), variables);
    LaneBody start{stage, {}, body.getArguments().back(), count, {}};
    SmallVector<Value> points = lanesOf(body.getTerminator()->getOperands(), start);
    for (UpdateOp update : stage.getUpdateOps())
      points = accumulate(update, variables, points, [&](ValueRange before) {
        LaneBody lanes{stage, update, update.getVariables().back(), count, before};
        WriteOp write = update.getWrite();
        SmallVector<Value> next = marked(update, lanesOf(write.getValues(), lanes));
        if (Value predicate = write.getPredicate())
          for (auto [value, old] : llvm::zip_equal(next, before))
            value = arith::SelectOp::create(b, loc, lanesOf(predicate, lanes), value, old);
        return next;
      });
    return points;
  }

  SmallVector<Value> lanesOf(ValueRange values, LaneBody &body) {
    return llvm::map_to_vector(values, [&](Value value) { return lanesOf(value, body); });
  }

  /// `value` of a body, for all lanes.
  Value lanesOf(Value value, LaneBody &body) {
    if (Value known = body.vectors.lookup(value))
      return known;
    auto type = VectorType::get(body.count, value.getType());
    Value vector;
    if (value == body.last) {
      SmallVector<APInt> numbers = llvm::map_to_vector(llvm::seq(body.count), [](int64_t lane) { return APInt(64, lane); });
      vector = arith::AddIOp::create(b, loc, vector::BroadcastOp::create(b, loc, type, mapping.lookup(value)),
                                     arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, numbers)));
    } else if (!dependsOn(value, body.last)) {
      vector = vector::BroadcastOp::create(b, loc, type, valueOf(value));
    } else if (auto load = value.getDefiningOp<LoadOp>()) {
      vector = loadLanes(load, type, body);
    } else {
      vector = elementwise(value.getDefiningOp(), lanesOf(value.getDefiningOp()->getOperands(), body));
    }
    return body.vectors[value] = vector;
  }

  Value loadLanes(LoadOp load, VectorType type, LaneBody &body) {
    ValueRange self = body.stage.getSelf();
    if (auto own = llvm::find(self, load.getBuffer()); own != self.end())
      return body.before[own - self.begin()];
    if (readsLaneRow(load)) {
      auto offset = load.getIndices().back().getDefiningOp<arith::AddIOp>();
      return slice(rowOf(load), offset ? *getConstantIntValue(offset.getRhs()) : 0, type.getNumElements());
    }
    bool isMasked = body.update && masksLanes(body.update);
    Value memory = mapping.lookup(load.getBuffer());
    SmallVector<Value> places = llvm::map_to_vector(load.getIndices(), [&](Value index) { return valueOf(isMasked ? body.update.withoutClamp(index) : index); });
    if (!isMasked)
      return vector::LoadOp::create(b, loc, type, memory, places);
    Value nothing = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    return vector::MaskedLoadOp::create(b, loc, type, memory, places, lanesOf(body.update.getWrite().getPredicate(), body), nothing);
  }

  void writeStage(StageOp stage) {
    std::vector<UpdateOp> updates = stage.getUpdateOps();
    ArrayRef<UpdateOp> rest(updates);
    SmallVector<OpFoldResult> extents = stage.getMixedExtents();
    bool isLong = !updates.empty() || (!stage.isUndef() && llvm::range_size(stage.getDefinition().front()) >= kLongBody);
    if (isLong && !kernel.isIdentity(stage) && hasLanes(stage) && kernel.getHint(extents.back()) >= kFewestForVectors)
      return writePanels(stage);
    for (auto [self, result] : llvm::zip(stage.getSelf(), stage.getResults()))
      mapping.map(self, mapping.lookup(result));

    // The definition, and as many updates as keep their point's value in a register.
    size_t together = 0;
    while (together < updates.size() && !stage.isUndef() && staysInRegister(updates[together]))
      ++together;
    if (!stage.isUndef() && !(together == 0 && kernel.isIdentity(stage)))
      nest(extents, [&](ValueRange variables) {
        SmallVector<Value> values = define(stage, variables);
        for (UpdateOp update : rest.take_front(together))
          values = accumulate(update, variables, values, [&](ValueRange before) {
            copyBody(update.getBody().front(), stage.getSelf(), before);
            WriteOp write = update.getWrite();
            SmallVector<Value> next = marked(update, mapped(write.getValues()));
            if (write.getPredicate())
              for (auto [value, old] : llvm::zip_equal(next, before))
                value = arith::SelectOp::create(b, loc, mapping.lookup(write.getPredicate()), value, old);
            return next;
          });
        store(values, stage, variables);
      });
    for (UpdateOp update : rest.drop_front(together))
      writeUpdate(stage, update);
  }

  /// All of a stage, as many neighbours along its last axis at a time as fill some registers, and fewer at its end.
  void writePanels(StageOp stage) {
    SmallVector<OpFoldResult> extents = stage.getMixedExtents();
    std::optional<int64_t> size = getConstantIntValue(extents.back());
    int64_t bits = 32;
    for (Type type : stage.getResultTypes())
      bits = std::max<int64_t>(bits, cast<BufferType>(type).getElementType().getIntOrFloatBitWidth());
    int64_t widest = 8 * kPanelBytes / bits / (stage.getUpdateOps().empty() ? 2 : 1);
    SmallVector<int64_t> widths;
    for (int64_t width = widest; width > 0; width /= 2)
      if (size || width == widest || width <= kFewestForVectors) // of an extent that is not known, less code
        widths.push_back(width);
    nest(ArrayRef(extents).drop_back(), [&](ValueRange leading) {
      Value extent = extentOf(extents.back()), first = arith::ConstantIndexOp::create(b, loc, 0);
      for (int64_t width : widths) {
        if (size && *size % (2 * width) < width && (width < widest || *size < width))
          continue;
        Value step = arith::ConstantIndexOp::create(b, loc, width);
        Value end = arith::SubIOp::create(b, loc, extent, arith::RemUIOp::create(b, loc, extent, step));
        auto loop = scf::ForOp::create(b, loc, first, end, step);
        OpBuilder::InsertionGuard guard(b);
        IRMapping outside = mapping; // the next width copies the bodies again
        b.setInsertionPointToStart(loop.getBody());
        SmallVector<Value> variables(leading);
        variables.push_back(loop.getInductionVar());
        for (auto [points, result] : llvm::zip_equal(pointsAt(stage, variables, width), stage.getResults()))
          vector::StoreOp::create(b, loc, points, mapping.lookup(result), variables);
        mapping = outside;
        first = end;
      }
    });
  }

  /// Every variable of the stage is free and the last axis is short: the sum of a point is one register.
  bool staysInRegister(UpdateOp update) {
    StageOp stage = update.getStage();
    unsigned rank = stage.getRank();
    for (unsigned dim = 0; dim < rank; ++dim)
      if (!update.isFree(dim))
        return false;
    if (rank == 0)
      return true;
    int64_t last = kernel.getHint(stage.getMixedExtents().back());
    return last < kFewestForVectors || !isContiguousInLast(update);
  }

  /// Is some buffer read contiguously along the last variable? Only then do vectors along it pay.
  bool isContiguousInLast(UpdateOp update) {
    Value last = update.getVariables().back();
    bool found = false;
    update.getBody().walk([&](LoadOp load) {
      if (llvm::is_contained(update.getStage().getSelf(), load.getBuffer()) || load.getIndices().empty())
        return;
      Value index = update.withoutClamp(load.getIndices().back());
      found |= index == last;
      if (auto sum = index.getDefiningOp<arith::AddIOp>())
        found |= sum.getLhs() == last || sum.getRhs() == last;
    });
    return found;
  }

  /// The loops of an update of one point, whose values are in registers: `next` makes those behind the body of those before it.
  SmallVector<Value> accumulate(UpdateOp update, ValueRange variables, ValueRange values, function_ref<SmallVector<Value>(ValueRange before)> next) {
    SmallVector<Value> bounds = llvm::map_to_vector(update.getMixedDomain(), [&](OpFoldResult extent) { return extentOf(extent); });
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Value> indices(variables);
    SmallVector<scf::ForOp> loops;
    SmallVector<Value> carried(values);
    for (Value bound : bounds) {
      auto loop = scf::ForOp::create(b, loc, zero, bound, one, carried);
      carried.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
      indices.push_back(loop.getInductionVar());
      loops.push_back(loop);
      b.setInsertionPointToStart(loop.getBody());
    }
    mapping.map(update.getBody().getArguments(), indices);
    carried = next(carried);
    for (scf::ForOp loop : llvm::reverse(loops)) {
      scf::YieldOp::create(b, loc, carried);
      carried.assign(loop.getResults().begin(), loop.getResults().end());
      b.setInsertionPointAfter(loop);
    }
    return carried;
  }

  /// The values of a contraction, marked: codegen-fuse-multiply-adds may make one operation of a product and its sum.
  SmallVector<Value> marked(UpdateOp update, SmallVector<Value> values) {
    for (Value value : values) {
      auto sum = value.getDefiningOp<arith::AddFOp>();
      if (!sum || !update.getContract())
        continue;
      for (Value summand : {sum.getRhs(), sum.getLhs()})
        if (auto product = summand.getDefiningOp<arith::MulFOp>()) {
          product.setFastmath(arith::FastMathFlags::contract);
          sum.setFastmath(arith::FastMathFlags::contract);
          break;
        }
    }
    return values;
  }

  /// Free variables but the last, the reduction, then the last free variable.
  void writeUpdate(StageOp stage, UpdateOp update) {
    Block &body = update.getBody().front();
    unsigned rank = stage.getRank();
    SmallVector<OpFoldResult> extents = stage.getMixedExtents(), order;
    SmallVector<unsigned> places; // of the loops among the body's arguments
    bool lastIsFree = rank > 0 && update.isFree(rank - 1);
    for (unsigned dim = 0; dim + lastIsFree < rank; ++dim)
      if (update.isFree(dim)) {
        order.push_back(extents[dim]);
        places.push_back(dim);
      }
    for (auto [i, extent] : llvm::enumerate(update.getMixedDomain())) {
      order.push_back(extent);
      places.push_back(rank + i);
    }
    if (lastIsFree) {
      order.push_back(extents[rank - 1]);
      places.push_back(rank - 1);
    }
    nest(order, [&](ValueRange variables) {
      for (auto [place, variable] : llvm::zip_equal(places, variables))
        mapping.map(body.getArgument(place), variable);
      copyBody(body, {}, {});
      WriteOp write = update.getWrite();
      SmallVector<Value> values = marked(update, mapped(write.getValues())), indices = mapped(write.getIndices());
      if (!write.getPredicate())
        return store(values, stage, indices);
      auto branch = scf::IfOp::create(b, loc, mapping.lookup(write.getPredicate()), /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      store(values, stage, indices);
    });
  }

  DefineOp kernel;
  OpBuilder b;
  Location loc;
  IRMapping mapping;
  DenseMap<Value, Value> rows; ///< of lanes, at the point that is being defined
};

/// The type of a buffer wherever it lies: leaves of an arena differ in their offset.
Type anywhere(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref)
    return type;
  auto [strides, offset] = memref.getStridesAndOffset();
  return MemRefType::get(memref.getShape(), memref.getElementType(), StridedLayoutAttr::get(type.getContext(), ShapedType::kDynamic, strides),
                         memref.getMemorySpace());
}

struct KernelToLoops : impl::KernelToLoopsBase<KernelToLoops> {
  void runOnOperation() override {
    SmallVector<CallOp> calls;
    functions.clear();
    llvm::DenseMap<std::pair<Operation *, Operation *>, unsigned> repetitions; // of a kernel in a function
    llvm::DenseMap<Operation *, unsigned> callsIn;                             // a function
    getOperation().walk([&](CallOp call) {
      if (call.getExecutor() != Executor::Loops)
        return;
      calls.push_back(call);
      Operation *caller = call->getParentOfType<func::FuncOp>();
      ++repetitions[{caller, call.getKernel()}];
      ++callsIn[caller];
    });
    for (CallOp call : calls) {
      DefineOp kernel = call.getKernel();
      Operation *caller = call->getParentOfType<func::FuncOp>();
      OpBuilder b(call);
      bool asFunction = callsIn.lookup(caller) > kMostInline || repetitions.lookup({caller, kernel}) > 1;
      LogicalResult written = asFunction ? callFunction(call, kernel, b)
                                         : LoopWriter(kernel, call.getInputs(), call.getOuts(), b, call.getLoc()).write();
      if (failed(written))
        return signalPassFailure();
      call.erase();
    }
    llvm::DenseSet<StringAttr> called;
    getOperation().walk([&](CallOp call) { called.insert(call.getCalleeAttr().getAttr()); });
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<DefineOp>()))
      if (!called.contains(kernel.getSymNameAttr()))
        kernel.erase();
  }

  /// A function takes the operands of the calls; calls that agree in all but the offsets of their buffers share one.
  LogicalResult callFunction(CallOp call, DefineOp kernel, OpBuilder &b) {
    SmallVector<Value> operands(call.getInputs());
    llvm::append_range(operands, call.getOuts());
    for (Value &operand : operands)
      if (Type type = anywhere(operand.getType()); type != operand.getType())
        operand = memref::CastOp::create(b, call.getLoc(), type, operand);
    auto type = b.getFunctionType(TypeRange(ValueRange(operands)), {});
    func::FuncOp &function = functions[{kernel, type}];
    if (!function) {
      OpBuilder atKernel(kernel);
      function = func::FuncOp::create(atKernel, kernel.getLoc(), ("loops." + kernel.getSymName()).str(), type);
      function.setPrivate();
      function->setAttr("passthrough", b.getArrayAttr(b.getStringAttr("noinline")));
      SymbolTable(getOperation()).insert(function); // which makes the name unique
      OpBuilder body = OpBuilder::atBlockBegin(function.addEntryBlock());
      auto end = func::ReturnOp::create(body, kernel.getLoc());
      ValueRange arguments = function.getArguments();
      size_t inputs = call.getInputs().size();
      if (failed(LoopWriter(kernel, arguments.take_front(inputs), arguments.drop_front(inputs), OpBuilder(end), kernel.getLoc()).write()))
        return failure();
    }
    func::CallOp::create(b, call.getLoc(), function, operands);
    return success();
  }

  llvm::DenseMap<std::pair<Operation *, Type>, func::FuncOp> functions;
};

} // namespace

} // namespace costate::codegen
