// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tests/schedules/KernelRunner.h"

#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/runtime/Symbols.h"
#include "costate/runtime/costate.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/TargetSelect.h"

#include <HalideRuntime.h>
#include <ctime>

using namespace mlir;
using namespace costate::kernel;

namespace costate::tests {

namespace {
/// The bytes of a value, 64-byte aligned with room for a vector beyond the end, and its Halide buffer.
struct Storage {
  explicit Storage(const KernelValue &value) : value(value) {
    unsigned bits = value.type.isIndex() ? 32 : value.type.getIntOrFloatBitWidth();
    width = std::max(1u, bits / 8);
    bytes.resize(value.elements.size() * width + 128);
    data = reinterpret_cast<char *>(llvm::alignTo(reinterpret_cast<uintptr_t>(bytes.data()), 64));
    for (auto [position, element] : llvm::enumerate(value.elements)) {
      auto real = dyn_cast<FloatAttr>(element);
      uint64_t word = real ? real.getValue().bitcastToAPInt().getZExtValue() : cast<IntegerAttr>(element).getValue().getZExtValue();
      std::memcpy(data + position * width, &word, width);
    }
    int32_t stride = 1;
    for (int64_t extent : llvm::reverse(value.shape)) {
      dimensions.emplace_back(0, static_cast<int32_t>(extent), stride);
      stride *= extent;
    }
    buffer.host = reinterpret_cast<uint8_t *>(data);
    buffer.type = halide_type_t(isa<FloatType>(value.type) ? halide_type_float : bits == 1 ? halide_type_uint : halide_type_int, bits);
    buffer.dimensions = value.shape.size();
    buffer.dim = dimensions.data();
  }

  KernelValue read() const {
    KernelValue result = value;
    for (auto [position, element] : llvm::enumerate(result.elements)) {
      uint64_t word = 0;
      std::memcpy(&word, data + position * width, width);
      APInt bits(width * 8, word);
      if (auto real = dyn_cast<FloatType>(value.type))
        element = FloatAttr::get(value.type, APFloat(real.getFloatSemantics(), bits));
      else
        element = IntegerAttr::get(value.type, bits.zextOrTrunc(value.type.getIntOrFloatBitWidth()));
    }
    return result;
  }

  const KernelValue &value;
  unsigned width;
  std::vector<char> bytes;
  char *data;
  std::vector<halide_dimension_t> dimensions;
  halide_buffer_t buffer = {};
};

/// A function of the C ABI has any signature; this makes one that takes its arguments from an array of pointers.
llvm::orc::ThreadSafeModule makeTrampoline(DefineOp kernel) {
  auto context = std::make_unique<llvm::LLVMContext>();
  auto module = std::make_unique<llvm::Module>("trampoline", *context);
  llvm::IRBuilder<> builder(*context);
  llvm::Type *pointer = builder.getPtrTy();
  std::vector<llvm::Type *> types = {pointer};
  for (auto [number, type] : llvm::enumerate(kernel.getFunctionType().getInputs())) {
    if (isa<BufferType>(type)) {
      if (!kernel.getTiedOutput(number))
        types.push_back(pointer);
    } else if (type.isF32() || type.isF64()) {
      types.push_back(type.isF32() ? builder.getFloatTy() : builder.getDoubleTy());
    } else {
      types.push_back(builder.getIntNTy(type.isIndex() ? 32 : std::max(8u, type.getIntOrFloatBitWidth())));
    }
  }
  types.insert(types.end(), kernel.getFunctionType().getNumResults(), pointer);
  auto callee = module->getOrInsertFunction(kernel.getSymName(), llvm::FunctionType::get(builder.getInt32Ty(), types, false));
  auto *function = llvm::Function::Create(llvm::FunctionType::get(builder.getInt32Ty(), {pointer, pointer}, false),
                                          llvm::Function::ExternalLinkage, "call", *module);
  builder.SetInsertPoint(llvm::BasicBlock::Create(*context, "", function));
  std::vector<llvm::Value *> arguments = {function->getArg(0)};
  for (size_t number = 1; number < types.size(); ++number) {
    llvm::Value *place = builder.CreateLoad(pointer, builder.CreateConstGEP1_32(pointer, function->getArg(1), number - 1));
    arguments.push_back(types[number] == pointer ? place : builder.CreateLoad(types[number], place));
  }
  builder.CreateRet(builder.CreateCall(callee, arguments));
  return {std::move(module), std::move(context)};
}
} // namespace

KernelRunner::~KernelRunner() { costate_context_destroy(context); }

std::unique_ptr<KernelRunner> KernelRunner::create(DefineOp kernel, unsigned threads) {
  std::clock_t start = std::clock();
  auto objects = codegen::compileKernels(kernel, {});
  if (failed(objects))
    return nullptr;
  std::unique_ptr<KernelRunner> runner(new KernelRunner);
  runner->compileSeconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  runner->kernel = kernel;
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  runner->jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
  llvm::orc::SymbolMap symbols;
  for (const runtime::Symbol &symbol : runtime::symbols())
    symbols[runner->jit->mangleAndIntern(symbol.name)] = {llvm::orc::ExecutorAddr::fromPtr(symbol.address), llvm::JITSymbolFlags::Exported};
  llvm::cantFail(runner->jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols))));
  runner->jit->getMainJITDylib().addGenerator(
      llvm::cantFail(llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(runner->jit->getDataLayout().getGlobalPrefix())));
  for (const codegen::KernelObject &object : *objects)
    llvm::cantFail(runner->jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object.bytes)));
  llvm::cantFail(runner->jit->addIRModule(makeTrampoline(kernel)));
  runner->address = llvm::cantFail(runner->jit->lookup(kernel.getSymName())).toPtr<void *>();
  runner->call = llvm::cantFail(runner->jit->lookup("call")).toPtr<int32_t (*)(void *, void **)>();
  if (costate_context_create(threads, &runner->context) != COSTATE_OK)
    return nullptr;
  return runner;
}

std::vector<KernelValue> KernelRunner::run(ArrayRef<KernelValue> inputs, ArrayRef<KernelValue> like) {
  std::vector<std::unique_ptr<Storage>> storages;
  std::vector<void *> arguments;
  auto add = [&](const KernelValue &value, Type type) -> Storage & {
    storages.push_back(std::make_unique<Storage>(value));
    arguments.push_back(isa<BufferType>(type) ? static_cast<void *>(&storages.back()->buffer) : storages.back()->data);
    return *storages.back();
  };
  for (auto [number, input] : llvm::enumerate(inputs))
    if (!kernel.getTiedOutput(number))
      add(input, kernel.getFunctionType().getInput(number));
  std::vector<Storage *> outputs;
  for (auto [number, output] : llvm::enumerate(like)) {
    std::optional<unsigned> input = kernel.getTiedInput(number);
    outputs.push_back(&add(input ? inputs[*input] : output, kernel.getFunctionType().getResult(number)));
  }
  if (call(context, arguments.data()) != COSTATE_OK)
    return {};
  std::vector<KernelValue> results;
  for (Storage *output : outputs)
    results.push_back(output->read());
  return results;
}

} // namespace costate::tests
