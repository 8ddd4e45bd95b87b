// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// acc(.., i, j) += a(i, k) * b(k, j) as register tiles.
///
/// A tile of `rows` x `columns` accumulators lives in registers while k runs over its whole extent, in order. The rewrite makes every
/// tile whole, so that no guard stands inside it:
/// - rows: a tile may hang over the end; reads clamp the row to the last one, and the guarded store drops what is too much;
/// - columns: a last ragged panel is shifted back so that it ends with the matrix; a matrix narrower than a panel is padded instead,
///   in a packed copy of b whose column index is clamped.
///
/// Loops, outermost first: panels of columns, groups of row tiles (for tasks), row tiles, and inside a tile k. b is packed panel by panel (k
/// outer, columns dense) where its columns are not dense, where it is padded, or where many row tiles share a panel whose rows fall on few cache
/// sets. a is transposed once where its rows are the dense axis (the gradient of a weight) and far apart. Packed or not, and whatever the
/// order of tiles, each sum is the same.
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
/// Depth from which a strided a is packed, and panels that must share it.
constexpr int64_t kLongDepth = 128;
constexpr int64_t kManyPanels = 4;
/// Row tiles of a task, at least.
constexpr int64_t kTaskTiles = 8;
/// Operations of the store up to which it is worth writing out for every row of a tile.
constexpr int64_t kSimpleStore = 8;

struct Tile {
  int64_t rows;
  int64_t columns;
  bool padded; ///< the matrix has fewer columns than the tile
};

class ContractionTiler {
public:
  ContractionTiler(DefineOp kernel, StageOp stage, const Machine &machine) : kernel(kernel), sum(stage), machine(machine) {}

  bool run(llvm::DenseSet<Operation *> &scheduled);

private:
  std::optional<Tile> chooseTile();
  bool dependsOn(Value index, Value variable);
  bool reads(LoadOp load, Value variable) {
    return llvm::any_of(load.getIndices(), [&](Value index) { return dependsOn(index, variable); });
  }
  StageOp findStore();
  void clampRows();
  bool canPack(LoadOp load, Value along, Value other);
  bool mustPackB(LoadOp load);
  bool mustPackA(LoadOp load);
  StageOp pack(LoadOp load, bool rowsOfA, OpFoldResult size);
  std::string freshName(StringRef base);
  void schedule();
  void scheduleTranspose(ScheduleWriter &writer, StageOp panel, unsigned dense, unsigned strided, bool wholeStrided);
  int64_t bytesOf(OpFoldResult extent) { return kernel.getHint(extent) * elementType().getIntOrFloatBitWidth() / 8; }
  int64_t depth() { return countDomain(kernel, {sum, update}); }
  int64_t panelCount() { return llvm::divideCeil(std::max<int64_t>(1, kernel.getHint(extent(columnDim()))), tile.columns); }

  unsigned rowDim() { return sum.getRank() - 2; }
  unsigned columnDim() { return sum.getRank() - 1; }
  BlockArgument row() { return update.getBody().getArgument(rowDim()); }
  BlockArgument column() { return update.getBody().getArgument(columnDim()); }
  OpFoldResult extent(unsigned dim) { return sum.getMixedExtents()[dim]; }
  Type elementType() { return cast<BufferType>(sum.getResult(0).getType()).getElementType(); }

  DefineOp kernel;
  StageOp sum;
  UpdateOp update;
  const Machine &machine;
  Tile tile;
  StageOp store;
  SmallVector<std::pair<StageOp, bool>> panelsOfB; ///< and whether the source has dense columns
  SmallVector<std::pair<StageOp, unsigned>> panelsOfA;    ///< and the dimension of its rows
};

} // namespace

/// As many accumulators as registers allow beside one row of b and a broadcast of a.
std::optional<Tile> ContractionTiler::chooseTile() {
  int64_t lanes = machine.lanes(elementType());
  int64_t vectors = machine.registers() >= 32 ? 4 : 2;
  std::optional<int64_t> columns = getConstantIntValue(extent(columnDim()));
  bool padded = columns && *columns < vectors * lanes;
  if (padded)
    vectors = llvm::divideCeil(*columns, lanes);
  if (columns && *columns < 2)
    return std::nullopt;
  int64_t rows = vectors * 8 <= machine.registers() - 4 ? 8 : 6;
  return Tile{rows, vectors * lanes, padded && *columns != vectors * lanes};
}

bool ContractionTiler::dependsOn(Value index, Value variable) {
  if (index == variable)
    return true;
  Operation *op = index.getDefiningOp();
  return op && op->getParentRegion() == &update.getBody() &&
         llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, variable); });
}

std::string ContractionTiler::freshName(StringRef base) {
  std::string name = base.str();
  for (unsigned number = 0; kernel.lookupStage(name); ++number)
    name = base.str() + std::to_string(number);
  return name;
}

/// The stage that stores the tiles: the only reader of the sum, if it is an output that reads it point by point, else a copy.
StageOp ContractionTiler::findStore() {
  Value value = sum.getResult(0);
  if (value.hasOneUse())
    if (auto load = dyn_cast<LoadOp>(*value.user_begin())) {
      auto reader = load->getParentOfType<StageOp>();
      if (load->getParentRegion() == &reader.getDefinition() && reader.getUpdateOps().empty() && kernel.isOutputStage(reader) &&
          reader.getMixedExtents() == sum.getMixedExtents() && llvm::equal(load.getIndices(), reader.getDefinition().getArguments()))
        return reader;
    }
  OpBuilder builder(kernel.getContext());
  builder.setInsertionPointAfter(sum);
  auto copy = StageOp::create(builder, sum.getLoc(), freshName((sum.getStageName() + "_stored").str()), sum.getMixedExtents(), elementType(),
                              [&](OpBuilder &inner, Location location, ValueRange variables) -> SmallVector<Value> {
                                return {LoadOp::create(inner, location, elementType(), value, variables)};
                              });
  value.replaceUsesWithIf(copy.getResult(0), [&](OpOperand &use) { return use.getOwner()->getParentOp() != copy; });
  return copy;
}

/// Reads of rows beyond the last one read the last one instead.
void ContractionTiler::clampRows() {
  if (getKnownDivisor(extent(rowDim())) % tile.rows == 0)
    return;
  SmallVector<LoadOp> loads;
  for (LoadOp load : update.getBody().getOps<LoadOp>())
    if (!llvm::is_contained(sum.getSelf(), load.getBuffer()) && reads(load, row()))
      loads.push_back(load);
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
    return user != clamped && !isa<WriteOp>(user) && !(load && llvm::is_contained(sum.getSelf(), load.getBuffer()));
  });
}

/// Only plain loop variables give a panel its shape.
bool ContractionTiler::canPack(LoadOp load, Value along, Value other) {
  return !llvm::is_contained(sum.getSelf(), load.getBuffer()) && reads(load, along) && !reads(load, other) &&
         llvm::all_of(load.getIndices(), llvm::IsaPred<BlockArgument>);
}

bool ContractionTiler::mustPackB(LoadOp load) {
  if (!canPack(load, column(), row()))
    return false;
  if (tile.padded || load.getIndices().back() != column())
    return true;
  int64_t rowBytes = bytesOf(extent(columnDim()));
  return kernel.getHint(extent(rowDim())) > kFewRows && (rowBytes * depth() > kManyBytes || rowBytes % kAliasBytes == 0);
}

bool ContractionTiler::mustPackA(LoadOp load) {
  return canPack(load, row(), column()) && load.getIndices().size() > 1 && load.getIndices().back() == row() && depth() >= kLongDepth &&
         bytesOf(extent(rowDim())) * depth() > kManyBytes && panelCount() >= kManyPanels;
}

/// panel(k.., j) or panel(i, k..) = what the update reads there, and the update reads the panel. `size` is the extent of j or i.
StageOp ContractionTiler::pack(LoadOp load, bool rowsOfA, OpFoldResult size) {
  BlockArgument along = rowsOfA ? row() : column();
  SmallVector<Value> variables; // batch and reduction variables that the load reads, in the order of the loops
  SmallVector<OpFoldResult> extents;
  SmallVector<OpFoldResult> loops = sum.getMixedExtents();
  llvm::append_range(loops, update.getMixedDomain());
  for (auto [argument, extent] : llvm::zip_equal(update.getBody().getArguments(), loops))
    if (argument == along ? rowsOfA : llvm::is_contained(load.getIndices(), argument)) {
      variables.push_back(argument);
      extents.push_back(argument == along ? size : extent);
    }
  if (!rowsOfA) {
    variables.push_back(along);
    extents.push_back(size);
  }

  OpBuilder builder(sum);
  auto panel = StageOp::create(
      builder, load.getLoc(), freshName((sum.getStageName() + "_panel").str()), extents, load.getResult().getType(),
      [&](OpBuilder &inner, Location location, ValueRange own) -> SmallVector<Value> {
        IRMapping mapping;
        mapping.map(variables, own);
        if (!rowsOfA && tile.padded) { // columns of the padding repeat the last one
          Value last = arith::ConstantIndexOp::create(inner, location, *getConstantIntValue(extent(columnDim())) - 1);
          mapping.map(column(), arith::MinSIOp::create(inner, location, own.back(), last).getResult());
        }
        return {cast<LoadOp>(inner.clone(*load, mapping)).getResult()};
      });
  builder.setInsertionPoint(load);
  auto packed = LoadOp::create(builder, load.getLoc(), load.getResult().getType(), panel.getResult(0), variables);
  load.replaceAllUsesWith(packed.getResult());
  load.erase();
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
  std::optional<Tile> chosen = chooseTile();
  if (!chosen)
    return false;
  tile = *chosen;
  SmallVector<LoadOp> loadsOfA, loadsOfB;
  for (LoadOp load : update.getBody().getOps<LoadOp>()) {
    if (mustPackB(load))
      loadsOfB.push_back(load);
    else if (tile.padded && reads(load, column()) && !llvm::is_contained(sum.getSelf(), load.getBuffer()))
      return false; // a padded column would be read beyond the end
    else if (mustPackA(load))
      loadsOfA.push_back(load);
  }
  store = findStore();
  for (LoadOp load : loadsOfB) {
    bool dense = load.getIndices().back() == column();
    OpFoldResult columns = tile.padded ? OpFoldResult(OpBuilder(kernel).getIndexAttr(tile.columns)) : extent(columnDim());
    panelsOfB.emplace_back(pack(load, /*rowsOfA=*/false, columns), dense);
  }
  for (LoadOp load : loadsOfA) {
    unsigned batch = llvm::count_if(load.getIndices(), [&](Value index) { return cast<BlockArgument>(index).getArgNumber() < rowDim(); });
    panelsOfA.emplace_back(pack(load, /*rowsOfA=*/true, extent(rowDim())), batch);
  }
  clampRows();
  schedule();
  scheduled.insert(sum);
  scheduled.insert(store);
  for (auto [panel, dense] : panelsOfB)
    scheduled.insert(panel);
  for (auto [panel, rowsAt] : panelsOfA)
    scheduled.insert(panel);
  return true;
}

void ContractionTiler::schedule() {
  ScheduleWriter writer(kernel);
  Definition stored{store, {}}, start{sum, {}}, adding{sum, update};
  std::string row = pureName(rowDim()), column = pureName(columnDim());
  std::optional<int64_t> rows = getConstantIntValue(extent(rowDim())), columns = getConstantIntValue(extent(columnDim()));
  if (!kernel.isOutputStage(store))
    writer.computeRoot(store);

  // The loops of the store, innermost first.
  bool wholeTiles = getKnownDivisor(extent(rowDim())) % tile.rows == 0;
  writer.split(stored, row, tile.rows, wholeTiles ? Tail::RoundUp : Tail::GuardWithIf);
  std::string tileLoop = row + "o", panelLoop, groupLoop, laneLoop = column;
  if (!columns || *columns > tile.columns) {
    bool wholePanels = getKnownDivisor(extent(columnDim())) % tile.columns == 0;
    bool shift = columns && !kernel.isTiedStage(store);
    writer.split(stored, column, tile.columns, wholePanels ? Tail::RoundUp : shift ? Tail::ShiftInwards : Tail::GuardWithIf);
    laneLoop = column + "i";
    panelLoop = column + "o";
  }
  int64_t tileOperations = 2 * depth() * tile.rows * tile.columns;
  int64_t group = std::max<int64_t>(kTaskTiles, llvm::divideCeil(4 * kTaskOperations, tileOperations));
  if (!rows || *rows > group * tile.rows) {
    writer.split(stored, tileLoop, group, Tail::GuardWithIf);
    groupLoop = tileLoop + "o";
    tileLoop = tileLoop + "i";
  }
  SmallVector<std::string> order = {laneLoop, row + "i", tileLoop};
  for (const std::string &loop : {groupLoop, panelLoop})
    if (!loop.empty())
      order.push_back(loop);
  writer.reorder(stored, order);
  writer.vectorize(stored, laneLoop);
  if (countOperations(stored) <= kSimpleStore)
    writer.unroll(stored, row + "i");

  // Tasks: the batch, or panels if there are enough of them, or groups of row tiles.
  int64_t rowTiles = llvm::divideCeil(std::max<int64_t>(1, kernel.getHint(extent(rowDim()))), tile.rows);
  if (sum.getRank() > 2 && 2 * depth() * countPoints(kernel, sum) >= 4 * kTaskOperations)
    writer.parallel(stored, pureName(0));
  else if (!panelLoop.empty() && panelCount() >= kManyPanels && rowTiles * tileOperations >= kTaskOperations)
    writer.parallel(stored, panelLoop);
  else if (!groupLoop.empty())
    writer.parallel(stored, groupLoop);

  for (auto [panel, rowsAt] : panelsOfA) { // (.., i, k..), whose source is dense in i
    writer.computeRoot(panel);
    scheduleTranspose(writer, panel, rowsAt, panel.getRank() - 1, false);
  }
  for (auto [panel, dense] : panelsOfB) { // (k.., j)
    unsigned last = panel.getRank() - 1;
    if (panelLoop.empty() && sum.getRank() == 2) {
      writer.computeRoot(panel);
    } else {
      writer.computeAt(panel, store, panelLoop.empty() ? pureName(rowDim() - 1) : panelLoop);
      writer.boundExtent(panel, pureName(last), tile.columns);
    }
    if (dense || last == 0)
      writer.vectorize({panel, {}}, pureName(last));
    else
      scheduleTranspose(writer, panel, last - 1, last, true);
  }

  writer.computeAt(sum, store, tileLoop);
  writer.storeIn(sum, Memory::Stack);
  writer.boundExtent(sum, row, tile.rows);
  writer.boundExtent(sum, column, tile.columns);
  writer.vectorize(start, column);
  writer.unroll(start, row);
  SmallVector<std::string> inner = {column, row};
  for (unsigned number = update.getStaticDomain().size(); number-- > 0;)
    inner.push_back("r" + std::to_string(number));
  writer.reorder(adding, inner);
  writer.vectorize(adding, column);
  writer.unroll(adding, row);
}

/// A copy that loads along `dense` and stores along `strided`: vectors of loads, four of them at a time so that a line is filled soon.
void ContractionTiler::scheduleTranspose(ScheduleWriter &writer, StageOp panel, unsigned dense, unsigned strided, bool wholeStrided) {
  Definition copying{panel, {}};
  std::string along = pureName(dense), across = pureName(strided);
  int64_t lanes = machine.lanes(elementType());
  std::optional<int64_t> size = getConstantIntValue(panel.getMixedExtents()[dense]);
  writer.split(copying, across, std::min<int64_t>(4, tile.columns), wholeStrided ? Tail::RoundUp : Tail::GuardWithIf);
  if (!size || *size >= lanes) {
    writer.split(copying, along, lanes, size && *size % lanes == 0 ? Tail::RoundUp : Tail::GuardWithIf);
    writer.reorder(copying, {along + "i", across + "i", along + "o", across + "o"});
    writer.vectorize(copying, along + "i");
  } else {
    writer.reorder(copying, {across + "i", along, across + "o"});
  }
  if (wholeStrided)
    writer.unroll(copying, across + "i");
}

bool tileContraction(DefineOp kernel, StageOp stage, const Machine &machine, llvm::DenseSet<Operation *> &scheduled) {
  return ContractionTiler(kernel, stage, machine).run(scheduled);
}

} // namespace costate::schedule
