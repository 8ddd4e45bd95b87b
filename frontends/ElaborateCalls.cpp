// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls, and the functions of the IR they lead to: one private function for each kind of arguments a fn or net meets.
#include "costate/frontends/Elaborator.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

namespace costate::importer {

using namespace syntax;
using graph::DimAttr;
using graph::Dims;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

/// A fn may call a fn, but not for ever: recursion has no end that the importer could see.
constexpr size_t maxCalls = 64;

//===----------------------------------------------------------------------===//
// Functions of the IR
//===----------------------------------------------------------------------===//

std::string Elaborator::uniqueName(StringRef name) {
  unsigned &count = functionNames[name];
  return count++ == 0 ? name.str() : (name + "." + llvm::Twine(count - 1)).str();
}

Elaborator::Building::Building(Elaborator &e, FunctionScope::Kind kind, StringRef name, SourceRange where, bool isPrivate)
    : scope(kind, kind == FunctionScope::Entry ? nullptr : e.current), elaborator(e), outer(e.current),
      point(e.b.builder.saveInsertionPoint()), location(e.b.location), shape(e.declaredShape), rounds(e.rounds) {
  mlir::OpBuilder &builder = e.b.builder;
  builder.setInsertionPointToEnd(e.module.getBody());
  scope.func = mlir::func::FuncOp::create(builder, e.location(where), isPrivate ? e.uniqueName(name) : name.str(),
                                          builder.getFunctionType({}, {}));
  if (isPrivate)
    scope.func.setPrivate();
  builder.setInsertionPointToEnd(scope.func.addEntryBlock());
  e.declaredShape.reset();
  if (kind == FunctionScope::Instance) // others may call it, too
    e.rounds.clear();
  e.current = &scope;
}

Elaborator::Building::~Building() {
  if (scope.func && !scope.func.front().mightHaveTerminator()) // not finished
    scope.func.erase();
  elaborator.current = outer;
  elaborator.b.builder.restoreInsertionPoint(point);
  elaborator.b.location = location;
  elaborator.declaredShape = shape;
  elaborator.rounds = rounds;
}

Elaborator::Visiting::Visiting(Elaborator &e, FunctionScope &scope)
    : elaborator(e), outer(e.current), point(e.b.builder.saveInsertionPoint()) {
  e.current = &scope;
  e.b.builder.setInsertionPointToEnd(&scope.func.front());
}

Elaborator::Visiting::~Visiting() {
  elaborator.current = outer;
  elaborator.b.builder.restoreInsertionPoint(point);
}

Tensor Elaborator::addArgument(mlir::Type type, Dims dims, mlir::FlatSymbolRefAttr arena, mlir::Location where) {
  Tensor argument{current->func.front().addArgument(type, where), std::move(dims), arena};
  current->arguments.push_back(argument);
  return argument;
}

Tensor Elaborator::addArgument(const Tensor &like) { return addArgument(like.value.getType(), like.dims, like.arena, like.value.getLoc()); }

Value Elaborator::addArguments(const Value &like) {
  return mapTensors(like, [&](const Tensor &tensor) { return addArgument(tensor); });
}

/// Names of dimensions that occur in a function's types, arguments and ops, in order of appearance.
static llvm::SetVector<StringRef> usedNames(FunctionScope &scope, const Value &result) {
  llvm::SetVector<StringRef> names;
  auto visit = [&](DimAttr dim) { dim.walkSymbols([&](StringRef name) { names.insert(name); }); };
  for (const Tensor &argument : scope.arguments)
    llvm::for_each(argument.dims, visit);
  mlir::AttrTypeWalker walker;
  walker.addWalk(visit);
  scope.func.walk([&](mlir::Operation *op) {
    if (op != scope.func)
      walker.walk(op->getAttrDictionary());
  });
  forEachTensor(result, [&](const Tensor &tensor) { llvm::for_each(tensor.dims, visit); });
  return names;
}

/// Does the op, or a function that it calls or asks something of, tell the caller something?
bool Elaborator::reports(mlir::Operation *op) const {
  auto found = op->walk([&](mlir::Operation *inner) {
    auto callee = inner->getAttrOfType<mlir::FlatSymbolRefAttr>("callee");
    bool reports = llvm::isa_and_nonnull<report::ReportDialect>(inner->getDialect()) || (callee && reporting.contains(callee.getValue()));
    return reports ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
  });
  return found.wasInterrupted();
}

FunctionInstance Elaborator::finish(const Value &result) {
  FunctionScope &scope = *current;
  mlir::func::FuncOp func = scope.func;
  FunctionInstance instance;
  instance.func = func;
  instance.captures = scope.captures;
  instance.seen = scope.seen;
  instance.result = result;

  llvm::SmallVector<mlir::Value> values;
  std::vector<Tensor> results;
  forEachTensor(result, [&](const Tensor &tensor) {
    values.push_back(tensor.value);
    results.push_back(tensor);
  });
  instance.updates = scope.updates;
  for (const auto &[state, tensor] : scope.updates) {
    values.push_back(tensor.value);
    results.push_back(tensor);
  }
  b.location = func.getLoc();
  mlir::func::ReturnOp::create(b.builder, func.getLoc(), values);

  // What nothing uses goes, unless it reports.
  auto ops = llvm::map_to_vector(func.front().without_terminator(), [](mlir::Operation &op) { return &op; });
  bool isReporting = false;
  for (mlir::Operation *op : llvm::reverse(ops)) {
    bool reports = this->reports(op);
    isReporting |= reports;
    if (op->use_empty() && !reports)
      op->erase();
  }
  if (isReporting)
    reporting.insert(func.getName());

  // A name of a dimension must be the extent of an axis of some argument. Where a function knows it from a larger expression
  // or from a list of sizes only, it takes one more argument of that extent: a witness, whose elements nobody reads.
  llvm::SetVector<StringRef> names = usedNames(scope, result);
  for (const Tensor &argument : scope.arguments)
    for (DimAttr dim : argument.dims)
      if (std::optional<StringRef> name = dim.symbol())
        names.remove(*name);
  for (StringRef name : names) {
    DimAttr dim = b.dim(name);
    instance.witnessed.push_back(dim);
    addArgument(graph::typeOf({dim}, b.builder.getI32Type()), {dim}, {}, func.getLoc());
  }

  func.setType(b.builder.getFunctionType(func.front().getArgumentTypes(), mlir::ValueRange(values).getTypes()));
  auto isDynamic = [](const Tensor &tensor) { return !llvm::all_of(tensor.dims, [](DimAttr dim) { return dim.constant(); }); };
  mlir::MLIRContext *context = func.getContext();
  for (auto [i, argument] : llvm::enumerate(scope.arguments)) {
    if (isDynamic(argument))
      func.setArgAttr(i, graph::kDimsAttr, graph::toArrayAttr(context, argument.dims));
    if (argument.arena)
      func.setArgAttr(i, "optim.arena", argument.arena);
  }
  for (auto [i, tensor] : llvm::enumerate(results))
    if (isDynamic(tensor))
      func.setResultAttr(i, graph::kDimsAttr, graph::toArrayAttr(context, tensor.dims));
  if (results.empty() && scope.kind == FunctionScope::Instance && !isReporting) {
    func.erase();
    scope.func = instance.func = {};
  }
  return instance;
}

//===----------------------------------------------------------------------===//
// Random keys
//===----------------------------------------------------------------------===//

int64_t stableHash(StringRef text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : text)
    hash = (hash ^ c) * 0x100000001b3;
  return int64_t(hash >> 1);
}

Tensor Elaborator::currentKey() {
  ++keysTaken;
  if (!current->key && current->parent) {
    auto type = mlir::RankedTensorType::get({}, b.builder.getI64Type());
    current->captures.push_back(nullptr);
    current->key = addArgument(type, {}, {}, current->func.getLoc());
  } else if (!current->key) {
    current->key = b.constant(b.builder.getI64Type(), Number::of(int64_t(0)));
  }
  return *current->key;
}

int64_t Elaborator::nextSite() { return stableHash(current->label + "#" + std::to_string(current->draws++)); }

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

static llvm::SmallVector<Formal> formalsOf(llvm::ArrayRef<Parameter> parameters) {
  return llvm::map_to_vector(parameters, [](const Parameter &p) { return Formal{p.name.text, !p.defaultValue, p.name.range}; });
}

llvm::SmallVector<Formal> formalsOf(const Builtin &builtin) {
  llvm::SmallVector<StringRef> formals;
  builtin.formals.split(formals, ", ", -1, /*KeepEmpty=*/false);
  return llvm::map_to_vector(formals, [](StringRef formal) {
    return Formal{formal.rtrim("?+*"), !formal.contains('?'), {}, formal.contains('+'), formal.contains('*')};
  });
}

static llvm::SmallVector<Formal> formalsOf(const Closure &closure) {
  return llvm::map_to_vector(closure.lambda->parameters, [](const Name &name) { return Formal{name.text, true, name.range}; });
}

FailureOr<std::vector<Argument>> Elaborator::bindArguments(StringRef callee, llvm::ArrayRef<Formal> formals, const CallExpr &e,
                                                           const Binding *scope, bool firstIsLazy) {
  auto names = llvm::map_to_vector(formals, [](const Formal &f) { return f.name; });
  std::string all = names.empty() ? "none" : "'" + llvm::join(names, "', '") + "'";
  std::vector<Argument> bound(formals.size());
  size_t position = 0;
  for (const CallExpr::Argument &argument : e.arguments) {
    size_t index = position++;
    if (argument.name) {
      index = llvm::find_if(formals, [&](const Formal &f) { return f.name == argument.name->text; }) - formals.begin();
      if (index == formals.size()) {
        StringRef nearest = nearestName(argument.name->text, names);
        Failure failure = error(argument.name->range) << "'" << callee << "' has no argument '" << argument.name->text << "'";
        if (!nearest.empty())
          return std::move(failure) << "; did you mean '" << nearest << "'?";
        return std::move(failure) << "; it has " << all;
      }
      if (bound[index].expr)
        return error(argument.name->range) << "requires one value for the argument '" << argument.name->text << "' of '" << callee
                                           << "', but got two";
    } else if (index >= formals.size()) {
      bool isShape = !formals.empty() && formals.back().name == "shape"; // zeros(3, 4)
      return error(argument.value->range) << "requires at most " << formals.size() << " arguments of '" << callee << "', but got "
                                          << e.arguments.size() << (isShape ? "; a shape is one list, as in [3, 4]" : "");
    }
    bound[index].expr = argument.value.get();
    bound[index].where = argument.value->range;
    if (firstIsLazy && index == 0)
      continue;
    FailureOr<Value> value = evaluate(*argument.value, scope);
    if (failed(value))
      return failure();
    bound[index].value = *value;
    if (argument.name)
      observe(argument.name->range, formals[index].where, *value);
  }
  for (auto [formal, argument] : llvm::zip_equal(formals, bound)) {
    if (argument.expr)
      continue;
    argument.where = e.range;
    if (formal.name == "shape" && declaredShape)
      argument.value = *declaredShape;
    else if (formal.required)
      return error(e.range) << "requires an argument '" << formal.name << "' of '" << callee << "', which has " << all;
  }
  return bound;
}

LogicalResult Elaborator::bindParameters(llvm::ArrayRef<Parameter> parameters, llvm::ArrayRef<Argument> arguments,
                                         const Binding *&scope, bool isInPlace) {
  // What has no type of its own takes, where any float may stand, that of the tensors which stand in such places.
  mlir::Type common;
  for (auto [parameter, argument] : llvm::zip_equal(parameters, arguments)) {
    auto tensor = parameter.type && isAnyFloat(*parameter.type) ? argument.value.as<Tensor>() : nullptr;
    if (tensor && llvm::isa<mlir::FloatType>(tensor->elementType()))
      common = common ? promote(common, tensor->elementType()) : tensor->elementType();
  }
  for (auto [parameter, argument] : llvm::zip_equal(parameters, arguments)) {
    Value value;
    if (argument.given()) {
      value = isInPlace ? argument.value : addArguments(argument.value);
    } else {
      FailureOr<Value> fallback = evaluate(*parameter.defaultValue, scope);
      if (failed(fallback))
        return failure();
      value = *fallback;
    }
    if (parameter.type) {
      bool isAny = isAnyFloat(*parameter.type);
      FailureOr<mlir::Type> element =
          isAny ? FailureOr<mlir::Type>(common ? common : real) : elementType(*parameter.type, scope, /*mayBeComplex=*/true);
      if (failed(element))
        return failure();
      // A tensor must have the type; what has none yet takes it.
      auto complex = value.as<Complex>();
      bool hasType = value.is<Tensor>() || (complex && complex->elementType()) || (isAny && value.is<List>() && hasTensor(value));
      FailureOr<Value> array = toArray(value, argument.where, hasType ? mlir::Type() : *element);
      if (failed(array))
        return failure();
      ArrayType type = arrayType(*array);
      if (failed(bindType(*parameter.type, &type, ("'" + parameter.name.text + "'").str(), argument.where, scope)))
        return failure();
      value = *array;
    }
    scope = bindRoot(parameter.name, value, scope);
  }
  return success();
}

LogicalResult Elaborator::checkCallDepth(SourceRange where, StringRef callee) {
  if (calls.size() < maxCalls)
    return success();
  return error(where) << "requires at most " << maxCalls << " calls inside each other; does '" << callee << "' call itself?";
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

FailureOr<Value> Elaborator::call(const CallExpr &e, const Binding *scope) {
  FailureOr<Value> callee = evaluate(*e.callee, scope);
  if (failed(callee))
    return failure();
  if (auto builtin = callee->as<const Builtin *>()) {
    auto arguments = bindArguments((*builtin)->name, formalsOf(**builtin), e, scope, (*builtin)->lazy);
    if (failed(arguments))
      return failure();
    b.location = location(e.range);
    return callBuiltin(BuiltinCall{**builtin, e, scope, std::move(*arguments)});
  }
  if (auto fn = callee->as<Function>()) {
    auto arguments = bindArguments(fn->decl->name.text, formalsOf(fn->decl->parameters), e, scope);
    if (failed(arguments))
      return failure();
    return callFunction(*fn, std::move(*arguments), e.range);
  }
  if (auto net = callee->as<const NetInstance *>()) {
    auto arguments = bindArguments((*net)->decl->name.text, formalsOf((*net)->decl->inputs), e, scope);
    if (failed(arguments))
      return failure();
    return callNet(**net, std::move(*arguments), e.range);
  }
  if (auto closure = callee->as<Closure>()) {
    std::string name = closure->lambda->range.text().split('\n').first.str();
    auto arguments = bindArguments(name, formalsOf(*closure), e, scope);
    if (failed(arguments))
      return failure();
    return callClosure(*closure, *arguments, e.range);
  }
  if (auto net = callee->as<const NetDecl *>())
    return makeTemplate(**net, e, scope);
  if (auto optimizer = callee->as<const OptimizerDecl *>())
    return makeOptimizer(**optimizer, e, scope);
  if (callee->is<NetTemplate>())
    return error(e.callee->range) << "requires a net with parameters; bind it first: 'net name = " << spell(*e.callee) << "'";
  return error(e.callee->range) << "requires a function or a net before '(', but got " << describe(*callee);
}

/// What a complex argument may stand for is in Builtin::formals.
FailureOr<Value> Elaborator::callBuiltin(const BuiltinCall &call) {
  llvm::SmallVector<Formal> formals = formalsOf(call.builtin);
  bool isReal = true;
  for (auto [formal, argument] : llvm::zip_equal(formals, call.arguments)) {
    if (formal.takesComplex || !isComplex(argument.value))
      continue;
    if (!formal.isLinear && call.builtin.ofComplex.empty())
      return refuseComplex(argument.value, argument.where, "'" + call.builtin.name + "' ");
    isReal = false;
  }
  if (isReal)
    return call.builtin.evaluate(*this, call);
  if (!call.builtin.ofComplex.empty())
    return callLibrary(call.builtin.ofComplex, call.arguments, call.where());
  Value parts[2];
  for (bool isImaginary : {false, true}) {
    BuiltinCall half = call;
    for (auto [formal, argument] : llvm::zip_equal(formals, half.arguments)) {
      FailureOr<Value> part =
          formal.isLinear && argument.given() ? partOf(argument.value, isImaginary, argument.where) : FailureOr<Value>(argument.value);
      if (failed(part))
        return failure();
      argument.value = *part;
    }
    FailureOr<Value> result = call.builtin.evaluate(*this, half);
    if (failed(result))
      return failure();
    parts[isImaginary] = *result;
  }
  return joinParts(parts[0], parts[1], call.where());
}

FailureOr<Value> Elaborator::callLibrary(StringRef name, std::vector<Argument> arguments, SourceRange where) {
  return callFunction(*library.declared.find(name)->second.value.as<Function>(), std::move(arguments), where);
}

FailureOr<Value> Elaborator::callClosure(const Closure &closure, llvm::ArrayRef<Argument> arguments, SourceRange where) {
  std::string name = closure.lambda->range.text().split('\n').first.str();
  if (failed(checkCallDepth(where, name)))
    return failure();
  Frame frame(*this, name, where);
  const Binding *inside = closure.scope;
  for (auto [name, argument] : llvm::zip_equal(closure.lambda->parameters, arguments))
    inside = bindRoot(name, argument.value, inside);
  return evaluateLambda(closure, inside);
}

/// What the body binds draws numbers of its own in each call.
FailureOr<Value> Elaborator::evaluateLambda(const Closure &closure, const Binding *inside) {
  const Block &body = closure.lambda->body;
  if (body.statements.size() == 1)
    return evaluate(*body.value(), inside);
  InPlace place(*this, "", closure.scope);
  return evaluateBody(body, inside);
}

FailureOr<Value> Elaborator::callInPlace(const Function &function, llvm::ArrayRef<Argument> arguments, SourceRange where) {
  const FnDecl &fn = *function.decl;
  if (failed(checkCallDepth(where, fn.name.text)))
    return failure();
  Frame frame(*this, fn.name.text.str(), where);
  InPlace place(*this, fn.name.text, function.scope);
  const Binding *scope = function.scope;
  if (failed(bindParameters(fn.parameters, arguments, scope, /*isInPlace=*/true)))
    return failure();
  return evaluateFunction(fn, scope);
}

FailureOr<Value> Elaborator::apply(const Value &function, llvm::ArrayRef<Value> values, const BuiltinCall &call) {
  SourceRange where = call.where(), blame = call[0].where;
  auto complete = [&](llvm::ArrayRef<Formal> formals) -> FailureOr<std::vector<Argument>> {
    size_t least = llvm::count_if(formals, [](const Formal &formal) { return formal.required; });
    if (values.size() < least || values.size() > formals.size())
      return error(blame) << "'" << call.builtin.name << "' requires a function of as many arguments as it is given values, " << values.size()
                          << ", but got one of " << (values.size() < least ? least : formals.size());
    std::vector<Argument> arguments;
    for (const Value &value : values)
      arguments.push_back({value, blame});
    arguments.resize(formals.size(), {Value(), blame});
    return arguments;
  };
  if (auto fn = function.as<Function>()) {
    auto arguments = complete(formalsOf(fn->decl->parameters));
    return failed(arguments) ? FailureOr<Value>(failure()) : callFunction(*fn, std::move(*arguments), where);
  }
  if (auto net = function.as<const NetInstance *>()) {
    auto arguments = complete(formalsOf((*net)->decl->inputs));
    return failed(arguments) ? FailureOr<Value>(failure()) : callNet(**net, std::move(*arguments), where);
  }
  if (auto builtin = function.as<const Builtin *>(); builtin && !(*builtin)->lazy) {
    auto arguments = complete(formalsOf(**builtin));
    return failed(arguments) ? FailureOr<Value>(failure())
                             : callBuiltin(BuiltinCall{**builtin, call.expr, call.scope, std::move(*arguments)});
  }
  if (auto closure = function.as<Closure>()) {
    auto arguments = complete(formalsOf(*closure));
    return failed(arguments) ? FailureOr<Value>(failure()) : callClosure(*closure, *arguments, where);
  }
  return error(blame) << "'" << call.builtin.name << "' requires a function x -> e, but got " << describe(function);
}

FailureOr<std::optional<Value>> Elaborator::functionOf(const Expr &e, const Binding *scope) {
  using Result = std::optional<Value>;
  if (auto *lambda = llvm::dyn_cast<LambdaExpr>(&e))
    return Result(Closure{lambda, scope});
  std::optional<Module::Declared> declared = findDeclared(e, scope);
  if (declared && !declared->constant)
    return isFunction(declared->value) ? Result(declared->value) : Result();
  auto *reference = llvm::dyn_cast<ReferenceExpr>(&e);
  const Binding *binding = declared ? declared->constant : reference ? lookup(reference->name, scope) : nullptr;
  if (!binding)
    return Result();
  if (binding->kind == Binding::Static)
    return isFunction(binding->value) ? Result(binding->value) : Result();
  auto known = current->values.find(binding);
  if (known != current->values.end())
    return isFunction(known->second) ? Result(known->second) : Result();
  if (binding->kind != Binding::Definition && binding->kind != Binding::Constant)
    return Result();
  // f = make(a), where make is a fn whose value is a function
  auto *call = llvm::dyn_cast<CallExpr>(binding->expr);
  if (!call)
    return functionOf(*binding->expr, binding->scope);
  FailureOr<Result> maker = functionOf(*call->callee, binding->scope);
  if (failed(maker) || !*maker)
    return maker;
  auto fn = (*maker)->as<Function>();
  auto made = fn ? fn->decl->body.value() : nullptr;
  if (!made || !llvm::isa<LambdaExpr>(*made))
    return Result();
  FailureOr<Value> value = valueOf(binding);
  return failed(value) ? FailureOr<Result>(failure()) : FailureOr<Result>(Result(*value));
}

FailureOr<Value> Elaborator::makeTemplate(const NetDecl &net, const CallExpr &e, const Binding *scope) {
  auto arguments = bindArguments(net.name.text, formalsOf(net.statics), e, scope);
  if (failed(arguments))
    return failure();
  std::vector<Value> statics;
  const Binding *inside = nullptr;
  for (auto [parameter, argument] : llvm::zip_equal(net.statics, *arguments)) {
    if (parameter.type)
      return error(parameter.type->range) << "requires no type for '" << parameter.name.text << "', which is known at import";
    FailureOr<Value> value = argument.given() ? FailureOr<Value>(argument.value) : evaluate(*parameter.defaultValue, inside);
    if (failed(value))
      return failure();
    if (hasTensor(*value))
      return error(argument.where) << "requires '" << parameter.name.text << "' of net '" << net.name.text
                                   << "' to be known at import, but got " << describe(*value);
    statics.push_back(*value);
    inside = bindStatic(parameter.name, *value, inside);
  }
  return Value(NetTemplate{&net, std::make_shared<const std::vector<Value>>(std::move(statics)), e.range});
}

FailureOr<Value> Elaborator::makeOptimizer(const OptimizerDecl &optimizer, const CallExpr &e, const Binding *scope) {
  auto arguments = bindArguments(optimizer.name.text, formalsOf(optimizer.parameters), e, scope);
  if (failed(arguments))
    return failure();
  std::vector<std::pair<const Parameter *, Value>> given;
  for (auto [parameter, argument] : llvm::zip_equal(optimizer.parameters, *arguments))
    if (argument.given())
      given.push_back({&parameter, argument.value});
  return Value(Optimizer{&optimizer, std::make_shared<const decltype(given)>(std::move(given)), e.range});
}

/// The tensors among arguments, in order.
static llvm::SmallVector<Tensor> tensorsOf(llvm::ArrayRef<Argument> arguments) {
  llvm::SmallVector<Tensor> tensors;
  for (const Argument &argument : arguments)
    forEachTensor(argument.value, [&](const Tensor &tensor) { tensors.push_back(tensor); });
  return tensors;
}

static std::string instanceKey(const void *decl, const Elaborator &e, llvm::ArrayRef<Argument> arguments) {
  std::string key = llvm::utohexstr(reinterpret_cast<uintptr_t>(decl)) + ":" + std::to_string(int(e.mode)) + typeName(e.real);
  for (const LaneAxis &axis : e.laneAxes())
    key += "|" + axis.name + "=" + axis.size.str();
  for (const Argument &argument : arguments)
    key += ";" + (argument.given() ? identity(argument.value) : "");
  return key;
}

FailureOr<FunctionInstance *> Elaborator::findInstance(std::string &key) {
  std::string first = key;
  for (unsigned number = 1;; ++number) {
    auto found = instances.find(key);
    if (found == instances.end())
      return static_cast<FunctionInstance *>(nullptr);
    bool isSame = true;
    for (const auto &[binding, identityThen] : found->second.seen) {
      FailureOr<Value> value = valueOf(binding);
      if (failed(value))
        return failure();
      isSame &= identity(*value) == identityThen;
    }
    if (isSame)
      return &found->second;
    key = first + "#" + std::to_string(number);
  }
}

/// The value of a fn whose parameters are bound, of the type that it is declared with.
FailureOr<Value> Elaborator::evaluateFunction(const FnDecl &fn, const Binding *scope) {
  if (fn.external)
    return emitExtern(fn, scope);
  FailureOr<Value> result = evaluateBody(fn.body, scope);
  if (failed(result))
    return failure();
  if (result->is<std::monostate>())
    return error(fn.name.range) << "requires a value at the end of fn '" << fn.name.text << "'";
  if (!fn.result)
    return result;
  FailureOr<Value> array = toArray(*result, fn.body.range);
  if (failed(array))
    return failure();
  ArrayType type = arrayType(*array);
  if (failed(bindType(*fn.result, &type, ("the result of '" + fn.name.text + "'").str(), fn.body.statements.back()->range, scope)))
    return failure();
  return array;
}

static bool holdsClosure(const Value &value) {
  auto list = value.as<List>();
  return value.is<Closure>() || (list && llvm::any_of(*list, holdsClosure));
}

FailureOr<Value> Elaborator::callFunction(const Function &function, std::vector<Argument> arguments, SourceRange where) {
  const FnDecl &fn = *function.decl;
  std::string key = instanceKey(&fn, *this, arguments) + (function.scope ? identity(function) : "");
  if (inPlace.contains(key))
    return callInPlace(function, arguments, where);
  std::string first = key;
  bool isInPlace = false;
  FailureOr<FunctionInstance *> known = findInstance(key);
  if (failed(known))
    return failure();
  if (!*known) {
    if (failed(checkCallDepth(where, fn.name.text)))
      return failure();
    Frame frame(*this, fn.name.text.str(), where);
    Building building(*this, FunctionScope::Instance, fn.name.text, fn.name.range);
    const Binding *scope = current->bodyStart = function.scope;
    if (failed(bindParameters(fn.parameters, arguments, scope)))
      return failure();
    FailureOr<Value> result = evaluateFunction(fn, scope);
    if (failed(result))
      return failure();
    isInPlace = holdsClosure(*result);
    if (!isInPlace) {
      instances.try_emplace(key, finish(*result));
      FunctionInstance &instance = instances[key];                                 // stays where it is
      if (fn.vjp && instance.func && failed(customVjp(function, instance, arguments))) { // its rule may call it
        instances.erase(key);
        return failure();
      }
    }
  }
  if (isInPlace) {
    inPlace.insert(first);
    return callInPlace(function, arguments, where);
  }
  return emitCall(instances[key], tensorsOf(arguments), where);
}

FailureOr<Value> Elaborator::callNet(const NetInstance &net, std::vector<Argument> arguments, SourceRange where) {
  std::string key = instanceKey(&net, *this, arguments);
  FailureOr<FunctionInstance *> found = findInstance(key);
  if (failed(found))
    return failure();
  if (!*found) {
    if (failed(checkCallDepth(where, net.path)))
      return failure();
    Frame frame(*this, net.path, where);
    Building building(*this, FunctionScope::Instance, net.path + ".apply", net.decl->name.range);
    current->net = &net;
    const Binding *scope = nullptr;
    for (auto [parameter, value] : llvm::zip_equal(net.decl->statics, net.statics))
      scope = bindStatic(parameter.name, value, scope);
    if (failed(bindParameters(net.decl->inputs, arguments, scope)))
      return failure();
    FailureOr<Value> result = evaluateBody(net.decl->body, scope);
    if (failed(result))
      return failure();
    if (result->is<std::monostate>())
      return error(net.decl->name.range) << "requires a value at the end of net '" << net.decl->name.text << "'";
    if (net.decl->result) {
      result = toArray(*result, net.decl->body.range);
      if (failed(result))
        return failure();
      ArrayType type = arrayType(*result);
      if (failed(bindType(*net.decl->result, &type, "the result of '" + net.path + "'", net.decl->body.statements.back()->range, scope)))
        return failure();
    }
    for (auto [name, root] : net.states) {
      const Binding *last = lookup(name, scope);
      if (mode == Mode::Predict || last->kind == Binding::Alias)
        continue;
      FailureOr<Value> declared = valueOf(root);
      if (failed(declared))
        return failure();
      Tensor before = *declared->as<Tensor>();
      FailureOr<Value> value = valueOf(last);
      FailureOr<Tensor> after = failed(value) ? FailureOr<Tensor>(failure())
                                              : toTensor(*value, last->where, value->is<Tensor>() ? mlir::Type() : before.elementType());
      if (failed(after))
        return failure();
      if (after->value.getType() != before.value.getType())
        return error(last->where) << "requires state '" << name << "' to stay " << typeName(before) << ", but got " << typeName(*after);
      if (after->value != before.value) // a branch that is not taken binds the name again, to the same
        current->updates.push_back({root, *after});
    }
    *found = &instances.try_emplace(key, finish(*result)).first->second;
  }
  return emitCall(**found, tensorsOf(arguments), where);
}

FailureOr<llvm::SmallVector<mlir::Value>> Elaborator::operandsOf(const FunctionInstance &instance,
                                                                 llvm::ArrayRef<Tensor> explicitTensors, bool freshKey) {
  llvm::SmallVector<mlir::Value> operands;
  auto add = [&](const Tensor &tensor) { operands.push_back(tensor.value); };
  llvm::for_each(explicitTensors, add);
  for (const Binding *binding : instance.captures) {
    if (!binding) {
      Tensor key = currentKey();
      add(freshKey ? b.foldIn(key, b.constant(b.builder.getI64Type(), Number::of(nextSite()))) : key);
      continue;
    }
    FailureOr<Value> value = valueOf(binding);
    if (failed(value))
      return failure();
    forEachTensor(*value, add);
  }
  for (DimAttr dim : instance.witnessed)
    add(b.iota(b.builder.getI32Type(), {dim}, 0));
  return operands;
}

FailureOr<Value> Elaborator::emitCall(const FunctionInstance &instance, llvm::ArrayRef<Tensor> explicitTensors, SourceRange where) {
  if (!instance.func)
    return instance.result;
  b.location = location(where);
  auto operands = operandsOf(instance, explicitTensors, /*freshKey=*/true);
  if (failed(operands))
    return failure();
  b.location = location(where);
  auto op = mlir::func::CallOp::create(b.builder, placeOfEvaluation(where), instance.func, *operands);
  unsigned next = 0;
  Value result = mapTensors(instance.result, [&](const Tensor &tensor) { return Tensor{op.getResult(next++), tensor.dims, tensor.arena}; });
  recordUpdates(instance, op, next);
  return result;
}

void Elaborator::recordUpdates(const FunctionInstance &instance, mlir::Operation *op, unsigned first) {
  for (auto [i, update] : llvm::enumerate(instance.updates)) {
    llvm::erase_if(current->updates, [&](const auto &earlier) { return earlier.first == update.first; });
    current->updates.push_back({update.first, Tensor{op->getResult(first + i), update.second.dims, {}}});
  }
}

LogicalResult Elaborator::refuseUpdates(const FunctionInstance &instance, SourceRange where, StringRef place) {
  if (instance.updates.empty())
    return success();
  return error(where) << "requires nets without state in " << place << ", but a call changes '" << instance.updates.front().first->name << "'";
}

} // namespace costate::importer
