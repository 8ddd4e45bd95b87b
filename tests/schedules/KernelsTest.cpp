// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Kernels compiled by Halide, without a schedule and with random ones, against their meaning (KernelInterpreter.h), bit for bit.
#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/compiler/codegen/HashKernel.h"
#include "costate/tests/schedules/KernelsFixture.h"
#include "costate/tests/schedules/RandomSchedule.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace costate::kernel;
using namespace costate::tests;

namespace {

constexpr unsigned kRandomSchedules = 6;

class KernelsTest : public KernelsFixture {
protected:
  /// As it stands, then under random schedules.
  void expectSameUnderSchedules(StringRef source, ArrayRef<KernelValue> inputs, double tolerance = 0) {
    DefineOp kernel = parse(source);
    ASSERT_TRUE(kernel);
    expectSame(kernel, inputs, tolerance);
    for (unsigned count = 0; count < kRandomSchedules && !HasFatalFailure(); ++count) {
      setRandomSchedule(kernel, random);
      ASSERT_TRUE(succeeded(verify(kernel)));
      expectSame(kernel, inputs, tolerance);
    }
  }
};

constexpr StringRef kElementwise = R"(
kernel.define @k(%n: index, %a: f32, %x: !kernel.buffer<?x13xf32>, %b: !kernel.buffer<13xf32>) -> (!kernel.buffer<?x13xf32>) stages {
  %s = kernel.stage "s" (%i < %n, %j < 13) : f32 {
    %p = kernel.load %x[%i, %j] : !kernel.buffer<?x13xf32>
    %q = arith.mulf %p, %a : f32
    kernel.yield %q : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 13) : f32 {
    %p = kernel.load %s[%i, %j] : !kernel.buffer<?x13xf32>
    %q = kernel.load %b[%j] : !kernel.buffer<13xf32>
    %r = arith.addf %p, %q : f32
    kernel.yield %r : f32
  }
  kernel.output %y : !kernel.buffer<?x13xf32>
})";

TEST_F(KernelsTest, ElementwiseStagesAreInlined) { expectSameUnderSchedules(kElementwise, {index(37), f32(0.3), floats({37, 13}), floats({13})}); }

TEST_F(KernelsTest, AnEmptyAxisWritesNothing) { expectSame(parse(kElementwise), {index(0), f32(0.3), floats({0, 13}), floats({13})}); }

TEST_F(KernelsTest, SpecialValuesFollowIeee) {
  expectSameUnderSchedules(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?xf32>, %z: !kernel.buffer<?xf32>)
        -> (!kernel.buffer<?xf32>, !kernel.buffer<?xf32>, !kernel.buffer<?xf32>, !kernel.buffer<?xf32>, !kernel.buffer<?xi32>) stages {
      %y:5 = kernel.stage "y" (%i < %n) : f32, f32, f32, f32, i32 {
        %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
        %b = kernel.load %z[%i] : !kernel.buffer<?xf32>
        %zero = arith.constant 0.0 : f32
        %minus = arith.constant -0.0 : f32
        %relu = arith.maximumf %a, %zero : f32
        %low = arith.minimumf %a, %minus : f32
        %max = arith.maximumf %a, %b : f32
        %min = arith.minimumf %a, %b : f32
        %d = arith.divf %relu, %low : f32
        %n1 = arith.negf %a : f32
        %n2 = arith.negf %n1 : f32
        %s = arith.subf %n1, %n2 : f32
        %c0 = arith.cmpf oge, %a, %b : f32
        %c1 = arith.cmpf une, %a, %b : f32
        %c2 = arith.cmpf ult, %a, %b : f32
        %c3 = arith.cmpf uno, %a, %b : f32
        %c4 = arith.cmpf one, %a, %b : f32
        %e0 = arith.extui %c0 : i1 to i32
        %e1 = arith.extui %c1 : i1 to i32
        %e2 = arith.extui %c2 : i1 to i32
        %e3 = arith.extui %c3 : i1 to i32
        %e4 = arith.extsi %c4 : i1 to i32
        %two = arith.constant 2 : i32
        %t0 = arith.muli %e0, %two : i32
        %t1 = arith.addi %t0, %e1 : i32
        %t2 = arith.muli %t1, %two : i32
        %t3 = arith.addi %t2, %e2 : i32
        %t4 = arith.muli %t3, %two : i32
        %t5 = arith.addi %t4, %e3 : i32
        %t6 = arith.xori %t5, %e4 : i32
        kernel.yield %max, %min, %d, %s, %t6 : f32, f32, f32, f32, i32
      }
      kernel.output %y#0, %y#1, %y#2, %y#3, %y#4
        : !kernel.buffer<?xf32>, !kernel.buffer<?xf32>, !kernel.buffer<?xf32>, !kernel.buffer<?xf32>, !kernel.buffer<?xi32>
    })",
                           {index(259), floats({259}, true), floats({259}, true)});
}

TEST_F(KernelsTest, RowSoftmax) {
  expectSameUnderSchedules(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?x11xf32>) -> (!kernel.buffer<?x11xf32>) stages {
      %m = kernel.stage "m" (%i < %n) : f32 {
        %low = arith.constant 0xFF800000 : f32
        kernel.yield %low : f32
      } updates (%self) {
        kernel.update (%i) over (%r < 11) {
          %a = kernel.load %self[%i] : !kernel.buffer<?xf32>
          %b = kernel.load %x[%i, %r] : !kernel.buffer<?x11xf32>
          %c = arith.maximumf %a, %b : f32
          kernel.write %c at [%i] : f32
        }
      }
      %e = kernel.stage "e" (%i < %n, %j < 11) : f32 {
        %a = kernel.load %x[%i, %j] : !kernel.buffer<?x11xf32>
        %b = kernel.load %m[%i] : !kernel.buffer<?xf32>
        %c = arith.subf %a, %b : f32
        %one = arith.constant 1.0 : f32
        %d = arith.mulf %c, %c : f32
        %f = arith.addf %d, %one : f32
        kernel.yield %f : f32
      }
      %s = kernel.stage "s" (%i < %n) : f32 {
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {
        kernel.update (%i) over (%r < 11) {
          %a = kernel.load %self[%i] : !kernel.buffer<?xf32>
          %b = kernel.load %e[%i, %r] : !kernel.buffer<?x11xf32>
          %c = arith.addf %a, %b : f32
          kernel.write %c at [%i] : f32
        }
      }
      %y = kernel.stage "y" (%i < %n, %j < 11) : f32 {
        %a = kernel.load %e[%i, %j] : !kernel.buffer<?x11xf32>
        %b = kernel.load %s[%i] : !kernel.buffer<?xf32>
        %c = arith.divf %a, %b : f32
        kernel.yield %c : f32
      }
      kernel.output %y : !kernel.buffer<?x11xf32>
    })",
                           {index(21), floats({21, 11})});
}

constexpr StringRef kDense = R"(
kernel.define @k(%m: index, %d: index, %x: !kernel.buffer<?x?xf32>, %w: !kernel.buffer<?x20xf32>) -> (!kernel.buffer<?x20xf32>) stages {
  %acc = kernel.stage "acc" (%i < %m, %j < 20) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%r < %d) contract {
      %a = kernel.load %self[%i, %j] : !kernel.buffer<?x20xf32>
      %p = kernel.load %x[%i, %r] : !kernel.buffer<?x?xf32>
      %q = kernel.load %w[%r, %j] : !kernel.buffer<?x20xf32>
      %t = arith.mulf %p, %q : f32
      %v = arith.addf %a, %t : f32
      kernel.write %v at [%i, %j] : f32
    }
  }
  %y = kernel.stage "y" (%i < %m, %j < 20) : f32 {
    %a = kernel.load %acc[%i, %j] : !kernel.buffer<?x20xf32>
    %zero = arith.constant 0.0 : f32
    %v = arith.maximumf %a, %zero : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?x20xf32>
})";

// Values only: how large the array is decides which way they go.
TEST_F(KernelsTest, RowsOfAnyRankAreStoredByCalls) {
  expectSame(parse(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?xf64>) -> (!kernel.buffer<?xf64>) stages {
      %s = kernel.stage "s" (%i < %n) : f64 {
        %a = kernel.load %x[%i] : !kernel.buffer<?xf64>
        %b = arith.negf %a : f64
        kernel.yield %b : f64
      }
      %y = kernel.stage "y" (%i < %n) : f64 {
        %a = kernel.load %s[%i] : !kernel.buffer<?xf64>
        kernel.yield %a : f64
      }
      kernel.output %y : !kernel.buffer<?xf64>
    } schedule {
      kernel.compute_root "s"
      kernel.nontemporal "y"
    })"),
             {index(37), makeRandomArray(Float64Type::get(&context), {37}, random, false)});
  expectSame(parse(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?x3x70xf32>) -> (!kernel.buffer<?x3x70xf32>) stages {
      %s = kernel.stage "s" (%i < %n, %j < 3, %k < 70) : f32 {
        %a = kernel.load %x[%i, %j, %k] : !kernel.buffer<?x3x70xf32>
        %b = arith.negf %a : f32
        kernel.yield %b : f32
      }
      %y = kernel.stage "y" (%i < %n, %j < 3, %k < 70) : f32 {
        %a = kernel.load %s[%i, %j, %k] : !kernel.buffer<?x3x70xf32>
        kernel.yield %a : f32
      }
      kernel.output %y : !kernel.buffer<?x3x70xf32>
    } schedule {
      kernel.parallel "y" "i0"
      kernel.compute_at "s" at "y" "i1"
      kernel.nontemporal "y"
    })"),
             {index(5), floats({5, 3, 70})});
}

TEST_F(KernelsTest, AContractionMayFuseItsProducts) {
  expectSameUnderSchedules(kDense, {index(9), index(31), floats({9, 31}), floats({31, 20})}, 1e-5);
}

TEST_F(KernelsTest, ScatterGatherAndPredicates) {
  expectSameUnderSchedules(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?x5xf32>, %to: !kernel.buffer<?xi32>) -> (!kernel.buffer<8x5xf32>, !kernel.buffer<?x5xf32>) stages {
      %s = kernel.stage "s" (%i < 8, %j < 5) : f32 {
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {
        kernel.update (%i, %j) over (%r < %n) {
          %t = kernel.load %to[%r] : !kernel.buffer<?xi32>
          %p = arith.index_cast %t : i32 to index
          %eight = arith.constant 8 : i32
          %valid = arith.cmpi ult, %t, %eight : i32
          %a = kernel.load %self[%p, %j] : !kernel.buffer<8x5xf32>
          %b = kernel.load %x[%r, %j] : !kernel.buffer<?x5xf32>
          %v = arith.addf %a, %b : f32
          kernel.write %v at [%p, %j] if %valid : f32
        }
      }
      %y = kernel.stage "y" (%i < %n, %j < 5) : f32 {
        %t = kernel.load %to[%i] : !kernel.buffer<?xi32>
        %seven = arith.constant 7 : i32
        %u = arith.minsi %t, %seven : i32
        %p = arith.index_cast %u : i32 to index
        %v = kernel.load %s[%p, %j] : !kernel.buffer<8x5xf32>
        kernel.yield %v : f32
      }
      kernel.output %s, %y : !kernel.buffer<8x5xf32>, !kernel.buffer<?x5xf32>
    })",
                           {index(30), floats({30, 5}), integers({30}, 8)});
}

TEST_F(KernelsTest, APredicateNeedsNoReductionVariable) {
  expectSameUnderSchedules(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<16xf32>) stages {
      %s = kernel.stage "s" (%i < 16) : f32 {
        %one = arith.constant 1.0 : f32
        kernel.yield %one : f32
      } updates (%self) {
        kernel.update (%i) over (%r < 1) {
          %valid = arith.cmpi slt, %i, %n : index
          %zero = arith.constant 0 : index
          %one = arith.constant 1 : index
          %last = arith.subi %n, %one : index
          %p = arith.minsi %i, %last : index
          %q = arith.maxsi %p, %zero : index
          %a = kernel.load %self[%i] : !kernel.buffer<16xf32>
          %b = kernel.load %x[%q] : !kernel.buffer<?xf32>
          %v = arith.addf %a, %b : f32
          kernel.write %v at [%i] if %valid : f32
        }
        kernel.update (%i) {
          %two = arith.constant 2 : index
          %valid = arith.cmpi sge, %i, %two : index
          %a = kernel.load %self[%i] : !kernel.buffer<16xf32>
          %v = arith.addf %a, %a : f32
          kernel.write %v at [%i] if %valid : f32
        }
      }
      kernel.output %s : !kernel.buffer<16xf32>
    })",
                           {index(5), floats({5})});
}

TEST_F(KernelsTest, ArgMaxKeepsThePlaceOnly) {
  expectSameUnderSchedules(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?x9xf32>) -> (!kernel.buffer<?xi32>) stages {
      %best:2 = kernel.stage "best" (%i < %n) : f32, i32 {
        %low = arith.constant 0xFF800000 : f32
        %none = arith.constant 0 : i32
        kernel.yield %low, %none : f32, i32
      } updates (%value, %place) {
        kernel.update (%i) over (%r < 9) {
          %a = kernel.load %value[%i] : !kernel.buffer<?xf32>
          %b = kernel.load %place[%i] : !kernel.buffer<?xi32>
          %c = kernel.load %x[%i, %r] : !kernel.buffer<?x9xf32>
          %d = arith.index_cast %r : index to i32
          %more = arith.cmpf ogt, %c, %a : f32
          %e = arith.select %more, %c, %a : f32
          %f = arith.select %more, %d, %b : i32
          kernel.write %e, %f at [%i] : f32, i32
        }
      }
      kernel.output %best#1 : !kernel.buffer<?xi32>
    })",
                           {index(40), floats({40, 9}, true)});
}

TEST_F(KernelsTest, TiedOutputsAreUpdatedOnce) {
  expectSameUnderSchedules(R"(
    kernel.define @k(%n: index, %lr: f32, %w: !kernel.buffer<?xf32>, %m: !kernel.buffer<?xf32>, %g: !kernel.buffer<?xf32>)
        -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?xf32> tied %m) stages {
      %y:2 = kernel.stage "y" (%i < %n) : f32, f32 {
        %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
        %b = kernel.load %m[%i] : !kernel.buffer<?xf32>
        %c = kernel.load %g[%i] : !kernel.buffer<?xf32>
        %d = arith.mulf %b, %lr : f32
        %e = arith.addf %d, %c : f32
        %f = arith.mulf %e, %lr : f32
        %h = arith.subf %a, %f : f32
        %o = arith.addf %e, %a : f32 // the second value needs the first one's old place
        kernel.yield %h, %o : f32, f32
      }
      kernel.output %y#0, %y#1 : !kernel.buffer<?xf32>, !kernel.buffer<?xf32>
    })",
                           {index(101), f32(0.1), floats({101}), floats({101}), floats({101})});
}

TEST_F(KernelsTest, ATiedOutputCanHaveStagesInside) {
  expectSameUnderSchedules(R"(
    kernel.define @k(%n: index, %a: !kernel.buffer<?x7xf32>, %b: !kernel.buffer<7x20xf32>, %w: !kernel.buffer<?x20xf32>)
        -> (!kernel.buffer<?x20xf32> tied %w) stages {
      %s = kernel.stage "s" (%i < %n, %j < 20) : f32 {
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {
        kernel.update (%i, %j) over (%r < 7) {
          %so = kernel.load %self[%i, %j] : !kernel.buffer<?x20xf32>
          %x = kernel.load %a[%i, %r] : !kernel.buffer<?x7xf32>
          %y = kernel.load %b[%r, %j] : !kernel.buffer<7x20xf32>
          %p = arith.mulf %x, %y : f32
          %v = arith.addf %so, %p : f32
          kernel.write %v at [%i, %j] : f32
        }
      }
      %u = kernel.stage "u" (%i < %n, %j < 20) : f32 {
        %old = kernel.load %w[%i, %j] : !kernel.buffer<?x20xf32>
        %step = kernel.load %s[%i, %j] : !kernel.buffer<?x20xf32>
        %new = arith.subf %old, %step : f32
        kernel.yield %new : f32
      }
      kernel.output %u : !kernel.buffer<?x20xf32>
    })",
                           {index(37), floats({37, 7}), floats({7, 20}), floats({37, 20})});
}

TEST_F(KernelsTest, ATiedOutputCanBeScatteredInto) {
  expectSameUnderSchedules(R"(
    kernel.define @k(%n: index, %x: !kernel.buffer<?xf32>, %to: !kernel.buffer<?xi32>, %w: !kernel.buffer<8xf32>) -> (!kernel.buffer<8xf32> tied %w) stages {
      %s = kernel.stage "s" (%i < 8) : f32 {
        %a = kernel.load %w[%i] : !kernel.buffer<8xf32>
        kernel.yield %a : f32
      } updates (%self) {
        kernel.update (%i) over (%r < %n) {
          %t = kernel.load %to[%r] : !kernel.buffer<?xi32>
          %p = arith.index_cast %t : i32 to index
          %a = kernel.load %self[%p] : !kernel.buffer<8xf32>
          %b = kernel.load %x[%r] : !kernel.buffer<?xf32>
          %v = arith.addf %a, %b : f32
          kernel.write %v at [%p] : f32
        }
      }
      kernel.output %s : !kernel.buffer<8xf32>
    })",
                           {index(30), floats({30}), integers({30}, 8), floats({8})});
}

TEST_F(KernelsTest, IntegersWrap) {
  expectSameUnderSchedules(R"(
    kernel.define @k(%n: index, %seed: i32) -> (!kernel.buffer<?xi32>, !kernel.buffer<?xi32>) stages {
      %y:2 = kernel.stage "y" (%i < %n) : i32, i32 {
        %a = arith.index_cast %i : index to i32
        %mult = arith.constant 0xD2511F53 : i32
        %b = arith.xori %a, %seed : i32
        %low, %high = arith.mului_extended %b, %mult : i32
        %c = arith.muli %high, %mult : i32
        %d = arith.addi %c, %low : i32
        %nine = arith.constant 9 : i32
        %e = arith.shrui %d, %nine : i32
        %f = arith.shrsi %d, %nine : i32
        %g = arith.shli %e, %nine : i32
        %h = arith.subi %f, %g : i32
        %three = arith.constant -3 : i32
        %q = arith.divsi %h, %three : i32
        %r = arith.remsi %h, %nine : i32
        %s = arith.floordivsi %h, %three : i32
        %t = arith.divui %h, %nine : i32
        %u = arith.addi %q, %r : i32
        %v = arith.xori %s, %t : i32
        kernel.yield %u, %v : i32, i32
      }
      kernel.output %y#0, %y#1 : !kernel.buffer<?xi32>, !kernel.buffer<?xi32>
    })",
                           {index(77), integers({}, 1 << 30)});
}

TEST_F(KernelsTest, AnOpWithoutExactFormIsDiagnosed) {
  DefineOp kernel = parse(R"(
    kernel.define @k(%x: !kernel.buffer<4xf32>) -> (!kernel.buffer<4xf32>) stages {
      %y = kernel.stage "y" (%i < 4) : f32 {
        %a = kernel.load %x[%i] : !kernel.buffer<4xf32>
        %b = math.exp %a : f32
        kernel.yield %b : f32
      }
      kernel.output %y : !kernel.buffer<4xf32>
    })");
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) { message += diagnostic.str(); });
  EXPECT_TRUE(failed(costate::codegen::compileKernels(kernel, {})));
  EXPECT_EQ(message, "'math.exp' has no exact form in Halide");
}

TEST_F(KernelsTest, AnUnknownTargetIsDiagnosed) {
  std::string message;
  EXPECT_FALSE(costate::codegen::isKernelTarget("z80-linux", message));
  EXPECT_EQ(message, "requires a target such as 'host' or 'x86-64-linux-avx2-fma', but got 'z80-linux'");
}

TEST_F(KernelsTest, SmallKernelsShareAnObject) {
  OwningOpRef<ModuleOp> both = ModuleOp::create(UnknownLoc::get(&context));
  std::vector<DefineOp> kernels;
  for (StringRef name : {"a", "b"}) {
    DefineOp kernel = parse(kElementwise);
    kernel.setSymName(name);
    kernels.push_back(kernel.clone());
    both->push_back(kernels.back());
  }
  auto objects = costate::codegen::compileKernels(kernels, {.symbolPrefix = "p_"});
  ASSERT_TRUE(succeeded(objects));
  ASSERT_EQ(objects->size(), 1u);
  EXPECT_EQ(objects->front().symbols, (std::vector<std::string>{"p_a", "p_b"}));
}

TEST_F(KernelsTest, AHashSeesContentAndNoNames) {
  std::string first = costate::codegen::hashKernel(parse(kElementwise));
  auto edited = [&](StringRef from, StringRef to) {
    std::string text = kElementwise.str();
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
    return costate::codegen::hashKernel(parse(text));
  };
  EXPECT_EQ(edited("\"s\"", "\"scaled\""), first);
  EXPECT_EQ(edited("@k", "@other"), first);
  EXPECT_EQ(edited("%q", "%value"), first);
  EXPECT_NE(edited("arith.addf", "arith.subf"), first);
  EXPECT_NE(edited("13", "14"), first);
  auto scheduled = [&](StringRef outer, int factor) {
    std::string split = "kernel.split \"y\" \"i0\" into \"" + outer.str() + "\", \"in\" by " + std::to_string(factor) + " guard_with_if";
    return costate::codegen::hashKernel(parse(kElementwise.str() + " schedule { " + split + " }"));
  };
  EXPECT_EQ(scheduled("a", 8), scheduled("b", 8));
  EXPECT_NE(scheduled("a", 8), scheduled("a", 4));
  EXPECT_NE(scheduled("a", 8), first);
}

// Each output replaces an input that another one reads, in a ring: all must be computed before any is stored.
TEST_F(KernelsTest, OutputsThatReplaceWhatOthersReadAreStoredLast) {
  DefineOp kernel = parse(R"(
    kernel.define @k(%n: index, %a: !kernel.buffer<?xf32>, %b: !kernel.buffer<?xf32>, %c: !kernel.buffer<?xf32>, %d: !kernel.buffer<?xf32>)
        -> (!kernel.buffer<?xf32> tied %a, !kernel.buffer<?xf32> tied %b, !kernel.buffer<?xf32> tied %c, !kernel.buffer<?xf32> tied %d) stages {
      %y:4 = kernel.stage "y" (%i < %n) : f32, f32, f32, f32 {
        %p = kernel.load %a[%i] : !kernel.buffer<?xf32>
        %q = kernel.load %b[%i] : !kernel.buffer<?xf32>
        %r = kernel.load %c[%i] : !kernel.buffer<?xf32>
        %s = kernel.load %d[%i] : !kernel.buffer<?xf32>
        %pq = arith.mulf %p, %q : f32
        %qr = arith.addf %q, %r : f32
        %rs = arith.mulf %r, %s : f32
        %sp = arith.addf %s, %p : f32
        kernel.yield %sp, %pq, %qr, %rs : f32, f32, f32, f32
      }
      kernel.output %y#0, %y#1, %y#2, %y#3 : !kernel.buffer<?xf32>, !kernel.buffer<?xf32>, !kernel.buffer<?xf32>, !kernel.buffer<?xf32>
    })");
  expectSame(kernel, {index(37), floats({37}), floats({37}), floats({37}), floats({37})});
}

} // namespace
