// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Directives to Halide's, one to one.
#include "costate/compiler/codegen/KernelToHalide.h"

#include "llvm/ADT/TypeSwitch.h"

#include <map>
#include <set>

using namespace mlir;
using namespace costate::kernel;

namespace costate::codegen {

static Halide::TailStrategy toHalide(Tail tail) {
  switch (tail) {
  case Tail::RoundUp:
    return Halide::TailStrategy::RoundUp;
  case Tail::GuardWithIf:
    return Halide::TailStrategy::GuardWithIf;
  case Tail::ShiftInwards:
    return Halide::TailStrategy::ShiftInwards;
  case Tail::Predicate:
    return Halide::TailStrategy::Predicate;
  }
  llvm_unreachable("all tails are listed");
}

static Halide::MemoryType toHalide(Memory memory) {
  switch (memory) {
  case Memory::Heap:
    return Halide::MemoryType::Heap;
  case Memory::Stack:
    return Halide::MemoryType::Stack;
  case Memory::Register:
    return Halide::MemoryType::Register;
  }
  llvm_unreachable("all memories are listed");
}

using Halide::Expr;

namespace {
/// The definition that a directive changes, and the names of its loops.
struct Target {
  Halide::Stage definition;
  std::map<std::string, Halide::VarOrRVar> &variables;

  const Halide::VarOrRVar &operator[](StringRef name) const { return variables.at(name.str()); }
  /// A new loop of the kind of `like`.
  const Halide::VarOrRVar &add(StringRef name, const Halide::VarOrRVar &like) {
    Halide::VarOrRVar made = like.is_rvar ? Halide::VarOrRVar(Halide::RVar(name.str())) : Halide::VarOrRVar(Halide::Var(name.str()));
    return variables.emplace(name.str(), made).first->second;
  }
};
} // namespace

/// Halide warns of an update without directives beside definitions with some, unless told that it is meant so.
static void acceptUnscheduled(DefineOp kernel, HalideKernel &translated) {
  std::set<std::pair<std::string, size_t>> scheduled;
  for (Operation &directive : kernel.getSchedule().front()) {
    auto update = directive.getAttrOfType<IntegerAttr>("update");
    scheduled.emplace(directive.getAttrOfType<StringAttr>("stage").str(), update ? update.getInt() + 1 : 0);
  }
  for (auto &[name, stage] : translated.stages)
    for (auto [definition, update] : llvm::enumerate(stage.updates))
      if (update && *update >= 0 && !scheduled.contains({name, definition}))
        stage.func.update(*update).unscheduled();
}

/// Halide writes the body of a loop up to three times, to rid its middle of guards. Not where a whole stage is computed inside it: the guard is nothing
/// beside the stage, and the code would double with each such loop.
static void keepLoopsWhole(DefineOp kernel, HalideKernel &translated) {
  for (ComputeAtOp place : kernel.getSchedule().getOps<ComputeAtOp>()) {
    HalideStage &consumer = translated.stages.at(place.getConsumer().str());
    size_t number = place.getConsumerUpdate() ? *place.getConsumerUpdate() + 1 : 0;
    std::optional<int> update = consumer.updates[number];
    if (!update)
      continue;
    Halide::Internal::Function function = consumer.func.function();
    Halide::Internal::Definition &definition = *update < 0 ? function.definition() : function.update(*update);
    std::string name = consumer.variables[number].at(place.getVariable().str()).name();
    bool around = false;
    for (Halide::Internal::Dim &loop : definition.schedule().dims()) { // innermost first
      around |= loop.var == name || StringRef(loop.var).ends_with("." + name);
      if (around)
        loop.partition_policy = Halide::Partition::Never;
    }
  }
}

namespace {
/// The innermost loops of `nontemporal` stages become calls of the runtime.
class StoreRows : public Halide::Internal::IRMutator {
public:
  /// `ranks` are those of the stages, by name.
  explicit StoreRows(std::map<std::string, int> ranks) : ranks(std::move(ranks)) {}

private:
  using IRMutator::visit;

  Halide::Internal::Stmt visit(const Halide::Internal::For *loop) override {
    using namespace Halide::Internal;
    auto *store = loop->body.as<Store>();
    auto *load = store ? store->value.as<Load>() : nullptr;
    if (!load || !ranks.contains(store->name))
      return IRMutator::visit(loop);
    int size = load->type.bytes();
    Expr to = addressOf(*loop, store->name, store->index, size), from = addressOf(*loop, load->name, load->index, size);
    if (!to.defined() || !from.defined())
      return IRMutator::visit(loop);
    Expr all = Halide::cast<int64_t>(size);
    Expr buffer = Variable::make(Halide::type_of<halide_buffer_t *>(), store->name + ".buffer");
    for (int dim = 0; dim < ranks.at(store->name); ++dim)
      all *= Halide::cast<int64_t>(Call::make(Halide::Int(32), Call::buffer_get_extent, {buffer, dim}, Call::Extern));
    return Evaluate::make(
        Call::make(Halide::Int(32), "costate_store_row", {to, from, Halide::cast<int64_t>(loop->extent) * size, all}, Call::Extern));
  }

  /// Where the loop begins in an array, which it walks element by element; else nothing.
  static Expr addressOf(const Halide::Internal::For &loop, const std::string &array, const Expr &index, int size) {
    using namespace Halide::Internal;
    if (!is_const_one(simplify(substitute(loop.name, Variable::make(Halide::Int(32), loop.name) + 1, index) - index)))
      return Expr();
    Expr start = Variable::make(Halide::Handle(), array), first = substitute(loop.name, loop.min, index);
    return Halide::reinterpret(Halide::Handle(), Halide::reinterpret<int64_t>(start) + Halide::cast<int64_t>(first) * size);
  }

  std::map<std::string, int> ranks;
};
} // namespace

void applySchedule(DefineOp kernel, HalideKernel &translated) {
  if (!kernel.isScheduled())
    return;
  acceptUnscheduled(kernel, translated);
  auto stageOf = [&](StringRef name) -> HalideStage & { return translated.stages.at(name.str()); };
  std::map<std::string, int> nontemporal;
  // Calls `apply` on the definition that a directive names; a definition without code needs none.
  auto onDefinition = [&](auto directive, auto apply) {
    HalideStage &stage = stageOf(directive.getStage());
    std::optional<int64_t> update = directive.getUpdate();
    if (std::optional<Halide::Stage> definition = stage.getDefinition(update)) {
      Target target{*definition, stage.variables[update ? *update + 1 : 0]};
      apply(target);
    }
  };
  for (Operation &directive : kernel.getSchedule().front()) {
    llvm::TypeSwitch<Operation *>(&directive)
        .Case([&](SplitOp split) {
          onDefinition(split, [&](Target &target) {
            const Halide::VarOrRVar &old = target[split.getOld()];
            const Halide::VarOrRVar &outer = target.add(split.getOuter(), old), &inner = target.add(split.getInner(), old);
            target.definition.split(old, outer, inner, static_cast<int32_t>(split.getFactor()), toHalide(split.getTail()));
          });
        })
        .Case([&](FuseOp fuse) {
          onDefinition(fuse, [&](Target &target) {
            const Halide::VarOrRVar &inner = target[fuse.getInner()], &outer = target[fuse.getOuter()];
            target.definition.fuse(inner, outer, target.add(fuse.getFused(), inner));
          });
        })
        .Case([&](ReorderOp reorder) {
          onDefinition(reorder, [&](Target &target) {
            std::vector<Halide::VarOrRVar> order;
            for (Attribute name : reorder.getOrder())
              order.push_back(target[cast<StringAttr>(name).getValue()]);
            target.definition.reorder(order);
          });
        })
        .Case([&](VectorizeOp op) { onDefinition(op, [&](Target &target) { target.definition.vectorize(target[op.getVariable()]); }); })
        .Case([&](UnrollOp op) { onDefinition(op, [&](Target &target) { target.definition.unroll(target[op.getVariable()]); }); })
        .Case([&](ParallelOp op) { onDefinition(op, [&](Target &target) { target.definition.parallel(target[op.getVariable()]); }); })
        .Case([&](ComputeRootOp op) {
          HalideStage &stage = stageOf(op.getStage());
          stage.func.compute_root();
          // All of it, whatever its consumers read: no region to infer, also where an index is itself loaded.
          if (!kernel.isOutputStage(kernel.lookupStage(op.getStage())))
            for (auto [dim, extent] : llvm::enumerate(stage.extents))
              stage.func.bound(stage.variables.front().at("i" + std::to_string(dim)).var, 0, extent);
        })
        .Case([&](ComputeAtOp op) {
          HalideStage &consumer = stageOf(op.getConsumer());
          size_t definition = op.getConsumerUpdate() ? *op.getConsumerUpdate() + 1 : 0;
          std::optional<int> update = consumer.updates[definition];
          if (!update) { // the consumer has no code
            stageOf(op.getStage()).func.compute_root();
            return;
          }
          Halide::LoopLevel level(consumer.func, consumer.variables[definition].at(op.getVariable().str()));
          stageOf(op.getStage()).func.compute_at(level);
        })
        .Case([&](ComputeWithOp op) {
          HalideStage &stage = stageOf(op.getStage()), &leader = stageOf(op.getLeader());
          stage.func.compute_with(leader.func, stage.variables.front().at(op.getVariable().str()));
        })
        .Case([&](StoreInOp op) { stageOf(op.getStage()).func.store_in(toHalide(op.getMemory())); })
        .Case([&](BoundExtentOp op) {
          HalideStage &stage = stageOf(op.getStage());
          stage.func.bound_extent(stage.variables.front().at(op.getVariable().str()).var, static_cast<int32_t>(op.getExtent()));
        })
        .Case([&](NontemporalOp op) { nontemporal.emplace(stageOf(op.getStage()).func.name(), stageOf(op.getStage()).func.dimensions()); });
  }
  if (!nontemporal.empty())
    translated.pipeline.add_custom_lowering_pass(new StoreRows(std::move(nontemporal)));
  keepLoopsWhole(kernel, translated);
}

} // namespace costate::codegen
