// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules of the factorizations, for each matrix of the last two axes. None has a formula of a derivative: lu, qr, cholesky and the solves are eliminations
// step by step on recorded numbers. eigh starts at vectors that plain numbers give, and then takes three steps of a refinement that converges
// quadratically, on recorded numbers; each step doubles the order to which the derivatives of its result are right. svd is made of eigh.

#include "costate/tests/oracle/Evaluator.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace costate::oracle {

namespace {

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

Node element(const Node &matrices, int64_t i, int64_t j) {
  int64_t rank = matrices->shape.size();
  return at(at(matrices, rank - 2, i), rank - 2, j);
}

Shape batchOf(const Node &matrices) { return Shape(ArrayRef(matrices->shape).drop_back(2)); }

/// The parts stand at [i][j] of the last two axes.
Node assemble(const std::vector<Nodes> &entries, int64_t columns, Kind kind, ArrayRef<int64_t> batch) {
  Nodes lines;
  Shape line{columns};
  line.append(batch.begin(), batch.end());
  for (const Nodes &row : entries)
    lines.push_back(stack(row, kind, batch));
  Node stacked = stack(lines, kind, line); // [i, j, batch...]
  Shape shape(batch), strides = stridesOf(stacked->shape);
  shape.push_back(entries.size());
  shape.push_back(columns);
  return takeBy(stacked, shape, [&](ArrayRef<int64_t> index) {
    int64_t from = index[batch.size()] * strides[0] + index[batch.size() + 1] * strides[1];
    for (size_t i = 0; i < batch.size(); ++i)
      from += index[i] * strides[2 + i];
    return from;
  });
}

/// All matrices one after the other: [count, m, n].
Node flattened(const Node &matrices) {
  Shape shape{count(batchOf(matrices))};
  shape.append(matrices->shape.end() - 2, matrices->shape.end());
  return reshape(matrices, shape);
}

/// `index` of the last two axes of the result is at (i, j) of x.
Node rearranged(const Node &x, ArrayRef<int64_t> shape, function_ref<std::pair<int64_t, int64_t>(int64_t i, int64_t j)> place) {
  Shape strides = stridesOf(x->shape);
  size_t batch = shape.size() - 2;
  return takeBy(x, shape, [&](ArrayRef<int64_t> index) {
    auto [i, j] = place(index[batch], index[batch + 1]);
    int64_t from = i * strides[batch] + j * strides[batch + 1];
    for (size_t axis = 0; axis < batch; ++axis)
      from += index[axis] * strides[axis];
    return from;
  });
}

Node transposed(const Node &x) {
  Shape shape = x->shape;
  std::swap(shape.back(), shape[shape.size() - 2]);
  return rearranged(x, shape, [](int64_t i, int64_t j) { return std::pair(j, i); });
}

Node matmul(const Node &a, const Node &b) {
  Shape left, right, out;
  int64_t batch = a->shape.size() - 2;
  for (int64_t i = 0; i < batch; ++i)
    left.push_back(i);
  right = out = left;
  left.append({batch, batch + 1});
  right.append({batch + 1, batch + 2});
  out.append({batch, batch + 2});
  return einsum(a, left, b, right, out);
}

Node identityLike(const Node &x) {
  Array result(x->kind, x->shape);
  int64_t n = x->shape.back();
  for (int64_t i = 0; i < result.size(); ++i)
    result.reals[i] = i / n % n == i % n;
  return result;
}

/// A number for each row or column, repeated.
Node alongRows(const Node &x, ArrayRef<int64_t> shape) {
  Shape dims;
  for (size_t i = 0; i + 1 < shape.size(); ++i)
    dims.push_back(i);
  return broadcast(x, dims, shape);
}
Node alongColumns(const Node &x, ArrayRef<int64_t> shape) {
  Shape dims;
  for (size_t i = 0; i + 2 < shape.size(); ++i)
    dims.push_back(i);
  dims.push_back(shape.size() - 1);
  return broadcast(x, dims, shape);
}

/// NaN for each matrix of `a` that is not finite.
Node orNan(const Node &result, const Node &a) {
  int64_t lanes = count(batchOf(a)), size = lanes ? a->size() / lanes : 0, each = lanes ? result->size() / lanes : 0;
  Array isFinite(Kind::i1, result->shape);
  for (int64_t i = 0; i < result->size(); ++i)
    isFinite.integers[i] = llvm::all_of(ArrayRef(a->reals).slice(i / each * size, size), [](double x) { return std::isfinite(x); });
  return where(Node(isFinite), result, like(result, std::numeric_limits<double>::quiet_NaN()));
}

//===----------------------------------------------------------------------===//
// Eliminations
//===----------------------------------------------------------------------===//

/// Column by column; only elements of the lower triangle are read, so the derivative is that of a function of them.
Node cholesky(const Node &a) {
  int64_t n = a->shape.back();
  Shape batch = batchOf(a);
  Node zero = Array(a->kind, batch);
  std::vector<Nodes> l(n, Nodes(n, zero));
  Array isDefinite = Array::full(Kind::i1, batch, 1);
  for (int64_t j = 0; j < n; ++j) {
    Node d = element(a, j, j);
    for (int64_t k = 0; k < j; ++k)
      d = sub(d, mul(l[j][k], l[j][k]));
    for (int64_t i = 0; i < d->size(); ++i)
      isDefinite.integers[i] &= d->reals[i] > 0;
    l[j][j] = sqrt(d);
    for (int64_t i = j + 1; i < n; ++i) {
      Node e = element(a, i, j);
      for (int64_t k = 0; k < j; ++k)
        e = sub(e, mul(l[i][k], l[j][k]));
      l[i][j] = div(e, l[j][j]);
    }
  }
  Node nan = like(zero, std::numeric_limits<double>::quiet_NaN());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j <= i; ++j)
      l[i][j] = where(Node(isDefinite), l[i][j], nan);
  return assemble(l, n, a->kind, batch);
}

/// Substitution by rows of B, forward if op(A) is a lower triangle, else backward.
Node triangularSolve(graph::TriangularSolveOp op, const Node &a, const Node &b) {
  int64_t rank = a->shape.size(), n = a->shape.back();
  bool forward = op.getUpper() == op.getTranspose();
  Shape rowShape = without(b->shape, {rank - 2}), dims;
  for (int64_t i = 0; i < rank - 2; ++i)
    dims.push_back(i);
  Nodes x(n);
  auto spread = [&](int64_t i, int64_t j) { return broadcast(op.getTranspose() ? element(a, j, i) : element(a, i, j), dims, rowShape); };
  for (int64_t step = 0; step < n; ++step) {
    int64_t i = forward ? step : n - 1 - step;
    Node row = at(b, rank - 2, i);
    for (int64_t k = forward ? 0 : i + 1; k < (forward ? i : n); ++k)
      row = sub(row, mul(spread(i, k), x[k]));
    x[i] = op.getUnit() ? row : div(row, spread(i, i));
  }
  Node stacked = stack(x, b->kind, rowShape); // [n, batch..., m]
  Shape strides = stridesOf(stacked->shape);
  return takeBy(stacked, b->shape, [&](ArrayRef<int64_t> index) {
    int64_t from = index[rank - 2] * strides[0] + index[rank - 1] * strides[rank - 1];
    for (int64_t i = 0; i < rank - 2; ++i)
      from += index[i] * strides[1 + i];
    return from;
  });
}

/// One matrix as numbers, and how its rows have been exchanged.
struct Rows {
  std::vector<Nodes> entries;
  std::vector<int64_t> order;

  Rows(const Node &a) {
    for (int64_t i = 0; i < a->shape[0]; ++i) {
      order.push_back(i);
      entries.emplace_back();
      for (int64_t j = 0; j < a->shape[1]; ++j)
        entries.back().push_back(element(a, i, j));
    }
  }

  /// Brings the first of the largest of column k, from row k on, to row k. False if all are 0.
  bool pivot(size_t k) {
    size_t best = k;
    auto size = [&](size_t i) { return std::abs(entries[i][k]->reals.front()); };
    for (size_t i = k + 1; i < entries.size(); ++i)
      if (size(i) > size(best))
        best = i;
    std::swap(entries[k], entries[best]);
    std::swap(order[k], order[best]);
    return size(k) != 0;
  }

  /// Takes row k from row i so that element k vanishes. Returns the factor.
  Node eliminate(size_t i, size_t k) {
    Node factor = div(entries[i][k], entries[k][k]);
    for (size_t j = k + 1; j < entries[i].size(); ++j)
      entries[i][j] = sub(entries[i][j], mul(factor, entries[k][j]));
    return factor;
  }
};

Nodes lu(const Node &a) {
  int64_t n = a->shape.back();
  Node all = flattened(a);
  Array permutation(Kind::i32, ArrayRef(a->shape).drop_back());
  Nodes lanes;
  for (int64_t lane = 0; lane < all->shape[0]; ++lane) {
    Rows rows(at(all, 0, lane));
    bool isFinite = llvm::all_of(at(all, 0, lane)->reals, [](double x) { return std::isfinite(x); });
    for (int64_t k = 0; k < n && isFinite; ++k)
      if (rows.pivot(k))
        for (int64_t i = k + 1; i < n; ++i)
          rows.entries[i][k] = rows.eliminate(i, k);
    std::copy(rows.order.begin(), rows.order.end(), permutation.integers.begin() + lane * n);
    lanes.push_back(assemble(rows.entries, n, a->kind, {}));
  }
  return {orNan(reshape(stack(lanes, a->kind, {n, n}), a->shape), a), permutation};
}

/// Gauss and Jordan: what takes A to a diagonal matrix takes B to X.
Node solve(const Node &a, const Node &b) {
  int64_t n = a->shape.back(), m = b->shape.back();
  Node matrices = flattened(a), rights = flattened(b);
  Nodes lanes;
  for (int64_t lane = 0; lane < matrices->shape[0]; ++lane) {
    Rows rows(at(matrices, 0, lane));
    Node right = at(rights, 0, lane);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < m; ++j)
        rows.entries[i].push_back(element(right, i, j));
    for (int64_t k = 0; k < n; ++k) {
      rows.pivot(k);
      for (int64_t i = 0; i < n; ++i)
        if (i != k)
          rows.eliminate(i, k);
    }
    std::vector<Nodes> x(n);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < m; ++j)
        x[i].push_back(div(rows.entries[i][n + j], rows.entries[i][i]));
    lanes.push_back(assemble(x, m, b->kind, {}));
  }
  return orNan(reshape(stack(lanes, b->kind, {n, m}), b->shape), a);
}

/// Gram and Schmidt, column by column.
Nodes qr(const Node &a) {
  int64_t n = a->shape.back(), axis = a->shape.size() - 2;
  Shape batch = batchOf(a), column(ArrayRef(a->shape).drop_back()), factorShape(batch), dims;
  factorShape.append({n, n});
  for (int64_t i = 0; i < axis; ++i)
    dims.push_back(i);
  Nodes q;
  std::vector<Nodes> r(n, Nodes(n, Array(a->kind, batch)));
  for (int64_t j = 0; j < n; ++j) {
    Node rest = at(a, axis + 1, j);
    for (int64_t i = 0; i < j; ++i) {
      r[i][j] = sum(mul(q[i], rest), {axis});
      rest = sub(rest, mul(broadcast(r[i][j], dims, column), q[i]));
    }
    r[j][j] = sqrt(sum(mul(rest, rest), {axis}));
    q.push_back(div(rest, broadcast(r[j][j], dims, column)));
  }
  Node stacked = stack(q, a->kind, column); // [n, batch..., m]
  Shape strides = stridesOf(stacked->shape);
  Node columns = takeBy(stacked, a->shape, [&](ArrayRef<int64_t> index) {
    int64_t from = index[axis + 1] * strides[0];
    for (int64_t i = 0; i <= axis; ++i)
      from += index[i] * strides[1 + i];
    return from;
  });
  return {orNan(columns, a), orNan(assemble(r, n, a->kind, batch), a)};
}

//===----------------------------------------------------------------------===//
// Refinements
//===----------------------------------------------------------------------===//

/// Eigenvectors of a symmetric matrix by Jacobi's rotations, as columns, their values ascending, signs as runtime/costate.h has them.
std::vector<double> jacobi(std::vector<double> a, int64_t n) {
  std::vector<double> v(n * n), sorted(n * n);
  for (int64_t i = 0; i < n; ++i)
    v[i * n + i] = 1;
  auto turn = [n](std::vector<double> &m, int64_t p, int64_t q, double c, double s, bool isRow) { // columns, or rows, p and q
    for (int64_t k = 0; k < n; ++k) {
      double &x = isRow ? m[p * n + k] : m[k * n + p], &y = isRow ? m[q * n + k] : m[k * n + q], kept = x;
      x = c * kept - s * y;
      y = s * kept + c * y;
    }
  };
  for (int sweep = 0; sweep < 30; ++sweep)
    for (int64_t p = 0; p < n; ++p)
      for (int64_t q = p + 1; q < n; ++q)
        if (a[p * n + q] != 0) {
          double angle = 0.5 * std::atan2(2 * a[p * n + q], a[q * n + q] - a[p * n + p]), c = std::cos(angle), s = std::sin(angle);
          turn(a, p, q, c, s, false);
          turn(a, p, q, c, s, true);
          turn(v, p, q, c, s, false);
          a[p * n + q] = a[q * n + p] = 0;
        }
  std::vector<int64_t> order(n);
  for (int64_t i = 0; i < n; ++i)
    order[i] = i;
  llvm::stable_sort(order, [&](int64_t i, int64_t j) { return a[i * n + i] < a[j * n + j]; });
  for (int64_t j = 0; j < n; ++j) {
    double largest = 0, sign = 0;
    for (int64_t i = 0; i < n; ++i)
      largest = std::max(largest, std::abs(v[i * n + order[j]]));
    for (int64_t i = 0; i < n; ++i) {
      double element = v[i * n + order[j]];
      if (sign == 0 && std::abs(element) >= 0.37 * largest)
        sign = element < 0 ? -1 : 1;
    }
    for (int64_t i = 0; i < n; ++i)
      sorted[i * n + j] = sign * v[i * n + order[j]];
  }
  return sorted;
}

/// Sums of the elements on the diagonal alone, for each row.
Node diagonal(const Node &x) { return sum(mul(x, identityLike(x)), {int64_t(x->shape.size()) - 1}); }

/// Values and vectors. The step is that of Ogita & Aishima 2018 (Iterative refinement for symmetric eigenvalue decomposition, algorithm 1): vectors of
/// equal values are only made orthogonal.
Nodes eigh(const Node &lower) {
  int64_t n = lower->shape.back(), lanes = count(batchOf(lower));
  Node a = rearranged(lower, lower->shape, [](int64_t i, int64_t j) { return std::pair(std::max(i, j), std::min(i, j)); });
  Array start(a->kind, a->shape);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    auto begin = a->reals.begin() + lane * n * n;
    bool isFinite = std::all_of(begin, begin + n * n, [](double x) { return std::isfinite(x); });
    std::vector<double> vectors = isFinite ? jacobi({begin, begin + n * n}, n) : std::vector<double>(n * n, std::numeric_limits<double>::quiet_NaN());
    for (int64_t i = 0; i < n * n; ++i)
      start.reals[lane * n * n + i] = round(a->kind, vectors[i]);
  }
  Node x = start, identity = identityLike(a);
  auto values = [&] { return div(diagonal(matmul(matmul(transposed(x), a), x)), diagonal(matmul(transposed(x), x))); };
  for (int step = 0; step < 3; ++step) {
    Node off = sub(identity, matmul(transposed(x), x)), s = matmul(matmul(transposed(x), a), x), w = values();
    Node right = alongColumns(w, a->shape), gap = sub(right, alongRows(w, a->shape));
    double largest = 0;
    for (double value : w->reals)
      largest = std::max(largest, std::abs(value));
    Node isEqual = mask(gap, [=](double gap) { return std::abs(gap) <= 1e-13 * largest; });
    Node turned = div(add(s, mul(right, off)), where(isEqual, like(gap, 1), gap));
    x = add(x, matmul(x, where(isEqual, scale(off, 0.5), turned)));
  }
  return {values(), x};
}

/// A^T A = V S^2 V^T and U = A V S^-1
Nodes svd(const Node &a) {
  int64_t n = a->shape.back(), last = a->shape.size() - 2;
  Nodes ascending = eigh(matmul(transposed(a), a));
  Shape strides = stridesOf(ascending[0]->shape);
  Node squares = takeBy(ascending[0], ascending[0]->shape, [&](ArrayRef<int64_t> index) {
    int64_t from = n - 1 - index[last];
    for (int64_t i = 0; i < last; ++i)
      from += index[i] * strides[i];
    return from;
  });
  Node vh = rearranged(ascending[1], ascending[1]->shape, [=](int64_t i, int64_t j) { return std::pair(j, n - 1 - i); });
  Node s = sqrt(squares);
  return {div(matmul(a, transposed(vh)), alongColumns(s, a->shape)), s, vh};
}

} // namespace

FailureOr<Nodes> applyFactorization(Operation *op, const Nodes &in) {
  using Result = FailureOr<Nodes>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](graph::CholeskyOp) -> Result { return Nodes{cholesky(in[0])}; })
      .Case([&](graph::TriangularSolveOp o) -> Result { return Nodes{triangularSolve(o, in[0], in[1])}; })
      .Case([&](graph::LuOp) -> Result { return lu(in[0]); })
      .Case([&](graph::SolveOp o) -> Result { return Nodes{solve(o.getTranspose() ? transposed(in[0]) : in[0], in[1])}; })
      .Case([&](graph::QrOp) -> Result { return qr(in[0]); })
      .Case([&](graph::EighOp) -> Result { return eigh(in[0]); })
      .Case([&](graph::SvdOp) -> Result { return svd(in[0]); })
      .Default([](Operation *) { return Nodes(); });
}

} // namespace costate::oracle
