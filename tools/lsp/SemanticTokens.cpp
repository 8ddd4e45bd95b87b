// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What each word of a text is, for editors to colour it: the words of the language are names where they mean nothing, which no pattern can tell.
#include "costate/frontends/SyntaxRules.h"
#include "costate/tools/lsp/Document.h"

namespace costate::lsp {

namespace {
enum Kind : uint8_t { Keyword, Type, Variable, Parameter, Property, Function, Class, Number, String, Comment, None };
} // namespace

std::vector<StringRef> semanticTokenKinds() {
  return {"keyword", "type", "variable", "parameter", "property", "function", "class", "number", "string", "comment"};
}

static Kind kindOf(const Document &document, const Library &library, const Token &token) {
  const Token *first = document.tokens.data(), *last = first + document.tokens.size() - 1;
  switch (token.kind) {
  case Token::Integer:
  case Token::Float:
    return Number;
  case Token::String:
    return String;
  case Token::Name:
    break;
  default:
    return None;
  }
  const Word *word = findWord(token.text);
  if (&token != first && (&token)[-1].is("."))
    return Property;
  if (document.isName(token.range.begin)) { // and no word of the language
    if (document.binderOf(token))
      return Variable;
    const Declaration *declaration = document.findDeclared(token.text);
    declaration = declaration ? declaration : library.find(token.text);
    if (!declaration)
      return word && word->kind == Word::Type ? Type : word && word->kind == Word::Constant ? Keyword : Variable;
    bool isClass = declaration->kind == Declaration::Net || declaration->kind == Declaration::Optimizer;
    return isClass ? Class : declaration->kind == Declaration::Constant ? Variable : Function;
  }
  for (const Declaration &declaration : document.unit.declarations)
    if (declaration.where.begin == token.range.begin && declaration.kind != Declaration::Check)
      return declaration.kind == Declaration::Fn || declaration.kind == Declaration::Entry ? Function : Class;
  if (&token != last && (&token)[1].is("=") && &token != first && ((&token)[-1].is("(") || (&token)[-1].is(",")))
    return Parameter; // the name of an argument
  return word ? (word->kind == Word::Type ? Type : Keyword) : Variable;
}

/// Five numbers a token: how many lines behind the last, how many units behind its beginning or that of the line, how long, and what it is.
std::vector<int64_t> semanticTokens(const Document &document, const Library &library) {
  std::vector<int64_t> data;
  llvm::lsp::Position last;
  auto add = [&](uint32_t begin, uint32_t end, Kind kind) {
    llvm::lsp::Range range = document.places.range(begin, end);
    bool isSameLine = range.start.line == last.line;
    data.insert(data.end(), {range.start.line - last.line, range.start.character - (isSameLine ? last.character : 0),
                             range.end.character - range.start.character, kind, 0});
    last = range.start;
  };
  uint32_t at = 0;
  for (const Token &token : document.tokens) {
    StringRef between = document.text().slice(at, token.range.begin); // blanks, ends of lines and comments
    for (size_t comment = between.find('#'); comment != StringRef::npos; comment = between.find('#', comment)) {
      size_t end = std::min(between.find('\n', comment), between.size());
      add(at + comment, at + end, Comment);
      comment = end;
    }
    if (Kind kind = kindOf(document, library, token); kind != None)
      add(token.range.begin, token.range.end, kind);
    at = std::max(at, token.range.end);
  }
  return data;
}

} // namespace costate::lsp
