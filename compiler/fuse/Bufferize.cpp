// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors to memory, as MemoryPlan lays it out. Every buffer is made at the start of the function, so that loops and branches use it without
// carrying it: their tensor carries simply disappear.
#include "costate/compiler/fuse/MemoryPlan.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/compiler/fuse/ScalarMath.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/optim/Optim.h"
#include "costate/dialects/report/Report.h"
#include "costate/runtime/costate.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <map>

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_BUFFERIZE
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

/// An array: a tensor, or an argument that has become a memref.
bool isTensor(Value value) { return isa<TensorType, MemRefType>(value.getType()); }

/// In memory integers have no sign; only arguments keep it, for whoever describes the entry.
MemRefType memRefOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get(tensor.getShape(), arithmeticType(tensor.getElementType()));
}
MemRefType argumentTypeOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get(tensor.getShape(), tensor.getElementType());
}

/// The number that the runtime knows a type by.
int64_t printedType(Type type) {
  return llvm::TypeSwitch<Type, int64_t>(type)
      .Case([](Float32Type) { return COSTATE_F32; })
      .Case([](Float64Type) { return COSTATE_F64; })
      .Case([](BFloat16Type) { return COSTATE_BF16; })
      .Case([](Float16Type) { return COSTATE_F16; })
      .Default([](Type type) {
        switch (type.getIntOrFloatBitWidth()) {
        case 1: return COSTATE_I1;
        case 8: return type.isUnsignedInteger() ? COSTATE_U8 : COSTATE_I8;
        case 32: return COSTATE_I32;
        default: return COSTATE_I64;
        }
      });
}

class FunctionBufferization {
public:
  FunctionBufferization(func::FuncOp function, SymbolTable &symbols, const Hints &hints)
      : function(function), symbols(symbols), plan(function, dimensions, hints), dims(function), b(function.getContext()) {}

  LogicalResult run() {
    function.walk([&](Operation *op) { // what a call returns is known from the call alone
      if (auto all = op->getAttrOfType<ArrayAttr>(kDimsAttr); all && isa<kernel::CallOp, kernel::ExternOp>(op))
        for (auto [result, shape] : llvm::zip_equal(op->getResults(), all.getAsRange<ArrayAttr>()))
          dimensions.set(result, toDims(shape));
    });
    plan.plan();
    describeValues();
    convertSignature();
    anchor = &function.getBody().front().front();
    // Each offset from the one before it: written out, sums of thousands of parts would have millions of terms.
    DimAttr offset = DimAttr::get(b.getContext(), int64_t(0));
    for (DimAttr bytes : plan.slots) {
      if (!dims.getSum(offset, bytes))
        return failure();
      offset = offset + bytes;
    }
    for (Described &value : described)
      if (failed(makeBuffer(value)))
        return failure();
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) { ops.push_back(op); });
    for (const Clearing &clearing : plan.clearings)
      clear(clearing);
    for (const Copy &copy : plan.copies)
      if (failed(makeCopy(copy)))
        return failure();
    applyTies();
    for (Operation *op : ops)
      convert(op);
    for (Operation *op : llvm::reverse(retired))
      op->erase();
    eraseTensors();
    return writeWorkspaceSize();
  }

private:
  struct Described {
    Value value;
    Place place;
    RankedTensorType type;
    Dims dims;
  };

  /// All values with a place, while they are still tensors.
  void describeValues() {
    auto visit = [&](Value value) {
      if (!isTensor(value))
        return;
      if (std::optional<Place> place = plan.placeOf(value))
        described.push_back({value, *place, cast<RankedTensorType>(value.getType()), dimensions.of(value)});
    };
    function.walk([&](Operation *op) {
      llvm::for_each(op->getResults(), visit);
      for (Region &region : op->getRegions())
        for (Block &block : region)
          llvm::for_each(block.getArguments(), visit);
    });
    Operation *terminator = function.getBody().front().getTerminator();
    for (Value value : terminator->getOperands())
      resultDims.push_back(isTensor(value) ? dimensions.of(value) : Dims());
  }

  /// Arguments become memrefs; each result that is not tied becomes an argument; then comes the workspace.
  void convertSignature() {
    FunctionType type = function.getFunctionType();
    SmallVector<Type> inputs;
    for (BlockArgument argument : function.getArguments()) {
      if (isTensor(argument))
        argument.setType(argumentTypeOf(argument.getType()));
      inputs.push_back(argument.getType());
    }
    function.setType(FunctionType::get(b.getContext(), inputs, type.getResults()));
    for (auto [number, result] : llvm::enumerate(type.getResults())) {
      if (function.getResultAttr(number, optim::kTiedAttr))
        continue;
      NamedAttrList attrs(function.getResultAttrDict(number));
      auto role = dyn_cast_or_null<StringAttr>(attrs.get(optim::kRoleAttr));
      if (!role || (role.getValue() != "metric" && role.getValue() != "output"))
        attrs.set("optim.result", b.getUnitAttr());
      if (!attrs.get(kDimsAttr) && !cast<RankedTensorType>(result).hasStaticShape())
        attrs.set(kDimsAttr, toArrayAttr(b.getContext(), resultDims[number]));
      destinations[number] = function.getNumArguments();
      (void)function.insertArgument(function.getNumArguments(), argumentTypeOf(result), attrs.getDictionary(b.getContext()), function.getLoc());
    }
    if (llvm::any_of(plan.memories, [](const Memory &memory) { return memory.kind == Memory::Kind::Workspace; })) {
      NamedAttrList attrs;
      attrs.set(optim::kRoleAttr, b.getStringAttr("workspace"));
      unsigned number = function.getNumArguments();
      (void)function.insertArgument(number, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()), attrs.getDictionary(b.getContext()),
                                    function.getLoc());
      workspace = function.getArgument(number);
    }
    (void)function.eraseResults(llvm::BitVector(type.getNumResults(), true));
    b.setInsertionPoint(function.getBody().front().getTerminator());
    Operation *old = function.getBody().front().getTerminator();
    auto fresh = func::ReturnOp::create(b, old->getLoc());
    for (Copy &copy : plan.copies)
      if (copy.before == old)
        copy.before = fresh;
    old->erase();
  }

  //===--- Buffers ---===//

  Value withType(Value value, Type type) {
    return value.getType() == type ? value : UnrealizedConversionCastOp::create(b, value.getLoc(), type, value).getResult(0);
  }

  /// A memref of `type`, whose dynamic extents are `shape`, at `place`.
  FailureOr<Value> bufferAt(Place place, RankedTensorType type, ArrayRef<DimAttr> shape) {
    auto key = std::make_tuple(place.memory, place.offset, type.getAsOpaquePointer(), toArrayAttr(b.getContext(), shape).getAsOpaquePointer());
    Value &known = buffers[key];
    if (known)
      return known;
    const Memory &memory = plan.memories[place.memory];
    MemRefType wanted = memRefOf(type);
    SmallVector<Value> extents;
    for (DimAttr dim : shape)
      if (!dim.constant())
        extents.push_back(dims.get(dim));
    if (llvm::is_contained(extents, Value()))
      return failure();
    if (memory.kind == Memory::Kind::Workspace) {
      int64_t size = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      Value offset = dims.getSum(memory.offset, DimAttr::get(b.getContext(), place.offset * size));
      if (!offset)
        return failure();
      b.setInsertionPoint(anchor);
      return known = memref::ViewOp::create(b, function.getLoc(), wanted, workspace, offset, extents);
    }
    Value base = function.getArgument(memory.kind == Memory::Kind::Argument ? memory.number : destinations.lookup(memory.number));
    b.setInsertionPoint(anchor);
    auto baseType = cast<MemRefType>(base.getType());
    base = withType(base, MemRefType::get(baseType.getShape(), arithmeticType(baseType.getElementType())));
    if (base.getType() == wanted && place.offset == 0)
      return known = base;
    // The same elements under another shape, or a part of an arena.
    SmallVector<OpFoldResult> sizes, strides(shape.size());
    for (auto [axis, dim] : llvm::enumerate(shape))
      sizes.push_back(dim.constant() ? OpFoldResult(b.getIndexAttr(*dim.constant())) : OpFoldResult(dims.get(dim)));
    DimAttr stride = DimAttr::get(b.getContext(), int64_t(1));
    SmallVector<int64_t> staticStrides(shape.size());
    for (int64_t axis = int64_t(shape.size()) - 1; axis >= 0; --axis) {
      strides[axis] = stride.constant() ? OpFoldResult(b.getIndexAttr(*stride.constant())) : OpFoldResult(dims.get(stride));
      staticStrides[axis] = stride.extent();
      stride = stride * shape[axis];
    }
    if (place.offset != 0)
      wanted = MemRefType::get(wanted.getShape(), wanted.getElementType(),
                               StridedLayoutAttr::get(b.getContext(), place.offset, staticStrides));
    return known = memref::ReinterpretCastOp::create(b, function.getLoc(), wanted, base, b.getIndexAttr(place.offset), sizes, strides);
  }

  LogicalResult makeBuffer(Described &value) {
    if (plan.memories[value.place.memory].kind == Memory::Kind::Constant) {
      auto constant = value.value.getDefiningOp<ConstantOp>();
      b.setInsertionPoint(anchor);
      bufferOf[value.value] = memref::GetGlobalOp::create(b, value.value.getLoc(), memRefOf(value.type), globalOf(constant.getLoc(), "constant", value.type, constant.getValue()));
      return success();
    }
    FailureOr<Value> buffer = bufferAt(value.place, value.type, value.dims);
    if (failed(buffer))
      return failure();
    bufferOf[value.value] = *buffer;
    return success();
  }

  static ElementsAttr withoutSign(ElementsAttr value) {
    auto dense = dyn_cast<DenseElementsAttr>(value);
    return dense && dense.getElementType().isUnsignedInteger() ? dense.bitcast(arithmeticType(dense.getElementType())) : value;
  }

  StringRef globalOf(Location loc, StringRef name, RankedTensorType type, ElementsAttr value) {
    OpBuilder atFunction(function);
    auto global = memref::GlobalOp::create(atFunction, loc, name, b.getStringAttr("private"), memRefOf(type), withoutSign(value),
                                           /*constant=*/true, /*alignment=*/b.getI64IntegerAttr(64));
    symbols.insert(global);
    return global.getSymName();
  }

  LogicalResult makeCopy(const Copy &copy) {
    Value from = bufferOf.lookup(copy.value);
    auto described = llvm::find_if(this->described, [&](Described &entry) { return entry.value == copy.value; });
    auto aside = copy.from ? bufferAt(*copy.from, described->type, described->dims) : FailureOr<Value>(from);
    auto to = bufferAt(copy.to, described->type, described->dims);
    if (failed(aside) || failed(to))
      return failure();
    b.setInsertionPoint(copy.before);
    memref::CopyOp::create(b, copy.before->getLoc(), *aside, *to);
    return success();
  }

  void clear(const Clearing &clearing) {
    auto pack = cast<PackOp>(clearing.pack);
    Type element = pack.getType().getElementType();
    Location loc = pack.getLoc();
    // One loop over a table, so that an arena of thousands of leaves takes no more code than one of two.
    SmallVector<int64_t> bounds;
    for (auto [begin, end] : clearing.ranges)
      bounds.append({begin, end});
    auto tableType = RankedTensorType::get({int64_t(clearing.ranges.size()), 2}, b.getI64Type());
    auto global = globalOf(loc, "gaps", tableType, DenseElementsAttr::get(tableType, ArrayRef(bounds)));
    b.setInsertionPoint(pack);
    auto at = [&](int64_t i) -> Value { return arith::ConstantIndexOp::create(b, loc, i); };
    Value zero = at(0), one = at(1), nothing = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    Value table = memref::GetGlobalOp::create(b, loc, memRefOf(tableType), global);
    auto ranges = scf::ForOp::create(b, loc, zero, at(clearing.ranges.size()), one);
    b.setInsertionPointToStart(ranges.getBody());
    auto bound = [&](Value which) -> Value {
      return arith::IndexCastOp::create(b, loc, b.getIndexType(), memref::LoadOp::create(b, loc, table, ValueRange{ranges.getInductionVar(), which}));
    };
    Value begin = bound(zero), end = bound(one);
    auto elements = scf::ForOp::create(b, loc, begin, end, one);
    b.setInsertionPointToStart(elements.getBody());
    memref::StoreOp::create(b, loc, nothing, bufferOf.lookup(pack), elements.getInductionVar());
  }

  /// A kernel that replaces inputs is another kernel: its own copy, with the ties.
  void applyTies() {
    std::map<Operation *, SmallVector<std::pair<unsigned, unsigned>>> byCall;
    for (const Tie &tie : plan.ties)
      byCall[tie.call].push_back({tie.result, tie.input});
    SmallVector<Operation *> calls;
    function.walk([&](kernel::CallOp call) { calls.push_back(call); });
    for (Operation *op : calls) {
      auto found = byCall.find(op);
      if (found == byCall.end())
        continue;
      auto call = cast<kernel::CallOp>(op);
      kernel::DefineOp define = call.getKernel();
      auto copy = cast<kernel::DefineOp>(define->clone());
      SmallVector<int64_t> tied(define.getTied());
      for (auto [result, input] : found->second)
        tied[result] = input;
      copy.setTied(tied);
      symbols.insert(copy, define->getIterator());
      call.setCalleeAttr(FlatSymbolRefAttr::get(copy.getSymNameAttr()));
    }
  }

  //===--- Operations ---===//

  /// Constant data, where the builder stands.
  Value constantAt(Location loc, StringRef name, DenseElementsAttr value) {
    auto type = cast<RankedTensorType>(value.getType());
    return memref::GetGlobalOp::create(b, loc, memRefOf(type), globalOf(loc, name, type, value));
  }

  /// Bytes that end with a zero.
  Value textOf(Location loc, StringRef text) {
    SmallVector<int8_t> bytes(text.bytes_begin(), text.bytes_end());
    bytes.push_back(0);
    return constantAt(loc, "text", DenseElementsAttr::get(RankedTensorType::get({int64_t(bytes.size())}, b.getI8Type()), ArrayRef(bytes)));
  }

  /// In place of `op`, which has no results.
  void callRuntime(Operation *op, StringRef function, ValueRange inputs, ValueRange numbers) {
    kernel::ExternOp::create(b, op->getLoc(), TypeRange(), function, inputs, ValueRange(), numbers, ValueRange());
    retired.push_back(op);
  }

  SmallVector<Value> inMemory(ValueRange values) {
    return llvm::map_to_vector(values, [&](Value value) {
      Value buffer = bufferOf.lookup(value);
      return buffer ? buffer : value;
    });
  }

  void convert(Operation *op) {
    b.setInsertionPoint(op);
    Location loc = op->getLoc();
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](kernel::CallOp call) {
          auto fresh = kernel::CallOp::create(b, loc, TypeRange(), call.getCalleeAttr(), inMemory(call.getInputs()), inMemory(call.getResults()),
                                              call.getExecutorAttr());
          for (StringRef name : {"reason", "operations"})
            if (Attribute value = call->getAttr(name))
              fresh->setAttr(name, value);
        })
        .Case([&](kernel::ExternOp call) {
          kernel::ExternOp::create(b, loc, TypeRange(), call.getCalleeAttr(), inMemory(call.getInputs()), inMemory(call.getResults()),
                                   call.getExtents(), ValueRange(), call.getPrototypeAttr());
        })
        .Case([&](report::RequireOp requirement) {
          Value nothing = constantAt(loc, "nothing", DenseElementsAttr::get(RankedTensorType::get({}, b.getF64Type()), 0.0));
          SmallVector<Value> inputs{textOf(loc, requirement.getText()), bufferOf.lookup(requirement->getOperand(0))};
          llvm::append_range(inputs, inMemory(requirement.getValues()));
          inputs.resize(4, nothing);
          Value count = arith::ConstantIndexOp::create(b, loc, requirement.getValues().size());
          callRuntime(requirement, "costate_require", inputs, count);
        })
        .Case([&](report::PrintOp print) {
          Value value = print->getOperand(0), buffer = bufferOf.lookup(value); // may be a memref by now
          auto type = cast<ShapedType>(value.getType());                        // with the sign of integers
          auto number = [&](int64_t n) -> Value { return arith::ConstantIndexOp::create(b, loc, n); };
          SmallVector<Value> numbers{number(printedType(type.getElementType())), number(type.getRank())};
          for (int64_t axis = 0; axis < type.getRank(); ++axis)
            numbers.push_back(memref::DimOp::create(b, loc, buffer, axis));
          numbers.resize(2 + report::kMostPrintedAxes, number(0));
          callRuntime(print, "costate_print", {textOf(loc, print.getName()), buffer}, numbers);
        })
        .Case([&](tensor::ExtractOp extract) {
          Value source = extract->getOperand(0), buffer = bufferOf.lookup(source); // may be a memref by now
          Value value = buffer ? Value(memref::LoadOp::create(b, loc, buffer, extract.getIndices()))
                               : source.getDefiningOp<tensor::FromElementsOp>().getElements().front();
          extract.getResult().replaceAllUsesWith(withType(value, extract.getType()));
        })
        .Case([&](tensor::DimOp dim) {
          dim.getResult().replaceAllUsesWith(memref::DimOp::create(b, loc, bufferOf.lookup(dim->getOperand(0)), dim.getIndex()));
        })
        .Case([&](tensor::FromElementsOp made) {
          if (Value buffer = bufferOf.lookup(made.getResult()))
            memref::StoreOp::create(b, loc, withType(made.getElements().front(), cast<MemRefType>(buffer.getType()).getElementType()), buffer);
        })
        .Case([&](scf::ForOp loop) { convertFor(loop); })
        .Case([&](scf::WhileOp loop) { convertWhile(loop); })
        .Case([&](scf::IfOp branch) { convertIf(branch); });
  }

  /// What is no tensor.
  static SmallVector<Value> registers(ValueRange values) {
    return llvm::filter_to_vector(values, [](Value value) { return !isTensor(value); });
  }

  /// Stands for a tensor that control flow no longer carries, until its uses are gone.
  Value standIn(Value tensor) {
    Value value = UnrealizedConversionCastOp::create(b, tensor.getLoc(), tensor.getType(), ValueRange()).getResult(0);
    if (Value buffer = bufferOf.lookup(tensor))
      bufferOf[value] = buffer;
    return value;
  }

  /// Replaces `old` values by those of `fresh`, which has no tensors.
  void replace(ValueRange old, ValueRange fresh) {
    unsigned next = 0;
    for (Value value : old)
      value.replaceAllUsesWith(isTensor(value) ? standIn(value) : fresh[next++]);
  }

  void moveBody(Block &from, Block &to, ValueRange arguments) {
    b.setInsertionPointToStart(&from);
    replace(from.getArguments(), arguments);
    to.getOperations().splice(to.end(), from.getOperations());
    Operation *terminator = &to.back();
    SmallVector<Value> kept = registers(terminator->getOperands());
    if (auto condition = dyn_cast<scf::ConditionOp>(terminator))
      kept.insert(kept.begin(), condition.getCondition()), kept.erase(kept.begin() + 1);
    terminator->setOperands(kept);
  }

  void convertFor(scf::ForOp loop) {
    if (!llvm::any_of(loop.getInitArgs(), isTensor))
      return;
    auto fresh = scf::ForOp::create(b, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep(), registers(loop.getInitArgs()));
    fresh.getBody()->clear();
    OpBuilder::InsertionGuard guard(b);
    moveBody(*loop.getBody(), *fresh.getBody(), fresh.getBody()->getArguments());
    b.setInsertionPointAfter(fresh);
    replace(loop.getResults(), fresh.getResults());
    retired.push_back(loop);
  }

  void convertWhile(scf::WhileOp loop) {
    if (!llvm::any_of(loop->getOperands(), isTensor) && !llvm::any_of(loop.getResults(), isTensor))
      return;
    SmallVector<Value> inits = registers(loop.getInits());
    SmallVector<Type> types = llvm::to_vector(ValueRange(registers(loop.getResults())).getTypes());
    auto fresh = scf::WhileOp::create(b, loop.getLoc(), types, inits);
    Block *before = b.createBlock(&fresh.getBefore(), {}, ValueRange(inits).getTypes(), SmallVector<Location>(inits.size(), loop.getLoc()));
    Block *after = b.createBlock(&fresh.getAfter(), {}, types, SmallVector<Location>(types.size(), loop.getLoc()));
    moveBody(*loop.getBeforeBody(), *before, before->getArguments());
    moveBody(*loop.getAfterBody(), *after, after->getArguments());
    b.setInsertionPointAfter(fresh);
    replace(loop.getResults(), fresh.getResults());
    retired.push_back(loop);
  }

  void convertIf(scf::IfOp branch) {
    if (!llvm::any_of(branch.getResults(), isTensor))
      return;
    SmallVector<Type> types = llvm::to_vector(ValueRange(registers(branch.getResults())).getTypes());
    auto fresh = scf::IfOp::create(b, branch.getLoc(), types, branch.getCondition(), /*withElseRegion=*/true);
    for (auto [from, to] : {std::pair(&branch.getThenRegion(), &fresh.getThenRegion()), std::pair(&branch.getElseRegion(), &fresh.getElseRegion())}) {
      to->front().clear();
      moveBody(from->front(), to->front(), {});
    }
    b.setInsertionPointAfter(fresh);
    replace(branch.getResults(), fresh.getResults());
    retired.push_back(branch);
  }

  void eraseTensors() {
    SmallVector<Operation *> ops; // a loop in front of what is in it, which is erased first, or with it
    function.walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : llvm::reverse(ops))
      if (op != function && op->getNumResults() > 0 && op->use_empty() &&
          (isa<tensor::ExtractOp, tensor::DimOp>(op) || llvm::any_of(op->getResults(), isTensor)))
        op->erase();
  }

  /// @step.workspace_size: dimensions to bytes.
  LogicalResult writeWorkspaceSize() {
    if (!workspace)
      return success();
    SmallVector<StringRef> names, bound = boundNames(function);
    plan.workspaceBytes.walkSymbols([&](StringRef name) {
      if (!llvm::is_contained(names, name))
        names.push_back(name);
    });
    llvm::sort(names, [&](StringRef x, StringRef y) { return llvm::find(bound, x) < llvm::find(bound, y); });
    b.setInsertionPointAfter(function);
    SmallVector<Type> inputs(names.size(), b.getIndexType());
    auto size = func::FuncOp::create(b, function.getLoc(), (function.getName() + ".workspace_size").str(), b.getFunctionType(inputs, b.getIndexType()));
    size.setPrivate();
    b.setInsertionPointToStart(size.addEntryBlock());
    for (auto [number, name] : llvm::enumerate(names))
      size.setArgAttr(number, kDimNameAttr, b.getStringAttr(name));
    Value bytes = emitDim(b, function.getLoc(), plan.workspaceBytes, [&](StringRef name) -> Value {
      return size.getArgument(llvm::find(names, name) - names.begin());
    });
    func::ReturnOp::create(b, function.getLoc(), bytes);
    return success();
  }

  func::FuncOp function;
  SymbolTable &symbols;
  Dimensions dimensions;
  MemoryPlan plan;
  FunctionDims dims;
  OpBuilder b;
  Operation *anchor = nullptr;
  Value workspace;
  SmallVector<Described> described;
  SmallVector<Dims> resultDims;
  DenseMap<unsigned, unsigned> destinations; ///< result -> argument
  std::map<std::tuple<unsigned, int64_t, const void *, const void *>, Value> buffers;
  DenseMap<Value, Value> bufferOf;
  SmallVector<Operation *> retired; ///< replaced, but not freed while `bufferOf` knows its values: another op could get the address
};

/// Folding has made `arith` constants of tensors: numbers are passed on from registers, arrays are constants of the graph.
void restoreConstants(func::FuncOp function) {
  function.walk([](arith::ConstantOp op) {
    auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!elements)
      return;
    OpBuilder b(op);
    Value value;
    if (elements.getType().getRank() == 0)
      value = tensor::FromElementsOp::create(b, op.getLoc(), elements.getType(),
                                             arith::ConstantOp::create(b, op.getLoc(), cast<TypedAttr>(*elements.value_begin<Attribute>())).getResult());
    else
      value = ConstantOp::create(b, op.getLoc(), elements);
    op.replaceAllUsesWith(value);
    op.erase();
  });
}

struct Bufferize : impl::BufferizeBase<Bufferize> {
  using BufferizeBase::BufferizeBase;

  void runOnOperation() override {
    Hints likely(SmallVector<std::string>(hints.begin(), hints.end()));
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      restoreConstants(function);
    for (func::FuncOp function : functions)
      if (!function.isDeclaration() && failed(FunctionBufferization(function, symbols, likely).run()))
        return signalPassFailure();
  }
};

} // namespace

} // namespace costate::fuse
