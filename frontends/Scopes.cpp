// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Scopes.h"

#include "llvm/ADT/STLExtras.h"

namespace costate {
using namespace syntax;

const Name *NameWalker::find(llvm::StringRef name) const {
  auto found = std::find_if(local.rbegin(), local.rend(), [&](const Name &other) { return other.text == name; });
  return found == local.rend() ? nullptr : &*found;
}

void NameWalker::use(llvm::StringRef name, SourceRange where) { use(Name{name, where}, find(name)); }

void NameWalker::add(const Name &name, SourceRange where) {
  local.push_back(name);
  bind(name, where, end);
}

void NameWalker::add(llvm::ArrayRef<Name> names, SourceRange where) {
  for (const Name &name : names)
    add(name, where);
}

void NameWalker::within(SourceRange range, const Block *body, llvm::function_ref<void()> visit) {
  size_t outside = local.size();
  uint32_t before = std::exchange(end, body ? std::max(range.end, body->range.end) : range.end);
  visit();
  end = before;
  local.truncate(outside);
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

void NameWalker::walk(const Expr &e) {
  switch (e.kind) {
  case Expr::Number:
  case Expr::String:
  case Expr::Bool: return;
  case Expr::Reference: return use(llvm::cast<ReferenceExpr>(e).name, e.range);
  case Expr::List:
    for (const ExprPtr &element : llvm::cast<ListExpr>(e).elements)
      walk(*element);
    return;
  case Expr::Tuple:
    for (const ExprPtr &element : llvm::cast<TupleExpr>(e).elements)
      walk(*element);
    return;
  case Expr::Unary: return walk(*llvm::cast<UnaryExpr>(e).operand);
  case Expr::Binary: walk(*llvm::cast<BinaryExpr>(e).lhs); return walk(*llvm::cast<BinaryExpr>(e).rhs);
  case Expr::Call:
    walk(*llvm::cast<CallExpr>(e).callee);
    for (const CallExpr::Argument &argument : llvm::cast<CallExpr>(e).arguments)
      walk(*argument.value);
    return;
  case Expr::Index:
    walk(*llvm::cast<IndexExpr>(e).base);
    for (const IndexExpr::Subscript &s : llvm::cast<IndexExpr>(e).subscripts) {
      walkIf(s.first);
      walkIf(s.last);
      walkIf(s.step);
    }
    return;
  case Expr::Write: walk(*llvm::cast<WriteExpr>(e).place); return walk(*llvm::cast<WriteExpr>(e).value);
  case Expr::Member: return walk(*llvm::cast<MemberExpr>(e).base);
  case Expr::Comprehension: {
    auto &comprehension = llvm::cast<ComprehensionExpr>(e);
    walk(*comprehension.list);
    return within(e.range, nullptr, [&] {
      add(comprehension.names, comprehension.list->range);
      walkIf(comprehension.condition);
      walk(*comprehension.element);
    });
  }
  case Expr::Lambda: {
    auto &lambda = llvm::cast<LambdaExpr>(e);
    return within(e.range, &lambda.body, [&] {
      for (const Name &name : lambda.parameters)
        add(name, name.range);
      walk(lambda.body);
    });
  }
  case Expr::Loop: return walk(llvm::cast<LoopExpr>(e));
  case Expr::Branch: {
    auto &branch = llvm::cast<BranchExpr>(e);
    walk(*branch.condition);
    walk(branch.then);
    walk(branch.otherwise);
    for (const Name &name : branch.rebound) // a branch that does not rebind it has the value from before
      use(name, find(name.text));
    return;
  }
  }
}

void NameWalker::walk(const LoopExpr &loop) {
  walkIf(loop.low);
  walkIf(loop.high);
  walkIf(loop.limit);
  for (const LoopExpr::Carry &carry : loop.carries)
    walk(*carry.start);
  within(loop.range, &loop.body, [&] {
    if (loop.index)
      add(*loop.index, loop.index->range);
    for (const LoopExpr::Carry &carry : loop.carries)
      add(carry.name, carry.name.range);
    walkIf(loop.condition);
    walk(loop.body);
  });
}

/// A name that stands for nothing yet is a size from there on.
void NameWalker::walk(const TypeSyntax &type) {
  if (find(type.element.text))
    use(type.element.text, type.element.range);
  for (const TypeSyntax::Axis &axis : type.axes) {
    auto *name = llvm::dyn_cast_or_null<ReferenceExpr>(axis.size.get());
    if (name && !find(name->name))
      add({name->name, name->range}, name->range);
    else
      walkIf(axis.size);
  }
}

void NameWalker::walk(llvm::ArrayRef<Parameter> parameters) {
  for (const Parameter &parameter : parameters) {
    SourceRange range = parameter.name.range;
    if (parameter.type) {
      walk(*parameter.type);
      range = range.to(parameter.type->range);
    }
    if (parameter.defaultValue) {
      walk(*parameter.defaultValue);
      range = range.to(parameter.defaultValue->range);
    }
    add(parameter.name, range);
  }
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void NameWalker::walk(const Block &block) {
  within(block.range, nullptr, [&] {
    for (const StmtPtr &statement : block.statements)
      walk(*statement);
  });
}

void NameWalker::walk(const OptimizerUse &use) {
  walk(*use.optimizer);
  for (const ExprPtr &group : use.groups)
    walk(*group);
}

void NameWalker::walk(const Stmt &statement) {
  auto useAll = [&](llvm::ArrayRef<Name> names) {
    for (const Name &name : names)
      use(name, find(name.text));
  };
  switch (statement.kind) {
  case Stmt::Bind: {
    auto &bind = llvm::cast<BindStmt>(statement);
    walk(*bind.value);
    return add(bind.names, statement.range);
  }
  case Stmt::Rebind: {
    auto &bind = llvm::cast<RebindStmt>(statement);
    for (const Name &name : bind.names)
      rebind(name, find(name.text));
    walk(*bind.value);
    return add(bind.names, statement.range);
  }
  case Stmt::Declare: {
    auto &declare = llvm::cast<DeclareStmt>(statement);
    if (declare.type)
      walk(*declare.type);
    walkIf(declare.outAxis);
    walkIf(declare.value);
    return add(declare.name, statement.range);
  }
  case Stmt::Dim: return useAll(llvm::cast<DimStmt>(statement).name);
  case Stmt::Group: return add(llvm::cast<GroupStmt>(statement).name, statement.range);
  case Stmt::Minimize: {
    auto &minimize = llvm::cast<MinimizeStmt>(statement);
    walk(*minimize.objective);
    useAll(minimize.sets);
    return walk(minimize.with);
  }
  case Stmt::Update: {
    auto &update = llvm::cast<UpdateStmt>(statement);
    useAll(update.sets);
    walk(update.with);
    return walk(*update.gradient);
  }
  case Stmt::Step: return walk(llvm::cast<StepStmt>(statement).body);
  case Stmt::Entry: {
    auto &entry = llvm::cast<EntryStmt>(statement);
    return within(statement.range, &entry.body, [&] {
      walk(llvm::ArrayRef(entry.parameters));
      walk(entry.body);
    });
  }
  case Stmt::Each: {
    auto &each = llvm::cast<EachStmt>(statement);
    walk(*each.list);
    return within(statement.range, &each.body, [&] {
      add(each.names, each.list->range);
      walk(each.body);
    });
  }
  case Stmt::Branch: { // what it rebinds can be seen behind it
    auto &branch = llvm::cast<BranchStmt>(statement);
    walk(*branch.value);
    return add(llvm::cast<BranchExpr>(*branch.value).rebound, statement.range);
  }
  case Stmt::Loop: return walk(*llvm::cast<LoopStmt>(statement).value);
  case Stmt::Require: return walk(*llvm::cast<RequireStmt>(statement).condition);
  case Stmt::Print: return walk(*llvm::cast<PrintStmt>(statement).value);
  case Stmt::Expect: {
    auto &expect = llvm::cast<ExpectStmt>(statement);
    walk(*expect.actual);
    walkIf(expect.expected);
    return walkIf(expect.tolerance);
  }
  case Stmt::Define: {
    auto &define = llvm::cast<DefineStmt>(statement);
    walk(*define.fn);
    return add(define.fn->name, statement.range);
  }
  case Stmt::Result: return walk(*llvm::cast<ResultStmt>(statement).value);
  case Stmt::Setting:
  case Stmt::Freeze:
  case Stmt::Tie: return;
  }
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

void NameWalker::walk(const FnDecl &fn) {
  SourceRange range = fn.vjp ? fn.range.to(fn.vjp->range) : fn.range;
  within(range, &fn.body, [&] {
    walk(llvm::ArrayRef(fn.parameters));
    if (fn.result)
      walk(*fn.result);
    if (fn.external)
      for (const TypeSyntax &type : fn.external->results)
        walk(type);
    walk(fn.body);
    if (!fn.vjp)
      return;
    for (const Name &name : fn.vjp->cotangents)
      add(name, name.range);
    for (const ExprPtr &gradient : fn.vjp->gradients)
      walk(*gradient);
  });
}

void NameWalker::walk(const OptimizerDecl &optimizer) {
  within(optimizer.range, &optimizer.body, [&] {
    walk(llvm::ArrayRef(optimizer.parameters));
    walk(optimizer.body);
  });
}

void NameWalker::walk(const File &file) {
  size_t outside = local.size();
  for (const auto &import : file.imports) {
    if (import->members.empty())
      local.push_back(import->known());
    for (const Import::Member &member : import->members)
      local.push_back(member.known());
  }
  for (const auto &constant : file.constants)
    local.append(constant->names.begin(), constant->names.end());
  for (const auto &constant : file.constants)
    walk(*constant->value);
  for (const auto &fn : file.fns)
    walk(*fn);
  for (const auto &net : file.nets)
    within(net->range, &net->body, [&] {
      walk(llvm::ArrayRef(net->statics));
      walk(llvm::ArrayRef(net->inputs));
      if (net->result)
        walk(*net->result);
      walk(net->body);
    });
  for (const auto &optimizer : file.optimizers)
    walk(*optimizer);
  for (const auto &model : file.models)
    walk(model->body);
  for (const auto &check : file.checks)
    walk(check->body);
  local.truncate(outside);
}

} // namespace costate
