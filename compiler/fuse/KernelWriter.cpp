// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The frame of a kernel: arguments, results, index arithmetic, and which stages there are. What they compute is in WriteStages.cpp (sums
// and other updates) and WriteElements.cpp (values at a point).
#include "costate/compiler/fuse/KernelWriter.h"

#include "costate/compiler/fuse/ScalarMath.h"
#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

KernelWriter::KernelWriter(ArrayRef<Operation *> members, ArrayRef<Operation *> outputs, Dimensions &dimensions, const Hints &hints)
    : members(members), outputs(outputs), dimensions(dimensions), hints(hints), b(members.front()->getContext()),
      loc(members.back()->getLoc()) {
  planBundle();
}

/// The last values of a kernel that are computed point by point over one index space become one stage with a result each: one loop
/// computes them all, and what only they use needs no memory.
void KernelWriter::planBundle() {
  auto last = llvm::find_if(llvm::reverse(outputs), [](Operation *op) { return kindOf(op) == Kind::Map; });
  if (last == llvm::reverse(outputs).end())
    return;
  Dims space = dimensions.of((*last)->getResult(0));
  auto isIn = [&](Operation *op) { return llvm::is_contained(bundle, op); };
  DenseMap<Operation *, SmallVector<Read>> reads;
  for (Operation *op : members)
    reads[op] = readsOf(op, dimensions);
  for (Operation *op : llvm::reverse(members)) {
    if (kindOf(op) != Kind::Map || dimensions.of(op->getResult(0)) != space)
      continue;
    bool isUsedHereOnly = llvm::all_of(members, [&](Operation *reader) {
      return llvm::all_of(reads[reader], [&](Read &read) {
        return read.value != op->getResult(0) || (isIn(reader) && llvm::equal(read.axes, llvm::seq<int64_t>(0, space.size())));
      });
    });
    if (isUsedHereOnly)
      bundle.push_back(op);
  }
  std::reverse(bundle.begin(), bundle.end());
}

kernel::DefineOp KernelWriter::write(OpBuilder &builder, StringRef name) {
  auto isBundled = [&](Operation *op) { return llvm::is_contained(bundle, op); };
  for (Operation *op : outputs)
    if (!isBundled(op))
      written.push_back(op);
  for (Operation *op : bundle)
    if (llvm::is_contained(outputs, op))
      written.push_back(op);

  SmallVector<Type> results;
  for (Operation *op : written)
    results.push_back(bufferType(dimensions.of(op->getResult(0)), cast<RankedTensorType>(op->getResult(0).getType()).getElementType()));
  auto define = kernel::DefineOp::create(builder, loc, name, TypeRange(), results);
  body = &define.getBody();
  b.setInsertionPointToEnd(body);
  for (Operation *op : members)
    if (!isBundled(op))
      writeStage(op);
  if (!bundle.empty())
    writeBundle();

  SmallVector<Value> values;
  for (Operation *op : written)
    values.push_back(stages.lookup(op->getResult(0)));
  if (failed || llvm::is_contained(values, Value())) {
    define.erase();
    return {};
  }
  kernel::OutputOp::create(b, loc, values);
  define.setFunctionType(b.getFunctionType(body->getArgumentTypes(), results));
  SmallVector<int64_t> likely;
  for (const KernelInput &input : passed)
    likely.push_back(std::holds_alternative<DimAttr>(input) ? hints.of(std::get<DimAttr>(input)) : 0);
  define.setHints(likely);
  return define;
}

kernel::StageOp KernelWriter::stage(Operation *op, StringRef suffix, ArrayRef<DimAttr> dims, TypeRange elements,
                                    function_ref<SmallVector<Value>(ValueRange)> writeBody) {
  std::string name = (op->getName().stripDialect() + suffix).str();
  if (unsigned count = names[name]++)
    name += "_" + std::to_string(count);
  SmallVector<OpFoldResult> space;
  for (DimAttr dim : dims)
    space.push_back(extent(dim));
  b.setInsertionPointToEnd(body);
  return kernel::StageOp::create(b, op->getLoc(), name, space, elements, [&](OpBuilder &inner, Location, ValueRange variables) {
    OpBuilder::InsertionGuard guard(b);
    b.restoreInsertionPoint(inner.saveInsertionPoint());
    computed.clear();
    SmallVector<Value> values = writeBody(variables);
    inner.restoreInsertionPoint(b.saveInsertionPoint());
    return values;
  });
}

void KernelWriter::update(kernel::StageOp stage, ArrayRef<DimAttr> domain, bool contract,
                          function_ref<void(ValueRange, ValueRange, ValueRange)> writeBody) {
  SmallVector<OpFoldResult> space;
  for (DimAttr dim : domain)
    space.push_back(extent(dim));
  OpBuilder outer(b);
  stage.addUpdate(outer, space, contract, [&](OpBuilder &inner, Location, ValueRange self, ValueRange variables, ValueRange reduction) {
    OpBuilder::InsertionGuard guard(b);
    b.restoreInsertionPoint(inner.saveInsertionPoint());
    computed.clear();
    writeBody(self, variables, reduction);
    inner.restoreInsertionPoint(b.saveInsertionPoint());
  });
}

//===--- Arguments ---===//

Value KernelWriter::argument(KernelInput input, Type type, unsigned group) {
  unsigned position = 0;
  for (unsigned before = 0; before <= group; ++before)
    position += groupSizes[before];
  ++groupSizes[group];
  passed.insert(passed.begin() + position, input);
  return body->insertArgument(position, type, loc);
}

OpFoldResult KernelWriter::extent(DimAttr dim) {
  if (std::optional<int64_t> constant = dim.constant(); constant && *constant <= kLargestConstantExtent)
    return b.getIndexAttr(*constant);
  Value &known = extents[dim];
  if (!known)
    known = argument(dim, b.getIndexType(), 0);
  return known;
}

kernel::BufferType KernelWriter::bufferType(ArrayRef<DimAttr> dims, Type elementType) {
  SmallVector<int64_t> shape;
  for (DimAttr dim : dims) {
    std::optional<int64_t> constant = dim.constant();
    shape.push_back(constant && *constant <= kLargestConstantExtent ? *constant : ShapedType::kDynamic);
  }
  return kernel::BufferType::get(b.getContext(), shape, arithmeticType(elementType));
}

Value KernelWriter::scalar(Value tensor) {
  auto made = tensor.getDefiningOp<tensor::FromElementsOp>();
  if (!made)
    return load(tensor, {});
  Value value = made.getElements().front();
  while (auto cast = value.getDefiningOp<UnrealizedConversionCastOp>()) // of the sign alone
    value = cast.getOperand(0);
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    return arith::ConstantOp::create(b, loc, constant.getValue());
  if (value.getType().isInteger(8)) // no argument of a kernel
    return load(tensor, {});
  Value &known = scalars[value];
  if (!known)
    known = argument(value, value.getType(), 1);
  return known;
}

Value KernelWriter::load(Value tensor, ValueRange indices) {
  Value buffer = stages.lookup(tensor);
  if (!buffer) {
    Value &known = arrays[tensor];
    if (!known)
      known = argument(tensor, bufferType(dimensions.of(tensor), cast<RankedTensorType>(tensor.getType()).getElementType()), 2);
    buffer = known;
  }
  return kernel::LoadOp::create(b, loc, buffer, indices);
}

//===--- Index arithmetic ---===//

Value KernelWriter::index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

Value KernelWriter::index(DimAttr dim) {
  OpFoldResult value = extent(dim);
  if (auto attr = dyn_cast<Attribute>(value))
    return index(cast<IntegerAttr>(attr).getInt());
  return cast<Value>(value);
}

Value KernelWriter::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value KernelWriter::subtract(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value KernelWriter::multiply(Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); }
Value KernelWriter::divide(Value x, Value y) { return b.createOrFold<arith::DivUIOp>(loc, x, y); }
Value KernelWriter::remainder(Value x, Value y) { return b.createOrFold<arith::RemUIOp>(loc, x, y); }

/// Into [0, largest], or 0 if that is empty.
Value KernelWriter::clamp(Value x, Value largest) {
  return b.createOrFold<arith::MaxSIOp>(loc, b.createOrFold<arith::MinSIOp>(loc, x, largest), index(int64_t(0)));
}

Value KernelWriter::isLess(Value x, Value y) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, y); }
Value KernelWriter::both(Value x, Value y) { return x ? Value(arith::AndIOp::create(b, loc, x, y)) : y; }
Value KernelWriter::zero(Type type) { return emitConstant(b, loc, type, 0); }

} // namespace costate::fuse
