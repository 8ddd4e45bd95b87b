// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Update rules that look at a parameter as a whole, such as the norm of each. A rule is written, and built, for one parameter of open shape; here it
// becomes one function on the arena that holds them all, in which a number of a parameter is an element of a vector, one for each leaf.
#ifndef COSTATE_FRONTENDS_LEAFRULES_H
#define COSTATE_FRONTENDS_LEAFRULES_H

#include "costate/dialects/interfaces/Interfaces.h"
#include "costate/frontends/TensorBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace costate::importer {

class LeafRules {
public:
  LeafRules(TensorBuilder &b, mlir::ModuleOp module, const ParameterSet &set);

  /// What a value of a rule becomes.
  struct Lifted {
    enum Kind {
      Uniform, // a number, the same for all
      PerLeaf, // [leaves]: a number of each parameter
      Whole,   // [size]: an array over the arena
    } kind;
    Tensor tensor;
  };
  /// Emits the body of `rule` on these arguments. Fails, without a message, at an op that has no meaning on an arena.
  mlir::FailureOr<std::vector<Lifted>> lift(mlir::func::FuncOp rule, llvm::ArrayRef<Lifted> arguments);
  /// Does anything lie between the leaves?
  bool hasGaps() const;
  /// [size]: whether an element belongs to a leaf.
  Tensor inside();
  /// Where the elements of the leaves lie, leaf by leaf.
  Tensor places();
  /// base, but values[k] for the leaves of group k: numbers.
  Lifted piecewise(const Tensor &base, llvm::ArrayRef<std::pair<int64_t, Tensor>> values);

private:
  void forParts(int64_t blocks, llvm::function_ref<void(int64_t leaf, int64_t first, int64_t count)> visit) const;
  int64_t blocksOfRow() const;
  Lifted sum(const Tensor &x);
  Tensor spread(const Tensor &perLeaf);
  Tensor table(mlir::Type type, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> values);

  TensorBuilder &b;
  mlir::ModuleOp module;
  int64_t size, block;                         // elements of the arena and of a block, of which no leaf shares one with another
  std::vector<int64_t> offsets, sizes, groups; // of each leaf
};

} // namespace costate::importer

#endif // COSTATE_FRONTENDS_LEAFRULES_H
