// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the kernels that FormKernels has planned, and the calls: afterwards the entry is a list of calls on tensors, in an order that
// follows its values alone.
#include "costate/compiler/fuse/BlockOrder.h"
#include "costate/compiler/fuse/KernelWriter.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <map>

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_GRAPHTOKERNEL
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

ArrayAttr dimsAttr(MLIRContext *context, ArrayRef<Dims> all) {
  SmallVector<Attribute> attrs;
  for (const Dims &dims : all)
    attrs.push_back(toArrayAttr(context, dims));
  return ArrayAttr::get(context, attrs);
}

/// "dot_general_maximum": the ops whose values are kept, the first few of them.
std::string nameOf(ArrayRef<Operation *> members) {
  std::string name;
  for (Operation *op : members.take_front(3))
    name += (name.empty() ? "" : "_") + op->getName().stripDialect().str();
  return name;
}

class FunctionConversion {
public:
  FunctionConversion(func::FuncOp function, SymbolTable &symbols, const Hints &hints)
      : function(function), symbols(symbols), hints(hints), dims(function), b(function.getContext()) {}

  LogicalResult run() {
    SmallVector<Block *> blocks;
    function.walk<WalkOrder::PreOrder>([&](Block *block) { blocks.push_back(block); });
    for (Block *block : blocks)
      if (failed(writeKernels(*block)))
        return failure();
    for (auto [from, to] : replaced)
      from.replaceAllUsesWith(to);
    for (Block *block : llvm::reverse(blocks))
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*block)))
        if (isa_and_nonnull<GraphDialect>(op.getDialect()) && op.use_empty())
          op.erase();
    for (Block *block : blocks)
      for (Operation &op : llvm::make_early_inc_range(*block))
        if (failed(writeExtern(&op)))
          return failure();
    for (Block *block : blocks) {
      sortByValues(*block);
      joinReaders(*block);
    }
    return success();
  }

private:
  /// The kernels that need the value of `op`, directly or through what is computed where it is used; null stands for all other ops.
  const llvm::SetVector<Attribute> &consumersOf(Operation *op) {
    auto found = consumers.find(op);
    if (found != consumers.end())
      return found->second;
    llvm::SetVector<Attribute> all;
    for (Operation *user : op->getUsers())
      if (kindOf(user) == Kind::Map && !user->hasAttr(kKernelAttr) && !isView(user))
        all.insert_range(consumersOf(user));
      else
        all.insert(user->getAttr(kKernelAttr));
    return consumers[op] = all;
  }

  bool isUsedOutside(Operation *op, Attribute number) {
    return llvm::any_of(consumersOf(op), [&](Attribute consumer) { return consumer != number; });
  }

  LogicalResult writeKernels(Block &block) {
    llvm::MapVector<Attribute, SmallVector<Operation *>> kernels;
    for (Operation &op : block)
      if (Attribute number = op.getAttr(kKernelAttr))
        kernels[number].push_back(&op);
    for (auto &[number, members] : kernels) {
      SmallVector<Operation *> outputs;
      for (Operation *op : members)
        if (isUsedOutside(op, number))
          outputs.push_back(op);
      if (outputs.empty()) // dead code
        continue;
      KernelWriter writer(members, outputs, dimensions, hints);
      OpBuilder atStart(function);
      kernel::DefineOp define = writer.write(atStart, nameOf(members));
      if (!define)
        return failure();
      symbols.insert(define);
      if (failed(writeCall(define, writer, members.back())))
        return failure();
    }
    return success();
  }

  LogicalResult writeCall(kernel::DefineOp define, KernelWriter &writer, Operation *last) {
    SmallVector<Value> operands;
    SmallVector<Attribute> extents;
    for (const KernelInput &input : writer.inputs()) {
      extents.push_back(std::holds_alternative<DimAttr>(input) ? Attribute(std::get<DimAttr>(input)) : b.getUnitAttr());
      Value operand = std::holds_alternative<Value>(input) ? std::get<Value>(input) : dims.get(std::get<DimAttr>(input));
      if (!operand)
        return failure();
      operands.push_back(operand);
    }
    SmallVector<Type> types;
    SmallVector<Dims> all;
    for (Operation *op : writer.results()) {
      types.push_back(op->getResult(0).getType());
      all.push_back(dimensions.of(op->getResult(0)));
    }
    b.setInsertionPointAfter(last);
    SmallVector<Location> locs;
    for (Operation *op : writer.results())
      locs.push_back(op->getLoc());
    auto call = kernel::CallOp::create(b, FusedLoc::get(b.getContext(), locs), types, FlatSymbolRefAttr::get(define.getSymNameAttr()), operands,
                                       ValueRange(), kernel::ExecutorAttr());
    call->setAttr(kDimsAttr, dimsAttr(b.getContext(), all));
    call->setAttr(kExtentsAttr, b.getArrayAttr(extents));
    for (auto [op, result, shape] : llvm::zip_equal(writer.results(), call.getResults(), all)) {
      replaced.push_back({op->getResult(0), result});
      dimensions.set(result, shape);
    }
    return success();
  }

  //===--- Functions of the runtime, and of the program ---===//

  static std::string suffix(Type type) {
    if (type.isF32() || type.isF64())
      return type.isF32() ? "f32" : "f64";
    return "i" + std::to_string(type.getIntOrFloatBitWidth());
  }

  kernel::ExternOp callExtern(Operation *op, const Twine &function, ValueRange inputs, TypeRange types, ArrayRef<DimAttr> extents,
                              ArrayRef<Dims> shapes, StringAttr prototype = {}) {
    SmallVector<Value> numbers, sizes;
    for (DimAttr dim : extents)
      numbers.push_back(dims.get(dim));
    for (const Dims &shape : shapes)
      for (DimAttr dim : shape)
        if (!dim.constant())
          sizes.push_back(dims.get(dim));
    if (llvm::is_contained(numbers, Value()) || llvm::is_contained(sizes, Value()))
      return {};
    b.setInsertionPoint(op);
    auto call = kernel::ExternOp::create(b, op->getLoc(), types, FlatSymbolRefAttr::get(b.getContext(), function.str()), inputs,
                                         ValueRange(), numbers, sizes, prototype);
    call->setAttr(kDimsAttr, dimsAttr(b.getContext(), shapes));
    for (auto [result, shape] : llvm::zip_equal(call.getResults(), shapes))
      dimensions.set(result, shape);
    return call;
  }

  /// What C passes in place of a scalar: small integers as larger ones.
  Value passedInC(Value scalar) {
    Location loc = scalar.getLoc();
    Type type = cast<RankedTensorType>(scalar.getType()).getElementType();
    Value value = tensor::ExtractOp::create(b, loc, scalar);
    if (isa<FloatType>(type) || type.getIntOrFloatBitWidth() >= 32)
      return value;
    if (type.isUnsignedInteger())
      value = UnrealizedConversionCastOp::create(b, loc, b.getIntegerType(type.getIntOrFloatBitWidth()), value).getResult(0);
    bool hasSign = !type.isUnsignedInteger() && !type.isInteger(1);
    return hasSign ? arith::ExtSIOp::create(b, loc, b.getI32Type(), value).getResult()
                   : arith::ExtUIOp::create(b, loc, b.getI32Type(), value).getResult();
  }

  LogicalResult writeExtern(graph::ExternOp op) {
    b.setInsertionPoint(op);
    SmallVector<Value> inputs = llvm::map_to_vector(
        op.getInputs(), [&](Value input) { return cast<RankedTensorType>(input.getType()).getRank() == 0 ? passedInC(input) : input; });
    SmallVector<Dims> shapes = llvm::map_to_vector(op.getResults(), [&](Value result) { return dimensions.of(result); });
    auto call = callExtern(op, kernel::kProgramPrefix + op.getSymbol(), inputs, op.getResultTypes(), toDims(op.getExtents()), shapes,
                           op.getPrototypeAttr());
    if (!call)
      return failure();
    op->replaceAllUsesWith(call.getResults());
    op->erase();
    return success();
  }

  LogicalResult writeExtern(Operation *op) {
    if (auto call = dyn_cast<graph::ExternOp>(op))
      return writeExtern(call);
    MLIRContext *context = op->getContext();
    auto number = [&](int64_t value) { return DimAttr::get(context, value); };
    if (!isa<FftOp, SortOp, TopKOp, CholeskyOp, TriangularSolveOp, LuOp, QrOp, EighOp, SvdOp>(op))
      return success();
    Value first = op->getOperand(0);
    Type type = cast<RankedTensorType>(first.getType()).getElementType();
    Dims shape = dimensions.of(first);
    ArrayRef<DimAttr> all(shape);
    if ((isa<SortOp, TopKOp>(op)) && !type.isF32() && !type.isF64() && !type.isInteger(32) && !type.isInteger(64))
      return op->emitOpError() << "requires keys of f32, f64, i32 or i64, but got " << type;
    kernel::ExternOp call;
    if (isa<CholeskyOp, LuOp, QrOp, EighOp, SvdOp>(op)) {
      SmallVector<Dims> factors = llvm::map_to_vector(op->getResults(), [&](Value factor) { return dimensions.of(factor); });
      SmallVector<DimAttr> extents{product(context, all.drop_back(2)), all.back()};
      if (isa<QrOp, SvdOp>(op))
        extents.insert(extents.begin() + 1, all.drop_back().back());
      StringRef name = op->getName().stripDialect();
      call = callExtern(op, "costate_" + name + "_" + suffix(type), first, op->getResultTypes(), extents, factors);
    } else if (auto solve = dyn_cast<TriangularSolveOp>(op)) {
      Dims right = dimensions.of(solve.getB());
      call = callExtern(op, "costate_triangular_solve_" + suffix(type), op->getOperands(), op->getResultTypes(),
                        {product(context, all.drop_back(2)), all.back(), right.back(), number(!solve.getUpper()), number(solve.getTranspose()),
                         number(solve.getUnit())},
                        {right});
    } else if (auto fft = dyn_cast<FftOp>(op)) {
      call = callExtern(op, "costate_fft_" + suffix(type), op->getOperands(), op->getResultTypes(),
                        {product(context, all.drop_back()), all.back(), number(fft.getInverse())}, {shape, shape});
    } else if (auto top = dyn_cast<TopKOp>(op)) {
      Dims out = dimensions.of(top.getValues());
      call = callExtern(op, "costate_top_k_" + suffix(type), first, op->getResultTypes(), {product(context, all.drop_back()), all.back(), out.back()},
                        {out, out});
    } else {
      return writeSort(cast<SortOp>(op));
    }
    if (!call)
      return failure();
    op->replaceAllUsesWith(call.getResults());
    op->erase();
    return success();
  }

  /// argsort of the key, then the permutation on each operand.
  LogicalResult writeSort(SortOp op) {
    Value key = op.getOperands().front();
    auto type = cast<RankedTensorType>(key.getType());
    Dims shape = dimensions.of(key);
    ArrayRef<DimAttr> all(shape);
    int64_t axis = op.getAxis();
    DimAttr outer = product(op.getContext(), all.take_front(axis)), n = all[axis], inner = product(op.getContext(), all.drop_front(axis + 1));
    auto order = callExtern(op, "costate_argsort_" + suffix(type.getElementType()), key, type.clone(b.getI32Type()), {outer, n, inner}, {shape});
    if (!order)
      return failure();
    for (auto [operand, result] : llvm::zip_equal(op.getOperands(), op.getOutputs())) {
      Type element = cast<RankedTensorType>(operand.getType()).getElementType();
      unsigned bytes = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
      auto taken = callExtern(op, "costate_take_along_b" + Twine(bytes), {operand, order.getResult(0)}, operand.getType(), {outer, n, n, inner}, {shape});
      result.replaceAllUsesWith(taken.getResult(0));
    }
    op.erase();
    return success();
  }

  func::FuncOp function;
  SymbolTable &symbols;
  const Hints &hints;
  FunctionDims dims;
  Dimensions dimensions;
  OpBuilder b;
  SmallVector<std::pair<Value, Value>> replaced;
  std::map<Operation *, llvm::SetVector<Attribute>> consumers;
};

struct GraphToKernel : impl::GraphToKernelBase<GraphToKernel> {
  using GraphToKernelBase::GraphToKernelBase;

  void runOnOperation() override {
    Hints likely(SmallVector<std::string>(hints.begin(), hints.end()));
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (!function.isDeclaration() && failed(FunctionConversion(function, symbols, likely).run()))
        return signalPassFailure();
  }
};

} // namespace

} // namespace costate::fuse
