// lld works on files, so the object and the result go through a private folder that is removed
// again.
#include "codegen/shared_object.h"

#include <cstdio>
#include <fstream>
#include <mutex>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "lld/Common/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

LLD_HAS_DRIVER(elf)

namespace cermet::codegen {
namespace {

absl::StatusOr<std::string> Link(const std::string& folder, const std::string& object) {
  const std::string input = folder + "/program.o";
  const std::string output = folder + "/program.so";
  {
    std::ofstream file(input, std::ios::binary);
    file << object;
    if (!file.flush()) return absl::InternalError("cannot write " + input);
  }
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  const lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  const lld::Result result = lld::lldMain({"ld.lld", "-shared", "-z", "noexecstack",
                                           "--hash-style=gnu", input.c_str(), "-o", output.c_str()},
                                          stream, stream, drivers);
  if (result.retCode != 0) return absl::InternalError("linking a shared object: " + stream.str());
  std::ifstream file(output, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) return absl::InternalError("cannot read " + output);
  return bytes.str();
}

}  // namespace

absl::StatusOr<std::string> LinkSharedObject(const std::string& object, const std::string& triple) {
  if (!llvm::Triple(triple).isOSBinFormatELF()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a shared object can be made for ELF targets only, not for ", triple,
                     "; emit an object (.o) and link it with the target's linker"));
  }
  static std::mutex mutex;  // lld keeps global state while it links
  const std::lock_guard<std::mutex> lock(mutex);
  llvm::SmallString<128> folder;
  if (std::error_code error = llvm::sys::fs::createUniqueDirectory("cermet-link", folder)) {
    return absl::InternalError("cannot make a folder for linking: " + error.message());
  }
  absl::StatusOr<std::string> result = Link(std::string(folder.str()), object);
  llvm::sys::fs::remove_directories(folder);
  return result;
}

}  // namespace cermet::codegen
