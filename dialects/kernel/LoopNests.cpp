// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Applies directives to loop nests. Labels D1, D2, ... are those of the directives in ScheduleOps.td.
#include "costate/dialects/kernel/LoopNests.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace costate::kernel {

int64_t getKnownDivisor(OpFoldResult extent) {
  if (std::optional<int64_t> constant = getConstantIntValue(extent))
    return std::max<int64_t>(*constant, 1);
  auto product = cast<Value>(extent).getDefiningOp<arith::MulIOp>();
  if (!product)
    return 1;
  return getKnownDivisor(product.getLhs()) * getKnownDivisor(product.getRhs());
}

static Loop makeLoop(std::string name, bool isReduction, OpFoldResult extent) {
  Loop loop{std::move(name), isReduction, getConstantIntValue(extent), getKnownDivisor(extent)};
  loop.range = extent;
  return loop;
}

LoopNests::LoopNests(DefineOp kernel) : kernel(kernel) {
  for (StageOp stage : kernel.getStageOps()) {
    SmallVector<OpFoldResult> extents = stage.getMixedExtents();
    std::vector<Nest> &definitions = nests[stage.getStageName()];
    auto addNest = [&](UpdateOp update) {
      Nest &nest = definitions.emplace_back();
      for (auto [dim, extent] : llvm::enumerate(extents))
        if (!update || update.isFree(dim))
          nest.loops.push_back(makeLoop("i" + std::to_string(dim), false, extent));
      if (update)
        for (auto [dim, extent] : llvm::enumerate(update.getMixedDomain()))
          nest.loops.push_back(makeLoop("r" + std::to_string(dim), true, extent));
      for (Loop &loop : nest.loops)
        nest.names.push_back(loop.name);
    };
    addNest({});
    for (UpdateOp update : stage.getUpdateOps())
      addNest(update);
  }
}

const std::vector<Loop> *LoopNests::lookup(StringRef stage, std::optional<int64_t> update) const {
  auto found = nests.find(stage);
  size_t definition = update ? *update + 1 : 0;
  if (found == nests.end() || (update && *update < 0) || definition >= found->second.size())
    return nullptr;
  return &found->second[definition].loops;
}

bool LoopNests::isInlined(StageOp stage) const {
  auto place = places.find(stage.getStageName());
  return !DefineOp(kernel).isOutputStage(stage) && (place == places.end() || !place->second.directive);
}

LoopNests::Nest *LoopNests::find(Operation *directive, StringRef stage, std::optional<int64_t> update) {
  auto found = nests.find(stage);
  if (found == nests.end()) {
    directive->emitOpError("requires a stage of the kernel, but got '") << stage << "'"; // D1
    return nullptr;
  }
  size_t definition = update ? *update + 1 : 0;
  if ((update && *update < 0) || definition >= found->second.size()) {
    directive->emitOpError("requires an update of stage '")
        << stage << "', which has " << found->second.size() - 1 << ", but got " << *update; // D1
    return nullptr;
  }
  return &found->second[definition];
}

Loop *LoopNests::find(Operation *directive, Nest &nest, StringRef variable) {
  auto found = llvm::find_if(nest.loops, [&](const Loop &loop) { return loop.name == variable; });
  if (found != nest.loops.end())
    return &*found;
  InFlightDiagnostic error = directive->emitOpError("requires a loop variable of the definition, but got '") << variable << "'"; // D1
  auto names = llvm::map_range(nest.loops, [](const Loop &loop) { return "'" + loop.name + "'"; });
  error.attachNote() << "its loops are " << llvm::join(llvm::to_vector_of<std::string>(names), ", ");
  return nullptr;
}

LogicalResult LoopNests::checkNew(Operation *directive, const Nest &nest, StringRef name) {
  if (llvm::is_contained(nest.names, name))
    return directive->emitOpError("requires a new name, but '") << name << "' is taken"; // D2
  return success();
}

LogicalResult LoopNests::apply(Operation *directive) {
  if (isa<SplitOp, FuseOp, ReorderOp, VectorizeOp, UnrollOp, ParallelOp>(directive))
    if (auto place = places.find(directive->getAttrOfType<StringAttr>("stage")); place != places.end() && (place->second.shared || place->second.leads))
      return directive->emitOpError("requires loops that no compute_with before it shares");
    else if (place != places.end() && place->second.nontemporal)
      return directive->emitOpError("requires to stand before the nontemporal of its stage"); // D3
  LogicalResult result = llvm::TypeSwitch<Operation *, LogicalResult>(directive)
      .Case<SplitOp, FuseOp, ReorderOp, ComputeRootOp, ComputeAtOp, ComputeWithOp, StoreInOp, BoundExtentOp, NontemporalOp>([&](auto op) { return apply(op); })
      .Case([&](VectorizeOp op) { return setMode(op, op.getStage(), op.getUpdate(), op.getVariable(), Loop::Mode::Vectorized); })
      .Case([&](UnrollOp op) { return setMode(op, op.getStage(), op.getUpdate(), op.getVariable(), Loop::Mode::Unrolled); })
      .Case([&](ParallelOp op) { return setMode(op, op.getStage(), op.getUpdate(), op.getVariable(), Loop::Mode::Parallel); })
      .Default([](Operation *op) { return op->emitOpError("may not stand in a schedule"); });
  if (succeeded(result) && isa<SplitOp, FuseOp, ReorderOp, VectorizeOp, UnrollOp, ParallelOp>(directive)) {
    Operation *&change = places[directive->getAttrOfType<StringAttr>("stage")].change;
    change = change ? change : directive;
  }
  return result;
}

LogicalResult LoopNests::apply(SplitOp split) {
  Nest *nest = find(split, split.getStage(), split.getUpdate());
  Loop *loop = nest ? find(split, *nest, split.getOld()) : nullptr;
  if (!loop || failed(checkNew(split, *nest, split.getOuter())) || failed(checkNew(split, *nest, split.getInner())))
    return failure();
  if (split.getOuter() == split.getInner())
    return split.emitOpError("requires different names, but got '") << split.getOuter() << "' twice"; // D2
  if (loop->mode != Loop::Mode::Serial)
    return split.emitOpError("requires a serial loop, but '") << split.getOld() << "' is not"; // D2
  int64_t factor = split.getFactor();
  if (factor < 1)
    return split.emitOpError("requires a positive factor, but got ") << factor; // D2
  StageOp stage = kernel.lookupStage(split.getStage());
  bool divides = loop->divisor % factor == 0;
  if (loop->isReduction && split.getTail() != Tail::GuardWithIf)
    return split.emitOpError("requires tail 'guard_with_if' on a reduction variable"); // D4
  if (loop->isInner && split.getTail() == Tail::RoundUp && (split.getUpdate() || kernel.isTiedStage(stage)))
    return split.emitOpError("requires another tail than 'round_up' on '")
           << split.getOld() << "', which an earlier split has left inside: it is of an update, or of a tied stage"; // D4
  switch (split.getTail()) {
  case Tail::GuardWithIf:
  case Tail::Predicate:
    break;
  case Tail::ShiftInwards:
    if (split.getUpdate() || kernel.isTiedStage(stage) || isInlined(stage) || isa_and_nonnull<ComputeAtOp>(places[stage.getStageName()].directive))
      return split.emitOpError("requires tail 'shift_inwards' to stand on the definition of an output that is not tied, or of a stage with "
                               "compute_root"); // D3
    if (!divides && (!loop->extent || *loop->extent < factor))
      return split.emitOpError("requires tail 'shift_inwards' to split an extent known to be at least ") << factor; // D3
    break;
  case Tail::RoundUp:
    if (!divides)
      return split.emitOpError("requires tail 'round_up' to split a known multiple of ") << factor; // D3
    break;
  }
  nest->names.insert(nest->names.end(), {split.getOuter().str(), split.getInner().str()});
  // An inner loop of a guarded tail still has `factor` iterations; the guard skips the excess ones.
  Loop outer{split.getOuter().str(), loop->isReduction, std::nullopt, divides ? loop->divisor / factor : 1};
  outer.isInner = loop->isInner;
  outer.range = loop->range;
  outer.step = loop->step * factor;
  if (loop->extent) {
    outer.extent = llvm::divideCeil(*loop->extent, factor);
    outer.divisor = std::max<int64_t>(*outer.extent, 1);
  }
  Loop inner{split.getInner().str(), loop->isReduction, factor, factor};
  inner.isInner = true;
  inner.range = loop->range;
  inner.step = loop->step;
  auto position = nest->loops.begin() + (loop - nest->loops.data());
  *position = std::move(inner);
  nest->loops.insert(position, std::move(outer));
  return success();
}

LogicalResult LoopNests::apply(FuseOp fuse) {
  Nest *nest = find(fuse, fuse.getStage(), fuse.getUpdate());
  Loop *outer = nest ? find(fuse, *nest, fuse.getOuter()) : nullptr;
  Loop *inner = outer ? find(fuse, *nest, fuse.getInner()) : nullptr;
  if (!inner || failed(checkNew(fuse, *nest, fuse.getFused())))
    return failure();
  if (outer + 1 != inner || outer->isReduction || inner->isReduction)
    return fuse.emitOpError("requires '") << fuse.getOuter() << "' to stand directly outside '" << fuse.getInner() << "', both pure"; // D2
  if (outer->mode != Loop::Mode::Serial || inner->mode != Loop::Mode::Serial)
    return fuse.emitOpError("requires serial loops"); // D2
  nest->names.push_back(fuse.getFused().str());
  Loop fused{fuse.getFused().str(), false, std::nullopt, outer->divisor * inner->divisor};
  fused.isInner = outer->isInner || inner->isInner;
  if (outer->extent && inner->extent)
    fused.extent = *outer->extent * *inner->extent;
  auto position = nest->loops.begin() + (outer - nest->loops.data());
  *position = std::move(fused);
  nest->loops.erase(position + 1);
  return success();
}

LogicalResult LoopNests::apply(ReorderOp reorder) {
  Nest *nest = find(reorder, reorder.getStage(), reorder.getUpdate());
  if (!nest)
    return failure();
  std::vector<size_t> places;
  std::vector<Loop> moved; // outermost first, as the nest
  for (Attribute name : llvm::reverse(reorder.getOrder())) {
    Loop *loop = find(reorder, *nest, cast<StringAttr>(name).getValue());
    if (!loop)
      return failure();
    size_t place = loop - nest->loops.data();
    if (llvm::is_contained(places, place))
      return reorder.emitOpError("requires different variables, but got ") << name << " twice"; // D2
    places.push_back(place);
    moved.push_back(*loop);
  }
  std::vector<Loop> reordered = nest->loops;
  llvm::sort(places);
  for (auto [place, loop] : llvm::zip_equal(places, moved))
    reordered[place] = loop;
  auto reductionNames = [](const std::vector<Loop> &loops) {
    std::vector<std::string> names;
    for (const Loop &loop : loops)
      if (loop.isReduction)
        names.push_back(loop.name);
    return names;
  };
  std::vector<std::string> required = reductionNames(nest->loops);
  if (reductionNames(reordered) != required)
    return reorder.emitOpError("requires reduction variables to keep their order, ") << llvm::join(required, ", ") << " (outermost first)"; // D3
  nest->loops = std::move(reordered);
  return success();
}

LogicalResult LoopNests::setMode(Operation *directive, StringRef stage, std::optional<int64_t> update, StringRef variable,
                                 Loop::Mode mode) {
  Nest *nest = find(directive, stage, update);
  Loop *loop = nest ? find(directive, *nest, variable) : nullptr;
  if (!loop)
    return failure();
  if (loop->isReduction && mode != Loop::Mode::Unrolled)
    return directive->emitOpError("requires a pure variable, but '") << variable << "' is a reduction variable"; // D2
  if (loop->mode != Loop::Mode::Serial)
    return directive->emitOpError("requires a serial loop, but '") << variable << "' is not";
  std::optional<int64_t> extent = loop->extent;
  if (auto bound = places[stage].bounds.find(variable); bound != places[stage].bounds.end())
    extent = bound->second;
  if (!extent && mode != Loop::Mode::Parallel)
    return directive->emitOpError("requires a constant extent, but that of '") << variable << "' is not"; // D2
  loop->mode = mode;
  return success();
}

LogicalResult LoopNests::setPlace(Operation *directive, StringRef stage) {
  if (!find(directive, stage, std::nullopt))
    return failure();
  Operation *&place = places[stage].directive;
  if (place)
    return directive->emitOpError("requires at most one place for stage '") << stage << "'"; // D2
  place = directive;
  return success();
}

LogicalResult LoopNests::apply(ComputeRootOp directive) { return setPlace(directive, directive.getStage()); }

LogicalResult LoopNests::apply(ComputeAtOp directive) {
  if (!find(directive, directive.getStage(), std::nullopt) || !find(directive, directive.getConsumer(), directive.getConsumerUpdate()))
    return failure();
  StageOp stage = kernel.lookupStage(directive.getStage());
  if (kernel.isOutputStage(stage))
    return directive.emitOpError("requires a stage that is not an output"); // D2
  if (!stage->isBeforeInBlock(kernel.lookupStage(directive.getConsumer())))
    return directive.emitOpError("requires a consumer after the stage"); // D3
  return setPlace(directive, directive.getStage());
}

bool haveOrder(DefineOp kernel, function_ref<StageOp(StageOp)> leaderOf) {
  std::vector<StageOp> stages = kernel.getStageOps();
  DenseMap<Operation *, bool> done; // false while its producers are visited
  std::function<bool(StageOp)> visit = [&](StageOp leader) {
    auto [entry, isNew] = done.try_emplace(leader, false);
    if (!isNew)
      return entry->second;
    for (StageOp member : stages) {
      if (leaderOf(member) != leader)
        continue;
      WalkResult reads = member->walk([&](LoadOp load) {
        auto read = load.getBuffer().getDefiningOp<StageOp>();
        return !read || visit(leaderOf(read)) ? WalkResult::advance() : WalkResult::interrupt();
      });
      if (reads.wasInterrupted())
        return false;
    }
    return done[leader] = true;
  };
  return llvm::all_of(stages, [&](StageOp stage) { return visit(leaderOf(stage)); });
}

LogicalResult LoopNests::apply(ComputeWithOp directive) {
  if (!find(directive, directive.getStage(), std::nullopt) || !find(directive, directive.getLeader(), std::nullopt))
    return failure();
  StageOp stage = kernel.lookupStage(directive.getStage()), leader = kernel.lookupStage(directive.getLeader());
  for (StageOp each : {stage, leader})
    if (isInlined(each) || isa_and_nonnull<ComputeAtOp>(places[each.getStageName()].directive) || kernel.isTiedStage(each))
      return directive.emitOpError("requires outputs that are not tied, or stages with compute_root before, but got '") << each.getStageName() << "'"; // D2
  if (!stage->isBeforeInBlock(leader))
    return directive.emitOpError("requires a leader after the stage"); // D2
  if (places[leader.getStageName()].shared)
    return directive.emitOpError("requires a leader that follows nobody"); // D2
  auto leaderOf = [&](StageOp each) {
    auto shared = cast_if_present<ComputeWithOp>(places[each.getStageName()].shared);
    return each == stage ? leader : shared ? kernel.lookupStage(shared.getLeader()) : each;
  };
  if (!haveOrder(kernel, leaderOf))
    return directive.emitOpError("requires stages of which none waits for another that shares its loops"); // D3
  Place &place = places[stage.getStageName()];
  if (place.shared || place.leads)
    return directive.emitOpError("requires a stage without a leader or followers"); // D2
  if (failed(checkShared(directive)))
    return failure();
  place.shared = directive;
  places[leader.getStageName()].leads = true;
  return success();
}

/// The loops of both from the outermost to `variable` are equal.
LogicalResult LoopNests::checkShared(ComputeWithOp directive) { // D3
  const std::vector<Loop> &stage = *lookup(directive.getStage()), &leader = *lookup(directive.getLeader());
  for (size_t depth = 0; depth < stage.size() && depth < leader.size(); ++depth) {
    const Loop &one = stage[depth], &other = leader[depth];
    if (one.name != other.name || one.mode != other.mode || one.extent != other.extent || one.step != other.step || !one.range || one.range != other.range)
      return directive.emitOpError("requires equal loops from the outermost to '")
             << directive.getVariable() << "', but got '" << one.name << "' and '" << other.name << "', which differ";
    if (one.name != directive.getVariable())
      continue;
    if (one.mode == Loop::Mode::Vectorized)
      return directive.emitOpError("requires a loop that is not vectorized, but '") << one.name << "' is";
    return success();
  }
  return directive.emitOpError("requires a loop '") << directive.getVariable() << "' of both stages";
}

LogicalResult LoopNests::apply(StoreInOp directive) {
  if (!find(directive, directive.getStage(), std::nullopt))
    return failure();
  if (kernel.isOutputStage(kernel.lookupStage(directive.getStage())))
    return directive.emitOpError("requires a stage that is not an output"); // D2
  return success();
}

LogicalResult LoopNests::apply(BoundExtentOp directive) {
  Nest *nest = find(directive, directive.getStage(), std::nullopt);
  if (!nest || !find(directive, *nest, directive.getVariable()))
    return failure();
  if (directive.getExtent() < 1)
    return directive.emitOpError("requires a positive extent, but got ") << directive.getExtent(); // D2
  Place &place = places[directive.getStage()];
  if (!isa_and_nonnull<ComputeAtOp>(place.directive))
    return directive.emitOpError("requires a stage with compute_at before it"); // D2
  place.bounds[directive.getVariable()] = directive.getExtent();
  // All definitions of the stage run over the region that the consumer needs.
  for (Nest &definition : nests[directive.getStage()])
    for (Loop &loop : definition.loops)
      if (loop.name == directive.getVariable() && !loop.isReduction)
        loop.extent = loop.divisor = directive.getExtent();
  return success();
}

/// Does a stage load another one at the same place, and nothing else?
static bool isCopy(StageOp stage) {
  if (stage.isUndef() || stage.getNumResults() != 1 || !stage.getUpdateOps().empty())
    return false;
  Block &body = stage.getDefinition().front();
  auto load = body.getTerminator()->getOperand(0).getDefiningOp<LoadOp>();
  return load && load.getBuffer().getDefiningOp<StageOp>() && llvm::equal(load.getIndices(), body.getArguments());
}

LogicalResult LoopNests::apply(NontemporalOp directive) {
  Nest *nest = find(directive, directive.getStage(), std::nullopt);
  if (!nest)
    return failure();
  StageOp stage = kernel.lookupStage(directive.getStage());
  if (!kernel.isOutputStage(stage) || kernel.isTiedStage(stage) || !isCopy(stage))
    return directive.emitOpError("requires an output that is a copy of another stage"); // D2
  if (nest->loops.empty() || nest->loops.back().name != "i" + std::to_string(stage.getRank() - 1) || nest->loops.back().mode != Loop::Mode::Serial)
    return directive.emitOpError("requires the last variable to be the innermost loop, whole and serial"); // D3
  places[stage.getStageName()].nontemporal = true;
  return success();
}

LogicalResult LoopNests::finish() {
  for (StageOp stage : kernel.getStageOps()) {
    auto place = places.find(stage.getStageName());
    if (place != places.end() && place->second.change && isInlined(stage))
      return place->second.change->emitOpError("requires stage '")
             << stage.getStageName() << "' to have loops: to be an output, or to have compute_root or compute_at"; // D1
    auto directive = dyn_cast_if_present<ComputeAtOp>(place == places.end() ? nullptr : place->second.directive);
    if (!directive)
      continue;
    const std::vector<Loop> *consumer = lookup(directive.getConsumer(), directive.getConsumerUpdate());
    auto loop = llvm::find_if(*consumer, [&](const Loop &candidate) { return candidate.name == directive.getVariable(); });
    if (loop == consumer->end())
      return directive.emitOpError("requires a loop variable of the consumer, but got '") << directive.getVariable() << "'"; // D3
    if (loop->mode == Loop::Mode::Vectorized)
      return directive.emitOpError("requires a loop that is not vectorized, but '") << directive.getVariable() << "' is"; // D3
    auto shared = cast_if_present<ComputeWithOp>(places[directive.getConsumer()].shared);
    if (!shared || directive.getConsumerUpdate())
      continue;
    auto last = llvm::find_if(*consumer, [&](const Loop &candidate) { return candidate.name == shared.getVariable(); });
    if (loop <= last)
      return directive.emitOpError("requires the loop of the leader, '") << shared.getLeader() << "', where '" << directive.getConsumer() << "' shares it"; // D3
  }
  return success();
}

} // namespace costate::kernel
