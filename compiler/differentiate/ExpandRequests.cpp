// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The worklist of the phase: callees first, each transform once, every call inlined. The transforms themselves are in ExpandVjp.cpp,
// ExpandJvp.cpp and ExpandMap.cpp.

#include "costate/compiler/differentiate/Expander.h"

#include "costate/compiler/differentiate/Passes.h"
#include "costate/dialects/graph/Emitter.h"
#include "costate/dialects/optim/Optim.h"
#include "costate/dialects/report/Report.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

namespace costate::differentiate {

#define GEN_PASS_DEF_EXPANDREQUESTS
#include "costate/compiler/differentiate/Passes.h.inc"

LogicalResult refuse(Operation *op) {
  if (auto call = dyn_cast<ExternOp>(op))
    return call.emitError() << "requires a rule for the derivative of C function '" << call.getSymbol()
                            << "', such as 'vjp (dy) -> ...' behind the types of its extern fn";
  return op->emitError() << "requires a derivative rule of '" << op->getName() << "', which lies on the path of a derivative";
}

LogicalResult Expander::flatten(func::FuncOp function) {
  if (flat.contains(function) || function.isExternal())
    return success();
  if (!inProgress.insert(function).second)
    return function.emitError() << "requires functions without recursion, but '" << function.getName() << "' calls itself";

  // Requests first: a request becomes a call, which the second walk inlines.
  SmallVector<Operation *> requests;
  function.walk([&](Operation *op) {
    if (isa<VjpOp, JvpOp, MapRequestOp>(op))
      requests.push_back(op);
  });
  for (Operation *request : requests)
    if (failed(answer(request)))
      return failure();

  SmallVector<func::CallOp> calls;
  function.walk([&](func::CallOp call) { calls.push_back(call); });
  Dimensions dimensions;
  for (func::CallOp call : calls) {
    func::FuncOp callee = lookup(call);
    if (!callee)
      return call.emitError() << "requires '" << call.getCallee() << "' to be a function";
    if (failed(flatten(callee)))
      return failure();
    if (!ruleOf(callee))
      inlineCall(call, dimensions); // a flat callee holds calls of functions with rules only, which stay
  }
  inProgress.erase(function);
  flat.insert(function);
  func::FuncOp rule = ruleOf(function); // which may call the function
  return rule ? flatten(rule) : success();
}

func::FuncOp Expander::cloneWithName(func::FuncOp function, StringRef suffix) {
  func::FuncOp copy = function.clone();
  copy.setName((function.getName() + suffix).str());
  copy.setPrivate();
  copy->removeAttr(kVjpAttr);
  copy->removeAttr(optim::kEntryAttr);
  symbols.insert(copy, std::next(function->getIterator()));
  return copy;
}

func::FuncOp Expander::ruleOf(func::FuncOp function) {
  auto name = function->getAttrOfType<FlatSymbolRefAttr>(kVjpAttr);
  return name ? symbols.lookup<func::FuncOp>(name.getValue()) : func::FuncOp();
}

/// A name that no dimension of the module uses: it must be new to whatever the function calls, too.
static DimAttr freshName(ModuleOp module) {
  llvm::StringSet<> used;
  module->walk([&](Operation *op) {
    for (NamedAttribute attr : op->getAttrs())
      attr.getValue().walk([&](DimAttr dim) { dim.walkSymbols([&](StringRef name) { used.insert(name); }); });
  });
  std::string name = "lanes";
  for (unsigned i = 1; used.contains(name); ++i)
    name = "lanes" + std::to_string(i);
  return DimAttr::get(module.getContext(), name);
}

LogicalResult Expander::answer(Operation *request) {
  auto callee = symbols.lookup<func::FuncOp>(cast<FlatSymbolRefAttr>(request->getAttr("callee")).getValue());
  if (failed(flatten(callee)))
    return failure();
  OpBuilder builder(request);
  FailureOr<func::FuncOp> transformed;
  if (auto vjpRequest = dyn_cast<VjpOp>(request)) {
    transformed = vjp(callee, vjpRequest.getWrt());
  } else if (auto jvpRequest = dyn_cast<JvpOp>(request)) {
    transformed = jvp(callee, jvpRequest.getAlong());
  } else {
    auto mapRequest = cast<MapRequestOp>(request);
    StringRef axisName = mapRequest.getAxis().value_or("");
    if (!llvm::is_contained(mapRequest.getOver(), true) && !mentions(*callee.getOperation(), axisName)) { // every lane is the same
      auto call = func::CallOp::create(builder, request->getLoc(), callee, request->getOperands());
      Dimensions dimensions;
      Emitter e(builder, request->getLoc(), dimensions);
      for (auto [i, result, lane] : llvm::enumerate(request->getResults(), call.getResults())) {
        if (mapRequest.isReplicated(i)) {
          result.replaceAllUsesWith(lane);
          continue;
        }
        Dims shape = e.dims(lane);
        SmallVector<int64_t> places = llvm::to_vector(llvm::seq<int64_t>(1, shape.size() + 1));
        shape.insert(shape.begin(), mapRequest.getSize());
        result.replaceAllUsesWith(e.broadcast(lane, places, shape));
      }
      request->erase();
      return success();
    }
    DimAttr size = mapRequest.getSize();
    transformed = map(callee, mapRequest.getOver(), size.constant() ? size : freshName(module), axisName,
                      mapRequest.getReplicated().value_or(ArrayRef<bool>()));
  }
  if (failed(transformed)) {
    request->emitRemark() << "in answer to this request";
    return failure();
  }
  flat.insert(*transformed);
  auto call = func::CallOp::create(builder, request->getLoc(), *transformed, request->getOperands());
  answers.insert(call);
  request->replaceAllUsesWith(call.getResults());
  request->erase();
  return success();
}

func::FuncOp Expander::callerOf(func::FuncOp function) {
  func::FuncOp &caller = made[(function.getName() + " caller").str()];
  if (caller)
    return caller;
  Dimensions dimensions;
  SmallVector<Dims> dims = llvm::map_to_vector(function.getArguments(), [&](Value argument) { return dimensions.of(argument); });
  caller = createFunction(function, symbols, ".call", function.getArgumentTypes(), dims);
  OpBuilder builder = OpBuilder::atBlockBegin(&caller.front());
  auto call = func::CallOp::create(builder, function.getLoc(), function, caller.getArguments());
  func::ReturnOp::create(builder, function.getLoc(), call.getResults());
  updateResults(caller, dimensions);
  return caller;
}

SmallVector<Value> Expander::apply(OpBuilder &builder, Location loc, func::FuncOp function, ValueRange operands) {
  auto call = func::CallOp::create(builder, loc, function, operands);
  Dimensions dimensions;
  return ruleOf(function) ? SmallVector<Value>(call.getResults()) : inlineCall(call, dimensions);
}

SmallVector<Value> Expander::inlineCall(func::CallOp call, Dimensions &dimensions) {
  func::FuncOp callee = lookup(call);
  llvm::StringMap<DimAttr> names = bindNames(callee, [&](unsigned i) { return dimensions.of(call.getOperand(i)); });
  IRMapping mapping;
  mapping.map(callee.getArguments(), call.getOperands());
  OpBuilder builder(call);
  for (Operation &op : callee.front().without_terminator()) {
    Operation *copy = builder.clone(op, mapping);
    substituteDims(copy, [&](StringRef name) { return names.lookup(name); });
    if (!answers.contains(call)) // what a derivative reports is what the function does
      copy->walk([&](report::PrintOp print) { print->setLoc(CallSiteLoc::get(print.getLoc(), call.getLoc())); });
  }
  SmallVector<Value> results = llvm::map_to_vector(callee.front().getTerminator()->getOperands(),
                                                   [&](Value value) { return mapping.lookupOrDefault(value); });
  call.replaceAllUsesWith(results);
  retire(call);
  return results;
}

Expander::~Expander() {
  for (Operation *op : retired)
    op->erase();
}

SymbolRefAttr Expander::untied(SymbolRefAttr leaf) {
  auto [known, isNew] = tied.try_emplace(leaf.getRootReference());
  if (isNew) {
    SmallVector<ArenaLeaf> leaves = symbols.lookup<ArenaLayout>(leaf.getRootReference()).getArenaLeaves();
    llvm::DenseMap<int64_t, StringRef> bases; // by offset; a leaf without elements has none
    for (const ArenaLeaf &candidate : leaves)
      if (!candidate.tied && candidate.size() > 0)
        bases[candidate.offset] = candidate.name;
    for (const ArenaLeaf &candidate : leaves)
      if (candidate.tied && candidate.size() > 0)
        known->second[candidate.name] = SymbolRefAttr::get(leaf.getRootReference(), FlatSymbolRefAttr::get(leaf.getContext(), bases.lookup(candidate.offset)));
  }
  SymbolRefAttr base = known->second.lookup(leaf.getLeafReference());
  return base ? base : leaf;
}

void Expander::retire(Operation *op) {
  op->dropAllReferences();
  op->remove();
  retired.push_back(op);
}

scf::ForOp Expander::widen(OpBuilder &builder, scf::ForOp loop, ValueRange more) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop);
  SmallVector<Value> inits(loop.getInitArgs());
  llvm::append_range(inits, more);
  auto wider = scf::ForOp::create(builder, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep(), inits);
  wider->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  wider.getRegion().takeBody(loop.getRegion());
  for (Value init : more)
    wider.getBody()->addArgument(init.getType(), loop.getLoc());
  loop->replaceAllUsesWith(wider.getResults().take_front(loop.getNumResults()));
  retire(loop);
  return wider;
}

LogicalResult requireTensors(Operation *loop, ValueRange carries, StringRef why) {
  for (Value carry : carries)
    if (!isa<RankedTensorType>(carry.getType()))
      return loop->emitError() << "requires tensors as carries " << why << ", but got " << carry.getType();
  return success();
}

std::optional<DimAttr> dimOf(Value index) {
  if (auto constant = index.getDefiningOp<arith::ConstantIndexOp>())
    return DimAttr::get(index.getContext(), constant.value());
  if (auto cast = index.getDefiningOp<arith::IndexCastOp>())
    if (auto extract = cast.getIn().getDefiningOp<tensor::ExtractOp>())
      if (auto extent = extract.getTensor().getDefiningOp<ExtentOp>())
        return extent.getDim();
  return std::nullopt;
}

func::FuncOp createFunction(func::FuncOp like, SymbolTable &symbols, StringRef suffix, TypeRange arguments, ArrayRef<Dims> dims) {
  OpBuilder builder(like.getContext());
  auto function = func::FuncOp::create(builder, like.getLoc(), (like.getName() + suffix).str(), builder.getFunctionType(arguments, {}));
  function.setPrivate();
  Block *block = function.addEntryBlock();
  for (auto [index, argument] : llvm::enumerate(block->getArguments()))
    if (auto type = dyn_cast<ShapedType>(argument.getType()); type && !type.hasStaticShape())
      function.setArgAttr(index, kDimsAttr, toArrayAttr(builder.getContext(), dims[index]));
  symbols.insert(function, std::next(like->getIterator()));
  return function;
}

Value appendArgument(func::FuncOp function, Value like, Dimensions &dimensions) {
  unsigned index = function.getNumArguments();
  NamedAttrList attrs;
  if (!cast<ShapedType>(like.getType()).hasStaticShape())
    attrs.set(kDimsAttr, toArrayAttr(function.getContext(), dimensions.of(like)));
  (void)function.insertArgument(index, like.getType(), attrs.getDictionary(function.getContext()), like.getLoc());
  return function.getArgument(index);
}

void updateResults(func::FuncOp function, Dimensions &dimensions) {
  Operation *terminator = function.front().getTerminator();
  function.setType(FunctionType::get(function.getContext(), function.getArgumentTypes(), terminator->getOperandTypes()));
  SmallVector<DictionaryAttr> attrs;
  for (Value value : terminator->getOperands()) {
    NamedAttrList list;
    if (auto type = dyn_cast<ShapedType>(value.getType()); type && !type.hasStaticShape())
      list.set(kDimsAttr, toArrayAttr(function.getContext(), dimensions.of(value)));
    attrs.push_back(list.getDictionary(function.getContext()));
  }
  function.setAllResultAttrs(attrs);
}

scf::ForOp createFor(OpBuilder &builder, Location loc, Value low, Value high, Value step, ValueRange inits, FillLoop fill) {
  auto loop = scf::ForOp::create(builder, loc, low, high, step, inits);
  Block &body = *loop.getBody();
  body.clear(); // a loop without carries is born with a terminator
  OpBuilder nested = OpBuilder::atBlockEnd(&body);
  SmallVector<Value> yielded = fill(nested, loop.getInductionVar(), loop.getRegionIterArgs());
  nested.setInsertionPointToEnd(&body);
  scf::YieldOp::create(nested, loc, yielded);
  return loop;
}

scf::IfOp createIf(OpBuilder &builder, Location loc, TypeRange results, Value condition, FillBranch fillThen, FillBranch fillElse) {
  auto branch = scf::IfOp::create(builder, loc, results, condition, /*withElseRegion=*/true);
  for (auto [block, fill] : {std::pair(branch.thenBlock(), fillThen), std::pair(branch.elseBlock(), fillElse)}) {
    block->clear();
    OpBuilder nested = OpBuilder::atBlockEnd(block);
    SmallVector<Value> yielded = fill(nested);
    nested.setInsertionPointToEnd(block);
    scf::YieldOp::create(nested, loc, yielded);
  }
  return branch;
}

namespace {

struct ExpandRequestsPass : impl::ExpandRequestsBase<ExpandRequestsPass> {
  void runOnOperation() override {
    Expander expander(getOperation());
    SmallVector<func::FuncOp> roots;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic())
        roots.push_back(function);
    for (func::FuncOp root : roots)
      if (failed(expander.flatten(root)))
        return signalPassFailure();
    // No request is left, in any function, that reads the rules of the functions called here, or a stop_gradient.
    for (func::FuncOp root : roots) {
      WalkResult answered = root.walk([](Collective op) {
        op.emitError() << "requires a map of axis '" << op.getAxisName() << "' around it";
        return WalkResult::interrupt();
      });
      if (answered.wasInterrupted())
        return signalPassFailure();
      while (true) {
        SmallVector<func::CallOp> calls;
        root.walk([&](func::CallOp call) { calls.push_back(call); });
        if (calls.empty())
          break;
        Dimensions dimensions;
        for (func::CallOp call : calls)
          expander.inlineCall(call, dimensions);
      }
      root.walk([](StopGradientOp op) {
        op.getResult().replaceAllUsesWith(op.getOperand());
        op.erase();
      });
    }
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function.isPrivate() && !function.isExternal())
        function.erase();
  }
};

} // namespace

} // namespace costate::differentiate
