// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels as loops in the function that calls them: what is too small for Halide, and the reference for every schedule. A stage becomes a nest
// over its index space, stores the definition and applies the updates. The order of each sum is the order of its update, as everywhere. A
// kernel that one function calls repeatedly becomes a function of its own, so that LLVM compiles a repeated layer once, and so do all kernels
// of a function that calls many: passes of LLVM take more than linear time in what a function, or a loop of it, holds.
//
// Two shapes of an update over all points of the stage:
//  - the sum stays in a register (free variables outside, the reduction inside), or
//  - the last free variable runs innermost and the sum stays in memory, so that LLVM vectorises along contiguous elements. This needs a last
//    axis of some length; the order of each sum is the same. Of a long sum some terms at a time are added before it is stored.
#include "costate/compiler/codegen/Passes.h"
#include "costate/dialects/kernel/Kernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::codegen {

#define GEN_PASS_DEF_KERNELTOLOOPS
#include "costate/compiler/codegen/Passes.h.inc"

namespace {

/// From this many elements on, vectors along the last axis pay for keeping a sum in memory.
constexpr int64_t kFewestForVectors = 8;

/// Terms of a sum in memory that are added to it between a load and a store.
constexpr int64_t kTogether = 4;

/// A function that calls more kernels than this calls them all as functions.
constexpr unsigned kMostInline = 32;

/// Is `value` computed from `variable`?
bool dependsOn(Value value, Value variable) {
  Operation *op = value.getDefiningOp();
  return value == variable || (op && llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, variable); }));
}

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
      if (!stage)
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
      mapping.map(load.getResult(), memref::LoadOp::create(b, loc, mapping.lookup(load.getBuffer()), placesOf(load)).getResult());
  }

  SmallVector<Value> placesOf(LoadOp load) {
    return llvm::map_to_vector(load.getIndices(), [&](Value index) { return mapping.lookup(bounded ? bounded.withoutClamp(index) : index); });
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
    copyBody(body, {}, {});
    return mapped(body.getTerminator()->getOperands());
  }

  void writeStage(StageOp stage) {
    std::vector<UpdateOp> updates = stage.getUpdateOps();
    ArrayRef<UpdateOp> rest(updates);
    SmallVector<OpFoldResult> extents = stage.getMixedExtents();
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
          values = accumulate(update, variables, values);
        store(values, stage, variables);
      });
    for (UpdateOp update : rest.drop_front(together))
      writeUpdate(stage, update);
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

  SmallVector<Value> accumulate(UpdateOp update, ValueRange variables, ValueRange values) {
    Block &body = update.getBody().front();
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
    mapping.map(body.getArguments(), indices);
    copyBody(body, update.getStage().getSelf(), carried);
    WriteOp write = update.getWrite();
    SmallVector<Value> next = fused(update, mapped(write.getValues()));
    if (write.getPredicate())
      for (auto [value, old] : llvm::zip_equal(next, carried))
        value = arith::SelectOp::create(b, loc, mapping.lookup(write.getPredicate()), value, old);
    for (scf::ForOp loop : llvm::reverse(loops)) {
      scf::YieldOp::create(b, loc, next);
      next.assign(loop.getResults().begin(), loop.getResults().end());
      b.setInsertionPointAfter(loop);
    }
    return next;
  }

  /// In a contraction a product is fused into its sum, as the machine does it.
  SmallVector<Value> fused(UpdateOp update, SmallVector<Value> values) {
    if (!update.getContract())
      return values;
    for (Value &value : values) {
      auto sum = value.getDefiningOp<arith::AddFOp>();
      if (!sum)
        continue;
      for (auto [product, other] : {std::pair(sum.getRhs(), sum.getLhs()), std::pair(sum.getLhs(), sum.getRhs())})
        if (auto factors = product.getDefiningOp<arith::MulFOp>()) {
          value = math::FmaOp::create(b, loc, factors.getLhs(), factors.getRhs(), other);
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
    if (lastIsFree && !update.getMixedDomain().empty() && addsToPoint(update) && kernel.getHint(update.getMixedDomain().back()) >= 2 * kTogether)
      return nest(ArrayRef(order).drop_back(2), [&](ValueRange variables) {
        for (auto [place, variable] : llvm::zip(places, variables))
          mapping.map(body.getArgument(place), variable);
        addTogether(stage, update);
      });
    if (lastIsFree && startOfLast(update))
      return nest(ArrayRef(order).drop_back(), [&](ValueRange variables) {
        for (auto [place, variable] : llvm::zip(places, variables))
          mapping.map(body.getArgument(place), variable);
        writeBounded(stage, update);
      });
    nest(order, [&](ValueRange variables) {
      for (auto [place, variable] : llvm::zip_equal(places, variables))
        mapping.map(body.getArgument(place), variable);
      copyBody(body, {}, {});
      WriteOp write = update.getWrite();
      SmallVector<Value> values = fused(update, mapped(write.getValues())), indices = mapped(write.getIndices());
      if (!write.getPredicate())
        return store(values, stage, indices);
      auto branch = scf::IfOp::create(b, loc, mapping.lookup(write.getPredicate()), /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      store(values, stage, indices);
    });
  }

  /// The loop over the last free variable, as far as the update writes.
  void writeBounded(StageOp stage, UpdateOp update) {
    copyInvariants(update);
    auto isInside = update.getWrite().getPredicate().getDefiningOp<arith::CmpIOp>();
    Value left = arith::SubIOp::create(b, loc, mapping.lookup(isInside.getRhs()), mapping.lookup(startOfLast(update)));
    Value end = arith::MinSIOp::create(b, loc, extentOf(stage.getMixedExtents().back()), left);
    mapping.map(update.getVariables().back(), beginLast(end));
    bounded = update;
    copyBody(update.getBody().front(), {}, {});
    bounded = {};
    store(fused(update, mapped(update.getWrite().getValues())), stage, mapped(update.getWrite().getIndices()));
  }

  /// Is the update a sum at each point of the stage?
  static bool addsToPoint(UpdateOp update) {
    WriteOp write = update.getWrite();
    return !write.getPredicate() && llvm::equal(write.getIndices(), update.getVariables());
  }

  /// The innermost reduction and the last free variable, as two nests: `kTogether` terms a trip, then what is left of them.
  void addTogether(StageOp stage, UpdateOp update) {
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), together = arith::ConstantIndexOp::create(b, loc, kTogether);
    Value terms = extentOf(update.getMixedDomain().back());
    if (OpFoldResult last = stage.getMixedExtents().back(); !getConstantIntValue(last)) { // where there is no point, nothing is read
      Value isAny = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, extentOf(last), zero);
      terms = arith::SelectOp::create(b, loc, isAny, terms, zero);
    }
    Value whole = arith::SubIOp::create(b, loc, terms, arith::RemUIOp::create(b, loc, terms, together));
    addTerms(stage, update, zero, whole, kTogether);
    addTerms(stage, update, whole, terms, 1);
  }

  /// Copies what does not depend on the last free variable, nor on the stage.
  void copyInvariants(UpdateOp update) {
    ValueRange self = update.getStage().getSelf();
    llvm::DenseSet<Value> varies(self.begin(), self.end());
    varies.insert(update.getVariables().back());
    for (Operation &op : update.getBody().front().without_terminator())
      if (llvm::any_of(op.getOperands(), [&](Value operand) { return varies.contains(operand); }))
        varies.insert(op.getResults().begin(), op.getResults().end());
      else
        copy(op, {}, {});
  }

  /// Begins the loop over the last free variable, and gives the variable.
  Value beginLast(Value end) {
    auto loop = scf::ForOp::create(b, loc, arith::ConstantIndexOp::create(b, loc, 0), end, arith::ConstantIndexOp::create(b, loc, 1));
    b.setInsertionPointToStart(loop.getBody());
    return loop.getInductionVar();
  }

  /// The body's x where the update writes only where x + v < size, v the last free variable; of other predicates nothing.
  static Value startOfLast(UpdateOp update) {
    Value predicate = update.getWrite().getPredicate(), last = update.getVariables().back();
    auto isInside = predicate ? predicate.getDefiningOp<arith::CmpIOp>() : arith::CmpIOp();
    auto place = isInside && isInside.getPredicate() == arith::CmpIPredicate::slt ? isInside.getLhs().getDefiningOp<arith::AddIOp>() : arith::AddIOp();
    if (!place || place.getRhs() != last || dependsOn(place.getLhs(), last) || dependsOn(isInside.getRhs(), last))
      return {};
    return place.getLhs();
  }

  void addTerms(StageOp stage, UpdateOp update, Value first, Value end, int64_t together) {
    OpBuilder::InsertionGuard guard(b);
    auto loop = scf::ForOp::create(b, loc, first, end, arith::ConstantIndexOp::create(b, loc, together));
    b.setInsertionPointToStart(loop.getBody());

    SmallVector<IRMapping> terms(together, mapping);
    for (auto [number, term] : llvm::enumerate(terms)) {
      std::swap(mapping, term);
      Value offset = arith::ConstantIndexOp::create(b, loc, static_cast<int64_t>(number));
      mapping.map(update.getReductionVariables().back(), arith::AddIOp::create(b, loc, loop.getInductionVar(), offset).getResult());
      copyInvariants(update);
      std::swap(mapping, term);
    }

    Value point = beginLast(extentOf(stage.getMixedExtents().back()));
    SmallVector<Value> indices = mapped(update.getVariables().drop_back());
    indices.push_back(point);
    SmallVector<Value> sums;
    for (Value result : stage.getResults())
      sums.push_back(memref::LoadOp::create(b, loc, mapping.lookup(result), indices));
    for (IRMapping &term : terms) {
      std::swap(mapping, term);
      mapping.map(update.getVariables().back(), point);
      copyBody(update.getBody().front(), stage.getSelf(), sums);
      sums = fused(update, mapped(update.getWrite().getValues()));
      std::swap(mapping, term);
    }
    store(sums, stage, indices);
  }

  DefineOp kernel;
  OpBuilder b;
  Location loc;
  IRMapping mapping;
  UpdateOp bounded; ///< the update whose loop ends where its predicate does, in that loop
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
