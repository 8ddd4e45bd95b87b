// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/ModelDescription.h"

#include "costate/dialects/interfaces/Interfaces.h"
#include "costate/dialects/kernel/Kernel.h"
#include "costate/dialects/optim/Optim.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace costate::codegen {

int64_t ModelDescription::dimIndex(llvm::StringRef name) const {
  auto it = llvm::find(dims, name);
  assert(it != dims.end() && "dimension without an argument that binds it");
  return it - dims.begin();
}

std::vector<func::FuncOp> entriesOf(ModuleOp module) {
  std::vector<func::FuncOp> entries;
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr("optim.entry"))
      entries.push_back(function);
  return entries;
}

static llvm::StringRef stringArgument(func::FuncOp entry, unsigned number, llvm::StringRef name) {
  auto value = entry.getArgAttrOfType<StringAttr>(number, name);
  return value ? value.getValue() : "";
}

bool isResult(func::FuncOp entry, unsigned number) {
  llvm::StringRef role = stringArgument(entry, number, "optim.role");
  return role == "metric" || role == "output" || entry.getArgAttr(number, "optim.result");
}

namespace {

/// Collects the description, entry by entry.
class Describer {
public:
  Describer(ModuleOp module, llvm::StringRef name) : symbols(module) { model.name = name; }

  LogicalResult addEntry(func::FuncOp entry);
  /// Once all entries are known, so that the dimensions of the model are.
  LogicalResult resolveDims(func::FuncOp entry, EntryDescription &description);
  LogicalResult addExtern(kernel::ExternOp call);

  ModelDescription model;

private:
  LogicalResult addArray(func::FuncOp entry, unsigned number, EntryDescription &description);
  LogicalResult addSlot(func::FuncOp entry, unsigned number, ArrayDescription &array);
  LogicalResult addHyper(func::FuncOp entry, unsigned number, ArrayDescription &array);
  FailureOr<std::vector<graph::DimAttr>> axesOf(func::FuncOp entry, unsigned number, MemRefType type);
  void addDim(llvm::StringRef name) {
    if (!llvm::is_contained(model.dims, name))
      model.dims.push_back(name.str());
  }

  SymbolTable symbols;
};

std::optional<costate_type> typeOf(Type type) {
  if (type.isF32())
    return COSTATE_F32;
  if (type.isF64())
    return COSTATE_F64;
  if (type.isBF16())
    return COSTATE_BF16;
  if (type.isF16())
    return COSTATE_F16;
  if (type.isInteger(1))
    return COSTATE_I1;
  if (type.isUnsignedInteger(8))
    return COSTATE_U8;
  if (type.isSignlessInteger(8))
    return COSTATE_I8;
  if (type.isSignlessInteger(32))
    return COSTATE_I32;
  if (type.isSignlessInteger(64) || type.isIndex())
    return COSTATE_I64;
  return std::nullopt;
}

std::optional<costate_role> roleOf(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<costate_role>>(name)
      .Case("param", COSTATE_PARAM)
      .Case("state", COSTATE_STATE)
      .Case("buffer", COSTATE_BUFFER)
      .Case("input", COSTATE_INPUT)
      .Case("target", COSTATE_TARGET)
      .Case("rows", COSTATE_ROWS)
      .Case("hyper", COSTATE_HYPER)
      .Case("seed", COSTATE_SEED)
      .Case("metric", COSTATE_METRIC)
      .Case("output", COSTATE_OUTPUT)
      .Default(std::nullopt);
}

FailureOr<std::vector<graph::DimAttr>> Describer::axesOf(func::FuncOp entry, unsigned number, MemRefType type) {
  std::vector<graph::DimAttr> axes;
  auto dims = entry.getArgAttrOfType<ArrayAttr>(number, "graph.dims");
  if (dims) {
    if (static_cast<int64_t>(dims.size()) != type.getRank())
      return entry.emitError() << "requires a dimension an axis in 'graph.dims' of argument " << number << ", but got " << dims.size()
                               << " for rank " << type.getRank();
    for (Attribute dim : dims)
      axes.push_back(cast<graph::DimAttr>(dim));
    return axes;
  }
  if (!type.hasStaticShape())
    return entry.emitError() << "requires 'graph.dims' on argument " << number << ", whose shape is dynamic";
  for (int64_t extent : type.getShape())
    axes.push_back(graph::DimAttr::get(entry.getContext(), extent));
  return axes;
}

LogicalResult Describer::addSlot(func::FuncOp entry, unsigned number, ArrayDescription &array) {
  SlotDescription slot{array.name, array.type, array.role, {}, 1, {}};
  for (graph::DimAttr axis : array.axes) {
    if (!axis.constant())
      return entry.emitError() << "requires a static shape of slot '" << array.name << "', but got an axis of extent " << axis.str();
    slot.shape.push_back(*axis.constant());
    slot.size *= *axis.constant();
  }
  if (auto symbol = entry.getArgAttrOfType<FlatSymbolRefAttr>(number, "optim.arena")) {
    auto arena = symbols.lookup<ArenaLayout>(symbol.getValue());
    if (!arena)
      return entry.emitError() << "requires an arena '" << symbol << "' in the module";
    for (const ArenaLeaf &leaf : arena.getArenaLeaves())
      slot.leaves.push_back({leaf.name.str(), {leaf.shape.begin(), leaf.shape.end()}, leaf.offset});
  }
  for (auto [index, known] : llvm::enumerate(model.slots)) {
    if (known.name != slot.name)
      continue;
    if (known.type != slot.type || known.role != slot.role || known.shape != slot.shape)
      return entry.emitError() << "requires one type, role and shape of slot '" << slot.name << "' in all entries";
    array.index = index;
    return success();
  }
  array.index = model.slots.size();
  model.slots.push_back(std::move(slot));
  return success();
}

LogicalResult Describer::addHyper(func::FuncOp entry, unsigned number, ArrayDescription &array) {
  HyperDescription hyper{array.name, 0.0, array.type};
  if (auto value = entry.getArgAttrOfType<FloatAttr>(number, "optim.default"))
    hyper.defaultValue = value.getValueAsDouble();
  for (auto [index, known] : llvm::enumerate(model.hypers)) {
    if (known.name != hyper.name)
      continue;
    if (known.type != hyper.type || known.defaultValue != hyper.defaultValue)
      return entry.emitError() << "requires one type and default of hyper-parameter '" << hyper.name << "' in all entries";
    array.index = index;
    return success();
  }
  array.index = model.hypers.size();
  model.hypers.push_back(std::move(hyper));
  return success();
}

LogicalResult Describer::addArray(func::FuncOp entry, unsigned number, EntryDescription &description) {
  ArrayDescription array;
  array.name = stringArgument(entry, number, "optim.name").str();
  Type type = entry.getArgumentTypes()[number];
  if (auto dim = entry.getArgAttrOfType<StringAttr>(number, "graph.dim_name")) {
    array.name = dim.str();
    array.role = COSTATE_DIM;
    array.type = COSTATE_I64;
    addDim(dim.getValue());
    description.arguments.push_back(std::move(array));
    return success();
  }
  llvm::StringRef roleName = stringArgument(entry, number, "optim.role");
  std::optional<costate_role> role = roleOf(roleName);
  if (!role)
    return entry.emitError() << "requires a role of argument " << number << ", but got '" << roleName << "'";
  array.role = *role;
  auto buffer = dyn_cast<MemRefType>(type);
  if (!buffer || !buffer.getLayout().isIdentity())
    return entry.emitError() << "requires a dense memref as argument " << number << ", but got " << type;
  std::optional<costate_type> element = typeOf(buffer.getElementType());
  if (!element)
    return entry.emitError() << "requires an element type of the C interface for argument " << number << ", but got " << buffer.getElementType();
  array.type = *element;
  FailureOr<std::vector<graph::DimAttr>> axes = axesOf(entry, number, buffer);
  if (failed(axes))
    return failure();
  array.axes = std::move(*axes);
  for (graph::DimAttr axis : array.axes)
    axis.walkSymbols([&](llvm::StringRef name) { addDim(name); });
  if (array.role == COSTATE_PARAM || array.role == COSTATE_STATE || array.role == COSTATE_BUFFER) {
    if (failed(addSlot(entry, number, array)))
      return failure();
  } else if (array.role == COSTATE_HYPER) {
    if (failed(addHyper(entry, number, array)))
      return failure();
  }
  if (isResult(entry, number))
    description.results.push_back(std::move(array));
  else if (!description.results.empty())
    return entry.emitError() << "requires arguments before results, but argument " << number << " follows one";
  else
    description.arguments.push_back(std::move(array));
  return success();
}

LogicalResult Describer::addEntry(func::FuncOp entry) {
  EntryDescription &description = model.entries.emplace_back();
  description.name = entry.getName().str();
  description.isDeferred = entry->hasAttr(optim::kDeferredAttr);
  for (unsigned number = 0; number < entry.getNumArguments(); ++number) {
    if (stringArgument(entry, number, "optim.role") == "workspace") {
      if (number + 1 != entry.getNumArguments())
        return entry.emitError() << "requires the workspace as the last argument, but it is argument " << number;
      description.hasWorkspace = true;
    } else if (failed(addArray(entry, number, description))) {
      return failure();
    }
  }
  return success();
}

LogicalResult Describer::resolveDims(func::FuncOp entry, EntryDescription &description) {
  std::vector<bool> used(model.dims.size());
  description.dimSources.assign(2 * model.dims.size(), -1);
  auto resolve = [&](ArrayDescription &array) {
    for (graph::DimAttr axis : array.axes) {
      axis.walkSymbols([&](llvm::StringRef name) { used[model.dimIndex(name)] = true; });
      if (std::optional<int64_t> extent = axis.constant())
        array.shape.push_back(*extent);
      else if (std::optional<llvm::StringRef> name = axis.symbol())
        array.shape.push_back(-1 - model.dimIndex(*name));
      else
        array.shape.push_back(COSTATE_COMPOUND_AXIS), description.hasCompoundAxes = true;
    }
  };
  for (auto [position, argument] : llvm::enumerate(description.arguments)) {
    resolve(argument);
    auto bind = [&](int64_t dim, int64_t axis) {
      if (description.dimSources[2 * dim] >= 0)
        return;
      description.dimSources[2 * dim] = position;
      description.dimSources[2 * dim + 1] = axis;
    };
    if (argument.role == COSTATE_DIM) {
      argument.index = model.dimIndex(argument.name);
      used[argument.index] = true;
      bind(argument.index, -1);
    }
    for (auto [axis, extent] : llvm::enumerate(argument.shape))
      if (extent < 0 && extent != COSTATE_COMPOUND_AXIS)
        bind(-1 - extent, axis);
  }
  for (ArrayDescription &result : description.results)
    resolve(result);
  for (auto [dim, name] : llvm::enumerate(model.dims))
    if (used[dim] && description.dimSources[2 * dim] < 0)
      return entry.emitError() << "requires an argument that binds dimension '" << name << "': one with it alone as an axis";
  return success();
}

LogicalResult Describer::addExtern(kernel::ExternOp call) {
  std::optional<llvm::StringRef> prototype = call.getPrototype();
  llvm::StringRef symbol = call.getCallee();
  if (!prototype || !symbol.consume_front(kernel::kProgramPrefix))
    return success();
  if (symbol == model.name || symbol.starts_with(model.name + "_"))
    return emitError(call.getLoc()) << "requires the name of a C function that is none of model '" << model.name << "', but got '" << symbol
                                    << "'";
  auto known = llvm::find_if(model.externs, [&](const ExternDescription &other) { return other.symbol == symbol; });
  if (known == model.externs.end())
    model.externs.push_back({symbol.str(), prototype->str(), graph::placeOf(call.getLoc())});
  else if (known->prototype != *prototype)
    return emitError(call.getLoc()) << "requires one prototype of C function '" << symbol << "', but got '" << known->prototype << "' and '"
                                    << *prototype << "'";
  return success();
}

} // namespace

FailureOr<ModelDescription> describeModel(ModuleOp module, llvm::StringRef name) {
  Describer describer(module, name);
  if (auto data = module->getAttrOfType<StringAttr>("optim.data"))
    describer.model.data = data.str();
  if (auto epochs = module->getAttrOfType<IntegerAttr>("optim.epochs"))
    describer.model.epochs = epochs.getInt();
  if (auto batch = module->getAttrOfType<IntegerAttr>("optim.batch"))
    describer.model.batch = batch.getInt();
  if (auto hints = module->getAttrOfType<DictionaryAttr>("optim.hints"))
    for (NamedAttribute hint : hints)
      if (auto extent = dyn_cast<IntegerAttr>(hint.getValue()))
        describer.model.hints.emplace_back(hint.getName().str(), extent.getInt());
  std::vector<func::FuncOp> entries = entriesOf(module);
  if (entries.empty())
    return module.emitError("requires an entry: a function with 'optim.entry'");
  for (func::FuncOp entry : entries)
    if (failed(describer.addEntry(entry)))
      return failure();
  for (auto [entry, description] : llvm::zip(entries, describer.model.entries))
    if (failed(describer.resolveDims(entry, description)))
      return failure();
  WalkResult externs = module.walk(
      [&](kernel::ExternOp call) { return failed(describer.addExtern(call)) ? WalkResult::interrupt() : WalkResult::advance(); });
  if (externs.wasInterrupted())
    return failure();
  return std::move(describer.model);
}

} // namespace costate::codegen
