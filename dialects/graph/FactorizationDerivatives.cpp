// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of the factorizations, in the order of their ops: from the defining equations, with M the tangent seen from the factors. Each pullback
// is the transpose of the pushforward below it.

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/interfaces/Rules.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

namespace {

struct Triangle {
  bool upper = false, unit = false;

  /// Its elements that count, zero elsewhere.
  Value of(Emitter &e, Value a) const {
    double diagonal = unit ? 0.0 : 1.0;
    return upper ? e.upperTriangle(a, diagonal) : e.lowerTriangle(a, diagonal);
  }
};
constexpr Triangle kLower{}, kUpper{.upper = true}, kUnitLower{.unit = true};

/// A^-1 B, or A^-T B
Value solveTriangular(Emitter &e, Value a, Triangle triangle, Value b, bool transpose) {
  return e.create<TriangularSolveOp>(b.getType(), a, b, transpose, triangle.upper, triangle.unit);
}

/// B A^-1, or B A^-T
Value solveFromRight(Emitter &e, Value a, Triangle triangle, Value b, bool transpose) {
  return e.transposeMatrix(solveTriangular(e, a, triangle, e.transposeMatrix(b), !transpose));
}

int64_t rankOf(Value a) { return cast<RankedTensorType>(a.getType()).getRank(); }

/// diag(d) A and A diag(d)
Value scaleRows(Emitter &e, Value d, Value a) { return e.mul(e.spread(d, {rankOf(a) - 1}, a), a); }
Value scaleColumns(Emitter &e, Value a, Value d) { return e.mul(a, e.spread(d, {rankOf(a) - 2}, a)); }

Value diagonal(Emitter &e, Value a) { return e.sum(e.select(e.onDiagonal(a), a, e.zerosLike(a)), {rankOf(a) - 1}); }

/// diag(d), square as `like` is
Value diagonalMatrix(Emitter &e, Value d, Value like) {
  return e.select(e.onDiagonal(like), e.spread(d, {rankOf(like) - 1}, like), e.zerosLike(like));
}

Value addIfAny(Emitter &e, Value a, Value b) { return a && b ? e.add(a, b) : a ? a : b; }

/// What stands off the diagonal, divided by `gaps`, which are 0 on it.
Value divideByGaps(Emitter &e, Value a, Value gaps) {
  Value isOn = e.onDiagonal(a);
  return e.select(isOn, e.zerosLike(a), e.div(a, e.select(isOn, e.splat(1.0, gaps), gaps)));
}

} // namespace

//===----------------------------------------------------------------------===//
// cholesky
//===----------------------------------------------------------------------===//

// With Phi the lower triangle with half the diagonal: S = L^-T Phi(L^T ct) L^-1; dA is the lower triangle of S + S^T, the diagonal once.
void CholeskyOp::pullback(Pullback &p) {
  Value l = getResult();
  Value middle = p.lowerTriangle(p.matmul(p.transposeMatrix(l), p.lowerTriangle(p.cotangent())), 0.5);
  Value s = solveFromRight(p, l, kLower, solveTriangular(p, l, kLower, middle, /*transpose=*/true), /*transpose=*/false);
  p.accumulate(getOperand(), p.lowerTriangle(p.add(s, p.transposeMatrix(s)), 0.5));
}

// dL = L Phi(L^-1 T L^-T), T the symmetric matrix whose lower triangle the tangent gives
void CholeskyOp::pushforward(Pushforward &p) {
  Value t = p.tangent(getOperand());
  if (!t)
    return;
  Value half = p.lowerTriangle(t, 0.5), l = getResult();
  Value left = solveTriangular(p, l, kLower, p.add(half, p.transposeMatrix(half)), /*transpose=*/false);
  p.set(p.matmul(l, p.lowerTriangle(solveFromRight(p, l, kLower, left, /*transpose=*/true), 0.5)));
}

//===----------------------------------------------------------------------===//
// triangular_solve, solve: A X = B gives dB = A^-T ct, dA = -dB X^T; A^T X = B gives dB = A^-1 ct, dA = -X dB^T
//===----------------------------------------------------------------------===//

static Value pullToMatrix(Pullback &p, Value x, Value db, bool transpose) {
  return p.neg(transpose ? p.matmul(x, p.transposeMatrix(db)) : p.matmul(db, p.transposeMatrix(x)));
}

/// dB - dA X, or dB - dA^T X; null if both are
static Value pushToRight(Pushforward &p, Value ta, Value tb, Value x, bool transpose) {
  if (!ta)
    return tb;
  Value moved = p.matmul(transpose ? p.transposeMatrix(ta) : ta, x);
  return tb ? p.sub(tb, moved) : p.neg(moved);
}

void TriangularSolveOp::pullback(Pullback &p) {
  Triangle triangle{getUpper(), getUnit()};
  Value db = solveTriangular(p, getA(), triangle, p.cotangent(), !getTranspose());
  p.accumulate(getB(), db);
  if (p.isActive(getA()))
    p.accumulate(getA(), triangle.of(p, pullToMatrix(p, getResult(), db, getTranspose())));
}

void TriangularSolveOp::pushforward(Pushforward &p) {
  Triangle triangle{getUpper(), getUnit()};
  Value ta = p.tangent(getA());
  if (Value right = pushToRight(p, ta ? triangle.of(p, ta) : ta, p.tangent(getB()), getResult(), getTranspose()))
    p.set(solveTriangular(p, getA(), triangle, right, getTranspose()));
}

void SolveOp::pullback(Pullback &p) {
  Value db = p.create<SolveOp>(getType(), getA(), p.cotangent(), !getTranspose());
  p.accumulate(getB(), db);
  if (p.isActive(getA()))
    p.accumulate(getA(), pullToMatrix(p, getResult(), db, getTranspose()));
}

void SolveOp::pushforward(Pushforward &p) {
  if (Value right = pushToRight(p, p.tangent(getA()), p.tangent(getB()), getResult(), getTranspose()))
    p.set(p.create<SolveOp>(getType(), getA(), right, getTranspose()));
}

//===----------------------------------------------------------------------===//
// lu: with P A = L U and M = L^-1 P dA U^-1, dL = L tril(M, -1) and dU = triu(M) U
//===----------------------------------------------------------------------===//

// dA = P^T L^-T (tril(L^T ctL, -1) + triu(ctU U^T)) U^-T
void LuOp::pullback(Pullback &p) {
  Value lu = getPacked(), ct = p.cotangent(0);
  if (!ct)
    return;
  Value ctL = kUnitLower.of(p, ct), ctU = kUpper.of(p, ct);
  Value left = p.add(ctL, p.matmul(p.transposeMatrix(kUnitLower.of(p, lu)), ctL));
  Value right = p.matmul(ctU, p.transposeMatrix(kUpper.of(p, lu)));
  Value m = p.add(kUnitLower.of(p, left), kUpper.of(p, right));
  Value rows = solveFromRight(p, lu, kUpper, solveTriangular(p, lu, kUnitLower, m, /*transpose=*/true), /*transpose=*/true);
  p.accumulate(getOperand(), p.scatterAdd(p.zerosLike(rows), getPermutation(), rows, rankOf(rows) - 2));
}

void LuOp::pushforward(Pushforward &p) {
  Value lu = getPacked(), t = p.tangent(getOperand());
  if (!t)
    return;
  Value rows = p.gather(t, getPermutation(), rankOf(t) - 2);
  Value m = solveFromRight(p, lu, kUpper, solveTriangular(p, lu, kUnitLower, rows, /*transpose=*/false), /*transpose=*/false);
  Value left = kUnitLower.of(p, m), right = kUpper.of(p, m);
  Value dL = p.add(left, p.matmul(kUnitLower.of(p, lu), left)), dU = p.matmul(right, kUpper.of(p, lu));
  p.set(p.add(dL, dU), 0);
}

//===----------------------------------------------------------------------===//
// qr: with C = dA R^-1 and N the upper triangular triu(Q^T C) + tril(Q^T C, -1)^T, dQ = C - Q N and dR = N R
//===----------------------------------------------------------------------===//

// dA = (ctQ + Q S) R^-T, S the symmetric matrix whose lower triangle is that of R ctR^T - ctQ^T Q (Walter & Lehmann 2018, arXiv:1001.1654)
void QrOp::pullback(Pullback &p) {
  Value q = getQ(), r = getR(), ctQ = p.cotangent(0), ctR = p.cotangent(1), m, ctC;
  if (ctR)
    m = p.matmul(r, p.transposeMatrix(kUpper.of(p, ctR)));
  if (ctQ)
    m = addIfAny(p, m, p.neg(p.matmul(p.transposeMatrix(ctQ), q)));
  if (!m)
    return;
  Value symmetric = p.add(p.lowerTriangle(m), p.transposeMatrix(p.lowerTriangle(m, 0.0)));
  ctC = addIfAny(p, ctQ, p.matmul(q, symmetric));
  p.accumulate(getOperand(), solveFromRight(p, r, kUpper, ctC, /*transpose=*/true));
}

void QrOp::pushforward(Pushforward &p) {
  Value q = getQ(), r = getR(), t = p.tangent(getOperand());
  if (!t)
    return;
  Value c = solveFromRight(p, r, kUpper, t, /*transpose=*/false), m = p.matmul(p.transposeMatrix(q), c);
  Value n = p.add(p.upperTriangle(m), p.transposeMatrix(p.lowerTriangle(m, 0.0)));
  p.set(p.sub(c, p.matmul(q, n)), 0);
  p.set(p.matmul(n, r), 1);
}

//===----------------------------------------------------------------------===//
// eigh: with M = V^T dA V, d values = diag(M) and dV = V (F * M), F[i, j] = 1 / (values[j] - values[i])
//===----------------------------------------------------------------------===//

/// values[j] - values[i]
static Value gapsOf(Emitter &e, Value values, Value like) {
  return e.sub(e.spread(values, {rankOf(like) - 2}, like), e.spread(values, {rankOf(like) - 1}, like));
}

// S = V (diag(ct values) + F * V^T ctV) V^T; dA is the lower triangle of S + S^T, the diagonal once.
void EighOp::pullback(Pullback &p) {
  Value w = getValues(), v = getVectors(), ctW = p.cotangent(0), ctV = p.cotangent(1), m;
  if (ctW)
    m = diagonalMatrix(p, ctW, v);
  if (ctV)
    m = addIfAny(p, m, divideByGaps(p, p.matmul(p.transposeMatrix(v), ctV), gapsOf(p, w, v)));
  if (!m)
    return;
  Value s = p.matmul(p.matmul(v, m), p.transposeMatrix(v));
  p.accumulate(getOperand(), p.lowerTriangle(p.add(s, p.transposeMatrix(s)), 0.5));
}

void EighOp::pushforward(Pushforward &p) {
  Value w = getValues(), v = getVectors(), t = p.tangent(getOperand());
  if (!t)
    return;
  Value half = p.lowerTriangle(t, 0.5);
  Value m = p.matmul(p.matmul(p.transposeMatrix(v), p.add(half, p.transposeMatrix(half))), v);
  p.set(diagonal(p, m), 0);
  p.set(p.matmul(v, divideByGaps(p, m, gapsOf(p, w, v))), 1);
}

//===----------------------------------------------------------------------===//
// svd: with D = dA V, M = U^T D, S = diag(s) and F[i, j] = 1 / (s[j]^2 - s[i]^2),
//   ds = diag(M), dU = U (F * (M S + S M^T)) + (D - U M) S^-1, dV = V (F * (S M + M^T S))
//===----------------------------------------------------------------------===//

/// s[j]^2 - s[i]^2, without cancellation
static Value squareGapsOf(Emitter &e, Value s, Value like) {
  return e.mul(gapsOf(e, s, like), e.add(e.spread(s, {rankOf(like) - 2}, like), e.spread(s, {rankOf(like) - 1}, like)));
}

/// Whether U spans less than the whole space, so that it can leave what it spans.
static bool isTall(Emitter &e, Value u) {
  Dims dims = e.dims(u);
  return dims.back() != dims[dims.size() - 2];
}

// ctM = diag(cts) + (P + P^T) S + S (N + N^T) with P = F * U^T ctU and N = F * Vh ctVh^T; dA = (U ctM + (ctU - U U^T ctU) S^-1) Vh
void SvdOp::pullback(Pullback &p) {
  Value u = getU(), s = getS(), vh = getVh(), ctU = p.cotangent(0), ctS = p.cotangent(1), ctVh = p.cotangent(2), m, rest;
  auto symmetric = [&](Value a) { return p.add(a, p.transposeMatrix(a)); };
  if (ctS)
    m = diagonalMatrix(p, ctS, vh);
  if (ctU) {
    Value inside = p.matmul(p.transposeMatrix(u), ctU);
    m = addIfAny(p, m, scaleColumns(p, symmetric(divideByGaps(p, inside, squareGapsOf(p, s, vh))), s));
    if (isTall(p, u))
      rest = scaleColumns(p, p.sub(ctU, p.matmul(u, inside)), p.div(1.0, s));
  }
  if (ctVh) {
    Value turned = divideByGaps(p, p.matmul(vh, p.transposeMatrix(ctVh)), squareGapsOf(p, s, vh));
    m = addIfAny(p, m, scaleRows(p, s, symmetric(turned)));
  }
  if (m)
    p.accumulate(getOperand(), p.matmul(addIfAny(p, p.matmul(u, m), rest), vh));
}

void SvdOp::pushforward(Pushforward &p) {
  Value u = getU(), s = getS(), vh = getVh(), t = p.tangent(getOperand());
  if (!t)
    return;
  Value d = p.matmul(t, p.transposeMatrix(vh)), m = p.matmul(p.transposeMatrix(u), d), mt = p.transposeMatrix(m);
  Value gaps = squareGapsOf(p, s, vh);
  Value du = p.matmul(u, divideByGaps(p, p.add(scaleColumns(p, m, s), scaleRows(p, s, mt)), gaps));
  if (isTall(p, u))
    du = p.add(du, scaleColumns(p, p.sub(d, p.matmul(u, m)), p.div(1.0, s)));
  Value turn = divideByGaps(p, p.add(scaleRows(p, s, m), scaleColumns(p, mt, s)), gaps);
  p.set(du, 0);
  p.set(diagonal(p, m), 1);
  p.set(p.matmul(p.transposeMatrix(turn), vh), 2);
}
