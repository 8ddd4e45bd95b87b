// RUN: costate-opt %s --fuse-expose-stages | FileCheck %s

// On loops every stage is an output, with the dimensions that the call's extents give it, but for rows of lanes, which are vectors; on Halide nothing changes.
// CHECK-LABEL: kernel.define @loops(%{{.*}}) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x5xf32>)
// CHECK:         kernel.output %y, %s
// CHECK-LABEL: kernel.define @halide(%{{.*}}) -> (!kernel.buffer<?xf32>)
// CHECK-LABEL: func.func @f
// CHECK:         %[[Y:.*]]:2 = kernel.call @loops({{.*}}graph.dims = {{\[\[}}#graph.dim<n>], [#graph.dim<n>, #graph.dim<5>]]{{.*}} -> tensor<?xf32>, tensor<?x5xf32>
// CHECK:         kernel.call @halide(%{{.*}}, %[[Y]]#0) {{.*}} -> tensor<?xf32>
// CHECK-NOT:     fuse.extents
kernel.define @loops(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i0 < %n, %i1 < 5) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %lanes = kernel.stage "lanes" (%i0 < %n, %i1 < 16) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i0 < %n) : f32 {
    %three = arith.constant 3 : index
    %a = kernel.load %s[%i0, %three] : !kernel.buffer<?x5xf32>
    %b = kernel.load %lanes[%i0, %three] : !kernel.buffer<?x16xf32>
    %v = arith.addf %a, %b : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
kernel.define @halide(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i0 < %n) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i0 < %n) : f32 {
    %a = kernel.load %s[%i0] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
func.func @f(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %y = kernel.call @loops(%n, %x) on loops {graph.dims = [[#graph.dim<n>]], fuse.extents = [#graph.dim<n>, unit]} : (index, tensor<?xf32>) -> tensor<?xf32>
  %z = kernel.call @halide(%n, %y) on halide {graph.dims = [[#graph.dim<n>]], fuse.extents = [#graph.dim<n>, unit]} : (index, tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}
