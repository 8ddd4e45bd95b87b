// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/pipeline/Explain.h"

#include "costate/dialects/kernel/Kernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace costate {

namespace {

/// "f32[?, 10]"
void printBuffer(llvm::raw_ostream &stream, Type type) {
  auto buffer = dyn_cast<MemRefType>(type);
  if (!buffer) {
    stream << type;
    return;
  }
  stream << buffer.getElementType() << "[";
  llvm::interleaveComma(buffer.getShape(), stream, [&](int64_t extent) {
    if (ShapedType::isDynamic(extent))
      stream << "?";
    else
      stream << extent;
  });
  stream << "]";
}

void printCall(llvm::raw_ostream &stream, StringRef executor, StringRef callee, TypeRange inputs, TypeRange outs) {
  stream << "    " << executor << "  @" << callee << "(";
  llvm::interleaveComma(inputs, stream, [&](Type type) { printBuffer(stream, type); });
  stream << ") -> ";
  llvm::interleaveComma(outs, stream, [&](Type type) { printBuffer(stream, type); });
  stream << "\n";
}

void explainEntry(llvm::raw_ostream &stream, func::FuncOp entry) {
  llvm::MapVector<StringRef, int> counts;
  std::string calls;
  llvm::raw_string_ostream callStream(calls);
  entry.walk([&](Operation *op) {
    if (auto call = dyn_cast<kernel::CallOp>(op)) {
      StringRef executor = call.getExecutor() == kernel::Executor::Halide ? "halide" : "loops ";
      ++counts[executor.trim()];
      printCall(callStream, executor, call.getCallee(), call.getInputs().getTypes(), call.getOuts().getTypes());
    } else if (auto call = dyn_cast<kernel::ExternOp>(op)) {
      ++counts["extern"];
      printCall(callStream, "extern", call.getCallee(), call.getInputs().getTypes(), call.getOuts().getTypes());
    }
  });
  stream << "  entry " << entry.getName() << ": ";
  if (counts.empty())
    stream << "no kernels";
  llvm::interleaveComma(counts, stream, [&](auto &count) { stream << count.second << " " << count.first; });
  stream << "\n" << calls;
}

void explainKernel(llvm::raw_ostream &stream, kernel::DefineOp define) {
  stream << "  kernel @" << define.getSymName() << ":";
  for (kernel::StageOp stage : define.getStageOps())
    stream << " " << stage.getStageName() << "(" << stage.getRank() << "-d" << (stage.getUpdateOps().empty() ? "" : ", with updates") << ")";
  stream << "\n";
  if (define.isScheduled())
    for (Operation &directive : define.getSchedule().front())
      stream << "    " << directive << "\n";
}

} // namespace

std::string explainDecisions(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::StringSet<> onHalide;
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr("optim.entry"))
      explainEntry(stream, function);
  module.walk([&](kernel::CallOp call) {
    if (call.getExecutor() == kernel::Executor::Halide)
      onHalide.insert(call.getCallee());
  });
  for (auto define : module.getOps<kernel::DefineOp>())
    if (onHalide.contains(define.getSymName()))
      explainKernel(stream, define);
  return text;
}

} // namespace costate
