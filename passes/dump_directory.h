// The dumps of one compilation (CERMET_DUMP).
#ifndef CERMET_PASSES_DUMP_DIRECTORY_H_
#define CERMET_PASSES_DUMP_DIRECTORY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ir/graph.h"

namespace cermet {

// Numbered files `000-import.cermet`, `001-fold.cermet`, ... in one directory, which is created
// when the first is written. An empty path writes nothing. One compilation uses one, through all
// forms. Not thread safe.
class DumpDirectory {
 public:
  explicit DumpDirectory(std::string path = "") : path_(std::move(path)) {}
  bool enabled() const { return !path_.empty(); }

  // `stage` becomes part of the file's name; characters that do not belong there become `_`. Errors
  // name the file.
  absl::Status WriteText(absl::string_view stage, absl::string_view extension,
                         absl::string_view text);
  // A module with its side file, so that the dump can be run. Side files are hard links to one that
  // holds the constants of all dumps, which the directory keeps in memory.
  absl::Status WriteModule(absl::string_view stage, const Module& module);

 private:
  std::string NextPath(absl::string_view stage, absl::string_view extension);
  absl::Status WriteSideFile(const std::string& side_file, const ConstantStore& constants);

  std::string path_;
  int next_number_ = 0;
  ConstantStore constants_;              // of the side files below
  std::vector<std::string> side_files_;  // links to one file
};

}  // namespace cermet

#endif  // CERMET_PASSES_DUMP_DIRECTORY_H_
