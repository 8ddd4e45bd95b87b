// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The C functions that a program gives to models: what `extern fn` declares in a model (docs/language.md).
///
///     costate::Externs externs;
///     absl::Status status = externs.add("smooth", &smooth, &state); // or externs.load("libsmooth.so")
///     costate::Session session({}, {}, externs);
#ifndef COSTATE_COMPILER_API_EXTERNS_H
#define COSTATE_COMPILER_API_EXTERNS_H

#include "costate/runtime/costate.h"

#include "absl/status/status.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace costate {

/// Functions by name. A value: sessions with different functions live side by side. What a model calls is found when its code is loaded; registered
/// functions come before those of libraries, and an earlier library before a later one.
class Externs {
public:
  /// A function as the prototype in the model's header has it: `int32_t (costate_context *, inputs..., results..., extents..., void *data)`. It must live, and
  /// what `data` points to, as long as what is compiled; of another prototype than the model's it is refused when the model is loaded. Errors:
  /// InvalidArgument for a name that there is already.
  template <typename... Parameters>
  absl::Status add(const std::string &name, int32_t (*function)(costate_context *, Parameters...), void *data = nullptr) {
    return add(name,
               {reinterpret_cast<void *>(function), data, "costate_context *" + (std::string() + ... + (", " + typeName<Parameters>()))});
  }
  /// The same of a function whose type is not known here: nothing checks it.
  absl::Status addUnchecked(const std::string &name, void *function, void *data = nullptr) { return add(name, {function, data, ""}); }
  /// Looks for functions in a shared library too; they get NULL as data. The library stays as long as any copy of this value or a program that was loaded with it.
  /// Errors: InvalidArgument with what the system's loader said.
  absl::Status load(const std::string &file);

  struct Function {
    void *address;
    void *data;
    std::string parameters; // types between commas; empty: not known
  };
  std::optional<Function> find(const std::string &name) const;

private:
  absl::Status add(const std::string &name, Function function);

  template <typename T> static std::string typeName() {
    if constexpr (std::is_pointer_v<T>) {
      using Pointee = std::remove_pointer_t<T>;
      return (std::is_const_v<Pointee> ? "const " : "") + typeName<std::remove_const_t<Pointee>>() + " *";
    } else if constexpr (std::is_void_v<T>) {
      return "void";
    } else if constexpr (std::is_floating_point_v<T>) {
      return sizeof(T) == sizeof(float) ? "float" : "double";
    } else {
      static_assert(std::is_integral_v<T> && !std::is_same_v<T, bool>, "a type of the C interface");
      return (std::is_signed_v<T> ? "int" : "uint") + std::to_string(8 * sizeof(T)) + "_t";
    }
  }

  std::map<std::string, Function> functions;
  std::vector<std::shared_ptr<void>> libraries;
};

/// The types between the commas of a prototype in C, each as `Externs::add` writes it.
std::string parametersOf(std::string_view prototype);

} // namespace costate

#endif // COSTATE_COMPILER_API_EXTERNS_H
