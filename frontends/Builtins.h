// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How built-in functions read their arguments; the functions themselves are tables in MathBuiltins.cpp,
// FactorizationBuiltins.cpp, FourierBuiltins.cpp, CollectiveBuiltins.cpp, RandomBuiltins.cpp, ShapeBuiltins.cpp and ElaborateProblems.cpp, and in plugins. What can be written in the
// language is not here but in std/.
#ifndef COSTATE_FRONTENDS_BUILTINS_H
#define COSTATE_FRONTENDS_BUILTINS_H

#include "costate/frontends/Elaborator.h"

namespace costate::importer {

llvm::ArrayRef<Builtin> mathBuiltins();
llvm::ArrayRef<Builtin> factorizationBuiltins();
llvm::ArrayRef<Builtin> fourierBuiltins();
llvm::ArrayRef<Builtin> collectiveBuiltins();
llvm::ArrayRef<Builtin> problemBuiltins();
llvm::ArrayRef<Builtin> randomBuiltins();
llvm::ArrayRef<Builtin> shapeBuiltins();

/// Argument `i` as a tensor. A parameter set becomes the vector of its elements, unless the function treats them one by one and so keeps its layout.
mlir::FailureOr<Tensor> tensorArgument(Elaborator &e, const BuiltinCall &call, size_t i, bool keepsLayout = false);
mlir::FailureOr<Tensor> floatArgument(Elaborator &e, const BuiltinCall &call, size_t i, bool keepsLayout = false);
/// An integer known at import, or as a polynomial of sizes.
mlir::FailureOr<graph::DimAttr> integerArgument(Elaborator &e, const BuiltinCall &call, size_t i);
mlir::FailureOr<bool> flagArgument(Elaborator &e, const BuiltinCall &call, size_t i, bool absent);
mlir::FailureOr<graph::Dims> shapeArgument(Elaborator &e, const BuiltinCall &call, size_t i);
/// A number or a scalar tensor of type `type`.
mlir::FailureOr<Tensor> scalarArgument(Elaborator &e, const BuiltinCall &call, size_t i, mlir::Type type, Number absent);
/// A type of elements.
mlir::FailureOr<mlir::Type> typeArgument(Elaborator &e, const BuiltinCall &call, size_t i, mlir::Type absent);
/// An axis of a tensor of this rank; negative ones count from the end.
mlir::FailureOr<int64_t> axisArgument(Elaborator &e, const BuiltinCall &call, size_t i, int64_t rank);
/// An axis of `x`, the last if the argument is absent; an error if argument 0, which is `x`, has none.
mlir::FailureOr<int64_t> lastAxisArgument(Elaborator &e, const BuiltinCall &call, size_t i, const Tensor &x);
/// One axis or a list of them, ascending; all axes if the argument is absent.
mlir::FailureOr<llvm::SmallVector<int64_t>> axesArgument(Elaborator &e, const BuiltinCall &call, size_t i, int64_t rank);
/// The largest or the least number of a type.
Number extremeOf(mlir::Type type, bool isLargest);
/// An error for argument `i`: "'sum' requires 'axis' to be <what>, but got <the value>".
Failure argumentError(Elaborator &e, const BuiltinCall &call, size_t i, const llvm::Twine &what);

} // namespace costate::importer

#endif // COSTATE_FRONTENDS_BUILTINS_H
