// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inside of the importer: walks the tree of a model and emits its functions. One member function a construct; they
// are split by subject over the files Elaborate*.cpp (README.md) and Builtins.cpp.
//
// A name is bound to an expression, not to a value (Binding): every function of the IR that needs the name evaluates the
// expression for itself. So `grad(loss, f, at=p)` is the definition of loss, evaluated in a private function whose argument
// stands for f. What does not depend on f is not evaluated again; it becomes an argument, as does any value that a function
// takes from its surroundings (lambda lifting).
#ifndef COSTATE_FRONTENDS_ELABORATOR_H
#define COSTATE_FRONTENDS_ELABORATOR_H

#include "costate/dialects/report/Report.h"
#include "costate/frontends/Importer.h"
#include "costate/frontends/Scopes.h"
#include "costate/frontends/TensorBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"

#include <deque>

namespace costate {
struct ModelFile;
}

namespace costate::importer {

/// An error under construction; converts to the failure of any function that returns it.
class Failure {
public:
  Failure(mlir::InFlightDiagnostic diagnostic, std::function<void(mlir::InFlightDiagnostic &)> finish)
      : diagnostic(std::move(diagnostic)), finish(std::move(finish)) {}
  Failure(Failure &&other) : diagnostic(std::move(other.diagnostic)), finish(std::exchange(other.finish, nullptr)) {}
  ~Failure() {
    if (finish)
      finish(diagnostic);
  }
  template <typename T> Failure &&operator<<(T &&part) && {
    diagnostic << std::forward<T>(part);
    return std::move(*this);
  }
  Failure &&note(mlir::Location where, const llvm::Twine &text) && {
    diagnostic.attachNote(where) << text;
    return std::move(*this);
  }
  operator mlir::LogicalResult() const { return mlir::failure(); }
  template <typename T> operator mlir::FailureOr<T>() const { return mlir::failure(); }

private:
  mlir::InFlightDiagnostic diagnostic;
  std::function<void(mlir::InFlightDiagnostic &)> finish; // notes of the calls that lead here
};

/// expect actual ~= expected within tolerance
struct Expectation {
  Tensor actual, expected;
  double tolerance;
  bool isRelative;
  std::string condition; // as it is spelled, if it is one: then it is expected to be 1
};

/// The lanes of a map that has a name for them.
struct LaneAxis {
  std::string name;
  graph::DimAttr size;
};

/// A function of the IR under construction.
struct FunctionScope {
  enum Kind {
    Entry,    // evaluates the definitions of its model
    Lifted,   // evaluates again what depends on its overridden bindings, and takes the rest from its parent
    Instance, // a fn, net or optimizer for certain types: evaluates its own body
  };
  FunctionScope(Kind kind, FunctionScope *parent) : kind(kind), parent(parent) {}

  Kind kind;
  FunctionScope *parent;
  mlir::func::FuncOp func;
  std::vector<Tensor> arguments;
  llvm::DenseMap<const Binding *, Value> values;
  std::vector<const Binding *> captures;               // arguments taken from the parent, after the explicit ones; null: its key
  std::vector<std::pair<const Binding *, std::string>> seen; // all that is taken from the parent: its identity, of a number its value
  llvm::SmallPtrSet<const Binding *, 4> overridden;    // Lifted
  llvm::DenseMap<const Binding *, bool> dependent;     // Lifted: whether a definition depends on them
  /// Lifted: a part of a step, which may change what the step may change. Elsewhere a lifted function only computes.
  enum Part { NoPart, Branch, Trip } part = NoPart;
  llvm::SmallPtrSet<const Binding *, 8> settled;           // of a part: what the step has bound before it keeps its values
  std::optional<Tensor> key;                               // of random draws
  std::string label;                                       // of the definition being evaluated
  std::string prefix;                                      // of the labels of what is bound here
  unsigned branches = 0;                                   // of a step, so far
  unsigned draws = 0;                                      // so far in it
  const Binding *bodyStart = nullptr;                      // what is bound behind it cannot be bound again by '='
  const NetInstance *net = nullptr;                        // whose body this is
  std::optional<LaneAxis> axis;                            // of the lanes whose function this is
  std::vector<Expectation> expectations;                   // of a check
  std::vector<Tensor> objectives;                          // Entry, or part of a step: values of what was differentiated
  std::vector<std::pair<const Binding *, Tensor>> updates; // states of nets, and what the last call makes of them
};

/// A function that has been built, and what a call of it needs.
struct FunctionInstance {
  mlir::func::FuncOp func; // null if the result holds no tensor and nothing is reported
  std::vector<const Binding *> captures;
  std::vector<std::pair<const Binding *, std::string>> seen; // what it sees of its surroundings, as it was when it was built
  std::vector<graph::DimAttr> witnessed; // names that no other argument binds: see Elaborator::finish
  std::vector<std::pair<const Binding *, Tensor>> updates; // results behind those of `result`: new values of states of nets
  Value result;                          // with the tensors of the function's own results
};

/// An argument as it was given.
struct Argument {
  Value value;
  SourceRange where;
  const syntax::Expr *expr = nullptr; // null: not written in the call
  bool given() const { return expr || !value.is<std::monostate>(); }
};

/// A parameter as a call sees it.
struct Formal {
  llvm::StringRef name;
  bool required;
  SourceRange where = {};                      // of its declaration, if it has one
  bool isLinear = false, takesComplex = false; // of a built-in function
};

class Elaborator;

/// A call of a built-in function: one argument per formal; those not given have no value.
struct BuiltinCall {
  const Builtin &builtin;
  const syntax::CallExpr &expr;
  const Binding *scope;
  std::vector<Argument> arguments;

  const Argument &operator[](size_t i) const { return arguments[i]; }
  bool given(size_t i) const { return arguments[i].given(); }
  SourceRange where() const { return expr.range; }
};

struct Builtin {
  llvm::StringLiteral name;
  /// "x+, axis?": `?` marks what may be left out. Complex values may stand where `+` does: the function is linear in these arguments, together, so it is that
  /// of their real parts and that of their imaginary parts; or where `*` does: it sees them itself.
  llvm::StringLiteral formals;
  mlir::FailureOr<Value> (*evaluate)(Elaborator &, const BuiltinCall &);
  bool lazy = false; // takes its first argument as an expression, not as a value
  llvm::StringLiteral ofComplex = ""; // the function of the library that it is where an argument is complex
};

llvm::SmallVector<Formal> formalsOf(const Builtin &builtin);

/// The built-in functions of the language.
std::vector<llvm::ArrayRef<Builtin>> builtinTables();
/// Null if none has the name.
const Builtin *findBuiltin(llvm::ArrayRef<llvm::ArrayRef<Builtin>> tables, llvm::StringRef name);
/// What to write for a name that this language lacks and others have; empty if there is no advice.
llvm::StringRef adviceForName(llvm::StringRef name);

class Elaborator {
public:
  Elaborator(mlir::ModuleOp module, Diagnostics &diagnostics, const ImportOptions &options);

  mlir::LogicalResult elaborateCheck(const syntax::CheckDecl &check, unsigned number);

  //===--- Files (ElaborateModules.cpp) ------------------------------------===//

  /// What a model and the files that it imports declare, and see of each other.
  mlir::LogicalResult addModel(const ModelFile &model);
  /// One file of the library, all of which are seen everywhere, behind what a user declares.
  mlir::LogicalResult addLibraryFile(const syntax::File &file, const SourceFile &source);

  //===--- Errors (ElaborateExpressions.cpp) -------------------------------===//

  /// A mistake in what a function of the library was given is shown at the user's own call, with a note where it was found.
  Failure error(SourceRange where);
  bool isOfUser(SourceRange where) const;
  mlir::Location location(SourceRange where) const { return diagnostics.location(where); }
  /// Of what is told each time that it is evaluated: what a definition says twice, because two functions need it, is told once.
  mlir::Location placeOfEvaluation(SourceRange where) const;
  /// Refuses open dimensions (TensorBuilder::openExtent) where their number, or one of them, is looked at.
  mlir::LogicalResult requireShape(llvm::ArrayRef<graph::DimAttr> dims, SourceRange where);
  mlir::LogicalResult requireShape(const List &sizes, SourceRange where);

  //===--- Names and their values (ElaborateNames.cpp) --------------------===//

  Binding *bind(Binding::Kind kind, syntax::Name name, const Binding *previous);
  Binding *bindStatic(syntax::Name name, Value value, const Binding *previous);
  Binding *bindRoot(syntax::Name name, Value value, const Binding *previous); // a value of the current function
  /// A value of the current function, a lifted one, which evaluates what depends on it for itself.
  Binding *bindVariable(syntax::Name name, Value value, const Binding *previous);
  Binding *bindDefinition(syntax::Name name, const syntax::Expr &expr, const Binding *scope, const Binding *previous);
  /// Binds names, or those of them that are wanted, to the elements of one value. That is a definition without a name, which is returned.
  const Binding *bindParts(llvm::ArrayRef<syntax::Name> names, const syntax::Expr &value, const Binding *&scope,
                           llvm::function_ref<bool(const syntax::Name &)> isWanted = {});
  const Binding *lookup(llvm::StringRef name, const Binding *scope) const;
  /// Also among the constants of the file where the name stands.
  const Binding *lookup(llvm::StringRef name, const Binding *scope, SourceRange where) const;
  /// The parts of a value for as many names.
  mlir::FailureOr<List> partsOf(const Value &whole, size_t count, SourceRange where);
  /// The value of a binding in the current function.
  mlir::FailureOr<Value> valueOf(const Binding *binding);
  /// Tell the observer what a name means, where it is bound and where it is used.
  void observe(const Binding *binding, const Value &value);
  void observe(SourceRange where, const Binding *binding, const Value &value);
  void observe(SourceRange where, SourceRange declared, const Value &value, llvm::StringRef path = {}) {
    if (observer)
      observer->name(where, declared, value, path);
  }

  //===--- Expressions (ElaborateExpressions.cpp) --------------------------===//

  mlir::FailureOr<Value> evaluate(const syntax::Expr &e, const Binding *scope);
  mlir::FailureOr<Tensor> evaluateTensor(const syntax::Expr &e, const Binding *scope);
  mlir::FailureOr<Number> evaluateNumber(const syntax::Expr &e, const Binding *scope, llvm::StringRef what);
  /// Statements of a body in order, up to its value; `scope` becomes what its last line sees.
  mlir::FailureOr<Value> evaluateBody(const syntax::Block &body, const Binding *&scope);
  mlir::LogicalResult evaluateStatement(const syntax::Stmt &statement, const Binding *&scope);
  /// Sees to it that a call brings sizes for which `dim` is not negative.
  void requireNotNegative(graph::DimAttr dim, SourceRange where);
  mlir::LogicalResult checkUnbound(const syntax::Name &name, const Binding *scope); // in the body that is being evaluated
  mlir::LogicalResult bindNames(llvm::ArrayRef<syntax::Name> names, const syntax::Expr &value, const Binding *&scope);
  mlir::LogicalResult bindValue(llvm::ArrayRef<syntax::Name> names, const syntax::Expr &value, const Binding *&scope);
  mlir::LogicalResult bindElements(llvm::ArrayRef<syntax::Name> names, const syntax::Expr &value, const Binding *&scope);
  mlir::FailureOr<graph::Dims> evaluateShape(const Value &value, SourceRange where);
  /// The axes of `type`; a name that stands for nothing yet becomes a dimension (null `actual`) or takes the actual size.
  /// A mismatch is reported at `blame`.
  mlir::FailureOr<graph::Dims> bindType(const syntax::TypeSyntax &type, const ArrayType *actual, llvm::StringRef what, SourceRange blame,
                                        const Binding *&scope);
  /// An element may be a name of `scope` that stands for a type. `float`, of which there are several, is none here.
  mlir::FailureOr<mlir::Type> elementType(const syntax::TypeSyntax &type, const Binding *scope = nullptr, bool mayBeComplex = false);
  std::optional<mlir::Type> elementType(llvm::StringRef name) const;

  //===--- Operators on values (ElaborateOperators.cpp) --------------------===//

  mlir::FailureOr<Value> binary(llvm::StringRef op, const Value &a, const Value &b, SourceRange where, SourceRange aWhere,
                                SourceRange bWhere);
  mlir::FailureOr<Tensor> arithmetic(llvm::StringRef op, const Value &a, const Value &b, SourceRange where, SourceRange aWhere,
                                     SourceRange bWhere); // and comparisons
  mlir::FailureOr<Value> unary(llvm::StringRef op, const Value &a, SourceRange where);
  mlir::FailureOr<Tensor> toTensor(const Value &value, SourceRange where, mlir::Type wanted = {});
  /// Both as tensors of one element type and one shape. `least` is what truth values become or, if a float, any type.
  mlir::FailureOr<std::pair<Tensor, Tensor>> align(llvm::StringRef op, const Value &a, const Value &b, SourceRange where,
                                                   SourceRange aWhere, SourceRange bWhere, mlir::Type least = {});
  mlir::FailureOr<graph::Dims> broadcastDims(llvm::StringRef op, const Tensor &a, const Tensor &b, SourceRange where);
  mlir::FailureOr<Tensor> toFloat(const Value &value, SourceRange where);
  /// An operand of an elementwise operation, a float if `isReal`: as toTensor and toFloat, but a number keeps its 64 bits.
  mlir::FailureOr<Tensor> toOperand(const Value &value, SourceRange where, bool isReal);
  /// Of numbers alone the result is a number again.
  Value toResult(const Tensor &result, llvm::ArrayRef<const Value *> operands) const;
  /// Indices along an axis of this extent. Negative ones that are known count from the end; of others, a program must do so.
  mlir::FailureOr<Tensor> toIndices(const Value &value, graph::DimAttr extent, SourceRange where);
  /// The same of a value that may have failed.
  mlir::FailureOr<Tensor> toTensor(const mlir::FailureOr<Value> &value, SourceRange where, mlir::Type wanted = {}) {
    return failed(value) ? mlir::FailureOr<Tensor>() : toTensor(*value, where, wanted);
  }
  mlir::FailureOr<Tensor> toFloat(const mlir::FailureOr<Value> &value, SourceRange where) {
    return failed(value) ? mlir::FailureOr<Tensor>() : toFloat(*value, where);
  }
  mlir::FailureOr<Value> index(const syntax::IndexExpr &e, const Value &base, const Binding *scope);
  mlir::FailureOr<Value> write(const syntax::WriteExpr &e, const Binding *scope);
  mlir::FailureOr<Value> matmul(const Tensor &a, const Tensor &b, SourceRange where);
  /// Of a parameter set: what lies between its leaves replaced by `fill`, for a sum over all of it.
  Tensor fillGaps(const Tensor &x, const Number &fill);
  /// Of a parameter set, or lanes of it: its elements as a vector. Other tensors stay what they are.
  Tensor withoutGaps(const Tensor &x);
  const ParameterSet *layoutOf(const Tensor &x) const;
  Tensor power(const Tensor &x, int64_t exponent);
  mlir::Type promote(mlir::Type a, mlir::Type b) const;
  /// A note for each operand that a name stands for: where it was bound and what it is.
  Failure explained(Failure failure, const Tensor &a, const Tensor &b);

  //===--- Complex values (ElaborateComplex.cpp) ---------------------------===//

  /// As toTensor, but what is complex, or wanted so, is a pair of tensors.
  mlir::FailureOr<Value> toArray(const Value &value, SourceRange where, mlir::Type wanted = {});
  mlir::FailureOr<Value> toArray(const mlir::FailureOr<Value> &value, SourceRange where, mlir::Type wanted = {}) {
    return failed(value) ? mlir::FailureOr<Value>() : toArray(*value, where, wanted);
  }
  /// The complex value of these parts, which become tensors of one type and shape if one of them has a type.
  mlir::FailureOr<Value> joinParts(const Value &re, const Value &im, SourceRange where);
  /// A part of what may be complex; of a list, the list of these parts.
  mlir::FailureOr<Value> partOf(const Value &value, bool isImaginary, SourceRange where);
  mlir::FailureOr<Value> complexUnary(llvm::StringRef op, const Value &a, SourceRange where);
  mlir::FailureOr<Value> complexBinary(llvm::StringRef op, const Value &a, const Value &b, SourceRange where, SourceRange aWhere,
                                       SourceRange bWhere);
  Failure refuseComplex(const Value &value, SourceRange where, const llvm::Twine &whatRequires = "");

  //===--- Calls (ElaborateCalls.cpp) --------------------------------------===//

  mlir::FailureOr<Value> call(const syntax::CallExpr &e, const Binding *scope);
  mlir::FailureOr<Value> makeTemplate(const syntax::NetDecl &net, const syntax::CallExpr &e, const Binding *scope);
  mlir::FailureOr<Value> makeOptimizer(const syntax::OptimizerDecl &optimizer, const syntax::CallExpr &e, const Binding *scope);
  mlir::FailureOr<std::vector<Argument>> bindArguments(llvm::StringRef callee, llvm::ArrayRef<Formal> formals,
                                                       const syntax::CallExpr &e, const Binding *scope, bool firstIsLazy = false);
  mlir::FailureOr<Value> callBuiltin(const BuiltinCall &call);
  mlir::FailureOr<Value> callFunction(const Function &function, std::vector<Argument> arguments, SourceRange where);
  /// A fn of the library on all of its arguments.
  mlir::FailureOr<Value> callLibrary(llvm::StringRef name, std::vector<Argument> arguments, SourceRange where);
  /// The instance under `key` that was built where all it sees is as it is here. If there is none, null, and `key` becomes one that is free.
  mlir::FailureOr<FunctionInstance *> findInstance(std::string &key);
  mlir::FailureOr<Value> evaluateFunction(const syntax::FnDecl &fn, const Binding *scope);
  mlir::FailureOr<Value> callNet(const NetInstance &net, std::vector<Argument> arguments, SourceRange where);
  /// A function on values, its first arguments; those not given have their defaults.
  mlir::FailureOr<Value> apply(const Value &function, llvm::ArrayRef<Value> values, const BuiltinCall &call);
  mlir::FailureOr<Value> callClosure(const Closure &closure, llvm::ArrayRef<Argument> arguments, SourceRange where);
  /// The body of a lambda whose parameters are bound behind `closure.scope`.
  mlir::FailureOr<Value> evaluateLambda(const Closure &closure, const Binding *inside);
  /// A fn whose value holds functions that see its arguments: it is evaluated where it is called.
  mlir::FailureOr<Value> callInPlace(const Function &function, llvm::ArrayRef<Argument> arguments, SourceRange where);
  /// The function that an expression stands for, if that is known without computing anything.
  mlir::FailureOr<std::optional<Value>> functionOf(const syntax::Expr &e, const Binding *scope);
  /// Binds the parameters of a declaration to arguments; where a function is being built for them, their tensors become arguments of that.
  mlir::LogicalResult bindParameters(llvm::ArrayRef<syntax::Parameter> parameters, llvm::ArrayRef<Argument> arguments,
                                     const Binding *&scope, bool isInPlace = false);
  mlir::FailureOr<Value> emitCall(const FunctionInstance &instance, llvm::ArrayRef<Tensor> explicitTensors, SourceRange where);
  /// Explicit tensors first, then captures, then witnesses. A called function draws with a key of its own (`freshKey`); the
  /// body of a derivative draws what its surroundings draw.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> operandsOf(const FunctionInstance &instance,
                                                             llvm::ArrayRef<Tensor> explicitTensors, bool freshKey);

  //===--- C functions (ElaborateExterns.cpp) ------------------------------===//

  /// The results of an extern fn, whose parameters are bound.
  mlir::FailureOr<Value> emitExtern(const syntax::FnDecl &fn, const Binding *scope);
  /// Names of dimensions of its parameters, as C gets them: in order of appearance.
  mlir::FailureOr<graph::Dims> externExtents(const syntax::FnDecl &fn, const Binding *scope);
  /// What a type of an extern fn is in C, where f32 is never anything else.
  mlir::FailureOr<mlir::Type> externElement(const syntax::TypeSyntax &type);

  //===--- Functions of the IR (ElaborateCalls.cpp) ------------------------===//

  /// Opens a function and makes it the current one while it lives.
  class Building {
  public:
    Building(Elaborator &e, FunctionScope::Kind kind, llvm::StringRef name, SourceRange where, bool isPrivate = true);
    ~Building();
    FunctionScope scope;

  private:
    Elaborator &elaborator;
    FunctionScope *outer;
    mlir::OpBuilder::InsertPoint point;
    mlir::Location location;
    std::optional<Value> shape;
    Rounds rounds;
  };
  /// Makes another function current for a moment: the parent of a scope that captures.
  class Visiting {
  public:
    Visiting(Elaborator &e, FunctionScope &scope);
    ~Visiting();

  private:
    Elaborator &elaborator;
    FunctionScope *outer;
    mlir::OpBuilder::InsertPoint point;
  };
  Tensor addArgument(mlir::Type type, graph::Dims dims, mlir::FlatSymbolRefAttr arena, mlir::Location where);
  Tensor addArgument(const Tensor &like);
  Value addArguments(const Value &like);
  /// Closes the current function: returns the tensors of `result`, sets types and dimensions, drops what is dead.
  FunctionInstance finish(const Value &result);
  bool reports(mlir::Operation *op) const;
  /// Has the value shown whenever the current function runs.
  mlir::LogicalResult show(llvm::StringRef name, const Value &value, SourceRange where);
  /// Notes what an operation that called `instance` makes of states: its results from `first` on.
  void recordUpdates(const FunctionInstance &instance, mlir::Operation *op, unsigned first);
  mlir::LogicalResult refuseUpdates(const FunctionInstance &instance, SourceRange where, llvm::StringRef place);
  Tensor currentKey();
  int64_t nextSite();

  //===--- Nets and parameters (ElaborateNets.cpp) --------------------------===//

  ParameterSet *addSet(llvm::StringRef name, SourceRange where);
  /// The parameter set that a value is: a net, a list of nets that was bound as one, or the set itself. Null if it is none, or a part of one.
  const ParameterSet *wholeSet(const Value &value) const;
  mlir::LogicalResult closeSet(ParameterSet &set); // all leaves are known: makes the arena
  mlir::LogicalResult addLeaf(ParameterSet &set, std::string path, const syntax::DeclareStmt &declared, const Binding *scope);
  mlir::LogicalResult addState(NetInstance &net, const syntax::DeclareStmt &declared, const Binding *&scope);
  /// The initial value of a state, of the type it is declared with.
  mlir::FailureOr<Tensor> initialState(const syntax::DeclareStmt &declared, const Binding *scope);
  mlir::FailureOr<Tensor> evaluateState(const syntax::Expr &e, const Binding *scope, const std::optional<graph::Dims> &dims, mlir::Type element);
  mlir::FailureOr<Value> instantiate(const Value &net, ParameterSet &set, const std::string &path, SourceRange where);
  /// Of all leaves, packed; every leaf draws with a key of its own.
  mlir::FailureOr<Tensor> initialValues(const ParameterSet &set, const Tensor &seed);
  mlir::FailureOr<Value> member(const syntax::MemberExpr &e, const Binding *scope);

  //===--- Loops and branches (ElaborateControl.cpp) -------------------------===//

  mlir::FailureOr<Value> evaluateLoop(const syntax::LoopExpr &loop, const Binding *scope);
  mlir::FailureOr<Value> evaluateBranch(const syntax::BranchExpr &branch, const Binding *scope);
  mlir::FailureOr<Value> evaluateBlock(const syntax::BranchExpr &branch, const syntax::Block &block, const Binding *scope);
  struct BranchSide {
    FunctionInstance instance;
    std::vector<Value> values;    // tensors and complex arrays
    std::vector<bool> areNumbers; // which take the type of the other side
    bool isList = false;
  };
  mlir::FailureOr<BranchSide> finishSide(const Value &value, SourceRange where);
  mlir::FailureOr<std::vector<Value>> emitBranch(SourceRange where, const Tensor &flag, const BranchSide &then, const BranchSide &otherwise,
                                                 llvm::ArrayRef<llvm::StringRef> names, llvm::ArrayRef<Tensor> arguments, bool freshKey);
  struct LoopBounds {
    Value low, high;   // of a `for`
    int64_t limit = 0; // of a `while`
  };
  mlir::FailureOr<LoopBounds> evaluateBounds(const syntax::LoopExpr &loop, const Binding *scope);
  mlir::FailureOr<std::vector<Value>> emitLoop(const syntax::LoopExpr &loop, const LoopBounds &bounds, const FunctionInstance &body,
                                               const FunctionInstance *condition, llvm::ArrayRef<Value> starts, graph::DimAttr extent = {});
  mlir::FailureOr<Value> carryOn(llvm::StringRef name, const Value &value, SourceRange where, const Value &start, SourceRange startWhere);
  mlir::FailureOr<Tensor> toTruth(const mlir::FailureOr<Value> &value, SourceRange where);
  /// The body of a loop, or its condition, as a private function of the carries and the number of the trip.
  mlir::FailureOr<FunctionInstance> liftTrip(const syntax::LoopExpr &loop, llvm::ArrayRef<Value> starts, bool isCondition,
                                             const Binding *scope);
  mlir::func::CallOp callTrip(const FunctionInstance &instance, mlir::ValueRange carries, const Tensor &trip,
                              llvm::ArrayRef<mlir::Value> operands);

  //===--- Derivatives (ElaborateDerivatives.cpp) ---------------------------===//

  mlir::FailureOr<Value> grad(const BuiltinCall &call);
  /// Values of what is differentiated, and the gradient with respect to each variable at the given points.
  struct Gradient {
    std::vector<Tensor> values;
    std::vector<Value> gradients; // as the points: tensors and complex arrays
  };
  mlir::FailureOr<Gradient> gradient(const syntax::Expr &e, const Binding *scope, llvm::ArrayRef<const Binding *> variables,
                                     llvm::ArrayRef<Value> points, SourceRange where);
  mlir::FailureOr<Gradient> gradient(const FunctionInstance &instance, llvm::ArrayRef<Value> points, SourceRange blame, SourceRange where);
  mlir::FailureOr<Gradient> pullBack(FunctionInstance instance, llvm::ArrayRef<Value> points, llvm::ArrayRef<Tensor> cotangents,
                                     SourceRange where);
  struct Points {
    std::vector<Value> points;
    bool isList;
  };
  mlir::FailureOr<Points> pointsOf(const BuiltinCall &call, const Value &function, size_t at);
  mlir::FailureOr<FunctionInstance> lift(const Value &function, llvm::ArrayRef<Value> types, const BuiltinCall &call, llvm::StringRef name,
                                         bool mayBeSeveral = false, std::optional<LaneAxis> axis = {});
  mlir::FailureOr<Value> applyToArguments(const Value &function, llvm::ArrayRef<Value> types, const BuiltinCall &call);
  /// What an error about the value of the function given to a built-in function points at.
  SourceRange blameOf(const Value &function, const BuiltinCall &call);
  mlir::FailureOr<FunctionInstance> finishLifted(const mlir::FailureOr<Value> &value, SourceRange where, bool mayBeSeveral);
  struct Differentiated {
    FunctionInstance instance;
    Points at;
    SourceRange blame; // for its values
  };
  mlir::FailureOr<Differentiated> differentiated(const BuiltinCall &call, size_t at, bool mayBeSeveral = false);
  mlir::FailureOr<std::vector<Tensor>> tensorsLike(llvm::ArrayRef<Value> likes, bool isList, const Argument &argument,
                                                   llvm::StringRef what, llvm::StringRef owner);
  mlir::FailureOr<std::vector<Value>> floatValues(const Differentiated &what, llvm::StringRef builtin);
  mlir::FailureOr<Value> vjp(const BuiltinCall &call);
  mlir::FailureOr<Value> jvp(const BuiltinCall &call);
  mlir::FailureOr<Value> valueAt(const BuiltinCall &call);
  /// Notes how the problem at `where` is done, and why, for `costate explain`.
  void explain(SourceRange where, const llvm::Twine &text);
  mlir::FailureOr<Value> implicit(const BuiltinCall &call);
  /// `x` with the derivatives of a solution of residual(x) = 0; a linear solver that is not given is the library's choice.
  mlir::FailureOr<Value> implicit(const BuiltinCall &call, const Value &residual, const Tensor &x, const Argument &solver);
  mlir::FailureOr<Value> evaluating(const BuiltinCall &call);
  mlir::FailureOr<Value> map(const BuiltinCall &call);
  /// The axes that the maps around the current function name, the innermost first.
  std::vector<LaneAxis> laneAxes() const;
  mlir::FailureOr<Value> leafwise(const BuiltinCall &call);
  mlir::FailureOr<Tensor> leafwiseTogether(const Tensor &whole, const ParameterSet &set,
                                           llvm::function_ref<mlir::FailureOr<FunctionInstance>(const graph::Dims &)> build);
  bool dependsOn(const Binding *binding, FunctionScope &lifted);
  bool dependsOn(const syntax::Expr &e, const Binding *scope, const Binding *variable);
  mlir::LogicalResult customVjp(const Function &function, FunctionInstance &instance, llvm::ArrayRef<Argument> arguments);

  //===--- State ------------------------------------------------------------===//

  TensorBuilder b;
  mlir::ModuleOp module;
  Diagnostics &diagnostics;
  ImportObserver *observer;
  mlir::Type single; // what `f32` stands for
  mlir::Type real;   // what a fraction without a type, or a draw, becomes where it meets no tensor: `single`, or what is being initialised
  FunctionScope *current = nullptr;
  /// What is built is a part of train_step, of prepare, or of any other entry: see the built-in functions `training` and `preparing`.
  enum class Mode { Predict, Train, Prepare };
  Mode mode = Mode::Predict;
  std::vector<std::string> explanations; // without those of checks: "model.costate:12:9: ..."
  const bool watch;              // ImportOptions::watch
  bool asksForPreparing = false; // something has called `preparing`
  std::optional<Value> declaredShape; // of the parameter being initialised: what an argument `shape` is, if not given

  std::vector<llvm::ArrayRef<Builtin>> builtins; // those of the language, then those of plugins
  std::deque<Module> modules;                    // those of the user
  Module library;
  llvm::DenseMap<const SourceFile *, const Module *> moduleOf;
  llvm::StringMap<const syntax::FnDecl *> externs; // by the name of the C function

  /// A state that a net declares; `root` stands for its value, an argument of an entry.
  struct NetState {
    const Binding *root;
    std::string path;
    const syntax::DeclareStmt *declared;
    const Binding *scope; // where the initial value is evaluated
    mlir::Type type;
    graph::Dims dims;
  };
  std::vector<NetState> netStates;

private:
  friend class ModelElaborator;
  friend class ImplicitFunction;
  friend class ProblemCall;

  /// `e` as a private function, whose first arguments stand for the variables, of the types of the points.
  mlir::FailureOr<FunctionInstance> lift(const syntax::Expr &e, const Binding *scope, llvm::ArrayRef<const Binding *> variables,
                                         llvm::ArrayRef<Value> points, bool mayBeSeveral = false);
  /// The variables that `e` names and where they stand: a name, a parameter set, or a list of them.
  struct Variables {
    std::vector<const Binding *> bindings;
    std::vector<Value> points;
    bool isList;
  };
  mlir::FailureOr<Variables> variablesOf(const BuiltinCall &call, size_t variable, size_t at);

  mlir::LogicalResult addFile(const syntax::File &file, Module &module);
  mlir::LogicalResult addImports(const syntax::File &file, Module &module, const llvm::DenseMap<const syntax::File *, Module *> &modulesOf);
  mlir::LogicalResult declare(Module &module, const syntax::Name &name, Module::Declared declared);
  mlir::FailureOr<const Module::Declared *> memberOf(const Module &module, const syntax::Name &name, unsigned depth = 0);
  std::optional<Module::Declared> findDeclared(llvm::StringRef name, SourceRange where) const;
  std::optional<Module::Declared> findDeclared(const syntax::Expr &e, const Binding *scope) const;
  mlir::FailureOr<Value> valueOf(const Module::Declared &declared) {
    return declared.constant ? valueOf(declared.constant) : declared.value;
  }
  mlir::FailureOr<Value> evaluateConstant(const Binding *binding);
  mlir::FailureOr<Value> evaluateReference(const syntax::ReferenceExpr &e, const Binding *scope);
  mlir::FailureOr<Value> evaluateComprehension(const syntax::ComprehensionExpr &e, const Binding *scope);
  mlir::FailureOr<Value> evaluateDefinition(const Binding *binding);
  mlir::FailureOr<Value> compute(const Binding *binding);
  mlir::FailureOr<std::vector<const Binding *>> bindElement(llvm::ArrayRef<syntax::Name> names, const Value &element,
                                                            SourceRange where, const Binding *scope);
  /// `run`: the statements of a round, whose number it gets. Names from outside are those between `limit` and `scope`.
  mlir::LogicalResult evaluateEach(const syntax::EachStmt &each, const Binding *limit, const Binding *&scope,
                                   llvm::function_ref<mlir::LogicalResult(unsigned round, const Binding *&inside)> run);
  void handOn(const Binding *inside, const Binding *start, const Binding *limit, const Binding *&scope);
  mlir::LogicalResult evaluateRequire(const syntax::RequireStmt &require, const syntax::Expr &condition, const Binding *scope);
  void require(const Tensor &flag, std::string text, llvm::ArrayRef<mlir::Value> values, SourceRange where); // when the program runs
  mlir::LogicalResult evaluatePrint(const syntax::PrintStmt &print, const Binding *scope);
  mlir::LogicalResult declareInCheck(const syntax::Stmt &statement, const Binding *&scope);
  mlir::LogicalResult evaluateExpect(const syntax::ExpectStmt &expect, const Binding *scope);
  bool isKnownAround(const Binding *binding);
  bool isVariable(const Binding *binding);
  mlir::FailureOr<bool> isOwn(const Binding *binding);
  mlir::FailureOr<Value> capture(const Binding *binding);
  mlir::FailureOr<Value> staticBinary(llvm::StringRef op, const Value &a, const Value &b, SourceRange where, bool &done);
  /// The bindings that a tree mentions, seen from `scope`; those that it makes itself are none of them.
  template <typename Tree> llvm::SmallVector<const Binding *> references(const Tree &tree, const Binding *scope) const;
  const std::vector<const Binding *> &referencesOf(const Binding *binding);
  std::string uniqueName(llvm::StringRef name);

  /// Leaves whose initial values differ by what they draw alone, and the function that draws one.
  struct LeafKind {
    FunctionInstance draw; // its first argument is the key
    std::vector<size_t> leaves;
  };
  mlir::FailureOr<Tensor> initialValue(const ParameterSet::Leaf &leaf, mlir::Type element, const Tensor &key);
  mlir::FailureOr<std::vector<LeafKind>> leafKinds(const ParameterSet &set, const Tensor &keys);
  mlir::FailureOr<Tensor> drawInLoop(const ParameterSet &set, const LeafKind &kind, const Tensor &keys, const Tensor &before);

  struct CallFrame {
    std::string callee;
    SourceRange where;
  };
  /// Notes a call while it lives: errors inside name it.
  class Frame {
  public:
    Frame(Elaborator &e, std::string callee, SourceRange where) : elaborator(e) { e.calls.push_back({std::move(callee), where}); }
    ~Frame() { elaborator.calls.pop_back(); }

  private:
    Elaborator &elaborator;
  };
  /// While it lives, what is bound belongs to a body evaluated in the current function, behind `start`. It draws numbers of its own.
  class InPlace {
  public:
    InPlace(Elaborator &e, llvm::StringRef name, const Binding *start)
        : scope(*e.current), start(std::exchange(scope.bodyStart, start)), prefix(scope.prefix), label(scope.label) {
      scope.prefix = label + "(" + name.str() + std::to_string(scope.draws++) + ").";
      draws = std::exchange(scope.draws, 0);
      scope.label = scope.prefix;
    }
    ~InPlace() {
      scope.bodyStart = start;
      scope.prefix = prefix;
      scope.label = label;
      scope.draws = draws;
    }

  private:
    FunctionScope &scope;
    const Binding *start;
    std::string prefix, label;
    unsigned draws;
  };
  mlir::LogicalResult checkCallDepth(SourceRange where, llvm::StringRef callee);

  std::vector<CallFrame> calls;
  unsigned depth = 0;    // of nested evaluations
  SourceRange reference; // the name that is being evaluated
  std::deque<Binding> bindings;
  llvm::StringSet<> boundNames; // of all bindings, whose names it holds
  std::deque<NetInstance> nets;
  std::deque<ParameterSet> sets;
  llvm::DenseMap<const Binding *, std::vector<const Binding *>> referenceCache;
  llvm::SmallPtrSet<const Binding *, 8> drawing; // definitions that have drawn numbers when they were evaluated
  std::vector<const Binding *> openConstants;    // that are being evaluated
  Rounds rounds;                                 // of each `each` and comprehension around what is being evaluated in the body at hand
  unsigned keysTaken = 0;                        // of random draws, so far
  llvm::StringMap<FunctionInstance> instances;
  llvm::StringSet<> inPlace; // keys of fns that give functions: see callInPlace
  llvm::StringMap<unsigned> functionNames;
  llvm::StringSet<> reporting; // names of functions that tell the caller something
};

template <typename Tree> llvm::SmallVector<const Binding *> Elaborator::references(const Tree &tree, const Binding *scope) const {
  struct Walker : NameWalker {
    Walker(const Elaborator &e, const Binding *scope) : e(e), scope(scope) {}
    void use(const syntax::Name &name, const syntax::Name *binder) override {
      if (const Binding *binding = binder ? nullptr : e.lookup(name.text, scope))
        found.push_back(binding);
    }
    const Elaborator &e;
    const Binding *scope;
    llvm::SmallVector<const Binding *> found;
  } walker(*this, scope);
  walker.walk(tree);
  return std::move(walker.found);
}

/// A hash of a text that is the same on every machine: FNV-1a, as a non-negative integer.
int64_t stableHash(llvm::StringRef text);

} // namespace costate::importer

#endif // COSTATE_FRONTENDS_ELABORATOR_H
