// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Syntax.h"

#include <algorithm>

namespace costate::syntax {

// A constructor takes its operands and records how deep the expression has become.
static unsigned deeper(unsigned depth, const ExprPtr &operand) { return operand ? std::max(depth, operand->depth + 1) : depth; }

static unsigned deeper(unsigned depth, const std::vector<ExprPtr> &operands) {
  for (const ExprPtr &operand : operands)
    depth = deeper(depth, operand);
  return depth;
}

ListExpr::ListExpr(SourceRange r, std::vector<ExprPtr> e) : ExprOf(r), elements(std::move(e)) { depth = deeper(depth, elements); }

TupleExpr::TupleExpr(SourceRange r, std::vector<ExprPtr> e) : ExprOf(r), elements(std::move(e)) { depth = deeper(depth, elements); }

UnaryExpr::UnaryExpr(SourceRange r, Name op, ExprPtr operand) : ExprOf(r), op(op), operand(std::move(operand)) {
  depth = deeper(depth, this->operand);
}

BinaryExpr::BinaryExpr(SourceRange r, Name op, ExprPtr lhs, ExprPtr rhs)
    : ExprOf(r), op(op), lhs(std::move(lhs)), rhs(std::move(rhs)) {
  depth = deeper(deeper(depth, this->lhs), this->rhs);
}

CallExpr::CallExpr(SourceRange r, ExprPtr callee, std::vector<Argument> arguments)
    : ExprOf(r), callee(std::move(callee)), arguments(std::move(arguments)) {
  depth = deeper(depth, this->callee);
  for (const Argument &argument : this->arguments)
    depth = deeper(depth, argument.value);
}

IndexExpr::IndexExpr(SourceRange r, ExprPtr base, std::vector<Subscript> subscripts)
    : ExprOf(r), base(std::move(base)), subscripts(std::move(subscripts)) {
  depth = deeper(depth, this->base);
  for (const Subscript &s : this->subscripts)
    depth = deeper(deeper(deeper(depth, s.first), s.last), s.step);
}

MemberExpr::MemberExpr(SourceRange r, ExprPtr base, Name member) : ExprOf(r), base(std::move(base)), member(member) {
  depth = deeper(depth, this->base);
}

ComprehensionExpr::ComprehensionExpr(SourceRange r, ExprPtr element, std::vector<Name> names, ExprPtr list, ExprPtr condition)
    : ExprOf(r), element(std::move(element)), names(std::move(names)), list(std::move(list)), condition(std::move(condition)) {
  depth = deeper(deeper(deeper(depth, this->element), this->list), this->condition);
}

LambdaExpr::LambdaExpr(SourceRange r, std::vector<Name> parameters, ExprPtr body)
    : ExprOf(r), parameters(std::move(parameters)), body(std::move(body)) {
  depth = deeper(depth, this->body);
}

void LoopExpr::finish() {
  depth = deeper(deeper(deeper(deeper(depth, low), high), condition), limit);
  for (const Carry &carry : carries)
    depth = deeper(depth, carry.start);
}

void BranchExpr::finish() { depth = deeper(depth, condition); }

} // namespace costate::syntax
