// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel that loops run keeps every stage but rows of lanes in memory, and all memory of a step is planned: so its stages become outputs, and the plan gives
// them their place in the workspace. (A kernel that Halide runs keeps its stages where its schedule says.)
#include "costate/compiler/fuse/Access.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/kernel/LaneRows.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_EXPOSESTAGES
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

/// The dimension of an extent of a stage: a constant, or an argument, for which the call passes `extents[argument]`.
DimAttr dimOf(OpFoldResult extent, ArrayAttr extents) {
  if (auto constant = dyn_cast<Attribute>(extent))
    return DimAttr::get(extents.getContext(), cast<IntegerAttr>(constant).getInt());
  return cast<DimAttr>(extents[cast<BlockArgument>(cast<Value>(extent)).getArgNumber()]);
}

void expose(kernel::CallOp call, kernel::DefineOp kernel) {
  kernel::OutputOp output = kernel.getOutput();
  auto extents = call->getAttrOfType<ArrayAttr>(kExtentsAttr);
  SmallVector<Value> hidden;
  SmallVector<Type> tensors(call.getResultTypes());
  SmallVector<Attribute> dims(call->getAttrOfType<ArrayAttr>(kDimsAttr).getValue());
  for (kernel::StageOp stage : kernel.getStageOps())
    for (Value result : stage.getResults()) {
      if (llvm::is_contained(output.getValues(), result) || kernel::isLaneRow(stage))
        continue;
      Dims shape = llvm::map_to_vector(stage.getMixedExtents(), [&](OpFoldResult extent) { return dimOf(extent, extents); });
      hidden.push_back(result);
      tensors.push_back(typeOf(shape, cast<kernel::BufferType>(result.getType()).getElementType()));
      dims.push_back(toArrayAttr(call.getContext(), shape));
    }
  if (hidden.empty())
    return;
  output.getValuesMutable().append(hidden);
  SmallVector<int64_t> tied(kernel.getTied());
  tied.resize(output.getValues().size(), -1);
  kernel.setTied(tied);
  kernel.setFunctionType(
      FunctionType::get(call.getContext(), kernel.getFunctionType().getInputs(), llvm::to_vector(output.getValues().getTypes())));

  OpBuilder b(call);
  auto wider = kernel::CallOp::create(b, call.getLoc(), tensors, call.getCalleeAttr(), call.getInputs(), ValueRange(), call.getExecutorAttr());
  for (NamedAttribute attr : call->getDiscardableAttrs())
    wider->setDiscardableAttr(attr.getName(), attr.getValue());
  wider->setAttr(kDimsAttr, b.getArrayAttr(dims));
  call->replaceAllUsesWith(wider.getResults().take_front(call.getNumResults()));
  call.erase();
}

struct ExposeStages : impl::ExposeStagesBase<ExposeStages> {
  void runOnOperation() override {
    SmallVector<kernel::CallOp> calls;
    getOperation().walk([&](kernel::CallOp call) {
      if (call.getExecutor() == kernel::Executor::Loops)
        calls.push_back(call);
    });
    // Kernels are not shared yet: each is that of one call.
    SymbolTableCollection symbols;
    for (kernel::CallOp call : calls)
      expose(call, call.getKernel(symbols));
    getOperation().walk([](kernel::CallOp call) { call->removeAttr(kExtentsAttr); });
  }
};

} // namespace

} // namespace costate::fuse
