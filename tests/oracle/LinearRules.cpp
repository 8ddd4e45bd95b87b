// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules of contractions and random numbers.

#include "costate/tests/oracle/Evaluator.h"
#include "costate/tests/oracle/Philox.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

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
// Fourier transform
//===----------------------------------------------------------------------===//

/// The sums as they are defined, of n terms each. What is not finite makes its row NaN.
Nodes fft(graph::FftOp op, const Node &re, const Node &im) {
  int64_t n = re->shape.back(), last = re->shape.size() - 1;
  Array cosines(re->kind, {n, n}), sines(re->kind, {n, n});
  for (int64_t i = 0; i < n * n; ++i) {
    double angle = 2 * M_PI * double(i / n * (i % n) % n) / double(n);
    cosines.reals[i] = round(re->kind, std::cos(angle));
    sines.reals[i] = round(re->kind, op.getInverse() ? -std::sin(angle) : std::sin(angle));
  }
  Shape labels = complement({}, last + 1), result = labels;
  result.back() = last + 1;
  auto sums = [&](const Node &x, const Node &factors) { return einsum(x, labels, factors, {last, last + 1}, result); };
  Node c = cosines, s = sines;
  Node nothing = broadcast(scale(sum(add(re, im), {last}), 0), complement({last}, last + 1), re->shape); // or NaN
  return {add(add(sums(re, c), sums(im, s)), nothing), add(sub(sums(im, c), sums(re, s)), nothing)};
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
      .Case([&](graph::FftOp o) -> Result { return fft(o, in[0], in[1]); })
      .Case([&](graph::RandomOp o) -> Result {
        FailureOr<Shape> shape = frame.shape(op, o.getShape());
        if (failed(shape))
          return failure();
        return Nodes{random(o, in[0], *shape, kind)};
      })
      .Default([](Operation *) { return Nodes(); });
}

} // namespace costate::oracle
