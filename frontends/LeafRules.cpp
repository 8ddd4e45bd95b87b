// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/LeafRules.h"

#include <numeric>

namespace costate::importer {

/// Elements of a block at most, and of a row that is summed by itself.
constexpr int64_t kMostInBlock = 64, kMostInRow = 4096;
/// What a row costs beside its blocks, in blocks.
constexpr int64_t kRowCost = 8;

LeafRules::LeafRules(TensorBuilder &b, mlir::ModuleOp module, const ParameterSet &set)
    : b(b), module(module), size(set.size), block(std::gcd(set.size, kMostInBlock)) {
  auto arena = llvm::cast<ArenaLayout>(mlir::SymbolTable::lookupSymbolIn(module, set.symbol));
  for (const ArenaLeaf &each : arena.getArenaLeaves())
    if (!each.tied) {
      offsets.push_back(each.offset);
      sizes.push_back(each.size());
      groups.push_back(set.find(each.name)->group);
      block = std::gcd(block, each.offset);
    }
}

Tensor LeafRules::table(mlir::Type type, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> values) {
  return b.constant(type, shape, llvm::map_to_vector(values, [](int64_t value) { return Number::of(value); }));
}

bool LeafRules::hasGaps() const {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(0)) != size;
}

Tensor LeafRules::inside() {
  mlir::Type i32 = b.builder.getI32Type();
  std::vector<int64_t> counts(size / block, 0); // of each block, the elements that belong to a leaf
  for (auto [offset, elements] : llvm::zip_equal(offsets, sizes))
    for (int64_t at = 0; at < elements; at += block)
      counts[(offset + at) / block] = std::min(elements - at, block);
  graph::Dims rows = b.staticDims({int64_t(counts.size()), block});
  Tensor inside = b.compare(graph::ComparisonDirection::LT, b.iota(i32, rows, 1), b.broadcast(table(i32, {int64_t(counts.size())}, counts), {0}, rows));
  return b.reshape(inside, b.staticDims({size}));
}

Tensor LeafRules::places() {
  std::vector<int64_t> places;
  for (auto [offset, elements] : llvm::zip_equal(offsets, sizes))
    for (int64_t i = 0; i < elements; ++i)
      places.push_back(offset + i);
  return table(size < (int64_t(1) << 31) ? b.builder.getI32Type() : b.builder.getI64Type(), {int64_t(places.size())}, places);
}

/// The full blocks of each leaf, cut where rows of `blocks` begin: the leaf, the first block of a part and how many there are.
void LeafRules::forParts(int64_t blocks, llvm::function_ref<void(int64_t, int64_t, int64_t)> visit) const {
  for (auto [leaf, elements] : llvm::enumerate(sizes)) {
    int64_t at = offsets[leaf] / block, end = at + elements / block;
    for (int64_t next; at < end; at = next) {
      next = std::min(end, (at / blocks + 1) * blocks);
      visit(leaf, at, next - at);
    }
  }
}

/// Blocks of a row: a power of two, with which all leaves together take the fewest.
int64_t LeafRules::blocksOfRow() const {
  auto cost = [&](int64_t blocks) {
    int64_t parts = 0;
    forParts(blocks, [&](int64_t, int64_t, int64_t) { ++parts; });
    return parts * (blocks + kRowCost);
  };
  int64_t best = 1;
  for (int64_t blocks = 2; blocks <= kMostInRow / block; blocks *= 2)
    if (cost(blocks) <= cost(best))
      best = blocks;
  return best;
}

/// Sums of rows of the arena as it lies, block by block, so that the elements of a block are lanes: a leaf has most of its elements in whole rows. Before
/// its first row and behind its last one there are parts of rows, gathered; what is left are elements of its last block, if that is not full. The sums of rows
/// and parts of a leaf, whose number has no end, are added in f64 to the latter, and the lanes to each other.
LeafRules::Lifted LeafRules::sum(const Tensor &x) {
  mlir::Type i32 = b.builder.getI32Type(), f64 = b.builder.getF64Type();
  int64_t leaves = sizes.size(), blocks = blocksOfRow(), rows = size / block / blocks;
  std::vector<int64_t> rowOwners(rows, leaves);    // the leaf of a row; leaves: none, for it is not whole
  std::vector<int64_t> firsts, counts, partOwners; // of each part: its first block, its blocks, its leaf
  std::vector<int64_t> lasts, rests;               // of each leaf: its last block if that is not full, else -1, and the elements there
  forParts(blocks, [&](int64_t leaf, int64_t first, int64_t count) {
    if (count == blocks) {
      rowOwners[first / blocks] = leaf;
    } else {
      firsts.push_back(first);
      counts.push_back(count);
      partOwners.push_back(leaf);
    }
  });
  for (auto [leaf, elements] : llvm::enumerate(sizes)) {
    rests.push_back(elements % block);
    lasts.push_back(rests.back() ? (offsets[leaf] + elements) / block : -1);
  }
  Tensor lying = b.reshape(x, b.staticDims({size / block, block}));
  auto within = [&](const Tensor &elements, int64_t axis, const Tensor &counts) {
    Tensor inside = b.compare(graph::ComparisonDirection::LT, b.iota(i32, {elements.dims[0], elements.dims[axis]}, 1),
                              b.broadcast(counts, {0}, {elements.dims[0], elements.dims[axis]}));
    return b.select(b.broadcast(inside, {0, axis}, elements.dims), elements, b.full(x.elementType(), elements.dims, Number::of(int64_t(0))));
  };
  Tensor rest = within(b.gather(lying, table(i32, {leaves}, lasts), 0), 1, table(i32, {leaves}, rests));
  Tensor lanes = b.convert(rest, f64);
  auto add = [&](const Tensor &sums, llvm::ArrayRef<int64_t> owners) {
    lanes.value = graph::ScatterAddOp::create(b.builder, b.location, lanes.value.getType(), lanes.value, table(i32, {int64_t(owners.size())}, owners).value,
                                              b.convert(sums, f64).value, 0);
  };
  if (int64_t parts = partOwners.size()) {
    graph::Dims grid = b.staticDims({parts, blocks});
    Tensor places = b.binary<graph::AddOp>(b.broadcast(table(i32, {parts}, firsts), {0}, grid), b.iota(i32, grid, 1));
    places = b.binary<graph::MinimumOp>(places, b.full(i32, grid, Number::of(size / block - 1))); // so that none lies outside
    add(b.reduce<graph::ReduceSumOp>(within(b.gather(lying, places, 0), 1, table(i32, {parts}, counts)), {1}), partOwners);
  }
  if (llvm::any_of(rowOwners, [&](int64_t owner) { return owner < leaves; })) {
    Tensor whole = b.slice(x, b.staticDims({0}), b.staticDims({rows * blocks * block}), {1});
    add(b.reduce<graph::ReduceSumOp>(b.reshape(whole, b.staticDims({rows, blocks, block})), {1}), rowOwners);
  }
  return {Lifted::PerLeaf, b.convert(b.reduce<graph::ReduceSumOp>(lanes, {1}), x.elementType())};
}

/// The number of its leaf for each element of the arena.
Tensor LeafRules::spread(const Tensor &perLeaf) {
  int64_t blocks = size / block;
  std::vector<int64_t> owners(blocks);
  for (auto [leaf, offset] : llvm::enumerate(offsets))
    std::fill(owners.begin() + offset / block, owners.end(), leaf);
  Tensor ofBlocks = b.gather(perLeaf, table(b.builder.getI32Type(), {blocks}, owners), 0);
  return b.reshape(b.broadcast(ofBlocks, {0}, b.staticDims({blocks, block})), b.staticDims({size}));
}

LeafRules::Lifted LeafRules::piecewise(const Tensor &base, llvm::ArrayRef<std::pair<int64_t, Tensor>> values) {
  graph::Dims dims = b.staticDims({int64_t(sizes.size())});
  Tensor result = b.broadcast(base, dims), group = table(b.builder.getI32Type(), {int64_t(sizes.size())}, groups);
  for (const auto &[number, value] : values) {
    Tensor isMember = b.compare(graph::ComparisonDirection::EQ, group, b.full(b.builder.getI32Type(), dims, Number::of(number)));
    result = b.select(isMember, b.broadcast(value, dims), result);
  }
  return {Lifted::PerLeaf, result};
}

mlir::FailureOr<std::vector<LeafRules::Lifted>> LeafRules::lift(mlir::func::FuncOp rule, llvm::ArrayRef<Lifted> arguments) {
  llvm::DenseMap<mlir::Value, Lifted> lifted;
  for (auto [argument, value] : llvm::zip_equal(rule.getArguments(), arguments))
    lifted.insert({argument, value});
  auto all = [&](mlir::ValueRange values) { return llvm::map_to_vector(values, [&](mlir::Value value) { return lifted.lookup(value); }); };
  graph::Dims perLeaf = b.staticDims({int64_t(sizes.size())}), whole = b.staticDims({size});

  for (mlir::Operation &op : rule.front()) {
    b.location = op.getLoc();
    if (llvm::isa<mlir::func::ReturnOp>(op)) {
      auto results = all(op.getOperands());
      return std::vector<Lifted>(results.begin(), results.end());
    }
    if (auto call = llvm::dyn_cast<mlir::func::CallOp>(op)) {
      auto results = lift(module.lookupSymbol<mlir::func::FuncOp>(call.getCallee()), all(op.getOperands()));
      if (mlir::failed(results))
        return mlir::failure();
      for (auto [result, value] : llvm::zip_equal(op.getResults(), *results))
        lifted.insert({result, value});
      continue;
    }
    mlir::Value result = op.getNumResults() == 1 ? op.getResult(0) : mlir::Value();
    auto type = result ? llvm::dyn_cast<mlir::RankedTensorType>(result.getType()) : mlir::RankedTensorType();
    auto operands = all(op.getOperands());
    auto isKind = [](Lifted::Kind kind) { return [kind](const Lifted &value) { return value.kind == kind; }; };
    if (auto extent = llvm::dyn_cast<graph::ExtentOp>(op); extent && extent->hasAttr(kSizeAttr)) {
      lifted.insert({result, Lifted{Lifted::PerLeaf, table(type.getElementType(), {int64_t(sizes.size())}, sizes)}});
    } else if (auto broadcast = llvm::dyn_cast<graph::BroadcastInDimOp>(op); broadcast && broadcast.getOperand().getType().getRank() == 0) {
      const Lifted &number = operands.front();
      lifted.insert({result, Lifted{Lifted::Whole, number.kind == Lifted::PerLeaf ? spread(number.tensor) : b.broadcast(number.tensor, whole)}});
    } else if (llvm::isa<graph::ReduceSumOp>(op) && operands.front().kind == Lifted::Whole) {
      lifted.insert({result, sum(operands.front().tensor)});
    } else if (type && (op.hasTrait<graph::Elementwise>() || (llvm::isa<graph::ConstantOp>(op) && type.getRank() == 0))) {
      Lifted::Kind kind = llvm::any_of(operands, isKind(Lifted::Whole))     ? Lifted::Whole
                          : llvm::any_of(operands, isKind(Lifted::PerLeaf)) ? Lifted::PerLeaf
                                                                            : Lifted::Uniform;
      graph::Dims dims = kind == Lifted::Whole ? whole : kind == Lifted::PerLeaf ? perLeaf : graph::Dims();
      mlir::Operation *copy = b.builder.clone(op);
      for (auto [number, operand] : llvm::enumerate(operands)) {
        mlir::OpBuilder::InsertionGuard guard(b.builder);
        b.builder.setInsertionPoint(copy);
        copy->setOperand(number, operand.kind == kind ? operand.tensor.value : b.broadcast(operand.tensor, dims).value);
      }
      copy->getResult(0).setType(graph::typeOf(dims, type.getElementType()));
      lifted.insert({result, Lifted{kind, {copy->getResult(0), dims, {}}}});
    } else {
      return mlir::failure(); // the length of an axis, an op along an axis
    }
  }
  llvm_unreachable("a function ends with a return");
}

} // namespace costate::importer
