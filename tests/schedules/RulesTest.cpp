// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Schedules by rule (compiler/schedule) verify, compile, and compute what the plain stages mean.
#include "costate/compiler/codegen/HashKernel.h"
#include "costate/compiler/schedule/Passes.h"
#include "costate/tests/schedules/KernelsFixture.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace costate::kernel;
using namespace costate::tests;

namespace {

class RulesTest : public KernelsFixture, public testing::WithParamInterface<unsigned> {
protected:
  bool assign(unsigned vectorBytes) {
    PassManager passes(&context);
    costate::schedule::AssignSchedulesOptions options;
    options.all = true;
    options.vectorBytes = vectorBytes;
    passes.addPass(costate::schedule::createAssignSchedules(options));
    return succeeded(passes.run(*module));
  }

  /// The scheduled kernel computes what the stages of `source` mean.
  void expectSameByRule(StringRef source, ArrayRef<KernelValue> inputs, double tolerance = 0) {
    DefineOp plain = parse(source);
    ASSERT_TRUE(plain);
    std::vector<KernelValue> expected = interpret(plain, inputs);
    ASSERT_TRUE(assign(GetParam()));
    DefineOp kernel = *module->getOps<DefineOp>().begin();
    ASSERT_TRUE(kernel.isScheduled());
    expectOutputs(kernel, inputs, expected, tolerance);
  }

  /// A product of a[m, k] and b[k, n] with the given indices, then `epilogue`, which turns %s into %v.
  std::string product(int64_t n, StringRef aType, StringRef bType, StringRef aIndex, StringRef bIndex, StringRef rows, StringRef depth,
                      StringRef yRows) {
    return llvm::formatv(R"(
      kernel.define @k(%m: index, %d: index, %a: !kernel.buffer<{0}xf32>, %b: !kernel.buffer<{1}xf32>, %c: !kernel.buffer<{5}xf32>)
          -> (!kernel.buffer<{7}x{5}xf32>) stages {{
        %acc = kernel.stage "acc" (%i < {4}, %j < {5}) : f32 {{
          %zero = arith.constant 0.0 : f32
          kernel.yield %zero : f32
        } updates (%self) {{
          kernel.update (%i, %j) over (%r < {6}) contract {{
            %s = kernel.load %self[%i, %j] : !kernel.buffer<{7}x{5}xf32>
            %p = kernel.load %a[{2}] : !kernel.buffer<{0}xf32>
            %q = kernel.load %b[{3}] : !kernel.buffer<{1}xf32>
            %t = arith.mulf %p, %q : f32
            %v = arith.addf %s, %t : f32
            kernel.write %v at [%i, %j] : f32
          }
        }
        %y = kernel.stage "y" (%i < {4}, %j < {5}) : f32 {{
          %s = kernel.load %acc[%i, %j] : !kernel.buffer<{7}x{5}xf32>
          %q = kernel.load %c[%j] : !kernel.buffer<{5}xf32>
          %t = arith.addf %s, %q : f32
          %zero = arith.constant 0.0 : f32
          %v = arith.maximumf %t, %zero : f32
          kernel.yield %v : f32
        }
        kernel.output %y : !kernel.buffer<{7}x{5}xf32>
      })",
                         aType, bType, aIndex, bIndex, rows, n, depth, yRows);
  }

  /// Stages of rows of x: "e", `columns` values, and "t", their sum over `lanes` lanes of `slices` values each, as the fuse phase makes of a softmax.
  std::string rowSums(int64_t columns, int64_t lanes, int64_t slices) {
    return llvm::formatv(R"(
      %e = kernel.stage "e" (%i < %n, %j < {0}) : f32 {{
        %a = kernel.load %x[%i, %j] : !kernel.buffer<?x{0}xf32>
        %b = arith.mulf %a, %a : f32
        %c = arith.mulf %b, %a : f32
        %d = arith.addf %c, %b : f32
        %f = math.absf %d : f32
        %g = arith.addf %f, %b : f32
        kernel.yield %g : f32
      }
      %p = kernel.stage "p" (%i < %n, %l < {1}) : f32 {{
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {{
        kernel.update (%i, %l) over (%r < {2}) {{
          %s = kernel.load %self[%i, %l] : !kernel.buffer<?x{1}xf32>
          %w = arith.constant {1} : index
          %o = arith.muli %r, %w : index
          %j = arith.addi %o, %l : index
          %a = kernel.load %e[%i, %j] : !kernel.buffer<?x{0}xf32>
          %v = arith.addf %s, %a : f32
          kernel.write %v at [%i, %l] : f32
        }
      }
      %t = kernel.stage "t" (%i < %n) : f32 {{
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {{
        kernel.update (%i) over (%r < {1}) {{
          %s = kernel.load %self[%i] : !kernel.buffer<?xf32>
          %a = kernel.load %p[%i, %r] : !kernel.buffer<?x{1}xf32>
          %v = arith.addf %s, %a : f32
          kernel.write %v at [%i] : f32
        }
      }
      )",
                         columns, lanes, slices);
  }
};

INSTANTIATE_TEST_SUITE_P(VectorBytes, RulesTest, testing::Values(16u, 32u, 64u), [](auto &info) { return std::to_string(info.param); });

TEST_P(RulesTest, Products) {
  for (int64_t n : {3, 37})
    for (int64_t m : {6, 13}) {
      SCOPED_TRACE(llvm::formatv("m = {0}, n = {1}", m, n).str());
      std::string k9 = "9x" + std::to_string(n), n9 = std::to_string(n) + "x9", kn = "?x" + std::to_string(n);
      std::vector<KernelValue> scalars = {index(m), index(9)};
      auto with = [&](KernelValue a, KernelValue b) {
        std::vector<KernelValue> inputs = scalars;
        inputs.insert(inputs.end(), {a, b, floats({n})});
        return inputs;
      };
      expectSameByRule(product(n, "?x9", k9, "%i, %r", "%r, %j", "%m", "9", "?"), with(floats({m, 9}), floats({9, n})), 1e-5);
      expectSameByRule(product(n, "?x9", n9, "%i, %r", "%j, %r", "%m", "9", "?"), with(floats({m, 9}), floats({n, 9})), 1e-5);
      expectSameByRule(product(n, "?x13", kn, "%r, %i", "%r, %j", "13", "%d", "13"), with(floats({9, 13}), floats({9, n})), 1e-5);
      if (HasFatalFailure())
        return;
    }
}

/// A gradient of weights, long and wide by its hints: the operand that is dense in rows is packed tile by tile.
TEST_P(RulesTest, ProductsOfPackedRows) {
  for (bool fixed : {true, false})
    for (int64_t size : {12, 13, 3}) {
      SCOPED_TRACE(llvm::formatv("{0} rows, {1}", size, fixed ? "fixed" : "known when it runs").str());
      std::string width = fixed ? std::to_string(size) : "?", rows = fixed ? std::to_string(size) : "%m";
      std::string source = llvm::formatv(R"(
        kernel.define @k(%h: index, %m: index, %n: index, %d: index, %a: !kernel.buffer<?x?x3x{0}xf32>, %b: !kernel.buffer<?x?x3x?xf32>)
            -> (!kernel.buffer<?x{0}x?xf32>) attributes {{hints = array<i64: 2, 600, 600, 9000, 0, 0>} stages {{
          %acc = kernel.stage "acc" (%g < %h, %i < {1}, %j < %n) : f32 {{
            %zero = arith.constant 0.0 : f32
            kernel.yield %zero : f32
          } updates (%self) {{
            kernel.update (%g, %i, %j) over (%r < %d, %s < 3) contract {{
              %u = kernel.load %self[%g, %i, %j] : !kernel.buffer<?x{0}x?xf32>
              %p = kernel.load %a[%g, %r, %s, %i] : !kernel.buffer<?x?x3x{0}xf32>
              %q = kernel.load %b[%g, %r, %s, %j] : !kernel.buffer<?x?x3x?xf32>
              %t = arith.mulf %p, %q : f32
              %v = arith.addf %u, %t : f32
              kernel.write %v at [%g, %i, %j] : f32
            }
          }
          kernel.output %acc : !kernel.buffer<?x{0}x?xf32>
        })",
                                         width, rows);
      expectSameByRule(source, {index(2), index(size), index(21), index(9), floats({2, 9, 3, size}), floats({2, 9, 3, 21})}, 1e-5);
      if (HasFatalFailure())
        return;
      EXPECT_TRUE(llvm::any_of((*module->getOps<DefineOp>().begin()).getStageOps(), [](StageOp stage) { return stage.isUndef(); }));
    }
}

TEST_P(RulesTest, AProductThatIsItselfAnOutputOfDynamicWidth) {
  expectSameByRule(R"(
    kernel.define @k(%m: index, %a: !kernel.buffer<?x8xf32>) -> (!kernel.buffer<?x?xf32>) stages {
      %acc = kernel.stage "acc" (%i < %m, %j < %m) : f32 {
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {
        kernel.update (%i, %j) over (%r < 8) contract {
          %s = kernel.load %self[%i, %j] : !kernel.buffer<?x?xf32>
          %p = kernel.load %a[%i, %r] : !kernel.buffer<?x8xf32>
          %q = kernel.load %a[%j, %r] : !kernel.buffer<?x8xf32>
          %t = arith.mulf %p, %q : f32
          %v = arith.addf %s, %t : f32
          kernel.write %v at [%i, %j] : f32
        }
      }
      kernel.output %acc : !kernel.buffer<?x?xf32>
    })",
                   {index(19), floats({19, 8})}, 1e-5);
}

TEST_P(RulesTest, BatchedProductsReadByARowReduction) {
  expectSameByRule(R"(
    kernel.define @k(%n: index, %a: !kernel.buffer<?x5x7xf32>, %b: !kernel.buffer<?x7x20xf32>) -> (!kernel.buffer<?x5xf32>) stages {
      %acc = kernel.stage "acc" (%h < %n, %i < 5, %j < 20) : f32 {
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {
        kernel.update (%h, %i, %j) over (%r < 7) contract {
          %s = kernel.load %self[%h, %i, %j] : !kernel.buffer<?x5x20xf32>
          %p = kernel.load %a[%h, %i, %r] : !kernel.buffer<?x5x7xf32>
          %q = kernel.load %b[%h, %r, %j] : !kernel.buffer<?x7x20xf32>
          %t = arith.mulf %p, %q : f32
          %v = arith.addf %s, %t : f32
          kernel.write %v at [%h, %i, %j] : f32
        }
      }
      %y = kernel.stage "y" (%h < %n, %i < 5) : f32 {
        %low = arith.constant 0xFF800000 : f32
        kernel.yield %low : f32
      } updates (%self) {
        kernel.update (%h, %i) over (%r < 20) {
          %s = kernel.load %self[%h, %i] : !kernel.buffer<?x5xf32>
          %p = kernel.load %acc[%h, %i, %r] : !kernel.buffer<?x5x20xf32>
          %v = arith.maximumf %s, %p : f32
          kernel.write %v at [%h, %i] : f32
        }
      }
      kernel.output %y : !kernel.buffer<?x5xf32>
    })",
                   {index(4), floats({4, 5, 7}), floats({4, 7, 20})}, 1e-5);
}

/// A sum over fixed lanes, then over the lanes, read row by row: what the fuse phase makes of a softmax.
TEST_P(RulesTest, RowsOfReductions) {
  expectSameByRule(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?x50xf32>) -> (!kernel.buffer<?x50xf32>) stages {)" + rowSums(50, 16, 3) + R"(
      %y = kernel.stage "y" (%i < %n, %j < 50) : f32 {
        %a = kernel.load %e[%i, %j] : !kernel.buffer<?x50xf32>
        %b = kernel.load %t[%i] : !kernel.buffer<?xf32>
        %v = arith.divf %a, %b : f32
        kernel.yield %v : f32
      }
      kernel.output %y : !kernel.buffer<?x50xf32>
    })",
                   {index(33), floats({33, 50})});
  DefineOp kernel = *module->getOps<DefineOp>().begin();
  EXPECT_EQ(llvm::range_size(kernel.getSchedule().getOps<ComputeAtOp>()), 3) << text(kernel);
}

// A number of each row and the row itself need the same sums: their loops over rows are one, with the sums inside.
TEST_P(RulesTest, ReadersOfRowsShareTheirLoop) {
  expectSameByRule(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?x50xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x50xf32>) stages {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %e = kernel.stage "e" (%i < %n, %j < 50) : f32 {
        %a = kernel.load %x[%i, %j] : !kernel.buffer<?x50xf32>
        %b = arith.mulf %a, %a : f32
        %c = arith.addf %b, %a : f32
        %d = arith.mulf %c, %b : f32
        %f = arith.addf %d, %a : f32
        %g = arith.mulf %f, %c : f32
        kernel.yield %g : f32
      }
      %p = kernel.stage "p" (%i < %n, %l < 2) : f32 {
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {
        kernel.update (%i, %l) over (%r < 25) {
          %s = kernel.load %self[%i, %l] : !kernel.buffer<?x2xf32>
          %w = arith.constant 2 : index
          %o = arith.muli %r, %w : index
          %j = arith.addi %o, %l : index
          %a = kernel.load %e[%i, %j] : !kernel.buffer<?x50xf32>
          %v = arith.addf %s, %a : f32
          kernel.write %v at [%i, %l] : f32
        }
      }
      %t = kernel.stage "t" (%i < %n) : f32 {
        %a = kernel.load %p[%i, %c0] : !kernel.buffer<?x2xf32>
        %b = kernel.load %p[%i, %c1] : !kernel.buffer<?x2xf32>
        %v = arith.addf %a, %b : f32
        kernel.yield %v : f32
      }
      %y = kernel.stage "y" (%i < %n, %j < 50) : f32 {
        %a = kernel.load %e[%i, %j] : !kernel.buffer<?x50xf32>
        %b = kernel.load %p[%i, %c0] : !kernel.buffer<?x2xf32>
        %v = arith.divf %a, %b : f32
        kernel.yield %v : f32
      }
      kernel.output %t, %y : !kernel.buffer<?xf32>, !kernel.buffer<?x50xf32>
    })",
                                 {index(33), floats({33, 50})});
  DefineOp kernel = *module->getOps<DefineOp>().begin();
  auto places = kernel.getSchedule().getOps<ComputeAtOp>();
  EXPECT_EQ(llvm::range_size(places), 2) << text(kernel);
  for (ComputeAtOp place : places)
    EXPECT_EQ(place.getConsumer(), "y");
  auto shared = kernel.getSchedule().getOps<ComputeWithOp>();
  ASSERT_EQ(llvm::range_size(shared), 1) << text(kernel);
  EXPECT_EQ((*shared.begin()).getStage(), "t");
  EXPECT_EQ((*shared.begin()).getLeader(), "y");
}

// A softmax and its derivative by the scores: an output that is made row by row, and has an update in each, goes to memory by calls.
TEST_P(RulesTest, LongRowsAreStoredByCalls) {
  expectSameByRule(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?x303xf32>, %place: !kernel.buffer<?xi32>) -> (!kernel.buffer<?x303xf32>) stages {)" + rowSums(303, 3, 101) + R"(
      %y = kernel.stage "y" (%i < %n, %j < 303) : f32 {
        %a = kernel.load %e[%i, %j] : !kernel.buffer<?x303xf32>
        %b = kernel.load %t[%i] : !kernel.buffer<?xf32>
        %v = arith.divf %a, %b : f32
        kernel.yield %v : f32
      } updates (%self) {
        kernel.update (%i, %j) {
          %q = kernel.load %place[%i] : !kernel.buffer<?xi32>
          %k = arith.index_cast %q : i32 to index
          %s = kernel.load %self[%i, %k] : !kernel.buffer<?x303xf32>
          %one = arith.constant 1.0 : f32
          %v = arith.subf %s, %one : f32
          kernel.write %v at [%i, %k] : f32
        }
      }
      kernel.output %y : !kernel.buffer<?x303xf32>
    })",
                   {index(7), floats({7, 303}), integers({7}, 303)});
  DefineOp kernel = *module->getOps<DefineOp>().begin();
  auto stored = kernel.getSchedule().getOps<NontemporalOp>();
  ASSERT_EQ(llvm::range_size(stored), 1) << text(kernel);
  EXPECT_TRUE(kernel.isOutputStage(kernel.lookupStage((*stored.begin()).getStage())));
  auto places = kernel.getSchedule().getOps<ComputeAtOp>();
  EXPECT_TRUE(llvm::any_of(places, [](ComputeAtOp place) { return place.getStage() == "y"; })) << text(kernel);
}

TEST_P(RulesTest, ColumnSums) {
  expectSameByRule(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?x41xf32>) -> (!kernel.buffer<41xf32>) stages {
      %t = kernel.stage "t" (%j < 41) : f32 {
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {
        kernel.update (%j) over (%r < %n) {
          %s = kernel.load %self[%j] : !kernel.buffer<41xf32>
          %a = kernel.load %x[%r, %j] : !kernel.buffer<?x41xf32>
          %v = arith.addf %s, %a : f32
          kernel.write %v at [%j] : f32
        }
      }
      kernel.output %t : !kernel.buffer<41xf32>
    })",
                   {index(30), floats({30, 41})});
}

TEST_P(RulesTest, AnArenaIsUpdatedInPlace) {
  expectSameByRule(R"(
    kernel.define @k(%n: index, %lr: f32, %w: !kernel.buffer<?xf32>, %g: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w) stages {
      %y = kernel.stage "y" (%i < %n) : f32 {
        %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
        %b = kernel.load %g[%i] : !kernel.buffer<?xf32>
        %c = arith.mulf %b, %lr : f32
        %v = arith.subf %a, %c : f32
        kernel.yield %v : f32
      }
      kernel.output %y : !kernel.buffer<?xf32>
    })",
                   {index(1003), f32(0.1), floats({1003}), floats({1003})});
}

TEST_P(RulesTest, APrintedScheduleIsReplayed) {
  std::string source = product(20, "?x9", "9x20", "%i, %r", "%r, %j", "%m", "9", "?");
  ASSERT_TRUE(parse(source));
  ASSERT_TRUE(assign(GetParam()));
  std::string printed = text(*module->getOps<DefineOp>().begin()), hash = costate::codegen::hashKernel(*module->getOps<DefineOp>().begin());
  llvm::SmallString<64> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("schedules", "mlir", path));
  std::error_code error;
  llvm::raw_fd_ostream(path, error) << printed;
  ASSERT_TRUE(parse(source));
  PassManager passes(&context);
  passes.addPass(costate::schedule::createReplaySchedules({.file = path.str().str()}));
  EXPECT_TRUE(succeeded(passes.run(*module)));
  EXPECT_EQ(costate::codegen::hashKernel(*module->getOps<DefineOp>().begin()), hash);
  llvm::sys::fs::remove(path);
}

} // namespace
