// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules of contractions, factorizations and random numbers.

#include "costate/tests/oracle/Evaluator.h"
#include "costate/tests/oracle/Philox.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace costate::oracle {

namespace {

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

Node dotGeneral(graph::DotGeneralOp op, const Node &a, const Node &b) {
  // Labels: axes of lhs by position, free axes of rhs after them.
  int64_t rankA = a->shape.size(), rankB = b->shape.size();
  Shape labelsA, labelsB(rankB, -1), out;
  for (int64_t i = 0; i < rankA; ++i)
    labelsA.push_back(i);
  for (auto [l, r] : llvm::zip_equal(op.getLhsBatching(), op.getRhsBatching())) {
    labelsB[r] = l;
    out.push_back(l);
  }
  for (auto [l, r] : llvm::zip_equal(op.getLhsContracting(), op.getRhsContracting()))
    labelsB[r] = l;
  for (int64_t i = 0; i < rankA; ++i)
    if (!llvm::is_contained(op.getLhsBatching(), i) && !llvm::is_contained(op.getLhsContracting(), i))
      out.push_back(i);
  for (int64_t i = 0; i < rankB; ++i)
    if (labelsB[i] < 0)
      out.push_back(labelsB[i] = rankA + i);
  return einsum(a, labelsA, b, labelsB, out);
}

/// Patches of the image, then a contraction of each with the kernel.
Node convolution(graph::ConvolutionOp op, const Node &x, const Node &w, ArrayRef<int64_t> resultShape) {
  int64_t spatial = x->shape.size() - 2;
  Shape patches(resultShape.drop_back()), strides = stridesOf(x->shape);
  patches.append(w->shape.begin(), w->shape.end() - 1);
  Node patch = takeBy(x, patches, [&](ArrayRef<int64_t> index) -> int64_t { // n, p..., r..., c
    int64_t from = index.front() * strides.front() + index.back();
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t dilated = index[1 + i] * op.getStrides()[i] + index[1 + spatial + i] * op.getRhsDilation()[i] - op.getLow()[i];
      int64_t d = op.getLhsDilation()[i];
      if (dilated < 0 || dilated % d != 0 || dilated / d >= x->shape[1 + i])
        return -1;
      from += dilated / d * strides[1 + i];
    }
    return from;
  });
  Shape labelsP, labelsW, out;
  for (size_t i = 0; i < patches.size(); ++i)
    labelsP.push_back(i);
  for (int64_t i = 0; i <= spatial; ++i)
    labelsW.push_back(1 + spatial + i);
  labelsW.push_back(patches.size());
  out.assign(labelsP.begin(), labelsP.begin() + 1 + spatial);
  out.push_back(patches.size());
  return einsum(patch, labelsP, w, labelsW, out);
}

//===----------------------------------------------------------------------===//
// Factorizations, for each matrix of the last two axes
//===----------------------------------------------------------------------===//

Node element(const Node &matrices, int64_t i, int64_t j) {
  int64_t rank = matrices->shape.size();
  return at(at(matrices, rank - 2, i), rank - 2, j);
}

/// The parts stand at [i][j] of the last two axes.
Node assemble(const std::vector<Nodes> &entries, Kind kind, ArrayRef<int64_t> batch) {
  Nodes lines;
  Shape line{int64_t(entries.size())};
  line.append(batch.begin(), batch.end());
  for (const Nodes &row : entries)
    lines.push_back(stack(row, kind, batch));
  Node stacked = stack(lines, kind, line); // [i, j, batch...]
  Shape shape(batch), strides = stridesOf(stacked->shape);
  shape.push_back(entries.size());
  shape.push_back(entries.size());
  return takeBy(stacked, shape, [&](ArrayRef<int64_t> index) {
    int64_t from = index[batch.size()] * strides[0] + index[batch.size() + 1] * strides[1];
    for (size_t i = 0; i < batch.size(); ++i)
      from += index[i] * strides[2 + i];
    return from;
  });
}

/// Column by column; only elements of the lower triangle are read, so the derivative is that of a function of them.
Node cholesky(const Node &a) {
  int64_t n = a->shape.back();
  Shape batch(ArrayRef(a->shape).drop_back(2));
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
  return assemble(l, a->kind, batch);
}

/// Forward substitution by rows of B, or backward with A^T.
Node triangularSolve(const Node &a, const Node &b, bool transpose) {
  int64_t rank = a->shape.size(), n = a->shape.back();
  Shape rowShape = without(b->shape, {rank - 2}), dims;
  for (int64_t i = 0; i < rank - 2; ++i)
    dims.push_back(i);
  Nodes x(n);
  auto spread = [&](int64_t i, int64_t j) { return broadcast(transpose ? element(a, j, i) : element(a, i, j), dims, rowShape); };
  for (int64_t step = 0; step < n; ++step) {
    int64_t i = transpose ? n - 1 - step : step;
    Node row = at(b, rank - 2, i);
    for (int64_t k = transpose ? i + 1 : 0; k < (transpose ? n : i); ++k)
      row = sub(row, mul(spread(i, k), x[k]));
    x[i] = div(row, spread(i, i));
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

//===----------------------------------------------------------------------===//
// Random
//===----------------------------------------------------------------------===//

Node random(graph::RandomOp op, const Node &key, ArrayRef<int64_t> shape, Kind kind) {
  Shape all = key->shape;
  all.append(shape.begin(), shape.end());
  Array result(kind, all);
  uint64_t site = op.getSite(), draws = count(shape);
  for (uint64_t lane = 0; lane < key->integers.size(); ++lane)
    for (uint64_t i = 0; i < draws; ++i) {
      auto words = philox({uint32_t(i), uint32_t(i >> 32), uint32_t(site), uint32_t(site >> 32)}, uint64_t(key->integers[lane]));
      double u = (words[0] >> 8) * 0x1p-24, v = (words[1] >> 8) * 0x1p-24;
      switch (op.getDistribution()) {
      case graph::Distribution::bits:
        result.integers[lane * draws + i] = int32_t(words[0]);
        break;
      case graph::Distribution::uniform:
        result.reals[lane * draws + i] = u;
        break;
      case graph::Distribution::normal:
        result.reals[lane * draws + i] = round(kind, std::sqrt(-2 * std::log(u + 0x1p-24)) * std::cos(2 * M_PI * v));
        break;
      }
    }
  return result;
}

} // namespace

Node foldIn(const Node &key, const Node &data) {
  Array result(Kind::i64, key->shape);
  for (size_t i = 0; i < result.integers.size(); ++i) {
    uint64_t d = data->integers[i];
    auto words = philox({uint32_t(d), uint32_t(d >> 32), 0x464f4c44, 0}, uint64_t(key->integers[i]));
    result.integers[i] = int64_t(uint64_t(words[1]) << 32 | words[0]);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

FailureOr<Nodes> applyLinear(Operation *op, const Nodes &in, const Frame &frame, Kind kind) {
  using Result = FailureOr<Nodes>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](graph::DotGeneralOp o) -> Result {
        auto pairs = [&](ArrayRef<int64_t> left, ArrayRef<int64_t> right) {
          return llvm::all_of(llvm::zip_equal(left, right), [&](auto pair) { return in[0]->shape[std::get<0>(pair)] == in[1]->shape[std::get<1>(pair)]; });
        };
        if (!pairs(o.getLhsBatching(), o.getRhsBatching()) || !pairs(o.getLhsContracting(), o.getRhsContracting()))
          return op->emitOpError() << "requires equal extents at run time, but got " << toString(*in[0]) << " and " << toString(*in[1]);
        return Nodes{dotGeneral(o, in[0], in[1])};
      })
      .Case([&](graph::ConvolutionOp o) -> Result {
        Shape shape(o.getResult().getType().getShape());
        shape.front() = in[0]->shape.front();
        return Nodes{convolution(o, in[0], in[1], shape)};
      })
      .Case([&](graph::CholeskyOp) -> Result { return Nodes{cholesky(in[0])}; })
      .Case([&](graph::TriangularSolveOp o) -> Result { return Nodes{triangularSolve(in[0], in[1], o.getTranspose())}; })
      .Case([&](graph::RandomOp o) -> Result {
        FailureOr<Shape> shape = frame.shape(op, o.getShape());
        if (failed(shape))
          return failure();
        return Nodes{random(o, in[0], *shape, kind)};
      })
      .Default([](Operation *) { return Nodes(); });
}

} // namespace costate::oracle
