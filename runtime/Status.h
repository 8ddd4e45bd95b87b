// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How functions of the runtime fail: a code of costate.h and a message that says where, what is required, and what was found. Nothing
// in this library throws on purpose; std::bad_alloc is caught where the C interface begins (`guarded` in Context.h).
#ifndef COSTATE_RUNTIME_STATUS_H
#define COSTATE_RUNTIME_STATUS_H

#include "costate/runtime/costate.h"

#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace costate::runtime {

/// Success, or a code with its message.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(costate_code code, std::string message) : failure(code), words(std::move(message)) {}

  bool ok() const { return failure == COSTATE_OK; }
  costate_code code() const { return failure; }
  const std::string &message() const { return words; }

private:
  costate_code failure = COSTATE_OK;
  std::string words;
};

/// A value, or the status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
public:
  Result(T value) : held(std::move(value)) {}
  Result(Status status) : failure(std::move(status)) {}

  bool ok() const { return held.has_value(); }
  const Status &status() const { return failure; }
  T &operator*() { return *held; }
  const T &operator*() const { return *held; }
  T *operator->() { return &*held; }
  const T *operator->() const { return &*held; }

private:
  std::optional<T> held;
  Status failure;
};

/// Returns the failure of `expression` (a Status) from the enclosing function.
#define COSTATE_RETURN_IF_ERROR(expression)                                                                                                \
  do {                                                                                                                                     \
    if (::costate::runtime::Status costateStatus = (expression); !costateStatus.ok())                                                      \
      return costateStatus;                                                                                                                \
  } while (false)

inline void append(std::string &out, std::string_view part) { out += part; }
inline void append(std::string &out, const char *part) { out += part ? part : "(null)"; }
inline void append(std::string &out, char part) { out += part; }
template <typename Number>
  requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, char> && !std::is_same_v<Number, bool>)
void append(std::string &out, Number part) { // shortest digits that read back as the same number, in every locale
  if (part != part) { // of a NaN the sign is an accident
    out += "nan";
    return;
  }
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, part).ptr);
}

/// The parts one after another: strings, characters and numbers.
template <typename... Parts>
std::string text(const Parts &...parts) {
  std::string out;
  (append(out, parts), ...);
  return out;
}

template <typename... Parts>
Status invalidArgument(const Parts &...parts) {
  return {COSTATE_INVALID_ARGUMENT, text(parts...)};
}
template <typename... Parts>
Status notFound(const Parts &...parts) {
  return {COSTATE_NOT_FOUND, text(parts...)};
}
template <typename... Parts>
Status ioError(const Parts &...parts) {
  return {COSTATE_IO, text(parts...)};
}
template <typename... Parts>
Status unimplemented(const Parts &...parts) {
  return {COSTATE_UNIMPLEMENTED, text(parts...)};
}
template <typename... Parts>
Status internalError(const Parts &...parts) {
  return {COSTATE_INTERNAL, text(parts...)};
}

/// "'a', 'b' and 3 more": the first `limit` of the names; "nothing" without any.
std::string listNames(std::span<const std::string> names, size_t limit = 12);
/// "; did you mean 'NAME'?" with the candidate of least edit distance if it is close (at most a third of the letters), else "".
std::string suggest(std::string_view name, std::span<const std::string> candidates);

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_STATUS_H
