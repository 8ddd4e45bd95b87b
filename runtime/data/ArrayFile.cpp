// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/data/ArrayFile.h"

#include "costate/runtime/Descriptor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace costate::runtime {

// ==== Whole files ===================================================================================================================

namespace {
/// A file descriptor that closes itself.
class Descriptor {
public:
  explicit Descriptor(int number) : number(number) {}
  ~Descriptor() {
    if (number >= 0)
      ::close(number);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  int get() const { return number; }
  int close() { return ::close(std::exchange(number, -1)); }

private:
  int number;
};
} // namespace

static Status systemError(std::string_view path, const char *what, int error) {
  return {error == ENOENT ? COSTATE_NOT_FOUND : COSTATE_IO, text('\'', path, "': cannot ", what, ": ", std::strerror(error))};
}

Result<std::shared_ptr<const FileBytes>> readFile(const std::string &path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0)
    return systemError(path, "open the file", errno);
  struct stat status;
  if (::fstat(file.get(), &status) != 0)
    return systemError(path, "read the file", errno);
  if (S_ISDIR(status.st_mode))
    return systemError(path, "read the file", EISDIR);

  auto content = std::make_shared<FileBytes>();
  content->path = path;
  if (uint64_t(status.st_size) >= content->bytes.max_size())
    return systemError(path, "read the file", ENOMEM);
  content->bytes.resize(S_ISREG(status.st_mode) ? status.st_size + 1 : 1 << 16);
  // To the end, not to the size that fstat gave: pipes have none, and files grow. One spare byte finds the end without a second growth.
  size_t size = 0;
  while (true) {
    ssize_t got = ::read(file.get(), content->bytes.data() + size, content->bytes.size() - size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return systemError(path, "read the file", errno);
    if (got == 0)
      break;
    size += got;
    if (size == content->bytes.size())
      content->bytes.resize(2 * size);
  }
  content->bytes.resize(size);
  return std::shared_ptr<const FileBytes>(std::move(content));
}

static int writeAll(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t wrote = ::write(file, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote < 0)
      return errno;
    bytes = bytes.subspan(wrote);
  }
  return 0;
}

/// Is it the name of a temporary file of `name`: NAME.PID.N.tmp?
static bool isTemporaryOf(std::string_view file, std::string_view name) {
  if (!file.starts_with(name) || !file.ends_with(".tmp"))
    return false;
  std::string_view numbers = file.substr(name.size(), file.size() - name.size() - 4);
  return numbers.size() >= 4 && numbers[0] == '.' && numbers.find_first_not_of(".0123456789") == std::string_view::npos;
}

/// Removes what processes that were killed while they wrote the file have left. A writer holds a lock on its temporary file as long as that has this name;
/// one that was renamed since it was opened here may have a successor of the same name.
static void removeAbandoned(const std::string &folder, std::string_view name) {
  std::unique_ptr<DIR, int (*)(DIR *)> entries(::opendir(folder.c_str()), ::closedir);
  for (dirent *entry; entries && (entry = ::readdir(entries.get()));) {
    if (!isTemporaryOf(entry->d_name, name))
      continue;
    std::string temporary = folder + entry->d_name;
    Descriptor file(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat opened, named;
    if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(file.get(), &opened) == 0 &&
        ::lstat(temporary.c_str(), &named) == 0 && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino)
      ::unlink(temporary.c_str());
  }
}

/// A new file that is locked; negative with errno set if there can be none. Between its creation and its lock another process may take it for abandoned.
static int openTemporary(const std::string &path, std::string &temporary) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    // O_EXCL, not mkstemp: the file gets the permissions that the user's umask gives any other file.
    temporary = text(path, ".", ::getpid(), ".", attempt, ".tmp");
    int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && errno != EEXIST)
      return file;
    if (file < 0)
      continue;
    struct stat status;
    if ((::flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && ::fstat(file, &status) == 0 && status.st_nlink > 0)
      return file;
    ::close(file);
  }
  errno = EEXIST;
  return -1;
}

Status writeFileAtomically(const std::string &path, std::span<const std::span<const std::byte>> parts) {
  auto failed = [&](const char *doing, int error) { return ioError('\'', path, "': cannot ", doing, " the file: ", std::strerror(error)); };
  // A device or a pipe is written to: a rename would put a file in its place.
  struct stat there;
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0)
      return failed("write", errno);
    for (std::span<const std::byte> part : parts)
      if (int error = writeAll(file.get(), part))
        return failed("write", error);
    return file.close() == 0 ? Status() : failed("write", errno);
  }
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "./" : path.substr(0, slash + 1), temporary;
  removeAbandoned(folder, std::string_view(path).substr(slash + 1));
  Descriptor file(openTemporary(path, temporary));
  if (file.get() < 0)
    return failed("create", errno);
  auto write = [&]() -> int {
    for (std::span<const std::byte> part : parts)
      if (int error = writeAll(file.get(), part))
        return error;
    // Renamed while it is open, and so locked.
    return ::fsync(file.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0 || file.close() != 0 ? errno : 0;
  };
  if (int error = write()) {
    ::unlink(temporary.c_str());
    return failed("write", error);
  }
  // The rename lasts once the directory is on disk; a file system that cannot do this has renamed all the same.
  Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0)
    (void)::fsync(directory.get());
  return {};
}

// ==== Named arrays ==================================================================================================================

namespace {
/// "a.b/data.npz" is "data" and ".npz".
struct FileName {
  std::string stem, extension;
};
} // namespace

static Result<FileName> splitName(const std::string &path) {
  size_t slash = path.rfind('/'), start = slash == std::string::npos ? 0 : slash + 1;
  size_t dot = path.rfind('.');
  FileName name{path.substr(start), ""};
  if (dot != std::string::npos && dot >= start)
    name = {path.substr(start, dot - start), path.substr(dot)};
  for (const char *known : {".npz", ".npy", ".csv", ".safetensors"})
    if (name.extension == known)
      return name;
  return invalidArgument('\'', path, "': requires a file named .npz, .npy, .csv or .safetensors, but got '", name.extension, '\'');
}

Result<ArrayFile> ArrayFile::open(const std::string &path, std::shared_ptr<const FileBytes> *content) {
  if (Result<FileName> name = splitName(path); !name.ok())
    return name.status();
  Result<std::shared_ptr<const FileBytes>> file = readFile(path);
  if (!file.ok())
    return file.status();
  if (content)
    *content = *file;
  return parse(std::move(*file));
}

Result<ArrayFile> ArrayFile::parse(std::shared_ptr<const FileBytes> file) {
  Result<FileName> name = splitName(file->path);
  if (!name.ok())
    return name.status();
  Result<std::vector<Member>> members = std::vector<Member>();
  if (name->extension == ".npz")
    members = openNpz(file);
  else if (name->extension == ".csv")
    members = openCsv(file);
  else if (name->extension == ".safetensors")
    members = openSafetensors(file);
  else
    members->push_back({name->stem, [file] { return parseNpy(file->bytes, file->where()); }});
  if (!members.ok())
    return members.status();
  return ArrayFile(file->path, std::move(*members));
}

std::vector<std::string> ArrayFile::names() const {
  std::vector<std::string> out;
  for (const Member &member : members)
    out.push_back(member.name);
  return out;
}

bool ArrayFile::has(std::string_view name) const {
  return std::any_of(members.begin(), members.end(), [&](const Member &member) { return member.name == name; });
}

Result<Array> ArrayFile::read(std::string_view name) const {
  for (const Member &member : members)
    if (member.name == name)
      return member.read();
  std::vector<std::string> known = names();
  return notFound('\'', path, "': requires array '", name, "', but the file has ", listNames(known), suggest(name, known));
}

std::vector<std::string> ArrayFile::labels(std::string_view name) const {
  for (const Member &member : members)
    if (member.name == name)
      return member.labels;
  return {};
}

/// Columns of one length side by side.
static Result<Array> joinColumns(const std::vector<Array> &columns, std::span<const std::string> names, std::string_view where) {
  const Array &first = columns.front();
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i].shape.size() != 1 || columns[i].shape != first.shape || columns[i].type != first.type)
      return invalidArgument(where, ": requires columns of one length and type, but '", names[0], "' is ", typeText(first.type, first.shape), " and '",
                             names[i], "' is ", typeText(columns[i].type, columns[i].shape));
  size_t rows = first.shape[0], width = columns.size(), bytes = rows ? first.data.size() / rows : 0;
  Array joined{first.type, {first.shape[0], static_cast<int64_t>(width)}, Buffer(rows * width * bytes)};
  for (size_t row = 0; row < rows; ++row)
    for (size_t i = 0; i < width; ++i)
      std::memcpy(joined.data.data() + (row * width + i) * bytes, columns[i].data.data() + row * bytes, bytes);
  return joined;
}

Status ArrayFile::addArray(const std::string &name, const std::vector<std::string> &columns, std::span<const std::string> others) {
  std::vector<std::string> known = names();
  bool isRest = columns.size() == 1 && columns[0] == "*", found = false;
  for (const char *split : {"", "_train", "_test"}) {
    std::vector<std::string> parts;
    for (const std::string &column : columns)
      parts.push_back(column + split);
    if (isRest) {
      parts.clear();
      if (!*split)
        std::copy_if(known.begin(), known.end(), std::back_inserter(parts), [&](const std::string &column) {
          return labels(column).empty() && std::find(others.begin(), others.end(), column) == others.end();
        });
    }
    if (parts.empty() || !std::all_of(parts.begin(), parts.end(), [&](const std::string &part) { return has(part); }))
      continue;
    found = true;
    if (has(name + split) && parts != std::vector{name + split})
      return invalidArgument('\'', path, "': has an array '", name, split, "' already");
    std::vector<Member> sources;
    for (const std::string &part : parts)
      sources.push_back(*std::find_if(members.begin(), members.end(), [&](const Member &member) { return member.name == part; }));
    if (columns.size() == 1 && !isRest) {
      members.push_back({name + split, sources[0].read, sources[0].labels});
      continue;
    }
    auto join = [sources, parts, where = text('\'', path, '\'')]() -> Result<Array> {
      std::vector<Array> arrays;
      for (const Member &source : sources) {
        Result<Array> array = source.read();
        if (!array.ok())
          return array.status();
        arrays.push_back(std::move(*array));
      }
      return joinColumns(arrays, parts, where);
    };
    members.push_back({name + split, join, {}});
  }
  if (found)
    return {};
  auto missing = std::find_if(columns.begin(), columns.end(), [&](const std::string &column) { return !has(column); });
  if (isRest || missing == columns.end())
    return notFound('\'', path, "': requires a column of numbers for '", name, "', but the file has ", listNames(known));
  return notFound('\'', path, "': requires column '", *missing, "' for '", name, "', but the file has ", listNames(known), suggest(*missing, known));
}

} // namespace costate::runtime
