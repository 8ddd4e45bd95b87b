// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Writes one kernel: the stages that compute the kept values of a group of graph ops.
#ifndef COSTATE_COMPILER_FUSE_KERNEL_WRITER_H
#define COSTATE_COMPILER_FUSE_KERNEL_WRITER_H

#include "costate/compiler/fuse/Access.h"
#include "costate/dialects/kernel/Kernel.h"

#include "mlir/IR/Builders.h"

#include <map>
#include <variant>

namespace costate::fuse {

/// What a call passes for an argument of the kernel: a dimension, or a scalar or tensor of the caller.
using KernelInput = std::variant<graph::DimAttr, mlir::Value>;

/// Static extents up to this one are constants of a kernel; larger ones are arguments, so that one kernel serves every large array.
inline constexpr int64_t kLargestConstantExtent = 2048;

/// Lanes of a sum along contiguous elements, and parts of a long one: constants of the language, which fix the order of every sum.
/// A sum over n elements: fewer than 32 are added in order. Else lane l adds elements l, 16 + l, ... in order, and the lanes are
/// added pairwise (l and l + 8, l + 4, ...). From 512 elements on (known at compile time) there are 64 lanes, so that no addition waits for the one before.
/// Beyond 4096 elements the rows of lanes are first cut into 16 equal runs, whose lanes are added pairwise alike; so is the first long axis of several, if up to 16
/// sums go through more than 4096 elements each (where it has a name, through more than 256 each time). What is left of long rows goes to the last run.
inline constexpr int64_t kLanes = 16, kWideLanes = 64, kParts = 16, kFewest = 32, kWide = 512, kLongest = 4096;

/// Any other sum runs in order of its axes, the last one fastest. Over several axes, with 512 terms or more or a number that is not known at compile time, it is
/// cut by the first axis: the slices, of 8 terms at least, are each added in order, then they. The rounding error of a sum in order grows with its length, and
/// that of a convolution's gradient has as many terms as there are pixels in a batch.
inline constexpr int64_t kLongChain = 512, kFewestInSlice = 8;

class KernelWriter {
public:
  /// `members`: the kept ops of the kernel, in order. `outputs`: those whose values are used outside.
  KernelWriter(llvm::ArrayRef<mlir::Operation *> members, llvm::ArrayRef<mlir::Operation *> outputs, graph::Dimensions &dimensions,
               const Hints &hints);

  /// Writes the kernel, called `name`, at `builder`. Null, with a diagnostic, where an element type has no arithmetic.
  kernel::DefineOp write(mlir::OpBuilder &builder, llvm::StringRef name);

  /// What a call passes, in the order of the arguments: dimensions, scalars, arrays.
  llvm::ArrayRef<KernelInput> inputs() const { return passed; }
  /// The values that the results are, in their order.
  llvm::ArrayRef<mlir::Operation *> results() const { return written; }

private:
  using Indices = llvm::SmallVector<mlir::Value, 4>;
  using Term = llvm::function_ref<mlir::Value(mlir::ValueRange variables, mlir::ValueRange reduction)>;

  void planBundle();

  // Stages.
  void writeStage(mlir::Operation *op);
  void writeBundle();
  void writeReduction(mlir::Operation *op);
  void writeContraction(mlir::Operation *op);
  mlir::Value writeSum(mlir::Operation *op, llvm::ArrayRef<graph::DimAttr> space, llvm::ArrayRef<graph::DimAttr> domain,
                       mlir::TypedAttr start, Term term);
  void writeArgReduction(mlir::Operation *op);
  void writeCumulative(mlir::Operation *op);
  void writeScatter(mlir::Operation *op);
  void writeUpdateSlice(mlir::Operation *op);
  kernel::StageOp stage(mlir::Operation *op, llvm::StringRef suffix, llvm::ArrayRef<graph::DimAttr> extents, mlir::TypeRange elements,
                        llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange)> body);
  void update(kernel::StageOp stage, llvm::ArrayRef<graph::DimAttr> domain, bool contract,
              llvm::function_ref<void(mlir::ValueRange self, mlir::ValueRange variables, mlir::ValueRange reduction)> body);

  // Elements, at the point where `b` stands.
  mlir::Value element(mlir::Value tensor, mlir::ValueRange indices);
  mlir::Value computeElement(mlir::Operation *op, mlir::ValueRange indices);
  mlir::Value elementOfConcatenate(mlir::Operation *op, mlir::ValueRange indices);
  mlir::Value elementOfPad(mlir::Operation *op, mlir::ValueRange indices);
  mlir::Value elementOfRandom(mlir::Operation *op, mlir::ValueRange indices);
  mlir::Value elementOfImage(mlir::Operation *convolution, mlir::ValueRange variables, mlir::ValueRange reduction);
  Indices reshapedIndices(llvm::ArrayRef<graph::DimAttr> from, llvm::ArrayRef<graph::DimAttr> to, mlir::ValueRange indices);
  /// The place on an axis that an element of `places` names, clamped, and whether it lies on it: null where it always does.
  std::pair<mlir::Value, mlir::Value> place(mlir::Value places, mlir::ValueRange indices, graph::DimAttr extent);
  mlir::Value clampedStart(mlir::Value start, graph::DimAttr extent, graph::DimAttr size);
  mlir::Value scalar(mlir::Value tensor);
  mlir::Value load(mlir::Value buffer, mlir::ValueRange indices);

  // Index arithmetic, folded.
  mlir::Value index(int64_t value);
  mlir::Value index(graph::DimAttr dim);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value subtract(mlir::Value x, mlir::Value y);
  mlir::Value multiply(mlir::Value x, mlir::Value y);
  mlir::Value divide(mlir::Value x, mlir::Value y);
  mlir::Value remainder(mlir::Value x, mlir::Value y);
  mlir::Value clamp(mlir::Value x, mlir::Value largest);
  mlir::Value isLess(mlir::Value x, mlir::Value y);
  mlir::Value both(mlir::Value x, mlir::Value y);
  mlir::Value zero(mlir::Type type);

  // Arguments of the kernel.
  mlir::OpFoldResult extent(graph::DimAttr dim);
  mlir::Value argument(KernelInput input, mlir::Type type, unsigned group);
  kernel::BufferType bufferType(llvm::ArrayRef<graph::DimAttr> dims, mlir::Type elementType);

  llvm::SmallVector<mlir::Operation *> members, outputs, bundle, written;
  graph::Dimensions &dimensions;
  const Hints &hints;
  mlir::OpBuilder b;
  mlir::Location loc;
  mlir::Block *body = nullptr;
  bool failed = false;
  llvm::SmallVector<KernelInput> passed;
  unsigned groupSizes[3] = {0, 0, 0}; ///< arguments that are dimensions, scalars, arrays
  llvm::DenseMap<mlir::Value, mlir::Value> stages; ///< the stage result of a member's value
  llvm::DenseMap<mlir::Value, mlir::Value> arrays, scalars;
  llvm::DenseMap<graph::DimAttr, mlir::Value> extents;
  std::map<std::pair<void *, std::vector<void *>>, mlir::Value> computed; ///< elements of the body that is being written
  llvm::StringMap<unsigned> names;
};

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_KERNEL_WRITER_H
