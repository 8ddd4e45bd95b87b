// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loader of shared ELF objects for x86-64 that need no other library: segments are copied to memory of their own, relocated, then protected. What
// linkLibrary writes has no constructors and no thread-local variables, and three kinds of relocations. No byte of the file is trusted, but the machine code,
// which nobody can check; tables are read where they stand in the file, so that no relocation changes one.
#include "costate/compiler/api/LoadedLibrary.h"

#include "costate/runtime/Status.h"
#include "costate/runtime/Symbols.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <elf.h>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

namespace costate {

namespace {

template <typename F>
void *addressOf(F *function) {
  return reinterpret_cast<void *>(function);
}

/// What LLVM may write in place of a loop, or of an instruction that the target lacks.
const runtime::Symbol cLibrary[] = {
    {"memcpy", addressOf(&std::memcpy)},
    {"memmove", addressOf(&std::memmove)},
    {"memset", addressOf(&std::memset)},
    {"memcmp", addressOf(&std::memcmp)},
    {"fma", addressOf<double(double, double, double)>(&std::fma)},
    {"fmaf", addressOf<float(float, float, float)>(&std::fma)},
    {"fmod", addressOf<double(double, double)>(&std::fmod)},
    {"fmodf", addressOf<float(float, float)>(&std::fmod)},
    {"floor", addressOf<double(double)>(&std::floor)},
    {"floorf", addressOf<float(float)>(&std::floor)},
    {"ceil", addressOf<double(double)>(&std::ceil)},
    {"ceilf", addressOf<float(float)>(&std::ceil)},
    {"trunc", addressOf<double(double)>(&std::trunc)},
    {"truncf", addressOf<float(float)>(&std::trunc)},
    {"roundeven", addressOf<double(double)>(&std::nearbyint)}, // the runtime never leaves the default rounding mode
    {"roundevenf", addressOf<float(float)>(&std::nearbyint)},
};

} // namespace

class LibraryLoader {
public:
  LibraryLoader(const codegen::Package &package, const Externs &externs)
      : package(package), externs(externs), file(std::as_bytes(std::span(package.library))) {}

  absl::StatusOr<std::unique_ptr<LoadedLibrary>> map() {
    if (absl::Status status = copySegments(); !status.ok())
      return status;
    if (absl::Status status = readTables(); !status.ok())
      return status;
    for (std::span<const Elf64_Rela> relocations : {dataRelocations, callRelocations})
      for (const Elf64_Rela &relocation : relocations)
        if (absl::Status status = relocate(relocation); !status.ok())
          return status;
    if (absl::Status status = protect(); !status.ok())
      return status;
    absl::StatusOr<void *> info = library->lookup(package.name + "_info");
    if (!info.ok())
      return broken(std::string(info.status().message()));
    if (!isCode(*info))
      return broken(runtime::text("requires '", package.name, "_info' to be a function"));
    describe = reinterpret_cast<const costate_model_info *(*)()>(*info);
    return std::move(library);
  }

  absl::StatusOr<std::unique_ptr<LoadedLibrary>> load() {
    absl::StatusOr<std::unique_ptr<LoadedLibrary>> mapped = map();
    if (!mapped.ok())
      return mapped.status();
    library = std::move(*mapped);
    library->modelInfo = describe();
    if (absl::Status status = bindExterns(); !status.ok())
      return status;
    return std::move(library);
  }

private:
  absl::Status broken(std::string_view what) const { return absl::InternalError(runtime::text("cannot load model '", package.name, "': ", what)); }
  absl::Status systemError() const { return broken(std::generic_category().message(errno)); }

  /// `count` things of a type at an offset of some bytes; empty if they are not all there.
  template <typename T> static std::span<const T> at(std::span<const std::byte> bytes, uint64_t offset, uint64_t count) {
    if (offset > bytes.size() || count > (bytes.size() - offset) / sizeof(T) ||
        reinterpret_cast<uintptr_t>(bytes.data() + offset) % alignof(T) != 0)
      return {};
    return {reinterpret_cast<const T *>(bytes.data() + offset), count};
  }
  /// The same at an address of the library, as the file has it.
  template <typename T> std::span<const T> atAddress(uint64_t address, uint64_t count) const {
    for (const Elf64_Phdr &segment : segments)
      if (segment.p_type == PT_LOAD && address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz)
        return at<T>(file.subspan(segment.p_offset, segment.p_filesz), address - segment.p_vaddr, count);
    return {};
  }
  bool isCode(void *address) const {
    const uint64_t place = static_cast<std::byte *>(address) - library->memory.data();
    return std::any_of(segments.begin(), segments.end(), [&](const Elf64_Phdr &segment) {
      return segment.p_type == PT_LOAD && segment.p_flags & PF_X && place >= segment.p_vaddr && place - segment.p_vaddr < segment.p_filesz;
    });
  }

  absl::Status copySegments() {
    std::span<const Elf64_Ehdr> headers = at<Elf64_Ehdr>(file, 0, 1);
    if (headers.empty() || std::memcmp(headers[0].e_ident, ELFMAG, SELFMAG) != 0 || headers[0].e_ident[EI_CLASS] != ELFCLASS64 ||
        headers[0].e_ident[EI_DATA] != ELFDATA2LSB || headers[0].e_type != ET_DYN || headers[0].e_machine != EM_X86_64 ||
        headers[0].e_phentsize != sizeof(Elf64_Phdr))
      return broken("requires a shared ELF object for x86-64");
    segments = at<Elf64_Phdr>(file, headers[0].e_phoff, headers[0].e_phnum);
    constexpr uint64_t mostBytes = uint64_t(1) << 40;
    uint64_t end = 0;
    for (const Elf64_Phdr &segment : segments) {
      if (segment.p_vaddr > mostBytes || segment.p_memsz > mostBytes || segment.p_filesz > segment.p_memsz ||
          segment.p_offset > file.size() || segment.p_filesz > file.size() - segment.p_offset)
        return broken("has a segment outside of the file");
      if (segment.p_type == PT_LOAD && segment.p_flags & PF_W && segment.p_flags & PF_X)
        return broken("has a segment that is both writable and executable");
      end = std::max(end, segment.p_vaddr + segment.p_memsz);
    }
    if (end == 0)
      return broken("has no segments");
    void *memory = mmap(nullptr, end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      return systemError();
    library.reset(new LoadedLibrary({static_cast<std::byte *>(memory), end}));
    for (const Elf64_Phdr &segment : segments)
      if (segment.p_type == PT_LOAD && segment.p_filesz > 0)
        std::memcpy(library->memory.data() + segment.p_vaddr, file.data() + segment.p_offset, segment.p_filesz);
    return absl::OkStatus();
  }

  absl::Status readTables() {
    std::map<int64_t, uint64_t> dynamic;
    for (const Elf64_Phdr &segment : segments)
      if (segment.p_type == PT_DYNAMIC)
        for (const Elf64_Dyn &entry : at<Elf64_Dyn>(file, segment.p_offset, segment.p_filesz / sizeof(Elf64_Dyn))) {
          if (entry.d_tag == DT_NULL)
            break;
          dynamic.try_emplace(entry.d_tag, entry.d_un.d_val);
        }
    auto value = [&](int64_t tag) {
      auto found = dynamic.find(tag);
      return found == dynamic.end() ? 0 : found->second;
    };
    if (dynamic.contains(DT_INIT) || dynamic.contains(DT_INIT_ARRAY) || dynamic.contains(DT_NEEDED))
      return broken("requires no constructors and no libraries");
    // The second word of the table of hashes is the number of symbols.
    std::span<const uint32_t> hashes = atAddress<uint32_t>(value(DT_HASH), 2);
    if (!dynamic.contains(DT_HASH) || hashes.empty())
      return broken("has no symbols");
    symbols = atAddress<Elf64_Sym>(value(DT_SYMTAB), hashes[1]);
    std::span<const char> characters = atAddress<char>(value(DT_STRTAB), value(DT_STRSZ));
    names = {characters.data(), characters.size()};
    dataRelocations = atAddress<Elf64_Rela>(value(DT_RELA), value(DT_RELASZ) / sizeof(Elf64_Rela));
    callRelocations = atAddress<Elf64_Rela>(value(DT_JMPREL), value(DT_PLTRELSZ) / sizeof(Elf64_Rela));
    if (symbols.size() != hashes[1] || names.size() != value(DT_STRSZ) || !names.ends_with('\0') ||
        dataRelocations.size_bytes() != value(DT_RELASZ) || callRelocations.size_bytes() != value(DT_PLTRELSZ))
      return broken("has a table outside of its segments");
    for (const Elf64_Sym &symbol : symbols)
      if (isDefined(symbol))
        library->exports.push_back({std::string(nameOf(symbol)), library->memory.data() + symbol.st_value});
    return absl::OkStatus();
  }

  bool isDefined(const Elf64_Sym &symbol) const { return symbol.st_shndx != SHN_UNDEF && symbol.st_value < library->memory.size(); }
  std::string_view nameOf(const Elf64_Sym &symbol) const { return symbol.st_name < names.size() ? names.data() + symbol.st_name : ""; }

  absl::StatusOr<uint64_t> addressOfSymbol(uint64_t number) {
    if (number >= symbols.size())
      return broken("has a relocation without its symbol");
    const Elf64_Sym &symbol = symbols[number];
    if (isDefined(symbol))
      return reinterpret_cast<uint64_t>(library->memory.data()) + symbol.st_value;
    for (std::span<const runtime::Symbol> known : {runtime::symbols(), std::span<const runtime::Symbol>(cLibrary)})
      for (const runtime::Symbol &candidate : known)
        if (nameOf(symbol) == candidate.name)
          return reinterpret_cast<uint64_t>(candidate.address);
    std::string name(nameOf(symbol));
    if (std::optional<Externs::Function> function = externs.find(name))
      return reinterpret_cast<uint64_t>(function->address);
    missing.push_back(name);
    return 0;
  }

  /// Nobody else calls the functions of the program by now, so that what is not there can be said in the model's words.
  absl::Status bindExterns() {
    const costate_model_info &info = *library->modelInfo;
    for (const costate_extern_info &required : std::span(info.externs, info.num_externs)) {
      std::optional<Externs::Function> function = externs.find(required.symbol);
      std::string what = runtime::text("model '", info.name, "' requires a function '", required.prototype, "'",
                                       *required.place ? " at " : "", required.place);
      if (!function)
        return absl::NotFoundError(runtime::text(what, ", which neither a library given by --extern nor the program has"));
      if (!function->parameters.empty() && function->parameters != parametersOf(required.prototype))
        return absl::InvalidArgumentError(runtime::text(what, ", but got one of (", function->parameters, ")"));
      *required.data = function->data;
      std::erase(missing, required.symbol);
    }
    if (!missing.empty())
      return broken(runtime::text("requires '", missing.front(), "', which neither the model nor the runtime has"));
    library->externs = externs;
    return absl::OkStatus();
  }

  absl::Status relocate(const Elf64_Rela &relocation) {
    if (library->memory.size() < sizeof(uint64_t) || relocation.r_offset > library->memory.size() - sizeof(uint64_t))
      return broken("has a relocation outside of its segments");
    absl::StatusOr<uint64_t> value;
    switch (ELF64_R_TYPE(relocation.r_info)) {
    case R_X86_64_RELATIVE:
      value = reinterpret_cast<uint64_t>(library->memory.data());
      break;
    case R_X86_64_64:
    case R_X86_64_GLOB_DAT: // these two have no addend
    case R_X86_64_JUMP_SLOT:
      value = addressOfSymbol(ELF64_R_SYM(relocation.r_info));
      break;
    default:
      return broken(runtime::text("has a relocation of type ", ELF64_R_TYPE(relocation.r_info)));
    }
    if (!value.ok())
      return value.status();
    uint64_t address = *value + relocation.r_addend;
    std::memcpy(library->memory.data() + relocation.r_offset, &address, sizeof address);
    return absl::OkStatus();
  }

  /// No page is both writable and executable; what was only to be relocated is constant from now on.
  absl::Status protect() const {
    const uint64_t page = sysconf(_SC_PAGESIZE);
    for (uint32_t type : {PT_LOAD, PT_GNU_RELRO})
      for (const Elf64_Phdr &segment : segments) {
        if (segment.p_type != type)
          continue;
        int access = PROT_READ;
        if (type == PT_LOAD && segment.p_flags & PF_W)
          access |= PROT_WRITE;
        if (segment.p_flags & PF_X)
          access |= PROT_EXEC;
        uint64_t begin = segment.p_vaddr / page * page, end = segment.p_vaddr + segment.p_memsz;
        if (mprotect(library->memory.data() + begin, end - begin, access) != 0)
          return systemError();
      }
    return absl::OkStatus();
  }

  const codegen::Package &package;
  const Externs &externs;
  std::vector<std::string> missing; // symbols that nothing defines
  std::span<const std::byte> file;
  std::span<const Elf64_Phdr> segments;
  std::unique_ptr<LoadedLibrary> library;
  const costate_model_info *(*describe)() = nullptr;
  std::span<const Elf64_Sym> symbols;
  std::string_view names;
  std::span<const Elf64_Rela> dataRelocations, callRelocations;
};

absl::StatusOr<std::unique_ptr<LoadedLibrary>> LoadedLibrary::load(const codegen::Package &package, Externs externs) {
  return LibraryLoader(package, externs).load();
}

absl::StatusOr<std::unique_ptr<LoadedLibrary>> LoadedLibrary::map(const codegen::Package &package, const Externs &externs) {
  return LibraryLoader(package, externs).map();
}

LoadedLibrary::~LoadedLibrary() { munmap(memory.data(), memory.size()); }

absl::StatusOr<void *> LoadedLibrary::lookup(std::string_view symbol) const {
  for (const Export &candidate : exports)
    if (candidate.name == symbol)
      return candidate.address;
  return absl::NotFoundError(runtime::text("cannot find symbol '", symbol, "'"));
}

} // namespace costate
