// The build id is an ELF note in the program's own memory: no file is read.
#include "codegen/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstring>

#include "absl/strings/escaping.h"

namespace cermet::codegen {
namespace {

// Looks through one PT_NOTE segment.
std::string FindNote(const char* notes, size_t size) {
  constexpr size_t kAlign = 4;
  const auto padded = [](size_t n) { return (n + kAlign - 1) / kAlign * kAlign; };
  size_t at = 0;
  while (at + sizeof(ElfW(Nhdr)) <= size) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes + at, sizeof(header));
    const size_t name = at + sizeof(header);
    const size_t description = name + padded(header.n_namesz);
    if (description + header.n_descsz > size) break;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == sizeof(ELF_NOTE_GNU) &&
        std::memcmp(notes + name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0) {
      return absl::BytesToHexString(
          absl::string_view(notes + description, static_cast<size_t>(header.n_descsz)));
    }
    at = description + padded(header.n_descsz);
  }
  return "";
}

// Whether `address` is in the memory of a loaded object: the program, or a shared object.
bool Holds(const dl_phdr_info& info, const void* address) {
  const auto at = reinterpret_cast<ElfW(Addr)>(address) - info.dlpi_addr;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr) & segment = info.dlpi_phdr[i];
    if (segment.p_type == PT_LOAD && at >= segment.p_vaddr &&
        at - segment.p_vaddr < segment.p_memsz)
      return true;
  }
  return false;
}

// Called for each loaded object, until it was the one with this function in it.
int Visit(dl_phdr_info* info, size_t, void* result) {
  if (!Holds(*info, reinterpret_cast<const void*>(&Visit))) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) & segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* const notes = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
    std::string id = FindNote(notes, segment.p_memsz);
    if (id.empty()) continue;
    *static_cast<std::string*>(result) = std::move(id);
    break;
  }
  return 1;
}

}  // namespace

std::string BuildId() {
  std::string id;
  dl_iterate_phdr(&Visit, &id);
  return id;
}

}  // namespace cermet::codegen
