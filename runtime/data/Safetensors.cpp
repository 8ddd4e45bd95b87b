// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// .safetensors: the length of a header (8 bytes), the header (JSON: dtype, shape and byte range of each tensor), data. The rules of the format
// are checked: ranges fit types and shapes, and tile the data without overlap or hole.
#include "costate/runtime/data/ArrayFile.h"
#include "costate/runtime/data/Npy.h"

#include "costate/runtime/Descriptor.h"
#include "costate/runtime/Json.h"

#include <algorithm>

namespace costate::runtime {

static constexpr uint64_t kLargestHeader = 100'000'000; // as in the reference implementation

static Result<Json> parseHeader(const FileBytes &file, uint64_t &dataStart) {
  std::span<const std::byte> bytes = file.bytes;
  if (bytes.size() < 8)
    return invalidArgument(file.where(), ": requires a .safetensors file of at least 8 bytes, but got ", bytes.size());
  uint64_t length = 0;
  for (int i = 0; i < 8; ++i)
    length |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  if (length > bytes.size() - 8 || length > kLargestHeader)
    return invalidArgument(file.where(), ": requires a header of ", length, " bytes, but ", bytes.size() - 8, " are left; the file may be cut short");
  dataStart = 8 + length;
  Result<Json> header = Json::parse({reinterpret_cast<const char *>(bytes.data()) + 8, length});
  if (!header.ok())
    return invalidArgument(file.where(), ": header, ", header.status().message());
  if (!header->asObject())
    return invalidArgument(file.where(), ": requires a header that is a JSON object");
  return header;
}

namespace {
struct Tensor {
  std::string name;
  StoredType type;
  std::vector<int64_t> shape;
  uint64_t begin, end; // in bytes of the data
};
} // namespace

static Result<Tensor> parseTensor(const std::string &name, const Json &json, uint64_t dataSize, const std::string &where) {
  static const std::pair<std::string_view, StoredType> types[] = {{"F64", {'f', 8}}, {"F32", {'f', 4}}, {"F16", {'f', 2}}, {"BF16", {'B', 2}},
                                                                  {"I64", {'i', 8}}, {"I32", {'i', 4}}, {"I16", {'i', 2}}, {"I8", {'i', 1}},
                                                                  {"U64", {'u', 8}}, {"U32", {'u', 4}}, {"U16", {'u', 2}}, {"U8", {'u', 1}},
                                                                  {"BOOL", {'b', 1}}};
  Tensor tensor{name, {'?', 0}, {}, 0, 0};
  const Json *dtype = json.find("dtype"), *shape = json.find("shape"), *range = json.find("data_offsets");
  if (!dtype || !dtype->asString() || !shape || !shape->asArray() || !range || !range->asArray() || range->asArray()->size() != 2)
    return invalidArgument(where, " requires 'dtype', 'shape' and 'data_offsets' (two numbers)");
  for (const auto &[typeName, type] : types)
    if (*dtype->asString() == typeName)
      tensor.type = type;
  if (tensor.type.bytes == 0)
    return unimplemented(where, " has element type '", *dtype->asString(), "', which is not supported");
  if (shape->asArray()->size() > 32)
    return invalidArgument(where, " requires at most 32 axes, but got ", shape->asArray()->size());
  for (const Json &extent : *shape->asArray()) {
    if (!extent.asInteger() || *extent.asInteger() < 0)
      return invalidArgument(where, " requires extents that are integers >= 0, but got ", extent.print());
    tensor.shape.push_back(*extent.asInteger());
  }
  const int64_t *begin = (*range->asArray())[0].asInteger(), *end = (*range->asArray())[1].asInteger();
  if (!begin || !end || *begin < 0 || *end < *begin || static_cast<uint64_t>(*end) > dataSize)
    return invalidArgument(where, " requires 'data_offsets' within the ", dataSize, " bytes of data, but got ", range->print(),
                           "; the file may be cut short");
  tensor.begin = *begin;
  tensor.end = *end;
  int64_t count = elementCount(tensor.shape);
  uint64_t size = tensor.end - tensor.begin;
  if (count < 0 || size % tensor.type.bytes != 0 || size / tensor.type.bytes != static_cast<uint64_t>(count))
    return invalidArgument(where, " requires data of shape ", shape->print(), " and type ", *dtype->asString(), ", but got ", size, " bytes");
  return tensor;
}

Result<std::vector<ArrayFile::Member>> openSafetensors(std::shared_ptr<const FileBytes> file) {
  uint64_t dataStart = 0;
  Result<Json> header = parseHeader(*file, dataStart);
  if (!header.ok())
    return header.status();
  uint64_t dataSize = file->bytes.size() - dataStart;
  std::vector<Tensor> tensors;
  for (const auto &[name, json] : *header->asObject()) {
    if (name == "__metadata__")
      continue;
    Result<Tensor> tensor = parseTensor(name, json, dataSize, text(file->where(), ": array '", name, '\''));
    if (!tensor.ok())
      return tensor.status();
    tensors.push_back(std::move(*tensor));
  }
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const Tensor &a, const Tensor &b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  uint64_t covered = 0;
  std::vector<ArrayFile::Member> members;
  for (const Tensor &tensor : tensors) {
    if (tensor.begin != covered)
      return invalidArgument(file->where(), ": array '", tensor.name, "' requires data from byte ", covered, ", where the one before ends, but got ",
                             tensor.begin);
    covered = tensor.end;
    members.push_back({tensor.name, [file, tensor, dataStart] {
                         std::span<const std::byte> bytes = std::span(file->bytes).subspan(dataStart + tensor.begin, tensor.end - tensor.begin);
                         return decodeArray(tensor.type, tensor.shape, false, bytes, text(file->where(), ": array '", tensor.name, '\''));
                       }});
  }
  if (covered != dataSize)
    return invalidArgument(file->where(), ": requires ", covered, " bytes of data, but got ", dataSize);
  return members;
}

Result<Metadata> readSafetensorsMetadata(const FileBytes &file) {
  uint64_t dataStart = 0;
  Result<Json> header = parseHeader(file, dataStart);
  if (!header.ok())
    return header.status();
  Metadata metadata;
  const Json *json = header->find("__metadata__");
  if (!json)
    return metadata;
  if (!json->asObject())
    return invalidArgument(file.where(), ": requires '__metadata__' to be an object, but got ", json->print());
  for (const auto &[key, value] : *json->asObject()) {
    if (!value.asString())
      return invalidArgument(file.where(), ": metadata '", key, "' requires a string, but got ", value.print());
    metadata.emplace(key, *value.asString());
  }
  return metadata;
}

Status writeSafetensors(const std::string &path, std::span<const NamedView> arrays, const Metadata &metadata) {
  static constexpr const char *types[] = {"F32", "F64", "I32", "I64", "I8", "U8", "BOOL", "BF16", "F16"};
  Json::Object header;
  if (!metadata.empty()) {
    Json::Object object;
    for (const auto &[key, value] : metadata)
      object.emplace_back(key, value);
    header.emplace_back("__metadata__", std::move(object));
  }
  // Data in order of falling element size, so that each tensor is aligned for its type, as readers that map the file expect.
  std::vector<const NamedView *> sorted;
  for (const NamedView &array : arrays)
    sorted.push_back(&array);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const NamedView *a, const NamedView *b) { return costate_type_size(a->type) > costate_type_size(b->type); });
  std::vector<std::span<const std::byte>> parts(1); // the header's place
  int64_t offset = 0;
  for (const NamedView *array : sorted) {
    std::span<const std::byte> data = viewBytes(*array);
    int64_t end = offset + static_cast<int64_t>(data.size());
    Json::Array shape(array->shape.begin(), array->shape.end()), range{Json(offset), Json(end)};
    header.emplace_back(array->name, Json::Object{{"dtype", types[array->type]}, {"shape", std::move(shape)}, {"data_offsets", std::move(range)}});
    parts.push_back(data);
    offset = end;
  }
  std::string json = Json(std::move(header)).print();
  json.resize((json.size() + 7) / 8 * 8, ' '); // data starts at a multiple of 8 bytes
  std::string start;
  for (int i = 0; i < 8; ++i)
    start += char(json.size() >> (8 * i) & 255);
  start += json;
  parts[0] = std::as_bytes(std::span(start));
  return writeFileAtomically(path, parts);
}

} // namespace costate::runtime
