// The files of golden tests: what to run, on which text, and what is expected.
//
//   // RUN: passes=fold,cse numerics=exact        one line, for all cases of the file
//   // What the test is about.
//   graph @main(%x: f32) { ... }                  the input
//   // ----
//   ...                                           the expected output; left out if it is empty
//   // ====
//   ...                                           the next case
#ifndef CERMET_TESTS_GOLDEN_GOLDEN_FILE_H_
#define CERMET_TESTS_GOLDEN_GOLDEN_FILE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cermet {

struct GoldenCase {
  std::string input;
  int line = 0;  // of the first line of the input in the file
  std::string expected;
};

struct GoldenFile {
  std::string path;
  std::string command;  // "passes", "roundtrip", ...: the first word of the RUN line
  std::map<std::string, std::string>
      options;  // `key=value`; the command's own value is under its name
  std::vector<GoldenCase> cases;
};

// All `.cermet` files under `folder`, sorted.
std::vector<std::string> FindGoldenFiles(const std::string& folder);
absl::StatusOr<GoldenFile> ReadGoldenFile(const std::string& path);
// Writes the file back, with its cases' inputs as they were and the expected texts of `file`.
absl::Status WriteGoldenFile(const GoldenFile& file);

}  // namespace cermet

#endif  // CERMET_TESTS_GOLDEN_GOLDEN_FILE_H_
