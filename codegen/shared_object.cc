// Linking is the one step that takes a program from outside: lld as a library would draw in all of
// LLVM's targets and its LTO. Linkers work on files, so the object and the result go through a
// private folder that is removed again.
#include "codegen/shared_object.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "ir/status.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

namespace cermet::codegen {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file)
    return absl::InternalError(absl::StrCat(path, ": cannot read: ", std::strerror(errno)));
  return bytes.str();
}

absl::StatusOr<std::string> FindLinker(const llvm::Triple& triple) {
  const bool is_native = triple.getArch() == llvm::Triple(llvm::sys::getProcessTriple()).getArch();
  for (const char* name : {"ld.lld", "ld.lld-22", "ld"}) {
    if (std::string(name) == "ld" && !is_native) continue;
    if (llvm::ErrorOr<std::string> path = llvm::sys::findProgramByName(name)) return *path;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "a shared object for ", triple.str(), " needs a linker, and there is neither ld.lld ",
      is_native ? "nor ld " : "", "on the path: install lld, or emit an object (.o)"));
}

absl::StatusOr<std::string> Link(const std::string& linker, const std::string& folder,
                                 const std::string& object) {
  const std::string input = folder + "/program.o";
  const std::string output = folder + "/program.so";
  const std::string messages = folder + "/messages";
  {
    std::ofstream file(input, std::ios::binary);
    file << object;
    if (!file.flush())
      return absl::InternalError(absl::StrCat(input, ": cannot write: ", std::strerror(errno)));
  }
  const llvm::StringRef arguments[] = {linker, "-shared", "-z",  "noexecstack", "--hash-style=gnu",
                                       input,  "-o",      output};
  const std::optional<llvm::StringRef> redirects[] = {"", messages, messages};
  std::string error;
  if (llvm::sys::ExecuteAndWait(linker, arguments, std::nullopt, redirects, 0, 0, &error) != 0) {
    if (error.empty()) error = ReadFile(messages).value_or(std::string());
    return absl::InternalError(absl::StrCat("linking a shared object with ", linker, ": ", error));
  }
  return ReadFile(output);
}

}  // namespace

absl::StatusOr<std::string> LinkSharedObject(const std::string& object,
                                             const std::string& triple_text) {
  const llvm::Triple triple(triple_text);
  if (!triple.isOSBinFormatELF()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a shared object can be made for ELF targets only, not for ", triple_text,
                     "; emit an object (.o) and link it with the target's linker"));
  }
  CERMET_ASSIGN_OR_RETURN(const std::string linker, FindLinker(triple));
  llvm::SmallString<128> folder;
  if (std::error_code error = llvm::sys::fs::createUniqueDirectory("cermet-link", folder)) {
    return absl::InternalError("cannot make a folder for linking: " + error.message());
  }
  absl::StatusOr<std::string> result = Link(linker, std::string(folder.str()), object);
  llvm::sys::fs::remove_directories(folder);
  return result;
}

}  // namespace cermet::codegen
