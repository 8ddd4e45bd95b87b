// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Syntax.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <charconv>

namespace costate::syntax {

Name Import::known() const {
  if (alias)
    return *alias;
  llvm::StringRef file = path.text.substr(path.text.rfind('/') + 1);
  return {file.substr(0, file.rfind('.')), path.range};
}

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

WriteExpr::WriteExpr(SourceRange r, ExprPtr place, ExprPtr value) : ExprOf(r), place(std::move(place)), value(std::move(value)) {
  depth = deeper(deeper(depth, this->place), this->value);
}

MemberExpr::MemberExpr(SourceRange r, ExprPtr base, Name member) : ExprOf(r), base(std::move(base)), member(member) {
  depth = deeper(depth, this->base);
}

ComprehensionExpr::ComprehensionExpr(SourceRange r, ExprPtr element, std::vector<Name> names, ExprPtr list, ExprPtr condition)
    : ExprOf(r), element(std::move(element)), names(std::move(names)), list(std::move(list)), condition(std::move(condition)) {
  depth = deeper(deeper(deeper(depth, this->element), this->list), this->condition);
}

static unsigned depthOf(const Block &block);

static unsigned depthOf(const Stmt &statement) {
  auto deepest = [](std::initializer_list<const ExprPtr *> operands) {
    unsigned depth = 0;
    for (const ExprPtr *operand : operands)
      depth = deeper(depth, *operand);
    return depth;
  };
  switch (statement.kind) {
  case Stmt::Bind:
    return deepest({&llvm::cast<BindStmt>(statement).value});
  case Stmt::Rebind:
    return deepest({&llvm::cast<RebindStmt>(statement).value});
  case Stmt::Branch:
    return deepest({&llvm::cast<BranchStmt>(statement).value});
  case Stmt::Loop:
    return deepest({&llvm::cast<LoopStmt>(statement).value});
  case Stmt::Print:
    return deepest({&llvm::cast<PrintStmt>(statement).value});
  case Stmt::Require:
    return deepest({&llvm::cast<RequireStmt>(statement).condition});
  case Stmt::Expect: {
    auto &expect = llvm::cast<ExpectStmt>(statement);
    return deepest({&expect.actual, &expect.expected, &expect.tolerance});
  }
  case Stmt::Declare:
    return deepest({&llvm::cast<DeclareStmt>(statement).value});
  case Stmt::Define:
    return depthOf(llvm::cast<DefineStmt>(statement).fn->body) + 1;
  case Stmt::Result:
    return deepest({&llvm::cast<ResultStmt>(statement).value});
  case Stmt::Each:
    return std::max(deepest({&llvm::cast<EachStmt>(statement).list}), depthOf(llvm::cast<EachStmt>(statement).body) + 1);
  default:
    return 0; // stands in no body of an expression
  }
}

static unsigned depthOf(const Block &block) {
  unsigned depth = 0;
  for (const StmtPtr &statement : block.statements)
    depth = std::max(depth, depthOf(*statement));
  return depth;
}

LambdaExpr::LambdaExpr(SourceRange r, std::vector<Name> parameters, Block body)
    : ExprOf(r), parameters(std::move(parameters)), body(std::move(body)) {
  depth = depthOf(this->body) + 1;
}

llvm::StringRef wordOf(Tape tape) {
  switch (tape) {
  case Tape::All: return "all";
  case Tape::Sqrt: return "sqrt";
  case Tape::None: return "none";
  }
  llvm_unreachable("every kind has a case");
}

void LoopExpr::finish() {
  depth = deeper(deeper(deeper(deeper(depthOf(body) + 1, low), high), condition), limit);
  for (const Carry &carry : carries)
    depth = deeper(depth, carry.start);
}

void BranchExpr::finish() {
  depth = deeper(std::max(depthOf(then), depthOf(otherwise)) + 1, condition);
  rebound.clear();
  if (then.hasValue() && otherwise.hasValue())
    return;
  for (const Block *block : {&then, &otherwise})
    for (const Name &name : block->reboundNames())
      if (llvm::none_of(rebound, [&](const Name &other) { return other.text == name.text; }))
        rebound.push_back(name);
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

const Expr *Block::value() const {
  auto *result = statements.empty() ? nullptr : llvm::dyn_cast<ResultStmt>(statements.back().get());
  return result ? result->value.get() : nullptr;
}

bool Block::hasValue() const { return value(); }

Block bodyOf(ExprPtr value) {
  Block body;
  body.range = value->range;
  auto result = std::make_unique<ResultStmt>(value->range);
  result->value = std::move(value);
  body.statements.push_back(std::move(result));
  return body;
}

std::vector<Name> Block::reboundNames() const {
  std::vector<Name> rebound;
  std::vector<llvm::StringRef> own;
  auto add = [&](const Name &name) {
    auto isSame = [&](const Name &other) { return other.text == name.text; };
    if (!llvm::is_contained(own, name.text) && llvm::none_of(rebound, isSame))
      rebound.push_back(name);
  };
  for (const StmtPtr &statement : statements) {
    if (auto *bind = llvm::dyn_cast<BindStmt>(statement.get()))
      for (const Name &name : bind->names)
        own.push_back(name.text);
    else if (auto *rebind = llvm::dyn_cast<RebindStmt>(statement.get()))
      llvm::for_each(rebind->names, add);
    else if (auto *branch = llvm::dyn_cast<BranchStmt>(statement.get()))
      llvm::for_each(llvm::cast<BranchExpr>(*branch->value).rebound, add);
    else if (auto *loop = llvm::dyn_cast<LoopStmt>(statement.get()))
      llvm::for_each(llvm::cast<LoopExpr>(*loop->value).body.reboundNames(), add);
    else if (auto *each = llvm::dyn_cast<EachStmt>(statement.get()))
      llvm::for_each(each->body.reboundNames(), add);
  }
  return rebound;
}

void Block::walk(llvm::function_ref<void(const Stmt &)> visit) const {
  for (const StmtPtr &statement : statements) {
    visit(*statement);
    if (auto *each = llvm::dyn_cast<EachStmt>(statement.get())) {
      each->body.walk(visit);
    } else if (auto *branch = llvm::dyn_cast<BranchStmt>(statement.get())) {
      llvm::cast<BranchExpr>(*branch->value).then.walk(visit);
      llvm::cast<BranchExpr>(*branch->value).otherwise.walk(visit);
    } else if (auto *loop = llvm::dyn_cast<LoopStmt>(statement.get())) {
      llvm::cast<LoopExpr>(*loop->value).body.walk(visit);
    }
  }
}

//===----------------------------------------------------------------------===//
// Spelling
//===----------------------------------------------------------------------===//

// Python's order. What is no binary operator stands between and around them: `not` is 3, a sign 7, a call 9, a name 10.
std::optional<unsigned> precedenceOf(llvm::StringRef op) {
  static constexpr std::pair<llvm::StringLiteral, unsigned> operators[] = {
      {"..", 0}, {"or", 1}, {"and", 2}, {"==", 4}, {"!=", 4}, {"<", 4}, {"<=", 4}, {">", 4}, {">=", 4},
      {"+", 5},  {"-", 5},  {"*", 6},   {"/", 6},  {"//", 6}, {"%", 6}, {"@", 6},  {"**", 8}};
  for (auto [text, precedence] : operators)
    if (text == op)
      return precedence;
  return std::nullopt;
}

namespace {
constexpr unsigned notPrecedence = 3, signPrecedence = 7, postfixPrecedence = 9, namePrecedence = 10;

std::string joined(const std::vector<Name> &names) {
  return llvm::join(llvm::map_range(names, [](const Name &name) { return name.text; }), ", ");
}

/// The text of an expression, and how tightly its outermost operator binds.
std::pair<std::string, unsigned> spelling(const Expr &e) {
  auto operand = [](const ExprPtr &e, unsigned least) {
    auto [text, precedence] = spelling(*e);
    return precedence < least ? "(" + text + ")" : text;
  };
  auto list = [](const std::vector<ExprPtr> &elements) {
    return llvm::join(llvm::map_range(elements, [](const ExprPtr &element) { return spell(*element); }), ", ");
  };
  auto part = [](const ExprPtr &e) { return e ? spell(*e) : std::string(); };
  switch (e.kind) {
  case Expr::Number: {
    auto &number = llvm::cast<NumberExpr>(e);
    char digits[32];
    auto end = number.isInteger ? std::to_chars(digits, std::end(digits), number.integer) : std::to_chars(digits, std::end(digits), number.real);
    return {std::string(digits, end.ptr) + (number.isImaginary ? "j" : ""), digits[0] == '-' ? signPrecedence : namePrecedence};
  }
  case Expr::String:
    return {"\"" + llvm::cast<StringExpr>(e).value.str() + "\"", namePrecedence};
  case Expr::Bool:
    return {llvm::cast<BoolExpr>(e).value ? "true" : "false", namePrecedence};
  case Expr::Reference:
    return {llvm::cast<ReferenceExpr>(e).name.str(), namePrecedence};
  case Expr::List:
    return {"[" + list(llvm::cast<ListExpr>(e).elements) + "]", namePrecedence};
  case Expr::Tuple: {
    auto &elements = llvm::cast<TupleExpr>(e).elements;
    return {"(" + list(elements) + (elements.size() == 1 ? ",)" : ")"), namePrecedence};
  }
  case Expr::Unary: {
    auto &unary = llvm::cast<UnaryExpr>(e);
    unsigned precedence = unary.op.text == "not" ? notPrecedence : signPrecedence;
    return {unary.op.text.str() + (precedence == notPrecedence ? " " : "") + operand(unary.operand, precedence), precedence};
  }
  case Expr::Binary: {
    auto &binary = llvm::cast<BinaryExpr>(e);
    unsigned precedence = *precedenceOf(binary.op.text);
    bool isPower = precedence > signPrecedence, isComparison = precedence == *precedenceOf("==");
    std::string left = operand(binary.lhs, precedence + (isPower || isComparison));
    std::string right = operand(binary.rhs, isPower ? signPrecedence : precedence + 1);
    std::string space = isPower || precedence == 0 ? "" : " ";
    return {left + space + binary.op.text.str() + space + right, precedence};
  }
  case Expr::Call: {
    auto &call = llvm::cast<CallExpr>(e);
    auto argument = [](const CallExpr::Argument &a) { return (a.name ? a.name->text.str() + "=" : "") + spell(*a.value); };
    return {operand(call.callee, postfixPrecedence) + "(" + llvm::join(llvm::map_range(call.arguments, argument), ", ") + ")", postfixPrecedence};
  }
  case Expr::Index: {
    auto &index = llvm::cast<IndexExpr>(e);
    auto subscript = [&](const IndexExpr::Subscript &s) {
      switch (s.kind) {
      case IndexExpr::Subscript::Element:
        return operand(s.first, *precedenceOf("or"));
      case IndexExpr::Subscript::Slice:
        return part(s.first) + ":" + part(s.last) + (s.step ? ":" + part(s.step) : "");
      case IndexExpr::Subscript::Rest:
        return std::string("..");
      case IndexExpr::Subscript::New:
        return std::string("None");
      }
      return std::string();
    };
    return {operand(index.base, postfixPrecedence) + "[" + llvm::join(llvm::map_range(index.subscripts, subscript), ", ") + "]", postfixPrecedence};
  }
  case Expr::Write: {
    auto &write = llvm::cast<WriteExpr>(e);
    return {spell(*write.place) + " <- " + spell(*write.value), 0};
  }
  case Expr::Member: {
    auto &member = llvm::cast<MemberExpr>(e);
    return {operand(member.base, postfixPrecedence) + "." + member.member.text.str(), postfixPrecedence};
  }
  case Expr::Comprehension: {
    auto &c = llvm::cast<ComprehensionExpr>(e);
    return {"[" + spell(*c.element) + " for " + joined(c.names) + " in " + spell(*c.list) + (c.condition ? " if " + spell(*c.condition) : "") + "]",
            namePrecedence};
  }
  case Expr::Lambda: {
    auto &lambda = llvm::cast<LambdaExpr>(e);
    std::string names = joined(lambda.parameters);
    return {(lambda.parameters.size() == 1 ? names : "(" + names + ")") + " -> " + (lambda.body.statements.size() > 1 ? "{ .. }" : spell(*lambda.body.value())), 0};
  }
  case Expr::Loop: {
    auto &loop = llvm::cast<LoopExpr>(e);
    auto carry = [](const LoopExpr::Carry &c) { return c.name.text.str() + " = " + spell(*c.start); };
    return {(loop.index ? (loop.isScan ? "scan " : "for ") + loop.index->text.str() + " in " + spell(*loop.low) + ".." + spell(*loop.high)
                        : "while " + spell(*loop.condition) + " max " + spell(*loop.limit)) +
                (loop.tape == Tape::All ? "" : " tape " + wordOf(loop.tape).str()) + (loop.carries.empty() ? "" : " carry ") +
                llvm::join(llvm::map_range(loop.carries, carry), ", ") + " { .. }",
            0};
  }
  case Expr::Branch:
    return {"if " + spell(*llvm::cast<BranchExpr>(e).condition) + " { .. } else { .. }", 0};
  }
  return {};
}
} // namespace

std::string spell(const Expr &e) { return spelling(e).first; }

std::string spell(const TypeSyntax &type) {
  auto axis = [](const TypeSyntax::Axis &a) { return a.size ? spell(*a.size) : ".."; };
  std::string axes = llvm::join(llvm::map_range(type.axes, axis), ", ");
  return type.element.text.str() + (axes.empty() ? "" : "[" + axes + "]");
}

} // namespace costate::syntax
