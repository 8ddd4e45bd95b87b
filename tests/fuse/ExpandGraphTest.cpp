// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops that say themselves what they are made of, as those of plugins do: here a graph op that learns it from outside.
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Emitter.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

namespace costate {
namespace {

using mlir::Operation;
using mlir::Value;
using testing::HasSubstr;

/// An op that is made of one which has a composition in turn.
struct AsSoftmax : Expandable::ExternalModel<AsSoftmax, graph::ErfOp> {
  llvm::SmallVector<Value> expand(Operation *op, graph::Emitter &e) const {
    int64_t axis = 0;
    return {e.create<graph::SoftmaxOp>(op->getResult(0).getType(), op->getOperand(0), axis)};
  }
};

struct OfAnotherType : Expandable::ExternalModel<OfAnotherType, graph::ErfOp> {
  llvm::SmallVector<Value> expand(Operation *op, graph::Emitter &e) const { return {e.sum(op->getOperand(0))}; }
};

class ExpandGraphTest : public testing::Test {
protected:
  template <typename Model>
  bool expand() {
    context.loadDialect<graph::GraphDialect, mlir::func::FuncDialect>();
    graph::ErfOp::attachInterface<Model>(context);
    mlir::ScopedDiagnosticHandler collect(&context, [this](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
    module = mlir::parseSourceString<mlir::ModuleOp>(R"(
      func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
        %y = graph.erf %x : tensor<8xf32>
        %z = graph.erf %y : tensor<8xf32>
        return %z : tensor<8xf32>
      })", &context);
    mlir::PassManager passes(&context);
    passes.addPass(fuse::createExpandGraph());
    return module && succeeded(passes.run(*module));
  }

  template <typename Op>
  int count() {
    int number = 0;
    module->walk([&](Op) { ++number; });
    return number;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string message;
};

TEST_F(ExpandGraphTest, ExpandsWhatACompositionHolds) {
  ASSERT_TRUE(expand<AsSoftmax>()) << message;
  EXPECT_EQ(count<graph::ErfOp>(), 0);
  EXPECT_EQ(count<graph::SoftmaxOp>(), 0);
  EXPECT_EQ(count<graph::ExponentialOp>(), 2);
}

TEST_F(ExpandGraphTest, RefusesCompositionsOfAnotherType) {
  EXPECT_FALSE(expand<OfAnotherType>());
  EXPECT_THAT(message, HasSubstr("'graph.erf' op requires its composition to have the type of its results, but got 'tensor<f32>'"));
}

} // namespace
} // namespace costate
