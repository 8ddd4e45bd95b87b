// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which name of a text binds which: what can be told of a tree before anything in it has a value.
#ifndef COSTATE_FRONTENDS_SCOPES_H
#define COSTATE_FRONTENDS_SCOPES_H

#include "costate/frontends/Syntax.h"

namespace costate {

/// Walks a tree and tells of each name what binds it. A name can be seen behind the statement that binds it, up to the end of the body around that;
/// constants of a file and what it imports everywhere in it. So can fns, nets and optimizers, which are not told here.
class NameWalker {
public:
  virtual ~NameWalker() = default;

  void walk(const syntax::Expr &e);
  void walk(const syntax::Block &block);
  void walk(const syntax::FnDecl &fn);
  void walk(const syntax::OptimizerDecl &optimizer);
  void walk(const syntax::File &file);

protected:
  NameWalker() = default;

  /// `binder`: the last name of that spelling in `local`; null if there is none.
  virtual void use(const syntax::Name &name, const syntax::Name *binder) = 0;
  /// The name on the left of `<-`, which binds it anew.
  virtual void rebind(const syntax::Name &, const syntax::Name *) {}
  /// A name that can be seen from the end of `where` to `end`.
  virtual void bind(const syntax::Name &, SourceRange /*where*/, uint32_t /*end*/) {}

  const syntax::Name *find(llvm::StringRef name) const;

  /// The names that can be seen, innermost last. A caller may put some there that the tree does not bind.
  llvm::SmallVector<syntax::Name> local;

private:
  void add(const syntax::Name &name, SourceRange where);
  void add(llvm::ArrayRef<syntax::Name> names, SourceRange where);
  void use(llvm::StringRef name, SourceRange where);
  void walkIf(const syntax::ExprPtr &e) {
    if (e)
      walk(*e);
  }
  void walk(const syntax::Stmt &statement);
  void walk(const syntax::TypeSyntax &type);
  void walk(llvm::ArrayRef<syntax::Parameter> parameters);
  void walk(const syntax::LoopExpr &loop);
  void walk(const syntax::OptimizerUse &use);
  /// What `visit` binds ends with `range`, or with a body that is not closed.
  void within(SourceRange range, const syntax::Block *body, llvm::function_ref<void()> visit);

  uint32_t end = 0; // of the body around
};

} // namespace costate

#endif // COSTATE_FRONTENDS_SCOPES_H
