// A model compiled ahead of time: the object and the header, a C driver, `cc`, and nothing but libc
// give the bits of `cermet run`.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/model_case.h"
#include "tools/npz/npz.h"

namespace cermet {
namespace {

// Reads its inputs from in0, in1, ... and writes its outputs to out0, out1, ...
constexpr char kDriver[] = R"(
#include <stdio.h>
#include <stdlib.h>
#include "m.h"

static void* Aligned(int64_t bytes) { return aligned_alloc(64, (size_t)((bytes + 64) / 64 * 64)); }

int main(void) {
  const void* inputs[M_NUM_INPUTS];
  void* outputs[M_NUM_OUTPUTS];
  char name[32];
  for (int32_t i = 0; i < M_NUM_INPUTS; ++i) {
    void* bytes = Aligned(m_input_bytes(i));
    snprintf(name, sizeof name, "in%d", (int)i);
    FILE* file = fopen(name, "rb");
    if (!file || fread(bytes, 1, (size_t)m_input_bytes(i), file) != (size_t)m_input_bytes(i)) return 10;
    fclose(file);
    inputs[i] = bytes;
  }
  for (int32_t i = 0; i < M_NUM_OUTPUTS; ++i) outputs[i] = Aligned(m_output_bytes(i));
  const int32_t code = m_run(inputs, outputs, Aligned(M_WORKSPACE_BYTES));
  if (code) return 11;
  for (int32_t i = 0; i < M_NUM_OUTPUTS; ++i) {
    snprintf(name, sizeof name, "out%d", (int)i);
    FILE* file = fopen(name, "wb");
    if (!file || fwrite(outputs[i], 1, (size_t)m_output_bytes(i), file) != (size_t)m_output_bytes(i)) return 12;
    fclose(file);
  }
  return 0;
}
)";

struct ObjectCase {
  const char* model;
  const char* flags;
  std::vector<std::string> inputs, outputs;  // in the order of the model
};

class ObjectModel : public ::testing::TestWithParam<ObjectCase> {};

int Shell(const std::string& command) { return std::system(command.c_str()); }

std::string FileBytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

TEST_P(ObjectModel, LinkedWithLibcGivesTheBitsOfTheJit) {
  const std::string folder = ModelFolder(GetParam().model);
  if (folder.empty())
    GTEST_SKIP() << "the shared models are not here (set CERMET_MODELS): " << GetParam().model;
  const char* binary = std::getenv("CERMET_BINARY");
  if (binary == nullptr || Shell("cc --version > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "no cermet binary, or no cc";
  const std::filesystem::path work = std::filesystem::path(::testing::TempDir()) /
                                     absl::StrCat("cermet_object_", GetParam().model);
  std::filesystem::create_directories(work);
  const std::string model = absl::StrCat(std::filesystem::absolute(folder).string(), "/model.onnx");
  const std::string in_work = absl::StrCat("cd ", work.string(), " && ");
  ASSERT_EQ(Shell(absl::StrCat(in_work, binary, " compile ", model, " -o m.o --header m.h ",
                               GetParam().flags)),
            0);
  std::ofstream(work / "driver.c") << kDriver;
  ASSERT_EQ(Shell(in_work + "cc -std=c11 -Wall -Werror driver.c m.o -o driver"), 0);
  // Nothing undefined but the memory functions of libc.
  ASSERT_EQ(
      Shell(in_work + "nm -u m.o | grep -vE ' (memcpy|memset|memmove|memcmp)$' > undefined.txt"),
      256)
      << FileBytes(work / "undefined.txt");

  const absl::StatusOr<ModelCase> model_case = ReadModelCase(folder);
  ASSERT_TRUE(model_case.ok()) << model_case.status();
  for (size_t i = 0; i < GetParam().inputs.size(); ++i) {
    const Literal& value = model_case->inputs.at(GetParam().inputs[i]);
    std::ofstream(work / absl::StrCat("in", i), std::ios::binary)
        .write(static_cast<const char*>(value.data()), value.byte_size());
  }
  ASSERT_EQ(Shell(in_work + "./driver"), 0);
  ASSERT_EQ(Shell(absl::StrCat(in_work, binary, " run ", model, " --case ",
                               std::filesystem::absolute(folder).string(),
                               "/case0.npz --outputs jit.npz > /dev/null")),
            0);
  const absl::StatusOr<std::vector<npz::NamedArray>> jit =
      npz::ReadNpz((work / "jit.npz").string());
  ASSERT_TRUE(jit.ok()) << jit.status();
  for (size_t i = 0; i < GetParam().outputs.size(); ++i) {
    bool found = false;
    for (const npz::NamedArray& array : *jit) {
      if (array.name != GetParam().outputs[i] &&
          array.name != absl::StrCat("out_", GetParam().outputs[i]))
        continue;
      found = true;
      const std::string expected(static_cast<const char*>(array.value.data()),
                                 array.value.byte_size());
      EXPECT_TRUE(FileBytes(work / absl::StrCat("out", i)) == expected)
          << array.name << ": the object's bits differ";
    }
    EXPECT_TRUE(found) << GetParam().outputs[i];
  }
  std::filesystem::remove_all(work);
}

INSTANTIATE_TEST_SUITE_P(
    All, ObjectModel,
    ::testing::Values(ObjectCase{"mnist_cntk", "", {"Input3"}, {"Plus214_Output_0"}},
                      ObjectCase{"bert_mini",
                                 "--dim batch=1 --dim seq=64",
                                 {"input_ids", "attention_mask"},
                                 {"last_hidden_state", "pooler_output"}}));

}  // namespace
}  // namespace cermet
