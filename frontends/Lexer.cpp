// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Lexer.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

namespace costate {
namespace {

// Longest first, so that '**' is never read as two '*'.
constexpr llvm::StringLiteral symbols[] = {"...", "**", "//", "==", "!=", "<=", ">=", "<-", "->", "~=", "..", "|>", "+=", "-=",
                                           "*=",  "/=", "&&", "||", ":=", "++", "<<", ">>", "=>", "+",  "-",  "*",  "/",  "%",  "@",  "=",  "<",  ">",
                                           "(",   ")",  "[",  "]",  "{",  "}",  ",",  ";",  ":",  ".",  "^",  "&",  "|",  "!",
                                           "?",   "~",  "\\"};

// After these a statement cannot end, so that a line that ends with one goes on in the next.
constexpr llvm::StringLiteral continuing[] = {"**", "//", "==", "!=", "<=", ">=", "<-", "->", "~=", "..", "|>", "+", "-", "*", "/",
                                              "%",  "@",  "=",  "<",  ">",  "(",  "[",  ",",  "{",  ";",  ":"};

class Lexer {
public:
  Lexer(const SourceFile &file, Diagnostics &diagnostics) : file(file), text(file.text()), diagnostics(diagnostics) {}

  std::vector<Token> run() {
    if (size_t zero = text.find('\0'); zero != llvm::StringRef::npos) {
      error(zero, zero + 1) << "requires the text of a model, but found a zero byte";
      at = text.size();
    }
    while (at < text.size())
      lexOne();
    newline();
    emit(Token::EndOfFile, at, at);
    return std::move(tokens);
  }

private:
  void lexOne() {
    char c = text[at], before = at ? text[at - 1] : ' ';
    if (c == '\n') {
      newline();
      ++at;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at;
    } else if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (llvm::isAlpha(c) || c == '_') {
      size_t begin = at;
      while (at < text.size() && (llvm::isAlnum(text[at]) || text[at] == '_'))
        ++at;
      emit(Token::Name, begin, at);
    } else if (llvm::isDigit(c)) {
      number();
    } else if (c == '"' || c == '\'') {
      string(text.substr(at, 1), text.substr(at, 1));
    } else if (c & 0x80) {
      foreignCharacter();
    } else if (c == '.' && at + 1 < text.size() && llvm::isDigit(text[at + 1]) && !llvm::StringRef("])._").contains(before) && !llvm::isAlnum(before)) {
      error(at, at + 1) << "requires a digit before the point of a number, as in '0.5'"; // not the member of f.layers.0
      ++at;
    } else {
      symbol();
    }
  }

  void newline() {
    if (brackets > 0 || tokens.empty() || tokens.back().kind == Token::Newline)
      return;
    if (tokens.back().kind == Token::Symbol && llvm::is_contained(continuing, tokens.back().text))
      return;
    emit(Token::Newline, at, at);
  }

  // digits [. digits] [e [+-] digits] [j]; the point needs a digit after it, so that 0..7 and f.layers.0.w read as meant.
  void number() {
    size_t begin = at;
    bool isFloat = false;
    auto digits = [&] {
      while (at < text.size() && (llvm::isDigit(text[at]) || text[at] == '_'))
        ++at;
    };
    auto digitAt = [&](size_t i) { return i < text.size() && llvm::isDigit(text[i]); };
    auto wordAt = [&](size_t i) { return i < text.size() && (llvm::isAlpha(text[i]) || text[i] == '_'); };
    digits();
    if (at < text.size() && text[at] == '.' && digitAt(at + 1)) {
      isFloat = true;
      ++at;
      digits();
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
      size_t sign = at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-') ? 1 : 0;
      if (digitAt(at + 1 + sign)) {
        isFloat = true;
        at += 1 + sign;
        digits();
      }
    }
    if (at < text.size() && text[at] == 'j' && !wordAt(at + 1) && !digitAt(at + 1)) {
      isFloat = true;
      ++at;
    }
    size_t end = at;
    if (wordAt(at)) {
      while (at < text.size() && (llvm::isAlnum(text[at]) || text[at] == '_'))
        ++at;
      error(end, at) << "requires a space or an operator after a number, but found '" << text.slice(end, at) << "'";
    } else if (at < text.size() && text[at] == '.' && !wordAt(at + 1) && !text.substr(at).starts_with("..")) {
      ++at;
      error(end, at) << "requires a digit after the point of a number, as in '" << text.slice(begin, end) << ".0'";
    }
    emit(isFloat ? Token::Float : Token::Integer, begin, end);
  }

  /// A string between these quotes, of which only '"' is one in this language.
  void string(llvm::StringRef open, llvm::StringRef close) {
    size_t begin = at, first = at + open.size(), line = std::min(text.find('\n', first), text.size());
    size_t end = text.slice(0, line).find(close, first);
    if (end == llvm::StringRef::npos) {
      at = line;
      error(begin, at) << "requires '\"' at the end of a string, but the line ends";
      end = line;
    } else {
      at = end + close.size();
      if (open != "\"")
        error(begin, at) << "requires '\"' around a string, but found " << (open == "'" ? "a single quote" : ("'" + open + "'").str());
    }
    auto *bytes = reinterpret_cast<const llvm::UTF8 *>(text.data());
    if (const llvm::UTF8 *bad = bytes + first; !llvm::isLegalUTF8String(&bad, bytes + end))
      error(begin, at) << "requires text in UTF-8, but found byte 0x" << llvm::utohexstr(*bad);
    tokens.push_back({Token::String, {&file, uint32_t(begin), uint32_t(at)}, text.slice(first, end)});
  }

  /// Characters that editors and web pages put in the place of others are read as those, letters of other alphabets as names: one
  /// error each, and none that follows from it.
  void foreignCharacter() {
    struct LookAlike {
      llvm::StringLiteral found, meant;
    };
    static constexpr LookAlike lookAlikes[] = {{"\u2212", "-"}, {"\u2013", "-"},  {"\u2014", "-"},  {"\u00d7", "*"},  {"\u00b7", "*"}, {"\u22c5", "*"},
                                               {"\u00f7", "/"}, {"\u2264", "<="}, {"\u2265", ">="}, {"\u2260", "!="}, {"\u2192", "->"}, {"\u2190", "<-"}};
    static constexpr LookAlike quotes[] = {{"\u201c", "\u201d"}, {"\u2018", "\u2019"}};
    for (auto &[open, close] : quotes)
      if (text.substr(at).starts_with(open))
        return string(open, close);
    for (auto &[found, meant] : lookAlikes) {
      if (!text.substr(at).starts_with(found))
        continue;
      size_t begin = at;
      at += found.size();
      error(begin, at) << "requires '" << meant << "', but found '" << found << "', which looks like it";
      tokens.push_back({Token::Symbol, {&file, uint32_t(begin), uint32_t(at)}, meant});
      return;
    }
    size_t begin = at;
    if (text.substr(at).starts_with("\u00a0")) {
      at += 2;
      error(begin, at) << "requires a space, but found a no-break space (U+00A0)";
      return;
    }
    if (begin == 0 && text.starts_with("\ufeff")) { // the mark of some editors that a file is UTF-8
      at += 3;
      return;
    }
    auto *bytes = reinterpret_cast<const llvm::UTF8 *>(text.data());
    if (!llvm::isLegalUTF8Sequence(bytes + at, bytes + std::min<size_t>(text.size(), at + llvm::getNumBytesForUTF8(bytes[at])))) {
      ++at;
      error(begin, at) << "requires text in UTF-8, but found byte 0x" << llvm::utohexstr(uint8_t(text[begin]));
      emit(Token::Name, begin, at);
      return;
    }
    while (at < text.size() && (text[at] & 0x80 || llvm::isAlnum(text[at]) || text[at] == '_'))
      ++at;
    error(begin, at) << "requires names of the letters a to z, A to Z, digits and '_', but found '" << text.slice(begin, at) << "'";
    emit(Token::Name, begin, at);
  }

  void symbol() {
    if (llvm::StringRef found = symbolAt(text.substr(at)); !found.empty()) {
      // A brace never stands inside brackets: where one does, a bracket was forgotten, and lines count again.
      if (found == "(" || found == "[")
        ++brackets;
      else if (found == ")" || found == "]")
        brackets = std::max(0, brackets - 1);
      else if (found == "{" || found == "}")
        brackets = 0;
      emit(Token::Symbol, at, at + found.size());
      at += found.size();
      return;
    }
    size_t begin = at++;
    if (llvm::isPrint(text[begin]))
      error(begin, at) << "requires names, numbers and operators, but found '" << text.slice(begin, at) << "'";
    else
      error(begin, at) << "requires names, numbers and operators, but found byte 0x" << llvm::utohexstr(uint8_t(text[begin]));
  }

  mlir::InFlightDiagnostic error(size_t begin, size_t end) { return diagnostics.error({&file, uint32_t(begin), uint32_t(end)}); }

  void emit(Token::Kind kind, size_t begin, size_t end) {
    tokens.push_back({kind, {&file, uint32_t(begin), uint32_t(end)}, text.slice(begin, end)});
  }

  const SourceFile &file;
  llvm::StringRef text;
  Diagnostics &diagnostics;
  size_t at = 0;
  int brackets = 0;
  std::vector<Token> tokens;
};

} // namespace

llvm::StringRef symbolAt(llvm::StringRef text) {
  for (llvm::StringRef symbol : symbols)
    if (text.starts_with(symbol))
      return symbol;
  return {};
}

std::vector<Token> tokenize(const SourceFile &file, Diagnostics &diagnostics) { return Lexer(file, diagnostics).run(); }

} // namespace costate
