// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/costate/RandomCall.h"

#include "costate/runtime/Descriptor.h"
#include "costate/runtime/data/Dataset.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <random>

namespace costate::tool {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void DimFlags::addTo(CLI::App &command) {
  command.add_option("--dim", dims, "NAME=EXTENT: size of a dimension, which the compiler plans for too (default: its hint, else 32)");
}

absl::Status DimFlags::addHints(CompilerFlags &compiler) const {
  for (const std::string &text : dims) {
    absl::StatusOr<Binding> binding = Binding::parse(text, "--dim");
    if (!binding.ok())
      return binding.status();
    int64_t size;
    if (!absl::SimpleAtoi(binding->value, &size) || size < 0)
      return absl::InvalidArgumentError(absl::StrCat("--dim requires an extent, but got '", binding->value, "'"));
    if (size > INT32_MAX)
      return absl::InvalidArgumentError(absl::StrCat("--dim requires an extent of at most ", INT32_MAX, ", but got ", size));
    compiler.hints.push_back(text);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int64_t>> DimFlags::of(const Executable &executable) const {
  const costate_model_info &info = executable.info();
  nlohmann::json hints = nlohmann::json::parse(executable.manifest())["hints"];
  std::vector<int64_t> sizes;
  for (int64_t i = 0; i < info.num_dims; ++i)
    sizes.push_back(hints.value(info.dim_names[i], int64_t(32)));
  for (const std::string &text : dims) {
    absl::StatusOr<Binding> binding = Binding::parse(text, "--dim");
    if (!binding.ok())
      return binding.status();
    int64_t place = std::find_if(info.dim_names, info.dim_names + info.num_dims, [&](const char *dim) { return dim == binding->name; }) - info.dim_names;
    if (place == info.num_dims)
      return absl::NotFoundError(absl::StrCat("model '", info.name, "' has no dimension '", binding->name, "'"));
    if (!absl::SimpleAtoi(binding->value, &sizes[place]))
      return absl::InvalidArgumentError(absl::StrCat("--dim requires an extent, but got '", binding->value, "'"));
  }
  return sizes;
}

static void fill(runtime::Buffer &data, int32_t type, std::mt19937 &random) {
  std::normal_distribution<double> normal;
  auto elements = [&](auto *begin, auto next) { std::generate_n(begin, data.size() / sizeof(*begin), next); };
  int64_t number = 0;
  switch (type) {
  case COSTATE_F32:
    return elements(reinterpret_cast<float *>(data.data()), [&] { return static_cast<float>(normal(random)); });
  case COSTATE_F64:
    return elements(reinterpret_cast<double *>(data.data()), [&] { return normal(random); });
  case COSTATE_I32:
    return elements(reinterpret_cast<int32_t *>(data.data()), [&] { return static_cast<int32_t>(number++ % 2); });
  case COSTATE_I64:
    return elements(reinterpret_cast<int64_t *>(data.data()), [&] { return number++ % 2; });
  default:
    return elements(reinterpret_cast<uint8_t *>(data.data()), [&] { return static_cast<uint8_t>(number++ % 2); });
  }
}

RandomCall::RandomCall(const costate_model_info &info, int64_t number, const std::vector<int64_t> &dims) : entry(number), dims(dims) {
  const costate_entry_info &entry = info.entries[number];
  int64_t axes = 0;
  for (int64_t i = 0; i < runtime::numArrays(entry); ++i)
    axes += runtime::arrayAt(entry, i).rank;
  std::vector<int64_t> extents(axes + 1);
  costate_entry_extents(&entry, dims.data(), extents.data());
  std::mt19937 random(0);
  for (int64_t i = 0, place = 0; i < runtime::numArrays(entry); place += runtime::arrayAt(entry, i++).rank) {
    const costate_array_info &array = runtime::arrayAt(entry, i);
    if (!runtime::isUserPointer(array.role))
      continue;
    int64_t elements =
        runtime::elementCount({extents.data() + place, static_cast<size_t>(array.rank)}); // negative: more than any memory has
    if (array.role == COSTATE_ROWS) {
      runtime::Result<runtime::Array> numbers = runtime::numberSamples(elements, array.type, array.name);
      buffers.push_back(numbers.ok() ? std::move(numbers->data) : runtime::Buffer(elements * costate_type_size(array.type)));
    } else {
      buffers.emplace_back(elements * costate_type_size(array.type));
      fill(buffers.back(), array.type, random);
    }
    user.push_back(buffers.back().data());
  }
}

int64_t RandomCall::bytes() const {
  int64_t sum = 0;
  for (const runtime::Buffer &buffer : buffers)
    sum += buffer.size();
  return sum;
}

} // namespace costate::tool
