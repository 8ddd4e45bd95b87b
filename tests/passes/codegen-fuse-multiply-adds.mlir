// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: costate-opt %s --codegen-fuse-multiply-adds | FileCheck %s

// The product stands on either side; of two, the left one goes in.
// CHECK-LABEL: func.func @fused(
// CHECK-SAME:      %[[A:.*]]: f32, %[[B:.*]]: f32, %[[C:.*]]: vector<10xf64>)
// CHECK-NEXT:    %[[X:.*]] = math.fma %[[A]], %[[B]], %[[A]] : f32
// CHECK-NEXT:    %[[Y:.*]] = arith.mulf %[[A]], %[[X]]
// CHECK-NEXT:    %[[Z:.*]] = math.fma %[[B]], %[[X]], %[[Y]] : f32
// CHECK-NEXT:    %[[W:.*]] = math.fma %[[C]], %[[C]], %[[C]] : vector<10xf64>
// CHECK-NEXT:    return %[[Z]], %[[W]]
func.func @fused(%a: f32, %b: f32, %c: vector<10xf64>) -> (f32, vector<10xf64>) {
  %0 = arith.mulf %a, %b fastmath<contract> : f32
  %1 = arith.addf %a, %0 fastmath<contract> : f32
  %2 = arith.mulf %b, %1 fastmath<contract> : f32
  %3 = arith.mulf %a, %1 fastmath<contract> : f32
  %4 = arith.addf %2, %3 fastmath<contract> : f32
  %5 = arith.mulf %c, %c fastmath<contract> : vector<10xf64>
  %6 = arith.addf %5, %c fastmath<contract> : vector<10xf64>
  return %4, %6 : f32, vector<10xf64>
}

// Both must say so, and there is no instruction for shorter floats.
// CHECK-LABEL: func.func @apart
// CHECK-NOT:     math.fma
// CHECK:         return
func.func @apart(%a: f32, %b: bf16) -> (f32, f32, bf16) {
  %0 = arith.mulf %a, %a : f32
  %1 = arith.addf %0, %a fastmath<contract> : f32
  %2 = arith.mulf %a, %1 fastmath<contract> : f32
  %3 = arith.addf %2, %a : f32
  %4 = arith.mulf %b, %b fastmath<contract> : bf16
  %5 = arith.addf %4, %b fastmath<contract> : bf16
  return %1, %3, %5 : f32, f32, bf16
}

// A product that is used elsewhere stays.
// CHECK-LABEL: func.func @used_twice
// CHECK-NEXT:    %[[P:.*]] = arith.mulf
// CHECK-NEXT:    %[[S:.*]] = math.fma
// CHECK-NEXT:    return %[[P]], %[[S]]
func.func @used_twice(%a: f32) -> (f32, f32) {
  %0 = arith.mulf %a, %a fastmath<contract> : f32
  %1 = arith.addf %0, %a fastmath<contract> : f32
  return %0, %1 : f32, f32
}
