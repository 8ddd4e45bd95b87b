// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_FRONTENDS_SYNTAXRULES_H
#define COSTATE_FRONTENDS_SYNTAXRULES_H

#include "costate/frontends/Syntax.h"

namespace costate {

/// Blocks and expressions nested deeper than this are refused, so that no input can overflow the stack.
constexpr unsigned maxNesting = 200;

/// Where a statement stands, or, at the top of a file, a declaration. The bodies of loops and branches are as those of a fn.
enum Place : unsigned { InModel = 1, InNet = 2, InFn = 4, InOptimizer = 8, InStep = 16, InCheck = 32, AtTop = 64 };
/// Where the statements of a branch stand that is a statement itself.
inline Place placeInBranch(Place place) { return place == InStep || place == InCheck ? place : InFn; }
/// "a model"
const char *describe(Place place);

/// A word that the language gives a meaning. Where nothing of that meaning can stand it is a name as any other.
struct Word {
  enum Kind : uint8_t {
    Begin,    // a declaration or statement, in `places`
    Control,  // a loop or a branch; as a statement in `places`
    Part,     // what goes on with one of them
    Operator, // before or between operands
    Constant,
    Type,
  };
  llvm::StringLiteral text;
  Kind kind;
  unsigned places = 0;
};
/// All of them, those of a kind together.
llvm::ArrayRef<Word> words();
/// Null if there is none.
const Word *findWord(llvm::StringRef text);
/// Those that begin something in a place.
llvm::SmallVector<llvm::StringRef> wordsAt(Place place);

/// What the language asks of a tree beyond the kinds of its nodes. The parser and the reader of model files ask for each node as soon as they have
/// it, so that a tree means the same whatever it was made of, and so do its errors. A function returns false after it has reported one.
class SyntaxRules {
public:
  explicit SyntaxRules(Diagnostics &diagnostics) : diagnostics(diagnostics) {}

  bool checkPlace(llvm::StringRef keyword, SourceRange where, Place place);
  bool checkDepth(const syntax::Expr &e);
  bool check(const syntax::CallExpr &call);
  bool check(const syntax::LambdaExpr &lambda);
  /// As a statement, in a step, a loop has no carries.
  bool check(const syntax::LoopExpr &loop, bool isStatement);
  /// As a statement of a body its branches may rebind names, print or require something instead of having a value; as one of a step they have none.
  bool check(const syntax::BranchExpr &branch, bool isStatement, Place place);
  bool check(const syntax::DeclareStmt &declare);
  bool check(const syntax::EachStmt &each);
  bool check(const syntax::EntryStmt &entry);
  bool check(const syntax::RebindStmt &rebind);
  bool check(const syntax::OptimizerUse &use);
  /// What an import makes known has a name.
  bool check(const syntax::Import &import);
  /// What C has to know of an extern fn.
  bool check(const syntax::FnDecl &fn);
  /// A value that is not the last of a body would be lost.
  bool check(const syntax::Block &block);

  static bool isIdentifier(llvm::StringRef text);

private:
  bool checkNoValue(const syntax::Block &body);

  Diagnostics &diagnostics;
};

/// The word that a declaration of this role begins with.
llvm::StringRef keywordOf(syntax::DeclareStmt::Role role);

} // namespace costate

#endif // COSTATE_FRONTENDS_SYNTAXRULES_H
