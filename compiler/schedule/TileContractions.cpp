// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// acc(.., i, j) += a(i, k) * b(k, j) as register tiles.
///
/// A tile of `rows` x `columns` accumulators lives in registers while k runs over its whole extent, in order. The rewrite makes every
/// tile whole, so that no guard stands inside it:
/// - rows: a tile may hang over the end; reads clamp the row to the last one, and the guarded store drops what is too much;
/// - columns: a last ragged panel is shifted back so that it ends with the matrix; a matrix narrower than a panel is padded instead,
///   in a packed copy of b whose column index is clamped.
///
/// Loops, outermost first: panels of columns, groups of row tiles (for tasks), row tiles, the tiles side by side in a wide panel, and inside a tile k. Tasks
/// are panels if there are enough of them, else groups of rows, which meet all panels of a small b, or else panels and groups together. b is packed panel by panel (k
/// outer, columns dense) where its columns are not dense, where it is padded, or where many row tiles share a panel whose rows fall on few cache
/// sets. a is packed once, tile by tile of rows (k outer, the rows of the tile dense), where its rows are the dense axis (the gradient of a weight):
/// there each step of k is on another page. Packed or not, and whatever the order of tiles, each sum is the same.
///
/// A sum that is made slice by slice is two stages, the slices and their total. A tile of each lives in registers: that of a slice inside the loop over slices.
#include "costate/compiler/schedule/Rules.h"

#include "costate/dialects/kernel/LoopNests.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::schedule {

namespace {

/// Rows of the matrix up to which packing b costs more than it gives.
constexpr int64_t kFewRows = 64;
/// Bytes of an operand beyond which it is packed: what stays in L2 next to everything else.
constexpr int64_t kManyBytes = 256 * 1024;
/// Rows at a multiple of this distance in bytes share few sets of the first-level cache.
constexpr int64_t kAliasBytes = 512;
/// Depth from which a strided a is packed, panels that must share it, and steps of k that are copied to a tile before the next one.
constexpr int64_t kLongDepth = 128;
constexpr int64_t kManyPanels = 4;
constexpr int64_t kPackedDepth = 8;
/// Elements from which the copy is worth sharing out.
constexpr int64_t kManyPacked = 1 << 16;
/// Elements along k that a transposing copy loads at once, and columns that it writes out: each element is stored on its own.
constexpr int64_t kTransposedLanes = 8;
constexpr int64_t kStoredColumns = 4;
/// Bytes of b or of the result that the translation of addresses no longer covers: then a panel is several tiles wide, so that every page that it
/// touches gives it more than a line or two. It still has to stay in L2.
constexpr int64_t kFarBytes = 4 << 20;
constexpr int64_t kWideTiles = 4;
constexpr int64_t kPanelBytes = 512 << 10;
/// Row tiles of a task, at least, where there are many; where there are few, tasks that they are shared out to.
constexpr int64_t kTaskTiles = 8;
constexpr int64_t kFewTasks = 8;
/// Bytes of b up to which each task reads all of it.
constexpr int64_t kSharedBytes = 512 << 10;
/// Operations of the store up to which it is worth writing out for every row of a tile.
constexpr int64_t kSimpleStore = 8;

struct Tile {
  int64_t rows;
  int64_t columns;
  bool padded;      ///< the matrix has fewer columns than the tile
  int64_t wide = 1; ///< tiles side by side in a panel
};

/// What runs at once.
enum class Tasks { None, Batch, Panels, Rows, Both };

class ContractionTiler {
public:
  ContractionTiler(DefineOp kernel, StageOp stage, const Machine &machine) : kernel(kernel), sum(stage), total(stage), machine(machine) {}

  bool run(llvm::DenseSet<Operation *> &scheduled);

private:
  std::optional<Tile> chooseTile();
  bool dependsOn(Value index, Value variable);
  bool reads(LoadOp load, Value variable) {
    return llvm::any_of(load.getIndices(), [&](Value index) { return dependsOn(index, variable); });
  }
  void findTotal();
  StageOp findStore();
  void clampRows();
  Value variableOf(Value index);
  bool canPack(LoadOp load, Value along, Value other);
  Value cloneLoad(OpBuilder &builder, LoadOp load, IRMapping &mapping);
  bool mustPackB(LoadOp load);
  bool mustPackA(LoadOp load);
  StageOp packColumns(LoadOp load, OpFoldResult columns);
  StageOp packRowTiles(LoadOp load);
  OpFoldResult divideRows(OpBuilder &builder, bool up);
  void planTasks(bool copiesA, bool copiesB, bool canShareB);
  void schedule();
  void scheduleTile(ScheduleWriter &writer, Definition adding);
  void scheduleRowTiles(ScheduleWriter &writer, StageOp panel);
  void scheduleTranspose(ScheduleWriter &writer, StageOp panel);
  int64_t bytesOf(OpFoldResult extent) { return kernel.getHint(extent) * elementType().getIntOrFloatBitWidth() / 8; }
  int64_t depth() { return countDomain(kernel, {sum, update}) * countDomain(kernel, {total, joining}); }
  int64_t panelCount() { return llvm::divideCeil(std::max<int64_t>(1, kernel.getHint(extent(columnDim()))), tile.wide * tile.columns); }

  unsigned rowDim() { return sum.getRank() - 2; }
  unsigned columnDim() { return sum.getRank() - 1; }
  std::string rowOf(StageOp stage) { return pureName(stage.getRank() - 2); }
  std::string columnOf(StageOp stage) { return pureName(stage.getRank() - 1); }
  BlockArgument row() { return update.getBody().getArgument(rowDim()); }
  BlockArgument column() { return update.getBody().getArgument(columnDim()); }
  OpFoldResult extent(unsigned dim) { return sum.getMixedExtents()[dim]; }
  /// Extents of the update's loops, one for each of its arguments.
  SmallVector<OpFoldResult> loops() { return llvm::to_vector(llvm::concat<OpFoldResult>(sum.getMixedExtents(), update.getMixedDomain())); }
  Type elementType() { return cast<BufferType>(sum.getResult(0).getType()).getElementType(); }

  DefineOp kernel;
  StageOp sum;
  UpdateOp update;
  StageOp total;    ///< `sum`, or what adds it up along its first dimension
  UpdateOp joining; ///< of `total`, then; else null
  const Machine &machine;
  Tile tile;
  Tasks tasks = Tasks::None;
  int64_t group = 0;      ///< row tiles of a task
  bool rowsFirst = false; ///< groups of rows stand outside panels
  StageOp store;
  SmallVector<std::pair<StageOp, bool>> panelsOfB; ///< and whether the source has dense columns
  SmallVector<StageOp> panelsOfA;
  llvm::SmallPtrSet<Operation *, 4> placesInTiles; ///< what computes the tile of a row and its place there
};

} // namespace

/// As many accumulators as registers allow beside one row of b and a broadcast of a.
std::optional<Tile> ContractionTiler::chooseTile() {
  int64_t lanes = machine.lanes(elementType());
  int64_t vectors = machine.tileVectors ? machine.tileVectors : machine.registers() >= 32 ? 4 : 2;
  std::optional<int64_t> columns = getConstantIntValue(extent(columnDim()));
  bool padded = columns && *columns < vectors * lanes;
  if (padded)
    vectors = llvm::divideCeil(*columns, lanes);
  if (columns && *columns < 2)
    return std::nullopt;
  int64_t rows = machine.tileRows ? machine.tileRows : vectors * 8 <= machine.registers() - 4 ? 8 : 6;
  return Tile{rows, vectors * lanes, padded && *columns != vectors * lanes};
}

bool ContractionTiler::dependsOn(Value index, Value variable) {
  if (index == variable)
    return true;
  Operation *op = index.getDefiningOp();
  return op && op->getParentRegion() == &update.getBody() &&
         llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, variable); });
}

/// Does a value of the definition hang on where it is computed, by a choice? Halide infers from the condition that not all of a tile is read, which the
/// promised extents of the tile contradict.
static bool choosesByPlace(StageOp stage) {
  Block &body = stage.getDefinition().front();
  SmallPtrSet<Value, 16> ofPlace(body.getArguments().begin(), body.getArguments().end());
  for (Operation &op : body) { // in order: operands come first
    if (isa<LoadOp>(op))
      continue; // an element, wherever it lies, is data
    if (auto choice = dyn_cast<arith::SelectOp>(op); choice && ofPlace.contains(choice.getCondition()))
      return true;
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return ofPlace.contains(operand); }))
      ofPlace.insert(op.result_begin(), op.result_end());
  }
  return false;
}

/// Is the sum read by one stage only, which adds up its slices?
void ContractionTiler::findTotal() {
  if (!sum.getResult(0).hasOneUse())
    return;
  auto load = dyn_cast<LoadOp>(*sum.getResult(0).user_begin());
  auto adding = load ? dyn_cast<UpdateOp>(load->getParentOp()) : UpdateOp();
  if (!adding || adding.getWrite().getPredicate())
    return;
  StageOp reader = adding.getStage();
  SmallVector<Value> slice(adding.getReductionVariables());
  llvm::append_range(slice, adding.getVariables());
  SmallVector<OpFoldResult> extents = adding.getMixedDomain();
  llvm::append_range(extents, reader.getMixedExtents());
  bool isFree = llvm::all_of(llvm::seq(reader.getRank()), [&](unsigned dim) { return adding.isFree(dim); });
  if (reader.getUpdateOps().size() == 1 && !reader.isUndef() && reader.getNumResults() == 1 && reader.getRank() > 1 &&
      reader.getRank() + 1 == sum.getRank() && !kernel.isTiedStage(reader) && isFree && llvm::equal(load.getIndices(), slice) &&
      extents == sum.getMixedExtents()) {
    total = reader;
    joining = adding;
  }
}

/// The stage that stores the tiles: the only reader of the sum, if it is an output that reads all of it point by point, else a copy.
StageOp ContractionTiler::findStore() {
  Value value = total.getResult(0);
  if (value.hasOneUse())
    if (auto load = dyn_cast<LoadOp>(*value.user_begin())) {
      auto reader = load->getParentOfType<StageOp>();
      if (load->getParentRegion() == &reader.getDefinition() && reader.getUpdateOps().empty() && kernel.isOutputStage(reader) &&
          !choosesByPlace(reader) && reader.getMixedExtents() == total.getMixedExtents() &&
          llvm::equal(load.getIndices(), reader.getDefinition().getArguments()))
        return reader;
    }
  StageOp copy = copyStage(total);
  value.replaceUsesWithIf(copy.getResult(0), [&](OpOperand &use) { return use.getOwner()->getParentOp() != copy; });
  return copy;
}

/// Reads of rows beyond the last one read the last one instead.
void ContractionTiler::clampRows() {
  if (getKnownDivisor(extent(rowDim())) % tile.rows == 0)
    return;
  OpBuilder builder(&update.getBody().front(), update.getBody().front().begin());
  Value one = arith::ConstantIndexOp::create(builder, update.getLoc(), 1), size;
  if (auto value = dyn_cast<Value>(extent(rowDim())))
    size = value;
  else
    size = arith::ConstantIndexOp::create(builder, update.getLoc(), *getConstantIntValue(extent(rowDim())));
  Value last = arith::SubIOp::create(builder, update.getLoc(), size, one);
  auto clamped = arith::MinSIOp::create(builder, update.getLoc(), row(), last);
  // The row stays as it is where the sum itself is read and written.
  row().replaceUsesWithIf(clamped, [&](OpOperand &use) {
    Operation *user = use.getOwner();
    auto load = dyn_cast<LoadOp>(user);
    return user != clamped && !isa<WriteOp>(user) && !placesInTiles.contains(user) && !(load && llvm::is_contained(sum.getSelf(), load.getBuffer()));
  });
}

/// The loop variable that the index is, or from which it keeps a fixed distance (rows of a slice); null if it is neither.
Value ContractionTiler::variableOf(Value index) {
  if (isa<BlockArgument>(index))
    return index;
  auto sum = index.getDefiningOp<arith::AddIOp>();
  if (!sum)
    return Value();
  for (auto [moving, fixed] : {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())})
    if (isa<BlockArgument>(moving) && llvm::none_of(update.getBody().getArguments(), [&](Value variable) { return dependsOn(fixed, variable); }))
      return moving;
  return Value();
}

/// Only loop variables give a panel its shape.
bool ContractionTiler::canPack(LoadOp load, Value along, Value other) {
  return !llvm::is_contained(sum.getSelf(), load.getBuffer()) && reads(load, along) && !reads(load, other) &&
         llvm::all_of(load.getIndices(), [&](Value index) { return variableOf(index) != nullptr; });
}

/// The load, with the variables and what its indices add to them.
Value ContractionTiler::cloneLoad(OpBuilder &builder, LoadOp load, IRMapping &mapping) {
  std::function<void(Value)> copy = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getParentRegion() != &update.getBody() || mapping.contains(value))
      return;
    llvm::for_each(op->getOperands(), copy);
    builder.clone(*op, mapping);
  };
  llvm::for_each(load.getIndices(), copy);
  return cast<LoadOp>(builder.clone(*load, mapping)).getResult();
}

bool ContractionTiler::mustPackB(LoadOp load) {
  if (!canPack(load, column(), row()))
    return false;
  if (tile.padded || variableOf(load.getIndices().back()) != column())
    return true;
  int64_t rowBytes = bytesOf(extent(columnDim()));
  return kernel.getHint(extent(rowDim())) > kFewRows && (rowBytes * depth() > kManyBytes || rowBytes % kAliasBytes == 0);
}

bool ContractionTiler::mustPackA(LoadOp load) {
  return canPack(load, row(), column()) && load.getIndices().size() > 1 && variableOf(load.getIndices().back()) == row() && depth() >= kLongDepth &&
         bytesOf(extent(rowDim())) * depth() > kManyBytes && panelCount() >= kManyPanels;
}

/// panel(.., k.., j) = what the update reads there, and the update reads the panel.
StageOp ContractionTiler::packColumns(LoadOp load, OpFoldResult columns) {
  SmallVector<Value> variables; // batch and reduction variables that the load reads, in the order of the loops
  SmallVector<OpFoldResult> extents;
  for (auto [argument, extent] : llvm::zip_equal(update.getBody().getArguments(), loops()))
    if (argument != column() && reads(load, argument)) {
      variables.push_back(argument);
      extents.push_back(extent);
    }
  variables.push_back(column());
  extents.push_back(columns);

  OpBuilder builder(sum);
  auto panel = StageOp::create(
      builder, load.getLoc(), freshStageName(kernel, (sum.getStageName() + "_panel").str()), extents, load.getResult().getType(),
      [&](OpBuilder &inner, Location location, ValueRange own) -> SmallVector<Value> {
        IRMapping mapping;
        mapping.map(variables, own);
        if (tile.padded) { // columns of the padding repeat the last one
          Value last = arith::ConstantIndexOp::create(inner, location, *getConstantIntValue(extent(columnDim())) - 1);
          mapping.map(column(), arith::MinSIOp::create(inner, location, own.back(), last).getResult());
        }
        return {cloneLoad(inner, load, mapping)};
      });
  builder.setInsertionPoint(load);
  load.getBufferMutable().assign(panel.getResult(0));
  load.getIndicesMutable().assign(variables);
  return panel;
}

/// Tiles of rows: whole ones, or with the last one if it is not whole.
OpFoldResult ContractionTiler::divideRows(OpBuilder &builder, bool up) {
  if (std::optional<int64_t> rows = getConstantIntValue(extent(rowDim())))
    return builder.getIndexAttr(up ? llvm::divideCeil(*rows, tile.rows) : *rows / tile.rows);
  Value rows = cast<Value>(extent(rowDim()));
  if (up) {
    Value more = arith::ConstantIndexOp::create(builder, sum.getLoc(), tile.rows - 1);
    rows = arith::AddIOp::create(builder, sum.getLoc(), rows, more);
  }
  return arith::DivUIOp::create(builder, sum.getLoc(), rows, arith::ConstantIndexOp::create(builder, sum.getLoc(), tile.rows)).getResult();
}

/// panel(.., t, k.., p) = what the update reads at row t * rows + p, and the update reads the panel. One update copies the whole tiles, another the
/// last one, whose rows beyond the end repeat the last row.
StageOp ContractionTiler::packRowTiles(LoadOp load) {
  OpBuilder builder(sum);
  OpFoldResult tiles = divideRows(builder, /*up=*/true), whole = divideRows(builder, /*up=*/false);
  SmallVector<Value> variables; // batch and reduction variables that the load reads
  SmallVector<OpFoldResult> extents;
  unsigned tileDim = 0;
  for (auto [argument, extent] : llvm::zip_equal(update.getBody().getArguments(), loops())) {
    if (argument == row()) {
      tileDim = extents.size();
      extents.push_back(tiles);
    } else if (reads(load, argument)) {
      variables.push_back(argument);
      extents.push_back(extent);
    }
  }
  extents.push_back(builder.getIndexAttr(tile.rows));
  Location location = load.getLoc();
  auto panel = StageOp::create(builder, location, freshStageName(kernel, (sum.getStageName() + "_panel").str()), extents, load.getResult().getType(), nullptr);

  auto copy = [&](OpBuilder &inner, ValueRange own, Value tileNumber, Value lastRow) {
    SmallVector<Value> place = llvm::to_vector(own), mapped = place;
    place[tileDim] = tileNumber;
    mapped.erase(mapped.begin() + tileDim);
    mapped.pop_back();
    Value rows = arith::ConstantIndexOp::create(inner, location, tile.rows);
    Value from = arith::AddIOp::create(inner, location, arith::MulIOp::create(inner, location, tileNumber, rows), own.back());
    if (lastRow)
      from = arith::MinSIOp::create(inner, location, from, lastRow);
    IRMapping mapping;
    mapping.map(variables, mapped);
    mapping.map(row(), from);
    WriteOp::create(inner, location, ValueRange{cloneLoad(inner, load, mapping)}, place, Value());
  };
  panel.addUpdate(builder, whole, /*contract=*/false,
                  [&](OpBuilder &inner, Location, ValueRange, ValueRange own, ValueRange tiles) { copy(inner, own, tiles[0], Value()); });
  if (getKnownDivisor(extent(rowDim())) % tile.rows != 0) {
    builder.setInsertionPoint(panel);
    Value number = getValueOrCreateConstantIndexOp(builder, location, whole), count = getValueOrCreateConstantIndexOp(builder, location, tiles);
    Value last = arith::SubIOp::create(builder, location, getValueOrCreateConstantIndexOp(builder, location, extent(rowDim())),
                                       arith::ConstantIndexOp::create(builder, location, 1));
    OpFoldResult rest = builder.createOrFold<arith::SubIOp>(location, count, number);
    if (std::optional<int64_t> constant = getConstantIntValue(rest))
      rest = builder.getIndexAttr(*constant);
    panel.addUpdate(builder, rest, /*contract=*/false,
                    [&](OpBuilder &inner, Location, ValueRange, ValueRange own, ValueRange) { copy(inner, own, number, last); });
  }

  builder.setInsertionPoint(load);
  Value rows = arith::ConstantIndexOp::create(builder, location, tile.rows);
  Value tileNumber = arith::DivUIOp::create(builder, location, row(), rows), position = arith::RemUIOp::create(builder, location, row(), rows);
  placesInTiles.insert(tileNumber.getDefiningOp());
  placesInTiles.insert(position.getDefiningOp());
  variables.insert(variables.begin() + tileDim, tileNumber);
  variables.push_back(position);
  load.getBufferMutable().assign(panel.getResult(0));
  load.getIndicesMutable().assign(variables);
  return panel;
}

bool ContractionTiler::run(llvm::DenseSet<Operation *> &scheduled) {
  std::vector<UpdateOp> updates = sum.getUpdateOps();
  if (updates.size() != 1 || sum.isUndef() || sum.getNumResults() != 1 || sum.getRank() < 2 || kernel.isTiedStage(sum))
    return false;
  update = updates.front();
  if (!update.getContract() || update.getWrite().getPredicate() || update.getStaticDomain().empty())
    return false;
  for (unsigned dim = 0; dim < sum.getRank(); ++dim)
    if (!update.isFree(dim))
      return false;
  findTotal();
  std::optional<Tile> chosen = chooseTile();
  if (!chosen)
    return false;
  tile = *chosen;
  int64_t tiles = machine.panelTiles ? machine.panelTiles : kWideTiles, width = tiles * tile.columns, columns = kernel.getHint(extent(columnDim()));
  int64_t size = elementType().getIntOrFloatBitWidth() / 8;
  bool isFar = columns * size * std::max(depth(), kernel.getHint(extent(rowDim()))) > kFarBytes;
  if (machine.panelTiles ? columns >= width : isFar && columns >= kManyPanels * width && depth() * width * size <= kPanelBytes)
    tile.wide = tiles;
  SmallVector<LoadOp> loadsOfA, loadsOfB;
  for (LoadOp load : update.getBody().getOps<LoadOp>()) {
    if (mustPackB(load))
      loadsOfB.push_back(load);
    else if (tile.padded && reads(load, column()) && !llvm::is_contained(sum.getSelf(), load.getBuffer()))
      return false; // a padded column would be read beyond the end
    else if (mustPackA(load))
      loadsOfA.push_back(load);
  }
  bool mustCopyB = tile.padded || llvm::any_of(loadsOfB, [&](LoadOp load) { return variableOf(load.getIndices().back()) != column(); });
  planTasks(!loadsOfA.empty(), !loadsOfB.empty(), !mustCopyB && bytesOf(extent(columnDim())) * depth() <= kSharedBytes);
  if (rowsFirst) { // a tile of rows stays in L1 for all panels, and b in L2
    loadsOfA.clear();
    loadsOfB.clear();
  }
  store = findStore();
  for (LoadOp load : loadsOfB) {
    bool dense = variableOf(load.getIndices().back()) == column();
    OpFoldResult columns = tile.padded ? OpFoldResult(OpBuilder(kernel).getIndexAttr(tile.columns)) : extent(columnDim());
    panelsOfB.emplace_back(packColumns(load, columns), dense);
  }
  for (LoadOp load : loadsOfA)
    panelsOfA.push_back(packRowTiles(load));
  clampRows();
  schedule();
  scheduled.insert(sum);
  scheduled.insert(total);
  scheduled.insert(store);
  for (auto [panel, dense] : panelsOfB)
    scheduled.insert(panel);
  scheduled.insert_range(panelsOfA);
  return true;
}

void ContractionTiler::planTasks(bool copiesA, bool copiesB, bool canShareB) {
  int64_t rowTiles = llvm::divideCeil(std::max<int64_t>(1, kernel.getHint(extent(rowDim()))), tile.rows), panels = panelCount();
  int64_t tileOperations = 2 * depth() * tile.rows * tile.columns * tile.wide;
  int64_t least = llvm::divideCeil(4 * machine.taskOperations, tileOperations); // tiles that are worth a task
  group = std::max(kTaskTiles, least);
  bool hasGroups = rowTiles > group;
  rowsFirst = canShareB && hasGroups && panels > 1 && (panels < kManyPanels || copiesA);
  auto shareEqually = [&](int64_t tasks) { group = llvm::divideCeil(rowTiles, std::max<int64_t>(1, tasks)); };
  if (total.getRank() > 2 && 2 * depth() * countPoints(kernel, total) >= 4 * machine.taskOperations) {
    tasks = Tasks::Batch;
  } else if (!rowsFirst && panels >= kManyPanels && rowTiles * tileOperations >= machine.taskOperations) {
    tasks = Tasks::Panels;
  } else if (hasGroups) {
    tasks = Tasks::Rows;
    shareEqually(llvm::divideCeil(rowTiles, group));
  } else if (int64_t count = std::min(kFewTasks, rowTiles * panels / least); count > 1) {
    tasks = Tasks::Both;
    shareEqually(copiesB ? 1 : llvm::divideCeil(count, panels)); // a copy is for all rows
  } else {
    tasks = Tasks::Rows; // there may be more rows than is likely
  }
}

void ContractionTiler::schedule() {
  ScheduleWriter writer(kernel);
  Definition stored{store, {}};
  std::string row = rowOf(store), column = columnOf(store);
  std::optional<int64_t> rows = getConstantIntValue(extent(rowDim())), columns = getConstantIntValue(extent(columnDim()));
  if (!kernel.isOutputStage(store))
    writer.computeRoot(store);

  // The loops of the store, innermost first.
  bool wholeTiles = getKnownDivisor(extent(rowDim())) % tile.rows == 0;
  writer.split(stored, row, tile.rows, wholeTiles ? Tail::RoundUp : Tail::GuardWithIf);
  std::string tileLoop = row + "o", panelLoop, besideLoop, groupLoop, laneLoop = column;
  if (!columns || *columns > tile.columns) {
    int64_t width = tile.wide * tile.columns;
    bool wholePanels = getKnownDivisor(extent(columnDim())) % width == 0;
    bool shift = columns && !kernel.isTiedStage(store);
    writer.split(stored, column, width, wholePanels ? Tail::RoundUp : shift ? Tail::ShiftInwards : Tail::GuardWithIf);
    laneLoop = column + "i";
    panelLoop = column + "o";
    if (tile.wide > 1) {
      writer.split(stored, laneLoop, tile.columns, kernel.isTiedStage(store) ? Tail::GuardWithIf : Tail::RoundUp); // there is no rest
      besideLoop = laneLoop + "o";
      laneLoop += "i";
    }
  }
  if (!rows || *rows > group * tile.rows) {
    writer.split(stored, tileLoop, group, Tail::GuardWithIf);
    groupLoop = tileLoop + "o";
    tileLoop = tileLoop + "i";
  }
  SmallVector<std::string> order = {laneLoop, row + "i"};
  std::string first = panelLoop, second = groupLoop;
  if (rowsFirst)
    std::swap(first, second);
  for (const std::string &loop : {besideLoop, tileLoop, second, first})
    if (!loop.empty())
      order.push_back(loop);
  writer.reorder(stored, order);
  writer.vectorize(stored, laneLoop);
  if (countOperations(stored) <= kSimpleStore)
    writer.unroll(stored, row + "i");

  std::string taskLoop = tasks == Tasks::Batch ? pureName(0) : tasks == Tasks::Panels ? panelLoop : tasks == Tasks::None ? "" : groupLoop;
  if (tasks == Tasks::Both && !panelLoop.empty() && !groupLoop.empty()) {
    writer.fuse(stored, panelLoop, groupLoop, "tasks");
    taskLoop = panelLoop = "tasks";
  }
  if (!taskLoop.empty())
    writer.parallel(stored, taskLoop);

  for (StageOp panel : panelsOfA) {
    writer.computeRoot(panel);
    scheduleRowTiles(writer, panel);
  }
  for (auto [panel, dense] : panelsOfB) { // (k.., j)
    unsigned last = panel.getRank() - 1;
    if (panelLoop.empty() && store.getRank() == 2) {
      writer.computeRoot(panel);
    } else {
      writer.computeAt(panel, stored, panelLoop.empty() ? pureName(store.getRank() - 3) : panelLoop);
      writer.boundExtent(panel, pureName(last), tile.wide * tile.columns);
    }
    if (dense || last == 0)
      writer.vectorize({panel, {}}, pureName(last));
    else
      scheduleTranspose(writer, panel);
  }

  writer.computeAt(total, stored, besideLoop.empty() ? tileLoop : besideLoop);
  if (joining) {
    scheduleTile(writer, {total, joining});
    writer.computeAt(sum, {total, joining}, "r0");
    writer.boundExtent(sum, pureName(0), 1);
  }
  scheduleTile(writer, {sum, update});
}

/// The accumulators of a sum: columns are lanes, rows are written out, and all of the depth runs over them.
void ContractionTiler::scheduleTile(ScheduleWriter &writer, Definition adding) {
  Definition start{adding.stage, {}};
  std::string row = rowOf(adding.stage), column = columnOf(adding.stage);
  writer.storeIn(adding.stage, Memory::Stack);
  writer.boundExtent(adding.stage, row, tile.rows);
  writer.boundExtent(adding.stage, column, tile.columns);
  writer.vectorize(start, column);
  writer.unroll(start, row);
  SmallVector<std::string> inner = {column, row};
  for (unsigned number = adding.update.getStaticDomain().size(); number-- > 0;)
    inner.push_back("r" + std::to_string(number));
  writer.reorder(adding, inner);
  writer.vectorize(adding, column);
  writer.unroll(adding, row);
}

/// Copies of whole tiles, a few steps of k to each: what is loaded lies in few rows of the source, and what is stored fills lines.
void ContractionTiler::scheduleRowTiles(ScheduleWriter &writer, StageOp panel) {
  Definition copying{panel, panel.getUpdateOps().front()};
  unsigned last = panel.getRank() - 1;
  std::string step = pureName(last - 1);
  writer.split(copying, step, kPackedDepth, Tail::GuardWithIf);
  SmallVector<std::string> order = {pureName(last), step + "i", "r0", step + "o"};
  for (unsigned dim = last - 2; copying.isFree(dim); --dim) // up to the tiles
    order.push_back(pureName(dim));
  writer.reorder(copying, order);
  writer.vectorize(copying, pureName(last));
  // The threads are needed at once, by the tiles.
  if (depth() * kernel.getHint(extent(rowDim())) >= kManyPacked)
    writer.parallel(copying, step + "o");
}

/// A panel (.., k, j) of a source that is dense in k: loads vectors along k, and stores along j line by line.
void ContractionTiler::scheduleTranspose(ScheduleWriter &writer, StageOp panel) {
  Definition copying{panel, {}};
  OpFoldResult depth = panel.getMixedExtents()[panel.getRank() - 2];
  std::string along = pureName(panel.getRank() - 2), across = pureName(panel.getRank() - 1);
  int64_t lanes = machine.lanes(elementType()), loaded = std::min(kTransposedLanes, lanes);
  SmallVector<std::string> order = {along};
  if (int64_t size = getConstantIntValue(depth).value_or(loaded); size >= loaded) {
    writer.split(copying, along, loaded, getKnownDivisor(depth) % loaded == 0 ? Tail::RoundUp : Tail::GuardWithIf);
    writer.vectorize(copying, along + "i");
    order = {along + "i", along + "o"};
  }
  writer.split(copying, across, lanes, Tail::RoundUp);
  writer.split(copying, across + "i", std::min(kStoredColumns, lanes), Tail::RoundUp);
  writer.unroll(copying, across + "ii");
  order.insert(order.end() - 1, {across + "ii", across + "io"});
  order.push_back(across + "o");
  writer.reorder(copying, order);
}

bool tileContraction(DefineOp kernel, StageOp stage, const Machine &machine, llvm::DenseSet<Operation *> &scheduled) {
  return ContractionTiler(kernel, stage, machine).run(scheduled);
}

} // namespace costate::schedule
