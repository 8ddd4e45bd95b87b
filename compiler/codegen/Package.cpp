// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/Package.h"

#include "costate/compiler/codegen/StatusConversion.h"

#include "absl/strings/str_cat.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/MemoryBuffer.h"

namespace costate::codegen {

absl::StatusOr<std::string> writeArchive(const std::vector<Member> &members) {
  std::vector<llvm::NewArchiveMember> files;
  for (const Member &member : members)
    files.emplace_back(llvm::MemoryBufferRef(member.bytes, member.name));
  auto archive = llvm::writeArchiveToBuffer(files, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
                                            /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return toStatus(archive.takeError(), "cannot write an archive");
  return (*archive)->getBuffer().str();
}

absl::StatusOr<std::string> Package::serialize() const {
  std::vector<Member> members = objects;
  members.push_back({name + ".h", header});
  members.push_back({name + ".json", manifest});
  return writeArchive(members);
}

absl::StatusOr<Package> Package::parse(std::string_view bytes) {
  // Archive members stand at even offsets of a buffer that is itself aligned.
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(bytes, "package");
  auto archive = llvm::object::Archive::create(buffer->getMemBufferRef());
  if (!archive)
    return toStatus(archive.takeError(), "cannot read a package");
  Package package;
  llvm::Error error = llvm::Error::success();
  for (const llvm::object::Archive::Child &child : (*archive)->children(error)) {
    auto name = child.getName();
    if (!name)
      return toStatus(name.takeError(), "cannot read a package");
    auto content = child.getBuffer();
    if (!content)
      return toStatus(content.takeError(), "cannot read a package");
    if (name->ends_with(".o")) {
      package.objects.push_back({name->str(), content->str()});
    } else if (name->consume_back(".json")) {
      package.name = name->str();
      package.manifest = content->str();
    } else {
      package.header = content->str();
    }
  }
  if (error)
    return toStatus(std::move(error), "cannot read a package");
  if (package.name.empty() || package.objects.empty())
    return absl::InternalError("requires a package with objects and a manifest");
  return package;
}

} // namespace costate::codegen
