// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives and batching as transforms of functions. A transform takes a flat function (no requests, no calls but of functions with a rule of
// their own) and gives a new private flat function, so transforms nest to any depth and each is made once.

#ifndef COSTATE_COMPILER_DIFFERENTIATE_EXPANDER_H
#define COSTATE_COMPILER_DIFFERENTIATE_EXPANDER_H

#include "costate/dialects/graph/Dimensions.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

#include "llvm/ADT/StringMap.h"

namespace costate::differentiate {

class Expander {
public:
  explicit Expander(mlir::ModuleOp module) : module(module), symbols(module) {}
  ~Expander();

  /// Answers the requests in `function` and in its rule and inlines their calls; those of functions with a rule stay. Callees come first.
  llvm::LogicalResult flatten(mlir::func::FuncOp function);

  /// (inputs, a cotangent per float result) -> (results, a cotangent per entry of `wrt`).
  mlir::FailureOr<mlir::func::FuncOp> vjp(mlir::func::FuncOp function, llvm::ArrayRef<int64_t> wrt);

  /// (inputs, a tangent per entry of `along`) -> (results, a tangent per float result).
  mlir::FailureOr<mlir::func::FuncOp> jvp(mlir::func::FuncOp function, llvm::ArrayRef<int64_t> along);

  /// Inputs with over[i] have a leading axis of extent `size`; so have all results that are not `replicated`. A name in `size` must be new to the
  /// function. Collectives over `axisName`, which may be empty, are answered.
  mlir::FailureOr<mlir::func::FuncOp> map(mlir::func::FuncOp function, llvm::ArrayRef<bool> over, graph::DimAttr size,
                                          llvm::StringRef axisName, llvm::ArrayRef<bool> replicated = {});

  /// Whether a collective over `axisName` is in the op or in a function that it calls.
  bool mentions(mlir::Operation &op, llvm::StringRef axisName);

  /// The results of a function on `operands`, written at the insertion point: its body, or a call if a derivative of it is given by a rule.
  llvm::SmallVector<mlir::Value> apply(mlir::OpBuilder &builder, mlir::Location loc, mlir::func::FuncOp function, mlir::ValueRange operands);

  /// Replaces a call by the callee's body, the callee's dimension names by the caller's dimensions. Returns what its results are now.
  /// dimensions: of values of the function around the call, kept from one call to the next.
  llvm::SmallVector<mlir::Value> inlineCall(mlir::func::CallOp call, graph::Dimensions &dimensions);

  /// The rule that `graph.vjp` of a function names; null if it has none.
  mlir::func::FuncOp ruleOf(mlir::func::FuncOp function);

  /// The leaf whose place a tied one shares; any other leaf is its own.
  mlir::SymbolRefAttr untied(mlir::SymbolRefAttr leaf);

  /// Takes an op without uses out of its function. It lives, detached, as long as the expander: what a transform knows of values (dimensions,
  /// activity, derivatives) it keeps by their addresses, which must not become those of other values.
  void retire(mlir::Operation *op);

  /// The loop with further carries that start as `more`, in its place. The body keeps its values and gets arguments behind them, but still
  /// yields as before; `loop` is retired.
  mlir::scf::ForOp widen(mlir::OpBuilder &builder, mlir::scf::ForOp loop, mlir::ValueRange more);

  mlir::func::FuncOp lookup(mlir::func::CallOp call) { return symbols.lookup<mlir::func::FuncOp>(call.getCallee()); }

private:
  llvm::LogicalResult answer(mlir::Operation *request);
  /// A private function that only calls `function`, so that a derivative of it is one of a call, for which a rule may stand.
  mlir::func::FuncOp callerOf(mlir::func::FuncOp function);
  /// A private copy, without a rule.
  mlir::func::FuncOp cloneWithName(mlir::func::FuncOp function, llvm::StringRef suffix);
  mlir::FailureOr<mlir::func::FuncOp> mapRule(mlir::func::FuncOp rule, mlir::func::FuncOp function, llvm::ArrayRef<bool> over,
                                              graph::DimAttr size, llvm::StringRef axisName);

  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  llvm::DenseSet<mlir::Operation *> flat, inProgress;
  llvm::DenseSet<mlir::Operation *> answers; // calls in place of requests
  llvm::SmallVector<mlir::Operation *> retired;
  llvm::DenseMap<mlir::StringAttr, llvm::StringMap<mlir::SymbolRefAttr>> tied; // by arena: for each tied leaf, the one it shares the place of
  llvm::StringMap<mlir::func::FuncOp> made; // by callee, transform and choice of arguments
};

inline bool isFloat(mlir::Type type) { return mlir::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(type)); }

/// Fails with an error at `op`, which has no derivative and lies on the path of one.
llvm::LogicalResult refuse(mlir::Operation *op);

/// Fails with an error at `loop` unless all carries are tensors. why: what needs them, as "in reverse mode".
llvm::LogicalResult requireTensors(mlir::Operation *loop, mlir::ValueRange carries, llvm::StringRef why);

/// The dimension that an index value holds: of a constant, or of `graph.extent`; nullopt if it is not known from shapes.
std::optional<graph::DimAttr> dimOf(mlir::Value index);

/// A new private function next to `like`, with one empty block; argument i has dims[i].
mlir::func::FuncOp createFunction(mlir::func::FuncOp like, mlir::SymbolTable &symbols, llvm::StringRef suffix, mlir::TypeRange arguments,
                                  llvm::ArrayRef<graph::Dims> dims);

/// A new last argument of `function`, of the type and dimensions of `like`, a value in it.
mlir::Value appendArgument(mlir::func::FuncOp function, mlir::Value like, graph::Dimensions &dimensions);

/// Gives `function` the types and dimensions of what its terminator returns.
void updateResults(mlir::func::FuncOp function, graph::Dimensions &dimensions);

/// Loops and branches are made first and filled then, so that the ops in them always have a parent to ask.
using FillLoop = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &, mlir::Value inductionVariable, mlir::ValueRange carries)>;
using FillBranch = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)>;
mlir::scf::ForOp createFor(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value low, mlir::Value high, mlir::Value step,
                           mlir::ValueRange inits, FillLoop fill);
mlir::scf::IfOp createIf(mlir::OpBuilder &builder, mlir::Location loc, mlir::TypeRange results, mlir::Value condition, FillBranch fillThen,
                         FillBranch fillElse);

} // namespace costate::differentiate

#endif
