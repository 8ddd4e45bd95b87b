// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hooks at phases, and the contract behind each: a hook breaks it, and the pipeline has to say where.
#include "costate/compiler/pipeline/Pipeline.h"

#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/kernel/Kernel.h"
#include "costate/frontends/Importer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/MLIRContext.h"

namespace costate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr llvm::StringLiteral model = R"(model m {
  input x : f32[batch, 40]
  net f = dense(40, 30)
  minimize mean(f(x)**2) with sgd(lr=0.1)
})";

class PipelineTest : public testing::Test {
protected:
  PipelineTest() : context(dialects(), mlir::MLIRContext::Threading::DISABLED) {
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
    options.hints = {{"batch", 256}}; // worth a schedule
  }

  static mlir::DialectRegistry dialects() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    return registry;
  }

  bool run(Pipeline &pipeline, Phase to = Phase::Codegen) {
    messages.clear();
    mlir::OwningOpRef<mlir::ModuleOp> module = importModel(model, "m.costate", context);
    return module && succeeded(pipeline.run(*module, Phase::Import, to));
  }

  /// What the pipeline says after `damage` has changed the module behind a phase.
  std::string messagesAfter(Phase phase, std::function<void(mlir::ModuleOp, mlir::OpBuilder &)> damage) {
    Pipeline pipeline(options);
    pipeline.addAfter(phase, [&](Phase, mlir::ModuleOp module) {
      mlir::OpBuilder builder(&context);
      for (auto function : module.getOps<mlir::func::FuncOp>())
        if (!function.empty()) {
          builder.setInsertionPointToStart(&function.front());
          break;
        }
      damage(module, builder);
      return mlir::success();
    });
    EXPECT_FALSE(run(pipeline, phase));
    return messages;
  }

  mlir::MLIRContext context;
  Options options;
  std::string messages;
};

TEST_F(PipelineTest, HooksRunAroundTheirPhaseInOrder) {
  std::vector<std::string> calls;
  Pipeline pipeline(options);
  auto note = [&](std::string name) {
    return [&calls, name](Phase phase, mlir::ModuleOp module) {
      bool isGraph = module.walk([](graph::VjpOp) { return mlir::WalkResult::interrupt(); }).wasInterrupted();
      calls.push_back(name + " " + phaseName(phase) + (isGraph ? " with requests" : ""));
      return mlir::success();
    };
  };
  pipeline.addAfter(Phase::Differentiate, note("first"));
  pipeline.addBefore(Phase::Differentiate, note("before"));
  pipeline.addAfter(Phase::Differentiate, note("second"));
  pipeline.addAfter(Phase::Fuse, note("last"));
  EXPECT_TRUE(run(pipeline)) << messages;
  EXPECT_THAT(calls, ElementsAre("before differentiate with requests", "first differentiate", "second differentiate", "last fuse"));
  EXPECT_EQ(pipeline.times().size(), std::size(allPhases));
}

TEST_F(PipelineTest, AHookMayStopThePipeline) {
  Pipeline pipeline(options);
  int later = 0;
  pipeline.addBefore(Phase::Fuse, [&](Phase, mlir::ModuleOp module) { return module.emitError("no further"); });
  pipeline.addAfter(Phase::Fuse, [&](Phase, mlir::ModuleOp) { return ++later, mlir::success(); });
  EXPECT_FALSE(run(pipeline));
  EXPECT_THAT(messages, HasSubstr("no further"));
  EXPECT_EQ(later, 0);
}

TEST_F(PipelineTest, ImportKeepsEntriesAndLocations) {
  EXPECT_THAT(messagesAfter(Phase::Import, [](mlir::ModuleOp module, mlir::OpBuilder &) {
                for (auto function : module.getOps<mlir::func::FuncOp>())
                  function->removeAttr("optim.entry");
              }),
              HasSubstr("requires a model, but found none"));
  EXPECT_THAT(messagesAfter(Phase::Import, [](mlir::ModuleOp, mlir::OpBuilder &builder) {
                mlir::arith::ConstantIndexOp::create(builder, builder.getUnknownLoc(), 1);
              }),
              HasSubstr("internal error after phase import: 'arith.constant' has no location"));
  EXPECT_THAT(messagesAfter(Phase::Import, [](mlir::ModuleOp, mlir::OpBuilder &builder) {
                mlir::memref::AllocOp::create(builder, builder.getUnknownLoc(), mlir::MemRefType::get({1}, builder.getF32Type()));
              }),
              HasSubstr("internal error after phase import: 'memref.alloc' is left"));
}

TEST_F(PipelineTest, DifferentiateLeavesNoRequest) {
  EXPECT_THAT(messagesAfter(Phase::Differentiate, [](mlir::ModuleOp module, mlir::OpBuilder &builder) {
                mlir::Type type = mlir::RankedTensorType::get({}, builder.getF32Type());
                auto value = mlir::DenseElementsAttr::get(mlir::cast<mlir::ShapedType>(type), 1.0f);
                auto one = graph::ConstantOp::create(builder, module.getLoc(), value);
                graph::StopGradientOp::create(builder, module.getLoc(), type, one);
              }),
              HasSubstr("internal error after phase differentiate: 'graph.stop_gradient' is left in @"));
}

TEST_F(PipelineTest, FuseLeavesBuffersOfThePlanOnly) {
  EXPECT_THAT(messagesAfter(Phase::Fuse, [](mlir::ModuleOp module, mlir::OpBuilder &builder) {
                mlir::memref::AllocOp::create(builder, module.getLoc(), mlir::MemRefType::get({1}, builder.getF32Type()));
              }),
              HasSubstr("internal error after phase fuse: 'memref.alloc' is left in @"));
  EXPECT_THAT(messagesAfter(Phase::Fuse, [](mlir::ModuleOp module, mlir::OpBuilder &builder) {
                mlir::tensor::EmptyOp::create(builder, module.getLoc(), llvm::ArrayRef<int64_t>{1}, builder.getF32Type());
              }),
              HasSubstr("internal error after phase fuse: 'tensor.empty' is left in @"));
}

TEST_F(PipelineTest, ScheduleChoosesExecutorsAndSchedules) {
  EXPECT_THAT(messagesAfter(Phase::Schedule, [](mlir::ModuleOp module, mlir::OpBuilder &) {
                module.walk([](kernel::CallOp call) { call.removeExecutorAttr(); });
              }),
              HasSubstr("internal error after phase schedule: no executor is chosen for kernel @"));
  EXPECT_THAT(messagesAfter(Phase::Schedule, [](mlir::ModuleOp module, mlir::OpBuilder &) {
                module.walk([](kernel::DefineOp define) {
                  if (define.isScheduled())
                    define.getSchedule().getBlocks().clear();
                });
              }),
              HasSubstr("has no schedule"));
}

TEST_F(PipelineTest, CodegenLeavesLlvmOnly) {
  EXPECT_THAT(messagesAfter(Phase::Codegen, [](mlir::ModuleOp module, mlir::OpBuilder &builder) {
                builder.setInsertionPointToStart(module.getBody());
                mlir::func::FuncOp::create(builder, module.getLoc(), "left", builder.getFunctionType({}, {})).setPrivate();
              }),
              HasSubstr("internal error after phase codegen: 'func.func' is left"));
}

} // namespace
} // namespace costate
