// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places are handed down from users to producers: a result, a carry or a pack tells the op that computes it where to write. What nobody asks for
// gets a part of the workspace. Two rules keep this exact: a value goes to the memory of an old one only behind all reads of the old one
// (OrderReplacements.cpp), and a kernel that writes where it reads must do so at one and the same index (a tie).
#include "costate/compiler/fuse/MemoryPlan.h"

#include "costate/compiler/fuse/Access.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/kernel/Kernel.h"
#include "costate/dialects/optim/Optim.h"
#include "costate/dialects/report/Report.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

std::pair<int64_t, int64_t> LeafRanges::of(Operation *user, StringAttr arena, StringRef leaf) {
  auto [ranges, isNew] = known.try_emplace(arena);
  if (isNew)
    for (const ArenaLeaf &entry : SymbolTable::lookupNearestSymbolFrom<ArenaLayout>(user, arena).getArenaLeaves())
      ranges->second[entry.name] = {entry.offset, entry.size()};
  return ranges->second.lookup(leaf);
}

static bool isTensor(Value value) { return isa<RankedTensorType>(value.getType()); }

/// Number of elements; where it is dynamic, more than any array has.
static int64_t elementsOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.hasStaticShape() ? type.getNumElements() : INT64_MAX / 2;
}

/// Is the value needed in memory at all? A scalar that is only extracted again is not.
static bool isNeeded(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) { return !isa<tensor::ExtractOp, tensor::DimOp>(user); });
}

std::optional<Place> MemoryPlan::placeOf(Value value) {
  while (Value other = sameAs.lookup(value))
    value = other;
  if (auto found = places.find(value); found != places.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  if (auto leaf = dyn_cast_or_null<LeafOp>(op)) {
    std::optional<Place> arena = placeOf(leaf.getArena());
    if (arena)
      arena->offset += leaves.of(leaf, leaf.getLeaf().getRootReference(), leaf.getLeaf().getLeafReference()).first;
    return arena;
  }
  if (isa_and_nonnull<ReshapeOp>(op))
    return placeOf(op->getOperand(0));
  return std::nullopt;
}

DimAttr MemoryPlan::bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t size = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  MLIRContext *context = value.getContext();
  auto number = [&](int64_t n) { return DimAttr::get(context, n); };
  return DimAttr::ceilDiv(product(context, dimensions.of(value)) * number(size), number(64)) * number(64);
}

Place MemoryPlan::newMemory(Memory::Kind kind, Value like) {
  memories.push_back({kind, 0, bytesOf(like), {}});
  return {unsigned(memories.size() - 1)};
}

void MemoryPlan::plan() {
  Block &block = function.getBody().front();
  Operation *terminator = block.getTerminator();
  auto tiedArgument = [&](unsigned result) -> Value {
    auto tied = function.getResultAttrOfType<IntegerAttr>(result, optim::kTiedAttr);
    return tied ? Value(block.getArgument(tied.getInt())) : Value();
  };
  function.walk([&](report::RequireOp op) { requirements.push_back(op); });
  SmallVector<std::pair<Value, Value>> pairs;
  for (auto [number, value] : llvm::enumerate(terminator->getOperands()))
    if (Value old = tiedArgument(number); old && old != value)
      pairs.push_back({old, value});
  replaceInPlace(block, pairs);
  function.walk([&](scf::ForOp loop) {
    SmallVector<std::pair<Value, Value>> carries;
    for (auto [old, value] : llvm::zip_equal(loop.getRegionIterArgs(), loop.getYieldedValues()))
      if (isTensor(old) && old != value)
        carries.push_back({old, value});
    replaceInPlace(*loop.getBody(), carries);
  });

  for (BlockArgument argument : block.getArguments())
    if (isTensor(argument)) {
      memories.push_back({Memory::Kind::Argument, argument.getArgNumber(), {}, {}});
      places[argument] = {unsigned(memories.size() - 1)};
      holders[memories.size() - 1] = argument;
    }
  SmallVector<Wanted> wanted;
  for (auto [number, value] : llvm::enumerate(terminator->getOperands())) {
    Value old = tiedArgument(number);
    if (!old)
      memories.push_back({Memory::Kind::Result, unsigned(number), {}, {}});
    wanted.push_back({value, old ? places[old] : Place{unsigned(memories.size() - 1)}, old});
  }
  putAll(terminator, wanted);
  planBlock(block);
  measureLifetimes();
  layOutWorkspace();
}

//===--- Places ---===//

void MemoryPlan::planBlock(Block &block) {
  for (Operation &op : llvm::reverse(block))
    planOp(&op);
}

void MemoryPlan::planOp(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return planFor(loop);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return planWhile(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return planIf(branch);
  for (Value result : op->getResults()) {
    if (!isTensor(result) || placeOf(result))
      continue;
    if (isa<kernel::CallOp, kernel::ExternOp>(op) || (isa<tensor::FromElementsOp>(op) && isNeeded(result))) {
      places[result] = newMemory(Memory::Kind::Workspace, result);
      putChanged(cast<OpResult>(result), places[result]);
    }
    else if (isa<ConstantOp>(op))
      places[result] = newMemory(Memory::Kind::Constant, result);
    else if (isa<PackOp>(op))
      putPack(op, newMemory(Memory::Kind::Workspace, result));
  }
}

void MemoryPlan::copy(Value value, Place place, Operation *before, StringRef reason) {
  copies.push_back({value, std::nullopt, place, before});
  if (cast<RankedTensorType>(value.getType()).getRank() > 0)
    before->emitRemark() << "copies " << value.getType() << ", because " << reason;
}

/// All operands of a terminator at their places, at once: what a copy would overwrite before another copy reads it is set aside first.
void MemoryPlan::putAll(Operation *terminator, ArrayRef<Wanted> wanted) {
  SmallVector<std::pair<Wanted, std::string>> late;
  for (const Wanted &want : wanted) {
    if (!isTensor(want.value) || (want.old && want.value == want.old))
      continue;
    std::optional<std::string> reason;
    if (want.old && !replaceable.contains({want.old, want.value}))
      reason = "the old value is read after the new one is known";
    else
      reason = put(want.value, want.place, terminator->getBlock());
    if (reason)
      late.push_back({want, *reason});
  }
  SmallVector<Copy> last;
  for (auto &[want, reason] : late) {
    std::optional<Place> source = placeOf(want.value);
    bool isOverwritten = source && llvm::any_of(wanted, [&](const Wanted &other) {
                           return other.place.memory == source->memory && other.value != other.old;
                         });
    if (isOverwritten) {
      Place aside = newMemory(Memory::Kind::Workspace, want.value);
      copy(want.value, aside, terminator, "its memory gets another value");
      last.push_back({want.value, aside, want.place, terminator});
    } else {
      last.push_back({want.value, std::nullopt, want.place, terminator});
      if (cast<RankedTensorType>(want.value.getType()).getRank() > 0)
        terminator->emitRemark() << "copies " << want.value.getType() << ", because " << reason;
    }
  }
  llvm::append_range(copies, last);
}

std::optional<std::string> MemoryPlan::put(Value value, Place place, Block *block) {
  // What is made in front of a loop or branch is read there too, and behind it, when the place may have got another value.
  if (value.getParentBlock() != block)
    return "it is made outside of the loop or branch";
  if (std::optional<Place> known = placeOf(value))
    return *known == place ? std::nullopt : std::optional<std::string>("the value has a place already");
  Operation *op = value.getDefiningOp();
  if (!op)
    return "it is an argument";
  if (auto call = dyn_cast<kernel::CallOp>(op))
    return putCall(cast<OpResult>(value), place);
  if (isa<kernel::ExternOp>(op)) {
    for (Value input : op->getOperands())
      if (std::optional<Place> known = placeOf(input); known && known->memory == place.memory)
        return "a function of the runtime reads what it replaces";
    places[value] = place;
    return std::nullopt;
  }
  if (isa<PackOp>(op)) {
    putPack(op, place);
    return std::nullopt;
  }
  if (isa<ReshapeOp>(op))
    return put(op->getOperand(0), place, block);
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    Value forwarded = loop.getConditionOp().getArgs()[cast<OpResult>(value).getResultNumber()];
    if (!llvm::is_contained(loop.getBeforeArguments(), forwarded))
      return "the loop computes it in its condition";
    if (places.contains(forwarded))
      return "the loop has another carry there";
    places[forwarded] = place;
    return std::nullopt;
  }
  if (isa<tensor::FromElementsOp, scf::ForOp, scf::IfOp>(op)) {
    places[value] = place;
    return std::nullopt;
  }
  return "it is constant or part of another array";
}

/// Is `input` of the kernel read only where output `result` replaces it?
static bool readsOnlyItsOwn(kernel::DefineOp define, unsigned result, unsigned input) {
  BlockArgument argument = define.getBody().getArgument(input);
  auto value = define.getOutputValue(result);
  auto stage = cast<kernel::StageOp>(value.getOwner());
  if (stage.isUndef() || argument.getType() != value.getType() || define.getTiedOutput(input) || define.getTiedInput(result))
    return false;
  Block &body = stage.getDefinition().front();
  for (Operation *user : argument.getUsers()) {
    auto load = dyn_cast<kernel::LoadOp>(user);
    if (!load || load->getBlock() != &body || !llvm::equal(load.getIndices(), body.getArguments()))
      return false;
  }
  // All results of the stage are outputs, side by side.
  auto outputs = define.getOutput().getValues();
  auto first = llvm::find(outputs, stage.getResult(0));
  for (OpResult other : stage->getResults())
    if (first == outputs.end() || *first++ != other)
      return false;
  return true;
}

std::optional<std::string> MemoryPlan::putCall(OpResult result, Place place) {
  auto call = cast<kernel::CallOp>(result.getOwner());
  std::optional<unsigned> tied;
  for (auto [number, input] : llvm::enumerate(call.getInputs())) {
    std::optional<Place> known = isTensor(input) ? placeOf(input) : std::nullopt;
    if (!known || known->memory != place.memory)
      continue;
    int64_t size = elementsOf(result), other = elementsOf(input);
    if (*known == place) {
      if (tied || !readsOnlyItsOwn(call.getKernel(), result.getResultNumber(), number))
        return "the kernel reads more of the old value than what it replaces";
      tied = number;
    } else if (known->offset < place.offset + size && place.offset < known->offset + other) {
      return "the kernel reads another part of what it replaces";
    }
  }
  // A stage of several results is in place as a whole or not at all; ties are checked again once all are known.
  if (tied)
    ties.push_back({call, result.getResultNumber(), *tied});
  places[result] = place;
  if (!tied)
    putChanged(result, place);
  return std::nullopt;
}

Value MemoryPlan::changedInput(OpResult result) {
  auto call = dyn_cast<kernel::CallOp>(result.getOwner());
  if (!call)
    return Value();
  kernel::DefineOp define = call.getKernel(symbols);
  OpResult value = define.getOutputValue(result.getResultNumber());
  std::optional<unsigned> number = define.getCopiedInput(value);
  if (!number || cast<kernel::StageOp>(value.getOwner()).getUpdateOps().empty() || !readsOnlyItsOwn(define, result.getResultNumber(), *number))
    return Value();
  Value input = call.getInputs()[*number];
  bool isReadTwice = llvm::count_if(call.getInputs(), [&](Value other) { return storageOf(other) == storageOf(input); }) > 1;
  return isReadTwice ? Value() : input;
}

void MemoryPlan::putChanged(OpResult result, Place place) {
  Value input = changedInput(result);
  if (!input || placeOf(input) || !replaceable.contains({storageOf(input), result}) || put(input, place, result.getOwner()->getBlock()))
    return;
  auto call = cast<kernel::CallOp>(result.getOwner());
  ties.push_back({call, result.getResultNumber(), unsigned(llvm::find(call.getInputs(), input) - call.getInputs().begin())});
}

void MemoryPlan::putPack(Operation *op, Place place) {
  auto pack = cast<PackOp>(op);
  places[pack.getResult()] = place;
  SmallVector<std::pair<int64_t, int64_t>> given; // offset and size
  for (auto [name, leaf] : llvm::zip_equal(pack.getNames().getAsValueRange<StringAttr>(), pack.getLeaves())) {
    auto [offset, size] = leaves.of(pack, pack.getArenaAttr().getAttr(), name);
    given.push_back({offset, size});
    Place part{place.memory, place.offset + offset};
    if (std::optional<std::string> reason = put(leaf, part, pack->getBlock()))
      copy(leaf, part, pack, *reason);
  }
  // What no leaf is given for holds zeros: leaves that are left out and what aligns the others. Sums over an arena rely on it.
  llvm::sort(given);
  given.push_back({pack.getType().getNumElements(), 0});
  Clearing clearing{pack, {}};
  int64_t end = 0;
  for (auto [offset, size] : given) {
    if (end < offset)
      clearing.ranges.push_back({end, offset});
    end = std::max(end, offset + size);
  }
  if (!clearing.ranges.empty())
    clearings.push_back(std::move(clearing));
}

//===--- Control flow ---===//

Place MemoryPlan::placeCarry(Operation *loop, Value start, Value carried, Value result) {
  std::optional<Place> asked = result ? placeOf(result) : placeOf(carried);
  Place place = asked ? *asked : newMemory(Memory::Kind::Workspace, start);
  places[carried] = place;
  holders[place.memory] = carried;
  if (result)
    places[result] = place;
  // The start may be computed there, if nobody else needs it afterwards.
  std::optional<std::string> reason = "it is needed after the loop has begun";
  std::optional<Place> known = placeOf(start);
  if (known && *known == place)
    reason = std::nullopt;
  else if (start.hasOneUse() && start.getDefiningOp() && start.getDefiningOp()->getBlock() == loop->getBlock())
    reason = put(start, place, loop->getBlock());
  if (reason)
    copy(start, place, loop, *reason);
  return place;
}

void MemoryPlan::planFor(scf::ForOp loop) {
  llvm::SaveAndRestore restore(holders, DenseMap<unsigned, Value>(holders));
  SmallVector<Wanted> wanted;
  for (auto [start, carried, next, result] : llvm::zip_equal(loop.getInitArgs(), loop.getRegionIterArgs(), loop.getYieldedValues(), loop.getResults()))
    if (isTensor(carried))
      wanted.push_back({next, placeCarry(loop, start, carried, result), carried});
  putAll(loop.getBody()->getTerminator(), wanted);
  planBlock(*loop.getBody());
}

/// Carries lie where the condition's arguments do. What the condition passes on is the same value in the body and behind the loop.
void MemoryPlan::planWhile(scf::WhileOp loop) {
  llvm::SaveAndRestore restore(holders, DenseMap<unsigned, Value>(holders));
  for (auto [passed, inside, result] : llvm::zip_equal(loop.getConditionOp().getArgs(), loop.getAfterArguments(), loop.getResults()))
    if (isTensor(passed)) {
      sameAs[inside] = passed;
      sameAs[result] = passed;
    }
  SmallVector<std::pair<Value, Value>> pairs;
  SmallVector<Wanted> wanted;
  for (auto [start, carried, next] : llvm::zip_equal(loop.getInits(), loop.getBeforeArguments(), loop.getYieldOp().getOperands())) {
    if (!isTensor(carried))
      continue;
    Value old;
    for (auto [passed, inside] : llvm::zip_equal(loop.getConditionOp().getArgs(), loop.getAfterArguments()))
      if (passed == carried)
        old = inside;
    if (old && old != next)
      pairs.push_back({old, next});
    wanted.push_back({next, placeCarry(loop, start, carried, Value()), old});
  }
  replaceInPlace(*loop.getAfterBody(), pairs);
  putAll(loop.getYieldOp(), wanted);
  planBlock(*loop.getAfterBody());
  planBlock(*loop.getBeforeBody());
}

void MemoryPlan::planIf(scf::IfOp branch) {
  for (Value result : branch.getResults())
    if (isTensor(result) && !placeOf(result))
      places[result] = newMemory(Memory::Kind::Workspace, result);
  for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()}) {
    if (region->empty())
      continue;
    SmallVector<Wanted> wanted;
    for (auto [value, result] : llvm::zip_equal(region->front().getTerminator()->getOperands(), branch.getResults()))
      if (isTensor(value))
        wanted.push_back({value, *placeOf(result), holders.lookup(placeOf(result)->memory)});
    putAll(region->front().getTerminator(), wanted);
    planBlock(region->front());
  }
}

//===--- Workspace ---===//

void MemoryPlan::measureLifetimes() {
  DenseMap<Operation *, std::pair<int64_t, int64_t>> spans;
  int64_t counter = 0;
  std::function<void(Operation *)> number = [&](Operation *op) {
    int64_t begin = counter++;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Operation &inner : block)
          number(&inner);
    spans[op] = {begin, counter++};
  };
  number(function);
  auto extend = [&](Place place, int64_t begin, int64_t end) {
    Memory &memory = memories[place.memory];
    memory.begin = std::min(memory.begin, begin);
    memory.end = std::max(memory.end, end);
  };
  auto visit = [&](Value value) {
    std::optional<Place> place = isTensor(value) ? placeOf(value) : std::nullopt;
    if (!place)
      return;
    Operation *op = value.getDefiningOp();
    auto [begin, end] = spans[op ? op : value.getParentBlock()->getParentOp()];
    extend(*place, begin, end);
    for (Operation *user : value.getUsers())
      if (Operation *ancestor = value.getParentBlock()->findAncestorOpInBlock(*user))
        extend(*place, begin, spans[ancestor].second);
  };
  function.walk([&](Operation *op) {
    llvm::for_each(op->getResults(), visit);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::for_each(block.getArguments(), visit);
  });
  for (Copy &copy : copies) {
    auto [begin, end] = spans[copy.before];
    extend(copy.to, begin, end);
    extend(copy.from ? *copy.from : *placeOf(copy.value), begin, end);
  }
}

/// First fit, largest first. Sizes are compared at the hints; that the parts of one slot do not meet follows from their lifetimes alone, so
/// the plan holds for all dimensions.
void MemoryPlan::layOutWorkspace() {
  struct Slot {
    DimAttr bytes;
    SmallVector<unsigned> members;
  };
  DimAttr end = DimAttr::get(function.getContext(), int64_t(0));
  SmallVector<unsigned> shared;
  for (auto [number, memory] : llvm::enumerate(memories))
    if (memory.kind == Memory::Kind::Workspace)
      shared.push_back(number);
  llvm::stable_sort(shared, [&](unsigned a, unsigned b) { return hints.of(memories[a].bytes) > hints.of(memories[b].bytes); });
  std::vector<Slot> slots;
  for (unsigned number : shared) {
    Memory &memory = memories[number];
    auto isFree = [&](Slot &slot) {
      return llvm::none_of(slot.members, [&](unsigned other) {
        return memory.begin <= memories[other].end && memories[other].begin <= memory.end;
      });
    };
    auto slot = llvm::find_if(slots, isFree);
    if (slot == slots.end())
      slot = slots.insert(slots.end(), Slot{memory.bytes, {}});
    else if (slot->bytes != memory.bytes)
      slot->bytes = DimAttr::max(slot->bytes, memory.bytes);
    slot->members.push_back(number);
  }
  for (Slot &slot : slots) {
    for (unsigned number : slot.members)
      memories[number].offset = end;
    this->slots.push_back(slot.bytes);
    end = end + slot.bytes;
  }
  workspaceBytes = end;
}

} // namespace costate::fuse
