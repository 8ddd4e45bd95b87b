// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_ELEMENTWISE_OPS
#define COSTATE_DIALECTS_GRAPH_ELEMENTWISE_OPS

include "costate/dialects/graph/Graph.td"

// result[i] = f(operands[i]): what kernel formation may inline anywhere. The derivative of each is one row of a table of
// partial derivatives (GraphDerivatives.cpp), which serves both directions; batching repeats the op on the batched shape.
def Graph_Elementwise : NativeOpTrait<"Elementwise"> {
  let cppNamespace = "::costate::graph";
}

class Graph_ElementwiseOp<string mnemonic, list<Trait> traits = []> : Graph_MapOp<mnemonic, !listconcat([Graph_Elementwise], traits)>;

class Graph_UnaryOp<string mnemonic, Type type, string formula, string element>
    : Graph_ElementwiseOp<mnemonic, [SameOperandsAndResultType]> {
  let summary = formula;
  let arguments = (ins type:$operand);
  let results = (outs type:$result);
  let assemblyFormat = "$operand attr-dict `:` type($result)";
  let description = "```mlir\n%y = graph." # mnemonic # " %x : tensor<?x8x" # element # ">\n```\n";
}

class Graph_UnaryFloatOp<string mnemonic, string formula> : Graph_UnaryOp<mnemonic, Graph_FloatTensor, formula, "f32">;

class Graph_BinaryOp<string mnemonic, Type type, string formula, string element = "f32", list<Trait> traits = []>
    : Graph_ElementwiseOp<mnemonic, !listconcat([SameOperandsAndResultType], traits)> {
  let summary = formula;
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
  let description = "```mlir\n%z = graph." # mnemonic # " %x, %y : tensor<?x8x" # element # ">\n```\n";
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

def Graph_AddOp : Graph_BinaryOp<"add", Graph_Tensor, "x + y", "f32", [Commutative]> {
  let hasFolder = 1;
}
def Graph_SubtractOp : Graph_BinaryOp<"subtract", Graph_Tensor, "x - y"> {
  let hasFolder = 1;
}
def Graph_MultiplyOp : Graph_BinaryOp<"multiply", Graph_Tensor, "x * y", "f32", [Commutative]> {
  let hasFolder = 1;
}
def Graph_DivideOp : Graph_BinaryOp<"divide", Graph_Tensor,
    "x / y; integers round toward zero, x / 0 is -1 and the least integer divided by -1 is itself"> {
  let hasFolder = 1;
}
def Graph_RemainderOp : Graph_BinaryOp<"remainder", Graph_Tensor,
    "x - y * trunc(x / y), with the sign of x; an integer x remainder 0 is x">;
def Graph_MaximumOp : Graph_BinaryOp<"maximum", Graph_Tensor, "the larger; NaN if either is NaN, +0 is larger than -0", "f32", [Commutative]> {
  let hasFolder = 1;
}
def Graph_MinimumOp : Graph_BinaryOp<"minimum", Graph_Tensor, "the smaller; NaN if either is NaN, -0 is smaller than +0", "f32", [Commutative]> {
  let hasFolder = 1;
}
def Graph_PowerOp : Graph_BinaryOp<"power", Graph_FloatTensor,
    "x ** y as IEEE 754 pow: a negative x takes integer y only, x ** 0 is 1"> {
  let hasFolder = 1;
}
def Graph_Atan2Op : Graph_BinaryOp<"atan2", Graph_FloatTensor, "the angle of the point (y, x) in (-pi, pi]; the first operand is y">;

def Graph_NegateOp : Graph_UnaryOp<"negate", Graph_Tensor, "-x", "f32"> {
  let hasFolder = 1;
}
def Graph_AbsOp : Graph_UnaryOp<"abs", Graph_Tensor, "|x|; the derivative at 0 is 0", "f32"> {
  let hasFolder = 1;
}
def Graph_SignOp : Graph_UnaryOp<"sign", Graph_Tensor, "-1, 0 or 1; a zero keeps its sign, NaN stays; the derivative is 0", "f32">;

//===----------------------------------------------------------------------===//
// Functions of a real number
//===----------------------------------------------------------------------===//

def Graph_ExponentialOp : Graph_UnaryFloatOp<"exponential", "exp(x)">;
def Graph_ExponentialMinusOneOp : Graph_UnaryFloatOp<"exponential_minus_one", "exp(x) - 1, accurate near 0">;
def Graph_LogOp : Graph_UnaryFloatOp<"log", "natural logarithm; log(0) = -inf, log(x < 0) = NaN">;
def Graph_LogPlusOneOp : Graph_UnaryFloatOp<"log_plus_one", "log(1 + x), accurate near 0">;
def Graph_SqrtOp : Graph_UnaryFloatOp<"sqrt", "square root, correctly rounded">;
def Graph_RsqrtOp : Graph_UnaryFloatOp<"rsqrt", "1 / sqrt(x)">;
def Graph_TanhOp : Graph_UnaryFloatOp<"tanh", "hyperbolic tangent">;
def Graph_LogisticOp : Graph_UnaryFloatOp<"logistic", "1 / (1 + exp(-x)), without overflow">;
def Graph_ErfOp : Graph_UnaryFloatOp<"erf", "error function">;
def Graph_SineOp : Graph_UnaryFloatOp<"sine", "sin(x), x in radians">;
def Graph_CosineOp : Graph_UnaryFloatOp<"cosine", "cos(x), x in radians">;
def Graph_FloorOp : Graph_UnaryFloatOp<"floor", "the largest integer <= x; the derivative is 0">;
def Graph_CeilOp : Graph_UnaryFloatOp<"ceil", "the least integer >= x; the derivative is 0">;
def Graph_RoundNearestEvenOp : Graph_UnaryFloatOp<"round_nearest_even", "the nearest integer, ties to even; the derivative is 0">;

//===----------------------------------------------------------------------===//
// Logic, comparison, choice, conversion
//===----------------------------------------------------------------------===//

def Graph_AndOp : Graph_BinaryOp<"and", Graph_IntTensor, "bitwise and; logical on i1", "i32", [Commutative]> {
  let hasFolder = 1;
}
def Graph_OrOp : Graph_BinaryOp<"or", Graph_IntTensor, "bitwise or; logical on i1", "i32", [Commutative]> {
  let hasFolder = 1;
}
def Graph_XorOp : Graph_BinaryOp<"xor", Graph_IntTensor, "bitwise exclusive or; logical on i1", "i32", [Commutative]>;
def Graph_NotOp : Graph_UnaryOp<"not", Graph_IntTensor, "bitwise complement; logical on i1", "i1"> {
  let hasFolder = 1;
}

def Graph_ComparisonDirection : I32EnumAttr<"ComparisonDirection", "comparison", [
  I32EnumAttrCase<"EQ", 0>, I32EnumAttrCase<"NE", 1>, I32EnumAttrCase<"GE", 2>,
  I32EnumAttrCase<"GT", 3>, I32EnumAttrCase<"LE", 4>, I32EnumAttrCase<"LT", 5>]> {
  let cppNamespace = "::costate::graph";
}

def Graph_CompareOp : Graph_ElementwiseOp<"compare", [SameTypeOperands, SameOperandsAndResultShape,
    TypesMatchWith<"result has element type i1 and the operands' shape", "lhs", "result",
                   "::mlir::cast<::mlir::RankedTensorType>($_self).clone(::mlir::IntegerType::get($_ctxt, 1))">]> {
  let summary = "EQ, NE, GE, GT, LE or LT; IEEE: only NE holds for a NaN";
  let description = [{
    Unsigned for ui8 and i1, else signed.
    ```mlir
    %p = graph.compare LT, %x, %y : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_ComparisonDirection:$direction, Graph_Tensor:$lhs, Graph_Tensor:$rhs);
  let results = (outs Graph_BoolTensor:$result);
  let assemblyFormat = "$direction `,` $lhs `,` $rhs attr-dict `:` type($lhs)";
}

def Graph_SelectOp : Graph_ElementwiseOp<"select", [AllTypesMatch<["on_true", "on_false", "result"]>,
    TypesMatchWith<"predicate has element type i1 and the result's shape", "result", "pred",
                   "::mlir::cast<::mlir::RankedTensorType>($_self).clone(::mlir::IntegerType::get($_ctxt, 1))">]> {
  let summary = "pred ? on_true : on_false";
  let description = [{
    The value not chosen has no influence, NaN or not; its cotangent is 0.
    ```mlir
    %z = graph.select %p, %x, %y : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_BoolTensor:$pred, Graph_Tensor:$on_true, Graph_Tensor:$on_false);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$pred `,` $on_true `,` $on_false attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Graph_ConvertOp : Graph_ElementwiseOp<"convert", [SameOperandsAndResultShape]> {
  let summary = "value in another element type";
  let description = [{
    To a float: the nearest, ties to even. Float to integer: toward zero, saturating, NaN gives 0. To i1: x != 0.
    ```mlir
    %y = graph.convert %x : tensor<?xi32> -> tensor<?xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand) `->` type($result)";
  let hasFolder = 1;
}

#endif
