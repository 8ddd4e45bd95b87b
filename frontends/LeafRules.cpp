// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/LeafRules.h"

#include <numeric>

namespace costate::importer {

/// Elements of a block at most: many of them can be summed at once.
constexpr int64_t kMostInBlock = 1024;

LeafRules::LeafRules(TensorBuilder &b, mlir::ModuleOp module, const ParameterSet &set)
    : b(b), module(module), size(set.size), block(std::gcd(set.size, kMostInBlock)) {
  auto arena = llvm::cast<ArenaLayout>(mlir::SymbolTable::lookupSymbolIn(module, set.symbol));
  std::vector<ArenaLeaf> leaves;
  for (const ArenaLeaf &each : arena.getArenaLeaves())
    if (!each.tied) {
      leaves.push_back(each);
      block = std::gcd(block, each.offset);
    }
  owners.resize(size / std::max<int64_t>(block, 1));
  occupied.resize(owners.size());
  for (auto [number, each] : llvm::enumerate(leaves)) {
    sizes.push_back(each.size());
    groups.push_back(set.find(each.name)->group);
    int64_t end = number + 1 < leaves.size() ? leaves[number + 1].offset : size;
    for (int64_t at = each.offset; at < end; at += block) {
      owners[at / block] = number;
      occupied[at / block] = std::clamp<int64_t>(each.offset + each.size() - at, 0, block);
    }
  }
}

Tensor LeafRules::table(mlir::Type type, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> values) {
  return b.constant(type, shape, llvm::map_to_vector(values, [](int64_t value) { return Number::of(value); }));
}

/// Sums of blocks, then of the blocks of each leaf in f64: their number has no end. What lies between leaves does not count.
LeafRules::Lifted LeafRules::sum(const Tensor &x) {
  mlir::Type i32 = b.builder.getI32Type(), f64 = b.builder.getF64Type();
  int64_t blocks = owners.size();
  graph::Dims rows = b.staticDims({blocks, block});
  Tensor parts = b.reshape(x, rows);
  if (llvm::any_of(occupied, [&](int64_t count) { return count != block; })) {
    Tensor counts = b.broadcast(table(i32, {blocks}, occupied), {0}, rows);
    Tensor inside = b.compare(graph::ComparisonDirection::LT, b.iota(i32, rows, 1), counts);
    parts = b.select(inside, parts, b.full(x.elementType(), rows, Number::of(int64_t(0))));
  }
  Tensor sums = b.convert(b.reduce<graph::ReduceSumOp>(parts, {1}), f64), owner = table(i32, {blocks}, owners);
  Tensor zero = b.full(f64, b.staticDims({int64_t(sizes.size())}), Number::of(int64_t(0)));
  auto total = graph::ScatterAddOp::create(b.builder, b.location, zero.value.getType(), zero.value, owner.value, sums.value, 0);
  return {Lifted::PerLeaf, b.convert({total, zero.dims, {}}, x.elementType())};
}

/// The number of its leaf for each element of the arena.
Tensor LeafRules::spread(const Tensor &perLeaf) {
  int64_t blocks = owners.size();
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
