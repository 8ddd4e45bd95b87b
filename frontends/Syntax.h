// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tree of a model file. Every node knows the range of its text; names are slices of the source file, which must
// outlive the tree. Expressions know how deep they are, and SyntaxRules bounds that, so recursion over a tree is safe.
#ifndef COSTATE_FRONTENDS_SYNTAX_H
#define COSTATE_FRONTENDS_SYNTAX_H

#include "costate/frontends/Diagnostics.h"
#include "llvm/Support/Casting.h"

#include <optional>

namespace costate::syntax {

struct Name {
  llvm::StringRef text;
  SourceRange range;
};

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

struct Expr {
  enum Kind { Number, String, Bool, Reference, List, Tuple, Unary, Binary, Call, Index, Write, Member, Comprehension, Lambda, Loop, Branch };
  const Kind kind;
  SourceRange range;
  unsigned depth = 1; // 1 + the depth of the deepest operand

  virtual ~Expr() = default;

protected:
  Expr(Kind kind, SourceRange range) : kind(kind), range(range) {}
};
using ExprPtr = std::unique_ptr<Expr>;

struct Stmt {
  enum Kind { Bind, Rebind, Declare, Setting, Dim, Group, Freeze, Tie, Minimize, Update, Step, Entry, Each, Branch, Loop, Require, Print, Expect, Define, Result };
  const Kind kind;
  SourceRange range;

  virtual ~Stmt() = default;

protected:
  Stmt(Kind kind, SourceRange range) : kind(kind), range(range) {}
};
using StmtPtr = std::unique_ptr<Stmt>;

/// Statements between braces
struct Block {
  std::vector<StmtPtr> statements;
  SourceRange range;

  /// Whether its last statement is its value.
  bool hasValue() const;
  /// That value, or null.
  const Expr *value() const;
  /// The names that statements rebind and have not bound themselves, in order, once each.
  std::vector<Name> reboundNames() const;
  /// Visits its statements and, behind each, those of the loop, branches or `each` that it is, in the order of the text.
  void walk(llvm::function_ref<void(const Stmt &)> visit) const;
};

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// The `classof` that llvm::isa, cast and dyn_cast ask for.
template <Expr::Kind K> struct ExprOf : Expr {
  static bool classof(const Expr *e) { return e->kind == K; }

protected:
  explicit ExprOf(SourceRange range) : Expr(K, range) {}
};

/// 7, 1e-3 or 2j. An integer adapts to the type it meets, as does a float.
struct NumberExpr : ExprOf<Expr::Number> {
  bool isInteger;
  bool isImaginary = false; // then no integer
  int64_t integer;
  double real; // also set for an integer
  NumberExpr(SourceRange r, int64_t v) : ExprOf(r), isInteger(true), integer(v), real(double(v)) {}
  NumberExpr(SourceRange r, double v, bool isImaginary = false)
      : ExprOf(r), isInteger(false), isImaginary(isImaginary), integer(0), real(v) {}
};

struct StringExpr : ExprOf<Expr::String> {
  llvm::StringRef value;
  StringExpr(SourceRange r, llvm::StringRef v) : ExprOf(r), value(v) {}
};

struct BoolExpr : ExprOf<Expr::Bool> {
  bool value;
  BoolExpr(SourceRange r, bool v) : ExprOf(r), value(v) {}
};

struct ReferenceExpr : ExprOf<Expr::Reference> {
  llvm::StringRef name;
  ReferenceExpr(SourceRange r, llvm::StringRef n) : ExprOf(r), name(n) {}
};

/// [a, b]
struct ListExpr : ExprOf<Expr::List> {
  std::vector<ExprPtr> elements;
  ListExpr(SourceRange r, std::vector<ExprPtr> e);
};

/// (a, b), or a, b where a body ends
struct TupleExpr : ExprOf<Expr::Tuple> {
  std::vector<ExprPtr> elements;
  TupleExpr(SourceRange r, std::vector<ExprPtr> e);
};

/// -a, not a
struct UnaryExpr : ExprOf<Expr::Unary> {
  Name op;
  ExprPtr operand;
  UnaryExpr(SourceRange r, Name op, ExprPtr operand);
};

/// a + b; also `and`, `or`, comparisons, and lo..hi, the list of integers lo <= i < hi
struct BinaryExpr : ExprOf<Expr::Binary> {
  Name op;
  ExprPtr lhs, rhs;
  BinaryExpr(SourceRange r, Name op, ExprPtr lhs, ExprPtr rhs);
};

/// f(a, axis=-1): positional arguments come first
struct CallExpr : ExprOf<Expr::Call> {
  struct Argument {
    std::optional<Name> name;
    ExprPtr value;
  };
  ExprPtr callee;
  std::vector<Argument> arguments;
  CallExpr(SourceRange r, ExprPtr callee, std::vector<Argument> arguments);
};

/// x[i, 1:3, ..]
struct IndexExpr : ExprOf<Expr::Index> {
  struct Subscript {
    enum Kind { Element, Slice, Rest, New } kind; // i; lo:hi:step with any part absent; `..`, all axes between; `None`, a new axis
    SourceRange range;
    ExprPtr first, last, step; // an element is `first`
  };
  ExprPtr base;
  std::vector<Subscript> subscripts;
  IndexExpr(SourceRange r, ExprPtr base, std::vector<Subscript> subscripts);
};

/// x[i, 1:3] <- value: x with what stands at the place replaced. It is the value of a RebindStmt of x alone.
struct WriteExpr : ExprOf<Expr::Write> {
  ExprPtr place; // an IndexExpr of the name
  ExprPtr value;
  WriteExpr(SourceRange r, ExprPtr place, ExprPtr value);
};

/// f.layers.0.w, one step: the member is a name or an index
struct MemberExpr : ExprOf<Expr::Member> {
  ExprPtr base;
  Name member;
  MemberExpr(SourceRange r, ExprPtr base, Name member);
};

/// [element for a, b in list]
struct ComprehensionExpr : ExprOf<Expr::Comprehension> {
  ExprPtr element;
  std::vector<Name> names;
  ExprPtr list, condition; // the condition may be null
  ComprehensionExpr(SourceRange r, ExprPtr element, std::vector<Name> names, ExprPtr list, ExprPtr condition);
};

/// v -> value, (a, b) -> { statements; value }
struct LambdaExpr : ExprOf<Expr::Lambda> {
  std::vector<Name> parameters;
  Block body; // ends with a value
  LambdaExpr(SourceRange r, std::vector<Name> parameters, Block body);
};

//===----------------------------------------------------------------------===//
// Types and parameters
//===----------------------------------------------------------------------===//

/// f32[batch, 64], f32[.., n], f32[]; a type without brackets is a scalar
struct TypeSyntax {
  struct Axis {
    SourceRange range;
    ExprPtr size; // null: `..`, any number of axes
  };
  Name element;
  std::vector<Axis> axes;
  SourceRange range;
};

/// float[.., n]: any type of fractions
inline bool isAnyFloat(const TypeSyntax &type) { return type.element.text == "float"; }

struct Parameter {
  Name name;
  std::optional<TypeSyntax> type;
  ExprPtr defaultValue; // or null
  bool isStatic = false; // of an optimizer: known at import
};

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

template <Stmt::Kind K> struct StmtOf : Stmt {
  static bool classof(const Stmt *s) { return s->kind == K; }
  explicit StmtOf(SourceRange range) : Stmt(K, range) {}
};

/// a, b = value; net f = ...; metric m = ...; predict p = ...; metric m = ... over split
struct BindStmt : StmtOf<Stmt::Bind> {
  enum Role { Plain, Net, Metric, Predict, SplitMetric } role = Plain;
  std::vector<Name> names;
  ExprPtr value;
  using StmtOf::StmtOf;
};

/// a, b <- value
struct RebindStmt : StmtOf<Stmt::Rebind> {
  std::vector<Name> names;
  ExprPtr value;
  using StmtOf::StmtOf;
};

/// input x : f32[batch, 64]; rows ids : i32[batch]; param w : f32[n, m] = glorot_uniform(); hyper rate = 0.1; state m = zeros_like(param)
struct DeclareStmt : StmtOf<Stmt::Declare> {
  enum Role { Input, Target, Param, State, Hyper, Rows } role = Input;
  Name name;
  std::optional<TypeSyntax> type;
  ExprPtr value; // or null
  ExprPtr outAxis; // of a param, or null
  using StmtOf::StmtOf;
};

/// data "digits.npz"; epochs 30; batch 32: what `costate train` assumes unless told otherwise
struct SettingStmt : StmtOf<Stmt::Setting> {
  Name name;
  ExprPtr value;
  using StmtOf::StmtOf;
};

/// dim batch hint 1: the size to plan for
struct DimStmt : StmtOf<Stmt::Dim> {
  Name name;
  ExprPtr hint;
  using StmtOf::StmtOf;
};

/// A path of parameters in quotes; `*` stands for any text
struct Pattern {
  llvm::StringRef text;
  SourceRange range;
};

/// group biases = "*.b": parameters for which an optimizer may have other arguments
struct GroupStmt : StmtOf<Stmt::Group> {
  Name name;
  std::vector<Pattern> patterns;
  using StmtOf::StmtOf;
};

/// freeze "f.layers.0.*": parameters that no update changes
struct FreezeStmt : StmtOf<Stmt::Freeze> {
  std::vector<Pattern> patterns;
  using StmtOf::StmtOf;
};

/// tie "f.decoder" to "f.encoder": one tensor under two paths
struct TieStmt : StmtOf<Stmt::Tie> {
  Pattern leaf, place;
  using StmtOf::StmtOf;
};

/// adamw(lr=1e-3), biases(weight_decay=0): an optimizer, and what differs for groups, as calls of their names
struct OptimizerUse {
  ExprPtr optimizer;
  std::vector<ExprPtr> groups;
};

/// minimize loss over f, g with adam(lr=1e-3); without `over`, all parameters
struct MinimizeStmt : StmtOf<Stmt::Minimize> {
  ExprPtr objective;
  std::vector<Name> sets;
  OptimizerUse with;
  using StmtOf::StmtOf;
};

/// update f, g with sgd(lr=0.1) from grad(loss, (f, g))
struct UpdateStmt : StmtOf<Stmt::Update> {
  std::vector<Name> sets;
  OptimizerUse with;
  ExprPtr gradient;
  using StmtOf::StmtOf;
};

struct StepStmt : StmtOf<Stmt::Step> {
  Block body;
  using StmtOf::StmtOf;
};

/// entry fit(x : f32[n, 64], rate=0.1) { ...; value }: a step that is called by its name, with arguments and results of its own
struct EntryStmt : StmtOf<Stmt::Entry> {
  Name name;
  std::vector<Parameter> parameters;
  Block body;
  using StmtOf::StmtOf;
};

/// each layer in layers[:-1] { ... }: unrolled over a list
struct EachStmt : StmtOf<Stmt::Each> {
  std::vector<Name> names;
  ExprPtr list;
  Block body;
  using StmtOf::StmtOf;
};

/// What reverse mode keeps of the carries of a loop; see the attribute `graph.tape`.
enum class Tape { All, Sqrt, None };
/// "all"
llvm::StringRef wordOf(Tape tape);

/// for k in 0..n carry x = x0, y = y0 { statements }; while x > 0 max 100 tape sqrt carry x = x0 { statements }
/// Its value: the carries after the last trip; of a `while` also the number of trips.
/// scan k in 0..n carry x = x0 { statements; value }: behind the carries, the values of all trips along a new first axis.
struct LoopExpr : ExprOf<Expr::Loop> {
  struct Carry {
    Name name;
    ExprPtr start;
  };
  std::optional<Name> index;      // of a `for`, with
  ExprPtr low, high;              // low <= index < high
  ExprPtr condition, limit;       // of a `while`
  std::vector<Carry> carries;
  Block body;
  bool isScan = false;
  Tape tape = Tape::All;
  explicit LoopExpr(SourceRange r) : ExprOf(r) {}
  void finish(); // all operands are there
};

/// if c { a } else { b }
struct BranchExpr : ExprOf<Expr::Branch> {
  ExprPtr condition;
  Block then, otherwise;
  bool hasElse = false; // else `otherwise` is empty
  std::vector<Name> rebound; // its value is that of the branch taken, or, as a statement, the list of these names at its end
  explicit BranchExpr(SourceRange r) : ExprOf(r) {}
  void finish(); // all operands are there; finds `rebound`
};

/// if c { x <- a } else { y <- b }; in a step also: if c { update f with sgd(lr=0.1) from g }
struct BranchStmt : StmtOf<Stmt::Branch> {
  ExprPtr value; // a BranchExpr
  using StmtOf::StmtOf;
};

/// for k in 0..n { update f with sgd(lr=0.1) from grad(loss, f) }: of a step; what the loop changes is carried
struct LoopStmt : StmtOf<Stmt::Loop> {
  ExprPtr value; // a LoopExpr without carries
  using StmtOf::StmtOf;
};

/// require m == n, "message"
struct RequireStmt : StmtOf<Stmt::Require> {
  ExprPtr condition;
  llvm::StringRef message; // or empty
  using StmtOf::StmtOf;
};

/// print("loss", loss)
struct PrintStmt : StmtOf<Stmt::Print> {
  llvm::StringRef name; // or empty: the value as it is spelled
  ExprPtr value;
  using StmtOf::StmtOf;
};

/// expect actual ~= expected within 1e-6 relative; expect x < y
struct ExpectStmt : StmtOf<Stmt::Expect> {
  ExprPtr actual;              // or a condition, where the others are null
  ExprPtr expected, tolerance;
  bool isRelative = false;     // the tolerance counts in magnitudes of what is expected
  using StmtOf::StmtOf;
};

/// The value of a body: its last statement
struct ResultStmt : StmtOf<Stmt::Result> {
  ExprPtr value;
  using StmtOf::StmtOf;
};

/// The body that is a value alone
Block bodyOf(ExprPtr value);

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

/// fn f(x, axis=-1) -> f32[..] { ... }, optionally followed by: vjp (dy) -> dx, daxis
/// extern fn g(x : f32[n]) -> f32[n], f32[] symbol "g_f32": a C function, with types and without a body; the same may follow
struct FnDecl {
  struct CustomVjp {
    SourceRange range;
    std::vector<Name> cotangents; // one for each result
    std::vector<ExprPtr> gradients; // of the first parameters; the others are constants for the rule
  };
  struct Extern {
    std::vector<TypeSyntax> results;
    Name symbol; // of the C function; the fn's own unless it is written
  };
  SourceRange range;
  Name name;
  std::vector<Parameter> parameters;
  std::optional<TypeSyntax> result;
  Block body;
  std::optional<CustomVjp> vjp;
  std::optional<Extern> external; // then there is neither a body nor `result`
};

/// A fn inside of a check, whose names it sees
struct DefineStmt : StmtOf<Stmt::Define> {
  std::unique_ptr<FnDecl> fn;
  using StmtOf::StmtOf;
};

/// net dense(n, m)(x : f32[.., n]) -> f32[.., m] { ... }
struct NetDecl {
  SourceRange range;
  Name name;
  std::vector<Parameter> statics, inputs;
  std::optional<TypeSyntax> result;
  Block body;
};

struct OptimizerDecl {
  SourceRange range;
  Name name;
  std::vector<Parameter> parameters;
  Block body;
};

struct ModelDecl {
  SourceRange range;
  Name name;
  Block body;
};

struct CheckDecl {
  SourceRange range;
  llvm::StringRef title;
  Block body;
};

struct File;

/// import "losses.costate" as l; from "losses.costate" import huber, tukey as t
struct Import {
  struct Member {
    Name name;
    std::optional<Name> alias;
    const Name &known() const { return alias ? *alias : name; }
  };
  SourceRange range;
  Name path;                   // as it is written, from the folder of this file
  std::optional<Name> alias;   // of the file as a whole
  std::vector<Member> members; // or, if there are any, what of it is known
  const File *file = nullptr;  // what the path leads to, when that is there

  /// What the file as a whole is known by: the alias, or its name without folders and ending.
  Name known() const;
};

/// One file. The order of declarations has no meaning.
struct File {
  std::vector<std::unique_ptr<Import>> imports;
  std::vector<std::unique_ptr<BindStmt>> constants; // sizes = [64, 128]
  std::vector<std::unique_ptr<FnDecl>> fns;
  std::vector<std::unique_ptr<NetDecl>> nets;
  std::vector<std::unique_ptr<OptimizerDecl>> optimizers;
  std::vector<std::unique_ptr<ModelDecl>> models;
  std::vector<std::unique_ptr<CheckDecl>> checks;
};

//===----------------------------------------------------------------------===//
// Spelling
//===----------------------------------------------------------------------===//

/// How tightly a binary operator of the language binds, from 0; nothing for other words.
std::optional<unsigned> precedenceOf(llvm::StringRef op);

/// An expression or a type as messages quote it: as the text would say it, on one line, bodies between braces left out.
std::string spell(const Expr &e);
std::string spell(const TypeSyntax &type);

} // namespace costate::syntax

#endif // COSTATE_FRONTENDS_SYNTAX_H
