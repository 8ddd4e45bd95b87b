// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/ObjectCache.h"

#include "costate/compiler/codegen/StatusConversion.h"

#include "absl/strings/str_cat.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <vector>

namespace costate::codegen {

namespace fs = llvm::sys::fs;

namespace {

// magic, length, checksum; all little endian.
constexpr char magic[8] = {'c', 'o', 's', 't', 'o', 'b', 'j', '1'};
constexpr size_t headerSize = 8 + 8 + 8;

std::string header(std::string_view bytes) {
  std::string text(headerSize, '\0');
  std::copy(magic, magic + 8, text.begin());
  llvm::support::endian::write64le(text.data() + 8, bytes.size());
  llvm::support::endian::write64le(text.data() + 16, llvm::xxh3_64bits(llvm::StringRef(bytes)));
  return text;
}

} // namespace

std::string contentKey(std::initializer_list<std::string_view> parts) {
  llvm::BLAKE3 hash;
  for (std::string_view part : parts) {
    uint8_t length[8];
    llvm::support::endian::write64le(length, part.size());
    hash.update(llvm::ArrayRef<uint8_t>(length));
    hash.update(llvm::StringRef(part));
  }
  return llvm::toHex(hash.final<16>(), /*LowerCase=*/true);
}

const std::string &compilerIdentity() {
  static const std::string identity = [] {
    std::string text = absl::StrCat(LLVM_VERSION_STRING, "/", COSTATE_HALIDE_VERSION);
    Dl_info info;
    struct stat status;
    // The name is relative to a working directory that may have changed; the program's own file is the fallback.
    if (dladdr(reinterpret_cast<void *>(&contentKey), &info) && info.dli_fname)
      if (stat(info.dli_fname, &status) == 0 || stat("/proc/self/exe", &status) == 0)
        absl::StrAppend(&text, "/", status.st_size, "/", status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec);
    return text;
  }();
  return identity;
}

ObjectCache::ObjectCache(std::string directory, uint64_t maxBytes) : directory(std::move(directory)), maxBytes(maxBytes) {}

std::string ObjectCache::defaultDirectory() {
  const char *base = std::getenv("XDG_CACHE_HOME");
  if (base && *base)
    return absl::StrCat(base, "/costate");
  const char *home = std::getenv("HOME");
  return home && *home ? absl::StrCat(home, "/.cache/costate") : "";
}

std::string ObjectCache::pathOf(std::string_view key) const { return absl::StrCat(directory, "/", std::string(key), ".bin"); }

std::optional<std::string> ObjectCache::find(std::string_view key) const {
  if (!enabled())
    return std::nullopt;
  std::string path = pathOf(key);
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return std::nullopt;
  std::string_view content = (*file)->getBuffer();
  if (content.size() < headerSize)
    return std::nullopt;
  std::string_view bytes = content.substr(headerSize);
  if (content.substr(0, headerSize) != header(bytes))
    return std::nullopt;
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0); // used now; eviction goes by this time
  return std::string(bytes);
}

absl::Status ObjectCache::store(std::string_view key, std::string_view bytes) const {
  if (!enabled() || headerSize + bytes.size() > maxBytes)
    return absl::OkStatus();
  if (std::error_code code = fs::create_directories(directory))
    return toStatus(code, absl::StrCat("cannot create cache directory '", directory, "'"));
  // Not llvm::sys::fs::TempFile: that installs signal handlers, and the process is not ours.
  llvm::SmallString<256> temporary;
  int descriptor;
  std::error_code code = fs::createUniqueFile(absl::StrCat(directory, "/", std::string(key), "-%%%%%%%%.tmp"), descriptor, temporary);
  if (!code) {
    llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    stream << header(bytes) << bytes;
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (!code)
    code = fs::rename(temporary, pathOf(key));
  if (code) {
    if (!temporary.empty())
      fs::remove(temporary);
    return toStatus(code, absl::StrCat("cannot write to cache directory '", directory, "'"));
  }
  evict();
  return absl::OkStatus();
}

// Another process may evict, store or read at the same time: a file that is gone is no error, and a reader has its file open.
void ObjectCache::evict() const {
  struct Entry {
    std::string path;
    uint64_t size;
    llvm::sys::TimePoint<> used;
  };
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code code;
  auto now = std::chrono::system_clock::now();
  for (fs::directory_iterator it(directory, code), end; it != end && !code; it.increment(code)) {
    fs::file_status status;
    if (fs::status(it->path(), status) || status.type() != fs::file_type::regular_file)
      continue;
    llvm::StringRef extension = llvm::sys::path::extension(it->path());
    // A temporary file an hour old belongs to a process that died.
    if (extension == ".tmp" && status.getLastModificationTime() + std::chrono::hours(1) < now)
      fs::remove(it->path());
    if (extension != ".bin")
      continue;
    entries.push_back({it->path(), status.getSize(), status.getLastModificationTime()});
    total += status.getSize();
  }
  if (total <= maxBytes)
    return;
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) { return a.used < b.used; });
  // A tenth below the bound, so that the next store need not evict again.
  for (const Entry &entry : entries) {
    if (total <= maxBytes - maxBytes / 10)
      break;
    if (!fs::remove(entry.path))
      total -= entry.size;
  }
}

} // namespace costate::codegen
