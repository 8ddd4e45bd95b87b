// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entries on buffers become functions of the machine signature (costate_entry_fn). A buffer is a pointer parameter of the body, marked
// `noalias`: LLVM knows that parameters, states, batches and workspace do not overlap, and vectorizes loops without asking at run
// time. Halide sees a buffer through a halide_buffer_t; one is kept for each memref value, not for each call.
#include "costate/compiler/codegen/ModelDescription.h"
#include "costate/compiler/codegen/Passes.h"
#include "costate/dialects/kernel/Kernel.h"

#include "HalideRuntime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace costate::codegen {

#define GEN_PASS_DEF_BINDENTRIES
#include "costate/compiler/codegen/Passes.h.inc"

namespace {

using Builder = ImplicitLocOpBuilder;

Value constantInt(Builder &b, unsigned bits, int64_t value) {
  return LLVM::ConstantOp::create(b, b.getIntegerType(bits), b.getIntegerAttr(b.getIntegerType(bits), value));
}

Value toInt(Builder &b, Value index, unsigned bits) { return arith::IndexCastOp::create(b, b.getIntegerType(bits), index); }

LLVM::LLVMPointerType pointerType(Builder &b) { return LLVM::LLVMPointerType::get(b.getContext()); }

/// `array[position]`, an i64 or a pointer.
Value loadElement(Builder &b, Value array, int64_t position, Type type) {
  Value place = LLVM::GEPOp::create(b, pointerType(b), type, array, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(position)});
  auto load = LLVM::LoadOp::create(b, type, place);
  load.setInvariant(true);
  return load;
}

/// A dimension as index arithmetic. `name`: the value of a name.
Value emitDim(Builder &b, graph::DimAttr dim, function_ref<Value(StringRef)> name) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, value); };
  Value sum;
  for (auto [coefficient, atoms] : llvm::zip(dim.getCoefficients(), dim.getMonomials())) {
    Value product;
    for (Attribute atom : atoms) {
      Value factor;
      if (auto symbol = dyn_cast<StringAttr>(atom)) {
        factor = name(symbol.getValue());
      } else {
        auto function = cast<graph::DimFunctionAttr>(atom);
        Value lhs = emitDim(b, function.getLhs(), name), rhs = function.getRhs() ? emitDim(b, function.getRhs(), name) : Value();
        switch (function.getKind()) {
        case graph::DimFunctionKind::floordiv:
          factor = arith::FloorDivSIOp::create(b, lhs, rhs);
          break;
        case graph::DimFunctionKind::max:
          factor = arith::MaxSIOp::create(b, lhs, rhs);
          break;
        case graph::DimFunctionKind::min:
          factor = arith::MinSIOp::create(b, lhs, rhs);
          break;
        case graph::DimFunctionKind::isqrt: { // exact below 2**52
          Value number = arith::SIToFPOp::create(b, b.getF64Type(), toInt(b, lhs, 64));
          Value root = arith::FPToSIOp::create(b, b.getI64Type(), math::SqrtOp::create(b, number));
          factor = arith::IndexCastOp::create(b, b.getIndexType(), root);
          break;
        }
        }
      }
      product = product ? arith::MulIOp::create(b, product, factor) : factor;
    }
    if (!product)
      product = constant(coefficient);
    else if (coefficient != 1)
      product = arith::MulIOp::create(b, product, constant(coefficient));
    sum = sum ? arith::AddIOp::create(b, sum, product) : product;
  }
  return sum ? sum : constant(0);
}

/// Names of the model as elements of the array `dims`, each loaded once, where the builder stands.
class DimValues {
public:
  DimValues(const ModelDescription &model, Value array) : model(model), array(array), values(model.dims.size()) {}

  Value get(Builder &b, StringRef name) {
    Value &value = values[model.dimIndex(name)];
    if (!value)
      value = arith::IndexCastOp::create(b, b.getIndexType(), loadElement(b, array, model.dimIndex(name), b.getI64Type()));
    return value;
  }
  Value get(Builder &b, graph::DimAttr dim) {
    return emitDim(b, dim, [&](StringRef name) { return get(b, name); });
  }

private:
  const ModelDescription &model;
  Value array;
  SmallVector<Value> values;
};

/// A dense memref over `pointer`; `extents` holds the dynamic ones. The descriptor is a value in registers, which the conversion to LLVM
/// takes apart again.
Value wrapPointer(Builder &b, Value pointer, MemRefType type, ArrayRef<Value> extents) {
  auto descriptorType = LLVM::LLVMStructType::getLiteral(
      b.getContext(), type.getRank() == 0
                          ? ArrayRef<Type>{pointerType(b), pointerType(b), b.getI64Type()}
                          : ArrayRef<Type>{pointerType(b), pointerType(b), b.getI64Type(), LLVM::LLVMArrayType::get(b.getI64Type(), type.getRank()),
                                           LLVM::LLVMArrayType::get(b.getI64Type(), type.getRank())});
  Value descriptor = LLVM::PoisonOp::create(b, descriptorType);
  auto insert = [&](Value value, ArrayRef<int64_t> place) { descriptor = LLVM::InsertValueOp::create(b, descriptor, value, place); };
  insert(pointer, {0});
  insert(pointer, {1});
  insert(constantInt(b, 64, 0), {2});
  Value stride = constantInt(b, 64, 1);
  size_t dynamic = extents.size();
  for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
    Value extent = type.isDynamicDim(axis) ? toInt(b, extents[--dynamic], 64) : constantInt(b, 64, type.getDimSize(axis));
    insert(extent, {3, axis});
    insert(stride, {4, axis});
    if (axis > 0)
      stride = LLVM::MulOp::create(b, stride, extent, LLVM::IntegerOverflowFlags::nsw);
  }
  return UnrealizedConversionCastOp::create(b, type, descriptor).getResult(0);
}

/// The address of a memref's first element.
Value addressOf(Builder &b, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  Value base = toInt(b, memref::ExtractAlignedPointerAsIndexOp::create(b, buffer), 64);
  Value address = LLVM::IntToPtrOp::create(b, pointerType(b), base);
  int64_t offset;
  SmallVector<int64_t> strides;
  if (succeeded(type.getStridesAndOffset(strides, offset)) && offset == 0)
    return address;
  auto metadata = memref::ExtractStridedMetadataOp::create(b, buffer);
  unsigned bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  return LLVM::GEPOp::create(b, pointerType(b), b.getIntegerType(8 * bytes), address, ArrayRef<LLVM::GEPArg>{toInt(b, metadata.getOffset(), 64)});
}

/// A text that ends with 0, as constant data.
LLVM::GlobalOp constantText(Builder &b, StringRef text, SymbolTable &symbols) {
  OpBuilder top = OpBuilder::atBlockBegin(cast<ModuleOp>(symbols.getOp()).getBody());
  std::string bytes = text.str() + '\0';
  auto data = LLVM::GlobalOp::create(top, b.getLoc(), LLVM::LLVMArrayType::get(b.getIntegerType(8), bytes.size()), /*isConstant=*/true,
                                     LLVM::Linkage::Private, "text", b.getStringAttr(bytes));
  symbols.insert(data);
  return data;
}

/// The C function `symbol`, which returns a code, declared once.
LLVM::LLVMFuncOp declare(Builder &b, StringRef symbol, ArrayRef<Type> types, SymbolTable &symbols) {
  if (auto known = symbols.lookup<LLVM::LLVMFuncOp>(symbol))
    return known;
  OpBuilder top = OpBuilder::atBlockBegin(cast<ModuleOp>(symbols.getOp()).getBody());
  auto function = LLVM::LLVMFuncOp::create(top, b.getLoc(), symbol, LLVM::LLVMFunctionType::get(b.getI32Type(), types));
  symbols.insert(function);
  return function;
}

halide_type_t halideType(Type type) {
  uint8_t bits = type.getIntOrFloatBitWidth();
  if (type.isBF16())
    return halide_type_t(halide_type_bfloat, bits);
  if (isa<FloatType>(type))
    return halide_type_t(halide_type_float, bits);
  return halide_type_t(type.isInteger(1) || type.isUnsignedInteger() ? halide_type_uint : halide_type_int, bits);
}

/// A function that returned nothing returns the code 0.
void succeedAtReturns(func::FuncOp function) {
  function.walk([](func::ReturnOp op) {
    Builder at(op.getLoc(), op);
    func::ReturnOp::create(at, ValueRange{constantInt(at, 32, 0)});
    op.erase();
  });
}

/// Replaces the kernel calls of one function, whose control flow is blocks.
class CallLowering {
public:
  CallLowering(func::FuncOp function, SymbolTable &symbols) : function(function), context(function.getArgument(0)), symbols(symbols) {}

  LogicalResult run() {
    SmallVector<Operation *> calls;
    function.walk([&](Operation *op) {
      if (isa<kernel::CallOp, kernel::ExternOp, func::CallOp>(op))
        calls.push_back(op);
    });
    for (Operation *op : calls) {
      if (auto call = dyn_cast<kernel::CallOp>(op)) {
        if (failed(lower(call)))
          return failure();
      } else if (auto call = dyn_cast<kernel::ExternOp>(op)) {
        lower(call);
      } else if (auto tasks = symbols.lookup<func::FuncOp>(cast<func::CallOp>(op).getCallee()); tasks && tasks->hasAttr(kTasksAttr)) {
        if (failed(lower(cast<func::CallOp>(op), tasks)))
          return failure();
      }
    }
    return success();
  }

private:
  LogicalResult lower(kernel::CallOp call) {
    if (call.getExecutor() != kernel::Executor::Halide)
      return call.emitOpError("requires executor halide at code generation; loop kernels are part of their entry by now");
    auto define = symbols.lookup<kernel::DefineOp>(call.getCallee());
    if (!define)
      return call.emitOpError() << "requires a kernel @" << call.getCallee() << " in the module";
    Builder b(call.getLoc(), call);
    SmallVector<Value> arguments{context};
    for (auto [number, input] : llvm::enumerate(call.getInputs())) {
      if (define.getTiedOutput(number)) // its output holds it
        continue;
      if (isa<MemRefType>(input.getType()))
        arguments.push_back(header(input));
      else
        arguments.push_back(input.getType().isIndex() ? toInt(b, input, 32) : input);
    }
    for (Value out : call.getOuts())
      arguments.push_back(header(out));
    std::string symbol = (kernelSymbolPrefix + call.getCallee()).str();
    Value nothing = hasNothingToWrite(b, call);
    if (!nothing) {
      replaceByCall(b, call, symbol, arguments);
      return success();
    }
    Block *before = call->getBlock();
    Block *calling = before->splitBlock(call);
    b.setInsertionPoint(call);
    Block *rest = replaceByCall(b, call, symbol, arguments);
    b.setInsertionPointToEnd(before);
    cf::CondBranchOp::create(b, nothing, rest, ValueRange{}, calling, ValueRange{});
    return success();
  }

  /// Is every output of the call empty? Null if one of them is known not to be. A kernel with updates must not run then: Halide takes the places
  /// that an update names to exist, also where it has no iterations.
  Value hasNothingToWrite(Builder &b, kernel::CallOp call) {
    Value all;
    for (Value out : call.getOuts()) {
      auto type = cast<MemRefType>(out.getType());
      if (type.hasStaticShape() && type.getNumElements() > 0)
        return {};
      Value size = constantInt(b, 64, 1);
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        size = arith::MulIOp::create(b, size, type.isDynamicDim(axis) ? toInt(b, memref::DimOp::create(b, out, axis), 64)
                                                                      : constantInt(b, 64, type.getDimSize(axis)));
      Value isEmpty = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, size, constantInt(b, 64, 0));
      all = all ? arith::AndIOp::create(b, all, isEmpty) : isEmpty;
    }
    return all;
  }

  void lower(kernel::ExternOp call) {
    Builder b(call.getLoc(), call);
    SmallVector<Value> arguments{context};
    for (ValueRange operands : {ValueRange(call.getInputs()), ValueRange(call.getOuts()), ValueRange(call.getExtents())})
      for (Value operand : operands) {
        if (isa<MemRefType>(operand.getType()))
          arguments.push_back(addressOf(b, operand));
        else
          arguments.push_back(operand.getType().isIndex() ? toInt(b, operand, 64) : operand);
      }
    if (!call.getPrototype()) {
      replaceByCall(b, call, call.getCallee(), arguments);
      return;
    }
    LLVM::GlobalOp data = programData((call.getCallee() + ".data").str());
    arguments.push_back(LLVM::LoadOp::create(b, pointerType(b), LLVM::AddressOfOp::create(b, data)));
    std::string blame = ("'" + call.getCallee().drop_front(kernel::kProgramPrefix.size()) + "'").str(),
                place = graph::placeOf(call.getLoc());
    if (!place.empty())
      blame += " at " + place;
    replaceByCall(b, call, call.getCallee(), arguments, blame);
  }

  /// Threads share the calls of `tasks`, which becomes (context, number, closure) -> code (halide_task_t). The closure holds its other arguments, of an array
  /// the address and the dynamic extents.
  LogicalResult lower(func::CallOp call, func::FuncOp tasks) {
    Builder b(call.getLoc(), call);
    SmallVector<Value> passed;
    for (Value operand : call.getOperands().drop_front()) {
      auto type = dyn_cast<MemRefType>(operand.getType());
      passed.push_back(type ? addressOf(b, operand) : operand.getType().isIndex() ? toInt(b, operand, 64) : operand);
      for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
        if (type.isDynamicDim(axis))
          passed.push_back(toInt(b, memref::DimOp::create(b, operand, axis), 64));
    }
    auto closureType = LLVM::LLVMStructType::getLiteral(b.getContext(), llvm::to_vector(ValueRange(passed).getTypes()));
    Value closure = allocate(closureType);
    auto field = [&](Builder &b, Value closure, size_t number) -> Value {
      return LLVM::GEPOp::create(b, pointerType(b), closureType, closure, ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(number)});
    };
    for (auto [number, value] : llvm::enumerate(passed))
      LLVM::StoreOp::create(b, value, field(b, closure, number));

    Block &body = tasks.getBody().front();
    SmallVector<BlockArgument> old = llvm::to_vector(body.getArguments());
    SmallVector<Type> types{pointerType(b), b.getI32Type(), pointerType(b)};
    SmallVector<Value> now = llvm::map_to_vector(types, [&](Type type) -> Value { return body.addArgument(type, call.getLoc()); });
    Builder inner(call.getLoc(), call.getContext());
    inner.setInsertionPointToStart(&body);
    size_t number = 0;
    auto next = [&]() -> Value {
      Value value = LLVM::LoadOp::create(inner, closureType.getBody()[number], field(inner, now[2], number));
      ++number;
      return value;
    };
    auto nextIndex = [&]() -> Value { return arith::IndexCastOp::create(inner, inner.getIndexType(), next()); };
    old.front().replaceAllUsesWith(arith::IndexCastOp::create(inner, inner.getIndexType(), now[1]).getResult());
    for (BlockArgument argument : ArrayRef(old).drop_front()) {
      auto type = dyn_cast<MemRefType>(argument.getType());
      if (!type) {
        argument.replaceAllUsesWith(argument.getType().isIndex() ? nextIndex() : next());
        continue;
      }
      if (!type.getLayout().isIdentity())
        return call.emitOpError("requires arrays that lie densely from their first element on");
      Value address = next();
      SmallVector<Value> extents(type.getNumDynamicDims());
      for (Value &extent : extents)
        extent = nextIndex();
      argument.replaceAllUsesWith(wrapPointer(inner, address, type, extents));
    }
    body.eraseArguments(0, old.size());
    tasks.setFunctionType(b.getFunctionType(types, b.getI32Type()));
    tasks->removeAttr(kTasksAttr);
    succeedAtReturns(tasks);
    if (failed(CallLowering(tasks, symbols).run()))
      return failure();
    Value address = UnrealizedConversionCastOp::create(b, pointerType(b), func::ConstantOp::create(b, tasks.getFunctionType(), tasks.getSymName()).getResult())
                        .getResult(0);
    replaceByCall(b, call, "halide_do_par_for", {context, address, constantInt(b, 32, 0), toInt(b, call.getOperand(0), 32), closure});
    return success();
  }

  /// The place of the pointer that goes with a function of the program: beside the descriptor of the model (EmitDescriptor.h).
  LLVM::GlobalOp programData(StringRef name) {
    if (auto known = symbols.lookup<LLVM::GlobalOp>(name))
      return known;
    OpBuilder top = OpBuilder::atBlockBegin(cast<ModuleOp>(symbols.getOp()).getBody());
    auto data = LLVM::GlobalOp::create(top, function.getLoc(), LLVM::LLVMPointerType::get(top.getContext()), /*isConstant=*/false,
                                       LLVM::Linkage::External, name, Attribute());
    symbols.insert(data);
    return data;
  }

  /// Calls the C function `symbol` and leaves the entry with its code unless that is 0; `blame` says whose failure it is, if not that of the runtime.
  /// Returns the block where it goes on.
  Block *replaceByCall(Builder &b, Operation *op, StringRef symbol, ArrayRef<Value> arguments, StringRef blame = "") {
    auto callee = declare(b, symbol, llvm::to_vector(ValueRange(arguments).getTypes()), symbols);
    Value code = LLVM::CallOp::create(b, callee, arguments).getResult();
    Value failed = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, code, constantInt(b, 32, 0));
    Block *block = op->getBlock();
    Block *rest = block->splitBlock(op);
    op->erase();
    Block *leaving = exitBlock();
    SmallVector<Value> passed{code};
    if (!blame.empty()) {
      leaving = b.createBlock(&function.getBody(), Region::iterator(rest));
      Value text = LLVM::AddressOfOp::create(b, constantText(b, blame, symbols));
      auto report = declare(b, "costate_fail_extern", {pointerType(b), pointerType(b), b.getI32Type()}, symbols);
      Value reported = LLVM::CallOp::create(b, report, ValueRange{context, text, code}).getResult();
      cf::BranchOp::create(b, exitBlock(), reported);
      passed.clear();
    }
    b.setInsertionPointToEnd(block);
    auto branch = cf::CondBranchOp::create(b, failed, leaving, passed, rest, ValueRange{});
    branch.setBranchWeights(ArrayRef<int32_t>{1, 1 << 20});
    return rest;
  }

  Block *exitBlock() {
    if (exit)
      return exit;
    exit = new Block();
    function.getBody().push_back(exit);
    Builder b(function.getLoc(), function.getContext());
    b.setInsertionPointToEnd(exit);
    func::ReturnOp::create(b, ValueRange{exit->addArgument(b.getI32Type(), function.getLoc())});
    return exit;
  }

  /// The halide_buffer_t of a memref.
  Value header(Value buffer) {
    Value &known = headers[buffer];
    if (known)
      return known;
    Builder b(buffer.getLoc(), buffer.getContext());
    b.setInsertionPointAfterValue(buffer);
    auto type = cast<MemRefType>(buffer.getType());
    auto i32 = b.getI32Type(), i64 = b.getI64Type();
    auto headerType = LLVM::LLVMStructType::getLiteral(
        b.getContext(), {i64, pointerType(b), pointerType(b), i64, i32, i32, pointerType(b), pointerType(b)});
    Value dims = dimensions(b, buffer, type);
    Value result = allocate(headerType);
    auto store = [&](int32_t field, Value value) {
      Value place = LLVM::GEPOp::create(b, pointerType(b), headerType, result, ArrayRef<LLVM::GEPArg>{0, field});
      LLVM::StoreOp::create(b, value, place);
    };
    Value null = LLVM::ZeroOp::create(b, pointerType(b));
    halide_type_t element = halideType(type.getElementType());
    store(0, constantInt(b, 64, 0));
    store(1, null);
    store(2, addressOf(b, buffer));
    store(3, constantInt(b, 64, 0));
    store(4, constantInt(b, 32, element.as_u32()));
    store(5, constantInt(b, 32, type.getRank()));
    store(6, dims);
    store(7, null);
    return headers[buffer] = result;
  }

  /// halide_dimension_t of each axis, innermost first: constant data if the shape is static, else on the stack.
  Value dimensions(Builder &b, Value buffer, MemRefType type) {
    constexpr int words = sizeof(halide_dimension_t) / sizeof(int32_t); // min, extent, stride, flags
    auto arrayType = LLVM::LLVMArrayType::get(b.getI32Type(), words * type.getRank());
    if (type.getRank() == 0)
      return LLVM::ZeroOp::create(b, pointerType(b));
    if (type.hasStaticShape()) {
      SmallVector<int32_t> values;
      int64_t stride = 1;
      for (int64_t extent : llvm::reverse(type.getShape())) {
        values.append({0, static_cast<int32_t>(extent), static_cast<int32_t>(stride), 0});
        stride *= extent;
      }
      return LLVM::AddressOfOp::create(b, constantData(arrayType, values));
    }
    Value result = allocate(arrayType);
    Value stride = constantInt(b, 32, 1);
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      int64_t axis = type.getRank() - 1 - dim;
      Value extent = type.isDynamicDim(axis) ? toInt(b, memref::DimOp::create(b, buffer, axis), 32) : constantInt(b, 32, type.getDimSize(axis));
      Value fields[words] = {constantInt(b, 32, 0), extent, stride, constantInt(b, 32, 0)};
      for (auto [word, value] : llvm::enumerate(fields)) {
        Value place = LLVM::GEPOp::create(b, pointerType(b), arrayType, result,
                                          ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(words * dim + word)});
        LLVM::StoreOp::create(b, value, place);
      }
      stride = arith::MulIOp::create(b, stride, extent);
    }
    return result;
  }

  Value allocate(Type type) {
    Builder b(function.getLoc(), function.getContext());
    b.setInsertionPointToStart(&function.getBody().front());
    return LLVM::AllocaOp::create(b, pointerType(b), type, constantInt(b, 32, 1), /*alignment=*/8);
  }

  LLVM::GlobalOp constantData(Type type, ArrayRef<int32_t> values) {
    OpBuilder b = OpBuilder::atBlockBegin(cast<ModuleOp>(symbols.getOp()).getBody());
    auto data = LLVM::GlobalOp::create(b, function.getLoc(), type, /*isConstant=*/true, LLVM::Linkage::Private, "halide.dims",
                                       b.getI32TensorAttr(values));
    data.setUnnamedAddr(LLVM::UnnamedAddr::Global);
    symbols.insert(data); // makes the name unique; LLVM merges equal ones
    return data;
  }

  func::FuncOp function;
  Value context;
  SymbolTable &symbols;
  DenseMap<Value, Value> headers;
  Block *exit = nullptr;
};

struct BindEntries : impl::BindEntriesBase<BindEntries> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<ModelDescription> model = describeModel(module, "model");
    if (failed(model))
      return signalPassFailure();
    SymbolTable symbols(module);
    for (auto [entry, description] : llvm::zip(entriesOf(module), model->entries))
      if (failed(bind(entry, description, *model, symbols)))
        return signalPassFailure();
    for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
      if (isa<kernel::DefineOp, ArenaLayout>(op))
        op.erase();
  }

  LogicalResult bind(func::FuncOp entry, const EntryDescription &description, const ModelDescription &model, SymbolTable &symbols) {
    std::string name = ("entry." + entry.getName()).str();
    if (description.hasWorkspace && failed(emitWorkspace(entry, name + ".workspace", model, symbols)))
      return failure();
    if (description.hasCompoundAxes)
      emitExtents(entry, name + ".extents", description, model);
    makeBody(entry, name + ".body", description, model);
    emitEntry(entry, name, description, model, symbols);
    symbols.erase(entry);
    return CallLowering(bodies.back(), symbols).run();
  }

  /// The body: (context, a pointer a buffer, dims, workspace) -> code.
  void makeBody(func::FuncOp entry, std::string name, const EntryDescription &description, const ModelDescription &model) {
    Builder b(entry.getLoc(), entry.getContext());
    b.setInsertionPoint(entry);
    size_t buffers = description.arguments.size() + description.results.size();
    SmallVector<Type> types(buffers + 3, pointerType(b));
    auto body = func::FuncOp::create(b, name, b.getFunctionType(types, b.getI32Type()));
    body.setPrivate();
    for (size_t number = 1; number < types.size(); ++number)
      body.setArgAttr(number, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
    body.getBody().takeBody(entry.getBody());
    entry.getBody().emplaceBlock(); // no declaration while it is still looked at
    Block &block = body.getBody().front();
    SmallVector<BlockArgument> old = llvm::to_vector(block.getArguments());
    SmallVector<Value> now;
    for (Type type : types)
      now.push_back(block.addArgument(type, entry.getLoc()));
    b.setInsertionPointToStart(&block);
    DimValues dims(model, now[buffers + 1]);
    for (auto [number, argument] : llvm::enumerate(old)) {
      if (number == buffers) { // the workspace
        auto type = cast<MemRefType>(argument.getType());
        // Its size is the size function's business; views of it do not look.
        SmallVector<Value> extents(type.getNumDynamicDims());
        for (Value &extent : extents)
          extent = arith::ConstantIndexOp::create(b, std::numeric_limits<int64_t>::max());
        argument.replaceAllUsesWith(wrapPointer(b, now[buffers + 2], type, extents));
        continue;
      }
      bool isArgument = number < description.arguments.size();
      const ArrayDescription &array = isArgument ? description.arguments[number] : description.results[number - description.arguments.size()];
      if (array.role == COSTATE_DIM) {
        argument.replaceAllUsesWith(dims.get(b, array.name));
        continue;
      }
      auto type = cast<MemRefType>(argument.getType());
      SmallVector<Value> extents;
      for (auto [axis, dim] : llvm::enumerate(array.axes))
        if (type.isDynamicDim(axis))
          extents.push_back(dims.get(b, dim));
      argument.replaceAllUsesWith(wrapPointer(b, now[number + 1], type, extents));
    }
    block.eraseArguments(0, old.size());
    succeedAtReturns(body);
    bodies.push_back(body);
  }

  void emitEntry(func::FuncOp entry, StringRef name, const EntryDescription &description, const ModelDescription &model, SymbolTable &symbols) {
    Builder b(entry.getLoc(), entry.getContext());
    b.setInsertionPoint(entry);
    SmallVector<Type> types(4, pointerType(b));
    auto function = func::FuncOp::create(b, name, b.getFunctionType(types, b.getI32Type()));
    b.setInsertionPointToStart(function.addEntryBlock());
    if (auto required = entry->getAttrOfType<ArrayAttr>(graph::kRequiresAttr)) {
      DimValues dims(model, function.getArgument(2));
      for (Attribute requirement : required)
        emitCheck(b, entry, cast<graph::RequirementAttr>(requirement), dims, function.getArgument(0), symbols);
    }
    SmallVector<Value> arguments{function.getArgument(0)};
    for (size_t number = 0; number < description.arguments.size() + description.results.size(); ++number)
      arguments.push_back(loadElement(b, function.getArgument(1), number, pointerType(b)));
    arguments.push_back(function.getArgument(2));
    arguments.push_back(function.getArgument(3));
    auto call = func::CallOp::create(b, bodies.back(), arguments);
    func::ReturnOp::create(b, call.getResults());
  }

  /// Leaves the entry if a requirement does not hold. Its constant stands on the right side of the message: "requires batch >= 6", "100 * batch <= 500".
  void emitCheck(Builder &b, func::FuncOp entry, graph::RequirementAttr requirement, DimValues &dims, Value context, SymbolTable &symbols) {
    graph::DimAttr dim = requirement.getDim();
    int64_t constant = 0;
    for (auto [coefficient, atoms] : llvm::zip(dim.getCoefficients(), dim.getMonomials()))
      if (atoms.empty())
        constant = coefficient;
    graph::DimAttr variable = dim - graph::DimAttr::get(b.getContext(), constant);
    graph::DimAttr negated = graph::DimAttr::get(b.getContext(), int64_t(0)) - variable;
    bool isMost = negated.lowerBound() == 0;
    Value got = toInt(b, dims.get(b, isMost ? negated : variable), 64);
    Value holds = arith::CmpIOp::create(b, isMost ? arith::CmpIPredicate::sle : arith::CmpIPredicate::sge, got, constantInt(b, 64, isMost ? constant : -constant));
    Block *block = b.getBlock(), *refused = b.createBlock(block->getParent()), *rest = b.createBlock(block->getParent());
    b.setInsertionPointToEnd(block);
    cf::CondBranchOp::create(b, holds, rest, ValueRange{}, refused, ValueRange{}).setBranchWeights(ArrayRef<int32_t>{1 << 20, 1});

    b.setInsertionPointToEnd(refused);
    std::string text = ("entry '" + entry.getName() + "' requires ").str();
    text += isMost ? negated.str() + " <= " + std::to_string(constant) : variable.str() + " >= " + std::to_string(-constant);
    if (!requirement.getPlace().empty())
      text += (" at " + requirement.getPlace()).str();
    Value words = LLVM::AddressOfOp::create(b, constantText(b, text, symbols));
    auto refusal = declare(b, "costate_fail_extent", {pointerType(b), pointerType(b), b.getI64Type()}, symbols);
    func::ReturnOp::create(b, LLVM::CallOp::create(b, refusal, ValueRange{context, words, got}).getResult());
    b.setInsertionPointToEnd(rest);
  }

  LogicalResult emitWorkspace(func::FuncOp entry, StringRef name, const ModelDescription &model, SymbolTable &symbols) {
    auto type = cast<MemRefType>(entry.getArgumentTypes().back());
    std::string sizeName = (entry.getName() + ".workspace_size").str();
    auto size = symbols.lookup<func::FuncOp>(sizeName);
    if (!size && !type.hasStaticShape())
      return entry.emitError() << "requires a function '" << sizeName << "' beside a workspace of dynamic size";
    Builder b(entry.getLoc(), entry.getContext());
    b.setInsertionPoint(entry);
    auto function = func::FuncOp::create(b, name, b.getFunctionType({pointerType(b)}, b.getI64Type()));
    b.setInsertionPointToStart(function.addEntryBlock());
    Value bytes;
    if (size) {
      DimValues dims(model, function.getArgument(0));
      SmallVector<Value> arguments;
      for (unsigned number = 0; number < size.getNumArguments(); ++number) {
        auto dim = size.getArgAttrOfType<StringAttr>(number, "graph.dim_name");
        if (!dim || !llvm::is_contained(model.dims, dim.getValue()))
          return size.emitError() << "requires a dimension of the model as 'graph.dim_name' of argument " << number;
        arguments.push_back(dims.get(b, dim.getValue()));
        size.removeArgAttr(number, "graph.dim_name"); // LLVM IR has no place for it
      }
      bytes = toInt(b, func::CallOp::create(b, size, arguments).getResult(0), 64);
    } else {
      bytes = constantInt(b, 64, type.getNumElements());
    }
    func::ReturnOp::create(b, bytes);
    return success();
  }

  void emitExtents(func::FuncOp entry, StringRef name, const EntryDescription &description, const ModelDescription &model) {
    Builder b(entry.getLoc(), entry.getContext());
    b.setInsertionPoint(entry);
    auto function = func::FuncOp::create(b, name, b.getFunctionType({pointerType(b), pointerType(b)}, {}));
    b.setInsertionPointToStart(function.addEntryBlock());
    DimValues dims(model, function.getArgument(0));
    int32_t position = 0;
    for (const std::vector<ArrayDescription> *arrays : {&description.arguments, &description.results})
      for (const ArrayDescription &array : *arrays)
        for (graph::DimAttr axis : array.axes) {
          Value place = LLVM::GEPOp::create(b, pointerType(b), b.getI64Type(), function.getArgument(1), ArrayRef<LLVM::GEPArg>{position++});
          LLVM::StoreOp::create(b, toInt(b, dims.get(b, axis), 64), place);
        }
    func::ReturnOp::create(b, ValueRange{});
  }

  SmallVector<func::FuncOp> bodies;
};

} // namespace

} // namespace costate::codegen
