// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The arrays that an entry of a model is trained or evaluated on, and their batches.
#ifndef COSTATE_RUNTIME_DATA_DATASET_H
#define COSTATE_RUNTIME_DATA_DATASET_H

#include "costate/runtime/Context.h"
#include "costate/runtime/data/ArrayFile.h"

namespace costate::runtime {

/// What a ROWS argument gets of data that has so many samples in this order: 0, 1, 2 ...
Result<Array> numberSamples(int64_t samples, int32_t type, std::string_view where);

} // namespace costate::runtime

/// One split of the data: an array for each INPUT, TARGET and ROWS argument of an entry, in its order, in the model's types and shapes.
struct costate_dataset {
  costate_context *context = nullptr;
  std::vector<costate::runtime::Array> arrays;
  std::vector<bool> sliced;       // has the sample dimension on axis 0
  std::vector<int64_t> dims;      // of the model; that of the samples stands for all of them
  int64_t sampleDimension = -1;   // index in dims
  int64_t samples = 0;

  /// As costate_dataset_open, from an open file.
  static costate::runtime::Result<costate_dataset> open(const costate_model_info &info, const costate_entry_info &entry,
                                                        const costate::runtime::ArrayFile &file, std::string_view split);

  /// Moves round(share * samples) samples, drawn by `seed`, into a dataset of their own; both keep the order of the file.
  /// share in [0, 1].
  costate_dataset takeOut(double share, uint64_t seed);

  /// Drops all but the first `rows` samples.
  void keepFirst(int64_t rows);

  /// Bytes of one sample of array i, which is sliced.
  int64_t sampleBytes(size_t i) const { return samples == 0 ? 0 : arrays[i].data.size() / samples; }
};

/// An endless sequence of batches; see costate_batches_create.
struct costate_batches {
  costate_batches(costate_dataset &dataset, int64_t batch, uint64_t seed, bool shuffle);

  /// Pointers to the arrays of the next batch, and its number of samples.
  std::span<void *const> next(int64_t &rows);
  void seek(int64_t number);
  int64_t count() const { return (dataset.samples + batch - 1) / batch; }

  costate_dataset &dataset;
  int64_t batch;
  uint64_t seed;
  bool shuffle;
  int64_t epoch = 0;
  int64_t at = 0; // first sample of the next batch, in the epoch's order

private:
  void permute();

  std::vector<int64_t> order;                    // samples in the order of the epoch
  std::vector<costate::runtime::Buffer> buffers; // one a sliced array, for gathered rows
  std::vector<void *> pointers;
};

#endif // COSTATE_RUNTIME_DATA_DATASET_H
