// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Errors, expressions, the statements of bodies, shapes and types.
#include "costate/frontends/Elaborator.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>
#include <limits>

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

/// Evaluations nest at most so deep: calls of calls of deep expressions must not overflow the stack.
constexpr unsigned maxDepth = 1000;

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

bool Elaborator::isOfUser(SourceRange range) const {
  const Module *module = moduleOf.lookup(range.file);
  return module && module != &library;
}

mlir::Location Elaborator::placeOfEvaluation(SourceRange where) const {
  mlir::Location place = location(where);
  if (rounds.empty())
    return place;
  std::string name = "round " + llvm::join(llvm::map_range(rounds, [](unsigned round) { return std::to_string(round); }), ".");
  return mlir::NameLoc::get(mlir::StringAttr::get(place.getContext(), name), place);
}

Failure Elaborator::error(SourceRange where) {
  auto own = calls.rbegin(); // the innermost call that the user has written, if the mistake shows in the library
  while (own != calls.rend() && !isOfUser(own->where))
    ++own;
  bool isOwn = isOfUser(where) || own == calls.rend();
  return Failure(diagnostics.error(isOwn ? where : own->where), [this, where, isOwn](mlir::InFlightDiagnostic &diagnostic) {
    constexpr size_t shown = 8;
    if (!isOwn)
      diagnostic.attachNote(location(where)) << "it is required here";
    for (size_t i = 0; i < std::min(shown, calls.size()); ++i) {
      const CallFrame &frame = calls[calls.size() - 1 - i];
      diagnostic.attachNote(location(frame.where)) << "in the call of '" << frame.callee << "'";
    }
  });
}

LogicalResult Elaborator::requireShape(llvm::ArrayRef<graph::DimAttr> dims, SourceRange where) {
  if (!b.isOpen(dims))
    return success();
  return error(where) << "requires the shape of a parameter, which is open here";
}

LogicalResult Elaborator::requireShape(const List &sizes, SourceRange where) {
  graph::Dims dims;
  for (const Value &size : sizes)
    if (auto dim = size.as<Dimension>())
      dims.push_back(*dim);
  return requireShape(dims, where);
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

FailureOr<Value> Elaborator::evaluate(const Expr &e, const Binding *scope) {
  if (observer && observer->isCancelled())
    return failure();
  if (depth >= maxDepth)
    return error(e.range) << "requires at most " << maxDepth << " nested evaluations; split the expression or the calls";
  ++depth;
  auto leave = llvm::scope_exit([&] { --depth; });
  b.location = location(e.range);

  auto elements = [&](const std::vector<ExprPtr> &list) -> FailureOr<std::vector<Value>> {
    std::vector<Value> values;
    for (const ExprPtr &element : list) {
      FailureOr<Value> value = evaluate(*element, scope);
      if (failed(value))
        return failure();
      values.push_back(*value);
    }
    return values;
  };
  switch (e.kind) {
  case Expr::Number: {
    auto &number = llvm::cast<NumberExpr>(e);
    Number value{number.isInteger, number.integer, number.real};
    return number.isImaginary ? makeComplex(Number::of(int64_t(0)), value) : Value(value);
  }
  case Expr::String:
    return Value(llvm::cast<StringExpr>(e).value);
  case Expr::Bool:
    return Value(llvm::cast<BoolExpr>(e).value);
  case Expr::Reference:
    return evaluateReference(llvm::cast<ReferenceExpr>(e), scope);
  case Expr::List:
  case Expr::Tuple: {
    bool isTuple = e.kind == Expr::Tuple;
    auto values = elements(isTuple ? llvm::cast<TupleExpr>(e).elements : llvm::cast<ListExpr>(e).elements);
    return failed(values) ? FailureOr<Value>(failure()) : isTuple ? makeTuple(std::move(*values)) : makeList(std::move(*values));
  }
  case Expr::Unary: {
    auto &operation = llvm::cast<UnaryExpr>(e);
    FailureOr<Value> operand = evaluate(*operation.operand, scope);
    b.location = location(operation.op.range);
    if (failed(operand))
      return failure();
    return unary(operation.op.text, *operand, operation.range);
  }
  case Expr::Binary: {
    auto &operation = llvm::cast<BinaryExpr>(e);
    FailureOr<Value> lhs = evaluate(*operation.lhs, scope);
    FailureOr<Value> rhs = failed(lhs) ? FailureOr<Value>(failure()) : evaluate(*operation.rhs, scope);
    if (failed(rhs))
      return failure();
    b.location = location(operation.op.range);
    return binary(operation.op.text, *lhs, *rhs, operation.op.range, operation.lhs->range, operation.rhs->range);
  }
  case Expr::Call:
    return call(llvm::cast<CallExpr>(e), scope);
  case Expr::Index: {
    auto &operation = llvm::cast<IndexExpr>(e);
    FailureOr<Value> base = evaluate(*operation.base, scope);
    if (failed(base))
      return failure();
    auto looksInside = [](const IndexExpr::Subscript &s) { return s.kind == IndexExpr::Subscript::Element || s.kind == IndexExpr::Subscript::Slice; };
    if ((base->is<Number>() || base->is<bool>()) && llvm::any_of(operation.subscripts, looksInside))
      return error(operation.base->range) << "requires a list or a tensor before '[', but got " << describe(*base);
    return index(operation, *base, scope);
  }
  case Expr::Write:
    return write(llvm::cast<WriteExpr>(e), scope);
  case Expr::Member:
    return member(llvm::cast<MemberExpr>(e), scope);
  case Expr::Comprehension:
    return evaluateComprehension(llvm::cast<ComprehensionExpr>(e), scope);
  case Expr::Lambda:
    return Value(Closure{&llvm::cast<LambdaExpr>(e), scope});
  case Expr::Loop:
    return evaluateLoop(llvm::cast<LoopExpr>(e), scope);
  case Expr::Branch:
    return evaluateBranch(llvm::cast<BranchExpr>(e), scope);
  }
  return failure();
}

FailureOr<Tensor> Elaborator::evaluateTensor(const Expr &e, const Binding *scope) {
  FailureOr<Value> value = evaluate(e, scope);
  if (failed(value))
    return failure();
  return toTensor(*value, e.range);
}

FailureOr<Number> Elaborator::evaluateNumber(const Expr &e, const Binding *scope, StringRef what) {
  FailureOr<Value> value = evaluate(e, scope);
  if (failed(value))
    return failure();
  if (auto number = value->as<Number>())
    return *number;
  return error(e.range) << "requires " << what << " to be a number known at import, but got " << describe(*value);
}

FailureOr<Value> Elaborator::evaluateReference(const ReferenceExpr &e, const Binding *scope) {
  reference = e.range;
  if (const Binding *binding = lookup(e.name, scope)) {
    FailureOr<Value> value = valueOf(binding);
    if (succeeded(value))
      observe(e.range, binding, *value);
    return value;
  }
  if (std::optional<Module::Declared> declared = findDeclared(e.name, e.range)) {
    FailureOr<Value> value = valueOf(*declared);
    if (succeeded(value) && declared->constant)
      observe(e.range, declared->constant, *value);
    return value;
  }
  if (std::optional<mlir::Type> type = elementType(e.name))
    return Value(*type);
  if (e.name == "pi")
    return Value(Number::of(std::acos(-1.0)));
  if (e.name == "inf")
    return Value(Number::of(std::numeric_limits<double>::infinity()));
  if (e.name == "nan")
    return Value(Number::of(std::numeric_limits<double>::quiet_NaN()));

  if (StringRef advice = adviceForName(e.name); !advice.empty())
    return error(e.range) << "unknown name '" << e.name << "'; " << advice;
  for (const Binding &elsewhere : llvm::reverse(bindings)) { // in the step that is evaluated, or one like it
    const Binding *start = elsewhere.name == e.name && current->bodyStart ? &elsewhere : nullptr;
    while (start && start != current->bodyStart)
      start = start->previous;
    if (start)
      return (error(e.range) << "unknown name '" << e.name << "'; a name lasts from the line that binds it to the end of the step, branch or loop around that")
          .note(location(elsewhere.where), "it is bound here");
  }
  std::vector<StringRef> candidates = library.publicNames();
  for (const Binding *b = scope; b; b = b->previous)
    candidates.push_back(b->name);
  if (const Module *module = moduleOf.lookup(e.range.file))
    for (const auto &[name, declared] : module->declared) {
      candidates.push_back(name);
      auto imported = declared.value.as<const Module *>();
      if (imported && llvm::is_contained((*imported)->publicNames(), e.name))
        return error(e.range) << "unknown name '" << e.name << "'; write '" << name << "." << e.name << "' for that of the imported file";
    }
  for (llvm::ArrayRef<Builtin> table : builtins)
    for (const Builtin &builtin : table)
      candidates.push_back(builtin.name);
  llvm::sort(candidates); // a suggestion must not depend on the order of a hash table
  StringRef nearest = nearestName(e.name, candidates);
  if (nearest.empty())
    return error(e.range) << "unknown name '" << e.name << "'";
  return error(e.range) << "unknown name '" << e.name << "'; did you mean '" << nearest << "'?";
}

FailureOr<Value> Elaborator::evaluateComprehension(const ComprehensionExpr &e, const Binding *scope) {
  FailureOr<Value> list = evaluate(*e.list, scope);
  if (failed(list))
    return failure();
  if (!list->is<List>())
    return error(e.list->range) << "requires a list after 'in', but got " << describe(*list);
  if (failed(requireShape(*list->as<List>(), e.list->range)))
    return failure();
  std::vector<Value> values;
  rounds.push_back(0);
  auto leave = llvm::scope_exit([&] { rounds.pop_back(); });
  for (auto [round, element] : llvm::enumerate(*list->as<List>())) {
    rounds.back() = round;
    FailureOr<std::vector<const Binding *>> names = bindElement(e.names, element, e.list->range, scope);
    if (failed(names))
      return failure();
    if (e.condition) {
      FailureOr<Value> isTaken = evaluate(*e.condition, names->back());
      if (failed(isTaken))
        return failure();
      if (!isTaken->is<bool>())
        return error(e.condition->range) << "requires a condition known at import, but got " << describe(*isTaken);
      if (!*isTaken->as<bool>())
        continue;
    }
    FailureOr<Value> value = evaluate(*e.element, names->back());
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  return makeList(std::move(values));
}

/// Binds the names of a loop to one element: the whole, or its parts if there are several names.
FailureOr<std::vector<const Binding *>> Elaborator::bindElement(llvm::ArrayRef<Name> names, const Value &element, SourceRange where,
                                                                const Binding *scope) {
  std::vector<const Binding *> bound;
  auto bindOne = [&](Name name, const Value &value) {
    scope = hasTensor(value) ? bindRoot(name, value, scope) : bindStatic(name, value, scope);
    bound.push_back(scope);
  };
  if (names.size() == 1) {
    bindOne(names[0], element);
    return bound;
  }
  auto parts = element.as<List>();
  if (!parts || parts->size() != names.size())
    return error(where) << "requires elements of " << names.size() << " parts, but got " << describe(element);
  for (auto [name, part] : llvm::zip_equal(names, *parts))
    bindOne(name, part);
  return bound;
}

//===----------------------------------------------------------------------===//
// Statements of bodies
//===----------------------------------------------------------------------===//

FailureOr<Value> Elaborator::evaluateBody(const Block &body, const Binding *&scope) {
  for (const StmtPtr &statement : body.statements) {
    if (auto *result = llvm::dyn_cast<ResultStmt>(statement.get()))
      return evaluate(*result->value, scope);
    if (failed(evaluateStatement(*statement, scope)))
      return failure();
  }
  return Value();
}

LogicalResult Elaborator::evaluateStatement(const Stmt &statement, const Binding *&scope) {
  switch (statement.kind) {
  case Stmt::Bind: {
    auto &bindStatement = llvm::cast<BindStmt>(statement);
    if (bindStatement.role == BindStmt::Net && !current->net)
      return declareInCheck(statement, scope);
    if (bindStatement.role == BindStmt::Net) { // its parameters exist since the net around it was bound
      Name name = bindStatement.names[0];
      auto child = llvm::find_if(current->net->children, [&](auto &c) { return c.first.text == name.text; });
      scope = bindStatic(name, child->second, scope);
      return success();
    }
    return bindNames(bindStatement.names, *bindStatement.value, scope);
  }
  case Stmt::Rebind: {
    auto &rebind = llvm::cast<RebindStmt>(statement);
    for (const Name &name : rebind.names)
      if (!lookup(name.text, scope))
        return error(name.range) << "requires '" << name.text << "' to be bound before '<-'; write '" << name.text << " = ...' first";
    return bindValue(rebind.names, *rebind.value, scope);
  }
  case Stmt::Declare: {
    auto &declare = llvm::cast<DeclareStmt>(statement);
    if (!current->net)
      return declareInCheck(statement, scope);
    if (declare.role == DeclareStmt::State) {
      Binding *alias = bind(Binding::Alias, declare.name, scope);
      alias->of = llvm::find_if(current->net->states, [&](auto &state) { return state.first == declare.name.text; })->second;
      scope = alias;
      return success();
    }
    Binding *leaf = bind(Binding::Leaf, declare.name, scope);
    leaf->set = current->net->set;
    leaf->path = current->net->path + "." + declare.name.text.str();
    scope = leaf;
    return success();
  }
  case Stmt::Each:
    return evaluateEach(llvm::cast<EachStmt>(statement), nullptr, scope, [&](unsigned, const Binding *&inside) -> LogicalResult {
      for (const StmtPtr &inner : llvm::cast<EachStmt>(statement).body.statements)
        if (failed(evaluateStatement(*inner, inside)))
          return failure();
      return success();
    });
  case Stmt::Branch: {
    auto &branch = llvm::cast<BranchStmt>(statement);
    return bindElements(llvm::cast<BranchExpr>(*branch.value).rebound, *branch.value, scope);
  }
  case Stmt::Require:
    return evaluateRequire(llvm::cast<RequireStmt>(statement), *llvm::cast<RequireStmt>(statement).condition, scope);
  case Stmt::Print:
    return evaluatePrint(llvm::cast<PrintStmt>(statement), scope);
  case Stmt::Expect:
    return evaluateExpect(llvm::cast<ExpectStmt>(statement), scope);
  case Stmt::Define: {
    const FnDecl &fn = *llvm::cast<DefineStmt>(statement).fn;
    if (failed(checkUnbound(fn.name, scope)))
      return failure();
    scope = bindStatic(fn.name, Function{&fn, scope}, scope);
    return success();
  }
  default:
    return error(statement.range) << "this statement is not supported here";
  }
}

LogicalResult Elaborator::checkUnbound(const Name &name, const Binding *scope) {
  for (const Binding *bound = scope; bound != current->bodyStart; bound = bound->previous)
    if (bound->name == name.text)
      return error(name.range).note(location(bound->where), "it is bound here") << "'" << name.text << "' is bound already; '<-' rebinds it";
  return success();
}

LogicalResult Elaborator::bindNames(llvm::ArrayRef<Name> names, const Expr &value, const Binding *&scope) {
  for (const Name &name : names) {
    if (llvm::find_if(names, [&](const Name &other) { return other.text == name.text; }) != &name)
      return error(name.range) << "requires names that differ, but got '" << name.text << "' twice";
    if (failed(checkUnbound(name, scope)))
      return failure();
  }
  return bindValue(names, value, scope);
}

/// Binds one name to a value, several to its elements.
LogicalResult Elaborator::bindValue(llvm::ArrayRef<Name> names, const Expr &value, const Binding *&scope) {
  if (names.size() != 1)
    return bindElements(names, value, scope);
  Binding *binding = bindDefinition(names[0], value, scope, scope);
  scope = binding;
  return success(succeeded(evaluateDefinition(binding)));
}

LogicalResult Elaborator::bindElements(llvm::ArrayRef<Name> names, const Expr &value, const Binding *&scope) {
  const Binding *whole = bindParts(names, value, scope);
  return success(succeeded(evaluateDefinition(whole)) && succeeded(valueOf(scope)));
}

/// Unrolls: each round sees the names the last one has rebound. Names bound by '=' inside end with their round.
LogicalResult Elaborator::evaluateEach(const EachStmt &each, const Binding *limit, const Binding *&scope,
                                       llvm::function_ref<LogicalResult(unsigned, const Binding *&)> run) {
  FailureOr<Value> list = evaluate(*each.list, scope);
  if (failed(list))
    return failure();
  if (!list->is<List>())
    return error(each.list->range) << "requires a list after 'in', but got " << describe(*list);
  if (failed(requireShape(*list->as<List>(), each.list->range)))
    return failure();
  rounds.push_back(0);
  auto leave = llvm::scope_exit([&] { rounds.pop_back(); });
  for (auto [round, element] : llvm::enumerate(*list->as<List>())) {
    rounds.back() = round;
    FailureOr<std::vector<const Binding *>> names = bindElement(each.names, element, each.list->range, scope);
    if (failed(names))
      return failure();
    const Binding *inside = names->back(), *start = inside;
    if (failed(run(round, inside)))
      return failure();
    handOn(inside, start, limit, scope);
  }
  return success();
}

/// What is bound between `start` and `inside` and has a name from outside was rebound: it is handed on, oldest first. Names from outside are
/// those between `limit` and `scope`.
void Elaborator::handOn(const Binding *inside, const Binding *start, const Binding *limit, const Binding *&scope) {
  auto isOutside = [&](StringRef name) {
    const Binding *bound = scope;
    while (bound != limit && bound->name != name)
      bound = bound->previous;
    return bound != limit;
  };
  std::vector<const Binding *> rebound;
  for (const Binding *bound = inside; bound != start; bound = bound->previous)
    if (lookup(bound->name, inside) == bound && isOutside(bound->name))
      rebound.push_back(bound);
  for (const Binding *bound : llvm::reverse(rebound)) {
    Binding *copy = bind(bound->kind, {bound->name, bound->where}, scope);
    unsigned serial = copy->serial;
    *copy = *bound;
    copy->serial = serial;
    copy->previous = scope;
    auto value = current->values.find(bound);
    if (value != current->values.end()) {
      Value known = value->second;
      current->values[copy] = known;
    }
    scope = copy;
  }
}

/// What is known at import is decided there; the rest is a check when the entry runs. Of `a and b` each is a requirement of its own, and of a
/// comparison the message gives both sides.
LogicalResult Elaborator::evaluateRequire(const RequireStmt &require, const Expr &condition, const Binding *scope) {
  auto *operation = llvm::dyn_cast<BinaryExpr>(&condition);
  if (operation && operation->op.text == "and")
    return success(succeeded(evaluateRequire(require, *operation->lhs, scope)) && succeeded(evaluateRequire(require, *operation->rhs, scope)));
  bool compares = operation && llvm::is_contained({"==", "!=", "<", "<=", ">", ">="}, operation->op.text);
  std::vector<Value> sides;
  FailureOr<Value> holds = failure();
  if (compares) {
    for (const ExprPtr *side : {&operation->lhs, &operation->rhs}) {
      FailureOr<Value> value = evaluate(**side, scope);
      if (failed(value))
        return failure();
      sides.push_back(*value);
    }
    b.location = location(operation->op.range);
    holds = binary(operation->op.text, sides[0], sides[1], operation->op.range, operation->lhs->range, operation->rhs->range);
  } else {
    holds = evaluate(condition, scope);
  }
  if (failed(holds))
    return failure();
  std::string requirement = "requires " + spell(condition);
  if (auto known = holds->as<bool>()) {
    if (*known)
      return success();
    std::string found = compares ? ", but got " + describe(sides[0]) + " and " + describe(sides[1]) : "";
    return error(require.range) << requirement << found << (require.message.empty() ? "" : "; ") << require.message;
  }
  FailureOr<Tensor> flag = toTruth(holds, condition.range);
  if (failed(flag))
    return failure();
  llvm::SmallVector<mlir::Value> values;
  if (llvm::any_of(sides, isComplex))
    sides.clear(); // the message shows numbers only
  for (const Value &side : sides) {
    FailureOr<Tensor> value = toOperand(side, condition.range, /*isReal=*/false);
    if (failed(value))
      return failure();
    values.push_back(b.convert(*value, b.builder.getF64Type()).value);
  }
  this->require(*flag, require.message.empty() ? requirement : (require.message + ": " + requirement).str(), values, require.range);
  return success();
}

void Elaborator::require(const Tensor &flag, std::string text, llvm::ArrayRef<mlir::Value> values, SourceRange where) {
  b.location = location(where);
  report::RequireOp::create(b.builder, b.location, flag.value, text + " at " + graph::placeOf(b.location), values);
}

void Elaborator::requireNotNegative(graph::DimAttr dim, SourceRange where) {
  if (dim.lowerBound().value_or(-1) >= 0)
    return;
  b.location = location(where);
  Tensor value = b.extent(dim);
  Tensor holds = b.compare(graph::ComparisonDirection::GE, value, b.constant(value.elementType(), Number::of(int64_t(0))));
  require(holds, "requires " + dim.str() + " >= 0", {b.convert(value, b.builder.getF64Type()).value}, where);
}

LogicalResult Elaborator::show(StringRef name, const Value &value, SourceRange where) {
  if (auto complex = value.as<Complex>())
    return success(succeeded(show(("real(" + name + ")").str(), complex->re(), where)) &&
                   succeeded(show(("imag(" + name + ")").str(), complex->im(), where)));
  FailureOr<Tensor> tensor = toOperand(value, where, /*isReal=*/false);
  if (failed(tensor))
    return failure();
  if (tensor->rank() > report::kMostPrintedAxes)
    return error(where) << "requires at most " << report::kMostPrintedAxes << " axes of what is shown, but got " << typeName(*tensor);
  b.location = location(where);
  report::PrintOp::create(b.builder, placeOfEvaluation(where), name, withoutGaps(*tensor).value);
  return success();
}

LogicalResult Elaborator::evaluatePrint(const PrintStmt &print, const Binding *scope) {
  FailureOr<Value> value = evaluate(*print.value, scope);
  return failed(value) ? failure() : show(print.name.empty() ? spell(*print.value) : print.name.str(), *value, print.value->range);
}

LogicalResult Elaborator::evaluateExpect(const ExpectStmt &expect, const Binding *scope) {
  if (current->kind != FunctionScope::Entry)
    return error(expect.range) << "requires 'expect' where it is certain at import, but the condition around it is known when the program runs only";
  FailureOr<Value> actual = evaluate(*expect.actual, scope);
  if (failed(actual))
    return failure();
  if (!expect.expected) {
    FailureOr<Tensor> holds = toTensor(*actual, expect.actual->range);
    if (failed(holds))
      return failure();
    if (!holds->elementType().isInteger(1))
      return error(expect.actual->range) << "requires a condition, or '~=', an expected value and a tolerance after a value, but got " << typeName(*holds);
    b.location = location(expect.range);
    holds = withoutGaps(*holds);
    mlir::Type i32 = b.builder.getI32Type();
    current->expectations.push_back({b.convert(*holds, i32), b.full(i32, holds->dims, Number::of(int64_t(1))), 0, false, spell(*expect.actual)});
    return success();
  }
  FailureOr<Value> expected = evaluate(*expect.expected, scope);
  if (failed(expected))
    return failure();
  FailureOr<Number> tolerance = evaluateNumber(*expect.tolerance, scope, "the tolerance");
  if (failed(tolerance))
    return failure();
  if (!(tolerance->real >= 0))
    return error(expect.tolerance->range) << "requires the tolerance not to be negative, but got " << describe(*tolerance);
  auto compare = [&](const FailureOr<Value> &actual, const FailureOr<Value> &expected) -> LogicalResult {
    b.location = location(expect.range);
    if (failed(actual) || failed(expected))
      return failure();
    auto pair = align("~=", *actual, *expected, expect.range, expect.actual->range, expect.expected->range);
    if (failed(pair))
      return failure();
    for (Tensor *side : {&pair->first, &pair->second}) // a number beside a set is one for each of its elements
      side->arena = pair->first.arena ? pair->first.arena : pair->second.arena;
    current->expectations.push_back({withoutGaps(pair->first), withoutGaps(pair->second), tolerance->real, expect.isRelative, ""});
    return success();
  };
  if (!isComplex(*actual) && !isComplex(*expected))
    return compare(actual, expected);
  for (bool isImaginary : {false, true})
    if (failed(compare(partOf(*actual, isImaginary, expect.actual->range), partOf(*expected, isImaginary, expect.expected->range))))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Shapes and types
//===----------------------------------------------------------------------===//

FailureOr<graph::Dims> Elaborator::evaluateShape(const Value &value, SourceRange where) {
  graph::Dims dims;
  auto add = [&](const Value &size) -> LogicalResult {
    if (auto dimension = size.as<Dimension>()) {
      dims.push_back(*dimension);
      return success();
    }
    auto number = size.as<Number>();
    if (!number || !number->isInteger)
      return error(where) << "requires sizes that are integers known at import, but got " << describe(size);
    if (number->integer < 0)
      return error(where) << "requires sizes not to be negative, but got " << number->integer;
    dims.push_back(b.dim(number->integer));
    return success();
  };
  if (auto list = value.as<List>()) {
    for (const Value &size : *list)
      if (failed(add(size)))
        return failure();
    return dims;
  }
  if (failed(add(value)))
    return failure();
  return dims;
}

std::optional<mlir::Type> Elaborator::elementType(StringRef name) const {
  mlir::MLIRContext *context = single.getContext();
  return llvm::StringSwitch<std::optional<mlir::Type>>(name)
      .Case("f32", single)
      .Case("f64", mlir::Float64Type::get(context))
      .Case("i32", mlir::IntegerType::get(context, 32))
      .Case("i64", mlir::IntegerType::get(context, 64))
      .Case("i8", mlir::IntegerType::get(context, 8))
      .Case("u8", mlir::IntegerType::get(context, 8, mlir::IntegerType::Unsigned))
      .Case("bool", mlir::IntegerType::get(context, 1))
      .Case("complex64", mlir::ComplexType::get(single))
      .Case("complex128", mlir::ComplexType::get(mlir::Float64Type::get(context)))
      .Default(std::nullopt);
}

FailureOr<mlir::Type> Elaborator::elementType(const TypeSyntax &type, const Binding *scope, bool mayBeComplex) {
  auto checked = [&](mlir::Type element) -> FailureOr<mlir::Type> {
    if (mlir::isa<mlir::ComplexType>(element) && !mayBeComplex)
      return error(type.element.range)
             << "requires a real type, but got " << typeName(element)
             << ", which parameters and results of fns and nets may have; 'complex(re, im)' makes one value of two";
    return element;
  };
  if (std::optional<mlir::Type> known = elementType(type.element.text))
    return checked(*known);
  if (const Binding *bound = lookup(type.element.text, scope, type.element.range)) {
    FailureOr<Value> value = valueOf(bound);
    if (failed(value))
      return failure();
    if (auto named = value->as<mlir::Type>())
      return checked(*named);
    return error(type.element.range).note(location(bound->where), "it is bound here")
           << "requires a type before the sizes, but '" << type.element.text << "' is " << describe(*value);
  }
  if (isAnyFloat(type))
    return error(type.element.range) << "requires one type here, f32 or f64; 'float' stands for either in the parameters and results of fns and nets";
  StringRef nearest = nearestName(type.element.text, {"f32", "f64", "i32", "i64", "i8", "u8", "bool", "complex64", "complex128"});
  Failure failure = error(type.element.range) << "unknown type '" << type.element.text
                                              << "'; the types are f32, f64, i32, i64, i8, u8, bool, complex64 and complex128";
  if (!nearest.empty())
    return std::move(failure) << "; did you mean '" << nearest << "'?";
  return failure;
}

FailureOr<graph::Dims> Elaborator::bindType(const TypeSyntax &type, const ArrayType *actual, StringRef what, SourceRange blame,
                                            const Binding *&scope) {
  bool isAny = actual && isAnyFloat(type);
  FailureOr<mlir::Type> element = isAny ? FailureOr<mlir::Type>(actual->element) : elementType(type, scope, /*mayBeComplex=*/actual);
  if (failed(element))
    return failure();
  auto mismatch = [&] {
    bool isFloat = isAny && llvm::isa<mlir::FloatType>(*element); // then the shape is wrong
    std::string wanted = isFloat ? typeName(*element) + spell(type).substr(type.element.text.size()) : spell(type);
    return (error(blame) << "requires " << what << " to be " << wanted << ", but got " << typeName(*actual))
        .note(location(type.range), "its type is declared here");
  };
  size_t rests = llvm::count_if(type.axes, [](const TypeSyntax::Axis &axis) { return !axis.size; });
  if (rests > 1 || (rests && !actual))
    return error(type.range) << "requires " << (actual ? "at most one" : "no") << " '..' in the type of " << what;
  size_t named = type.axes.size() - rests;
  if (actual && (actual->element != *element || (isAny && !llvm::isa<mlir::FloatType>(*element)) ||
                 (rests ? actual->dims.size() < named : actual->dims.size() != named)))
    return mismatch();

  graph::Dims dims;
  for (const TypeSyntax::Axis &axis : type.axes) {
    if (!axis.size) { // '..' is one list of sizes in the whole signature
      size_t count = actual->dims.size() - named;
      graph::Dims rest(llvm::ArrayRef(actual->dims).slice(dims.size(), count));
      if (const Binding *bound = lookup("..", scope)) {
        FailureOr<graph::Dims> before = evaluateShape(bound->value, axis.range);
        if (failed(before) || *before != rest)
          return mismatch().note(location(bound->where), "'..' is " + graph::toString(*before) + " here");
      } else {
        std::vector<Value> sizes;
        for (graph::DimAttr dim : rest)
          sizes.push_back(dim.constant() ? Value(Number::of(*dim.constant())) : Value(dim));
        scope = bindStatic({"..", axis.range}, makeList(std::move(sizes)), scope);
      }
      dims.append(rest);
      continue;
    }
    auto *name = llvm::dyn_cast<ReferenceExpr>(axis.size.get());
    if (name && !lookup(name->name, scope, name->range)) {
      graph::DimAttr dim = actual ? actual->dims[dims.size()] : b.dim(name->name);
      scope = bindStatic({name->name, name->range}, dim.constant() ? Value(Number::of(*dim.constant())) : Value(dim), scope);
      dims.push_back(dim);
      continue;
    }
    FailureOr<Value> size = evaluate(*axis.size, scope);
    FailureOr<graph::Dims> required = failed(size) ? FailureOr<graph::Dims>(failure()) : evaluateShape(*size, axis.range);
    if (failed(required))
      return failure();
    if (required->size() != 1)
      return error(axis.range) << "requires a size, but got " << describe(*size);
    if (actual && actual->dims[dims.size()] != required->front()) {
      Failure failure = mismatch();
      const Binding *bound = name ? lookup(name->name, scope, name->range) : nullptr;
      if (!bound)
        return failure;
      return std::move(failure).note(location(bound->where), "'" + name->name + "' is " + describe(*size) + " here");
    }
    dims.push_back(required->front());
  }
  return dims;
}

} // namespace costate::importer
