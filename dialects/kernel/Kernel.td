// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_DIALECTS_KERNEL_KERNEL_TD
#define COSTATE_DIALECTS_KERNEL_KERNEL_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::costate::kernel";
  let summary = "index-space stages and their schedule, as two regions of one op";
  let description = [{
    A kernel is a list of *stages* over index spaces, and a *schedule* that says in which order and where they are computed. Stages
    are Halide's functions: a pure definition, then ordered updates over reduction domains. The schedule is a list of Halide's
    directives. What a kernel computes is in the stages alone: a schedule that verifies never changes a result.

    ```mlir
    kernel.define @logsumexp_rows(%n: index, %x: !kernel.buffer<?x10xf32>) -> (!kernel.buffer<?xf32>) stages {
      %m = kernel.stage "m" (%i0 < %n) : f32 {
        %low = arith.constant 0xFF800000 : f32
        kernel.yield %low : f32
      } updates (%self) {
        kernel.update (%i0) over (%r0 < 10) {
          %a = kernel.load %self[%i0] : !kernel.buffer<?xf32>
          %b = kernel.load %x[%i0, %r0] : !kernel.buffer<?x10xf32>
          %v = arith.maximumf %a, %b : f32
          kernel.write %v at [%i0] : f32
        }
      }
      %s = kernel.stage "s" (%i0 < %n) : f32 {
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {
        kernel.update (%i0) over (%r0 < 10) {
          %a = kernel.load %self[%i0] : !kernel.buffer<?xf32>
          %b = kernel.load %x[%i0, %r0] : !kernel.buffer<?x10xf32>
          %c = kernel.load %m[%i0] : !kernel.buffer<?xf32>
          %d = arith.subf %b, %c : f32
          %e = math.exp %d : f32
          %v = arith.addf %a, %e : f32
          kernel.write %v at [%i0] : f32
        }
      }
      %y = kernel.stage "y" (%i0 < %n) : f32 {
        %a = kernel.load %m[%i0] : !kernel.buffer<?xf32>
        %b = kernel.load %s[%i0] : !kernel.buffer<?xf32>
        %c = math.log %b : f32
        %v = arith.addf %a, %c : f32
        kernel.yield %v : f32
      }
      kernel.output %y : !kernel.buffer<?xf32>
    } schedule {
      kernel.split "y" "i0" into "i0o", "i0i" by 8 guard_with_if
      kernel.parallel "y" "i0o"
      kernel.compute_at "m" at "y" "i0o"
      kernel.compute_at "s" at "y" "i0o"
    }
    ```

    Loop variables are named by position, so equal kernels print equally: the pure variables of a stage are `i0`, `i1`, ...
    (outermost first, as in the buffer), the reduction variables of an update `r0`, `r1`, ... (outermost first).
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

def Kernel_BufferType : TypeDef<Kernel_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "dense row-major array that a kernel reads or a stage defines";
  let description = [{
    The values of an argument or of a stage, addressed by one index a dimension. Whether a stage's buffer is ever stored, and where,
    is the schedule's business. Elements are integers or floats; `?` stands for an extent known at run time.

    ```mlir
    !kernel.buffer<?x10xf32>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    bool isDynamicDim(int64_t dim) const { return ::mlir::ShapedType::isDynamic(getShape()[dim]); }
  }];
}

// Who runs a call: object code from Halide, or loops in the host function.
def Kernel_Executor : I32EnumAttr<"Executor", "who runs a kernel", [
    I32EnumAttrCase<"Halide", 0, "halide">, I32EnumAttrCase<"Loops", 1, "loops">]> {
  let cppNamespace = "::costate::kernel";
  let genSpecializedAttr = 0;
}
def Kernel_ExecutorAttr : EnumAttr<Kernel_Dialect, Kernel_Executor, "executor">;

// What a split does with an extent that its factor does not divide.
def Kernel_Tail : I32EnumAttr<"Tail", "treatment of a ragged tail", [
    I32EnumAttrCase<"RoundUp", 0, "round_up">, I32EnumAttrCase<"GuardWithIf", 1, "guard_with_if">,
    I32EnumAttrCase<"ShiftInwards", 2, "shift_inwards">, I32EnumAttrCase<"Predicate", 3, "predicate">]> {
  let cppNamespace = "::costate::kernel";
  let genSpecializedAttr = 0;
}
def Kernel_TailAttr : EnumAttr<Kernel_Dialect, Kernel_Tail, "tail">;

// Where a stage's values live between their definition and their use.
def Kernel_Memory : I32EnumAttr<"Memory", "place of a stage's values", [
    I32EnumAttrCase<"Heap", 0, "heap">, I32EnumAttrCase<"Stack", 1, "stack">, I32EnumAttrCase<"Register", 2, "register">]> {
  let cppNamespace = "::costate::kernel";
  let genSpecializedAttr = 0;
}
def Kernel_MemoryAttr : EnumAttr<Kernel_Dialect, Kernel_Memory, "memory">;

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits>;

#endif // COSTATE_DIALECTS_KERNEL_KERNEL_TD
