// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tests/schedules/KernelInterpreter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::tests {

namespace {
class Interpreter {
public:
  Interpreter(DefineOp kernel, ArrayRef<KernelValue> inputs) : kernel(kernel) {
    for (auto [argument, input] : llvm::zip_equal(kernel.getBody().getArguments(), inputs)) {
      if (isa<BufferType>(argument.getType()))
        buffers[argument] = input;
      else
        scalars[argument] = input.elements.front();
    }
  }

  std::vector<KernelValue> run() {
    for (Operation &op : kernel.getBody().without_terminator()) {
      if (auto stage = dyn_cast<StageOp>(op))
        compute(stage);
      else
        evaluate(op);
    }
    std::vector<KernelValue> outputs;
    for (Value value : kernel.getOutput().getValues())
      outputs.push_back(buffers.at(value));
    return outputs;
  }

private:
  int64_t extent(OpFoldResult extent) {
    Attribute constant = dyn_cast<Attribute>(extent);
    return cast<IntegerAttr>(constant ? constant : scalars.at(cast<Value>(extent))).getInt();
  }

  SmallVector<int64_t> indices(ValueRange values) {
    return llvm::map_to_vector(values, [&](Value value) { return cast<IntegerAttr>(scalars.at(value)).getInt(); });
  }

  /// Calls `body` for each point of the space, the last variable fastest.
  void forEach(ArrayRef<int64_t> shape, ValueRange variables, function_ref<void()> body) {
    if (shape.empty())
      return body();
    for (int64_t position = 0; position < shape.front(); ++position) {
      scalars[variables.front()] = IntegerAttr::get(variables.front().getType(), position);
      forEach(shape.drop_front(), variables.drop_front(), body);
    }
  }

  void evaluate(Operation &op) {
    if (auto load = dyn_cast<LoadOp>(op)) {
      const KernelValue &buffer = buffers.at(load.getBuffer());
      scalars[load.getResult()] = buffer.elements[buffer.offset(indices(load.getIndices()))];
      return;
    }
    SmallVector<Attribute> operands = llvm::map_to_vector(op.getOperands(), [&](Value value) { return Attribute(scalars.at(value)); });
    SmallVector<OpFoldResult> results;
    if (auto product = dyn_cast<arith::MulUIExtendedOp>(op)) { // upstream folds it by 0 and 1 only
      APInt a = cast<IntegerAttr>(operands[0]).getValue(), b = cast<IntegerAttr>(operands[1]).getValue();
      results = {IntegerAttr::get(product.getLow().getType(), a * b), IntegerAttr::get(product.getHigh().getType(), llvm::APIntOps::mulhu(a, b))};
    } else if (failed(op.fold(operands, results)) || results.size() != op.getNumResults()) {
      op.dump();
      llvm::report_fatal_error("a kernel of a test has an op without a folder");
    }
    for (auto [value, folded] : llvm::zip_equal(op.getResults(), results)) {
      auto constant = dyn_cast<Attribute>(folded);
      scalars[value] = constant ? cast<TypedAttr>(constant) : scalars.at(cast<Value>(folded));
    }
  }

  void evaluate(Block &body) {
    for (Operation &op : body.without_terminator())
      evaluate(op);
  }

  void compute(StageOp stage) {
    SmallVector<int64_t> shape;
    for (OpFoldResult size : stage.getMixedExtents())
      shape.push_back(extent(size));
    std::vector<KernelValue> values;
    for (Type type : stage.getResultTypes())
      values.push_back(makeArray(cast<BufferType>(type).getElementType(), shape));
    // A tied input is replaced; what a stage leaves undefined is what was there.
    if (!stage.isUndef())
      forEach(shape, stage.getDefinition().getArguments(), [&] {
        evaluate(stage.getDefinition().front());
        size_t place = values.front().offset(indices(stage.getDefinition().getArguments()));
        for (auto [value, yielded] : llvm::zip_equal(values, stage.getDefinition().front().getTerminator()->getOperands()))
          value.elements[place] = scalars.at(yielded);
      });
    for (auto [self, value] : llvm::zip(stage.getSelf(), values))
      buffers[self] = value;
    for (UpdateOp update : stage.getUpdateOps())
      apply(update);
    for (auto [number, result] : llvm::enumerate(stage.getResults()))
      buffers[result] = stage.getSelf().empty() ? values[number] : buffers.at(stage.getSelf()[number]);
  }

  void apply(UpdateOp update) {
    SmallVector<int64_t> shape;
    SmallVector<Value> variables;
    SmallVector<OpFoldResult> extents = update.getStage().getMixedExtents();
    for (auto [dim, variable] : llvm::enumerate(update.getVariables()))
      if (update.isFree(dim)) {
        shape.push_back(extent(extents[dim]));
        variables.push_back(variable);
      }
    for (auto [size, variable] : llvm::zip_equal(update.getMixedDomain(), update.getReductionVariables())) {
      shape.push_back(extent(size));
      variables.push_back(variable);
    }
    WriteOp write = update.getWrite();
    forEach(shape, variables, [&] {
      evaluate(update.getBody().front());
      if (Value predicate = write.getPredicate(); predicate && cast<IntegerAttr>(scalars.at(predicate)).getValue().isZero())
        return;
      for (auto [self, value] : llvm::zip_equal(update.getStage().getSelf(), write.getValues())) {
        KernelValue &buffer = buffers.find(self)->second;
        buffer.elements[buffer.offset(indices(write.getIndices()))] = scalars.at(value);
      }
    });
  }

  DefineOp kernel;
  DenseMap<Value, TypedAttr> scalars;
  DenseMap<Value, KernelValue> buffers;
};
} // namespace

std::vector<KernelValue> interpret(DefineOp kernel, ArrayRef<KernelValue> inputs) { return Interpreter(kernel, inputs).run(); }

} // namespace costate::tests
