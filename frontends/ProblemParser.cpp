// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Optimization problems: argmin(...) over ... and what follows `minimize` in a problem. They become calls of built-in functions (ElaborateProblems.cpp),
// which get what is stated of the unknowns as functions of them.
#include "costate/frontends/ExpressionParser.h"

#include "llvm/ADT/STLExtras.h"

namespace costate {
using namespace syntax;

static ExprPtr reference(SourceRange where, llvm::StringRef name) { return std::make_unique<ReferenceExpr>(where, name); }

template <typename... Arguments> static ExprPtr callOf(SourceRange where, llvm::StringRef name, Arguments... arguments) {
  std::vector<CallExpr::Argument> list;
  (list.push_back({std::nullopt, std::move(arguments)}), ...);
  return std::make_unique<CallExpr>(where, reference(where, name), std::move(list));
}

static ExprPtr listOf(SourceRange where, std::vector<ExprPtr> elements) { return std::make_unique<ListExpr>(where, std::move(elements)); }

static ExprPtr indexed(ExprPtr base, IndexExpr::Subscript subscript) {
  std::vector<IndexExpr::Subscript> subscripts;
  subscripts.push_back(std::move(subscript));
  SourceRange where = base->range;
  return std::make_unique<IndexExpr>(where, std::move(base), std::move(subscripts));
}

/// The unknowns of a level: what `_starts`, a list of values to begin with, holds from `first` on. One is known by its name; several lie one behind the other in
/// a vector, `vector`.
struct ExpressionParser::Level {
  std::vector<Name> names;
  std::vector<ExprPtr> sets; // null where there is none
  size_t first = 0;
  llvm::StringRef vector = "_point";
  bool isWhole = true; // is there no other level?

  bool isSeveral() const { return names.size() > 1; }
  Name parameter(SourceRange where) const { return isSeveral() ? Name{vector, where} : names.front(); }

  /// The values to begin with: a list if they are several.
  ExprPtr starts(SourceRange where) const {
    ExprPtr all = reference(where, "_starts");
    auto number = [&](size_t value) -> ExprPtr { return std::make_unique<NumberExpr>(where, int64_t(value)); };
    if (isWhole)
      return all;
    if (!isSeveral())
      return indexed(std::move(all), {IndexExpr::Subscript::Element, where, number(first), nullptr, nullptr});
    return indexed(std::move(all), {IndexExpr::Subscript::Slice, where, number(first), number(first + names.size()), nullptr});
  }
  ExprPtr start(SourceRange where) const { return isSeveral() ? callOf(where, "pack", starts(where)) : starts(where); }

  /// The projection on the sets of all unknowns; null where there is none.
  ExprPtr takeSet() {
    if (llvm::none_of(sets, [](const ExprPtr &set) { return bool(set); }))
      return nullptr;
    if (!isSeveral())
      return std::move(sets.front());
    std::vector<ExprPtr> parts;
    SourceRange where = names.front().range;
    for (auto [name, set] : llvm::zip_equal(names, sets)) {
      ExprPtr part = reference(name.range, name.text);
      if (set) {
        where = set->range;
        std::vector<CallExpr::Argument> list;
        list.push_back({std::nullopt, std::move(part)});
        part = std::make_unique<CallExpr>(where, std::move(set), std::move(list));
      }
      parts.push_back(std::move(part));
    }
    return functionOf(*this, callOf(where, "pack", listOf(where, std::move(parts))));
  }

  /// (x, ...) -> e, a function of the unknowns of each level.
  static ExprPtr functionOf(llvm::ArrayRef<const Level *> levels, ExprPtr e) {
    SourceRange where = e->range;
    Block body = bodyOf(std::move(e));
    std::vector<Name> parameters;
    for (const Level *level : levels) {
      parameters.push_back(level->parameter(where));
      if (!level->isSeveral())
        continue;
      auto bind = std::make_unique<BindStmt>(where);
      bind->names = level->names;
      bind->value = callOf(where, "unpack", reference(where, level->vector), level->starts(where));
      body.statements.insert(body.statements.end() - 1, std::move(bind));
    }
    return std::make_unique<LambdaExpr>(where, std::move(parameters), std::move(body));
  }
  static ExprPtr functionOf(const Level &level, ExprPtr e) { return functionOf({&level}, std::move(e)); }
};

/// What is stated behind 'subject to', as functions of the unknowns that are to be 0, and at most 0.
struct ExpressionParser::Conditions {
  SourceRange where;
  std::vector<ExprPtr> equal, less;
};

/// Behind argmin(...): is it the point at which a problem has its least value, and not the place of a least element?
bool ExpressionParser::atProblem(const Expr &value) {
  auto *call = llvm::dyn_cast<CallExpr>(&value);
  auto *callee = call ? llvm::dyn_cast<ReferenceExpr>(call->callee.get()) : nullptr;
  return callee && callee->name == "argmin" && goesOnWith("over");
}

// argmin(OBJECTIVE, ...) over ...; of several variables it is (_starts -> unpack(..., _starts))([START, ...])
ExprPtr ExpressionParser::parseArgmin(ExprPtr value) {
  auto &call = llvm::cast<CallExpr>(*value);
  SourceRange keyword = call.callee->range;
  if (call.arguments.empty() || call.arguments[0].name) {
    error(value->range) << "requires an objective first in 'argmin(...) over'";
    return nullptr;
  }
  ExprPtr objective = std::move(call.arguments[0].value);
  call.arguments.erase(call.arguments.begin());
  std::optional<Problem> problem = parseProblem(keyword, std::move(objective), std::move(call.arguments));
  if (!problem || problem->starts.empty())
    return problem ? std::move(problem->solution) : nullptr;
  SourceRange all = since(keyword);
  ExprPtr parts = callOf(all, "unpack", std::move(problem->solution), reference(keyword, "_starts"));
  std::vector<CallExpr::Argument> given;
  given.push_back({std::nullopt, std::make_unique<ListExpr>(all, std::move(problem->starts))});
  auto lambda = std::make_unique<LambdaExpr>(all, std::vector<Name>{{"_starts", keyword}}, bodyOf(std::move(parts)));
  return std::make_unique<CallExpr>(all, std::move(lambda), std::move(given));
}

/// Where zeros of a type are meant.
ExprPtr ExpressionParser::zerosOf(TypeSyntax type) {
  std::vector<ExprPtr> sizes;
  for (TypeSyntax::Axis &axis : type.axes) {
    if (!axis.size) {
      error(axis.range) << "requires a known number of axes of what is sought, but found '..'";
      return nullptr;
    }
    sizes.push_back(std::move(axis.size));
  }
  ExprPtr zeros = callOf(type.range, "zeros", ExprPtr(std::make_unique<ListExpr>(type.range, std::move(sizes))));
  llvm::cast<CallExpr>(*zeros).arguments.push_back({Name{"dtype", type.element.range}, reference(type.element.range, type.element.text)});
  return zeros;
}

// NAME [: TYPE | = START] [in SET], ...
bool ExpressionParser::parseUnknowns(Level &level, std::vector<ExprPtr> *starts) {
  do {
    skipNewlines();
    std::optional<Name> name = expectName("the name of what is sought");
    if (!name)
      return false;
    level.names.push_back(*name);
    if (starts) {
      ExprPtr start;
      if (takeIf(":")) {
        std::optional<TypeSyntax> type = parseType();
        start = type ? zerosOf(std::move(*type)) : nullptr;
      } else if (expect("=", ("and the value to begin with, or ':' and a type, after '" + name->text + "'").str())) {
        start = parseExpr();
      }
      if (!start)
        return false;
      starts->push_back(std::move(start));
    }
    level.sets.emplace_back();
    if (goesOnWith("in")) {
      take();
      level.sets.back() = parseExpr();
      if (!level.sets.back())
        return false;
    }
  } while (takeIf(","));
  return true;
}

// CONDITION, ...; the first one may have been read
bool ExpressionParser::parseConditions(llvm::ArrayRef<const Level *> levels, Conditions &conditions, ExprPtr first) {
  conditions.where = first ? first->range : peek().range;
  do {
    if (!first)
      skipNewlines();
    ExprPtr condition = first ? std::move(first) : parseExpr();
    if (!condition)
      return false;
    auto *comparison = llvm::dyn_cast<BinaryExpr>(condition.get());
    if (!comparison || !llvm::is_contained({"==", "<=", ">="}, comparison->op.text)) {
      error(condition->range) << "requires a condition such as 'a == b', 'a <= b' or 'a >= b' after 'subject to'";
      return false;
    }
    SourceRange range = condition->range;
    bool isEqual = comparison->op.text == "==";
    if (comparison->op.text == ">=")
      std::swap(comparison->lhs, comparison->rhs);
    auto difference =
        std::make_unique<BinaryExpr>(range, Name{"-", comparison->op.range}, std::move(comparison->lhs), std::move(comparison->rhs));
    (isEqual ? conditions.equal : conditions.less).push_back(Level::functionOf(levels, std::move(difference)));
  } while (takeIf(","));
  conditions.where = since(conditions.where);
  return true;
}

// NAMES in argmin(OBJECTIVE) over NAME [in SET], ... [subject to CONDITION, ...], from 'in' on: the unknowns named last are those of a lower level
ExprPtr ExpressionParser::parseLowerLevel(const Expr &sought, Level &upper, Level &lower, Conditions &conditions) {
  take(); // in
  if (!at("argmin")) {
    failExpected("'argmin(...) over ...', the problem of the lower level, after 'in'");
    return nullptr;
  }
  take();
  SourceRange open = peek().range;
  if (!expect("(", "after 'argmin'"))
    return nullptr;
  ExprPtr objective = parseExpr();
  if (!objective || !expectClose(")", open))
    return nullptr;
  if (!goesOnWith("over") || !expect("over", "and what is sought after 'argmin(...)'") || !parseUnknowns(lower, nullptr))
    return nullptr;

  // Its unknowns are the last ones, under the same names.
  using Names = llvm::SmallVector<llvm::StringRef>;
  Names left, wanted, last;
  auto addName = [&](const Expr &e) {
    auto *name = llvm::dyn_cast<ReferenceExpr>(&e);
    left.push_back(name ? name->name : "");
  };
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(&sought))
    llvm::for_each(tuple->elements, [&](const ExprPtr &element) { addName(*element); });
  else
    addName(sought);
  for (const Name &name : lower.names)
    wanted.push_back(name.text);
  if (left != wanted) {
    error(sought.range) << "requires the names that the lower level seeks in front of 'in', but found '" << sought.range.text() << "'";
    return nullptr;
  }
  size_t count = lower.names.size(), all = upper.names.size();
  for (size_t i = all - std::min(count, all); i < all; ++i)
    last.push_back(upper.names[i].text);
  if (count >= all || last != wanted) {
    error(lower.names.front().range)
        << "requires the unknowns of the lower level to be the last of those of the problem, behind at least one of the upper level";
    return nullptr;
  }
  for (size_t i = all - count; i < all; ++i)
    if (upper.sets[i]) {
      error(upper.sets[i]->range) << "requires the set of '" << upper.names[i].text << "' in the lower level, which seeks it";
      return nullptr;
    }
  upper.names.resize(all - count);
  upper.sets.resize(all - count);
  upper.vector = "_upper";
  lower.vector = "_lower";
  lower.first = all - count;
  upper.isWhole = lower.isWhole = false;
  if (goesOnWith("subject")) {
    take();
    if (!expect("to", "after 'subject'") || !parseConditions({&upper, &lower}, conditions, nullptr))
      return nullptr;
  }
  return objective;
}

// over NAME [: TYPE | = START] [in SET], ... [subject to CONDITION, ... | subject to NAMES in argmin(...) over ...] [with SOLVER]
std::optional<ExpressionParser::Problem> ExpressionParser::parseProblem(SourceRange keyword, ExprPtr objective,
                                                                        std::vector<CallExpr::Argument> further) {
  take(); // over
  Problem problem;
  Level level, lower;
  if (!parseUnknowns(level, &problem.starts))
    return std::nullopt;
  problem.names = level.names;
  Conditions conditions;
  ExprPtr below; // the objective of the lower level
  if (goesOnWith("subject")) {
    take();
    if (!expect("to", "after 'subject'"))
      return std::nullopt;
    skipNewlines();
    ExprPtr first = parseExpr();
    if (!first)
      return std::nullopt;
    if (goesOnWith("in") ? !(below = parseLowerLevel(*first, level, lower, conditions))
                         : !parseConditions({&level}, conditions, std::move(first)))
      return std::nullopt;
  }

  bool isOfTwoLevels = below != nullptr;
  std::vector<CallExpr::Argument> arguments;
  auto add = [&](llvm::StringRef name, ExprPtr argument) {
    if (argument) {
      SourceRange range = argument->range;
      arguments.push_back({Name{name, range}, std::move(argument)});
    }
  };
  if (goesOnWith("with")) {
    take();
    ExprPtr solver = parsePostfix();
    if (!solver)
      return std::nullopt;
    SourceRange range = solver->range;
    if (!llvm::isa<CallExpr>(*solver))
      solver = std::make_unique<CallExpr>(range, std::move(solver), std::vector<CallExpr::Argument>());
    add("solver", std::move(solver));
  }
  if (below) {
    add("F", Level::functionOf({&level, &lower}, std::move(objective)));
    add("f", Level::functionOf({&level, &lower}, std::move(below)));
    std::vector<ExprPtr> starts;
    starts.push_back(level.start(keyword));
    starts.push_back(lower.start(keyword));
    add("start", listOf(keyword, std::move(starts)));
    add("X", level.takeSet());
    add("Y", lower.takeSet());
  } else {
    add("f", Level::functionOf(level, std::move(objective)));
    add("start", level.isSeveral() ? level.start(keyword) : std::move(problem.starts.front()));
    add("set", level.takeSet());
    if (!level.isSeveral())
      problem.starts.clear();
  }
  std::move(further.begin(), further.end(), std::back_inserter(arguments));
  if (!conditions.equal.empty())
    add("equal", listOf(conditions.where, std::move(conditions.equal)));
  if (!conditions.less.empty())
    add("less", listOf(conditions.where, std::move(conditions.less)));
  auto solution =
      std::make_unique<CallExpr>(since(keyword), reference(keyword, isOfTwoLevels ? "bilevel" : "minimizer"), std::move(arguments));
  if (!holds(*solution))
    return std::nullopt;
  problem.solution = bounded(std::move(solution));
  return problem.solution ? std::optional(std::move(problem)) : std::nullopt;
}

} // namespace costate
