// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Graph.h"
#include "costate/tests/oracle/Check.h"
#include "costate/tests/random/Generator.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace costate::random {

using oracle::Array;

Program Program::clone() const {
  Program copy;
  copy.seed = seed;
  copy.module = OwningOpRef<ModuleOp>(const_cast<OwningOpRef<ModuleOp> &>(module)->clone());
  copy.inputs = inputs;
  copy.names = names;
  copy.transforms = transforms;
  copy.isSpecial = isSpecial;
  return copy;
}

FailureOr<func::FuncOp> applyTransforms(ModuleOp module, const Program &program, Results results, std::vector<Array> &inputs) {
  auto function = module.lookupSymbol<func::FuncOp>("f");
  inputs = program.inputs;
  for (const Transform &transform : program.transforms) {
    switch (transform.kind) {
    case Transform::Vjp: {
      FailureOr<std::vector<Array>> values = results(function, inputs);
      if (failed(values))
        return failure();
      function = check::addVjp(function);
      inputs = check::vjpInputs(std::move(inputs), *values);
      break;
    }
    case Transform::Jvp:
      function = check::addJvp(function);
      inputs = check::jvpInputs(std::move(inputs));
      break;
    case Transform::Map: {
      // A smaller program may have lost arguments.
      SmallVector<bool> over(transform.over);
      over.resize(function.getNumArguments(), true);
      if (!llvm::is_contained(over, true))
        over.front() = true;
      function = check::addMap(function, over);
      inputs = check::mapInputs(std::move(inputs), over, 2);
      break;
    }
    }
  }
  return function;
}

//===----------------------------------------------------------------------===//
// Shrinking
//===----------------------------------------------------------------------===//

void removeDead(ModuleOp module) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (function.getName() != "f" && SymbolTable::symbolKnownUseEmpty(function, module)) {
        function.erase();
        changed = true;
      }
    SmallVector<Operation *> dead;
    module.walk([&](Operation *op) {
      if (op->getParentOfType<func::FuncOp>() && op->use_empty() && op->getNumResults() > 0)
        dead.push_back(op);
    });
    for (Operation *op : dead)
      op->erase();
    changed |= !dead.empty();
  }
}

/// Another value of the same type that is there before `op`: an operand, or an argument of the function.
static Value standIn(Operation *op, Value result) {
  for (Value operand : op->getOperands())
    if (operand.getType() == result.getType())
      return operand;
  for (Value argument : op->getParentOfType<func::FuncOp>().getArguments())
    if (argument.getType() == result.getType())
      return argument;
  return {};
}

static void setResults(func::FuncOp function, ValueRange values) {
  Operation *terminator = function.front().getTerminator();
  terminator->setOperands(values);
  function.setType(FunctionType::get(function.getContext(), function.getArgumentTypes(), values.getTypes()));
  function.setResAttrsAttr({});
}

Program shrink(Program program, function_ref<bool(const Program &)> fails) {
  auto accept = [&](Program &&candidate) {
    removeDead(*candidate.module);
    ScopedDiagnosticHandler quiet(candidate.module->getContext(), [](Diagnostic &) { return success(); });
    if (failed(verify(*candidate.module)) || !fails(candidate))
      return false;
    program = std::move(candidate);
    return true;
  };
  bool changed = true;
  while (changed) {
    changed = false;
    for (size_t i = program.transforms.size(); i-- > 0;) {
      Program candidate = program.clone();
      candidate.transforms.erase(candidate.transforms.begin() + i);
      // The masks of batches around it were made for another list of arguments.
      for (size_t k = i; k < candidate.transforms.size(); ++k)
        candidate.transforms[k].over.clear();
      changed |= accept(std::move(candidate));
    }
    auto results = [](Program &p) { return p.module->lookupSymbol<func::FuncOp>("f").front().getTerminator()->getOperands(); };
    for (size_t i = results(program).size(); i-- > 0 && results(program).size() > 1;) {
      Program candidate = program.clone();
      SmallVector<Value> kept(results(candidate));
      kept.erase(kept.begin() + i);
      setResults(candidate.module->lookupSymbol<func::FuncOp>("f"), kept);
      changed |= accept(std::move(candidate));
    }
    auto opsOf = [](Program &p) {
      std::vector<Operation *> ops;
      p.module->walk([&](Operation *op) {
        if (op->getParentOfType<func::FuncOp>() && op->getNumResults() > 0)
          ops.push_back(op);
      });
      return ops;
    };
    for (size_t i = opsOf(program).size(); i-- > 0;) {
      if (i >= opsOf(program).size())
        continue;
      Program candidate = program.clone();
      Operation *op = opsOf(candidate)[i];
      bool isReplaced = true;
      for (Value result : op->getResults()) {
        Value other = standIn(op, result);
        isReplaced &= other || result.use_empty();
        if (other)
          result.replaceAllUsesWith(other);
      }
      if (isReplaced)
        changed |= accept(std::move(candidate));
    }
  }
  return program;
}

static ElementsAttr toAttribute(const Array &array, Type element) {
  SmallVector<Attribute> elements;
  for (int64_t k = 0; k < array.size(); ++k)
    elements.push_back(array.isReal() ? Attribute(FloatAttr::get(element, array.reals[k])) : IntegerAttr::get(element, array.integers[k]));
  return DenseElementsAttr::get(RankedTensorType::get(array.shape, element), elements);
}

std::string toText(const Program &program, Evaluate evaluate) {
  Program copy = program.clone();
  ModuleOp module = *copy.module;
  auto results = [&](func::FuncOp function, ArrayRef<Array> inputs) { return evaluate(module, function, inputs); };
  std::vector<Array> inputs;
  FailureOr<func::FuncOp> outer = applyTransforms(module, copy, results, inputs);
  if (failed(outer))
    return "";
  outer->setPublic();
  for (unsigned i = 0; i < outer->getNumArguments(); ++i)
    outer->setArgAttr(i, check::kValueAttr, toAttribute(inputs[i], getElementTypeOrSelf(outer->getArgumentTypes()[i])));
  FailureOr<std::vector<Array>> values = results(*outer, inputs);
  for (unsigned i = 0; succeeded(values) && i < outer->getNumResults(); ++i) {
    Type element = getElementTypeOrSelf(outer->getResultTypes()[i]);
    Type exact = isa<FloatType>(element) ? Type(Float64Type::get(module.getContext())) : element;
    outer->setResultAttr(i, check::kCloseAttr, toAttribute((*values)[i], exact));
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "// seed " << program.seed << "\n";
  module.print(os);
  return text;
}

} // namespace costate::random
