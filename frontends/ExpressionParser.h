// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser of expressions and types, on which those of statements and declarations stand. A parse function returns
// null (or an empty optional) after it has reported an error.
#ifndef COSTATE_FRONTENDS_EXPRESSIONPARSER_H
#define COSTATE_FRONTENDS_EXPRESSIONPARSER_H

#include "costate/frontends/Lexer.h"
#include "costate/frontends/SyntaxRules.h"
#include "llvm/ADT/StringExtras.h"

namespace costate {

/// After so many errors a file is given up: more of them would only hide the first.
constexpr unsigned maxErrors = 20;

class ExpressionParser {
public:
  virtual ~ExpressionParser() = default;

protected:
  ExpressionParser(const SourceFile &source, Diagnostics &diagnostics, bool keepsFaults = false)
      : diagnostics(diagnostics), rules(diagnostics), keepsFaults(keepsFaults), errorsBefore(diagnostics.errorCount()),
        tokens(tokenize(source, diagnostics)) {}

  //===--- Tokens ---------------------------------------------------------===//

  const Token &peek(unsigned ahead = 0) const { return tokens[std::min(next + ahead, tokens.size() - 1)]; }
  bool at(llvm::StringRef text) const { return peek().is(text); }
  bool at(Token::Kind kind) const { return peek().kind == kind; }
  Token take() {
    Token token = peek();
    if (next + 1 < tokens.size())
      ++next;
    return token;
  }
  bool takeIf(llvm::StringRef text) {
    assert((!llvm::isAlpha(text.front()) || findWord(text)) && "a word is among those of the language");
    if (!at(text))
      return false;
    take();
    return true;
  }
  void skipNewlines() {
    while (at(Token::Newline) || at(";"))
      take();
  }
  /// Does the statement go on with `word`, here or on a later line? Then it is next.
  bool goesOnWith(llvm::StringRef word) {
    unsigned newlines = 0;
    while (peek(newlines).kind == Token::Newline)
      ++newlines;
    if (!peek(newlines).is(word))
      return false;
    skipNewlines();
    return true;
  }
  SourceRange previousRange() const { return tokens[next ? next - 1 : 0].range; }
  SourceRange since(SourceRange begin) const { return begin.to(previousRange()); }

  bool tooManyErrors() const { return diagnostics.errorCount() - errorsBefore >= maxErrors; }
  mlir::InFlightDiagnostic error(SourceRange where) { return diagnostics.error(where); }
  std::string found() const;
  std::nullptr_t failExpected(llvm::StringRef what);
  bool expect(llvm::StringRef symbol, llvm::StringRef after);
  bool expectClose(llvm::StringRef symbol, SourceRange open);
  std::optional<syntax::Name> expectName(llvm::StringRef what);
  std::optional<std::vector<syntax::Name>> nameList(llvm::StringRef what);

  /// Words and signs of other languages, and words that belong to this one but are not there yet: says what to write.
  bool reportForeign();

  //===--- Expressions and types ------------------------------------------===//

  std::optional<syntax::TypeSyntax> parseType();
  syntax::ExprPtr parseExpr() { return parseBinary(0); }
  syntax::ExprPtr parseBinary(unsigned minPrecedence);
  syntax::ExprPtr makePipe(syntax::ExprPtr value, syntax::ExprPtr stage);
  syntax::ExprPtr parseUnary();
  syntax::ExprPtr parsePower();
  syntax::ExprPtr parsePostfix();
  syntax::ExprPtr parsePrimary();
  syntax::ExprPtr parseNumber();
  syntax::ExprPtr parseParenthesis();
  syntax::ExprPtr parseList();
  syntax::ExprPtr parseCall(syntax::ExprPtr callee);
  syntax::ExprPtr parseIndex(syntax::ExprPtr base);
  syntax::ExprPtr parseLambda();
  /// As statements of a body branches may rebind names instead of having a value; as those of a step, loops and branches change what it may change.
  syntax::ExprPtr parseLoop(bool isStatement, Place place);
  syntax::ExprPtr parseBranch(bool isStatement, Place place);
  /// `word` with an expression behind it; elsewhere it is a name.
  bool atControl(llvm::StringRef word) const;
  /// { statements }
  virtual std::optional<syntax::Block> parseBlock(Place place) = 0;
  virtual syntax::StmtPtr parseStatement(Place place) = 0;
  bool atLambda() const;
  bool atProblem(const syntax::Expr &value);
  syntax::ExprPtr parseArgmin(syntax::ExprPtr value);
  struct Problem {
    std::vector<syntax::Name> names;     // of what is sought
    std::vector<syntax::ExprPtr> starts; // what `_starts` is to be in `solution`, a vector, if there are several
    syntax::ExprPtr solution;
  };
  struct Level;
  struct Conditions;
  /// What follows an objective, at 'over'. keyword: what the problem begins with; further: what else its solution is told.
  std::optional<Problem> parseProblem(SourceRange keyword, syntax::ExprPtr objective, std::vector<syntax::CallExpr::Argument> further);
  bool parseUnknowns(Level &level, std::vector<syntax::ExprPtr> *starts);
  bool parseConditions(llvm::ArrayRef<const Level *> levels, Conditions &conditions, syntax::ExprPtr first);
  syntax::ExprPtr parseLowerLevel(const syntax::Expr &sought, Level &upper, Level &lower, Conditions &conditions);
  syntax::ExprPtr zerosOf(syntax::TypeSyntax type);
  std::optional<std::vector<syntax::ExprPtr>> parseElements(llvm::StringRef close, SourceRange open, syntax::ExprPtr first, bool &comma);
  syntax::ExprPtr parseExprOrTuple();
  /// Refuses an expression that has become too deep.
  syntax::ExprPtr bounded(syntax::ExprPtr e);

  /// Counts the nesting of the parser itself while it lives.
  struct Nesting {
    ExpressionParser &p;
    explicit Nesting(ExpressionParser &p) : p(p) { ++p.depth; }
    ~Nesting() { --p.depth; }
  };
  bool tooDeep();
  /// Is what has been read as the language wants it, or kept all the same?
  template <typename... Parts> bool holds(const Parts &...parts) { return rules.check(parts...) || keepsFaults; }

  Diagnostics &diagnostics;
  SyntaxRules rules;
  const bool keepsFaults;
  unsigned errorsBefore;
  std::vector<Token> tokens;
  size_t next = 0;
  unsigned depth = 0;
};

} // namespace costate

#endif // COSTATE_FRONTENDS_EXPRESSIONPARSER_H
