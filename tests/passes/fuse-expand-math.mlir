// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions become arithmetic where they stand, and nothing else changes. Values: tests/fuse/ExpandMathTest.cpp.
// RUN: costate-opt %s --fuse-expand-math -split-input-file -verify-diagnostics | FileCheck %s --implicit-check-not=math. --implicit-check-not=scf. --implicit-check-not=memref.

// One reduction by ln 2, one polynomial, two powers of two; a bound keeps NaN. Products and sums may be fused.
// CHECK-LABEL: func.func @exp(
// CHECK-SAME:      %[[X:.*]]: f32)
// CHECK:         %[[LOW:.*]] = arith.maximumf %[[X]], %{{.*}} : f32
// CHECK:         %[[BOUND:.*]] = arith.minimumf %[[LOW]]
// CHECK:         %[[TIMES:.*]] = arith.mulf %[[BOUND]], %{{.*}} fastmath<contract> : f32
// CHECK-NEXT:    arith.addf %[[TIMES]], %{{.*}} fastmath<contract> : f32
// CHECK-COUNT-2: arith.shli %{{.*}} : i32
// CHECK:         %[[Y:.*]] = arith.mulf %{{.*}} : f32
// CHECK-NEXT:    return %[[Y]] : f32
func.func @exp(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// CHECK-LABEL: func.func @every_function
// CHECK-NEXT:    arith.constant
// CHECK:         return
func.func @every_function(%x: f64, %y: f64) -> (f64, i1, i1, i1) {
  %0 = math.exp %x : f64
  %1 = math.expm1 %0 : f64
  %2 = math.log %1 : f64
  %3 = math.log1p %2 : f64
  %4 = math.powf %3, %y : f64
  %5 = math.tanh %4 : f64
  %6 = math.erf %5 : f64
  %7 = math.sin %6 : f64
  %8 = math.cos %7 : f64
  %9 = math.atan %8 : f64
  %10 = math.atan2 %9, %y : f64
  %11 = math.isnan %10 : f64
  %12 = math.isinf %10 : f64
  %13 = math.isfinite %10 : f64
  return %10, %11, %12, %13 : f64, i1, i1, i1
}

// Vectors stay vectors, of constants too; f32 reduces angles in f64.
// CHECK-LABEL: func.func @vectors
// CHECK:         arith.constant dense<{{.*}}> : vector<8xi32>
// CHECK:         arith.extf %{{.*}} : vector<8xf32> to vector<8xf64>
// CHECK:         arith.truncf %{{.*}} : vector<8xf64> to vector<8xf32>
func.func @vectors(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.sin %x : vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: func.func @storage_type
// CHECK:         arith.extf %{{.*}} : bf16 to f32
// CHECK:         %[[Y:.*]] = arith.truncf %{{.*}} : f32 to bf16
// CHECK-NEXT:    return %[[Y]]
func.func @storage_type(%x: bf16) -> bf16 {
  %y = math.tanh %x : bf16
  return %y : bf16
}

// A constant stays in the stage that needs it, else equal stages would not print equally.
// CHECK-LABEL: kernel.define @stage
// CHECK:         kernel.stage "y" (%{{.*}}) : f32 {
// CHECK-NEXT:      kernel.load
// CHECK:           kernel.yield
// CHECK:         }
kernel.define @stage(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %y = kernel.stage "y" (%i0 < %n) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    %b = math.log %a : f32
    kernel.yield %b : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}

// -----

// What every executor rounds correctly stays, but for the reciprocal; so do integers.
// CHECK-LABEL: func.func @kept
// CHECK-NEXT:    %[[ROOT:.*]] = math.sqrt %{{.*}} : f32
// CHECK:         arith.divf %{{.*}}, %[[ROOT]] : f32
// CHECK-NEXT:    math.floor
// CHECK-NEXT:    math.roundeven
// CHECK-NEXT:    math.absf
// CHECK-NEXT:    arith.maximumf
// CHECK-NEXT:    math.ctpop
func.func @kept(%x: f32, %n: i32) -> (f32, i32) {
  %0 = math.rsqrt %x : f32
  %1 = math.floor %0 : f32
  %2 = math.roundeven %1 : f32
  %3 = math.absf %2 : f32
  %4 = arith.maximumf %3, %x : f32
  %5 = math.ctpop %n : i32
  return %4, %5 : f32, i32
}

// -----

func.func @unknown(%x: f32) -> f32 {
  // expected-error @below {{'math.acosh' op requires an expansion into arithmetic, but fuse-expand-math has none}}
  %y = math.acosh %x : f32
  return %y : f32
}

// -----

func.func @type(%x: f128) -> f128 {
  // expected-error @below {{'math.exp' op requires f16, bf16, f32 or f64, but got 'f128'}}
  %y = math.exp %x : f128
  return %y : f128
}
