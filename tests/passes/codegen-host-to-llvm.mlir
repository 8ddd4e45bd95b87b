// RUN: costate-opt %s --split-input-file --codegen-host-to-llvm --verify-diagnostics | FileCheck %s

// CHECK-LABEL: llvm.func @scale(
// CHECK: llvm.fmul %{{.*}}, %{{.*}} : f32
func.func @scale(%x: memref<4xf32>, %i: index, %a: f32) {
  %v = memref.load %x[%i] : memref<4xf32>
  %p = arith.mulf %v, %a : f32
  memref.store %p, %x[%i] : memref<4xf32>
  return
}

// -----

// A fused product stands only where the program says so, and maximum propagates NaN.
// CHECK-LABEL: llvm.func @exact(
// CHECK: llvm.intr.fma(%{{.*}}, %{{.*}}, %{{.*}}) : (f32, f32, f32) -> f32
// CHECK: llvm.intr.maximum(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
// CHECK: llvm.intr.sqrt
// CHECK-NOT: fastmath
func.func @exact(%a: f32, %b: f32) -> f32 {
  %0 = math.fma %a, %b, %a : f32
  %1 = arith.maximumf %0, %b : f32
  %2 = math.sqrt %1 : f32
  return %2 : f32
}

// -----

// CHECK-LABEL: llvm.func @floordiv(
// CHECK-NOT: arith
func.func @floordiv(%a: index, %b: index) -> index {
  %0 = arith.floordivsi %a, %b : index
  return %0 : index
}

// -----

func.func @library(%a: f32) -> f32 {
  // expected-error @below {{requires expansion before code generation: no function of the C library is called}}
  %0 = math.exp %a : f32
  return %0 : f32
}

// -----

func.func @allocates(%n: index) {
  // expected-error @below {{requires memory to be planned before code generation: a step allocates nothing}}
  %0 = memref.alloc(%n) : memref<?xf32>
  return
}
