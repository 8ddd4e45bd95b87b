// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// grad, vjp, jvp and map: an expression is evaluated again in a private function, whose first arguments stand for the variables;
// a request on that function is the answer. A fn with a rule of its own gets a second function, which the first one names.
#include "costate/frontends/Elaborator.h"
#include "costate/frontends/LeafRules.h"

#include "llvm/Support/SaveAndRestore.h"

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

static bool isFloat(const Tensor &tensor) { return mlir::isa<mlir::FloatType>(tensor.elementType()); }
static bool isFloat(const Value &array) { return array.is<Complex>() || isFloat(*array.as<Tensor>()); }

bool Elaborator::dependsOn(const Binding *binding, FunctionScope &lifted) {
  auto known = lifted.dependent.find(binding);
  if (known != lifted.dependent.end())
    return known->second;
  // Bindings refer to older ones only: in order of age, each finds its references decided.
  std::vector<const Binding *> reachable = {binding};
  llvm::SmallPtrSet<const Binding *, 16> seen = {binding};
  for (size_t i = 0; i < reachable.size(); ++i)
    for (const Binding *reference : referencesOf(reachable[i]))
      if (!lifted.dependent.contains(reference) && seen.insert(reference).second)
        reachable.push_back(reference);
  llvm::sort(reachable, [](const Binding *a, const Binding *b) { return a->serial < b->serial; });
  for (const Binding *each : reachable) {
    auto depends = [&](const Binding *reference) { return lifted.dependent.lookup(reference); };
    lifted.dependent[each] = lifted.overridden.contains(each) || (!lifted.settled.contains(each) && llvm::any_of(referencesOf(each), depends));
  }
  return lifted.dependent.lookup(binding);
}

/// Closes the function of `value`: one array or, if it `mayBeSeveral`, a tuple of them.
FailureOr<FunctionInstance> Elaborator::finishLifted(const FailureOr<Value> &value, SourceRange where, bool mayBeSeveral) {
  if (failed(value))
    return failure();
  auto list = mayBeSeveral ? value->as<List>() : nullptr;
  if (!list || !list->isTuple) {
    FailureOr<Value> array = toArray(*value, where);
    return failed(array) ? FailureOr<FunctionInstance>(failure()) : finish(*array);
  }
  std::vector<Value> parts;
  for (const Value &part : *list) {
    FailureOr<Value> array = toArray(part, where);
    if (failed(array))
      return failure();
    parts.push_back(*array);
  }
  return finish(makeTuple(std::move(parts)));
}

FailureOr<FunctionInstance> Elaborator::lift(const Expr &e, const Binding *scope, llvm::ArrayRef<const Binding *> variables,
                                             llvm::ArrayRef<Value> points, bool mayBeSeveral) {
  auto *reference = llvm::dyn_cast<ReferenceExpr>(&e);
  Building building(*this, FunctionScope::Lifted, reference ? reference->name : "objective", e.range);
  // At another point, random draws stay what they are: the same sites, the same key.
  current->label = current->parent->label;
  current->draws = current->parent->draws;
  current->net = current->parent->net;
  for (auto [variable, point] : llvm::zip_equal(variables, points)) {
    current->values[variable] = addArguments(point);
    current->overridden.insert(variable);
  }
  return finishLifted(evaluate(e, scope), e.range, mayBeSeveral);
}

/// The value of a function on arguments, of these shapes and element types, of the function that is being built.
FailureOr<Value> Elaborator::applyToArguments(const Value &function, llvm::ArrayRef<Value> types, const BuiltinCall &call) {
  auto closure = function.as<Closure>();
  std::vector<Value> given;
  for (auto [i, type] : llvm::enumerate(types)) {
    bool isNamed = closure && i < closure->lambda->parameters.size();
    mlir::Location place = isNamed ? location(closure->lambda->parameters[i].range) : b.location;
    given.push_back(mapTensors(
        type, [&](const Tensor &like) { return addArgument(graph::typeOf(like.dims, like.elementType()), like.dims, like.arena, place); }));
  }
  if (!closure || closure->lambda->parameters.size() != given.size())
    return apply(function, given, call);
  const Binding *inside = closure->scope;
  for (auto [name, argument] : llvm::zip_equal(closure->lambda->parameters, given))
    inside = bindVariable(name, argument, inside);
  return evaluateLambda(*closure, inside);
}

/// A function as a private function of the IR. It may give several arrays if `mayBeSeveral`.
FailureOr<FunctionInstance> Elaborator::lift(const Value &function, llvm::ArrayRef<Value> types, const BuiltinCall &call, StringRef name,
                                             bool mayBeSeveral, std::optional<LaneAxis> axis) {
  SourceRange where = blameOf(function, call);
  Building building(*this, FunctionScope::Lifted, name, where);
  current->axis = std::move(axis);
  current->label = current->parent->label;
  current->draws = current->parent->draws;
  current->net = current->parent->net;
  b.location = location(where);
  return finishLifted(applyToArguments(function, types, call), where, mayBeSeveral);
}

SourceRange Elaborator::blameOf(const Value &function, const BuiltinCall &call) {
  auto closure = function.as<Closure>();
  return closure && call[0].expr == closure->lambda ? closure->lambda->body.value()->range : call[0].where;
}

/// Where a function of floats is to be differentiated: at one value or, in parentheses or if it has several arguments, at one for each.
FailureOr<Elaborator::Points> Elaborator::pointsOf(const BuiltinCall &call, const Value &function, size_t at) {
  StringRef builtin = call.builtin.name;
  if (call.given(at))
    return error(call[at].where) << "requires no 'at' beside a function: "
                                 << (builtin == "grad"  ? "grad(v -> e, p) is the gradient at p"
                                     : builtin == "vjp" ? "vjp(v -> e, p, from=ct) is the derivative at p"
                                                        : "jvp(v -> e, p, along=t) is the derivative at p");
  auto closure = function.as<Closure>();
  size_t count = closure ? closure->lambda->parameters.size() : 1;
  auto list = call[1].value.as<List>();
  Points result;
  result.isList = count > 1 || llvm::isa<TupleExpr>(*call[1].expr);
  if (result.isList && (!list || (closure && list->size() != count)))
    return error(call[1].where) << "'" << builtin << "' requires a value for each argument of the function, " << count << ", but got "
                                << describe(call[1].value);
  for (const Value &value : result.isList ? llvm::ArrayRef(list->begin(), list->end()) : llvm::ArrayRef(call[1].value)) {
    FailureOr<Value> point = isComplex(value) ? toArray(value, call[1].where) : FailureOr<Value>(toFloat(value, call[1].where));
    if (failed(point))
      return failure();
    result.points.push_back(*point);
  }
  return result;
}

FailureOr<Elaborator::Gradient> Elaborator::gradient(const Expr &e, const Binding *scope, llvm::ArrayRef<const Binding *> variables,
                                                     llvm::ArrayRef<Value> points, SourceRange where) {
  FailureOr<FunctionInstance> instance = lift(e, scope, variables, points);
  return failed(instance) ? FailureOr<Gradient>(failure()) : gradient(*instance, points, e.range, where);
}

/// Of a complex point it is the gradient of both parts as one complex array, the direction in which the objective grows fastest.
FailureOr<Elaborator::Gradient> Elaborator::gradient(const FunctionInstance &instance, llvm::ArrayRef<Value> points, SourceRange blame,
                                                     SourceRange where) {
  ArrayType type = arrayType(instance.result);
  if (!type.dims.empty() || !mlir::isa<mlir::FloatType>(type.element))
    return error(blame) << "'grad' requires a float scalar, but got " << typeName(type)
                        << (instance.result.is<Complex>() ? "; take real(z) or abs(z)"
                            : isFloat(instance.result)    ? "; 'vjp(e, v, from=ct)' takes a cotangent of any shape"
                                                          : "");
  b.location = location(where);
  FailureOr<Gradient> result = pullBack(instance, points, b.constant(type.element, Number::of(int64_t(1))), where);
  if (succeeded(result) && (current->kind == FunctionScope::Entry || current->part))
    current->objectives.push_back(result->values.front());
  return result;
}

/// `cotangents`: one for each tensor of the function's values, all of which are floats.
FailureOr<Elaborator::Gradient> Elaborator::pullBack(FunctionInstance instance, llvm::ArrayRef<Value> points,
                                                     llvm::ArrayRef<Tensor> cotangents, SourceRange where) {
  std::vector<Tensor> variables = tensorsOf(points);
  b.location = location(where);
  auto operands = operandsOf(instance, variables, /*freshKey=*/false);
  if (failed(operands))
    return failure();
  b.location = location(where);
  llvm::SmallVector<mlir::Type> types;
  llvm::SmallVector<mlir::Value> seeds;
  for (const Tensor &cotangent : cotangents) {
    types.push_back(cotangent.value.getType());
    seeds.push_back(cotangent.value);
  }
  for (const auto &[state, tensor] : instance.updates) {
    types.push_back(tensor.value.getType());
    if (isFloat(tensor))
      seeds.push_back(b.full(tensor.elementType(), tensor.dims, Number::of(int64_t(0))).value);
  }
  llvm::SmallVector<int64_t> wrt;
  for (auto [i, variable] : llvm::enumerate(variables)) {
    types.push_back(variable.value.getType());
    wrt.push_back(i);
  }
  auto op = graph::VjpOp::create(b.builder, b.location, types, instance.func.getName(), *operands, wrt, seeds);
  Gradient result;
  for (const Tensor &cotangent : cotangents)
    result.values.push_back({op.getResult(result.values.size()), cotangent.dims, {}});
  recordUpdates(instance, op, cotangents.size());
  unsigned next = cotangents.size() + instance.updates.size();
  for (const Value &point : points)
    result.gradients.push_back(mapTensors(point, [&](const Tensor &like) { return Tensor{op.getResult(next++), like.dims, like.arena}; }));
  return result;
}

bool Elaborator::dependsOn(const Expr &e, const Binding *scope, const Binding *variable) {
  FunctionScope probe(FunctionScope::Lifted, current);
  probe.overridden.insert(variable);
  return llvm::any_of(references(e, scope), [&](const Binding *binding) { return dependsOn(binding, probe); });
}

FailureOr<Elaborator::Variables> Elaborator::variablesOf(const BuiltinCall &call, size_t variable, size_t at) {
  StringRef builtin = call.builtin.name;
  std::vector<const Expr *> names;
  auto *list = llvm::dyn_cast<ListExpr>(call[variable].expr);
  auto *tuple = llvm::dyn_cast<TupleExpr>(call[variable].expr);
  if (list || tuple)
    for (const ExprPtr &element : list ? list->elements : tuple->elements)
      names.push_back(element.get());
  else
    names.push_back(call[variable].expr);

  Variables result{{}, {}, list || tuple};
  for (const Expr *name : names) {
    auto *reference = llvm::dyn_cast<ReferenceExpr>(name);
    const Binding *binding = reference ? lookup(reference->name, call.scope) : nullptr;
    if (!binding && reference && lookup(reference->name, call.scope, reference->range))
      return error(name->range) << "'" << builtin << "' requires a variable, but '" << reference->name << "' is a constant of the file";
    if (!binding)
      return error(name->range) << "'" << builtin << "' requires the name of a value, a param or a net, but got '" << spell(*name)
                                << "'";
    FailureOr<Value> value = valueOf(binding);
    FailureOr<Value> point = toArray(value, name->range);
    if (failed(point))
      return failure();
    if (!isFloat(*point))
      return error(name->range) << "'" << builtin << "' requires a float variable, but '" << spell(*name) << "' is " << describe(*point);
    if (const ParameterSet *set = wholeSet(*value))
      binding = set->root;
    if (llvm::is_contained(result.bindings, binding))
      return error(name->range) << "'" << builtin << "' requires variables that differ, but got '" << spell(*name) << "' twice";
    result.bindings.push_back(binding);
    result.points.push_back(*point);
  }
  if (call.given(at)) {
    auto points = call[at].value.as<List>();
    if (result.isList && (!points || points->size() != names.size()))
      return error(call[at].where) << "requires one point per variable in 'at', but got " << describe(call[at].value);
    for (auto [i, point] : llvm::enumerate(result.points)) {
      ArrayType type = arrayType(point);
      FailureOr<Value> other = toArray(result.isList ? (*points)[i] : call[at].value, call[at].where, type.element);
      if (failed(other))
        return failure();
      if (arrayType(*other).dims != type.dims)
        return error(call[at].where) << "requires 'at' to be " << typeName(type) << ", as '" << spell(*names[i]) << "' is, but got "
                                     << describe(*other);
      auto next = llvm::to_vector(tensorsOf(*other));
      point = mapTensors(point, [&, k = 0](const Tensor &tensor) mutable { return Tensor{next[k++].value, tensor.dims, tensor.arena}; });
    }
  }
  // A variable that the expression never mentions is a mistake, not a zero.
  for (auto [binding, name] : llvm::zip_equal(result.bindings, names)) {
    if (!dependsOn(*call[0].expr, call.scope, binding))
      return error(name->range) << "'" << builtin << "' requires an expression that depends on '" << spell(*name) << "', but '"
                                << spell(*call[0].expr) << "' does not";
  }
  return result;
}

/// What grad, vjp or jvp differentiates, and where: a function, or an expression by variables. `at` is the argument of that name.
FailureOr<Elaborator::Differentiated> Elaborator::differentiated(const BuiltinCall &call, size_t at, bool mayBeSeveral) {
  const Expr &e = *call[0].expr;
  FailureOr<std::optional<Value>> function = functionOf(e, call.scope);
  if (failed(function))
    return failure();
  if (*function) {
    FailureOr<Points> given = pointsOf(call, **function, at);
    auto instance =
        failed(given) ? FailureOr<FunctionInstance>(failure()) : lift(**function, given->points, call, "objective", mayBeSeveral);
    if (failed(instance))
      return failure();
    return Differentiated{std::move(*instance), std::move(*given), blameOf(**function, call)};
  }
  FailureOr<Variables> variables = variablesOf(call, 1, at);
  auto instance = failed(variables) ? FailureOr<FunctionInstance>(failure())
                                    : lift(e, call.scope, variables->bindings, variables->points, mayBeSeveral);
  if (failed(instance))
    return failure();
  return Differentiated{std::move(*instance), {std::move(variables->points), variables->isList}, e.range};
}

/// One gradient, or one for each variable.
static Value toValue(const std::vector<Value> &gradients, bool isList) { return isList ? makeTuple(gradients) : gradients.front(); }

/// grad(e, v, at=p): v is a name, a parameter set, or a list of them. grad(v -> e, p): the gradient of a function.
FailureOr<Value> Elaborator::grad(const BuiltinCall &call) {
  FailureOr<Differentiated> what = differentiated(call, 2);
  if (failed(what))
    return failure();
  FailureOr<Gradient> result = gradient(what->instance, what->at.points, what->blame, call.where());
  return failed(result) ? FailureOr<Value>(failure()) : toValue(result->gradients, what->at.isList);
}

/// The tensors of an argument that has arrays of the types of `likes`: a list of as many if `isList`, else one. For messages, what they are and to what
/// each belongs.
FailureOr<std::vector<Tensor>> Elaborator::tensorsLike(llvm::ArrayRef<Value> likes, bool isList, const Argument &argument, StringRef what,
                                                       StringRef owner) {
  auto list = argument.value.as<List>();
  if (isList && (!list || list->size() != likes.size()))
    return error(argument.where) << "requires one " << what << " per " << owner << ", but got " << describe(argument.value);
  std::vector<Value> arrays;
  for (auto [i, like] : llvm::enumerate(likes)) {
    ArrayType type = arrayType(like);
    FailureOr<Value> array = toArray(isList ? (*list)[i] : argument.value, argument.where, type.element);
    if (failed(array))
      return failure();
    if (arrayType(*array).dims != type.dims)
      return error(argument.where) << "requires a " << what << " of type " << typeName(type) << ", but got " << describe(*array);
    arrays.push_back(*array);
  }
  return tensorsOf(arrays);
}

/// The arrays that a function gives.
static std::vector<Value> arraysOf(const Value &result) {
  auto list = result.as<List>();
  return list ? std::vector<Value>(list->begin(), list->end()) : std::vector<Value>{result};
}

/// The values of what is differentiated, which are floats.
FailureOr<std::vector<Value>> Elaborator::floatValues(const Differentiated &what, StringRef builtin) {
  std::vector<Value> values = arraysOf(what.instance.result);
  for (const Value &value : values)
    if (!isFloat(value))
      return error(what.blame) << "'" << builtin << "' requires a float expression, but got " << describe(value);
  return values;
}

/// vjp(e, v, from=ct, at=p): the cotangent of v, as in grad, where that of e is ct. Of several values there are several. Of complex ones the product with
/// a cotangent is the sum of those of the parts.
FailureOr<Value> Elaborator::vjp(const BuiltinCall &call) {
  FailureOr<Differentiated> what = differentiated(call, 3, /*mayBeSeveral=*/true);
  auto values = failed(what) ? FailureOr<std::vector<Value>>(failure()) : floatValues(*what, "vjp");
  if (failed(values))
    return failure();
  auto cotangents = tensorsLike(*values, what->instance.result.is<List>(), call[2], "cotangent", "value in 'from'");
  if (failed(cotangents))
    return failure();
  FailureOr<Gradient> result = pullBack(what->instance, what->at.points, *cotangents, call.where());
  return failed(result) ? FailureOr<Value>(failure()) : toValue(result->gradients, what->at.isList);
}

/// jvp(e, v, along=t, at=p): the derivative of e, or of each of its values, along a tangent t of v
FailureOr<Value> Elaborator::jvp(const BuiltinCall &call) {
  FailureOr<Differentiated> what = differentiated(call, 3, /*mayBeSeveral=*/true);
  if (failed(what))
    return failure();
  auto tangents = tensorsLike(what->at.points, what->at.isList, call[2], "tangent", "variable in 'along'");
  if (failed(tangents) || failed(refuseUpdates(what->instance, what->blame, "'jvp'")))
    return failure();
  auto values = floatValues(*what, "jvp");
  if (failed(values))
    return failure();
  b.location = location(call.where());
  auto operands = operandsOf(what->instance, tensorsOf(what->at.points), /*freshKey=*/false);
  if (failed(operands))
    return failure();
  b.location = location(call.where());
  auto types = llvm::map_to_vector(tensorsOf(*values), [](const Tensor &tensor) { return tensor.value.getType(); });
  unsigned next = types.size(); // behind the values
  types.append(types.begin(), types.end());
  auto along = llvm::to_vector(llvm::seq<int64_t>(0, tangents->size()));
  auto seeds = llvm::map_to_vector(*tangents, [](const Tensor &tangent) { return tangent.value; });
  auto op = graph::JvpOp::create(b.builder, b.location, types, what->instance.func.getName(), *operands, along, seeds);
  return mapTensors(what->instance.result, [&](const Tensor &tensor) { return Tensor{op.getResult(next++), tensor.dims, {}}; });
}

/// value(e, v, at=p): e with another value of v, a name, a parameter set or a list of them
FailureOr<Value> Elaborator::valueAt(const BuiltinCall &call) {
  FailureOr<Variables> variables = variablesOf(call, 1, 2);
  if (failed(variables))
    return failure();
  FailureOr<FunctionInstance> instance = lift(*call[0].expr, call.scope, variables->bindings, variables->points);
  if (failed(instance))
    return failure();
  b.location = location(call.where());
  auto operands = operandsOf(*instance, tensorsOf(variables->points), /*freshKey=*/false);
  if (failed(operands))
    return failure();
  b.location = location(call.where());
  auto op = mlir::func::CallOp::create(b.builder, b.location, instance->func, *operands);
  unsigned next = 0;
  Value result =
      mapTensors(instance->result, [&](const Tensor &tensor) { return Tensor{op.getResult(next++), tensor.dims, tensor.arena}; });
  recordUpdates(*instance, op, next);
  return result;
}

/// evaluating(e): e as a prediction has it, within training: `training()` is false, and nets keep their states. All that depends on parameters or states of nets
/// is evaluated anew.
FailureOr<Value> Elaborator::evaluating(const BuiltinCall &call) {
  if (mode != Mode::Train)
    return evaluate(*call[0].expr, call.scope);
  llvm::SaveAndRestore predicting(mode, Mode::Predict);
  llvm::SmallVector<const Binding *> variables;
  std::vector<Value> points;
  auto add = [&](const Binding *root) -> LogicalResult {
    if (!dependsOn(*call[0].expr, call.scope, root))
      return success();
    FailureOr<Tensor> point = toTensor(valueOf(root), call.where());
    if (failed(point))
      return failure();
    variables.push_back(root);
    points.push_back(*point);
    return success();
  };
  for (const ParameterSet &set : sets)
    if (failed(add(set.root)))
      return failure();
  for (const NetState &state : netStates)
    if (failed(add(state.root)))
      return failure();
  FailureOr<FunctionInstance> instance = lift(*call[0].expr, call.scope, variables, points);
  if (failed(instance))
    return failure();
  b.location = location(call.where());
  auto operands = operandsOf(*instance, tensorsOf(points), /*freshKey=*/false);
  if (failed(operands))
    return failure();
  b.location = location(call.where());
  auto op = mlir::func::CallOp::create(b.builder, b.location, instance->func, *operands);
  unsigned next = 0;
  return mapTensors(instance->result, [&](const Tensor &tensor) { return Tensor{op.getResult(next++), tensor.dims, tensor.arena}; });
}

std::vector<LaneAxis> Elaborator::laneAxes() const {
  std::vector<LaneAxis> axes;
  for (const FunctionScope *scope = current; scope; scope = scope->parent)
    if (scope->axis)
      axes.push_back(*scope->axis);
  return axes;
}

/// map(x -> e, xs): e for each x along the first axis of xs, stacked; map((x, y) -> e, (xs, ys)) goes along several, and e may be several.
/// With axis_name="dp", collectives in e name the lanes; values that are then the same in all may be `replicated`: one, or true for some of several.
FailureOr<Value> Elaborator::map(const BuiltinCall &call) {
  FailureOr<std::optional<Value>> function = functionOf(*call[0].expr, call.scope);
  if (failed(function))
    return failure();
  if (!*function)
    return error(call[0].where) << "'map' requires a function x -> e, but got '" << spell(*call[0].expr) << "'";
  auto closure = (*function)->as<Closure>();
  auto list = call[1].value.as<List>();
  size_t count = closure ? closure->lambda->parameters.size() : llvm::isa<TupleExpr>(*call[1].expr) ? list->size() : 1;
  bool isSeveral = count > 1 || (!closure && llvm::isa<TupleExpr>(*call[1].expr));
  if (count > 1 && (!list || list->size() != count))
    return error(call[1].where) << "requires one tensor per argument of the function, " << count << ", but got "
                                << describe(call[1].value);
  std::vector<Value> all, lanes;
  graph::DimAttr size;
  for (size_t i = 0; i < count; ++i) {
    FailureOr<Value> array = toArray(isSeveral ? (*list)[i] : call[1].value, call[1].where);
    if (failed(array))
      return failure();
    graph::Dims dims = arrayType(*array).dims;
    if (dims.empty() || (i > 0 && dims[0] != size))
      return error(call[1].where) << "'map' requires tensors with equal first axes, but got " << (i > 0 ? describe(all[0]) + " and " : "")
                                  << describe(*array);
    size = dims[0];
    all.push_back(*array);
    lanes.push_back(
        mapTensors(*array, [](const Tensor &tensor) { return Tensor{tensor.value, graph::Dims(llvm::drop_begin(tensor.dims)), {}}; }));
  }
  std::optional<LaneAxis> axis;
  if (call.given(2)) {
    auto name = call[2].value.as<StringRef>();
    if (!name || name->empty())
      return error(call[2].where) << "'map' requires 'axis_name' to be a name in quotes, but got " << describe(call[2].value);
    if (llvm::any_of(laneAxes(), [&](const LaneAxis &around) { return around.name == *name; }))
      return error(call[2].where) << "'map' requires another name than '" << *name << "', which a map around it has";
    axis = LaneAxis{name->str(), size};
  }
  FailureOr<FunctionInstance> lifted = lift(**function, lanes, call, "lane", /*mayBeSeveral=*/true, axis);
  if (failed(lifted))
    return failure();
  FunctionInstance &instance = *lifted;
  if (failed(refuseUpdates(instance, blameOf(**function, call), "'map'")))
    return failure();
  b.location = location(call.where());
  std::vector<Tensor> tensors = tensorsOf(all);
  auto operands = operandsOf(instance, tensors, /*freshKey=*/false);
  if (failed(operands))
    return failure();
  b.location = location(call.where());
  llvm::SmallVector<bool> over(operands->size(), false);
  std::fill_n(over.begin(), tensors.size(), true);
  // Each lane draws numbers of its own: a key made of the common one and the number of the lane.
  for (size_t i = 0, place = tensors.size(); i < instance.captures.size(); ++i) {
    if (instance.captures[i]) {
      forEachTensor(*valueOf(instance.captures[i]), [&](const Tensor &) { ++place; });
      continue;
    }
    Tensor key{(*operands)[place], {}, {}}, numbers = b.iota(b.builder.getI64Type(), {size}, 0);
    (*operands)[place] = b.foldIn(b.broadcast(key, {size}), numbers).value;
    over[place++] = true;
  }
  std::vector<Value> values = arraysOf(instance.result);
  std::vector<Value> flags(values.size(), call.given(3) ? call[3].value : Value(false));
  if (auto list = call[3].value.as<List>())
    flags.assign(list->begin(), list->end());
  if (flags.size() != values.size() || !llvm::all_of(flags, [](const Value &flag) { return flag.is<bool>(); }))
    return error(call[3].where) << "'map' requires 'replicated' to be true or false, or a list of these for each value of the function, "
                                << values.size() << ", but got " << describe(call[3].value);
  llvm::SmallVector<bool> replicated; // of each tensor
  std::vector<Tensor> results;
  for (auto [value, flag] : llvm::zip_equal(values, flags))
    forEachTensor(value, [&](const Tensor &lane) {
      Tensor &result = results.emplace_back(lane);
      replicated.push_back(*flag.as<bool>());
      if (!replicated.back())
        result.dims.insert(result.dims.begin(), size);
    });
  auto types = llvm::map_to_vector(results, [](const Tensor &result) -> mlir::Type {
    return graph::typeOf(result.dims, result.elementType());
  });
  auto name = axis ? b.builder.getStringAttr(axis->name) : mlir::StringAttr();
  auto isReplicated = llvm::is_contained(replicated, true) ? b.builder.getDenseBoolArrayAttr(replicated) : mlir::DenseBoolArrayAttr();
  auto op = graph::MapRequestOp::create(b.builder, b.location, types, instance.func.getName(), *operands, over, size, name, isReplicated);
  unsigned next = 0;
  return mapTensors(instance.result, [&](const Tensor &) {
    Tensor &result = results[next];
    result.value = op.getResult(next);
    return replicated[next++] ? result : withoutGaps(result); // lanes of a set are no set
  });
}

/// leafwise(x -> e, set): e for each parameter of a set, in the layout of the set.
FailureOr<Value> Elaborator::leafwise(const BuiltinCall &call) {
  FailureOr<std::optional<Value>> function = functionOf(*call[0].expr, call.scope);
  if (failed(function))
    return failure();
  auto closure = *function ? (*function)->as<Closure>() : nullptr;
  if (!*function || (closure && closure->lambda->parameters.size() != 1))
    return error(call[0].where) << "'leafwise' requires a function x -> e, but got '" << spell(*call[0].expr) << "'";
  SourceRange where = blameOf(**function, call);
  FailureOr<Tensor> whole = toTensor(call[1].value, call[1].where);
  if (failed(whole))
    return failure();
  auto set = llvm::find_if(sets, [&](const ParameterSet &known) { return whole->arena && known.symbol == whole->arena; });
  if (set == sets.end())
    return error(call[1].where) << "'leafwise' requires a parameter set, or a gradient or state of its layout, but got " << describe(call[1].value);
  auto build = [&](const graph::Dims &dims) -> FailureOr<FunctionInstance> {
    Building building(*this, FunctionScope::Lifted, "leaf", where);
    current->label = current->parent->label;
    current->net = current->parent->net;
    b.location = location(where);
    FailureOr<Tensor> value = toTensor(applyToArguments(**function, Value(Tensor{whole->value, dims, {}}), call), where);
    if (failed(value))
      return failure();
    if (value->rank() == 0)
      value = b.broadcast(*value, dims);
    if (value->dims != dims)
      return error(where) << "'leafwise' requires a number or the shape of the parameter, but got " << typeName(*value);
    return finish(*value);
  };
  if (FailureOr<Tensor> together = leafwiseTogether(*whole, *set, build); succeeded(together))
    return Value(*together);

  // What hangs on the shape of a parameter is evaluated for each.
  std::vector<Tensor> leaves;
  for (const ParameterSet::Leaf &leaf : set->leaves) {
    if (!leaf.tied.empty())
      continue;
    b.location = location(call.where());
    Tensor part = b.leaf(*whole, leaf.path, leaf.shape);
    FailureOr<FunctionInstance> instance = build(part.dims);
    FailureOr<Value> value = failed(instance) ? FailureOr<Value>(failure()) : emitCall(*instance, {part}, call.where());
    if (failed(value))
      return failure();
    leaves.push_back(*value->as<Tensor>());
  }
  return Value(leaves.empty() ? *whole : b.pack(*set, leaves));
}

/// The function of one parameter on the whole arena, if it does not hang on the shape of that.
FailureOr<Tensor> Elaborator::leafwiseTogether(const Tensor &whole, const ParameterSet &set,
                                               llvm::function_ref<FailureOr<FunctionInstance>(const graph::Dims &)> build) {
  Diagnostics::Silence silence(diagnostics); // what fails is said about the parameters
  FailureOr<FunctionInstance> instance = build({b.openExtent()});
  if (failed(instance))
    return failure();
  auto operands = operandsOf(*instance, {whole}, /*freshKey=*/true);
  if (failed(operands))
    return failure();
  std::vector<LeafRules::Lifted> arguments = {{LeafRules::Lifted::Whole, whole}};
  for (mlir::Value captured : llvm::drop_begin(*operands)) {
    if (mlir::cast<mlir::RankedTensorType>(captured.getType()).getRank() != 0)
      return failure();
    arguments.push_back({LeafRules::Lifted::Uniform, {captured, {}, {}}});
  }
  FailureOr<std::vector<LeafRules::Lifted>> lifted = LeafRules(b, module, set).lift(instance->func, arguments);
  instance->func.erase();
  return failed(lifted) ? FailureOr<Tensor>(failure()) : Tensor{lifted->front().tensor.value, whole.dims, whole.arena};
}

/// The rule of a fn, as graph.vjp wants it: the fn's arguments, then a cotangent per float result, to a cotangent per float
/// argument. Parameters for which the clause says nothing get zero.
LogicalResult Elaborator::customVjp(const Function &function, FunctionInstance &instance, llvm::ArrayRef<Argument> arguments) {
  const FnDecl &fn = *function.decl;
  std::vector<Value> results;
  std::function<void(const Value &)> collect = [&](const Value &value) {
    if (auto list = value.as<List>())
      llvm::for_each(*list, collect);
    else if (auto tensor = heldTensor(value); tensor && isFloat(*tensor))
      results.push_back(*tensor);
    else if (value.is<Complex>() && hasTensor(value))
      results.push_back(value);
  };
  collect(instance.result);
  if (results.size() != fn.vjp->cotangents.size())
    return error(fn.vjp->range) << "requires one cotangent for each of the " << results.size() << " float results of '"
                                << fn.name.text << "', but got " << fn.vjp->cotangents.size();
  if (fn.vjp->gradients.size() > fn.parameters.size())
    return error(fn.vjp->range) << "requires at most one gradient for each of the " << fn.parameters.size() << " parameters of '"
                                << fn.name.text << "', but got " << fn.vjp->gradients.size();
  for (const Binding *captured : instance.captures)
    if (captured)
      return error(fn.vjp->range) << "requires a fn whose arguments are tensors and numbers, but '" << fn.name.text
                                  << "' was given a function or a net";

  Building building(*this, FunctionScope::Instance, (fn.name.text + ".vjp").str(), fn.vjp->range);
  const Binding *scope = function.scope;
  if (failed(bindParameters(fn.parameters, arguments, scope)))
    return failure();
  std::vector<Tensor> formals = current->arguments;
  if (!instance.captures.empty())
    currentKey();
  for (graph::DimAttr dim : instance.witnessed)
    addArgument(graph::typeOf({dim}, b.builder.getI32Type()), {dim}, {}, b.location);
  for (auto [name, result] : llvm::zip_equal(fn.vjp->cotangents, results))
    scope = bindRoot(name, addArguments(result), scope);

  std::vector<Value> gradients;
  size_t next = 0; // among the formals
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    if (!hasTensor(argument.value))
      continue;
    auto complex = argument.value.as<Complex>();
    if (!heldTensor(argument.value) && !(complex && complex->elementType()))
      return error(fn.vjp->range) << "requires parameters that are tensors or numbers, but '" << fn.parameters[i].name.text << "' is "
                                  << describe(argument.value);
    Value formal = complex ? makeComplex(formals[next], formals[next + 1]) : Value(formals[next]);
    next += complex ? 2 : 1;
    if (!isFloat(formal))
      continue;
    ArrayType type = arrayType(formal);
    bool isGiven = i < fn.vjp->gradients.size();
    SourceRange where = isGiven ? fn.vjp->gradients[i]->range : fn.vjp->range;
    FailureOr<Value> gradient =
        toArray(isGiven ? evaluate(*fn.vjp->gradients[i], scope) : Value(Number::of(int64_t(0))), where, type.element);
    if (failed(gradient))
      return failure();
    if (arrayType(*gradient).dims.empty())
      gradient = mapTensors(*gradient, [&](const Tensor &part) { return b.broadcast(part, type.dims); });
    if (arrayType(*gradient).dims != type.dims)
      return error(where) << "requires the gradient of '" << fn.parameters[i].name.text << "' to be " << typeName(type) << ", but got "
                          << describe(*gradient);
    gradients.push_back(*gradient);
  }
  size_t given = current->captures.size();
  FunctionInstance rule = finish(makeList(std::move(gradients)));
  if (given != instance.captures.size() || !rule.witnessed.empty())
    return error(fn.vjp->range) << "requires the vjp of '" << fn.name.text << "' to draw no random numbers and to use the sizes of '"
                                << fn.name.text << "' only";
  if (rule.func)
    instance.func->setAttr(graph::kVjpAttr, mlir::FlatSymbolRefAttr::get(rule.func.getNameAttr()));
  return success();
}

} // namespace costate::importer
