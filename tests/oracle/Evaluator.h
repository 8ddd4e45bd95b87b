// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interpreter behind Oracle.h: functions, control flow and requests. Rules of tensor ops are in Rules.cpp.

#ifndef COSTATE_TESTS_ORACLE_EVALUATOR_H
#define COSTATE_TESTS_ORACLE_EVALUATOR_H

#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/report/Report.h"
#include "costate/tests/oracle/Algebra.h"
#include "costate/tests/oracle/Oracle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace costate::oracle {

using mlir::FailureOr;

/// One call of a function: the values so far, and the dimensions' names.
struct Frame {
  llvm::DenseMap<mlir::Value, Node> values;
  llvm::StringMap<int64_t> names;

  std::optional<int64_t> extent(graph::DimAttr dim) const;
  /// The extents that an array of dimensions stands for; an error at `op` names the first one that is unknown or negative.
  FailureOr<Shape> shape(mlir::Operation *op, mlir::ArrayAttr dims) const;
};

class Evaluator {
public:
  Evaluator(mlir::ModuleOp module, Options options) : module(module), options(options) {}

  FailureOr<Nodes> call(mlir::func::FuncOp function, Nodes arguments, const llvm::StringMap<int64_t> &names = {});
  mlir::func::FuncOp lookup(llvm::StringRef name) { return tables.lookupSymbolIn<mlir::func::FuncOp>(module, nameAttr(name)); }

  Kind kindOf(mlir::Type type) const { return oracle::kindOf(mlir::getElementTypeOrSelf(type), options.keepF32); }
  mlir::ModuleOp root() { return module; }
  mlir::SymbolTableCollection &symbols() { return tables; }
  double largestMagnitude() const { return largest; }

private:
  mlir::StringAttr nameAttr(llvm::StringRef name) { return mlir::StringAttr::get(module.getContext(), name); }

  FailureOr<Nodes> callBody(mlir::func::FuncOp function, Nodes arguments, const llvm::StringMap<int64_t> &names);
  FailureOr<Nodes> callWithRule(mlir::func::FuncOp function, mlir::func::FuncOp rule, Nodes arguments);
  mlir::LogicalResult bindNames(mlir::func::FuncOp function, const Nodes &arguments, Frame &frame);

  /// Runs a block; the operands of its terminator.
  FailureOr<Nodes> runBlock(mlir::Block &block, const Nodes &arguments, Frame &frame);
  FailureOr<Nodes> runOp(mlir::Operation *op, const Nodes &operands, Frame &frame);
  FailureOr<Nodes> callProgram(graph::ExternOp op, const Nodes &operands, const Frame &frame);
  FailureOr<Nodes> runControl(mlir::Operation *op, const Nodes &operands, Frame &frame);
  FailureOr<Nodes> runRequire(report::RequireOp op, const Nodes &operands);
  FailureOr<Nodes> runVjp(graph::VjpOp op, const Nodes &operands);
  FailureOr<Nodes> runJvp(graph::JvpOp op, const Nodes &operands);
  FailureOr<Nodes> runMap(graph::MapRequestOp op, const Nodes &operands, Frame &frame);

  //===--- Lanes that see each other (Lanes.cpp): step by step in all of them; an entry per lane ---===//
  FailureOr<std::vector<Nodes>> callLanes(mlir::func::FuncOp function, std::vector<Nodes> arguments);
  FailureOr<std::vector<Nodes>> runLanes(mlir::Block &block, const std::vector<Nodes> &arguments, std::vector<Frame> &frames);
  FailureOr<std::vector<Nodes>> runInLanes(mlir::Operation *op, const std::vector<Nodes> &operands, std::vector<Frame> &frames);
  FailureOr<std::vector<Nodes>> controlLanes(mlir::Operation *op, const std::vector<Nodes> &operands, std::vector<Frame> &frames);
  FailureOr<std::vector<Nodes>> deriveLanes(mlir::Operation *op, const std::vector<Nodes> &operands);
  FailureOr<std::vector<Nodes>> mapLanes(graph::MapRequestOp op, const std::vector<Nodes> &operands, std::vector<Frame> &frames);
  FailureOr<std::vector<Nodes>> combineLanes(mlir::Operation *op, const std::vector<Nodes> &operands);
  bool hasCollective(mlir::Operation *op);
  /// The results of a map without a lane, whose extents come from the dimensions that the callee infers.
  FailureOr<Nodes> mapNothing(graph::MapRequestOp op, mlir::func::FuncOp function, const Nodes &operands);
  mlir::LogicalResult checkResults(mlir::Operation *op, const Nodes &results, Frame &frame);
  FailureOr<mlir::func::FuncOp> callee(mlir::Operation *op, llvm::StringRef name);

  mlir::ModuleOp module;
  Options options;
  mlir::SymbolTableCollection tables;
  llvm::DenseMap<mlir::Operation *, std::shared_ptr<graph::Dimensions>> dimensions; // of a function
  std::vector<std::pair<std::string, int64_t>> axes; // of the lanes, the outermost first; with how many there are of each
  double largest = 0;                                // finite magnitude of a value
  bool ruleFailed = false;                           // a custom rule could not be run while a tape was swept
};

/// Results of a `graph` op that is neither control flow nor a request.
FailureOr<Nodes> applyRule(Evaluator &evaluator, mlir::Operation *op, const Nodes &operands, const Frame &frame);

/// The parts of the table. A result without nodes says that the op is not in the part. kind: of the first result.
FailureOr<Nodes> applyLayout(mlir::Operation *op, const Nodes &operands, const Frame &frame, Kind kind);
FailureOr<Nodes> applyIndexing(Evaluator &evaluator, mlir::Operation *op, const Nodes &operands, const Frame &frame, Kind kind);
FailureOr<Nodes> applyLinear(mlir::Operation *op, const Nodes &operands, const Frame &frame, Kind kind);
FailureOr<Nodes> applyFactorization(mlir::Operation *op, const Nodes &operands);

/// The largest or the least along `axes`.
Node reduceExtreme(const Node &x, llvm::ArrayRef<int64_t> axes, bool isMax);

/// The key that graph.fold_in makes of a key and a number, elementwise.
Node foldIn(const Node &key, const Node &data);

/// Error unless all operands have one shape.
mlir::LogicalResult sameShapes(mlir::Operation *op, const Nodes &operands);

/// Results of an upstream op on scalars and whole tensors (`arith`, `tensor.extract` ...); nullopt if there is no rule.
std::optional<Nodes> applyScalarRule(Evaluator &evaluator, mlir::Operation *op, const Nodes &operands);

} // namespace costate::oracle

#endif
