// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// acc(.., i, j) += a(i, k) * b(k, j) as register tiles.
///
/// A tile of `rows` x `columns` accumulators lives in registers while k runs over its whole extent, in order. The rewrite makes every
/// tile whole, so that no guard stands inside it:
/// - rows: a tile may hang over the end; reads clamp the row to the last one, and the guarded store drops what is too much;
/// - columns: a last ragged panel is shifted back so that it ends with the matrix; a matrix narrower than a panel is padded instead,
///   in a packed copy of b whose column index is clamped.
///
/// b is packed panel by panel (k outer, columns dense) where its columns are not dense, where it is padded, or where many row tiles share a
/// panel that strides over more than a page. Packed or not, and whatever the order of tiles, each sum is the same.
#include "costate/compiler/schedule/Rules.h"

#include "costate/dialects/kernel/LoopNests.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::schedule {

namespace {

/// Number of rows up to which packing b costs more than it gives.
constexpr int64_t kFewRows = 64;
/// Bytes of b beyond which its panels are packed: about what stays in L2 next to everything else.
constexpr int64_t kManyBytes = 256 * 1024;
constexpr int64_t kPageBytes = 4096;
/// Row tiles of a parallel task, at least.
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
  bool mustPack(LoadOp load);
  StageOp pack(LoadOp load);
  std::string freshName(StringRef base);
  void schedule();
  void scheduleStore(bool parallelPanels);
  void schedulePanel(StageOp panel, LoadOp source);

  unsigned rowDim() { return sum.getRank() - 2; }
  unsigned columnDim() { return sum.getRank() - 1; }
  Value row() { return update.getVariables()[rowDim()]; }
  Value column() { return update.getVariables()[columnDim()]; }
  OpFoldResult extent(unsigned dim) { return sum.getMixedExtents()[dim]; }
  Type elementType() { return cast<BufferType>(sum.getResult(0).getType()).getElementType(); }

  DefineOp kernel;
  StageOp sum;
  UpdateOp update;
  const Machine &machine;
  Tile tile;
  StageOp store;
  SmallVector<std::pair<StageOp, bool>> panels; ///< and whether its source has dense columns
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

/// Can and should a load that depends on the column, and not on the row, go through a packed panel?
bool ContractionTiler::mustPack(LoadOp load) {
  if (llvm::is_contained(sum.getSelf(), load.getBuffer()) || !reads(load, column()) || reads(load, row()))
    return false;
  if (!llvm::all_of(load.getIndices(), llvm::IsaPred<BlockArgument>))
    return false; // an index that is computed: the panel's shape would not follow from the loop variables
  if (tile.padded || load.getIndices().back() != column())
    return true;
  int64_t rows = kernel.getHint(extent(rowDim())), depth = countDomain(kernel, {sum, update});
  int64_t rowBytes = kernel.getHint(extent(columnDim())) * elementType().getIntOrFloatBitWidth() / 8;
  return rows > kFewRows && (rowBytes * depth > kManyBytes || rowBytes % kPageBytes == 0);
}

/// panel(k.., j) = what the update reads at (k.., j), and the update reads the panel.
StageOp ContractionTiler::pack(LoadOp load) {
  SmallVector<Value> variables; // batch and reduction variables that the load reads, in the order of the loops; the column last
  SmallVector<OpFoldResult> extents;
  SmallVector<OpFoldResult> loops = sum.getMixedExtents();
  llvm::append_range(loops, update.getMixedDomain());
  for (auto [argument, size] : llvm::zip_equal(update.getBody().getArguments(), loops))
    if (argument != column() && llvm::is_contained(load.getIndices(), argument)) {
      variables.push_back(argument);
      extents.push_back(size);
    }
  variables.push_back(column());
  extents.push_back(tile.padded ? OpFoldResult(OpBuilder(kernel).getIndexAttr(tile.columns)) : extent(columnDim()));

  OpBuilder builder(sum);
  auto panel = StageOp::create(
      builder, load.getLoc(), freshName((sum.getStageName() + "_panel").str()), extents, load.getResult().getType(),
      [&](OpBuilder &inner, Location location, ValueRange own) -> SmallVector<Value> {
        IRMapping mapping;
        mapping.map(variables, own);
        if (tile.padded) { // columns of the padding repeat the last one
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
  SmallVector<LoadOp> packedLoads;
  for (LoadOp load : update.getBody().getOps<LoadOp>()) {
    bool pack = mustPack(load);
    if (pack)
      packedLoads.push_back(load);
    // A padded or gathered column would be read beyond the end.
    if (!pack && tile.padded && reads(load, column()) && !llvm::is_contained(sum.getSelf(), load.getBuffer()))
      return false;
  }
  store = findStore();
  for (LoadOp load : packedLoads) {
    bool dense = load.getIndices().back() == column();
    panels.emplace_back(pack(load), dense);
  }
  clampRows();
  schedule();
  scheduled.insert(sum);
  scheduled.insert(store);
  for (auto [panel, dense] : panels)
    scheduled.insert(panel);
  return true;
}

void ContractionTiler::schedule() {
  ScheduleWriter writer(kernel);
  Definition stored{store, {}}, start{sum, {}}, adding{sum, update};
  std::string rowName = pureName(rowDim()), columnName = pureName(columnDim());
  std::optional<int64_t> columns = getConstantIntValue(extent(columnDim()));
  if (!kernel.isOutputStage(store))
    writer.computeRoot(store);

  bool onePanel = columns && *columns <= tile.columns;
  bool divides = getKnownDivisor(extent(rowDim())) % tile.rows == 0;
  writer.split(stored, rowName, tile.rows, divides ? Tail::RoundUp : Tail::GuardWithIf);
  std::string panelLoop;
  if (onePanel) {
    writer.reorder(stored, {columnName, rowName + "i", rowName + "o"});
    writer.vectorize(stored, columnName);
  } else {
    bool whole = getKnownDivisor(extent(columnDim())) % tile.columns == 0;
    bool shift = columns && !kernel.isTiedStage(store);
    writer.split(stored, columnName, tile.columns, whole ? Tail::RoundUp : shift ? Tail::ShiftInwards : Tail::GuardWithIf);
    panelLoop = columnName + "o";
    writer.reorder(stored, {columnName + "i", rowName + "i", rowName + "o", panelLoop});
    writer.vectorize(stored, columnName + "i");
  }
  if (countOperations(stored) <= kSimpleStore)
    writer.unroll(stored, rowName + "i");

  // Tasks: panels if there are enough of them, else groups of row tiles.
  int64_t rows = std::max<int64_t>(1, kernel.getHint(extent(rowDim())));
  int64_t columnsLikely = std::max<int64_t>(1, kernel.getHint(extent(columnDim())));
  int64_t tileOperations = 2 * tile.rows * tile.columns * countDomain(kernel, adding);
  int64_t panelCount = llvm::divideCeil(columnsLikely, tile.columns);
  if (!panelLoop.empty() && panelCount >= 4 && tileOperations * llvm::divideCeil(rows, tile.rows) >= kTaskOperations) {
    writer.parallel(stored, panelLoop);
  } else {
    int64_t group = std::max<int64_t>(kTaskTiles, llvm::divideCeil(4 * kTaskOperations, tileOperations));
    std::optional<int64_t> knownRows = getConstantIntValue(extent(rowDim()));
    if (!knownRows || *knownRows > group * tile.rows) {
      writer.split(stored, rowName + "o", group, Tail::GuardWithIf);
      writer.parallel(stored, rowName + "oo");
      rowName += "oi";
    }
  }
  std::string tileLoop = rowName == pureName(rowDim()) ? rowName + "o" : rowName;

  writer.computeAt(sum, store, tileLoop);
  writer.storeIn(sum, Memory::Stack);
  writer.boundExtent(sum, pureName(rowDim()), tile.rows);
  writer.boundExtent(sum, columnName, tile.columns);
  writer.vectorize(start, columnName);
  writer.unroll(start, pureName(rowDim()));
  SmallVector<std::string> order = {columnName, pureName(rowDim())};
  for (unsigned number = update.getStaticDomain().size(); number-- > 0;)
    order.push_back("r" + std::to_string(number));
  writer.reorder(adding, order);
  writer.vectorize(adding, columnName);
  writer.unroll(adding, pureName(rowDim()));

  for (auto [panel, dense] : panels) {
    unsigned last = panel.getRank() - 1;
    Definition copying{panel, {}};
    if (!panelLoop.empty())
      writer.computeAt(panel, store, panelLoop);
    else if (sum.getRank() == 2)
      writer.computeRoot(panel);
    else
      writer.computeAt(panel, store, pureName(sum.getRank() - 3));
    if (!panelLoop.empty() || sum.getRank() > 2)
      writer.boundExtent(panel, pureName(last), tile.columns);
    if (dense || panel.getRank() == 1) {
      writer.vectorize(copying, pureName(last));
      continue;
    }
    // A transpose: dense loads along the depth, strided stores, four columns at a time.
    std::string depth = pureName(last - 1);
    int64_t lanes = machine.lanes(elementType());
    std::optional<int64_t> size = getConstantIntValue(panel.getMixedExtents()[last - 1]);
    writer.split(copying, pureName(last), 4, Tail::RoundUp);
    if (!size || *size >= lanes) {
      writer.split(copying, depth, lanes, size && *size % lanes == 0 ? Tail::RoundUp : Tail::GuardWithIf);
      writer.reorder(copying, {depth + "i", pureName(last) + "i", depth + "o", pureName(last) + "o"});
      writer.vectorize(copying, depth + "i");
    } else {
      writer.reorder(copying, {pureName(last) + "i", depth, pureName(last) + "o"});
    }
    writer.unroll(copying, pureName(last) + "i");
  }
}

bool tileContraction(DefineOp kernel, StageOp stage, const Machine &machine, llvm::DenseSet<Operation *> &scheduled) {
  return ContractionTiler(kernel, stage, machine).run(scheduled);
}

} // namespace costate::schedule
