// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Optimization problems as expressions. `argmin(e) over x = x0 in S subject to h == 0, g <= 0 with solver(...)` is the call
//
//   minimizer(solver(...), f=x -> e, start=x0, set=S, equal=[x -> h - 0], less=[x -> g - 0])
//
// A solver is a fn of the language. It says by the names of its parameters what it takes of the problem: f, the objective; x, where to begin; project, the
// projection on the set; h and g, the functions that are to be 0 and at most 0. It gives x and, of each of h and g that it takes, the multipliers; what
// follows says how it went.
#include "costate/frontends/Builtins.h"

#include "llvm/ADT/StringExtras.h"

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using llvm::Twine;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;

namespace {

/// A part of a problem, under the name by which solvers take it.
struct Part {
  StringRef name;
  Argument argument; // what stands in for it, if the problem has none
  bool isGiven;
  const char *words; // for messages
};

} // namespace

/// x, a solution of the problem, with the derivatives that its conditions of optimality have.
FailureOr<Value> Elaborator::minimizer(const BuiltinCall &call) {
  enum { Solver, Objective, Start, Set, Equal, Less, Derivative, Linear, Details };
  SourceRange where = call.where();
  FailureOr<Tensor> start = toFloat(call[Start].value, call[Start].where);
  if (failed(start))
    return failure();
  if (auto given = call[Start].value.as<Tensor>(); given && given->elementType() != start->elementType())
    return error(call[Start].where) << "requires what is sought to be of a float type, but got " << describe(call[Start].value);

  StringRef mode = "implicit";
  if (call.given(Derivative)) {
    auto text = call[Derivative].value.as<StringRef>();
    if (!text || !llvm::is_contained({"implicit", "unrolled", "none"}, *text))
      return error(call[Derivative].where) << "requires 'derivative' to be \"implicit\", \"unrolled\" or \"none\", but got "
                                           << describe(call[Derivative].value);
    mode = *text;
  }
  if (mode != "unrolled")
    start = b.unary<graph::StopGradientOp>(*start);

  // Is the problem well posed? What is evaluated for that is dropped again.
  auto isTyped = [&](size_t part, StringRef name, const ArrayType &wanted, const Twine &words) -> LogicalResult {
    Frame frame(*this, name.str(), call[part].where); // a mistake in a fn of the library is one in what this was given
    FailureOr<FunctionInstance> lifted = lift(call[part].value, {Value(*start)}, call, name);
    if (failed(lifted))
      return failure();
    auto value = lifted->result.as<Tensor>();
    bool holds = value && arrayType(*value) == wanted;
    std::string found = describe(lifted->result);
    if (lifted->func)
      lifted->func.erase();
    return holds ? LogicalResult::success() : error(call[part].where) << words << ", but got " << found;
  };
  ArrayType type = arrayType(*start);
  if (failed(isTyped(Objective, "objective", {type.element, {}}, "requires an objective of type " + typeName(type.element) + ", a scalar")))
    return failure();
  if (call.given(Set) && !isFunction(call[Set].value))
    return error(call[Set].where) << "requires a set, a function v -> the nearest point of it, but got " << describe(call[Set].value);
  if (call.given(Set) && failed(isTyped(Set, "projection", type, "requires a set of points of type " + typeName(type))))
    return failure();

  // What the problem lacks is stood in for: the projection on all there is, functions without values.
  auto inLibrary = [&](StringRef name, std::vector<Value> values) -> FailureOr<Value> {
    std::vector<Argument> arguments;
    for (Value &value : values)
      arguments.push_back({std::move(value), where});
    return callLibrary(name, std::move(arguments), where);
  };
  Value f = call[Objective].value;
  FailureOr<Value> project = call.given(Set) ? FailureOr<Value>(call[Set].value) : inLibrary("_everything", {});
  auto stacked = [&](size_t i) { return inLibrary("_stacked", {call.given(i) ? call[i].value : makeList({})}); };
  FailureOr<Value> h = stacked(Equal), g = stacked(Less);
  if (failed(project) || failed(h) || failed(g))
    return failure();
  bool hasSet = call.given(Set), hasEqual = call.given(Equal), hasLess = call.given(Less);
  const Part parts[] = {
      {"f", {f, call[Objective].where}, true, "an objective"},   {"x", {Value(*start), call[Start].where}, true, "a start"},
      {"project", {*project, call[Set].where}, hasSet, "a set"}, {"h", {*h, call[Equal].where}, hasEqual, "equations"},
      {"g", {*g, call[Less].where}, hasLess, "inequalities"},
  };

  // The solver: the library's choice by what there is to observe, or the user's.
  auto *use = llvm::dyn_cast_or_null<CallExpr>(call[Solver].expr);
  StringRef choice = hasEqual || hasLess ? "augmented_lagrangian" : hasSet || start->rank() != 1 ? "projected_gradient" : "lbfgs";
  FailureOr<Value> callee = use ? evaluate(*use->callee, call.scope) : FailureOr<Value>(library.declared.find(choice)->second.value);
  if (failed(callee))
    return failure();
  SourceRange blame = use ? use->callee->range : where;
  auto solver = callee->as<Function>();
  if (!solver)
    return error(blame) << "requires a solver, a fn with 'f' and 'x' among its parameters, but got " << describe(*callee);
  llvm::ArrayRef<Parameter> parameters = solver->decl->parameters;
  auto partOf = [&](const Parameter &parameter) {
    return llvm::find_if(parts, [&](const Part &part) { return part.name == parameter.name.text; });
  };
  for (const Part &part : parts)
    if (part.isGiven && llvm::none_of(parameters, [&](const Parameter &parameter) { return partOf(parameter) == &part; }))
      return error(blame).note(location(part.argument.where), "it stands here")
             << "requires a solver of problems with " << part.words << ", but fn '" << solver->decl->name.text << "' has no parameter '"
             << part.name << "'";
  llvm::SmallVector<Formal> own;
  for (const Parameter &parameter : parameters)
    if (partOf(parameter) == std::end(parts))
      own.push_back({parameter.name.text, !parameter.defaultValue, parameter.name.range});
  std::vector<Argument> given;
  if (use) {
    auto bound = bindArguments(solver->decl->name.text, own, *use, call.scope);
    if (failed(bound))
      return failure();
    given = std::move(*bound);
  } else {
    given.resize(own.size(), {Value(), where});
  }
  std::vector<Argument> arguments;
  auto next = given.begin();
  for (const Parameter &parameter : parameters) {
    const Part *part = partOf(parameter);
    arguments.push_back(part == std::end(parts) ? *next++ : part->argument);
  }
  FailureOr<Value> result = callFunction(*solver, std::move(arguments), where);
  if (failed(result))
    return failure();

  // x, and the multipliers of what the solver takes
  auto list = result->as<List>();
  std::vector<Value> unknowns;
  auto takes = [&](StringRef name) {
    return llvm::any_of(parameters, [&](const Parameter &parameter) { return parameter.name.text == name; });
  };
  for (size_t i = 0, count = 1 + takes("h") + takes("g"); i < count; ++i) {
    if (list ? i >= list->size() : i > 0)
      return error(blame) << "requires a solver to give x and the multipliers of "
                          << (takes("h") && takes("g") ? "'h' and 'g'"
                              : takes("h")             ? "'h'"
                                                       : "'g'")
                          << ", but fn '" << solver->decl->name.text << "' gives " << describe(*result);
    FailureOr<Tensor> tensor = toTensor(list ? (*list)[i] : *result, where);
    if (failed(tensor))
      return failure();
    if (mode != "unrolled")
      tensor = b.unary<graph::StopGradientOp>(*tensor);
    unknowns.push_back(*tensor);
  }
  const Tensor &x = *unknowns.front().as<Tensor>();
  if (x.dims != start->dims || x.elementType() != start->elementType())
    return error(blame) << "requires a solver to give x of the type of its start, " << typeName(*start) << ", but fn '"
                        << solver->decl->name.text << "' gives " << typeName(x);
  FailureOr<bool> hasDetails = flagArgument(*this, call, Details, false);
  if (failed(hasDetails))
    return failure();
  if (mode != "implicit" && !*hasDetails)
    return Value(x);

  // The conditions of optimality, as a function of x or of x and the multipliers in one vector.
  bool isConstrained = unknowns.size() > 1;
  FailureOr<Value> residual = !hasSet && !isConstrained ? inLibrary("_stationarity", {f})
                              : !isConstrained          ? inLibrary("_fixed_point", {f, *project})
                                                        : inLibrary("_kkt", {f, *project, *h, *g, Value(x)});
  if (failed(residual))
    return failure();
  FailureOr<Value> unknown = isConstrained ? inLibrary("pack", {makeList(unknowns)}) : FailureOr<Value>(Value(x));
  if (failed(unknown))
    return failure();
  FailureOr<Value> solution = mode == "implicit" ? implicit(call, *residual, *unknown->as<Tensor>(), call[Linear]) : unknown;
  if (succeeded(solution) && isConstrained)
    solution = inLibrary("_first_part", {*solution, Value(x)});
  if (failed(solution) || !*hasDetails)
    return solution;

  FailureOr<Value> value = apply(f, {*solution}, call), missing = apply(*residual, {*unknown}, call);
  FailureOr<Value> largest = failed(missing) ? FailureOr<Value>(failure()) : inLibrary("_largest", {*missing});
  if (failed(value) || failed(largest))
    return failure();
  Value steps = list && list->size() > unknowns.size() ? (*list)[unknowns.size()] : Value(Number::of(int64_t(0)));
  return makeTuple({*solution, *value, *largest, steps});
}

} // namespace costate::importer
