// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser of statements, and of fns, which may stand among them. Keywords of statements are contextual: they are names
// elsewhere, so `param w : f32[n]` declares and `param <- param - lr*grad` rebinds. A parse function returns null after it
// has reported an error; the statement that contains the error is then skipped.
#ifndef COSTATE_FRONTENDS_STATEMENTPARSER_H
#define COSTATE_FRONTENDS_STATEMENTPARSER_H

#include "costate/frontends/ExpressionParser.h"

namespace costate {

class StatementParser : public ExpressionParser {
public:
  StatementParser(const SourceFile &source, Diagnostics &diagnostics, bool isPart = false, bool keepsFaults = false)
      : ExpressionParser(source, diagnostics, keepsFaults), isPart(isPart) {}

protected:
  //===--- Recovery -------------------------------------------------------===//

  void skipStatement();
  void skipBlock();
  bool atDeclaration() const;
  bool givesUp() const { return !isPart && tooManyErrors(); }

  //===--- Functions ------------------------------------------------------===//

  std::unique_ptr<syntax::FnDecl> parseFn();
  bool parseVjpBehind(syntax::FnDecl &fn);
  std::optional<syntax::FnDecl::CustomVjp> parseVjp();
  std::optional<std::vector<syntax::Parameter>> parseParameters(bool mayBeStatic = false);
  std::optional<std::optional<syntax::TypeSyntax>> parseResultType();

  //===--- Statements -----------------------------------------------------===//

  std::optional<syntax::Block> parseBlock(Place place) override;
  syntax::StmtPtr parseStatement(Place place) override;
  syntax::StmtPtr parseDeclare(syntax::DeclareStmt::Role role);
  syntax::StmtPtr parseRoleBind(syntax::BindStmt::Role role);
  syntax::StmtPtr parseSetting();
  syntax::StmtPtr parseDim();
  syntax::StmtPtr parseGroup();
  syntax::StmtPtr parseFreeze();
  syntax::StmtPtr parseTie();
  std::optional<syntax::Pattern> parsePattern();
  std::optional<std::vector<syntax::Pattern>> parsePatterns();
  std::optional<syntax::OptimizerUse> parseOptimizerUse(llvm::StringRef after);
  syntax::StmtPtr parseMinimize();
  syntax::StmtPtr parseSolve(SourceRange begin, syntax::ExprPtr objective);
  syntax::StmtPtr parseUpdate();
  syntax::StmtPtr parseStep();
  syntax::StmtPtr parseEntry();
  syntax::StmtPtr parseEach(Place place);
  syntax::StmtPtr parseBranchStatement(Place place);
  syntax::StmtPtr parseLoopStatement();
  syntax::StmtPtr parseRequire();
  syntax::StmtPtr parsePrint();
  syntax::StmtPtr parseExpect();
  syntax::StmtPtr parseDefine();
  bool atNamesBefore(llvm::StringRef sign) const;
  syntax::StmtPtr parseWrite(SourceRange begin, syntax::ExprPtr place);
  syntax::StmtPtr parseBindOrResult();

  const bool isPart; // what is wrong is left out, see parsePart
};

} // namespace costate

#endif // COSTATE_FRONTENDS_STATEMENTPARSER_H
