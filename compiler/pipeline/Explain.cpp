// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/pipeline/Explain.h"

#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/kernel/Kernel.h"
#include "costate/dialects/optim/Optim.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"


using namespace mlir;

namespace costate {

namespace {

/// Indices and extents of host code, with names of dimensions at likely values.
class LikelyValues {
public:
  explicit LikelyValues(const std::map<std::string, int64_t> &hints) : hints(hints) {}

  std::optional<int64_t> of(graph::DimAttr dim) const {
    return dim.evaluate([&](StringRef name) -> std::optional<int64_t> {
      auto hint = hints.find(name.str());
      return hint == hints.end() ? 32 : hint->second;
    });
  }

  /// Nothing if it is known at run time only.
  std::optional<int64_t> of(Value value) const {
    APInt constant;
    if (matchPattern(value, m_ConstantInt(&constant)))
      return constant.getSExtValue();
    Operation *op = value.getDefiningOp();
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (auto loop = dyn_cast<scf::ParallelOp>(argument.getOwner()->getParentOp())) // the first chunk stands for all
        return of(loop.getLowerBound()[argument.getArgNumber()]);
      auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
      auto name = function ? function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), graph::kDimNameAttr) : StringAttr();
      return name ? of(graph::DimAttr::get(value.getContext(), name.getValue())) : std::nullopt;
    }
    if (auto dim = dyn_cast<memref::DimOp>(op)) {
      std::optional<int64_t> axis = dim.getConstantIndex();
      return axis ? extentOf(dim.getSource(), *axis) : std::nullopt;
    }
    if (auto cast = dyn_cast<arith::IndexCastOp>(op))
      return of(cast.getIn());
    if (auto root = dyn_cast<arith::FPToSIOp>(op)) { // of a dimension
      auto real = root.getIn().getDefiningOp<math::SqrtOp>();
      auto number = real ? real.getOperand().getDefiningOp<arith::SIToFPOp>() : arith::SIToFPOp();
      std::optional<int64_t> n = number ? of(number.getIn()) : std::nullopt;
      return n ? graph::DimAttr::isqrt(graph::DimAttr::get(value.getContext(), *n)).constant() : std::nullopt;
    }
    if (op->getNumOperands() != 2)
      return std::nullopt;
    std::optional<int64_t> a = of(op->getOperand(0)), b = of(op->getOperand(1));
    if (!a || !b)
      return std::nullopt;
    return llvm::TypeSwitch<Operation *, std::optional<int64_t>>(op)
        .Case([&](arith::AddIOp) { return *a + *b; })
        .Case([&](arith::SubIOp) { return *a - *b; })
        .Case([&](arith::MulIOp) { return *a * *b; })
        .Case([&](arith::MaxSIOp) { return std::max(*a, *b); })
        .Case([&](arith::MinSIOp) { return std::min(*a, *b); })
        .Case<arith::FloorDivSIOp, arith::DivUIOp>([&](Operation *) { return *b > 0 ? std::optional(llvm::divideFloorSigned(*a, *b)) : std::nullopt; })
        .Default([](Operation *) { return std::nullopt; });
  }

  std::optional<int64_t> extentOf(Value buffer, int64_t axis) const {
    auto type = cast<MemRefType>(buffer.getType());
    if (!type.isDynamicDim(axis))
      return type.getDimSize(axis);
    if (auto argument = dyn_cast<BlockArgument>(buffer)) {
      auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
      auto dims = function ? function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), graph::kDimsAttr) : ArrayAttr();
      return dims ? of(cast<graph::DimAttr>(dims[axis])) : std::nullopt;
    }
    Operation *op = buffer.getDefiningOp();
    if (auto cast = dyn_cast<UnrealizedConversionCastOp>(op))
      return extentOf(cast.getOperand(0), axis);
    unsigned place = type.getDynamicDimIndex(axis);
    if (auto view = dyn_cast<memref::ViewOp>(op))
      return of(view.getSizes()[place]);
    if (auto cast = dyn_cast<memref::ReinterpretCastOp>(op))
      return of(cast.getSizes()[place]);
    if (auto part = dyn_cast<memref::SubViewOp>(op))
      return of(part.getSizes()[place]);
    return std::nullopt;
  }

  int64_t bytesOf(Value buffer) const {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type)
      return 0;
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      bytes *= extentOf(buffer, axis).value_or(0);
    return bytes;
  }

  /// How often `op` runs in a call of its function.
  int64_t timesOf(Operation *op) const {
    int64_t times = 1;
    for (Operation *around = op->getParentOp(); !isa<func::FuncOp>(around); around = around->getParentOp()) {
      if (isa<scf::IfOp>(around))
        continue;
      std::optional<int64_t> low, high, step;
      if (auto loop = dyn_cast<scf::ForOp>(around))
        low = of(loop.getLowerBound()), high = of(loop.getUpperBound()), step = of(loop.getStep());
      else if (auto loop = dyn_cast<scf::ParallelOp>(around); loop && loop.getNumLoops() == 1)
        low = of(loop.getLowerBound()[0]), high = of(loop.getUpperBound()[0]), step = of(loop.getStep()[0]);
      if (!low || !high || step.value_or(0) <= 0)
        return -1;
      times *= llvm::divideCeil(std::max<int64_t>(0, *high - *low), *step);
    }
    return times;
  }

private:
  const std::map<std::string, int64_t> &hints;
};

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

std::string signatureOf(StringRef callee, TypeRange inputs, TypeRange outs) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "@" << callee << "(";
  llvm::interleaveComma(inputs, stream, [&](Type type) { printBuffer(stream, type); });
  stream << ") -> ";
  llvm::interleaveComma(outs, stream, [&](Type type) { printBuffer(stream, type); });
  return text;
}

bool isParallel(kernel::DefineOp define) {
  return define.isScheduled() && !define.getSchedule().getOps<kernel::ParallelOp>().empty();
}

/// What the updates of a stage write, at the hints.
int64_t changedBytes(kernel::DefineOp define, kernel::StageOp stage, MemRefType type) {
  int64_t elements = 0;
  for (kernel::UpdateOp update : stage.getUpdateOps()) {
    int64_t points = 1;
    for (auto [dim, extent] : llvm::enumerate(stage.getMixedExtents()))
      points *= update.isFree(dim) ? define.getHint(extent) : 1;
    for (OpFoldResult extent : update.getMixedDomain())
      points *= define.getHint(extent);
    elements += points;
  }
  return elements * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

ExplainedEntry explainEntry(func::FuncOp entry, const LikelyValues &likely, SymbolTableCollection &symbols) {
  ExplainedEntry explained;
  explained.name = entry.getName().str();
  entry.walk([&](Operation *op) {
    if (auto copy = dyn_cast<memref::CopyOp>(op)) {
      std::string text;
      llvm::raw_string_ostream stream(text);
      printBuffer(stream, copy.getSource().getType());
      explained.copies.push_back(text);
    }
    auto call = dyn_cast<kernel::CallOp>(op);
    auto function = dyn_cast<kernel::ExternOp>(op);
    if (!call && !function)
      return;
    ExplainedCall &described = explained.calls.emplace_back();
    if (call) {
      described.executor = call.getExecutor() == kernel::Executor::Halide ? "halide" : "loops";
      described.isParallel = call.getExecutor() == kernel::Executor::Halide && isParallel(call.getKernel(symbols));
      described.text = signatureOf(call.getCallee(), call.getInputs().getTypes(), call.getOuts().getTypes());
    } else {
      described.executor = "extern";
      StringRef callee = function.getCallee();
      callee.consume_front(kernel::kProgramPrefix);
      described.text = signatureOf(callee, function.getInputs().getTypes(), function.getOuts().getTypes());
    }
    if (auto reason = op->getAttrOfType<StringAttr>("reason"))
      described.reason = reason.str();
    if (auto operations = op->getAttrOfType<IntegerAttr>("operations"))
      described.operations = operations.getInt();
    described.times = likely.timesOf(op);
    // What a kernel replaces it reads and writes; what it changes in places, in these alone.
    for (Value buffer : op->getOperands())
      described.bytes += likely.bytesOf(buffer);
    kernel::DefineOp define = call ? call.getKernel(symbols) : kernel::DefineOp();
    for (auto [number, out] : llvm::enumerate(call ? ValueRange(call.getOuts()) : ValueRange())) {
      auto stage = cast<kernel::StageOp>(define.getOutputValue(number).getOwner());
      if (define.isIdentity(stage))
        described.bytes += changedBytes(define, stage, cast<MemRefType>(out.getType())) - 2 * likely.bytesOf(out);
    }
  });
  return explained;
}

ExplainedKernel explainKernel(kernel::DefineOp define) {
  ExplainedKernel explained{define.getSymName().str(), {}, {}, {}};
  llvm::raw_string_ostream whole(explained.text);
  define->print(whole, OpPrintingFlags().useLocalScope());
  whole << "\n";
  llvm::raw_string_ostream stream(explained.stages);
  for (kernel::StageOp stage : define.getStageOps())
    stream << " " << stage.getStageName() << "(" << stage.getRank() << "-d" << (stage.getUpdateOps().empty() ? "" : ", with updates") << ")";
  if (define.isScheduled())
    for (Operation &directive : define.getSchedule().front()) {
      std::string text;
      llvm::raw_string_ostream(text) << directive;
      explained.schedule.push_back(text);
    }
  return explained;
}

} // namespace

Explanation explainDecisions(ModuleOp module, const std::map<std::string, int64_t> &hints) {
  LikelyValues likely(hints);
  SymbolTableCollection symbols;
  Explanation explanation;
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr(optim::kEntryAttr)) {
      ExplainedEntry &entry = explanation.entries.emplace_back(explainEntry(function, likely, symbols));
      if (auto size = module.lookupSymbol<func::FuncOp>((function.getName() + ".workspace_size").str()))
        entry.workspace = likely.of(size.front().getTerminator()->getOperand(0)).value_or(0);
    }
  llvm::StringSet<> onHalide;
  module.walk([&](kernel::CallOp call) {
    if (call.getExecutor() == kernel::Executor::Halide)
      onHalide.insert(call.getCallee());
  });
  for (auto define : module.getOps<kernel::DefineOp>())
    if (onHalide.contains(define.getSymName()))
      explanation.kernels.push_back(explainKernel(define));
  if (auto lines = module->getAttrOfType<ArrayAttr>(optim::kProblemsAttr))
    for (StringAttr line : lines.getAsRange<StringAttr>())
      explanation.problems.push_back(line.str());
  return explanation;
}

} // namespace costate
