// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Lexer.h"

#include "llvm/ADT/StringExtras.h"

namespace costate {
namespace {

// Longest first, so that '**' is never read as two '*'.
constexpr llvm::StringLiteral symbols[] = {"...", "**", "//", "==", "!=", "<=", ">=", "<-", "->", "~=", "..", "|>", "+=", "-=",
                                           "*=",  "/=", "&&", "||", ":=", "+",  "-",  "*",  "/",  "%",  "@",  "=",  "<",  ">",
                                           "(",   ")",  "[",  "]",  "{",  "}",  ",",  ";",  ":",  ".",  "^",  "&",  "|",  "!",
                                           "?",   "~",  "\\"};

// After these a statement cannot end, so that a line that ends with one goes on in the next.
constexpr llvm::StringLiteral continuing[] = {"**", "//", "==", "!=", "<=", ">=", "<-", "->", "~=", "..", "|>", "+", "-", "*", "/",
                                              "%",  "@",  "=",  "<",  ">",  "(",  "[",  ",",  "{",  ";",  ":"};

class Lexer {
public:
  Lexer(const SourceFile &file, Diagnostics &diagnostics) : file(file), text(file.text()), diagnostics(diagnostics) {}

  std::vector<Token> run() {
    while (at < text.size())
      lexOne();
    newline();
    emit(Token::EndOfFile, at, at);
    return std::move(tokens);
  }

private:
  void lexOne() {
    char c = text[at];
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
    } else if (c == '"') {
      string();
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

  // digits [. digits] [e [+-] digits]; the point needs a digit after it, so that 0..7 and f.layers.0.w read as meant.
  void number() {
    size_t begin = at;
    bool isFloat = false;
    auto digits = [&] {
      while (at < text.size() && (llvm::isDigit(text[at]) || text[at] == '_'))
        ++at;
    };
    auto digitAt = [&](size_t i) { return i < text.size() && llvm::isDigit(text[i]); };
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
    if (at < text.size() && (llvm::isAlpha(text[at]) || text[at] == '_')) {
      size_t suffix = at;
      while (at < text.size() && (llvm::isAlnum(text[at]) || text[at] == '_'))
        ++at;
      diagnostics.error({&file, uint32_t(suffix), uint32_t(at)})
          << "requires a space or an operator after a number, but found '" << text.slice(suffix, at) << "'";
    }
    emit(isFloat ? Token::Float : Token::Integer, begin, at);
  }

  void string() {
    size_t begin = at++;
    size_t close = text.find_first_of("\"\n", at);
    if (close == llvm::StringRef::npos || text[close] == '\n') {
      at = std::min(close, text.size());
      diagnostics.error({&file, uint32_t(begin), uint32_t(at)}) << "requires '\"' at the end of a string, but the line ends";
    } else {
      at = close + 1;
    }
    tokens.push_back({Token::String, {&file, uint32_t(begin), uint32_t(at)}, text.slice(begin + 1, close)});
  }

  void symbol() {
    for (llvm::StringLiteral candidate : symbols) {
      if (!text.substr(at).starts_with(candidate))
        continue;
      // A brace never stands inside brackets: where one does, a bracket was forgotten, and lines count again.
      if (candidate == "(" || candidate == "[")
        ++brackets;
      else if (candidate == ")" || candidate == "]")
        brackets = std::max(0, brackets - 1);
      else if (candidate == "{" || candidate == "}")
        brackets = 0;
      emit(Token::Symbol, at, at + candidate.size());
      at += candidate.size();
      return;
    }
    size_t begin = at++;
    while (at < text.size() && (text[at] & 0xC0) == 0x80) // the rest of a multi-byte character
      ++at;
    mlir::InFlightDiagnostic error = diagnostics.error({&file, uint32_t(begin), uint32_t(at)});
    if (text[begin] == '\'')
      error << "requires '\"' around a string, but found a single quote";
    else if (llvm::isPrint(text[begin]) || text[begin] & 0x80)
      error << "requires names, numbers and operators, but found '" << text.slice(begin, at) << "'";
    else
      error << "requires names, numbers and operators, but found byte 0x" << llvm::utohexstr(uint8_t(text[begin]));
  }

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

std::vector<Token> tokenize(const SourceFile &file, Diagnostics &diagnostics) { return Lexer(file, diagnostics).run(); }

} // namespace costate
