// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be written at a place. The statement there is hardly ever one that can be read, so the tokens before the place decide.
#include "costate/frontends/Elaborator.h"
#include "costate/frontends/SyntaxRules.h"
#include "costate/tools/lsp/Document.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

namespace costate::lsp {

using llvm::lsp::CompletionItem;
using llvm::lsp::CompletionItemKind;

namespace {

class Completion {
public:
  Completion(const Document &document, const Library &library, size_t offset) : document(document), library(library), offset(offset) {
    readTokens();
  }

  std::vector<CompletionItem> run();

private:
  void readTokens();
  void openBlock(const Token *statement, const Token *brace);
  const Token *last(size_t back = 0) const { return before.size() > back ? before[before.size() - 1 - back] : nullptr; }
  bool isInText() const;

  void addMembers(size_t back);
  void addArguments();
  void addLocals();
  void addDeclarations(bool optimizersOnly);
  void addDeclaration(StringRef name, const Declaration &declaration, char rank);
  void addWords(llvm::function_ref<bool(const Word &)> isWanted);
  /// Unless it is hidden by one of the name that has been added.
  void add(StringRef label, CompletionItemKind kind, char rank, std::string detail = "", StringRef documentation = "");

  struct Bracket {
    const Token *open;
    const Token *callee; // before it
  };

  const Document &document;
  const Library &library;
  size_t offset;
  std::vector<const Token *> before;   // without that which is being written
  std::vector<Bracket> brackets;       // that are open there
  std::vector<Place> places = {AtTop}; // of the blocks that are
  bool beginsStatement = true;
  std::vector<CompletionItem> items;
  llvm::StringSet<> taken;
};

//===----------------------------------------------------------------------===//
// The place
//===----------------------------------------------------------------------===//

void Completion::readTokens() {
  const Token *statement = nullptr; // its first token
  for (const Token &token : document.tokens) {
    if (token.range.begin >= offset || (token.range.end >= offset && token.kind == Token::Name))
      break;
    if (token.kind == Token::Newline || token.is(";") || token.is("{") || token.is("}")) {
      if (token.is("{"))
        openBlock(statement, &token);
      if (token.is("}") && places.size() > 1)
        places.pop_back();
      while (token.is("}") && !brackets.empty() && brackets.back().open->is("{"))
        brackets.pop_back();
      statement = nullptr;
      beginsStatement = true;
    } else {
      statement = statement ? statement : &token;
      beginsStatement = false;
    }
    if (token.kind == Token::Newline)
      continue;
    if (token.is("(") || token.is("[") || token.is("{"))
      brackets.push_back({&token, last()});
    else if ((token.is(")") || token.is("]")) && !brackets.empty())
      brackets.pop_back();
    before.push_back(&token);
  }
}

/// The place of statements behind a brace: what the statement begins with decides.
void Completion::openBlock(const Token *statement, const Token *brace) {
  Place around = places.back();
  StringRef word = statement ? statement->text : "";
  if (around == AtTop || word == "fn") {
    for (auto [text, place] :
         {std::pair<StringRef, Place>("model", InModel), {"net", InNet}, {"optimizer", InOptimizer}, {"check", InCheck}})
      if (word == text && around == AtTop)
        return places.push_back(place);
    return places.push_back(InFn);
  }
  if (word == "step" || word == "entry")
    return places.push_back(InStep);
  bool isStatement = word == "each" || word == "if" || word == "for" || word == "while" || (word == "else" && around != AtTop);
  if (!isStatement)
    return places.push_back(InFn); // of a lambda, loop or branch that is a value
  places.push_back(word == "each" ? around : placeInBranch(around));
}

/// Is it in a comment or between quotes?
bool Completion::isInText() const {
  for (const Token &token : document.tokens) {
    bool isClosed = token.range.end - token.range.begin > 1 && token.range.text().ends_with("\"");
    if (token.kind == Token::String && token.range.begin < offset && offset < token.range.end + !isClosed)
      return true;
  }
  StringRef behind = document.text().slice(before.empty() ? 0 : last()->range.end, offset);
  return behind.substr(behind.rfind('\n') + 1).contains('#'); // npos + 1 is 0
}

//===----------------------------------------------------------------------===//
// What can stand there
//===----------------------------------------------------------------------===//

void Completion::add(StringRef label, CompletionItemKind kind, char rank, std::string detail, StringRef documentation) {
  if (!taken.insert(label).second)
    return;
  CompletionItem &item = items.emplace_back(label, kind, (llvm::Twine(rank) + label).str());
  item.detail = std::move(detail);
  if (!documentation.empty())
    item.documentation = llvm::lsp::MarkupContent{llvm::lsp::MarkupKind::Markdown, documentation.str()};
}

std::vector<CompletionItem> Completion::run() {
  if (isInText())
    return {};
  if (last() && last()->is(".")) {
    addMembers(1);
    return std::move(items);
  }
  if (last() && last()->kind == Token::Integer &&
      document.text().slice(last()->range.end, offset) == ".") { // f.layers.0. is a number to the lexer
    addMembers(0);
    return std::move(items);
  }
  bool isSlice = !brackets.empty() && brackets.back().open->is("[");
  if (last() && last()->is(":") && !isSlice) {
    addWords([](const Word &word) { return word.kind == Word::Type; });
    return std::move(items);
  }
  Place place = places.back();
  if (place == AtTop && beginsStatement) {
    addWords([](const Word &word) { return (word.places & AtTop) != 0; });
    return std::move(items);
  }
  addArguments();
  addLocals();
  addDeclarations(last() && last()->is("with"));
  if (beginsStatement)
    addWords([&](const Word &word) { return (word.places & place) != 0; });
  addWords([](const Word &word) {
    return word.kind == Word::Control || word.kind == Word::Operator || word.kind == Word::Constant || word.kind == Word::Part ||
           word.kind == Word::Type;
  });
  return std::move(items);
}

/// Parts of a net: f.layers.0 and so on, as far as its parameters and states are known. back: where the path ends, before this place.
void Completion::addMembers(size_t back) {
  std::string path; // from the name at the beginning
  for (; last(back + 1) && last(back + 1)->is("."); back += 2)
    path = (last(back)->text + "." + path).str();
  const Token *root = last(back);
  const LocalName *local = root && root->kind == Token::Name ? document.findLocal(root->text, offset) : nullptr;
  if (const Unit *module = root && !local && path.empty() ? document.findModule(root->text) : nullptr)
    for (const Declaration &declaration : module->declarations)
      if (declaration.isValue() && !importer::Module::isPrivate(declaration.name))
        addDeclaration(declaration.name, declaration, '0');
  const Meaning *meaning = local ? document.meaningAt(local->name.range.begin) : nullptr;
  if (!meaning)
    return;
  for (const auto &[member, type] : meaning->members) {
    StringRef rest = member;
    if (!rest.consume_front(path))
      continue;
    auto [name, below] = rest.split('.');
    add(name, CompletionItemKind::Field, '0', below.empty() ? (name + type).str() : "");
  }
}

/// Arguments by name, where a call is open.
void Completion::addArguments() {
  if (brackets.empty() || !brackets.back().open->is("(") || !brackets.back().callee || brackets.back().callee->kind != Token::Name ||
      !last() || !(last()->is("(") || last()->is(",")))
    return;
  StringRef callee = brackets.back().callee->text;
  const LocalName *local = document.findLocal(callee, offset);
  const Meaning *meaning = local ? document.meaningAt(local->name.range.begin) : nullptr;
  auto find = [&](StringRef name) {
    const Declaration *own = document.findDeclared(name);
    return own ? own : library.find(name);
  };
  const Declaration *declaration = local ? nullptr : find(callee);
  bool isNet = false; // that has been made, called with its inputs
  if (meaning && !meaning->values.empty())
    if (StringRef value = meaning->values.front(); (isNet = value.consume_front(" : net ")))
      declaration = find(value);
  if (declaration)
    for (const std::string &parameter : isNet ? declaration->inputs : declaration->parameters)
      add(parameter + "=", CompletionItemKind::Property, '0', declaration->signature);
}

void Completion::addLocals() {
  for (const LocalName &local : llvm::reverse(document.localNames())) { // the last of a name is the one that is seen
    if (!local.isSeenAt(offset))
      continue;
    const Meaning *meaning = document.meaningAt(local.name.range.begin);
    bool isNet = meaning && !meaning->members.empty();
    add(local.name.text, isNet ? CompletionItemKind::Class : CompletionItemKind::Variable, '1',
        meaning && !meaning->values.empty() ? (local.name.text + meaning->values.front()).str() : "");
  }
  if (places.back() == InOptimizer) // what the language gives a rule
    for (StringRef name : {"param", "grad", "t", "out_axis"})
      add(name, CompletionItemKind::Variable, '1');
}

void Completion::addDeclarations(bool optimizersOnly) {
  auto addOne = [&](StringRef name, const Declaration &declaration, char rank) {
    if (declaration.isValue() && (!optimizersOnly || declaration.kind == Declaration::Optimizer))
      addDeclaration(name, declaration, rank);
  };
  for (const Declaration &declaration : document.unit.declarations)
    addOne(declaration.name, declaration, '2');
  for (const auto &import : document.unit.tree->imports) {
    for (const syntax::Import::Member &member : import->members)
      if (const Declaration *declaration = document.findDeclared(member.known().text))
        addOne(member.known().text, *declaration, '2');
    if (import->members.empty())
      add(import->known().text, CompletionItemKind::Module, '2', import->path.text.str());
  }
  library.forEach([&](const Declaration &declaration) { addOne(declaration.name, declaration, '3'); });
}

void Completion::addDeclaration(StringRef name, const Declaration &declaration, char rank) {
  bool isClass = declaration.kind == Declaration::Optimizer || declaration.kind == Declaration::Net;
  bool isConstant = declaration.kind == Declaration::Constant;
  add(name, isClass ? CompletionItemKind::Class : isConstant ? CompletionItemKind::Constant : CompletionItemKind::Function, rank,
      declaration.signature, declaration.documentation);
}

void Completion::addWords(llvm::function_ref<bool(const Word &)> isWanted) {
  for (const Word &word : words())
    if (isWanted(word))
      add(word.text, CompletionItemKind::Keyword, '4');
}

} // namespace

llvm::lsp::CompletionList complete(const Document &document, const Library &library, size_t offset) {
  llvm::lsp::CompletionList list;
  list.items = Completion(document, library, offset).run();
  return list;
}

} // namespace costate::lsp
