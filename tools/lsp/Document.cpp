// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/lsp/Document.h"

#include "costate/frontends/Parser.h"
#include "costate/frontends/Scopes.h"
#include "costate/frontends/SyntaxRules.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatAdapters.h"
#include "llvm/Support/LSP/Logging.h"

namespace costate::lsp {

using namespace syntax;
using llvm::lsp::DocumentSymbol;
using llvm::lsp::Hover;
using llvm::lsp::Location;
using llvm::lsp::SymbolKind;

//===----------------------------------------------------------------------===//
// The text
//===----------------------------------------------------------------------===//

namespace {
struct Names : NameWalker {
  Names(std::vector<LocalName> &locals, std::map<uint32_t, Name> &binders) : locals(locals), binders(binders) {}

  void use(const Name &name, const Name *binder) override {
    if (binder)
      binders.try_emplace(name.range.begin, *binder);
  }
  void rebind(const Name &name, const Name *binder) override { use(name, binder); }
  void bind(const Name &name, SourceRange where, uint32_t end) override { locals.push_back({name, where, end}); }

  std::vector<LocalName> &locals;
  std::map<uint32_t, Name> &binders;
};
} // namespace

Document::Document(const llvm::lsp::URIForFile &uri, StringRef text, int64_t version)
    : uri(uri), version(version), source(uri.file(), text), places(source.text()) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Diagnostics diagnostics(context);
  {
    Diagnostics::Silence silence(diagnostics);
    tokens = tokenize(source, diagnostics);
  }
  tree = parsePart(source, diagnostics, /*keepsFaults=*/true);
  declarations = declarationsOf(*tree);
  Names(locals, binders).walk(*tree);
}

const Token *Document::tokenAt(size_t offset) const {
  // At the end of a name a cursor is still on it.
  const Token *last = nullptr;
  for (const Token &token : tokens) {
    if (token.range.begin > offset)
      break;
    bool isWord = token.kind == Token::Name || token.kind == Token::Integer;
    if (token.range.end > offset || (token.range.end == offset && isWord && token.range.begin < token.range.end))
      last = &token;
  }
  return last;
}

const Name *Document::binderOf(const Token &name) const {
  auto found = binders.find(name.range.begin);
  if (found != binders.end())
    return &found->second;
  const LocalName *local = localAt(name.range.begin);
  return local ? &local->name : nullptr;
}

const LocalName *Document::localAt(uint32_t begin) const {
  auto local = llvm::find_if(locals, [&](const LocalName &local) { return local.name.range.begin == begin; });
  return local == locals.end() ? nullptr : &*local;
}

const LocalName *Document::findLocal(StringRef name, size_t offset) const {
  const LocalName *found = nullptr;
  for (const LocalName &local : locals)
    if (local.name.text == name && local.isSeenAt(offset))
      found = &local;
  return found;
}

const Declaration *Document::findDeclared(StringRef name) const {
  auto found =
      llvm::find_if(declarations, [&](const Declaration &declaration) { return declaration.name == name && declaration.isValue(); });
  return found == declarations.end() ? nullptr : &*found;
}

const Meaning *Document::meaningAt(uint32_t begin) const {
  auto found = meanings.find(begin);
  return found == meanings.end() ? nullptr : &found->second;
}

//===----------------------------------------------------------------------===//
// Hover and definition
//===----------------------------------------------------------------------===//

namespace {
/// What stands at a place.
struct Target {
  const Token *token;
  const Name *binder;             // of the text,
  const Declaration *declaration; // or what is declared there or in the library
  const Meaning *meaning;
};
} // namespace

static std::optional<Target> targetAt(const Document &document, const Library &library, size_t offset) {
  const Token *token = document.tokenAt(offset);
  if (!token || (token->kind != Token::Name && token->kind != Token::Integer))
    return std::nullopt;
  Target target{token, document.binderOf(*token), nullptr, document.meaningAt(token->range.begin)};
  if (target.binder && !target.meaning)
    target.meaning = document.meaningAt(target.binder->range.begin);
  if (target.binder || target.meaning || token->kind != Token::Name)
    return target;
  bool isMember = token != document.tokens.data() && token[-1].is(".");
  auto declared = llvm::find_if(document.declarations, [&](const Declaration &d) { return d.where.begin == token->range.begin; });
  if (declared != document.declarations.end())
    target.declaration = &*declared;
  else if (!isMember)
    target.declaration = document.findDeclared(token->text);
  if (!target.declaration && !isMember)
    target.declaration = library.find(token->text);
  return target;
}

/// The word of the statement that binds a name: "param", "input".
static StringRef wordBefore(const Document &document, const Name &name) {
  const Token *token = document.tokenAt(name.range.begin);
  if (!token || token == document.tokens.data())
    return {};
  const Word *word = token[-1].kind == Token::Name ? findWord(token[-1].text) : nullptr;
  return word && word->kind == Word::Begin ? token[-1].text : StringRef();
}

std::optional<Hover> hover(const Document &document, const Library &library, size_t offset) {
  std::optional<Target> target = targetAt(document, library, offset);
  if (!target)
    return std::nullopt;
  std::vector<std::string> lines;
  std::string documentation;
  StringRef name = target->token->text;
  if (target->declaration) {
    lines.push_back(target->declaration->signature);
    documentation = target->declaration->documentation;
  } else if (const Meaning *meaning = target->meaning) {
    StringRef word = target->binder ? wordBefore(document, *target->binder) : "";
    std::string prefix = (word.empty() ? "" : word + " ").str() + (meaning->path.empty() ? name.str() : meaning->path);
    if (!meaning->path.empty() && word.empty())
      prefix = "param " + prefix;
    for (const std::string &value : meaning->values)
      lines.push_back(prefix + value);
    for (const auto &[path, type] : meaning->members)
      lines.push_back("  " + path + type);
  } else if (const LocalName *local =
                 target->binder ? document.localAt(target->binder->range.begin) : nullptr) { // what nobody has evaluated
    SourceRange binder = local->name.range, where = local->where;
    bool isInside = where.begin <= binder.begin && binder.end <= where.end;
    lines.push_back((isInside ? where : binder).text().split('\n').first.str());
  }
  constexpr size_t most = 20;
  if (lines.empty())
    return std::nullopt;
  if (lines.size() > most) {
    lines.resize(most);
    lines.push_back("  ..");
  }
  Hover hover(document.rangeOf(target->token->range));
  hover.contents.value = "```costate\n" + llvm::join(lines, "\n") + "\n```";
  if (!documentation.empty())
    hover.contents.value += "\n" + documentation;
  return hover;
}

std::vector<Location> definition(const Document &document, const Library &library, size_t offset) {
  std::optional<Target> target = targetAt(document, library, offset);
  if (!target)
    return {};
  auto inLibrary = [&](const SourceFile &source, uint32_t begin, uint32_t end) -> std::vector<Location> {
    llvm::Expected<llvm::lsp::URIForFile> uri = library.uri(source);
    if (!uri) {
      llvm::lsp::Logger::error("{0}", llvm::fmt_consume(uri.takeError()));
      return {};
    }
    return {{*uri, Places(source.text()).range(begin, end)}};
  };
  if (target->binder)
    return {{document.uri, document.rangeOf(target->binder->range)}};
  if (const Declaration *declaration = target->declaration; declaration && declaration->where.file == &document.source)
    return {{document.uri, document.rangeOf(declaration->where)}};
  else if (declaration && declaration->where.file)
    return inLibrary(*declaration->where.file, declaration->where.begin, declaration->where.end);
  if (!target->meaning || target->meaning->declared.file.empty())
    return {};
  const Span &declared = target->meaning->declared;
  if (const SourceFile *source = library.source(declared.file))
    return inLibrary(*source, declared.begin, declared.end);
  return declared.file == document.source.name()
             ? std::vector<Location>{{document.uri, document.places.range(declared.begin, declared.end)}}
             : std::vector<Location>();
}

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

static SymbolKind kindOf(Declaration::Kind kind) {
  switch (kind) {
  case Declaration::Fn:
  case Declaration::Builtin: return SymbolKind::Function;
  case Declaration::Net: return SymbolKind::Class;
  case Declaration::Optimizer: return SymbolKind::Class;
  case Declaration::Model: return SymbolKind::Module;
  case Declaration::Entry: return SymbolKind::Method;
  case Declaration::Check: return SymbolKind::Event;
  }
  return SymbolKind::Variable;
}

/// What the statements of a body declare.
static void addSymbols(const Document &document, const Block &body, std::vector<DocumentSymbol> &out) {
  auto add = [&](const Name &name, SymbolKind kind, SourceRange range, const llvm::Twine &detail) {
    out.emplace_back(name.text, kind, document.rangeOf(range), document.rangeOf(name.range));
    out.back().detail = detail.str();
  };
  for (const StmtPtr &statement : body.statements) {
    SourceRange range = statement->range;
    if (auto *declare = llvm::dyn_cast<DeclareStmt>(statement.get()))
      add(declare->name, declare->role == DeclareStmt::Param ? SymbolKind::Field : SymbolKind::Variable, range,
          keywordOf(declare->role) + (declare->type ? " " + declare->type->range.text() : ""));
    else if (auto *bind = llvm::dyn_cast<BindStmt>(statement.get()))
      for (const Name &name : bind->names)
        add(name, bind->role == BindStmt::Net ? SymbolKind::Object : SymbolKind::Variable, range,
            bind->role == BindStmt::Plain ? "" : range.text().take_until([](char c) { return c == ' '; }));
    else if (auto *entry = llvm::dyn_cast<EntryStmt>(statement.get()))
      add(entry->name, SymbolKind::Method, range, "entry");
    else if (llvm::isa<StepStmt>(*statement))
      add({"step", {range.file, range.begin, range.begin + 4}}, SymbolKind::Method, range, "");
  }
}

std::vector<DocumentSymbol> symbols(const Document &document) {
  std::vector<DocumentSymbol> all;
  for (const Declaration &declaration : document.declarations) {
    if (declaration.kind == Declaration::Entry) // in its model
      continue;
    SourceRange name = declaration.kind == Declaration::Check ? declaration.range : declaration.where;
    DocumentSymbol &symbol =
        all.emplace_back(declaration.name, kindOf(declaration.kind), document.rangeOf(declaration.range), document.rangeOf(name));
    symbol.detail = declaration.signature.substr(0, declaration.signature.find_first_of(" \n"));
    for (const auto &model : document.tree->models)
      if (model->range.begin == declaration.range.begin)
        addSymbols(document, model->body, symbol.children);
    for (const auto &net : document.tree->nets)
      if (net->range.begin == declaration.range.begin)
        addSymbols(document, net->body, symbol.children);
  }
  return all;
}

} // namespace costate::lsp
