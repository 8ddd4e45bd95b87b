// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/CInterface.h"

#include <nlohmann/json.hpp>

namespace costate::codegen {

using Json = nlohmann::ordered_json;

static const char *roleName(costate_role role) {
  static const char *const names[] = {"param", "state", "input", "target", "hyper", "seed", "metric", "output", "dim", "buffer", "rows"};
  return names[role];
}

static Json arrayJson(const ArrayDescription &array) {
  Json json{{"name", array.name}, {"role", roleName(array.role)}, {"type", costate_type_name(array.type)}};
  Json shape = Json::array();
  for (graph::DimAttr axis : array.axes) {
    if (std::optional<int64_t> extent = axis.constant())
      shape.push_back(*extent);
    else
      shape.push_back(axis.str());
  }
  json["shape"] = shape;
  return json;
}

std::string writeManifest(const ModelDescription &model, const Target &target, const std::vector<std::string> &kernels) {
  Json json{{"name", model.name}, {"costate", costate_version()}, {"abi", COSTATE_ABI_VERSION}};
  json["target"] = {{"name", target.name}, {"triple", target.triple}, {"features", target.llvmFeatures()}};
  Json defaults = Json::object();
  if (model.data)
    defaults["data"] = *model.data;
  if (model.epochs)
    defaults["epochs"] = *model.epochs;
  if (model.batch)
    defaults["batch"] = *model.batch;
  json["defaults"] = defaults;
  json["dims"] = model.dims;
  json["hints"] = Json::object();
  for (const auto &[name, extent] : model.hints)
    json["hints"][name] = extent;
  json["slots"] = Json::array();
  for (const SlotDescription &slot : model.slots) {
    Json entry{{"name", slot.name}, {"role", roleName(slot.role)}, {"type", costate_type_name(slot.type)}, {"shape", slot.shape}};
    for (const LeafDescription &leaf : slot.leaves)
      entry["leaves"].push_back({{"name", leaf.name}, {"shape", leaf.shape}, {"offset", leaf.offset}});
    json["slots"].push_back(entry);
  }
  json["hypers"] = Json::array();
  for (const HyperDescription &hyper : model.hypers)
    json["hypers"].push_back({{"name", hyper.name}, {"type", costate_type_name(hyper.type)}, {"default", hyper.defaultValue}});
  json["entries"] = Json::array();
  for (const EntryDescription &entry : model.entries) {
    Json arguments = Json::array(), results = Json::array();
    for (const ArrayDescription &argument : entry.arguments)
      arguments.push_back(arrayJson(argument));
    for (const ArrayDescription &result : entry.results)
      results.push_back(arrayJson(result));
    json["entries"].push_back({{"name", entry.name}, {"arguments", arguments}, {"results", results}});
  }
  json["externs"] = Json::array();
  for (const ExternDescription &description : model.externs)
    json["externs"].push_back({{"name", description.symbol}, {"prototype", description.prototype}, {"place", description.place}});
  json["kernels"] = kernels;
  // IR may name things by bytes that are no UTF-8, which JSON cannot.
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

} // namespace costate::codegen
