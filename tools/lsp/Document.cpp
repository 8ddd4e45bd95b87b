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
  Names(std::vector<LocalName> &locals, std::map<uint32_t, Name> &binders, llvm::DenseSet<uint32_t> &names)
      : locals(locals), binders(binders), names(names) {}

  void use(const Name &name, const Name *binder) override {
    names.insert(name.range.begin);
    if (binder)
      binders.try_emplace(name.range.begin, *binder);
  }
  void rebind(const Name &name, const Name *binder) override { use(name, binder); }
  void bind(const Name &name, SourceRange where, uint32_t end) override {
    names.insert(name.range.begin);
    locals.push_back({name, where, end});
  }

  std::vector<LocalName> &locals;
  std::map<uint32_t, Name> &binders;
  llvm::DenseSet<uint32_t> &names;
};
} // namespace

static std::vector<Token> tokensOf(const SourceFile &source) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Diagnostics diagnostics(context);
  Diagnostics::Silence silence(diagnostics);
  return tokenize(source, diagnostics);
}

Document::Document(const llvm::lsp::URIForFile &uri, StringRef text, int64_t version, const std::vector<ImportedText> &open)
    : uri(uri), version(version), unit(uri.file(), text), places(unit.source.text()), tokens(tokensOf(unit.source)),
      importTexts(readImports(uri.file(), text, open)) {
  Names(locals, binders, names).walk(*unit.tree);
  for (const ImportedText &file : importTexts)
    if (file.fault.empty())
      imports.push_back(std::make_unique<Unit>(file.name, file.text));
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

const Declaration *Document::findDeclared(StringRef name, const Unit &in, unsigned depth) const {
  if (const Declaration *own = in.find(name))
    return own;
  for (const auto &import : in.tree->imports)
    for (const Import::Member &member : import->members)
      if (const Unit *from = member.known().text == name ? unitOf(*import, in) : nullptr; from && depth < imports.size())
        return findDeclared(member.name.text, *from, depth + 1);
  return nullptr;
}

const Unit *Document::findModule(StringRef name) const {
  auto isNamed = [&](const auto &import) { return import->members.empty() && import->known().text == name; };
  auto import = llvm::find_if(unit.tree->imports, isNamed);
  return import == unit.tree->imports.end() ? nullptr : unitOf(**import, unit);
}

const Unit *Document::unitOf(const Import &import, const Unit &importer) const {
  std::string name = importedName(importer.source.name().str(), import.path.text.str());
  auto found = llvm::find_if(imports, [&](const auto &file) { return file->source.name() == name; });
  return found == imports.end() ? nullptr : found->get();
}

const SourceFile *Document::findSource(StringRef name, const Library &library) const {
  if (name == source().name())
    return &source();
  auto found = llvm::find_if(imports, [&](const auto &file) { return file->source.name() == name; });
  return found == imports.end() ? library.source(name) : &(*found)->source;
}

std::optional<Location> Document::locate(const SourceFile &file, uint32_t begin, uint32_t end, const Library &library) const {
  if (&file == &source())
    return Location(uri, places.range(begin, end));
  bool isImported = llvm::any_of(imports, [&](const auto &unit) { return &unit->source == &file; });
  llvm::Expected<llvm::lsp::URIForFile> where = isImported ? llvm::lsp::URIForFile::fromFile(file.name(), uri.scheme()) : library.uri(file);
  if (where)
    return Location(*where, Places(file.text()).range(begin, end));
  llvm::lsp::Logger::error("{0}", llvm::fmt_consume(where.takeError()));
  return std::nullopt;
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
  const Token *first = document.tokens.data();
  if (token - first > 1 && token[-1].is(".")) { // losses.huber, f.w
    const Name *binder = document.binderOf(token[-2]);
    const Unit *module = binder && !document.localAt(binder->range.begin) ? document.findModule(token[-2].text) : nullptr;
    target.declaration = module ? document.findDeclared(token->text, *module) : nullptr;
    return target;
  }
  // What a file declares or imports can be seen everywhere in it, behind what a body binds.
  auto declaredAt = [&](uint32_t begin) {
    auto found = llvm::find_if(document.unit.declarations, [&](const Declaration &d) { return d.where.begin == begin; });
    return found == document.unit.declarations.end() ? nullptr : &*found;
  };
  if (target.binder && document.localAt(target.binder->range.begin)) {
    if (!target.meaning)
      target.meaning = document.meaningAt(target.binder->range.begin);
    return target;
  }
  target.declaration = declaredAt(token->range.begin);
  for (const auto &import : document.unit.tree->imports)
    for (const Import::Member &member : import->members)
      if (const Unit *from = member.name.range.begin == token->range.begin ? document.unitOf(*import, document.unit) : nullptr)
        target.declaration = document.findDeclared(token->text, *from);
  if (!target.declaration && (target.binder || !target.meaning)) // and no name of an argument
    target.declaration = document.findDeclared(token->text);
  if (target.declaration)
    target.binder = nullptr;
  else if (!target.binder && !target.meaning)
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
  if (target->declaration)
    documentation = target->declaration->documentation;
  if (const Declaration *declaration = target->declaration; declaration && !target->meaning) {
    lines.push_back(declaration->signature);
  } else if (const Meaning *meaning = target->meaning) {
    StringRef word = target->binder ? wordBefore(document, *target->binder) : "";
    std::string prefix = (word.empty() ? "" : word + " ").str() + (meaning->path.empty() ? name.str() : meaning->path);
    if (!meaning->path.empty() && word.empty())
      prefix = "param " + prefix;
    for (const std::string &value : meaning->values)
      lines.push_back(prefix + value);
    for (const auto &[path, type] : meaning->members)
      lines.push_back("  " + path + type);
  } else if (const LocalName *local = target->binder ? document.localAt(target->binder->range.begin) : nullptr) {
    // What nobody has evaluated.
    SourceRange binder = local->name.range, where = local->where;
    bool isInside = where.begin <= binder.begin && binder.end <= where.end;
    lines.push_back((isInside ? where : binder).text().split('\n').first.str());
  }
  for (const auto &import : document.unit.tree->imports)
    if (lines.empty() && target->binder && import->range.begin <= target->binder->range.begin && target->binder->range.end <= import->range.end)
      lines.push_back(import->range.text().str());
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
  auto at = [&](const SourceFile *source, uint32_t begin, uint32_t end) {
    std::optional<Location> location = source ? document.locate(*source, begin, end, library) : std::nullopt;
    return location ? std::vector<Location>{*location} : std::vector<Location>();
  };
  for (const auto &import : document.unit.tree->imports) {
    bool isPath = import->path.range.begin <= offset && offset < import->path.range.end;
    const Unit *file = isPath ? document.unitOf(*import, document.unit) : nullptr;
    if (file)
      return at(&file->source, 0, 0);
  }
  std::optional<Target> target = targetAt(document, library, offset);
  if (!target)
    return {};
  if (target->binder && document.localAt(target->binder->range.begin))
    return at(&document.source(), target->binder->range.begin, target->binder->range.end);
  if (target->binder) // the name of a file
    if (const Unit *module = document.findModule(target->binder->text))
      return at(&module->source, 0, 0);
  if (target->declaration)
    return at(target->declaration->where.file, target->declaration->where.begin, target->declaration->where.end);
  if (!target->meaning)
    return {};
  const Span &declared = target->meaning->declared;
  return at(document.findSource(declared.file, library), declared.begin, declared.end);
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
  case Declaration::Constant: return SymbolKind::Constant;
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
  for (const Declaration &declaration : document.unit.declarations) {
    if (declaration.kind == Declaration::Entry) // in its model
      continue;
    SourceRange name = declaration.kind == Declaration::Check ? declaration.range : declaration.where;
    DocumentSymbol &symbol =
        all.emplace_back(declaration.name, kindOf(declaration.kind), document.rangeOf(declaration.range), document.rangeOf(name));
    symbol.detail = declaration.signature.substr(0, declaration.signature.find_first_of(" \n"));
    for (const auto &model : document.unit.tree->models)
      if (model->range.begin == declaration.range.begin)
        addSymbols(document, model->body, symbol.children);
    for (const auto &net : document.unit.tree->nets)
      if (net->range.begin == declaration.range.begin)
        addSymbols(document, net->body, symbol.children);
  }
  return all;
}

} // namespace costate::lsp
