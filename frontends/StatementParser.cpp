// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/StatementParser.h"

#include "llvm/ADT/STLExtras.h"

namespace costate {
using namespace syntax;

//===----------------------------------------------------------------------===//
// Recovery
//===----------------------------------------------------------------------===//

/// Of a part: does a declaration begin here that stands in nothing else?
bool StatementParser::atDeclaration() const {
  const Word *word = isPart && at(Token::Name) && peek(1).kind != Token::Symbol ? findWord(peek().text) : nullptr;
  return word && (word->places & AtTop) && peek().range.file->position(peek().range.begin).column == 1;
}

void StatementParser::skipStatement() {
  while (!at(Token::EndOfFile) && !at(Token::Newline) && !at(";") && !at("}") && !atDeclaration()) {
    if (at("{"))
      skipBlock();
    else
      take();
  }
}

void StatementParser::skipBlock() {
  unsigned open = 0;
  do {
    if (at("{"))
      ++open;
    if (at("}"))
      --open;
    take();
  } while (open && !at(Token::EndOfFile) && !atDeclaration());
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

// fn NAME(parameters) [-> type] = value, or { statements; value }; then perhaps a vjp clause
std::unique_ptr<FnDecl> StatementParser::parseFn() {
  auto fn = std::make_unique<FnDecl>();
  SourceRange begin = take().range;
  std::optional<Name> name = expectName("a name after 'fn'");
  if (!name)
    return nullptr;
  std::optional<std::vector<Parameter>> parameters = parseParameters();
  auto result = parameters ? parseResultType() : std::nullopt;
  if (!result)
    return nullptr;
  fn->name = *name;
  fn->parameters = std::move(*parameters);
  fn->result = std::move(*result);
  if (takeIf("=")) {
    ExprPtr value = parseExprOrTuple();
    if (!value)
      return nullptr;
    fn->body = bodyOf(std::move(value));
  } else {
    if (!at("{"))
      return failExpected("'=' or '{' before the body of a fn");
    std::optional<Block> body = parseBlock(InFn);
    if (!body)
      return nullptr;
    fn->body = std::move(*body);
  }
  fn->range = since(begin);
  return parseVjpBehind(*fn) ? std::move(fn) : nullptr;
}

/// The derivative of a fn, if it is given; perhaps on the next line.
bool StatementParser::parseVjpBehind(FnDecl &fn) {
  if (!goesOnWith("vjp"))
    return true;
  fn.vjp = parseVjp();
  return fn.vjp.has_value();
}

// vjp (cotangents) -> gradients
std::optional<FnDecl::CustomVjp> StatementParser::parseVjp() {
  FnDecl::CustomVjp vjp;
  SourceRange begin = take().range;
  if (!expect("(", "after 'vjp'"))
    return std::nullopt;
  std::optional<std::vector<Name>> cotangents = nameList("a name for a cotangent");
  if (!cotangents || !expect(")", "after the cotangents") || !expect("->", "before the gradients"))
    return std::nullopt;
  vjp.cotangents = std::move(*cotangents);
  do {
    ExprPtr gradient = parseExpr();
    if (!gradient)
      return std::nullopt;
    vjp.gradients.push_back(std::move(gradient));
  } while (takeIf(","));
  vjp.range = since(begin);
  return vjp;
}

// ([static] NAME [: type] [= value], ...)
std::optional<std::vector<Parameter>> StatementParser::parseParameters(bool mayBeStatic) {
  SourceRange open = peek().range;
  if (!expect("(", "before the parameters"))
    return std::nullopt;
  std::vector<Parameter> parameters;
  while (!at(")")) {
    Parameter parameter;
    parameter.isStatic = mayBeStatic && peek(1).kind == Token::Name && takeIf("static");
    std::optional<Name> name = expectName("the name of a parameter");
    if (!name)
      return std::nullopt;
    parameter.name = *name;
    for (const Parameter &other : parameters)
      if (other.name.text == name->text) {
        error(name->range) << "requires parameters of different names, but got '" << name->text << "' twice";
        return std::nullopt;
      }
    if (takeIf(":")) {
      std::optional<TypeSyntax> type = parseType();
      if (!type)
        return std::nullopt;
      parameter.type = std::move(*type);
    }
    if (takeIf("=")) {
      parameter.defaultValue = parseExpr();
      if (!parameter.defaultValue)
        return std::nullopt;
    }
    parameters.push_back(std::move(parameter));
    if (!takeIf(","))
      break;
  }
  if (!expectClose(")", open))
    return std::nullopt;
  return parameters;
}

// [-> type]; the outer optional is empty after an error
std::optional<std::optional<TypeSyntax>> StatementParser::parseResultType() {
  if (!takeIf("->"))
    return std::optional<TypeSyntax>();
  std::optional<TypeSyntax> type = parseType();
  if (!type)
    return std::nullopt;
  return type;
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

std::optional<Block> StatementParser::parseBlock(Place place) {
  Nesting nesting(*this);
  if (tooDeep())
    return std::nullopt;
  SourceRange open = peek().range;
  if (!expect("{", "before the body"))
    return std::nullopt;
  Block block;
  skipNewlines();
  while (!at("}") && !at(Token::EndOfFile) && !givesUp() && !atDeclaration()) {
    StmtPtr statement = parseStatement(place);
    bool isLast = isPart && (at(Token::EndOfFile) || atDeclaration()); // it ends with a block that is not closed
    if (statement && !isLast && !at(Token::Newline) && !at(";") && !at("}")) {
      if (at(":"))
        error(peek().range) << "requires no type here; inputs, params, states and the parameters of functions have one";
      else if (!reportForeign())
        failExpected("the end of the statement");
      statement = nullptr;
    }
    if (statement)
      block.statements.push_back(std::move(statement));
    else
      skipStatement();
    skipNewlines();
  }
  bool isClosed = !givesUp() && expectClose("}", open);
  if (!isClosed && !isPart)
    return std::nullopt;
  block.range = isClosed ? since(open) : SourceRange{open.file, open.begin, peek().range.begin};
  rules.check(block); // what is wrong with it spoils nothing that follows
  return block;
}

StmtPtr StatementParser::parseStatement(Place place) {
  struct Keyword {
    llvm::StringLiteral word;
    StmtPtr (*parse)(StatementParser &, Place);
  };
  static constexpr Keyword keywords[] = {
      {"input", [](StatementParser &p, Place) { return p.parseDeclare(DeclareStmt::Input); }},
      {"target", [](StatementParser &p, Place) { return p.parseDeclare(DeclareStmt::Target); }},
      {"rows", [](StatementParser &p, Place) { return p.parseDeclare(DeclareStmt::Rows); }},
      {"hyper", [](StatementParser &p, Place) { return p.parseDeclare(DeclareStmt::Hyper); }},
      {"param", [](StatementParser &p, Place) { return p.parseDeclare(DeclareStmt::Param); }},
      {"state", [](StatementParser &p, Place) { return p.parseDeclare(DeclareStmt::State); }},
      {"net", [](StatementParser &p, Place) { return p.parseRoleBind(BindStmt::Net); }},
      {"metric", [](StatementParser &p, Place) { return p.parseRoleBind(BindStmt::Metric); }},
      {"predict", [](StatementParser &p, Place) { return p.parseRoleBind(BindStmt::Predict); }},
      {"data", [](StatementParser &p, Place) { return p.parseSetting(); }},
      {"epochs", [](StatementParser &p, Place) { return p.parseSetting(); }},
      {"batch", [](StatementParser &p, Place) { return p.parseSetting(); }},
      {"dim", [](StatementParser &p, Place) { return p.parseDim(); }},
      {"group", [](StatementParser &p, Place) { return p.parseGroup(); }},
      {"freeze", [](StatementParser &p, Place) { return p.parseFreeze(); }},
      {"tie", [](StatementParser &p, Place) { return p.parseTie(); }},
      {"minimize", [](StatementParser &p, Place) { return p.parseMinimize(); }},
      {"step", [](StatementParser &p, Place) { return p.parseStep(); }},
      {"entry", [](StatementParser &p, Place) { return p.parseEntry(); }},
      {"update", [](StatementParser &p, Place) { return p.parseUpdate(); }},
      {"each", [](StatementParser &p, Place place) { return p.parseEach(place); }},
      {"if", [](StatementParser &p, Place place) { return p.parseBranchStatement(place); }},
      {"require", [](StatementParser &p, Place) { return p.parseRequire(); }},
      {"expect", [](StatementParser &p, Place) { return p.parseExpect(); }},
  };
  if (place == InStep && (atControl("for") || atControl("while"))) // elsewhere they are values
    return parseLoopStatement();
  if (place == InCheck && at("fn") && peek(1).kind == Token::Name)
    return parseDefine();
  if (at("print") && (peek(1).is("(") || peek(1).kind == Token::String))
    return rules.checkPlace("print", peek().range, place) ? parsePrint() : nullptr;
  // A keyword is one only before what its construct needs; `param <- ...`, `batch = 3` and `target(x)` are names.
  const Token &after = peek(1);
  bool takesValue = at("minimize") || at("if") || at("require") || at("expect");
  bool opens = after.kind == Token::Name || after.kind == Token::Integer || after.kind == Token::Float ||
               after.kind == Token::String || after.is("{") ||
               (takesValue && !after.is("=") && !after.is("<-") && !after.is(",") && !after.is(".")) ||
               ((at("epochs") || at("batch")) && after.is("-") && place == InModel); // where a difference would have no use
  if (at(Token::Name) && opens && !after.is("and") && !after.is("or")) {
    for (const Keyword &keyword : keywords) {
      if (!at(keyword.word))
        continue;
      return rules.checkPlace(keyword.word, peek().range, place) ? keyword.parse(*this, place) : nullptr;
    }
  }
  if (reportForeign())
    return nullptr;
  // Two words side by side are a statement, but none that there is.
  bool isValue = after.kind == Token::Name || after.kind == Token::Integer || after.kind == Token::Float || after.kind == Token::String;
  if (at(Token::Name) && isValue && !llvm::is_contained({"for", "while", "scan", "if", "not"}, peek().text) &&
      !llvm::is_contained({"and", "or", "if", "is", "in", "not"}, after.text)) {
    auto diagnostic = error(peek().range);
    if (const Word *word = findWord(peek().text); word && (word->places & AtTop)) {
      diagnostic << "requires '" << peek().text << "' to stand at the top of the file, but found it in " << describe(place);
      return nullptr;
    }
    llvm::StringRef nearest = nearestName(peek().text, llvm::map_to_vector(keywords, [](const Keyword &k) { return llvm::StringRef(k.word); }));
    diagnostic << "'" << peek().text << "' is not a statement";
    if (!nearest.empty())
      diagnostic << "; did you mean '" << nearest << "'?";
    return nullptr;
  }
  return parseBindOrResult();
}

// ROLE NAME [: type] [out axis EXPR] [= value]
StmtPtr StatementParser::parseDeclare(DeclareStmt::Role role) {
  SourceRange begin = take().range;
  std::optional<Name> name = expectName("a name");
  if (!name)
    return nullptr;
  auto declare = std::make_unique<DeclareStmt>(begin);
  declare->role = role;
  declare->name = *name;
  if (takeIf(":")) {
    declare->type = parseType();
    if (!declare->type)
      return nullptr;
  }
  if (role == DeclareStmt::Param && takeIf("out")) {
    if (!expect("axis", "after 'out'"))
      return nullptr;
    declare->outAxis = parseExpr();
    if (!declare->outAxis)
      return nullptr;
  }
  if (takeIf("=")) {
    declare->value = parseExpr();
    if (!declare->value)
      return nullptr;
  }
  declare->range = since(begin);
  return holds(*declare) ? std::move(declare) : nullptr;
}

// net NAME = value; metric NAME = value; predict NAME = value
StmtPtr StatementParser::parseRoleBind(BindStmt::Role role) {
  SourceRange begin = peek().range;
  llvm::StringRef keyword = take().text;
  std::optional<Name> name = expectName("a name");
  if (!name)
    return nullptr;
  if (role == BindStmt::Net && at("(")) {
    error(begin) << "requires the definition of net '" << name->text << "' to stand outside of models and nets";
    return nullptr;
  }
  if (!expect("=", ("after '" + keyword + " " + name->text + "'").str()))
    return nullptr;
  auto bind = std::make_unique<BindStmt>(begin);
  bind->role = role;
  bind->names = {*name};
  bind->value = parseExpr();
  if (role == BindStmt::Metric && bind->value && goesOnWith("over") && takeIf("over")) {
    if (!expect("split", "after 'over'"))
      return nullptr;
    bind->role = BindStmt::SplitMetric;
  }
  bind->range = since(begin);
  return bind->value ? std::move(bind) : nullptr;
}

// data "file"; epochs 30; batch 32
StmtPtr StatementParser::parseSetting() {
  Token keyword = take();
  bool wantsString = keyword.is("data");
  if (at(Token::String) != wantsString || (!wantsString && !at(Token::Integer)))
    return failExpected(wantsString ? "a file name in quotes after 'data'"
                                    : "a positive integer after '" + keyword.text.str() + "'");
  auto setting = std::make_unique<SettingStmt>(keyword.range);
  setting->name = {keyword.text, keyword.range};
  setting->value = parsePrimary();
  setting->range = since(keyword.range);
  return setting->value ? std::move(setting) : nullptr;
}

// dim NAME hint SIZE
StmtPtr StatementParser::parseDim() {
  SourceRange begin = take().range;
  std::optional<Name> name = expectName("the name of a dimension");
  if (!name || !expect("hint", "after the name of the dimension"))
    return nullptr;
  if (!at(Token::Integer))
    return failExpected("a positive integer after 'hint'");
  auto dim = std::make_unique<DimStmt>(begin);
  dim->name = *name;
  dim->hint = parseNumber();
  dim->range = since(begin);
  return dim->hint ? std::move(dim) : nullptr;
}

// "path with *"
std::optional<Pattern> StatementParser::parsePattern() {
  if (!at(Token::String)) {
    failExpected("the path of params in quotes, such as \"*.b\"");
    return std::nullopt;
  }
  Token token = take();
  return Pattern{token.text, token.range};
}

std::optional<std::vector<Pattern>> StatementParser::parsePatterns() {
  std::vector<Pattern> patterns;
  do {
    std::optional<Pattern> pattern = parsePattern();
    if (!pattern)
      return std::nullopt;
    patterns.push_back(*pattern);
  } while (takeIf(","));
  return patterns;
}

// group NAME = "pattern", ...
StmtPtr StatementParser::parseGroup() {
  auto group = std::make_unique<GroupStmt>(take().range);
  std::optional<Name> name = expectName("a name after 'group'");
  if (!name || !expect("=", "after the name of the group"))
    return nullptr;
  std::optional<std::vector<Pattern>> patterns = parsePatterns();
  if (!patterns)
    return nullptr;
  group->name = *name;
  group->patterns = std::move(*patterns);
  group->range = since(group->range);
  return group;
}

// freeze "pattern", ...
StmtPtr StatementParser::parseFreeze() {
  auto freeze = std::make_unique<FreezeStmt>(take().range);
  std::optional<std::vector<Pattern>> patterns = parsePatterns();
  if (!patterns)
    return nullptr;
  freeze->patterns = std::move(*patterns);
  freeze->range = since(freeze->range);
  return freeze;
}

// tie "path" to "path"
StmtPtr StatementParser::parseTie() {
  auto tie = std::make_unique<TieStmt>(take().range);
  std::optional<Pattern> leaf = parsePattern();
  if (!leaf || !expect("to", "after the path"))
    return nullptr;
  std::optional<Pattern> place = parsePattern();
  if (!place)
    return nullptr;
  tie->leaf = *leaf;
  tie->place = *place;
  tie->range = since(tie->range);
  return tie;
}

// with OPTIMIZER [, GROUP(arguments) ...]
std::optional<OptimizerUse> StatementParser::parseOptimizerUse(llvm::StringRef after) {
  goesOnWith("with");
  if (!expect("with", ("and an optimizer after " + after).str()))
    return std::nullopt;
  OptimizerUse use;
  use.optimizer = parseExpr();
  if (!use.optimizer)
    return std::nullopt;
  while (takeIf(",")) {
    ExprPtr group = parseExpr();
    if (!group)
      return std::nullopt;
    use.groups.push_back(std::move(group));
  }
  if (!holds(use))
    return std::nullopt;
  return use;
}

// minimize OBJECTIVE [over SETS] with OPTIMIZER, each part perhaps on the next line
StmtPtr StatementParser::parseMinimize() {
  SourceRange begin = take().range;
  auto minimize = std::make_unique<MinimizeStmt>(begin);
  minimize->objective = parseExpr();
  if (!minimize->objective)
    return nullptr;
  if (goesOnWith("over") && (peek(2).is(":") || peek(2).is("=")))
    return parseSolve(begin, std::move(minimize->objective));
  if (takeIf("over")) {
    std::optional<std::vector<Name>> sets = nameList("the name of a parameter set");
    if (!sets)
      return nullptr;
    minimize->sets = std::move(*sets);
  }
  std::optional<OptimizerUse> with = parseOptimizerUse("the objective");
  if (!with)
    return nullptr;
  minimize->with = std::move(*with);
  minimize->range = since(begin);
  return minimize;
}

// minimize OBJECTIVE over NAME : TYPE ...: the entry `solve`, which gives what is sought, the objective there, what is missing of the conditions that a solution
// obeys, and the number of steps
StmtPtr StatementParser::parseSolve(SourceRange begin, ExprPtr objective) {
  std::vector<CallExpr::Argument> further;
  further.push_back({Name{"details", begin}, std::make_unique<BoolExpr>(begin, true)});
  std::optional<Problem> problem = parseProblem(begin, std::move(objective), std::move(further));
  if (!problem)
    return nullptr;
  auto entry = std::make_unique<EntryStmt>(begin);
  entry->name = {"solve", begin};
  entry->range = since(begin);
  std::vector<ExprPtr> values;
  auto bind = [&](std::vector<Name> names, ExprPtr value) {
    auto statement = std::make_unique<BindStmt>(entry->range);
    statement->names = std::move(names);
    statement->value = std::move(value);
    entry->body.statements.push_back(std::move(statement));
  };
  const Name details[] = {{"objective", begin}, {"residual", begin}, {"steps", begin}};
  auto withDetails = [&](std::vector<Name> names) {
    names.insert(names.end(), std::begin(details), std::end(details));
    return names;
  };
  if (problem->starts.empty()) {
    bind(withDetails(problem->names), std::move(problem->solution));
  } else {
    bind({{"_starts", begin}}, std::make_unique<ListExpr>(begin, std::move(problem->starts)));
    bind(withDetails({{"_point", begin}}), std::move(problem->solution));
    std::vector<CallExpr::Argument> arguments;
    for (llvm::StringRef name : {"_point", "_starts"})
      arguments.push_back({std::nullopt, std::make_unique<ReferenceExpr>(begin, name)});
    bind(problem->names, std::make_unique<CallExpr>(begin, std::make_unique<ReferenceExpr>(begin, "unpack"), std::move(arguments)));
  }
  for (const Name &name : withDetails(problem->names))
    values.push_back(std::make_unique<ReferenceExpr>(name.range, name.text));
  auto result = std::make_unique<ResultStmt>(entry->range);
  result->value = std::make_unique<TupleExpr>(entry->range, std::move(values));
  entry->body.statements.push_back(std::move(result));
  entry->body.range = entry->range;
  return entry;
}

// update SETS with OPTIMIZER from GRADIENT
StmtPtr StatementParser::parseUpdate() {
  SourceRange begin = take().range;
  auto update = std::make_unique<UpdateStmt>(begin);
  std::optional<std::vector<Name>> sets = nameList("the name of a parameter set");
  std::optional<OptimizerUse> with = sets ? parseOptimizerUse("the parameter sets") : std::nullopt;
  if (with)
    goesOnWith("from");
  if (!with || !expect("from", "and a gradient after the optimizer"))
    return nullptr;
  update->sets = std::move(*sets);
  update->with = std::move(*with);
  update->gradient = parseExpr();
  update->range = since(begin);
  return update->gradient ? std::move(update) : nullptr;
}

// step { statements }
StmtPtr StatementParser::parseStep() {
  SourceRange begin = take().range;
  auto step = std::make_unique<StepStmt>(begin);
  std::optional<Block> body = parseBlock(InStep);
  if (!body)
    return nullptr;
  step->body = std::move(*body);
  step->range = since(begin);
  return step;
}

// entry NAME(parameters) { statements [value] }
StmtPtr StatementParser::parseEntry() {
  SourceRange begin = take().range;
  auto entry = std::make_unique<EntryStmt>(begin);
  std::optional<Name> name = expectName("a name after 'entry'");
  std::optional<std::vector<Parameter>> parameters = name ? parseParameters() : std::nullopt;
  std::optional<Block> body = parameters ? parseBlock(InStep) : std::nullopt;
  if (!body)
    return nullptr;
  entry->name = *name;
  entry->parameters = std::move(*parameters);
  entry->body = std::move(*body);
  entry->range = since(begin);
  return holds(*entry) ? std::move(entry) : nullptr;
}

// each NAMES in LIST { statements }
StmtPtr StatementParser::parseEach(Place place) {
  SourceRange begin = take().range;
  auto each = std::make_unique<EachStmt>(begin);
  std::optional<std::vector<Name>> names = nameList("a name for the element");
  if (!names || !expect("in", "after the name of the element"))
    return nullptr;
  each->names = std::move(*names);
  each->list = parseExpr();
  std::optional<Block> body = each->list ? parseBlock(place) : std::nullopt;
  if (!body)
    return nullptr;
  each->body = std::move(*body);
  each->range = since(begin);
  return holds(*each) ? std::move(each) : nullptr;
}

// if CONDITION { statements } [else { statements }], which rebind names, end with the value of the body or, in a step, do what that does
StmtPtr StatementParser::parseBranchStatement(Place place) {
  Place inside = placeInBranch(place);
  ExprPtr value = parseBranch(/*isStatement=*/true, inside);
  if (!value)
    return nullptr;
  if (inside == InStep || !llvm::cast<BranchExpr>(*value).then.hasValue()) {
    auto statement = std::make_unique<BranchStmt>(value->range);
    statement->value = std::move(value);
    return statement;
  }
  auto result = std::make_unique<ResultStmt>(value->range);
  result->value = std::move(value);
  return result;
}

// for NAME in LOW..HIGH { statements }; while CONDITION max COUNT { statements }: of a step
StmtPtr StatementParser::parseLoopStatement() {
  ExprPtr value = parseLoop(/*isStatement=*/true, InStep);
  if (!value)
    return nullptr;
  auto statement = std::make_unique<LoopStmt>(value->range);
  statement->value = std::move(value);
  return statement;
}

// require CONDITION [, "MESSAGE"]
StmtPtr StatementParser::parseRequire() {
  SourceRange begin = take().range;
  auto require = std::make_unique<RequireStmt>(begin);
  require->condition = parseExpr();
  if (!require->condition)
    return nullptr;
  require->range = since(begin);
  if (takeIf(",")) {
    if (!at(Token::String))
      return failExpected("a message in quotes after the condition");
    require->message = take().text;
  }
  return require;
}

// print(["NAME",] VALUE)
StmtPtr StatementParser::parsePrint() {
  auto print = std::make_unique<PrintStmt>(take().range);
  SourceRange open = peek().range;
  if (!expect("(", "after 'print'"))
    return nullptr;
  if (at(Token::String) && peek(1).is(",")) {
    print->name = take().text;
    take();
  }
  print->value = parseExpr();
  if (!print->value || !expectClose(")", open))
    return nullptr;
  print->range = since(print->range);
  return print;
}

// a fn of the check
StmtPtr StatementParser::parseDefine() {
  auto define = std::make_unique<DefineStmt>(peek().range);
  define->fn = parseFn();
  define->range = since(define->range);
  return define->fn ? std::move(define) : nullptr;
}

// expect ACTUAL ~= EXPECTED within TOLERANCE [relative]; expect CONDITION
StmtPtr StatementParser::parseExpect() {
  SourceRange begin = take().range;
  auto result = std::make_unique<ExpectStmt>(begin);
  result->actual = parseExpr();
  if (!result->actual)
    return nullptr;
  result->range = since(begin);
  if (at(Token::Newline) || at(";") || at("}"))
    return result;
  if (!expect("~=", "between the actual and the expected value"))
    return nullptr;
  result->expected = parseExpr();
  if (!result->expected || !expect("within", "and a tolerance after the expected value"))
    return nullptr;
  result->tolerance = parseExpr();
  result->isRelative = result->tolerance && takeIf("relative");
  result->range = since(begin);
  return result->tolerance ? std::move(result) : nullptr;
}

// NAME[subscripts] <- value, behind the sign
StmtPtr StatementParser::parseWrite(SourceRange begin, ExprPtr place) {
  auto rebind = std::make_unique<RebindStmt>(begin);
  const Expr &base = *llvm::cast<IndexExpr>(*place).base;
  auto *name = llvm::dyn_cast<ReferenceExpr>(&base);
  ExprPtr value = parseExpr();
  if (!value)
    return nullptr;
  rebind->range = since(begin);
  rebind->names = {{name ? name->name : "", base.range}};
  rebind->value = bounded(std::make_unique<WriteExpr>(rebind->range, std::move(place), std::move(value)));
  return rebind->value && rules.check(*rebind) ? std::move(rebind) : nullptr;
}

// NAME, NAME, ... and the sign
bool StatementParser::atNamesBefore(llvm::StringRef sign) const {
  unsigned names = 0;
  while (peek(names).kind == Token::Name && peek(names + 1).is(","))
    names += 2;
  return peek(names).kind == Token::Name && peek(names + 1).is(sign);
}

// NAMES = value; NAMES <- value; value
StmtPtr StatementParser::parseBindOrResult() {
  SourceRange begin = peek().range;
  if (atNamesBefore("=")) {
    auto bind = std::make_unique<BindStmt>(begin);
    bind->names = std::move(*nameList("a name"));
    take();
    bind->value = parseExprOrTuple();
    bind->range = since(begin);
    return bind->value ? std::move(bind) : nullptr;
  }
  if (atNamesBefore("<-")) {
    auto rebind = std::make_unique<RebindStmt>(begin);
    rebind->names = std::move(*nameList("a name"));
    take();
    rebind->value = rebind->names.size() > 1 ? parseExprOrTuple() : parseExpr();
    rebind->range = since(begin);
    return rebind->value && holds(*rebind) ? std::move(rebind) : nullptr;
  }
  ExprPtr value = parseExprOrTuple();
  if (!value)
    return nullptr;
  auto *place = llvm::dyn_cast<IndexExpr>(value.get());
  if (place && takeIf("<-"))
    return parseWrite(begin, std::move(value));
  if (at("=") || at("<-")) {
    error(value->range) << "requires a name on the left of '" << peek().text << "', but found an expression"
                        << (place ? "; write '" + spell(*value) + " <- value'" : "");
    return nullptr;
  }
  auto result = std::make_unique<ResultStmt>(value->range);
  result->value = std::move(value);
  return result;
}

} // namespace costate
