// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that the oracle is made of. Each computes an array and records how to transpose itself, in terms of these functions.
//
// All layout and indexing is one pair: `take` reads elements by a table of flat positions, `put` adds elements at them, and each is the
// other's transpose. All contraction is `einsum`, whose transpose is an einsum. So the oracle shares no rule with the compiler.
// Operands of one call have one kind and, unless said otherwise, one shape.

#ifndef COSTATE_TESTS_ORACLE_ALGEBRA_H
#define COSTATE_TESTS_ORACLE_ALGEBRA_H

#include "costate/tests/oracle/Tape.h"

namespace costate::oracle {

//===----------------------------------------------------------------------===//
// Arithmetic; integers are exact modulo 2^width
//===----------------------------------------------------------------------===//

Node add(const Node &a, const Node &b);
Node sub(const Node &a, const Node &b);
Node mul(const Node &a, const Node &b);
/// Integers round toward zero; x / 0 = -1, least / -1 = least.
Node div(const Node &a, const Node &b);
Node neg(const Node &a);
Node scale(const Node &a, double factor);
/// x - y * trunc(x / y), exactly; an integer x remainder 0 is x.
Node remainder(const Node &a, const Node &b);
/// pred (i1) ? a : b; the value not chosen has no cotangent.
Node where(const Node &pred, const Node &a, const Node &b);

//===----------------------------------------------------------------------===//
// Functions of real numbers
//===----------------------------------------------------------------------===//

Node exp(const Node &x);
Node expm1(const Node &x);
Node log(const Node &x);
Node log1p(const Node &x);
Node sqrt(const Node &x);
Node tanh(const Node &x);
Node logistic(const Node &x);
Node erf(const Node &x);
Node sin(const Node &x);
Node cos(const Node &x);
Node power(const Node &x, const Node &y);
Node atan2(const Node &y, const Node &x);

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

/// A flat position per element; -1 stands for none.
using Positions = std::shared_ptr<const std::vector<int64_t>>;

/// result[i] = x[positions[i]], or zero.
Node take(const Node &x, Positions positions, llvm::ArrayRef<int64_t> shape);
/// result[positions[i]] += x[i], in order, from zero.
Node put(const Node &x, Positions positions, llvm::ArrayRef<int64_t> shape);

/// As take, with the position in x computed from the index in the result: nullopt-like -1 gives zero.
Node takeBy(const Node &x, llvm::ArrayRef<int64_t> shape, llvm::function_ref<int64_t(llvm::ArrayRef<int64_t> index)> position);

Node reshape(const Node &x, llvm::ArrayRef<int64_t> shape);
/// Axis i of x becomes axis dims[i] of the result; an axis of extent 1 is repeated.
Node broadcast(const Node &x, llvm::ArrayRef<int64_t> dims, llvm::ArrayRef<int64_t> shape);
/// Element `index` of axis `axis`, which is dropped.
Node at(const Node &x, int64_t axis, int64_t index);
/// Arrays of one shape along a new axis in front. `shape` is that of one, for the case of none.
Node stack(const Nodes &parts, Kind kind, llvm::ArrayRef<int64_t> shape);

/// Sum over `axes`.
Node sum(const Node &x, llvm::ArrayRef<int64_t> axes);
/// Running sums along `axis`.
Node cumsum(const Node &x, int64_t axis, bool reverse);
/// Element `i` along an axis is that of `parts` at i.
Node join(const Nodes &parts, Kind kind, llvm::ArrayRef<int64_t> shape, int64_t axis);

/// result[out] = sum over the labels not in `out` of a[labelsA] * b[labelsB]. A label names one extent; each label of an operand occurs in
/// the other operand or in `out`, once per list.
Node einsum(const Node &a, llvm::ArrayRef<int64_t> labelsA, const Node &b, llvm::ArrayRef<int64_t> labelsB, llvm::ArrayRef<int64_t> out);

/// In another kind. To integers: toward zero, saturating, NaN gives 0; to i1: x != 0. Between reals it is linear.
Node cast(const Node &x, Kind kind);

/// Shape without `axes`, and the axes that stay.
Shape without(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> axes);
Shape complement(llvm::ArrayRef<int64_t> axes, int64_t rank);

/// A constant of x's kind and shape.
Node like(const Node &x, double value);

/// An i1 array from a predicate on each element; used for masks, which carry no derivative.
Node mask(const Node &x, llvm::function_ref<bool(double)> holds);

} // namespace costate::oracle

#endif
