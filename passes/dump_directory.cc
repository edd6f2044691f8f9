// Weights are large and change little from dump to dump, so dumps share one side file; most passes
// add no constant and only make a link. A name that comes to stand for another constant starts the
// next shared file.
#include "passes/dump_directory.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ir/output_file.h"
#include "ir/printer.h"
#include "ir/status.h"

namespace cermet {
namespace {

namespace fs = std::filesystem;

bool SameConstant(const ConstantEntry& a, const ConstantEntry& b) {
  return a.content_hash == b.content_hash && a.type() == b.type();
}

bool HaveBytes(const ConstantStore& constants) {
  for (const auto& [name, entry] : constants.entries()) {
    if (!entry.HasBytes()) return false;
  }
  return true;
}

// Whether all of `part` is in `whole`.
bool IsPartOf(const ConstantStore& part, const ConstantStore& whole) {
  for (const auto& [name, entry] : part.entries()) {
    const ConstantEntry* const found = whole.Find(name);
    if (found == nullptr || !SameConstant(*found, entry)) return false;
  }
  return true;
}

bool Disagree(const ConstantStore& a, const ConstantStore& b) {
  for (const auto& [name, entry] : a.entries()) {
    const ConstantEntry* const found = b.Find(name);
    if (found != nullptr && !SameConstant(*found, entry)) return true;
  }
  return false;
}

// Makes `link` another name of `file`, or a copy where there are no hard links.
absl::Status Link(const std::string& file, const std::string& link) {
  std::error_code error;
  fs::remove(link, error);
  fs::create_hard_link(file, link, error);
  if (error) fs::copy_file(file, link, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(link, ": cannot write: ", error.message()));
}

}  // namespace

std::string DumpDirectory::NextPath(absl::string_view stage, absl::string_view extension) {
  std::string name(stage);
  for (char& c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-' && c != '.') c = '_';
  }
  std::error_code error;  // of which the first file speaks
  fs::create_directories(path_, error);
  return absl::StrCat(path_, "/", absl::Dec(next_number_++, absl::kZeroPad3), "-", name, extension);
}

absl::Status DumpDirectory::WriteText(absl::string_view stage, absl::string_view extension,
                                      absl::string_view text) {
  if (!enabled()) return absl::OkStatus();
  return WriteFile(NextPath(stage, extension), {text});
}

absl::Status DumpDirectory::WriteModule(absl::string_view stage, const Module& module) {
  if (!enabled()) return absl::OkStatus();
  const std::string path = NextPath(stage, ".cermet");
  const ConstantStore& constants = module.constants();
  if (!constants.entries().empty() && HaveBytes(constants)) {
    CERMET_RETURN_IF_ERROR(WriteSideFile(path + ".bin", constants));
  }
  return WriteFile(path, {Print(module)});
}

absl::Status DumpDirectory::WriteSideFile(const std::string& side_file,
                                          const ConstantStore& constants) {
  if (Disagree(constants, constants_)) {
    constants_ = ConstantStore();
    side_files_.clear();
  }
  side_files_.push_back(side_file);
  if (side_files_.size() > 1 && IsPartOf(constants, constants_)) {
    return Link(side_files_[0], side_file);
  }
  for (const auto& [name, entry] : constants.entries()) constants_.Declare(name, entry);
  CERMET_RETURN_IF_ERROR(constants_.WriteTo(side_file));
  for (const std::string& earlier : side_files_) {
    if (earlier != side_file) CERMET_RETURN_IF_ERROR(Link(side_file, earlier));
  }
  return absl::OkStatus();
}

}  // namespace cermet
