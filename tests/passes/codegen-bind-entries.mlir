// RUN: costate-opt %s --split-input-file --codegen-bind-entries --verify-diagnostics | FileCheck %s

// The kernel becomes a C function; its code ends the step; the arrays are parameters without aliases.
// CHECK-DAG:   llvm.mlir.global private unnamed_addr constant @[[DIMS:halide.dims.*]](dense<[0, 8, 1, 0]> : tensor<4xi32>)
// CHECK-DAG:   llvm.func @costate_kernel_decay(!llvm.ptr, f32, !llvm.ptr) -> i32
// CHECK-NOT:   kernel.define
// CHECK-LABEL: func.func private @entry.step.body(
// CHECK-SAME:    %[[CTX:[^:]*]]: !llvm.ptr, %[[W:[^:]*]]: !llvm.ptr {llvm.noalias}, %{{[^:]*}}: !llvm.ptr {llvm.noalias}, %{{[^:]*}}: !llvm.ptr {llvm.noalias}, %{{[^:]*}}: !llvm.ptr {llvm.noalias}) -> i32
// CHECK:         %[[BUFFER:.*]] = llvm.alloca
// CHECK:         llvm.mlir.addressof @[[DIMS]]
// CHECK:         %[[CODE:.*]] = llvm.call @costate_kernel_decay(%[[CTX]], %{{.*}}, %[[BUFFER]])
// CHECK:         cf.cond_br %{{.*}} weights([1, 1048576]), ^[[EXIT:bb[0-9]+]](%[[CODE]] : i32), ^
// CHECK:         return %{{.*}} : i32
// CHECK:       ^[[EXIT]](%[[OUT:.*]]: i32):
// CHECK:         return %[[OUT]] : i32
// CHECK-LABEL: func.func @entry.step(
// CHECK-SAME:    %[[C:[^:]*]]: !llvm.ptr, %[[ARGS:[^:]*]]: !llvm.ptr, %[[D:[^:]*]]: !llvm.ptr, %[[WS:[^:]*]]: !llvm.ptr) -> i32
// CHECK:         %[[P:.*]] = llvm.getelementptr %[[ARGS]][0]
// CHECK:         %[[A:.*]] = llvm.load %[[P]] invariant
// CHECK:         call @entry.step.body(%[[C]], %[[A]], %{{.*}}, %[[D]], %[[WS]])
kernel.define @decay(%rate: f32, %w: !kernel.buffer<8xf32>) -> (!kernel.buffer<8xf32> tied %w) stages {
  %y = kernel.stage "y" (%i0 < 8) : f32 {
    %a = kernel.load %w[%i0] : !kernel.buffer<8xf32>
    %v = arith.mulf %a, %rate : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<8xf32>
}
func.func @step(%w: memref<8xf32> {optim.role = "param", optim.name = "w"},
                %rate: memref<f32> {optim.role = "hyper", optim.name = "rate"}) attributes {optim.entry} {
  %r = memref.load %rate[] : memref<f32>
  kernel.call @decay(%r, %w) outs(%w) on halide : (f32, memref<8xf32>) outs(memref<8xf32>)
  return
}

// -----

// Dimensions come from the array of the model's dimensions; the sizes of a buffer that a kernel sees lie on the stack, filled once for two calls.
// CHECK-LABEL: func.func @entry.twice.workspace(
// CHECK:         call @twice.workspace_size
// CHECK-LABEL: func.func @entry.twice.extents(
// CHECK:         arith.muli
// CHECK:         llvm.store
// CHECK-LABEL: func.func private @entry.twice.body(
// CHECK-COUNT-2: llvm.alloca
// CHECK-NOT:     llvm.alloca
// CHECK:         llvm.call @costate_kernel_negate(
// CHECK:         llvm.call @costate_kernel_negate(
func.func @twice(%x: memref<?xf32> {optim.role = "input", optim.name = "x", graph.dims = [#graph.dim<n>]},
                 %y: memref<?xf32> {optim.role = "output", optim.name = "y", graph.dims = [#graph.dim<2 * n>]},
                 %ws: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  kernel.call @negate(%n, %x) outs(%x) on halide : (index, memref<?xf32>) outs(memref<?xf32>)
  kernel.call @negate(%n, %x) outs(%x) on halide : (index, memref<?xf32>) outs(memref<?xf32>)
  return
}
func.func private @twice.workspace_size(%n: index {graph.dim_name = "n"}) -> index {
  return %n : index
}
kernel.define @negate(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %x) stages {
  %y = kernel.stage "y" (%i0 < %n) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    %b = arith.negf %a : f32
    kernel.yield %b : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}

// -----

// expected-error @below {{requires an argument that binds dimension 'n': one with it alone as an axis}}
func.func @unbound(%x: memref<?xf32> {optim.role = "input", optim.name = "x", graph.dims = [#graph.dim<2 * n>]}) attributes {optim.entry} {
  return
}

// -----

// expected-error @below {{requires a function 'bare.workspace_size' beside a workspace of dynamic size}}
func.func @bare(%x: memref<4xf32> {optim.role = "input", optim.name = "x"}, %ws: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  return
}

// -----

func.func @a(%x: memref<4xf32> {optim.role = "param", optim.name = "w"}) attributes {optim.entry} {
  return
}
// expected-error @below {{requires one type, role and shape of slot 'w' in all entries}}
func.func @b(%x: memref<5xf32> {optim.role = "param", optim.name = "w"}) attributes {optim.entry} {
  return
}

// -----

// expected-error @below {{requires arguments before results, but argument 1 follows one}}
func.func @order(%y: memref<f32> {optim.role = "metric", optim.name = "y"}, %x: memref<4xf32> {optim.role = "input", optim.name = "x"}) attributes {optim.entry} {
  return
}

// -----

// expected-error @below {{requires an entry: a function with 'optim.entry'}}
module {
}

// -----

// A call that brings too little ends before anything is read.
// CHECK-DAG:   llvm.mlir.global private constant @[[TEXT:text.*]]("entry 'few' requires n >= 6 at m.costate:3:9\00")
// CHECK-DAG:   llvm.func @costate_fail_extent(!llvm.ptr, !llvm.ptr, i64) -> i32
// CHECK-LABEL: func.func @entry.few(
// CHECK-SAME:    %[[C:[^:]*]]: !llvm.ptr
// CHECK:         %[[N:.*]] = arith.index_cast %{{.*}} : index to i64
// CHECK:         %[[LEAST:.*]] = llvm.mlir.constant(6 : i64)
// CHECK:         %[[HOLDS:.*]] = arith.cmpi sge, %[[N]], %[[LEAST]]
// CHECK:         cf.cond_br %[[HOLDS]] weights([1048576, 1]), ^[[REST:bb[0-9]+]], ^[[REFUSED:bb[0-9]+]]
// CHECK:       ^[[REFUSED]]:
// CHECK:         %[[WORDS:.*]] = llvm.mlir.addressof @[[TEXT]]
// CHECK:         %[[CODE:.*]] = llvm.call @costate_fail_extent(%[[C]], %[[WORDS]], %[[N]])
// CHECK:         return %[[CODE]]
// CHECK:       ^[[REST]]:
// CHECK:         call @entry.few.body
func.func @few(%x: memref<?xf32> {optim.role = "input", optim.name = "x", graph.dims = [#graph.dim<n>]},
               %y: memref<f32> {optim.role = "output", optim.name = "y"})
    attributes {optim.entry, graph.requires = [#graph.requirement<<n - 6>, "m.costate:3:9">]} {
  %c5 = arith.constant 5 : index
  %v = memref.load %x[%c5] : memref<?xf32>
  memref.store %v, %y[] : memref<f32>
  return
}

// -----

// Nor where it brings too much.
// CHECK-DAG:   llvm.mlir.global private constant @{{text.*}}("entry 'many' requires 3 * n <= 500\00")
// CHECK-LABEL: func.func @entry.many(
// CHECK:         %[[THREE:.*]] = arith.muli
// CHECK:         %[[N:.*]] = arith.index_cast %[[THREE]] : index to i64
// CHECK:         %[[MOST:.*]] = llvm.mlir.constant(500 : i64)
// CHECK:         arith.cmpi sle, %[[N]], %[[MOST]]
func.func @many(%x: memref<?xf32> {optim.role = "input", optim.name = "x", graph.dims = [#graph.dim<n>]},
                %y: memref<f32> {optim.role = "output", optim.name = "y"})
    attributes {optim.entry, graph.requires = [#graph.requirement<<500 - 3 * n>, "">]} {
  return
}

// -----

// A C function of the program gets the pointer that goes with it; what it returns is reported with its name and place.
// CHECK-DAG:   llvm.mlir.global external @extern.f.data() {{.*}}: !llvm.ptr
// CHECK-DAG:   llvm.mlir.global private constant @[[WHO:text.*]]("'f' at {{[^"]*}}codegen-bind-entries.mlir:[[#@LINE+14]]:3\00")
// CHECK-DAG:   llvm.func @extern.f(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
// CHECK-LABEL: func.func private @entry.call.body(
// CHECK-SAME:    %[[CTX:[^:]*]]: !llvm.ptr,
// CHECK:         %[[PLACE:.*]] = llvm.mlir.addressof @extern.f.data
// CHECK:         %[[DATA:.*]] = llvm.load %[[PLACE]]
// CHECK:         %[[CODE:.*]] = llvm.call @extern.f(%[[CTX]], %{{.*}}, %{{.*}}, %[[DATA]])
// CHECK:         cf.cond_br %{{.*}}, ^[[FAILED:bb[0-9]+]], ^
// CHECK:       ^[[FAILED]]:
// CHECK:         %[[TEXT:.*]] = llvm.mlir.addressof @[[WHO]]
// CHECK:         %[[REPORTED:.*]] = llvm.call @costate_fail_extern(%[[CTX]], %[[TEXT]], %[[CODE]])
// CHECK:         cf.br ^{{.*}}(%[[REPORTED]] : i32)
func.func @call(%x: memref<4xf32> {optim.role = "input", optim.name = "x"},
                %y: memref<4xf32> {optim.role = "output", optim.name = "y"}) attributes {optim.entry} {
  kernel.extern @extern.f(%x) outs(%y) prototype "int32_t f()" : (memref<4xf32>) outs(memref<4xf32>)
  return
}

// -----

// Threads share the calls: the closure holds address and length of the workspace, and the number; a code that is not 0 ends the entry.
// CHECK-LABEL: func.func private @step.tasks
// CHECK-SAME: (%[[CTX:.*]]: !llvm.ptr, %[[I:.*]]: i32, %[[CLOSURE:.*]]: !llvm.ptr) -> i32
// CHECK: %[[INDEX:.*]] = arith.index_cast %[[I]] : i32 to index
// CHECK: %[[P:.*]] = llvm.getelementptr %[[CLOSURE]][0, 0]
// CHECK: llvm.load %[[P]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[P2:.*]] = llvm.getelementptr %[[CLOSURE]][0, 2]
// CHECK: %[[A:.*]] = llvm.load %[[P2]] : !llvm.ptr -> f32
// CHECK: memref.store %[[A]], %{{.*}}[%[[INDEX]]]
// CHECK: %[[ZERO:.*]] = llvm.mlir.constant(0 : i32)
// CHECK: return %[[ZERO]] : i32
// CHECK-LABEL: func.func private @entry.step.body
// CHECK-SAME: (%[[CONTEXT:[^:]*]]: !llvm.ptr
// CHECK: %[[HERE:.*]] = llvm.alloca {{.*}} x !llvm.struct<(ptr, i64, f32)>
// CHECK: llvm.store
// CHECK: %[[F:.*]] = constant @step.tasks : (!llvm.ptr, i32, !llvm.ptr) -> i32
// CHECK: %[[TASK:.*]] = builtin.unrealized_conversion_cast %[[F]]
// CHECK: %[[CODE:.*]] = llvm.call @halide_do_par_for(%[[CONTEXT]], %[[TASK]], %{{.*}}, %{{.*}}, %[[HERE]])
// CHECK: cf.cond_br {{.*}}(%[[CODE]] : i32)
func.func private @step.tasks(%i: index, %w: memref<?xi8>, %a: f32) attributes {codegen.tasks} {
  %c64 = arith.constant 64 : index
  %view = memref.view %w[%c64][] : memref<?xi8> to memref<8xf32>
  memref.store %a, %view[%i] : memref<8xf32>
  return
}
func.func @step(%x: memref<f32> {optim.role = "param", optim.name = "x"}, %w: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  %n = arith.constant 8 : index
  %a = memref.load %x[] : memref<f32>
  call @step.tasks(%n, %w, %a) : (index, memref<?xi8>, f32) -> ()
  return
}
func.func @step.workspace_size() -> index {
  %bytes = arith.constant 96 : index
  return %bytes : index
}

// -----

func.func private @step.tasks(%i: index, %w: memref<4xf32, strided<[1], offset: 4>>) attributes {codegen.tasks} {
  return
}
func.func @step(%x: memref<8xf32> {optim.role = "param", optim.name = "x"}) attributes {optim.entry} {
  %n = arith.constant 8 : index
  %part = memref.reinterpret_cast %x to offset: [4], sizes: [4], strides: [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 4>>
  // expected-error @below {{requires arrays that lie densely from their first element on}}
  call @step.tasks(%n, %part) : (index, memref<4xf32, strided<[1], offset: 4>>) -> ()
  return
}
