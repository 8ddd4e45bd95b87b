// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Implicit functions. implicit(x -> R, x) is x, a solution of R(x, p) = 0, with the derivatives by p that the equation itself gives: along a tangent t
// of p it moves by u with R_x u = -R_p t, and a cotangent ct of it is -R_p^T w of p, where R_x^T w = ct. Nothing passes through what has found x.
//
// In the IR it is a call of a function with a rule (graph.vjp), as a fn with a vjp of its own is, so that forward mode, batching and higher orders
// need nothing more. Behind a leading one its functions have the arguments (x, p..), where p are the values that the residual and the solver see:
//
//   @implicit(x, p..)   -> x                     @implicit.vjp: w = @adjoint(ct, x, p..), then -w through graph.vjp of R
//   @tangent(b, x, p..) -> u with R_x u = b      @tangent.vjp:  w = @adjoint(ct, x, p..), then -w through graph.vjp of R_x u, and w for b
//   @adjoint(b, x, p..) -> w with R_x^T w = b    @adjoint.vjp:  u = @tangent(ct, x, p..), then -u through graph.vjp of R_x^T w, and u for b
#include "costate/frontends/Elaborator.h"

#include "llvm/ADT/SetVector.h"

namespace costate::importer {

using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

static bool isFloat(const Tensor &tensor) { return mlir::isa<mlir::FloatType>(tensor.elementType()); }

/// Writes the functions of one call.
class ImplicitFunction {
public:
  ImplicitFunction(Elaborator &e, const BuiltinCall &call, const Tensor &solution, const Argument &solver)
      : e(e), b(e.b), call(call), solution(solution), solver(solver) {}

  FailureOr<Value> build(const Value &residual);

private:
  /// The arguments of a function that is being written.
  struct Arguments {
    Tensor leading; // none in @implicit
    Tensor x;
    std::vector<Tensor> shared; // x, p..
  };
  using Fill = llvm::function_ref<FailureOr<std::vector<Tensor>>(const Arguments &)>;

  FailureOr<FunctionInstance> liftResidual(const Value &residual);
  FailureOr<FunctionInstance> liftSystem(StringRef library, const Value &residual);
  void share(const FunctionInstance &instance);
  FailureOr<Arguments> open(bool hasLeading);
  FailureOr<mlir::func::FuncOp> define(StringRef name, bool hasLeading, Fill fill);
  using FillRule = llvm::function_ref<FailureOr<std::vector<Tensor>>(const Arguments &, const Tensor &cotangent)>;
  LogicalResult addRule(mlir::func::FuncOp function, bool hasLeading, FillRule fill);
  /// R_x v, or R_x^T v, of the leading argument v
  FailureOr<std::vector<Tensor>> linearized(const Arguments &arguments, bool isTransposed);

  Tensor callOn(mlir::func::FuncOp function, const Tensor *leading, const Arguments &arguments);
  /// The cotangents of the shared arguments, of a function that has taken `operands`, for that of its result. Those of x are wanted or zero.
  std::vector<Tensor> pullBack(mlir::func::FuncOp function, llvm::ArrayRef<mlir::Value> operands, const Tensor &cotangent,
                               const Arguments &arguments, bool wantsX);
  /// A value of x's type that is no parameter set.
  Tensor plain() const { return {solution.value, solution.dims, {}}; }
  Tensor zerosLike(const Tensor &like) { return b.full(like.elementType(), like.dims, Number::of(int64_t(0))); }

  Elaborator &e;
  TensorBuilder &b;
  const BuiltinCall &call;
  Tensor solution;
  Argument solver;
  FunctionInstance residual;
  llvm::SetVector<const Binding *> captures; // of all functions; null: the key of random draws
  llvm::SetVector<StringRef> sizes;          // names that no argument has as an extent, each given by a witness (Elaborator::finish)
};

FailureOr<FunctionInstance> ImplicitFunction::liftResidual(const Value &function) {
  FailureOr<FunctionInstance> lifted = e.lift(function, {Value(solution)}, call, "residual");
  if (failed(lifted) || failed(e.refuseUpdates(*lifted, e.blameOf(function, call), "'implicit'")))
    return failure();
  auto result = lifted->result.as<Tensor>();
  if (!result || result->dims != solution.dims || result->elementType() != solution.elementType())
    return e.error(e.blameOf(function, call)) << "'" << call.builtin.name << "' requires a residual of the type of 'x', "
                                              << typeName(solution) << ", but got " << describe(lifted->result);
  return lifted;
}

/// (b, x) -> the solution of a linear system in R_x, by a fn of the library that hands R_x to the solver.
FailureOr<FunctionInstance> ImplicitFunction::liftSystem(StringRef library, const Value &function) {
  SourceRange where = call.where();
  Elaborator::Building building(e, FunctionScope::Lifted, library, where);
  e.current->label = e.current->parent->label;
  e.current->net = e.current->parent->net;
  b.location = e.location(where);
  Tensor rhs = e.addArgument(plain()), x = e.addArgument(solution);
  std::vector<Argument> arguments = {{function, where}, {Value(x), where}, {Value(rhs), where}, solver};
  FailureOr<Tensor> result = e.toTensor(e.callLibrary(library, std::move(arguments), where), where);
  if (failed(result))
    return failure();
  if (result->dims != solution.dims || result->elementType() != solution.elementType())
    return e.error(solver.where) << "requires a linear solver to give a solution of the type of what it solves for, " << typeName(solution)
                                 << ", but got " << typeName(*result);
  return e.finish(Value(*result));
}

void ImplicitFunction::share(const FunctionInstance &instance) {
  captures.insert(instance.captures.begin(), instance.captures.end());
  for (graph::DimAttr dim : instance.witnessed)
    sizes.insert(*dim.symbol());
}

FailureOr<ImplicitFunction::Arguments> ImplicitFunction::open(bool hasLeading) {
  Arguments arguments;
  b.location = e.location(call.where());
  if (hasLeading)
    arguments.leading = e.addArgument(plain());
  size_t first = e.current->arguments.size();
  arguments.x = e.addArgument(solution);
  for (StringRef name : sizes)
    e.addArgument(graph::typeOf({b.dim(name)}, b.builder.getI32Type()), {b.dim(name)}, {}, b.location);
  for (const Binding *binding : captures) {
    if (!binding)
      e.currentKey();
    else if (failed(e.capture(binding)))
      return failure();
  }
  b.location = e.location(call.where());
  arguments.shared.assign(e.current->arguments.begin() + first, e.current->arguments.end());
  return arguments;
}

FailureOr<mlir::func::FuncOp> ImplicitFunction::define(StringRef name, bool hasLeading, Fill fill) {
  Elaborator::Building building(e, FunctionScope::Lifted, name, call.where());
  FailureOr<Arguments> arguments = open(hasLeading);
  auto results = failed(arguments) ? FailureOr<std::vector<Tensor>>(failure()) : fill(*arguments);
  if (failed(results))
    return failure();
  FunctionInstance instance = e.finish(makeList(std::vector<Value>(results->begin(), results->end())));
  assert(instance.witnessed.empty() && "all names are arguments");
  return instance.func;
}

LogicalResult ImplicitFunction::addRule(mlir::func::FuncOp function, bool hasLeading, FillRule fill) {
  auto rule = define((function.getName() + ".vjp").str(), hasLeading,
                     [&](const Arguments &arguments) { return fill(arguments, e.addArgument(plain())); });
  if (failed(rule))
    return failure();
  function->setAttr(graph::kVjpAttr, mlir::FlatSymbolRefAttr::get(rule->getNameAttr()));
  return success();
}

Tensor ImplicitFunction::callOn(mlir::func::FuncOp function, const Tensor *leading, const Arguments &arguments) {
  llvm::SmallVector<mlir::Value> operands;
  if (leading)
    operands.push_back(leading->value);
  for (const Tensor &argument : arguments.shared)
    operands.push_back(argument.value);
  auto op = mlir::func::CallOp::create(b.builder, b.location, function, operands);
  return {op.getResult(0), solution.dims, {}};
}

std::vector<Tensor> ImplicitFunction::pullBack(mlir::func::FuncOp function, llvm::ArrayRef<mlir::Value> operands, const Tensor &cotangent,
                                               const Arguments &arguments, bool wantsX) {
  llvm::SmallVector<int64_t> wrt;
  llvm::SmallVector<mlir::Type> types(function.getResultTypes());
  llvm::DenseMap<mlir::Value, unsigned> place; // among the results
  for (const Tensor &argument : arguments.shared)
    if (isFloat(argument) && (wantsX || argument.value != arguments.x.value))
      if (auto found = llvm::find(operands, argument.value); found != operands.end())
        wrt.push_back(found - operands.begin());
  llvm::sort(wrt);
  for (int64_t index : wrt) {
    place[operands[index]] = types.size();
    types.push_back(operands[index].getType());
  }
  graph::VjpOp op;
  if (!wrt.empty())
    op = graph::VjpOp::create(b.builder, b.location, types, function.getName(), operands, wrt, cotangent.value);
  std::vector<Tensor> results;
  for (const Tensor &argument : arguments.shared) {
    if (!isFloat(argument))
      continue;
    auto found = place.find(argument.value);
    results.push_back(found == place.end() ? zerosLike(argument) : Tensor{op.getResult(found->second), argument.dims, {}});
  }
  return results;
}

FailureOr<std::vector<Tensor>> ImplicitFunction::linearized(const Arguments &arguments, bool isTransposed) {
  auto operands = e.operandsOf(residual, {arguments.x}, /*freshKey=*/false);
  if (failed(operands))
    return failure();
  mlir::Type type = solution.value.getType();
  mlir::Operation *op;
  if (isTransposed)
    op = graph::VjpOp::create(b.builder, b.location, {type, type}, residual.func.getName(), *operands, llvm::ArrayRef<int64_t>{0},
                              arguments.leading.value);
  else
    op = graph::JvpOp::create(b.builder, b.location, {type, type}, residual.func.getName(), *operands, llvm::ArrayRef<int64_t>{0},
                              arguments.leading.value);
  return std::vector<Tensor>{{op->getResult(1), solution.dims, {}}};
}

FailureOr<Value> ImplicitFunction::build(const Value &function) {
  FailureOr<FunctionInstance> lifted = liftResidual(function);
  if (failed(lifted))
    return failure();
  residual = *lifted;
  auto tangentSystem = liftSystem("_tangent_system", function);
  auto adjointSystem = failed(tangentSystem) ? FailureOr<FunctionInstance>(failure()) : liftSystem("_adjoint_system", function);
  if (failed(adjointSystem))
    return failure();
  for (const FunctionInstance *instance : {&residual, &*tangentSystem, &*adjointSystem})
    share(*instance);

  // The names of dimensions that the shared arguments mention, and those that they bind.
  std::vector<Tensor> shared = {solution};
  for (const Binding *binding : captures) {
    if (!binding)
      continue;
    FailureOr<Value> value = e.valueOf(binding);
    if (failed(value))
      return failure();
    forEachTensor(*value, [&](const Tensor &tensor) { shared.push_back(tensor); });
  }
  for (const Tensor &tensor : shared)
    for (graph::DimAttr dim : tensor.dims)
      dim.walkSymbols([&](StringRef name) { sizes.insert(name); });
  for (const Tensor &tensor : shared)
    for (graph::DimAttr dim : tensor.dims)
      if (std::optional<StringRef> name = dim.symbol())
        sizes.remove(*name);

  auto solve = [&](const FunctionInstance &system) {
    return [&](const Arguments &arguments) -> FailureOr<std::vector<Tensor>> {
      auto operands = e.operandsOf(system, {arguments.leading, arguments.x}, /*freshKey=*/false);
      if (failed(operands))
        return failure();
      auto op = mlir::func::CallOp::create(b.builder, b.location, system.func, *operands);
      return std::vector<Tensor>{{op.getResult(0), solution.dims, {}}};
    };
  };
  auto implicit = define("implicit", /*hasLeading=*/false, [](const Arguments &arguments) { return std::vector<Tensor>{arguments.x}; });
  auto tangent = define("tangent", /*hasLeading=*/true, solve(*tangentSystem));
  auto adjoint = define("adjoint", /*hasLeading=*/true, solve(*adjointSystem));
  auto product =
      define("product", /*hasLeading=*/true, [&](const Arguments &arguments) { return linearized(arguments, /*isTransposed=*/false); });
  auto transposed =
      define("transposed", /*hasLeading=*/true, [&](const Arguments &arguments) { return linearized(arguments, /*isTransposed=*/true); });
  if (failed(implicit) || failed(tangent) || failed(adjoint) || failed(product) || failed(transposed))
    return failure();

  // x stands for the solution as a function of p in its own rule, too: so that this can be differentiated.
  auto rule =
      addRule(*implicit, /*hasLeading=*/false, [&](const Arguments &given, const Tensor &cotangent) -> FailureOr<std::vector<Tensor>> {
        Arguments arguments = given;
        Tensor x = callOn(*implicit, nullptr, given);
        arguments.shared.front() = arguments.x = x;
        Tensor w = b.unary<graph::NegateOp>(callOn(*adjoint, &cotangent, arguments));
        auto operands = e.operandsOf(residual, {x}, /*freshKey=*/false);
        if (failed(operands))
          return failure();
        return pullBack(residual.func, *operands, w, arguments, /*wantsX=*/false);
      });
  // The solution u of A u = b: from its cotangent, that of b solves the transposed system, and that of A is minus its product with u.
  auto addSystemRule = [&](mlir::func::FuncOp system, mlir::func::FuncOp opposite, mlir::func::FuncOp matrix) {
    return addRule(system, /*hasLeading=*/true, [&](const Arguments &arguments, const Tensor &cotangent) -> FailureOr<std::vector<Tensor>> {
      Tensor u = callOn(system, &arguments.leading, arguments), w = callOn(opposite, &cotangent, arguments);
      llvm::SmallVector<mlir::Value> operands{u.value};
      for (const Tensor &argument : arguments.shared)
        operands.push_back(argument.value);
      std::vector<Tensor> results = pullBack(matrix, operands, b.unary<graph::NegateOp>(w), arguments, /*wantsX=*/true);
      results.insert(results.begin(), w);
      return results;
    });
  };
  if (failed(rule) || failed(addSystemRule(*tangent, *adjoint, *product)) || failed(addSystemRule(*adjoint, *tangent, *transposed)))
    return failure();

  b.location = e.location(call.where());
  llvm::SmallVector<mlir::Value> operands{b.unary<graph::StopGradientOp>(solution).value};
  for (StringRef name : sizes)
    operands.push_back(b.iota(b.builder.getI32Type(), {b.dim(name)}, 0).value);
  for (const Binding *binding : captures) {
    if (!binding) {
      operands.push_back(e.currentKey().value);
      continue;
    }
    FailureOr<Value> value = e.valueOf(binding);
    if (failed(value))
      return failure();
    forEachTensor(*value, [&](const Tensor &tensor) { operands.push_back(tensor.value); });
  }
  b.location = e.location(call.where());
  auto op = mlir::func::CallOp::create(b.builder, b.location, *implicit, operands);
  return Value(Tensor{op.getResult(0), solution.dims, solution.arena});
}

FailureOr<Value> Elaborator::implicit(const BuiltinCall &call, const Value &residual, const Tensor &x, const Argument &solver) {
  constexpr llvm::StringLiteral byTheorem = "derivatives by the implicit function theorem; linear systems by ";
  Argument chosen = solver;
  if (!chosen.given()) {
    constexpr int64_t few = 200; // unknowns, for which a matrix is no matter
    auto type = mlir::cast<mlir::RankedTensorType>(x.value.getType());
    bool isSmall = type.hasStaticShape() && type.getNumElements() <= few;
    chosen.value = library.declared.find(isSmall ? "dense_solver" : "lsqr")->second.value;
    std::string count = type.hasStaticShape() ? std::to_string(type.getNumElements()) + " unknowns, " +
                                                    (isSmall ? "at most " : "more than ") + std::to_string(few)
                                              : "how many unknowns there are is not known at import";
    explain(call.where(), llvm::Twine(byTheorem) + (isSmall ? "'dense_solver': " : "'lsqr': ") + count);
  } else {
    auto function = chosen.value.as<Function>();
    explain(call.where(),
            llvm::Twine(byTheorem) + (function ? "'" + function->decl->name.text.str() + "'" : "a function") + ", as it says");
  }
  return ImplicitFunction(*this, call, x, chosen).build(residual);
}

/// implicit(x -> residual, x, solver=lsqr)
FailureOr<Value> Elaborator::implicit(const BuiltinCall &call) {
  FailureOr<Tensor> x = toFloat(call[1].value, call[1].where);
  return failed(x) ? FailureOr<Value>(failure()) : implicit(call, call[0].value, *x, call[2]);
}

} // namespace costate::importer
