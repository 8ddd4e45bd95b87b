// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Places and loops of stages that are no contraction tiles.
///
/// Places, from the last stage to the first: a pure stage is inlined where that repeats no work; a stage that is read row by row is computed in the row
/// loop of its reader, so that the row stays in cache, and several such readers share their loop; everything else is computed once, at the root.
///
/// Loops of each definition: lanes on the innermost variable where it is dense, reduction loops around them, rows outside; rows are
/// chunked to tasks of about 30 us. No sum is split: lanes and tasks run over pure variables only.
#include "costate/compiler/schedule/Rules.h"

#include "costate/dialects/kernel/LoopNests.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::schedule {

namespace {

/// Operations up to which a value is recomputed rather than stored.
constexpr int64_t kCheap = 4;
/// How much more often than once a point may be computed by inlining.
constexpr double kRepeat = 1.25;
/// Vector registers that one accumulator of a vectorised reduction may span.
constexpr int64_t kAccumulatorVectors = 4;
/// Operations of a point, as those of an exponential, from which on a processor waits for one vector rather than begin the next: so many vectors are
/// computed side by side, if the loop has so many trips that the ragged last one costs less than they save.
constexpr int64_t kLongChain = 16, kChains = 4, kWholeTrips = 8;
/// With a dynamic extent of rows: how many times the hint is still worth tasks.
constexpr int64_t kGrowth = 64;
/// Bytes of a row that a call stores: enough to pay for it, and the row is still in the cache.
constexpr int64_t kLeastStored = 1024, kMostStored = 16384;
/// Rows of known number are shared out as fewer tasks than this: a task then goes through memory for long enough.
constexpr int64_t kMostTasks = 256;

class StageScheduler {
public:
  StageScheduler(DefineOp kernel, const Machine &machine, const llvm::DenseSet<Operation *> &scheduled)
      : kernel(kernel), machine(machine), scheduled(scheduled), writer(kernel) {}

  /// Has it added stages?
  bool run() {
    std::vector<StageOp> stages = kernel.getStageOps();
    size_t count = stages.size();
    for (StageOp stage : llvm::reverse(stages)) {
      if (scheduled.contains(stage))
        continue;
      place(stage);
      if (!inlined.contains(stage))
        for (Definition definition : getDefinitions(stage))
          scheduleLoops(definition);
    }
    joinReaders();
    for (const RowLoop &loop : rowsToShare)
      shareRows(loop);
    // A place names a loop of the reader as it is at the end.
    stages = kernel.getStageOps();
    for (StageOp stage : stages)
      if (StageOp leader = leaderOf(stage); leader != stage)
        writer.computeWith(stage, leader, rowLoops.lookup(leader));
    for (StageOp stage : stages)
      if (auto found = placedAt.find(stage); found != placedAt.end()) {
        StageOp host = leaderOf(found->second);
        writer.computeAt(stage, {host, {}}, rowLoops.lookup(host));
        if (leaders.contains(found->second) || llvm::is_contained(llvm::make_second_range(leaders), host))
          writer.boundExtent(stage, pureName(0), 1); // Halide does not see that the readers want the same row
      }
    for (StageOp stage : stages)
      if (nontemporal.contains(stage))
        writer.nontemporal(stage);
    return stages.size() != count;
  }

private:
  static SmallVector<LoadOp> readsOf(StageOp stage) {
    SmallVector<LoadOp> loads;
    for (Operation *user : stage->getUsers())
      if (auto load = dyn_cast<LoadOp>(user))
        loads.push_back(load);
    return loads;
  }

  static Definition definitionOf(Operation *op) {
    if (auto update = dyn_cast<UpdateOp>(op->getParentOp()))
      return {update.getStage(), update};
    return {cast<StageOp>(op->getParentOp()), {}};
  }

  bool canInline(StageOp stage);
  StageOp findRowReader(StageOp stage);
  StageOp joinRows(ArrayRef<StageOp> hosts);
  void joinReaders();
  bool isStoredByRows(StageOp stage);
  void storeRows(StageOp stage);
  /// The stage whose row loop that of `host` is part of: itself, or the last of several that share one.
  StageOp leaderOf(StageOp host) const {
    auto found = leaders.find(host);
    return found == leaders.end() ? host : found->second;
  }
  void place(StageOp stage);
  bool readsWholeRows(Definition definition);
  bool takesRows(Definition definition);
  void scheduleLoops(Definition definition);

  /// The loop over rows of a definition at the root.
  struct RowLoop {
    Definition definition;
    std::string name;
    int64_t lanes; ///< rows that one trip computes
  };
  int64_t operationsPerRow(Definition definition);
  void shareRows(const RowLoop &loop);
  std::string vectorize(Definition definition, bool &hasLanes);
  bool isDense(Definition definition, unsigned dim);
  int64_t operationsPerPoint(Definition definition);

  DefineOp kernel;
  const Machine &machine;
  const llvm::DenseSet<Operation *> &scheduled;
  ScheduleWriter writer;
  llvm::DenseSet<Operation *> inlined;
  llvm::DenseSet<Operation *> nontemporal; ///< copies whose rows go past the caches
  DenseMap<Operation *, StageOp> placedAt;
  DenseMap<Operation *, StageOp> leaders;
  DenseMap<Operation *, std::string> rowLoops;
  SmallVector<RowLoop> rowsToShare;
};

} // namespace

bool StageScheduler::canInline(StageOp stage) {
  if (!stage.getUpdateOps().empty() || kernel.isOutputStage(stage))
    return false;
  SmallVector<LoadOp> reads = readsOf(stage);
  if (llvm::any_of(reads, [&](LoadOp load) { return nontemporal.contains(definitionOf(load).stage); }))
    return false;
  if (operationsPerPoint({stage, {}}) <= kCheap)
    return true;
  if (reads.size() != 1)
    return false;
  Definition reader = definitionOf(reads.front());
  if (takesRows({stage, {}}) && !takesRows(reader)) // its rows would be read a column at a time
    return false;
  double times = static_cast<double>(countPoints(kernel, reader.stage)) * countDomain(kernel, reader);
  return !scheduled.contains(reader.stage) && times <= kRepeat * countPoints(kernel, stage);
}

/// The stage at whose row loop `stage` can be computed: all reads end there, and take row i of `stage` for row i of their own.
StageOp StageScheduler::findRowReader(StageOp stage) {
  if (stage.getRank() == 0)
    return {};
  llvm::SetVector<StageOp> hosts;
  SmallVector<StageOp> pending = {stage};
  while (!pending.empty()) {
    for (LoadOp load : readsOf(pending.pop_back_val())) {
      Definition reader = definitionOf(load);
      if (reader.stage.getRank() == 0 || load.getIndices().front() != reader.variable(0) || !reader.isFree(0))
        return {};
      if (inlined.contains(reader.stage))
        pending.push_back(reader.stage);
      else if (auto found = placedAt.find(reader.stage); found != placedAt.end())
        hosts.insert(leaderOf(found->second));
      else if (reader.update)
        return {}; // its loop is another than that of the pure definition
      else
        hosts.insert(leaderOf(reader.stage));
    }
  }
  // A host has a plain row loop if it is not a tile; its rows are those of the stage.
  for (StageOp host : hosts)
    if (scheduled.contains(host) || host.isUndef() || kernel.isTiedStage(host) ||
        host.getMixedExtents().front() != stage.getMixedExtents().front() || !rowLoops.contains(host))
      return {};
  return hosts.empty() ? StageOp() : joinRows(hosts.getArrayRef());
}

/// Lets stages with equal row loops share one, if none of them reads another. Returns their leader, or nothing.
StageOp StageScheduler::joinRows(ArrayRef<StageOp> hosts) {
  if (hosts.size() == 1)
    return hosts.front();
  SmallVector<StageOp> members;
  for (StageOp stage : kernel.getStageOps())
    if (llvm::is_contained(hosts, leaderOf(stage)))
      members.push_back(stage);
  StageOp leader = members.back();
  if (!haveOrder(kernel, [&](StageOp stage) { return llvm::is_contained(members, stage) ? leader : leaderOf(stage); }))
    return {};
  for (StageOp member : ArrayRef(members).drop_back())
    leaders[member] = leader;
  leaders.erase(leader);
  return leader;
}

/// Lets numbers of rows that are made from rows of the same buffer share a loop: each row is read from memory once.
void StageScheduler::joinReaders() {
  auto rowsReadBy = [&](StageOp host) {
    llvm::SmallDenseSet<Value> buffers;
    for (auto [stage, place] : placedAt)
      if (place == host)
        for (Definition definition : getDefinitions(cast<StageOp>(stage)))
          for (LoadOp load : definition.body().getOps<LoadOp>())
            if (load.getIndices().size() > 1 && load.getIndices().front() == definition.variable(0) && !placedAt.contains(load.getBuffer().getDefiningOp()))
              buffers.insert(load.getBuffer());
    return buffers;
  };
  SmallVector<StageOp> hosts;
  for (StageOp stage : kernel.getStageOps())
    if (rowLoops.contains(stage) && leaderOf(stage) == stage && stage.getRank() == 1 && !kernel.isTiedStage(stage) && !rowsReadBy(stage).empty())
      hosts.push_back(stage);
  for (auto [number, host] : llvm::enumerate(hosts))
    for (StageOp later : ArrayRef(hosts).drop_front(number + 1)) {
      llvm::SmallDenseSet<Value> theirs = rowsReadBy(later);
      if (leaderOf(later) == later && host.getMixedExtents() == later.getMixedExtents() && llvm::any_of(rowsReadBy(host), [&](Value buffer) { return theirs.contains(buffer); })) {
        joinRows({host, later});
        break;
      }
    }
}

/// Is a row of this output computed by itself, from whole rows, so that a call may store it? Nobody else in the kernel reads it.
bool StageScheduler::isStoredByRows(StageOp stage) {
  if (stage.getRank() != 2 || stage.isUndef() || !readsOf(stage).empty() || !readsWholeRows({stage, {}}) ||
      !llvm::all_of(getDefinitions(stage), [](Definition definition) { return definition.isFree(0); }))
    return false;
  int64_t columns = getConstantIntValue(stage.getMixedExtents().back()).value_or(0);
  int64_t bytes = columns * bytesOf(cast<BufferType>(stage.getResult(0).getType()).getElementType());
  return bytes >= kLeastStored && bytes <= kMostStored;
}

/// An output that is read by rows: its readers get a row, or the number of a row, in their loop, the result a copy of it there. So with one that is
/// stored by rows.
void StageScheduler::storeRows(StageOp stage) {
  if (stage.getNumResults() != 1 || kernel.isTiedStage(stage))
    return;
  bool byRows = isStoredByRows(stage);
  if (!byRows && !findRowReader(stage))
    return;
  StageOp copy = copyStage(stage);
  stage.getResult(0).replaceUsesWithIf(copy.getResult(0), [](OpOperand &use) { return isa<OutputOp>(use.getOwner()); });
  if (byRows)
    nontemporal.insert(copy);
  scheduleLoops({copy, {}});
  findRowReader(stage); // lets them share their loop, also if what a row is made of is read again rather than the row stored
}

void StageScheduler::place(StageOp stage) {
  if (kernel.isOutputStage(stage))
    storeRows(stage);
  if (kernel.isOutputStage(stage))
    return;
  if (canInline(stage)) {
    inlined.insert(stage);
    return;
  }
  if (StageOp reader = findRowReader(stage))
    placedAt[stage] = reader;
  else
    writer.computeRoot(stage);
}

int64_t StageScheduler::operationsPerPoint(Definition definition) {
  int64_t operations = countOperations(definition);
  for (LoadOp load : definition.body().getOps<LoadOp>())
    if (auto read = load.getBuffer().getDefiningOp<StageOp>(); read && inlined.contains(read))
      operations += operationsPerPoint({read, {}});
  return operations * countDomain(kernel, definition);
}

/// Are loads along variable `dim` dense or independent of it? A load that uses it elsewhere than last strides.
bool StageScheduler::isDense(Definition definition, unsigned dim) {
  for (LoadOp load : definition.body().getOps<LoadOp>())
    if (!load.getIndices().empty() && llvm::is_contained(load.getIndices().drop_back(), definition.variable(dim)))
      return false;
  return true;
}

/// Makes lanes of the last variable, if it can be. Returns the loop that is left of the variable, or nothing if all of it is lanes.
std::string StageScheduler::vectorize(Definition definition, bool &hasLanes) {
  hasLanes = false;
  StageOp stage = definition.stage;
  unsigned dim = stage.getRank() - 1;
  std::string name = pureName(dim);
  if (!definition.isFree(dim))
    return name;
  if (definition.update && !isDense(definition, dim))
    return name;
  int64_t lanes = machine.vectorBytes;
  for (Type type : stage.getResultTypes())
    lanes = std::min<int64_t>(lanes, machine.lanes(cast<BufferType>(type).getElementType()));
  int64_t width = definition.update && !definition.update.getStaticDomain().empty() ? kAccumulatorVectors * lanes : lanes;
  OpFoldResult extent = stage.getMixedExtents()[dim];
  std::optional<int64_t> size = getConstantIntValue(extent);
  if (size && *size <= width) {
    if (*size < 2)
      return name;
    hasLanes = true;
    writer.vectorize(definition, name);
    return "";
  }
  if (definition.update && size && *size % width != 0)
    width = lanes; // a shorter ragged tail
  if (!definition.update && operationsPerPoint(definition) >= kLongChain && kernel.getHint(extent) >= kWholeTrips * kChains * lanes)
    width = kChains * lanes;
  bool whole = getKnownDivisor(extent) % width == 0;
  bool shift = size && !definition.update && kernel.isOutputStage(stage) && !kernel.isTiedStage(stage);
  writer.split(definition, name, width, whole ? Tail::RoundUp : shift ? Tail::ShiftInwards : Tail::GuardWithIf);
  writer.vectorize(definition, name + "i");
  hasLanes = true;
  return name + "o";
}

/// Is what belongs to a row made from whole rows, as a maximum or a softmax is?
bool StageScheduler::readsWholeRows(Definition definition) {
  llvm::SmallDenseSet<Operation *> seen;
  SmallVector<Definition> pending = {definition};
  while (!pending.empty()) {
    Definition reader = pending.pop_back_val();
    for (LoadOp load : reader.body().getOps<LoadOp>()) {
      auto read = load.getBuffer().getDefiningOp<StageOp>();
      if (!read || scheduled.contains(read) || kernel.isOutputStage(read) || load.getIndices().empty() || load.getIndices().front() != reader.variable(0))
        continue;
      if (read.getRank() > 1 && !read.getUpdateOps().empty())
        return true;
      if (seen.insert(read).second)
        for (Definition inner : getDefinitions(read))
          pending.push_back(inner);
    }
  }
  return false;
}

/// Is a number of each row made from whole rows? Then its loop goes row by row, with what it is made from inside, and its lanes are those of the rows.
bool StageScheduler::takesRows(Definition definition) {
  return !definition.update && definition.stage.getRank() == 1 && !kernel.isTiedStage(definition.stage) && readsWholeRows(definition);
}

void StageScheduler::scheduleLoops(Definition definition) {
  StageOp stage = definition.stage;
  unsigned rank = stage.getRank();
  if (rank == 0)
    return;
  bool hasLanes = false, byRows = takesRows(definition) || (rank == 1 && placedAt.contains(stage)); // a row at a time there
  std::string around = byRows || nontemporal.contains(stage) ? pureName(0) : vectorize(definition, hasLanes);

  // Reduction loops stand around the lanes and inside everything else.
  if (definition.update && hasLanes && !definition.update.getStaticDomain().empty()) {
    SmallVector<std::string> order;
    std::string lanes = pureName(rank - 1);
    order.push_back(around.empty() ? lanes : lanes + "i");
    for (unsigned number = definition.update.getStaticDomain().size(); number-- > 0;)
      order.push_back("r" + std::to_string(number));
    if (!around.empty())
      order.push_back(around);
    for (unsigned dim = rank - 1; dim-- > 0;)
      if (definition.isFree(dim))
        order.push_back(pureName(dim));
    writer.reorder(definition, order);
  }
  if (placedAt.contains(stage))
    return;

  bool rowsAreLanes = rank == 1;
  std::string rows = rowsAreLanes ? around : pureName(0);
  if (!definition.isFree(0) || rows.empty())
    return;
  int64_t lanes = rowsAreLanes && hasLanes ? machine.lanes(cast<BufferType>(stage.getResult(0).getType()).getElementType()) : 1;
  rowsToShare.push_back({definition, rows, lanes});
  if (!definition.update && (!rowsAreLanes || byRows))
    rowLoops[stage] = rows;
}

/// With those of the stages that share its row loop, or are computed in it.
int64_t StageScheduler::operationsPerRow(Definition definition) {
  int64_t operations = operationsPerPoint(definition) * countPoints(kernel, definition.stage, 1);
  if (definition.update)
    return operations;
  StageOp leader = leaderOf(definition.stage);
  for (StageOp stage : kernel.getStageOps()) {
    if (stage != definition.stage && leaderOf(stage) == leader)
      operations += operationsPerPoint({stage, {}}) * countPoints(kernel, stage, 1);
    if (auto found = placedAt.find(stage); found != placedAt.end() && leaderOf(found->second) == leader)
      for (Definition inner : getDefinitions(stage))
        operations += operationsPerPoint(inner) * countPoints(kernel, stage, 1);
  }
  return operations;
}

/// Rows to tasks.
void StageScheduler::shareRows(const RowLoop &loop) {
  auto [definition, rows, lanes] = loop;
  int64_t operations = operationsPerRow(definition);
  OpFoldResult extent = definition.stage.getMixedExtents().front();
  int64_t likely = kernel.getHint(extent) * (getConstantIntValue(extent) ? 1 : kGrowth);
  if (operations * likely < 2 * machine.taskOperations)
    return;
  int64_t chunk = llvm::PowerOf2Ceil(llvm::divideCeil(machine.taskOperations, operations * lanes));
  if (std::optional<int64_t> size = getConstantIntValue(extent)) { // tasks of equal size, as many as threads can share
    int64_t trips = llvm::divideCeil(*size, lanes);
    int64_t tasks = std::min<int64_t>(kMostTasks, llvm::PowerOf2Ceil(llvm::divideCeil(trips, chunk)));
    chunk = llvm::divideCeil(trips, tasks);
  }
  if (chunk > 1) {
    writer.split(definition, rows, chunk, Tail::GuardWithIf);
    writer.parallel(definition, rows + "o");
    rows += "i";
  } else {
    writer.parallel(definition, rows);
  }
  if (auto found = rowLoops.find(definition.stage); found != rowLoops.end() && !definition.update)
    found->second = rows;
}

bool scheduleStages(DefineOp kernel, const Machine &machine, const llvm::DenseSet<Operation *> &scheduled) {
  return StageScheduler(kernel, machine, scheduled).run();
}

} // namespace costate::schedule
