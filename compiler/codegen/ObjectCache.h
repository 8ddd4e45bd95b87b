// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A bounded folder of byte strings under content keys. Kernels, host objects and whole compiled models share it.
///
/// Safe under several processes and threads: an entry appears whole by a rename, is never changed, and carries its length and a hash, so
/// that a damaged one is a miss. When the folder outgrows its bound the entries not used for longest go. No failure of the
/// cache is a failure of the compiler: what cannot be read is a miss, and the error of `store` may be dropped.
#ifndef COSTATE_COMPILER_CODEGEN_OBJECTCACHE_H
#define COSTATE_COMPILER_CODEGEN_OBJECTCACHE_H

#include "absl/status/status.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace costate::codegen {

/// Content key: 32 hexadecimal digits of a hash (Digest.h) over the parts, each with its length, so that ("ab", "c") and ("a", "bc") differ.
std::string contentKey(std::initializer_list<std::string_view> parts);

/// What must be in every key: the machine code of the compiler itself (file, size and time of the library or program that holds it), and the
/// versions of LLVM and Halide. A rebuilt compiler never meets objects of the old one.
const std::string &compilerIdentity();
/// The same for the compiler that lies in `file`, which need not be this program.
std::string compilerIdentity(const std::string &file);

class ObjectCache {
public:
  /// A cache that holds nothing.
  ObjectCache() = default;
  /// directory: created on the first `store`; empty means no cache. maxBytes: bound on the sum of the file sizes.
  explicit ObjectCache(std::string directory, uint64_t maxBytes = defaultMaxBytes);

  /// $XDG_CACHE_HOME/costate, else ~/.cache/costate, else "" (no cache).
  static std::string defaultDirectory();
  static constexpr uint64_t defaultMaxBytes = uint64_t(512) << 20;

  bool enabled() const { return !directory.empty(); }

  /// The bytes stored under `key`; marks them as used.
  std::optional<std::string> find(std::string_view key) const;
  /// Stores bytes; replaces nothing if another process was faster, because equal keys mean equal bytes.
  /// Errors: what the system said; a disabled cache accepts and forgets.
  absl::Status store(std::string_view key, std::string_view bytes) const;

private:
  std::string pathOf(std::string_view key) const;
  void evict() const;

  std::string directory;
  uint64_t maxBytes = 0;
};

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_OBJECTCACHE_H
