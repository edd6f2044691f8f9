// What a golden test can run. docs/testing.md describes the commands and their options.
#ifndef CERMET_TESTS_GOLDEN_COMMANDS_H_
#define CERMET_TESTS_GOLDEN_COMMANDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "tests/golden/golden_file.h"

namespace cermet {

// The output of the file's command on one of its cases. Errors that the command is about are output
// (`error: ...`); a status that is not OK means that the test itself is wrong, or that a check that
// every such test makes has failed: text that does not parse back, a pass that changed results, an
// unknown command or option.
absl::StatusOr<std::string> RunGoldenCase(const GoldenFile& file, const GoldenCase& golden);

}  // namespace cermet

#endif  // CERMET_TESTS_GOLDEN_COMMANDS_H_
