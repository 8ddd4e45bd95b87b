// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/ExpressionParser.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace costate {
using namespace syntax;

//===----------------------------------------------------------------------===//
// Tokens and recovery
//===----------------------------------------------------------------------===//

std::string ExpressionParser::found() const {
  switch (peek().kind) {
  case Token::EndOfFile:
    return "the end of the file";
  case Token::Newline:
    return "the end of the line";
  default:
    return "'" + peek().range.text().str() + "'";
  }
}

std::nullptr_t ExpressionParser::failExpected(llvm::StringRef what) {
  error(peek().range) << "expected " << what << ", but found " << found();
  return nullptr;
}

bool ExpressionParser::expect(llvm::StringRef symbol, llvm::StringRef after) {
  if (takeIf(symbol))
    return true;
  error(peek().range) << "expected '" << symbol << "' " << after << ", but found " << found();
  return false;
}

bool ExpressionParser::expectClose(llvm::StringRef symbol, SourceRange open) {
  if (takeIf(symbol))
    return true;
  auto diagnostic = error(peek().range);
  diagnostic << "expected '" << symbol << "', but found " << found();
  diagnostic.attachNote(diagnostics.location(open)) << "to match this '" << open.text() << "'";
  return false;
}

std::optional<Name> ExpressionParser::expectName(llvm::StringRef what) {
  if (!at(Token::Name)) {
    failExpected(what);
    return std::nullopt;
  }
  Token token = take();
  return Name{token.text, token.range};
}

std::optional<std::vector<Name>> ExpressionParser::nameList(llvm::StringRef what) {
  std::vector<Name> names;
  do {
    std::optional<Name> name = expectName(what);
    if (!name)
      return std::nullopt;
    names.push_back(*name);
  } while (takeIf(","));
  return names;
}

bool ExpressionParser::tooDeep() {
  if (depth <= maxNesting)
    return false;
  error(peek().range) << "requires at most " << maxNesting << " nested expressions and blocks; bind parts to names";
  next = tokens.size() - 1; // what follows would only repeat the error
  return true;
}

ExprPtr ExpressionParser::bounded(ExprPtr e) {
  if (!e || rules.checkDepth(*e))
    return e;
  next = tokens.size() - 1;
  return nullptr;
}

/// May a value end with this token?
static bool endsValue(const Token &token) {
  return token.kind == Token::Name || token.kind == Token::Integer || token.kind == Token::Float || token.kind == Token::String || token.is(")") ||
         token.is("]");
}

/// Words and signs of other languages, and words that belong to this one but are not there yet: says what to write.
bool ExpressionParser::reportForeign() {
  const Token &token = peek(), &after = peek(1);
  if (token.kind == Token::Symbol) {
    llvm::StringRef advice = llvm::StringSwitch<llvm::StringRef>(token.text)
                                 .Case("^", "'**' is the power")
                                 .Cases({"&", "&&"}, "write 'and'")
                                 .Cases({"|", "||"}, "write 'or'")
                                 .Cases({"!", "~"}, "write 'not'")
                                 .Cases({"+=", "-=", "*=", "/=", "++"}, "write 'name <- name ...'")
                                 .Cases({"<<", ">>"}, "write 'x * 2**n' or 'x // 2**n'")
                                 .Case("=>", "write 'x -> value'")
                                 .Cases({"/", "//"}, "a comment begins with '#'")
                                 .Case(":=", "'=' binds a name and '<-' rebinds it")
                                 .Case("...", "write '..'")
                                 .Case("?", "write 'where(condition, a, b)'")
                                 .Case("<-", "'<-' rebinds names; write 'a < -b' to compare")
                                 .Default("");
    if (advice.empty())
      return false;
    error(token.range) << "'" << token.text << "' is not an operator here; " << advice;
    return true;
  }
  if (token.kind == Token::Name && next > 0 && endsValue(tokens[next - 1])) {
    llvm::StringRef advice = llvm::StringSwitch<llvm::StringRef>(token.text)
                                 .Case("if", "write 'if condition { a } else { b }'")
                                 .Case("is", "write '=='")
                                 .Case("in", "write 'any(x == list)'")
                                 .Default("");
    if (!advice.empty()) {
      error(token.range) << "'" << token.text << "' is not an operator here; " << advice;
      return true;
    }
  }
  bool endsStatement = after.kind == Token::Newline || after.is(";") || after.is("}");
  if (endsStatement && llvm::is_contained({"break", "continue", "pass"}, token.text)) {
    error(token.range) << "'" << token.text << "' is not a statement; the condition of a 'while' ends a loop, and a branch may be empty";
    return true;
  }
  if (token.kind != Token::Name ||
      !(after.kind == Token::Name || after.kind == Token::Integer || after.kind == Token::String || after.is("(") || after.is("{")))
    return false;
  bool twoWords = !after.is("(");
  llvm::StringRef advice = llvm::StringSwitch<llvm::StringRef>(token.text)
                               .Cases({"let", "var", "const", "auto"}, twoWords ? "write 'name = value'" : "")
                               .Case("def", twoWords ? "write 'fn name(...) { ... }'" : "")
                               .Cases({"function", "func"}, twoWords ? "write 'fn name(...) { ... }'" : "")
                               .Case("class", twoWords ? "write 'net name(sizes)(inputs) { ... }'" : "")
                               .Case("maximize", "write 'minimize -(...)'")
                               .Case("output", twoWords ? "write 'predict name = value'" : "")
                               .Case("seed", twoWords ? "the flag '--seed' gives it" : "")
                               .Case("return", "the last line of a body is its value")
                               .Case("else", "it follows the '}' of an 'if'")
                               .Case("from", twoWords ? "it stands at the top of a file" : "")
                               .Case("include", twoWords ? "write 'import \"file.costate\"'" : "")
                               .Case("entry", twoWords ? "it stands in a model" : "")
                               .Case("procedure", twoWords ? "write 'entry name(...) { ... }' in a model" : "")
                               .Case("solver", twoWords ? "write 'fn name(f, x) { ... }', with the parts of a problem that it takes" : "")
                               .Default("");
  if (advice.empty())
    return false;
  error(token.range) << "'" << token.text << "' is not a statement; " << advice;
  return true;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

// ELEMENT [ [axis, ...] ]
std::optional<TypeSyntax> ExpressionParser::parseType() {
  std::optional<Name> element = expectName("a type, such as f32[batch, 64]");
  if (!element)
    return std::nullopt;
  TypeSyntax type;
  type.element = *element;
  if (at("(")) {
    error(peek().range) << "requires the sizes of a type in brackets, as in f32[batch, 64], but found '('";
    return std::nullopt;
  }
  if (at("[")) {
    SourceRange open = take().range;
    while (!at("]")) {
      TypeSyntax::Axis axis;
      axis.range = peek().range;
      if (!takeIf("..")) {
        axis.size = parseBinary(1); // no `..` range here
        if (!axis.size)
          return std::nullopt;
        axis.range = axis.size->range;
      }
      type.axes.push_back(std::move(axis));
      if (!takeIf(","))
        break;
    }
    if (!expectClose("]", open))
      return std::nullopt;
  }
  type.range = since(element->range);
  return type;
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// How tightly a token binds as a binary operator that associates to the left: all but '**', which parsePower reads.
static std::optional<unsigned> leftPrecedence(const Token &token) {
  if (token.kind != Token::Symbol && token.kind != Token::Name)
    return std::nullopt;
  return token.is("|>") ? 0 : token.is("**") ? std::nullopt : precedenceOf(token.text);
}

ExprPtr ExpressionParser::parseBinary(unsigned minPrecedence) {
  Nesting nesting(*this);
  if (tooDeep())
    return nullptr;
  ExprPtr lhs;
  if (at("not") && minPrecedence <= 3) { // looser than comparisons, as in Python
    Token op = take();
    ExprPtr operand = parseBinary(3);
    if (!operand)
      return nullptr;
    SourceRange range = op.range.to(operand->range);
    lhs = bounded(std::make_unique<UnaryExpr>(range, Name{op.text, op.range}, std::move(operand)));
  } else {
    lhs = parseUnary();
  }
  const unsigned comparison = *precedenceOf("==");
  bool compared = false;
  while (lhs) {
    std::optional<unsigned> precedence = leftPrecedence(peek());
    if (!precedence || *precedence < minPrecedence)
      break;
    if (*precedence == comparison && compared) {
      error(peek().range) << "requires one comparison at a time; write 'a < b and b < c'";
      return nullptr;
    }
    compared = *precedence == comparison;
    Token token = take();
    ExprPtr rhs = parseBinary(*precedence + 1);
    if (!rhs)
      return nullptr;
    if (token.is("|>")) {
      lhs = bounded(makePipe(std::move(lhs), std::move(rhs)));
      continue;
    }
    SourceRange range = lhs->range.to(rhs->range);
    lhs = bounded(std::make_unique<BinaryExpr>(range, Name{token.text, token.range}, std::move(lhs), std::move(rhs)));
  }
  return lhs;
}

// x |> f and x |> f(a) are f(x) and f(x, a)
ExprPtr ExpressionParser::makePipe(ExprPtr value, ExprPtr stage) {
  SourceRange range = value->range.to(stage->range);
  ExprPtr callee;
  std::vector<CallExpr::Argument> arguments;
  arguments.push_back({std::nullopt, std::move(value)});
  if (auto *call = llvm::dyn_cast<CallExpr>(stage.get())) {
    callee = std::move(call->callee);
    std::move(call->arguments.begin(), call->arguments.end(), std::back_inserter(arguments));
  } else if (llvm::isa<ReferenceExpr, MemberExpr>(*stage)) {
    callee = std::move(stage);
  } else {
    error(stage->range) << "requires a function or a call after '|>'; the pipe is read last, so put it in parentheses";
    return nullptr;
  }
  return std::make_unique<CallExpr>(range, std::move(callee), std::move(arguments));
}

// -a binds looser than **, so that -x**2 is -(x**2)
ExprPtr ExpressionParser::parseUnary() {
  if (!at("-") && !at("+"))
    return parsePower();
  Nesting nesting(*this);
  if (tooDeep())
    return nullptr;
  Token op = take();
  ExprPtr operand = parseUnary();
  if (!operand || op.is("+"))
    return operand;
  SourceRange range = op.range.to(operand->range);
  return bounded(std::make_unique<UnaryExpr>(range, Name{op.text, op.range}, std::move(operand)));
}

// a ** b associates to the right, and b may have a sign
ExprPtr ExpressionParser::parsePower() {
  ExprPtr base = parsePostfix();
  if (!base || !at("**"))
    return base;
  Nesting nesting(*this);
  if (tooDeep())
    return nullptr;
  Token op = take();
  ExprPtr exponent = parseUnary();
  if (!exponent)
    return nullptr;
  SourceRange range = base->range.to(exponent->range);
  return bounded(std::make_unique<BinaryExpr>(range, Name{op.text, op.range}, std::move(base), std::move(exponent)));
}

ExprPtr ExpressionParser::parsePostfix() {
  ExprPtr value = parsePrimary();
  while (value) {
    if (at("(")) {
      value = bounded(parseCall(std::move(value)));
      if (value && atProblem(*value))
        value = bounded(parseArgmin(std::move(value)));
    } else if (at("[")) {
      value = bounded(parseIndex(std::move(value)));
    } else if (at(".")) {
      take();
      if (!at(Token::Name) && !at(Token::Integer))
        return failExpected("a name after '.'");
      Token member = take();
      SourceRange range = value->range.to(member.range);
      value = bounded(std::make_unique<MemberExpr>(range, std::move(value), Name{member.text, member.range}));
    } else {
      break;
    }
  }
  return value;
}

ExprPtr ExpressionParser::parsePrimary() {
  const Token &token = peek();
  switch (token.kind) {
  case Token::Integer:
  case Token::Float:
    return parseNumber();
  case Token::String: {
    Token text = take();
    return std::make_unique<StringExpr>(text.range, text.text);
  }
  case Token::Name: {
    if (atLambda())
      return parseLambda();
    if (at("lambda") && (peek(1).kind == Token::Name || peek(1).is(":"))) {
      error(token.range) << "'lambda' is not an expression here; write 'x -> value'";
      return nullptr;
    }
    if (atControl("for") || atControl("while") || atControl("scan"))
      return parseLoop(/*isStatement=*/false, InFn);
    if (atControl("if"))
      return parseBranch(/*isStatement=*/false, InFn);
    if (at("true") || at("false")) {
      Token value = take();
      return std::make_unique<BoolExpr>(value.range, value.is("true"));
    }
    Token name = take();
    return std::make_unique<ReferenceExpr>(name.range, name.text);
  }
  default:
    break;
  }
  if (at("("))
    return atLambda() ? parseLambda() : parseParenthesis();
  if (at("["))
    return parseList();
  if (reportForeign())
    return nullptr;
  return failExpected("an expression");
}

ExprPtr ExpressionParser::parseNumber() {
  Token token = take();
  std::string digits = token.text.str();
  llvm::erase(digits, '_');
  if (token.kind == Token::Integer) {
    int64_t value;
    if (llvm::StringRef(digits).getAsInteger(10, value)) {
      error(token.range) << "requires an integer below 2**63, but got " << token.text;
      return nullptr;
    }
    return std::make_unique<NumberExpr>(token.range, value);
  }
  double value;
  bool isImaginary = digits.back() == 'j';
  if (llvm::StringRef(digits).drop_back(isImaginary).getAsDouble(value)) {
    error(token.range) << "requires a number in the range of f64, but got " << token.text;
    return nullptr;
  }
  return std::make_unique<NumberExpr>(token.range, value, isImaginary);
}

// e, e, ... up to `close`; `comma` tells whether there was any
std::optional<std::vector<ExprPtr>> ExpressionParser::parseElements(llvm::StringRef close, SourceRange open, ExprPtr first, bool &comma) {
  std::vector<ExprPtr> elements;
  if (first)
    elements.push_back(std::move(first));
  comma = false;
  while (elements.empty() ? !at(close) : takeIf(",")) {
    comma = !elements.empty();
    if (at(close))
      break;
    ExprPtr element = parseExpr();
    if (!element)
      return std::nullopt;
    elements.push_back(std::move(element));
  }
  if (!at(close) && reportForeign())
    return std::nullopt;
  if (!expectClose(close, open))
    return std::nullopt;
  return elements;
}

// (e) or (a, b)
ExprPtr ExpressionParser::parseParenthesis() {
  SourceRange open = take().range;
  bool comma;
  std::optional<std::vector<ExprPtr>> elements = parseElements(")", open, nullptr, comma);
  if (!elements)
    return nullptr;
  if (elements->size() == 1 && !comma) {
    ExprPtr inner = std::move(elements->front());
    inner->range = since(open);
    return inner;
  }
  return bounded(std::make_unique<TupleExpr>(since(open), std::move(*elements)));
}

// [a, b] or [element for names in list if condition]
ExprPtr ExpressionParser::parseList() {
  SourceRange open = take().range;
  ExprPtr first;
  if (!at("]")) {
    first = parseExpr();
    if (!first)
      return nullptr;
    if (takeIf("for")) {
      std::optional<std::vector<Name>> names = nameList("a name for the element");
      if (!names || !expect("in", "after the name of the element"))
        return nullptr;
      ExprPtr list = parseExpr(), condition;
      if (list && takeIf("if") && !(condition = parseExpr()))
        return nullptr;
      if (!list || !expectClose("]", open))
        return nullptr;
      return bounded(std::make_unique<ComprehensionExpr>(since(open), std::move(first), std::move(*names), std::move(list), std::move(condition)));
    }
  }
  bool comma;
  std::optional<std::vector<ExprPtr>> elements = parseElements("]", open, std::move(first), comma);
  if (!elements)
    return nullptr;
  return bounded(std::make_unique<ListExpr>(since(open), std::move(*elements)));
}

// callee(value, name=value, ...)
ExprPtr ExpressionParser::parseCall(ExprPtr callee) {
  SourceRange open = take().range;
  std::vector<CallExpr::Argument> arguments;
  while (!at(")")) {
    CallExpr::Argument argument;
    if (at(Token::Name) && peek(1).is("=")) {
      Token name = take();
      take();
      argument.name = Name{name.text, name.range};
    }
    argument.value = parseExpr();
    if (!argument.value)
      return nullptr;
    arguments.push_back(std::move(argument));
    if (!takeIf(","))
      break;
  }
  if (!at(")") && reportForeign())
    return nullptr;
  if (!expectClose(")", open))
    return nullptr;
  SourceRange range = since(callee->range);
  auto call = std::make_unique<CallExpr>(range, std::move(callee), std::move(arguments));
  return holds(*call) ? std::move(call) : nullptr;
}

/// Behind argmin(...): is it the point at which a problem has its least value, and not the place of a least element?
bool ExpressionParser::atProblem(const Expr &value) {
  auto *call = llvm::dyn_cast<CallExpr>(&value);
  auto *callee = call ? llvm::dyn_cast<ReferenceExpr>(call->callee.get()) : nullptr;
  return callee && callee->name == "argmin" && goesOnWith("over");
}

static ExprPtr reference(SourceRange where, llvm::StringRef name) { return std::make_unique<ReferenceExpr>(where, name); }

template <typename... Arguments> static ExprPtr callOf(SourceRange where, llvm::StringRef name, Arguments... arguments) {
  std::vector<CallExpr::Argument> list;
  (list.push_back({std::nullopt, std::move(arguments)}), ...);
  return std::make_unique<CallExpr>(where, reference(where, name), std::move(list));
}

// argmin(OBJECTIVE, ...) over ...; of several variables it is (_starts -> unpack(minimizer(...), _starts))([START, ...])
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

// over NAME [: TYPE | = START] [in SET], ... [subject to CONDITION, ...] [with SOLVER]
//
// The problem of one variable is minimizer(SOLVER(...), f=NAME -> OBJECTIVE, start=START, set=SET, equal=[NAME -> a - b, ...], less=[...], ...). That of several
// is one of a vector in which they lie one behind the other, with functions of the vector, _point -> { NAMES = unpack(_point, _starts); OBJECTIVE }.
std::optional<ExpressionParser::Problem> ExpressionParser::parseProblem(SourceRange keyword, ExprPtr objective,
                                                                        std::vector<CallExpr::Argument> further) {
  take(); // over
  Problem problem;
  std::vector<Name> &names = problem.names;
  std::vector<ExprPtr> &starts = problem.starts, sets;
  bool hasSet = false;
  do {
    skipNewlines();
    std::optional<Name> name = expectName("the name of what is sought");
    if (!name)
      return std::nullopt;
    names.push_back(*name);
    ExprPtr start;
    if (takeIf(":")) {
      std::optional<TypeSyntax> type = parseType();
      start = type ? zerosOf(std::move(*type)) : nullptr;
    } else if (expect("=", ("and the value to begin with, or ':' and a type, after '" + name->text + "'").str())) {
      start = parseExpr();
    }
    if (!start)
      return std::nullopt;
    starts.push_back(std::move(start));
    sets.emplace_back();
    if (goesOnWith("in")) {
      take();
      sets.back() = parseExpr();
      if (!sets.back())
        return std::nullopt;
      hasSet = true;
    }
  } while (takeIf(","));

  bool isSeveral = names.size() > 1;
  auto function = [&](ExprPtr e) -> ExprPtr {
    SourceRange range = e->range;
    if (!isSeveral)
      return std::make_unique<LambdaExpr>(range, names, bodyOf(std::move(e)));
    auto bind = std::make_unique<BindStmt>(range);
    bind->names = names;
    bind->value = callOf(range, "unpack", reference(range, "_point"), reference(range, "_starts"));
    Block body = bodyOf(std::move(e));
    body.statements.insert(body.statements.begin(), std::move(bind));
    return std::make_unique<LambdaExpr>(range, std::vector<Name>{{"_point", range}}, std::move(body));
  };
  std::vector<CallExpr::Argument> arguments;
  auto add = [&](llvm::StringRef name, ExprPtr argument) {
    SourceRange range = argument->range;
    arguments.push_back({Name{name, range}, std::move(argument)});
  };
  add("f", function(std::move(objective)));
  add("start", isSeveral ? callOf(keyword, "pack", reference(keyword, "_starts")) : std::move(starts.front()));
  if (hasSet && !isSeveral)
    add("set", std::move(sets.front()));
  if (hasSet && isSeveral) {
    std::vector<ExprPtr> parts;
    SourceRange range = keyword;
    for (auto [name, set] : llvm::zip_equal(names, sets)) {
      ExprPtr part = reference(name.range, name.text);
      if (set) {
        range = set->range;
        std::vector<CallExpr::Argument> list;
        list.push_back({std::nullopt, std::move(part)});
        part = std::make_unique<CallExpr>(range, std::move(set), std::move(list));
      }
      parts.push_back(std::move(part));
    }
    add("set", function(callOf(range, "pack", ExprPtr(std::make_unique<ListExpr>(range, std::move(parts))))));
  }
  std::move(further.begin(), further.end(), std::back_inserter(arguments));

  if (goesOnWith("subject")) {
    take();
    if (!expect("to", "after 'subject'"))
      return std::nullopt;
    std::vector<ExprPtr> equal, less;
    SourceRange begin = peek().range;
    do {
      skipNewlines();
      ExprPtr condition = parseExpr();
      auto *comparison = condition ? llvm::dyn_cast<BinaryExpr>(condition.get()) : nullptr;
      if (condition && !(comparison && llvm::is_contained({"==", "<=", ">="}, comparison->op.text))) {
        error(condition->range) << "requires a condition such as 'a == b', 'a <= b' or 'a >= b' after 'subject to'";
        return std::nullopt;
      }
      if (!condition)
        return std::nullopt;
      SourceRange range = condition->range;
      bool isEqual = comparison->op.text == "==";
      if (comparison->op.text == ">=")
        std::swap(comparison->lhs, comparison->rhs);
      auto difference =
          std::make_unique<BinaryExpr>(range, Name{"-", comparison->op.range}, std::move(comparison->lhs), std::move(comparison->rhs));
      (isEqual ? equal : less).push_back(function(std::move(difference)));
    } while (takeIf(","));
    if (!equal.empty())
      add("equal", std::make_unique<ListExpr>(since(begin), std::move(equal)));
    if (!less.empty())
      add("less", std::make_unique<ListExpr>(since(begin), std::move(less)));
  }
  if (goesOnWith("with")) {
    take();
    ExprPtr solver = parsePostfix();
    if (!solver)
      return std::nullopt;
    SourceRange range = solver->range;
    if (!llvm::isa<CallExpr>(*solver))
      solver = std::make_unique<CallExpr>(range, std::move(solver), std::vector<CallExpr::Argument>());
    arguments.insert(arguments.begin(), CallExpr::Argument{Name{"solver", range}, std::move(solver)});
  }
  auto solution = std::make_unique<CallExpr>(since(keyword), reference(keyword, "minimizer"), std::move(arguments));
  if (!holds(*solution))
    return std::nullopt;
  problem.solution = bounded(std::move(solution));
  if (!isSeveral)
    starts.clear();
  return problem.solution ? std::optional(std::move(problem)) : std::nullopt;
}

// base[i, lo:hi:step, ..]
ExprPtr ExpressionParser::parseIndex(ExprPtr base) {
  SourceRange open = take().range;
  std::vector<IndexExpr::Subscript> subscripts;
  auto part = [&](ExprPtr &out) { // an absent part of a slice stays null
    if (at(":") || at(",") || at("]"))
      return true;
    out = parseBinary(1);
    return out != nullptr;
  };
  while (!at("]")) {
    IndexExpr::Subscript subscript;
    SourceRange begin = peek().range;
    subscript.kind = IndexExpr::Subscript::Element;
    if (takeIf("..")) {
      subscript.kind = IndexExpr::Subscript::Rest;
    } else if (takeIf("None")) {
      subscript.kind = IndexExpr::Subscript::New;
    } else {
      if (!part(subscript.first))
        return nullptr;
      if (takeIf(":")) {
        subscript.kind = IndexExpr::Subscript::Slice;
        if (!part(subscript.last) || (takeIf(":") && !part(subscript.step)))
          return nullptr;
      } else if (!subscript.first) {
        return failExpected("an index or a slice");
      }
    }
    subscript.range = since(begin);
    subscripts.push_back(std::move(subscript));
    if (!takeIf(","))
      break;
  }
  if (!at("]") && reportForeign())
    return nullptr;
  if (!expectClose("]", open))
    return nullptr;
  if (subscripts.empty()) {
    error(since(open)) << "requires an index or a slice between '[' and ']'";
    return nullptr;
  }
  SourceRange range = since(base->range);
  return std::make_unique<IndexExpr>(range, std::move(base), std::move(subscripts));
}

bool ExpressionParser::atLambda() const {
  if (at(Token::Name))
    return peek(1).is("->");
  unsigned i = 1; // after '('
  while (peek(i).kind == Token::Name && peek(i + 1).is(","))
    i += 2;
  return peek(i).kind == Token::Name && peek(i + 1).is(")") && peek(i + 2).is("->");
}

// x -> value, (x, y) -> { statements; value }
ExprPtr ExpressionParser::parseLambda() {
  SourceRange begin = peek().range;
  bool parenthesis = takeIf("(");
  std::optional<std::vector<Name>> names = parenthesis ? nameList("a parameter") : std::vector<Name>();
  if (parenthesis) {
    take();
  } else {
    Token name = take();
    names->push_back({name.text, name.range});
  }
  take();
  Block body;
  if (at("{")) {
    std::optional<Block> block = parseBlock(InFn);
    if (!block)
      return nullptr;
    body = std::move(*block);
  } else {
    ExprPtr value = parseExpr();
    if (!value)
      return nullptr;
    body = bodyOf(std::move(value));
  }
  auto lambda = std::make_unique<LambdaExpr>(since(begin), std::move(*names), std::move(body));
  return holds(*lambda) ? bounded(std::move(lambda)) : nullptr;
}

bool ExpressionParser::atControl(llvm::StringRef word) const {
  const Token &after = peek(1);
  return at(word) && (after.kind == Token::Name || after.kind == Token::Integer || after.kind == Token::Float || after.is("(") ||
                      after.is("[") || after.is("-")) &&
         !after.is("and") && !after.is("or");
}

// for NAME in LOW..HIGH [tape KIND] carry NAME = START, ... { statements }
// while CONDITION max LIMIT [tape KIND] carry NAME = START, ... { statements }
// scan NAME in LOW..HIGH [tape KIND] [carry NAME = START, ...] { statements; value }
ExprPtr ExpressionParser::parseLoop(bool isStatement, Place place) {
  Nesting nesting(*this);
  if (tooDeep())
    return nullptr;
  Token word = take();
  auto loop = std::make_unique<LoopExpr>(word.range);
  loop->isScan = word.is("scan");
  if (word.is("for") || loop->isScan) {
    loop->index = expectName("a name for the number of the trip");
    if (!loop->index || !expect("in", "after the name"))
      return nullptr;
    ExprPtr range = parseExpr();
    auto *bounds = range ? llvm::dyn_cast<BinaryExpr>(range.get()) : nullptr;
    if (range && (!bounds || bounds->op.text != "..")) {
      error(range->range) << "requires a range, as in '" << word.text << " " << loop->index->text << " in 0..n'; 'each' repeats over a list";
      return nullptr;
    }
    if (!range)
      return nullptr;
    loop->low = std::move(bounds->lhs);
    loop->high = std::move(bounds->rhs);
  } else {
    loop->condition = parseExpr();
    if (!loop->condition || !expect("max", "and the number of trips at most after the condition"))
      return nullptr;
    loop->limit = parseExpr();
    if (!loop->limit)
      return nullptr;
  }
  if (goesOnWith("tape")) {
    take();
    Tape tapes[] = {Tape::All, Tape::Sqrt, Tape::None};
    const Tape *found = llvm::find_if(tapes, [&](Tape tape) { return at(wordOf(tape)); });
    if (found == std::end(tapes))
      return failExpected("'all', 'sqrt' or 'none' after 'tape'");
    loop->tape = *found;
    take();
  }
  bool hasCarries = goesOnWith("carry") || !(isStatement || loop->isScan);
  if (hasCarries && at("{") && loop->index) {
    error(peek().range) << "requires what a trip hands to the next, as in 'carry x = 0.0'; 'each " << loop->index->text
                        << " in ...' repeats lines that hand nothing on";
    return nullptr;
  }
  if (hasCarries && !expect("carry", "before what a trip hands to the next, as in 'carry x = 0.0'"))
    return nullptr;
  while (hasCarries) {
    skipNewlines();
    std::optional<Name> name = expectName("a name that each trip hands to the next");
    if (!name || !expect("=", "before its value at the start"))
      return nullptr;
    if (llvm::any_of(loop->carries, [&](const LoopExpr::Carry &carry) { return carry.name.text == name->text; })) {
      error(name->range) << "requires carries of different names, but got '" << name->text << "' twice";
      return nullptr;
    }
    ExprPtr start = parseExpr();
    if (!start)
      return nullptr;
    loop->carries.push_back({*name, std::move(start)});
    hasCarries = takeIf(",");
  }
  std::optional<Block> body = parseBlock(place);
  if (!body)
    return nullptr;
  loop->body = std::move(*body);
  loop->range = since(word.range);
  loop->finish();
  return holds(*loop, isStatement) ? bounded(std::move(loop)) : nullptr;
}

// if CONDITION { statements value } else { statements value }, or else if ...; as a statement, branches rebind names
ExprPtr ExpressionParser::parseBranch(bool isStatement, Place place) {
  Nesting nesting(*this);
  if (tooDeep())
    return nullptr;
  auto branch = std::make_unique<BranchExpr>(take().range);
  branch->condition = parseExpr();
  std::optional<Block> then = branch->condition ? parseBlock(place) : std::nullopt;
  if (!then)
    return nullptr;
  branch->then = std::move(*then);
  if (at("elif")) {
    error(peek().range) << "'elif' is not a word of the language; write '} else if condition { ... }'";
    return nullptr;
  }
  branch->hasElse = goesOnWith("else");
  if (branch->hasElse) {
    take();
    if (at("if")) { // a block of one branch
      SourceRange begin = peek().range;
      StmtPtr next = parseStatement(place);
      if (!next)
        return nullptr;
      branch->otherwise.statements.push_back(std::move(next));
      branch->otherwise.range = since(begin);
    } else {
      std::optional<Block> otherwise = parseBlock(place);
      if (!otherwise)
        return nullptr;
      branch->otherwise = std::move(*otherwise);
    }
  }
  branch->range = since(branch->range);
  if (!branch->hasElse)
    branch->otherwise.range = branch->range; // for what stands in for it
  branch->finish();
  return holds(*branch, isStatement, place) ? bounded(std::move(branch)) : nullptr;
}

// a, b, ... without parentheses: what a fn returns or a line binds
ExprPtr ExpressionParser::parseExprOrTuple() {
  ExprPtr first = parseExpr();
  if (!first || !at(","))
    return first;
  std::vector<ExprPtr> elements;
  SourceRange begin = first->range;
  elements.push_back(std::move(first));
  while (takeIf(",")) {
    ExprPtr element = parseExpr();
    if (!element)
      return nullptr;
    elements.push_back(std::move(element));
  }
  return bounded(std::make_unique<TupleExpr>(since(begin), std::move(elements)));
}

} // namespace costate
