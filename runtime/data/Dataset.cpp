// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/data/Dataset.h"

#include "costate/runtime/Descriptor.h"
#include "costate/runtime/Philox.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

using namespace costate::runtime;

// ==== Dataset =======================================================================================================================

/// The arguments that data provides; the rest comes from the handle.
static std::vector<int64_t> dataArguments(const costate_entry_info &entry) {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < entry.num_args; ++i)
    if (isData(entry.args[i].role))
      out.push_back(i);
  return out;
}

static int64_t findSampleDimension(const costate_entry_info &entry, std::span<const int64_t> arguments) {
  for (int32_t role : {COSTATE_TARGET, COSTATE_INPUT})
    for (int64_t i : arguments)
      if (const costate_array_info &array = entry.args[i]; array.role == role && array.rank > 0 && dimensionOf(array.shape[0]) >= 0)
        return dimensionOf(array.shape[0]);
  return -1;
}

/// Where each sample stands: 0, 1, 2 ...
Result<Array> costate::runtime::numberSamples(int64_t samples, int32_t type, std::string_view where) {
  Array numbers{COSTATE_I64, {samples}, Buffer(samples * sizeof(int64_t))};
  auto *begin = reinterpret_cast<int64_t *>(numbers.data.data());
  std::iota(begin, begin + samples, 0);
  return convertArray(std::move(numbers), type, where);
}

/// NAME_split if the file has it, else NAME.
static Result<Array> readArgument(const ArrayFile &file, const costate_array_info &argument, std::string_view split, std::string &where) {
  std::string name = split.empty() ? argument.name : text(argument.name, '_', split);
  std::string found = file.has(name) ? name : argument.name;
  where = text('\'', file.filePath(), "': array '", found, '\'');
  if (file.has(found))
    return file.read(found);
  std::vector<std::string> names = file.names(), near; // by what stands before the split: 'x_train' is no misspelt 'y_train'
  std::string suffix = name.substr(std::strlen(argument.name));
  for (const std::string &other : names) {
    std::string base = other.ends_with(suffix) ? other.substr(0, other.size() - suffix.size()) : other;
    if (!suggest(argument.name, std::span(&base, 1)).empty())
      near.push_back(other);
  }
  std::string alternative = split.empty() ? "" : text(" or '", argument.name, '\'');
  return notFound('\'', file.filePath(), "': requires array '", name, '\'', alternative, " for ", roleName(argument.role), " '", argument.name,
                  "', but the file has ", listNames(names), suggest(name, near));
}

/// Binds the dimensions that the shape names, and checks the rest of it. origin[d]: which array bound dimension d.
static Status bindShape(const costate_model_info &info, const costate_array_info &argument, const Array &array, std::string_view where,
                        std::vector<int64_t> &dims, std::vector<std::string> &origin) {
  auto mismatch = [&](const auto &...why) {
    return invalidArgument(where, " requires ", signatureText(info, argument), why..., " for ", roleName(argument.role), " '", argument.name,
                           "', but got ", typeText(array.type, array.shape));
  };
  if (array.shape.size() != static_cast<size_t>(argument.rank))
    return mismatch();
  for (int64_t axis = 0; axis < argument.rank; ++axis) {
    int64_t required = argument.shape[axis], got = array.shape[axis];
    if (required >= 0 && required != got)
      return mismatch();
    int64_t d = dimensionOf(required);
    if (d < 0)
      continue;
    if (origin[d].empty()) {
      dims[d] = got;
      origin[d] = argument.name;
    } else if (dims[d] != got) {
      return mismatch(" with ", info.dim_names[d], " = ", dims[d], " as in '", origin[d], '\'');
    }
  }
  return {};
}

Result<costate_dataset> costate_dataset::open(const costate_model_info &info, const costate_entry_info &entry, const ArrayFile &file,
                                              std::string_view split) {
  costate_dataset out;
  std::vector<int64_t> arguments = dataArguments(entry);
  out.sampleDimension = findSampleDimension(entry, arguments);
  if (out.sampleDimension < 0)
    return invalidArgument("entry '", entry.name, "' requires an input or target with a named dimension on axis 0, to cut data into batches");
  for (int64_t i = 0; i < entry.num_args; ++i)
    if (entry.args[i].role == COSTATE_DIM)
      return unimplemented("entry '", entry.name, "' takes dimension '", entry.args[i].name, "' by value, which data cannot provide");

  out.dims.resize(info.num_dims, 0);
  std::vector<std::string> origin(info.num_dims), places;
  for (int64_t i : arguments) {
    const costate_array_info &argument = entry.args[i];
    if (argument.role == COSTATE_ROWS) { // when it is known how many there are
      if (argument.rank != 1 || dimensionOf(argument.shape[0]) != out.sampleDimension)
        return invalidArgument("rows '", argument.name, "' require dimension '", info.dim_names[out.sampleDimension],
                               "', along which data is cut into batches, but have type ", signatureText(info, argument));
      out.arrays.emplace_back();
      out.sliced.push_back(true);
      places.push_back(text("rows '", argument.name, '\''));
      continue;
    }
    std::string where;
    Result<Array> array = readArgument(file, argument, split, where);
    if (!array.ok())
      return array.status();
    COSTATE_RETURN_IF_ERROR(bindShape(info, argument, *array, where, out.dims, origin));
    Result<Array> converted = convertArray(std::move(*array), argument.type, where);
    if (!converted.ok())
      return converted.status();
    out.arrays.push_back(std::move(*converted));
    out.sliced.push_back(argument.rank > 0 && dimensionOf(argument.shape[0]) == out.sampleDimension);
    places.push_back(where);
  }
  out.samples = out.dims[out.sampleDimension];
  for (size_t data = 0; data < arguments.size(); ++data)
    if (const costate_array_info &argument = entry.args[arguments[data]]; argument.role == COSTATE_ROWS) {
      Result<Array> numbers = numberSamples(out.samples, argument.type, places[data]);
      if (!numbers.ok())
        return numbers.status();
      out.arrays[data] = std::move(*numbers);
    }

  // Compound axes, now that all dimensions are known.
  int64_t total = 0;
  for (int64_t i = 0; i < numArrays(entry); ++i)
    total += arrayAt(entry, i).rank;
  std::vector<int64_t> extents(total + 1);
  costate_entry_extents(&entry, out.dims.data(), extents.data());
  int64_t place = 0;
  for (int64_t i = 0, data = 0; i < entry.num_args; place += entry.args[i++].rank) {
    if (!isData(entry.args[i].role))
      continue;
    std::span<const int64_t> required(extents.data() + place, entry.args[i].rank);
    const Array &array = out.arrays[data];
    if (!std::equal(required.begin(), required.end(), array.shape.begin()))
      return invalidArgument(places[data], " requires ", typeText(entry.args[i].type, required), ", but got ", typeText(array.type, array.shape));
    ++data;
  }
  return out;
}

/// A copy of the dataset that holds `rows` only.
static costate_dataset select(const costate_dataset &from, std::span<const int64_t> rows) {
  costate_dataset out;
  out.context = from.context;
  out.sliced = from.sliced;
  out.dims = from.dims;
  out.sampleDimension = from.sampleDimension;
  out.samples = out.dims[out.sampleDimension] = static_cast<int64_t>(rows.size());
  for (size_t i = 0; i < from.arrays.size(); ++i) {
    const Array &source = from.arrays[i];
    int64_t bytes = from.sliced[i] ? from.sampleBytes(i) : 0;
    Array array{source.type, source.shape, Buffer(from.sliced[i] ? out.samples * bytes : source.data.size())};
    if (from.sliced[i]) {
      array.shape[0] = out.samples;
      for (int64_t row = 0; row < out.samples; ++row)
        std::memcpy(array.data.data() + row * bytes, source.data.data() + rows[row] * bytes, bytes);
    } else {
      std::memcpy(array.data.data(), source.data.data(), source.data.size());
    }
    out.arrays.push_back(std::move(array));
  }
  return out;
}

costate_dataset costate_dataset::takeOut(double share, uint64_t seed) {
  int64_t count = std::llround(share * static_cast<double>(samples));
  std::vector<int64_t> kept, taken;
  // Selection sampling (Knuth, algorithm S): sample i goes with probability (missing of taken) / (samples left). The counter's upper half sets
  // these draws apart from those of the batches.
  for (int64_t i = 0; i < samples; ++i) {
    uint64_t bits = philox64({uint32_t(i), uint32_t(i >> 32), ~0u, ~0u}, seed);
    int64_t place = static_cast<int64_t>(static_cast<unsigned __int128>(bits) * static_cast<uint64_t>(samples - i) >> 64);
    (place < count - static_cast<int64_t>(taken.size()) ? taken : kept).push_back(i);
  }
  costate_dataset out = select(*this, taken);
  *this = select(*this, kept);
  return out;
}

void costate_dataset::keepFirst(int64_t rows) {
  std::vector<int64_t> kept(std::min(rows, samples));
  std::iota(kept.begin(), kept.end(), 0);
  *this = select(*this, kept);
}

// ==== Batches =======================================================================================================================

costate_batches::costate_batches(costate_dataset &dataset, int64_t batch, uint64_t seed, bool shuffle)
    : dataset(dataset), batch(std::min(batch, dataset.samples)), seed(seed), shuffle(shuffle) {
  for (size_t i = 0; i < dataset.arrays.size(); ++i) {
    pointers.push_back(dataset.arrays[i].data.data());
    buffers.emplace_back(shuffle && dataset.sliced[i] ? this->batch * dataset.sampleBytes(i) : 0, dataset.context->allocator);
  }
  if (shuffle)
    order.resize(dataset.samples);
}

/// Fisher-Yates from the end; the draw for place i of an epoch is philox(counter = {i, epoch}, key = seed), so an epoch's order does not
/// depend on the epochs before it.
void costate_batches::permute() {
  for (int64_t i = 0; i < dataset.samples; ++i)
    order[i] = i;
  for (int64_t i = dataset.samples - 1; i > 0; --i) {
    uint64_t bits = philox64({uint32_t(i), uint32_t(i >> 32), uint32_t(epoch), uint32_t(epoch >> 32)}, seed);
    int64_t j = static_cast<int64_t>(static_cast<unsigned __int128>(bits) * static_cast<uint64_t>(i + 1) >> 64); // uniform in [0, i]
    std::swap(order[i], order[j]);
  }
}

void costate_batches::seek(int64_t number) {
  epoch = number / count();
  at = number % count() * batch;
  if (shuffle && at != 0) // else `next` does
    permute();
}

std::span<void *const> costate_batches::next(int64_t &rows) {
  if (shuffle && at == 0)
    permute();
  rows = std::min(batch, dataset.samples - at);
  for (size_t i = 0; i < pointers.size(); ++i) {
    if (!dataset.sliced[i])
      continue;
    int64_t bytes = dataset.sampleBytes(i);
    std::byte *source = dataset.arrays[i].data.data();
    if (!shuffle) {
      pointers[i] = source + at * bytes; // in the order of the file a batch is there already
      continue;
    }
    std::byte *target = buffers[i].data();
    pointers[i] = target;
    for (int64_t row = 0; row < rows; ++row, target += bytes)
      std::memcpy(target, source + order[at + row] * bytes, bytes);
  }
  at += rows;
  if (at == dataset.samples) {
    at = 0;
    ++epoch;
  }
  return pointers;
}

// ==== costate.h: data ===============================================================================================================

int32_t costate_dataset_open(costate_context *context, const costate_model_info *info, const char *entry, const char *path, const char *split,
                             costate_dataset **out) {
  *out = nullptr;
  return guarded(context, [&]() -> Status {
    COSTATE_RETURN_IF_ERROR(requireName("the name of an entry", entry));
    COSTATE_RETURN_IF_ERROR(requireName("the path of a file", path));
    int64_t index = findEntry(*info, entry);
    if (index < 0)
      return noSuchEntry(*info, entry);
    Result<ArrayFile> file = ArrayFile::open(path);
    if (!file.ok())
      return file.status();
    Result<costate_dataset> dataset = costate_dataset::open(*info, info->entries[index], *file, split ? split : "");
    if (!dataset.ok())
      return dataset.status();
    *out = new costate_dataset(std::move(*dataset));
    (*out)->context = context;
    return {};
  });
}

void costate_dataset_destroy(costate_dataset *dataset) { delete dataset; }

int64_t costate_dataset_size(const costate_dataset *dataset) { return dataset->samples; }

void costate_dataset_dims(const costate_dataset *dataset, int64_t rows, int64_t *dims) {
  std::copy(dataset->dims.begin(), dataset->dims.end(), dims);
  dims[dataset->sampleDimension] = rows;
}

int32_t costate_batches_create(costate_dataset *dataset, int64_t batch, int64_t seed, int32_t shuffle, costate_batches **out) {
  *out = nullptr;
  return guarded(dataset->context, [&]() -> Status {
    if (batch < 1)
      return invalidArgument("batches require a size >= 1, but got ", batch);
    if (dataset->samples == 0)
      return invalidArgument("batches require at least one sample, but the data has none");
    *out = new costate_batches(*dataset, batch, static_cast<uint64_t>(seed), shuffle != 0);
    return {};
  });
}

void costate_batches_destroy(costate_batches *batches) { delete batches; }

int32_t costate_batches_next(costate_batches *batches, void *const **arrays, int64_t *rows) {
  int64_t got;
  std::span<void *const> pointers = batches->next(got);
  if (arrays)
    *arrays = pointers.data();
  if (rows)
    *rows = got;
  return COSTATE_OK;
}

int32_t costate_batches_seek(costate_batches *batches, int64_t number) {
  return guarded(batches->dataset.context, [&]() -> Status {
    if (number < 0)
      return invalidArgument("requires the number of a batch to be >= 0, but got ", number);
    batches->seek(number);
    return {};
  });
}

int64_t costate_batches_epoch(const costate_batches *batches) { return batches->epoch; }

int64_t costate_batches_count(const costate_batches *batches) { return batches->count(); }
