// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Optimization problems as expressions. `argmin(e) over x = x0 in S subject to h == 0, g <= 0 with solver(...)` is the call
//
//   minimizer(solver(...), f=x -> e, start=x0, set=S, equal=[x -> h - 0], less=[x -> g - 0])
//
// and `argmin(E) over x = x0 in S, y = y0 subject to y in argmin(e) over y in Q subject to h == 0, g <= 0 with solver(...)`
//
//   bilevel(solver(...), F=(x, y) -> E, f=(x, y) -> e, start=[x0, y0], X=S, Y=Q, equal=[(x, y) -> h - 0], less=[(x, y) -> g - 0])
//
// A solver is a fn of the language. It says by the names of its parameters what it takes of the problem: f, the objective; x, where to begin; project, the
// projection on the set; h and g, the functions that are to be 0 and at most 0; of two levels F, f, x, y, the projections X and Y, h and g. It gives x (and y) and,
// of each of h and g that it takes, the multipliers; what follows says how it went. One that takes `watch` is told whether to print what it has after each iteration.
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

/// A part of a problem, under the name by which solvers take it.
struct Part {
  StringRef name;
  Argument argument; // what stands in for it, if the problem has none
  bool isGiven;
  const char *words; // for messages
};

/// What the calls `minimizer` and `bilevel` have in common.
class ProblemCall {
public:
  ProblemCall(Elaborator &e, const BuiltinCall &call) : e(e), call(call) {}

  /// Where the solver begins.
  FailureOr<Tensor> start(const Argument &given);
  /// Is the function of argument `part` one of values of type `wanted` at these points? What is evaluated for that is dropped again.
  LogicalResult requireType(size_t part, llvm::ArrayRef<Value> points, StringRef name, const ArrayType &wanted, const Twine &words);
  LogicalResult requireObjective(size_t part, llvm::ArrayRef<Value> points, const Tensor &x);
  LogicalResult requireSet(size_t part, const Tensor &x);
  FailureOr<Value> inLibrary(StringRef name, std::vector<Value> values);
  /// The projection that argument `part` gives, or that on all there is.
  FailureOr<Value> projection(size_t part) { return call.given(part) ? FailureOr<Value>(call[part].value) : inLibrary("_everything", {}); }
  /// What the solver of argument 0 gives, which is the library's `choice` if there is none: first of all values of the types of `unknowns`, which the solver
  /// calls `names`, then the multipliers of h and g, if it takes them.
  LogicalResult solve(StringRef choice, llvm::ArrayRef<Part> parts, StringRef names, llvm::ArrayRef<Value> unknowns);

  /// What there is to say of another way than the implicit function theorem.
  void explainMode(StringRef mode) {
    e.explain(call.where(), mode == "unrolled" ? "derivatives of the steps of the solver, as it says"
                            : mode == "none"   ? "no derivatives, as it says"
                                               : "no derivatives: nothing is differentiated by a result");
  }

  Elaborator &e;
  const BuiltinCall &call;
  bool isWatched = false;          // is a solver to print what it has after each iteration?
  std::vector<Value> solution;     // what is sought, and the multipliers that there are
  bool hasH = false, hasG = false; // are there multipliers of them?
  Value steps = Number::of(int64_t(0));
};

FailureOr<Tensor> ProblemCall::start(const Argument &given) {
  FailureOr<Tensor> start = e.toFloat(given.value, given.where);
  if (failed(start))
    return failure();
  if (auto tensor = given.value.as<Tensor>(); tensor && tensor->elementType() != start->elementType())
    return e.error(given.where) << "requires what is sought to be of a float type, but got " << describe(given.value);
  return start;
}

LogicalResult ProblemCall::requireType(size_t part, llvm::ArrayRef<Value> points, StringRef name, const ArrayType &wanted,
                                       const Twine &words) {
  Elaborator::Frame frame(e, name.str(), call[part].where); // a mistake in a fn of the library is one in what this was given
  FailureOr<FunctionInstance> lifted = e.lift(call[part].value, points, call, name);
  if (failed(lifted))
    return failure();
  auto value = lifted->result.as<Tensor>();
  bool holds = value && arrayType(*value) == wanted;
  std::string found = describe(lifted->result);
  if (lifted->func)
    lifted->func.erase();
  return holds ? LogicalResult::success() : e.error(call[part].where) << words << ", but got " << found;
}

LogicalResult ProblemCall::requireObjective(size_t part, llvm::ArrayRef<Value> points, const Tensor &x) {
  ArrayType scalar{x.elementType(), {}};
  return requireType(part, points, "objective", scalar, "requires an objective of type " + typeName(scalar.element) + ", a scalar");
}

LogicalResult ProblemCall::requireSet(size_t part, const Tensor &x) {
  if (!call.given(part))
    return mlir::success();
  if (!isFunction(call[part].value))
    return e.error(call[part].where) << "requires a set, a function v -> the nearest point of it, but got " << describe(call[part].value);
  return requireType(part, {Value(x)}, "projection", arrayType(x), "requires a set of points of type " + typeName(arrayType(x)));
}

FailureOr<Value> ProblemCall::inLibrary(StringRef name, std::vector<Value> values) {
  std::vector<Argument> arguments;
  for (Value &value : values)
    arguments.push_back({std::move(value), call.where()});
  return e.callLibrary(name, std::move(arguments), call.where());
}

LogicalResult ProblemCall::solve(StringRef choice, llvm::ArrayRef<Part> parts, StringRef names, llvm::ArrayRef<Value> unknowns) {
  SourceRange where = call.where();
  auto *use = llvm::dyn_cast_or_null<CallExpr>(call[0].expr);
  FailureOr<Value> callee = use ? e.evaluate(*use->callee, call.scope) : FailureOr<Value>(e.library.declared.find(choice)->second.value);
  if (failed(callee))
    return failure();
  SourceRange blame = use ? use->callee->range : where;
  auto solver = callee->as<Function>();
  if (!solver)
    return e.error(blame) << "requires a solver, a fn with 'f' and 'x' among its parameters, but got " << describe(*callee);
  StringRef name = solver->decl->name.text;
  llvm::ArrayRef<Parameter> parameters = solver->decl->parameters;
  auto partOf = [&](const Parameter &parameter) {
    return llvm::find_if(parts, [&](const Part &part) { return part.name == parameter.name.text; });
  };
  for (const Part &part : parts)
    if (part.isGiven && llvm::none_of(parameters, [&](const Parameter &parameter) { return partOf(parameter) == &part; }))
      return e.error(blame).note(e.location(part.argument.where), "it stands here")
             << "requires a solver of problems with " << part.words << ", but fn '" << name << "' has no parameter '" << part.name << "'";

  // The arguments that are its own are those of `use`.
  llvm::SmallVector<Formal> own;
  for (const Parameter &parameter : parameters)
    if (partOf(parameter) == parts.end())
      own.push_back({parameter.name.text, !parameter.defaultValue, parameter.name.range});
  std::vector<Argument> given(own.size(), {Value(), where});
  if (use) {
    auto bound = e.bindArguments(name, own, *use, call.scope);
    if (failed(bound))
      return failure();
    given = std::move(*bound);
  }
  for (auto [formal, argument] : llvm::zip_equal(own, given))
    if (isWatched && formal.name == "watch" && !argument.given())
      argument.value = Value(true);
  std::vector<Argument> arguments;
  auto next = given.begin();
  for (const Parameter &parameter : parameters) {
    const Part *part = partOf(parameter);
    arguments.push_back(part == parts.end() ? *next++ : part->argument);
  }
  std::vector<StringRef> has;
  for (const Part &part : parts)
    if (part.isGiven && !llvm::is_contained({"F", "f", "x", "y"}, part.name))
      has.push_back(part.words);
  e.explain(where, Twine(unknowns.size() > 1 ? "a problem of two levels" : "a problem") +
                       (has.empty() ? "" : " with " + llvm::join(has, " and ")) + ", solved by '" + name + "'" +
                       (use ? ", as it says" : ""));
  FailureOr<Value> result = e.callFunction(*solver, std::move(arguments), where);
  if (failed(result))
    return failure();

  auto takes = [&](StringRef name) {
    return llvm::any_of(parameters, [&](const Parameter &parameter) { return parameter.name.text == name; });
  };
  hasH = takes("h");
  hasG = takes("g");
  auto list = result->as<List>();
  size_t count = unknowns.size() + hasH + hasG;
  if (list ? list->size() < count : count > 1)
    return e.error(blame) << "requires a solver to give " << names
                          << (hasH && hasG ? " and the multipliers of 'h' and 'g'"
                              : hasH       ? " and the multipliers of 'h'"
                              : hasG       ? " and the multipliers of 'g'"
                                           : "")
                          << ", but fn '" << name << "' gives " << describe(*result);
  for (size_t i = 0; i < count; ++i) {
    FailureOr<Tensor> tensor = e.toTensor(list ? (*list)[i] : *result, where);
    if (failed(tensor))
      return failure();
    solution.push_back(*tensor);
    if (i >= unknowns.size())
      continue;
    const Tensor &wanted = *unknowns[i].as<Tensor>();
    if (tensor->dims != wanted.dims || tensor->elementType() != wanted.elementType())
      return e.error(blame) << "requires a solver to give " << names << " of the type of its start, " << typeName(wanted) << ", but fn '"
                            << name << "' gives " << typeName(*tensor);
  }
  if (list && list->size() > count)
    steps = (*list)[count];
  return mlir::success();
}

void Elaborator::explain(SourceRange where, const Twine &text) {
  std::string line;
  llvm::raw_string_ostream stream(line);
  if (auto place = mlir::dyn_cast<mlir::FileLineColLoc>(diagnostics.location(where)))
    stream << place.getFilename().getValue() << ":" << place.getLine() << ":" << place.getColumn() << ": ";
  stream << text;
  if (!llvm::is_contained(explanations, line)) // an entry may be elaborated more than once
    explanations.push_back(line);
}

static FailureOr<StringRef> derivativeMode(Elaborator &e, const BuiltinCall &call, size_t i, llvm::ArrayRef<StringRef> modes,
                                           StringRef absent) {
  if (!call.given(i))
    return absent;
  auto text = call[i].value.as<StringRef>();
  if (text && llvm::is_contained(modes, *text))
    return *text;
  return e.error(call[i].where) << "requires 'derivative' to be \"" << llvm::join(modes.drop_back(), "\", \"") << "\" or \"" << modes.back()
                                << "\", but got " << describe(call[i].value);
}

/// x, a solution of the problem, with the derivatives that its conditions of optimality have.
static FailureOr<Value> minimizer(Elaborator &e, const BuiltinCall &call) {
  enum { Solver, Objective, Start, Set, Equal, Less, Derivative, Linear, Details };
  ProblemCall problem(e, call);
  FailureOr<Tensor> start = problem.start(call[Start]);
  FailureOr<bool> hasDetails = flagArgument(e, call, Details, false);
  FailureOr<StringRef> mode = derivativeMode(e, call, Derivative, {"implicit", "unrolled", "none"}, "implicit");
  if (failed(start) || failed(hasDetails) || failed(mode))
    return failure();
  problem.isWatched = *hasDetails && e.watch;
  if (*mode != "unrolled")
    start = e.b.unary<graph::StopGradientOp>(*start);
  if (failed(problem.requireObjective(Objective, {Value(*start)}, *start)) || failed(problem.requireSet(Set, *start)))
    return failure();

  // What the problem lacks is stood in for: the projection on all there is, functions without values.
  Value f = call[Objective].value;
  auto stacked = [&](size_t i) { return problem.inLibrary("_stacked", {call.given(i) ? call[i].value : makeList({})}); };
  FailureOr<Value> project = problem.projection(Set), h = stacked(Equal), g = stacked(Less);
  if (failed(project) || failed(h) || failed(g))
    return failure();
  bool hasSet = call.given(Set), hasEqual = call.given(Equal), hasLess = call.given(Less);
  const Part parts[] = {
      {"f", {f, call[Objective].where}, true, "an objective"},   {"x", {Value(*start), call[Start].where}, true, "a start"},
      {"project", {*project, call[Set].where}, hasSet, "a set"}, {"h", {*h, call[Equal].where}, hasEqual, "equations"},
      {"g", {*g, call[Less].where}, hasLess, "inequalities"},
  };
  StringRef choice = hasEqual || hasLess ? "augmented_lagrangian" : hasSet || start->rank() != 1 ? "projected_gradient" : "lbfgs";
  if (failed(problem.solve(choice, parts, "x", {Value(*start)})))
    return failure();

  std::vector<Value> &unknowns = problem.solution;
  if (*mode != "unrolled")
    for (Value &unknown : unknowns)
      unknown = e.b.unary<graph::StopGradientOp>(*unknown.as<Tensor>());
  Value x = unknowns.front();
  if (*mode != "implicit")
    problem.explainMode(*mode);
  if (*mode != "implicit" && !*hasDetails)
    return x;

  // The conditions of optimality, as a function of x or of x and the multipliers in one vector.
  bool isConstrained = unknowns.size() > 1;
  FailureOr<Value> residual = !hasSet && !isConstrained ? problem.inLibrary("_stationarity", {f})
                              : !isConstrained          ? problem.inLibrary("_fixed_point", {f, *project})
                                                        : problem.inLibrary("_kkt", {f, *project, *h, *g, x});
  if (failed(residual))
    return failure();
  FailureOr<Value> unknown = isConstrained ? problem.inLibrary("pack", {makeList(unknowns)}) : FailureOr<Value>(x);
  if (failed(unknown))
    return failure();
  FailureOr<Value> solution = *mode == "implicit" ? e.implicit(call, *residual, *unknown->as<Tensor>(), call[Linear]) : unknown;
  if (succeeded(solution) && isConstrained)
    solution = problem.inLibrary("_first_part", {*solution, x});
  if (failed(solution) || !*hasDetails)
    return solution;

  FailureOr<Value> value = e.apply(f, {*solution}, call), missing = e.apply(*residual, {*unknown}, call);
  FailureOr<Value> largest = failed(missing) ? FailureOr<Value>(failure()) : problem.inLibrary("_largest", {*missing});
  if (failed(value) || failed(largest))
    return failure();
  return makeTuple({*solution, *value, *largest, problem.steps});
}

/// x and y in one vector: y is a solution of the lower level at x, and F is least among such. The residual is that of both levels.
static FailureOr<Value> bilevel(Elaborator &e, const BuiltinCall &call) {
  enum { Solver, Upper, Lower, Starts, UpperSet, LowerSet, Equal, Less, Derivative, Details };
  ProblemCall problem(e, call);
  auto starts = call[Starts].value.as<List>();
  if (!starts || starts->size() != 2)
    return argumentError(e, call, Starts, "a list of two arrays");
  FailureOr<bool> hasDetails = flagArgument(e, call, Details, false);
  FailureOr<StringRef> mode = derivativeMode(e, call, Derivative, {"unrolled", "none"}, "");
  FailureOr<Tensor> x = problem.start({(*starts)[0], call[Starts].where}), y = problem.start({(*starts)[1], call[Starts].where});
  if (failed(hasDetails) || failed(mode) || failed(x) || failed(y))
    return failure();
  if (mode->empty() && !*hasDetails)
    return e.error(call.where()) << "requires 'derivative=\"unrolled\"' or 'derivative=\"none\"' of a problem of two levels: its solution "
                                    "has no derivative by the "
                                    "implicit function theorem";
  problem.isWatched = *hasDetails && e.watch;
  bool isStopped = *mode != "unrolled";
  if (isStopped) {
    x = e.b.unary<graph::StopGradientOp>(*x);
    y = e.b.unary<graph::StopGradientOp>(*y);
  }
  Value points[] = {Value(*x), Value(*y)};
  if (failed(problem.requireObjective(Upper, points, *x)) || failed(problem.requireObjective(Lower, points, *x)) ||
      failed(problem.requireSet(UpperSet, *x)) || failed(problem.requireSet(LowerSet, *y)))
    return failure();

  auto stacked = [&](size_t i) { return problem.inLibrary("_stacked_of_two", {call.given(i) ? call[i].value : makeList({})}); };
  FailureOr<Value> upperSet = problem.projection(UpperSet), lowerSet = problem.projection(LowerSet), h = stacked(Equal), g = stacked(Less);
  if (failed(upperSet) || failed(lowerSet) || failed(h) || failed(g))
    return failure();
  const Part parts[] = {
      {"F", {call[Upper].value, call[Upper].where}, true, "two levels"},
      {"f", {call[Lower].value, call[Lower].where}, true, "a lower level"},
      {"x", {points[0], call[Starts].where}, true, "a start"},
      {"y", {points[1], call[Starts].where}, true, "a start of the lower level"},
      {"X", {*upperSet, call[UpperSet].where}, call.given(UpperSet), "a set of the upper level"},
      {"Y", {*lowerSet, call[LowerSet].where}, call.given(LowerSet), "a set of the lower level"},
      {"h", {*h, call[Equal].where}, call.given(Equal), "equations"},
      {"g", {*g, call[Less].where}, call.given(Less), "inequalities"},
  };
  if (failed(problem.solve("hypergradient", parts, "x and y", points)))
    return failure();
  problem.explainMode(*mode);
  std::vector<Value> &found = problem.solution;
  if (isStopped)
    for (Value &value : found)
      value = e.b.unary<graph::StopGradientOp>(*value.as<Tensor>());
  FailureOr<Value> point = problem.inLibrary("pack", {makeList({found[0], found[1]})});
  if (failed(point) || !*hasDetails)
    return point;
  FailureOr<Value> value = e.apply(call[Upper].value, {found[0], found[1]}, call);
  FailureOr<Value> nu =
      problem.hasH ? FailureOr<Value>(found[2]) : e.apply(*h, {found[0], found[1]}, call); // those of no equations are none
  FailureOr<Value> lam = problem.hasG ? FailureOr<Value>(found.back()) : e.apply(*g, {found[0], found[1]}, call);
  if (failed(value) || failed(nu) || failed(lam))
    return failure();
  FailureOr<Value> missing =
      problem.inLibrary("_two_levels", {call[Upper].value, call[Lower].value, *upperSet, *lowerSet, *h, *g, found[0], found[1], *nu, *lam});
  FailureOr<Value> residual = failed(missing) ? FailureOr<Value>(failure()) : problem.inLibrary("_largest", {*missing});
  if (failed(residual))
    return failure();
  return makeTuple({*point, *value, *residual, problem.steps});
}

llvm::ArrayRef<Builtin> problemBuiltins() {
  static constexpr Builtin table[] = {
      {"minimizer", "solver?, f, start, set?, equal?, less?, derivative?, linear?, details?", minimizer, /*lazy=*/true},
      {"bilevel", "solver?, F, f, start, X?, Y?, equal?, less?, derivative?, details?", bilevel, /*lazy=*/true},
  };
  return table;
}

} // namespace costate::importer
