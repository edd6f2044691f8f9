// Runs every tests/golden/**/*.cermet and compares with what the file expects. `tools/bless` writes
// the outputs into the files.
#include <gtest/gtest.h>

#include <cctype>

#include "ir/env.h"
#include "tests/golden/commands.h"
#include "tests/golden/golden_file.h"

namespace cermet {
namespace {

constexpr char kFolder[] = "tests/golden";

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, GivesTheExpectedText) {
  absl::StatusOr<GoldenFile> file = ReadGoldenFile(GetParam());
  ASSERT_TRUE(file.ok()) << file.status();
  const bool bless = GetEnv(EnvVar::kBless) == "1";
  bool changed = false;
  for (GoldenCase& golden : file->cases) {
    const absl::StatusOr<std::string> output = RunGoldenCase(*file, golden);
    if (!output.ok()) {
      ADD_FAILURE() << GetParam() << ":" << golden.line << ": " << output.status().message();
    } else if (!bless) {
      EXPECT_EQ(*output, golden.expected)
          << GetParam() << ":" << golden.line << ": if the new text is right, run tools/bless";
    } else if (*output != golden.expected) {
      golden.expected = *output;
      changed = true;
    }
  }
  if (!changed) return;
  const absl::Status written = WriteGoldenFile(*file);
  EXPECT_TRUE(written.ok()) << written;
}

// `tests/golden/ir/views.cermet` is the test `ir_views`.
std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(sizeof(kFolder), info.param.rfind('.') - sizeof(kFolder));
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenTest, testing::ValuesIn(FindGoldenFiles(kFolder)), TestName);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GoldenTest);

}  // namespace
}  // namespace cermet
