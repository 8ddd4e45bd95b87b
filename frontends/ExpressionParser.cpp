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
