// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recursive descent, one function a construct. A parse function returns null after it has reported an error; the
// declaration that contains the error is then skipped.
#include "costate/frontends/Parser.h"

#include "costate/frontends/StatementParser.h"
#include "llvm/ADT/STLExtras.h"

namespace costate {
using namespace syntax;

namespace {

class Parser : StatementParser {
public:
  using StatementParser::StatementParser;

  std::unique_ptr<File> parseFile();

private:
  bool parseDeclaration(File &file);
  std::unique_ptr<Import> parseImport();
  bool parseAlias(std::optional<Name> &alias);
  std::unique_ptr<BindStmt> parseConstant();
  std::unique_ptr<ModelDecl> parseModel();
  std::unique_ptr<NetDecl> parseNetDecl();
  std::unique_ptr<FnDecl> parseExternFn();
  std::unique_ptr<OptimizerDecl> parseOptimizer();
  std::unique_ptr<CheckDecl> parseCheck();
};

} // namespace

std::unique_ptr<File> Parser::parseFile() {
  auto file = std::make_unique<File>();
  skipNewlines();
  while (!at(Token::EndOfFile) && !givesUp()) {
    if (!parseDeclaration(*file)) {
      skipStatement();
      if (at("}"))
        take();
    }
    skipNewlines();
  }
  return isPart || diagnostics.errorCount() == errorsBefore ? std::move(file) : nullptr;
}

bool Parser::parseDeclaration(File &file) {
  auto keep = [](auto &list, auto declaration) {
    if (!declaration)
      return false;
    list.push_back(std::move(declaration));
    return true;
  };
  if (atNamesBefore("="))
    return keep(file.constants, parseConstant());
  if (at("import") || at("from"))
    return keep(file.imports, parseImport());
  if (at("model") || at("problem"))
    return keep(file.models, parseModel());
  if (at("net"))
    return keep(file.nets, parseNetDecl());
  if (at("fn"))
    return keep(file.fns, parseFn());
  if (at("extern"))
    return keep(file.fns, parseExternFn());
  if (at("optimizer"))
    return keep(file.optimizers, parseOptimizer());
  if (at("check"))
    return keep(file.checks, parseCheck());
  if (reportForeign())
    return false;
  auto diagnostic = error(peek().range);
  diagnostic << "expected 'model', 'problem', 'net', 'fn', 'extern fn', 'optimizer', 'check', 'import' or 'name = value', but found "
             << found();
  if (at(Token::Name)) {
    llvm::StringRef nearest = nearestName(peek().text, wordsAt(AtTop));
    if (!nearest.empty())
      diagnostic << "; did you mean '" << nearest << "'?";
  }
  return false;
}

// import "PATH" [as NAME]; from "PATH" import NAME [as NAME], ...
std::unique_ptr<Import> Parser::parseImport() {
  auto import = std::make_unique<Import>();
  Token keyword = take();
  if (!at(Token::String))
    return failExpected(("the path of a file in quotes after '" + keyword.text + "', as in \"losses.costate\"").str());
  Token path = take();
  import->path = {path.text, path.range};
  if (keyword.is("import")) {
    if (!parseAlias(import->alias))
      return nullptr;
  } else {
    if (!expect("import", "and names after the path"))
      return nullptr;
    if (at("*")) {
      error(peek().range) << "requires the names that are wanted after 'import'; 'import \"" << path.text
                          << "\"' is of all of them, behind one name";
      return nullptr;
    }
    do {
      std::optional<Name> name = expectName("the name of what the file declares");
      if (!name || !parseAlias(import->members.emplace_back(Import::Member{*name, {}}).alias))
        return nullptr;
    } while (takeIf(","));
  }
  import->range = since(keyword.range);
  return rules.check(*import) ? std::move(import) : nullptr;
}

// [as NAME]
bool Parser::parseAlias(std::optional<Name> &alias) {
  if (!takeIf("as"))
    return true;
  alias = expectName("a name after 'as'");
  return alias.has_value();
}

// NAMES = value
std::unique_ptr<BindStmt> Parser::parseConstant() {
  StmtPtr statement = parseBindOrResult();
  return std::unique_ptr<BindStmt>(statement ? llvm::cast<BindStmt>(statement.release()) : nullptr);
}

// model NAME { statements }; problem NAME { statements, one of them minimize OBJECTIVE over NAME : TYPE ... }
std::unique_ptr<ModelDecl> Parser::parseModel() {
  auto model = std::make_unique<ModelDecl>();
  Token keyword = take();
  SourceRange begin = keyword.range;
  std::optional<Name> name = expectName(("a name after '" + keyword.text + "'").str());
  if (!name)
    return nullptr;
  unsigned errors = diagnostics.errorCount();
  std::optional<Block> body = parseBlock(InModel);
  if (!body)
    return nullptr;
  model->name = *name;
  model->body = std::move(*body);
  model->range = since(begin);
  auto isSolve = [](const StmtPtr &statement) {
    auto *entry = llvm::dyn_cast<EntryStmt>(statement.get());
    return entry && entry->name.text == "solve";
  };
  if (keyword.is("problem") && diagnostics.errorCount() == errors && llvm::none_of(model->body.statements, isSolve)) {
    error(name->range) << "requires 'minimize e over x : f32[n]' in problem '" << name->text << "'";
    return nullptr;
  }
  return model;
}

// net NAME(sizes)(inputs) [-> type] { statements; value }
std::unique_ptr<NetDecl> Parser::parseNetDecl() {
  auto net = std::make_unique<NetDecl>();
  SourceRange begin = take().range;
  std::optional<Name> name = expectName("a name after 'net'");
  if (!name)
    return nullptr;
  std::optional<std::vector<Parameter>> statics = parseParameters();
  if (!statics)
    return nullptr;
  if (!at("(")) {
    error(peek().range) << "requires two parameter lists, net " << name->text << "(sizes)(inputs), but found " << found()
                        << " after the first";
    return nullptr;
  }
  std::optional<std::vector<Parameter>> inputs = parseParameters();
  auto result = inputs ? parseResultType() : std::nullopt;
  std::optional<Block> body = result ? parseBlock(InNet) : std::nullopt;
  if (!body)
    return nullptr;
  net->name = *name;
  net->statics = std::move(*statics);
  net->inputs = std::move(*inputs);
  net->result = std::move(*result);
  net->body = std::move(*body);
  net->range = since(begin);
  return net;
}

// extern fn NAME(parameters) -> type, ... [symbol "NAME"]; then perhaps a vjp clause
std::unique_ptr<FnDecl> Parser::parseExternFn() {
  auto fn = std::make_unique<FnDecl>();
  SourceRange begin = take().range;
  if (!expect("fn", "after 'extern'"))
    return nullptr;
  std::optional<Name> name = expectName("a name after 'extern fn'");
  if (!name)
    return nullptr;
  std::optional<std::vector<Parameter>> parameters = parseParameters();
  if (!parameters || !expect("->", "before the types of the results"))
    return nullptr;
  fn->name = *name;
  fn->parameters = std::move(*parameters);
  fn->external = FnDecl::Extern{{}, *name};
  do {
    std::optional<TypeSyntax> type = parseType();
    if (!type)
      return nullptr;
    fn->external->results.push_back(std::move(*type));
  } while (takeIf(","));
  if (at("=") || at("{")) {
    error(peek().range) << "requires no body of extern fn '" << name->text << "', which is a C function, but found " << found();
    return nullptr;
  }
  if (takeIf("symbol")) {
    if (!at(Token::String))
      return failExpected("the name of a C function in quotes after 'symbol'");
    Token symbol = take();
    fn->external->symbol = {symbol.text, symbol.range};
  }
  fn->body.range = fn->range = since(begin);
  return holds(*fn) && parseVjpBehind(*fn) ? std::move(fn) : nullptr;
}

// optimizer NAME(parameters) { statements }
std::unique_ptr<OptimizerDecl> Parser::parseOptimizer() {
  auto optimizer = std::make_unique<OptimizerDecl>();
  SourceRange begin = take().range;
  std::optional<Name> name = expectName("a name after 'optimizer'");
  if (!name)
    return nullptr;
  std::optional<std::vector<Parameter>> parameters = parseParameters(/*mayBeStatic=*/true);
  std::optional<Block> body = parameters ? parseBlock(InOptimizer) : std::nullopt;
  if (!body)
    return nullptr;
  optimizer->name = *name;
  optimizer->parameters = std::move(*parameters);
  optimizer->body = std::move(*body);
  optimizer->range = since(begin);
  return optimizer;
}

// check "title" { statements }
std::unique_ptr<CheckDecl> Parser::parseCheck() {
  auto check = std::make_unique<CheckDecl>();
  SourceRange begin = take().range;
  if (!at(Token::String))
    return failExpected("a title in quotes after 'check'");
  check->title = take().text;
  std::optional<Block> body = parseBlock(InCheck);
  if (!body)
    return nullptr;
  check->body = std::move(*body);
  check->range = since(begin);
  return check;
}

std::unique_ptr<File> parse(const SourceFile &source, Diagnostics &diagnostics) { return Parser(source, diagnostics).parseFile(); }

std::unique_ptr<File> parsePart(const SourceFile &source, Diagnostics &diagnostics, bool keepsFaults) {
  Diagnostics::Silence silence(diagnostics);
  return Parser(source, diagnostics, /*isPart=*/true, keepsFaults).parseFile();
}

} // namespace costate
