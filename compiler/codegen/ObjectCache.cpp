// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/ObjectCache.h"

#include "costate/compiler/codegen/Digest.h"
#include "costate/compiler/codegen/SystemStatus.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <random>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace costate::codegen {

namespace fs = std::filesystem;

namespace {

/// What stands before the bytes of an entry; integers are little endian.
struct Header {
  char magic[8] = {'c', 'o', 's', 't', 'o', 'b', 'j', '2'};
  uint64_t size = 0;
  std::array<char, Digest::size> digest = {};

  static Header of(std::string_view bytes) {
    Header header;
    header.size = bytes.size();
    header.digest = Digest::of(bytes);
    return header;
  }
};

std::error_code lastError() { return {errno, std::generic_category()}; }

/// How names of the cache's files end, and of no others: what it removes may lie beside files of a user.
constexpr char entrySuffix[] = ".costate-object", temporarySuffix[] = ".costate-object.tmp";

/// A file that appears under its name when it is whole.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &prefix) {
    std::random_device random;
    do {
      path = absl::StrCat(prefix, "-", absl::Hex(random(), absl::kZeroPad8), temporarySuffix);
      descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor < 0 && errno == EEXIST);
    if (descriptor < 0) {
      error = lastError();
      path.clear();
    }
  }
  ~TemporaryFile() {
    if (descriptor >= 0)
      close(descriptor);
    if (!path.empty())
      unlink(path.c_str());
  }
  TemporaryFile(const TemporaryFile &) = delete;
  void write(std::string_view bytes) {
    while (!error && !bytes.empty()) {
      ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
      if (written >= 0)
        bytes.remove_prefix(written);
      else if (errno != EINTR)
        error = lastError();
    }
  }
  std::error_code rename(const std::string &name) {
    if (!error && ::rename(path.c_str(), name.c_str()) != 0)
      error = lastError();
    if (!error)
      path.clear();
    return error;
  }

private:
  std::string path; // empty once it has its own name
  int descriptor;
  std::error_code error;
};

} // namespace

std::string contentKey(std::initializer_list<std::string_view> parts) {
  Digest digest;
  for (std::string_view part : parts) {
    uint64_t size = part.size();
    digest.update({reinterpret_cast<const char *>(&size), sizeof size});
    digest.update(part);
  }
  std::array<char, Digest::size> key = digest.finish();
  return toHex({key.data(), key.size()});
}

std::string compilerIdentity(const std::string &file) {
  std::string text = COSTATE_LLVM_VERSION "/" COSTATE_HALIDE_VERSION;
  struct stat status;
  if (stat(file.c_str(), &status) == 0)
    absl::StrAppend(&text, "/", status.st_size, "/", status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec);
  return text;
}

const std::string &compilerIdentity() {
  static const std::string identity = [] {
    // The name is relative to a working directory that may have changed; the program's own file is the fallback.
    Dl_info info;
    bool found = dladdr(reinterpret_cast<void *>(&contentKey), &info) && info.dli_fname && access(info.dli_fname, F_OK) == 0;
    return compilerIdentity(found ? info.dli_fname : "/proc/self/exe");
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

std::string ObjectCache::pathOf(std::string_view key) const { return absl::StrCat(directory, "/", std::string(key), entrySuffix); }

std::optional<std::string> ObjectCache::find(std::string_view key) const {
  if (!enabled())
    return std::nullopt;
  std::string path = pathOf(key);
  std::ifstream file(path, std::ios::binary);
  Header header;
  std::error_code code;
  // The size of the file is compared first: a damaged length must not become memory.
  if (!file.read(reinterpret_cast<char *>(&header), sizeof header) || fs::file_size(path, code) != sizeof header + header.size || code)
    return std::nullopt;
  std::string bytes(header.size, '\0');
  if (!file.read(bytes.data(), bytes.size()))
    return std::nullopt;
  const Header expected = Header::of(bytes);
  if (std::memcmp(&header, &expected, sizeof header) != 0)
    return std::nullopt;
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0); // used now; eviction goes by this time
  return bytes;
}

absl::Status ObjectCache::store(std::string_view key, std::string_view bytes) const {
  if (!enabled() || sizeof(Header) + bytes.size() > maxBytes)
    return absl::OkStatus();
  const Header header = Header::of(bytes);
  std::error_code code;
  if (fs::create_directories(directory, code); code)
    return toStatus(code, absl::StrCat("cannot create cache directory '", directory, "'"));
  TemporaryFile file(absl::StrCat(directory, "/", std::string(key)));
  file.write({reinterpret_cast<const char *>(&header), sizeof header});
  file.write(bytes);
  if ((code = file.rename(pathOf(key))))
    return toStatus(code, absl::StrCat("cannot write to cache directory '", directory, "'"));
  evict();
  return absl::OkStatus();
}

// Another process may evict, store or read at the same time: a file that is gone is no error, and a reader has its file open.
void ObjectCache::evict() const {
  struct Entry {
    std::string path;
    uint64_t size;
    fs::file_time_type used;
  };
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code code;
  for (fs::directory_iterator it(directory, code), end; !code && it != end; it.increment(code)) {
    std::error_code gone;
    if (!it->is_regular_file(gone) || gone)
      continue;
    fs::file_time_type used = it->last_write_time(gone);
    uint64_t size = it->file_size(gone);
    if (gone)
      continue;
    // A temporary file an hour old belongs to a process that died.
    const std::string name = it->path().filename();
    if (name.ends_with(temporarySuffix) && used + std::chrono::hours(1) < fs::file_time_type::clock::now())
      fs::remove(it->path(), gone);
    if (!name.ends_with(entrySuffix))
      continue;
    entries.push_back({it->path(), size, used});
    total += size;
  }
  if (total <= maxBytes)
    return;
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) { return a.used < b.used; });
  // A tenth below the bound, so that the next store need not evict again.
  for (const Entry &entry : entries) {
    if (total <= maxBytes - maxBytes / 10)
      break;
    if (fs::remove(entry.path, code); !code)
      total -= entry.size;
  }
}

} // namespace costate::codegen
