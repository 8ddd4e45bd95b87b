// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_GRAPH
#define COSTATE_DIALECTS_GRAPH_GRAPH

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "costate/dialects/interfaces/Differentiable.td"
include "costate/dialects/interfaces/Batchable.td"
include "costate/dialects/interfaces/Expandable.td"

def Graph_Dialect : Dialect {
  let name = "graph";
  let cppNamespace = "::costate::graph";
  let summary = "pure tensor operations, and the requests for derivatives and batching of functions";
  let description = [{
    Values are builtin ranked tensors; a scalar is `tensor<T>`. Every op is pure. Broadcasting is explicit. An op has StableHLO's name
    where StableHLO has the op, else NumPy's. An op exists only if some pass reads its structure; everything else is a
    composition, written in the model language.

    The extent of an axis is an integer, a name, or a polynomial in names (`#graph.dim<2 * batch + 1>`). Types stay plain
    (`tensor<?x64xf32>`): arguments of functions carry `graph.dims`, ops that make a shape out of nothing carry `shape`, and
    `Dimensions` (Dimensions.h) gives every axis of every value its expression.

    ```mlir
    func.func private @loss(%w: tensor<64x10xf32>, %x: tensor<?x64xf32> {graph.dims = [#graph.dim<batch>, #graph.dim<64>]},
                            %y: tensor<?xi32> {graph.dims = [#graph.dim<batch>]}) -> tensor<f32> {
      %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x64xf32>, tensor<64x10xf32> -> tensor<?x10xf32>
      %n = graph.logsumexp %z axes [1] : tensor<?x10xf32> -> tensor<?xf32>
      %p = graph.gather %z, %y batch_dims 1 : tensor<?x10xf32>, tensor<?xi32> -> tensor<?xf32>
      %d = graph.subtract %n, %p : tensor<?xf32>
      %s = graph.reduce_sum %d axes [0] : tensor<?xf32> -> tensor<f32>
      return %s : tensor<f32>
    }
    func.func @step(%w: tensor<64x10xf32>, %x: tensor<?x64xf32> {graph.dims = [#graph.dim<batch>, #graph.dim<64>]},
                    %y: tensor<?xi32> {graph.dims = [#graph.dim<batch>]}) -> tensor<64x10xf32> {
      %one = graph.constant dense<1.0> : tensor<f32>
      %loss, %dw = graph.vjp @loss(%w, %x, %y) wrt [0] from(%one)
          : (tensor<64x10xf32>, tensor<?x64xf32>, tensor<?xi32>, tensor<f32>) -> (tensor<f32>, tensor<64x10xf32>)
      return %dw : tensor<64x10xf32>
    }
    ```
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasRegionArgAttrVerify = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = "void registerAttributes();";
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

def Graph_DimFunctionKind : I32EnumAttr<"DimFunctionKind", "function in a dimension", [
  I32EnumAttrCase<"floordiv", 0>, I32EnumAttrCase<"max", 1>, I32EnumAttrCase<"min", 2>, I32EnumAttrCase<"isqrt", 3>]> {
  let cppNamespace = "::costate::graph";
  let genSpecializedAttr = 0;
}

def Graph_DimAttr : AttrDef<Graph_Dialect, "Dim"> {
  let mnemonic = "dim";
  let summary = "the extent of an axis: a polynomial in names with integer coefficients";
  let description = [{
    A sum of terms, each an integer times a product of atoms; an atom is a name, floordiv, max or min of two dimensions, or isqrt of one, its
    root rounded down. The form is canonical: two attributes are equal if and only if their normal forms are. Examples: `#graph.dim<64>`,
    `#graph.dim<batch>`, `#graph.dim<2 * batch + 1>`, `#graph.dim<floordiv(n + 3, 4)>`, `#graph.dim<max(m, n)>`, `#graph.dim<isqrt(n) + 1>`.
  }];
  // Term i is coefficients[i] times the product of the atoms in monomials[i] (an ArrayAttr of StringAttr and DimFunctionAttr).
  let parameters = (ins ArrayRefParameter<"int64_t">:$coefficients, ArrayRefParameter<"::mlir::ArrayAttr">:$monomials);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    static DimAttr get(::mlir::MLIRContext *context, int64_t value);
    static DimAttr get(::mlir::MLIRContext *context, ::llvm::StringRef name);

    DimAttr operator+(DimAttr other) const;
    DimAttr operator-(DimAttr other) const;
    DimAttr operator*(DimAttr other) const;
    static DimAttr floorDiv(DimAttr a, DimAttr b);
    static DimAttr ceilDiv(DimAttr a, DimAttr b);
    static DimAttr max(DimAttr a, DimAttr b);
    static DimAttr min(DimAttr a, DimAttr b);
    /// The largest number whose square is at most `a`, which is not negative.
    static DimAttr isqrt(DimAttr a);

    std::optional<int64_t> constant() const;
    /// The name, if the dimension is one name and nothing else.
    std::optional<::llvm::StringRef> symbol() const;
    /// Replaces names; a name that `bind` maps to null stays.
    DimAttr substitute(::llvm::function_ref<DimAttr(::llvm::StringRef)> bind) const;
    void walkSymbols(::llvm::function_ref<void(::llvm::StringRef)> visit) const;
    /// The number, given those of the names; nullopt if a name has none or a division by zero occurs.
    std::optional<int64_t> evaluate(::llvm::function_ref<std::optional<int64_t>(::llvm::StringRef)> value) const;
    /// A number that the dimension is never below, whatever extents >= 0 the names have; nullopt if none was found.
    std::optional<int64_t> lowerBound() const;
    std::string str() const;
    /// The extent as a tensor type holds it: the constant, or ShapedType::kDynamic.
    int64_t extent() const;
  }];
}

def Graph_DimFunctionAttr : AttrDef<Graph_Dialect, "DimFunction"> {
  let mnemonic = "dim_function";
  let assemblyFormat = "`<` $kind `,` $lhs (`,` $rhs^)? `>`";
  let summary = "an atom of a dimension: floordiv, max or min of two dimensions, isqrt of one; written only inside `#graph.dim`";
  let parameters = (ins "::costate::graph::DimFunctionKind":$kind, "::costate::graph::DimAttr":$lhs,
                        OptionalParameter<"::costate::graph::DimAttr">:$rhs);
}

def Graph_RequirementAttr : AttrDef<Graph_Dialect, "Requirement"> {
  let mnemonic = "requirement";
  let assemblyFormat = "`<` $dim `,` $place `>`";
  let summary = "a dimension that must not be negative, and where the program asks for it";
  let description = [{
    An entry carries those of its body that are not known to hold as `graph.requires`; a call that breaks one is refused. Of `x[5]` over `batch` rows:
    `#graph.requirement<<batch - 6>, "digits.costate:7:12">`.
  }];
  let parameters = (ins "::costate::graph::DimAttr":$dim, StringRefParameter<>:$place);
}

def Graph_Tape : I32EnumAttr<"Tape", "what reverse mode keeps of the carries of a loop", [
  I32EnumAttrCase<"all", 0>, I32EnumAttrCase<"sqrt", 1>, I32EnumAttrCase<"none", 2>]> {
  let cppNamespace = "::costate::graph";
  let genSpecializedAttr = 0;
}

def Graph_TapeAttr : EnumAttr<Graph_Dialect, Graph_Tape, "tape"> {
  let summary = "what reverse mode keeps of the carries of a loop";
  let description = [{
    The attribute `graph.tape` of a loop. Reverse mode evaluates each trip again, last one first, and needs the carries at its start: `all` are kept;
    or `sqrt`, those of about every root of the trips, from which the others are computed once more; or `none`, and all are computed again from
    the start of the loop. So n trips take the memory of n carries, of two roots of n, or of one, and the time of one more loop, of two, or of n/2.
    `#graph.tape<sqrt>`
  }];
  let assemblyFormat = "`<` $value `>`";
}

def Graph_ShapeAttr : TypedArrayAttrBase<Graph_DimAttr, "array of dimensions">;

//===----------------------------------------------------------------------===//
// Types and op base classes
//===----------------------------------------------------------------------===//

def Graph_Float : AnyTypeOf<[F32, F64], "f32 or f64">;
def Graph_Int : AnyTypeOf<[I1, I8, I32, I64, UI8], "i1, i8, ui8, i32 or i64">;
def Graph_Number : AnyTypeOf<[F32, F64, I1, I8, I32, I64, UI8, BF16, F16], "number">;

def Graph_FloatTensor : RankedTensorOf<[Graph_Float]>;
def Graph_IntTensor : RankedTensorOf<[Graph_Int]>;
def Graph_BoolTensor : RankedTensorOf<[I1]>;
def Graph_IndexTensor : RankedTensorOf<[I32, I64]>;
def Graph_Tensor : RankedTensorOf<[Graph_Number]>;
def Graph_Key : RankedTensorOf<[I64]>;

// `dimensionMethods`: methods of Dimensioned that have a default and that the op defines nevertheless.
class Graph_Op<string mnemonic, list<Trait> traits = [], list<string> dimensionMethods = []>
    : Op<Graph_Dialect, mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<Costate_Dimensioned, dimensionMethods>], traits)>;

// An op with derivative and batching rules.
class Graph_MapOp<string mnemonic, list<Trait> traits = [], list<string> dimensionMethods = []>
    : Graph_Op<mnemonic, !listconcat([DeclareOpInterfaceMethods<Costate_Differentiable>,
                                      DeclareOpInterfaceMethods<Costate_Batchable>], traits), dimensionMethods>;

#endif
