// Objects, headers and the other files of an ahead-of-time compilation; a C driver built with cc
// must get the JIT's bits.
#include "codegen/object.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

#include "codegen/target.h"
#include "ir/kernel/builder.h"
#include "ir/kernel/kernel.h"
#include "tests/codegen/compiled_kernels.h"
#include "tests/support/temporary_folder.h"

namespace cermet {
namespace {

using kernel::Kernel;
using kernel::KernelBuilder;
using kernel::LoopKind;
using Values = std::vector<kernel::ValueId>;

// y[i] = x[i] * w[i] over i < n, w a constant of 24 elements, checked to have n <= 24; x % y by
// fmod on top.
program::Program ScaleProgram() {
  const Dim n = Dim::Symbol("n");
  Kernel k;
  k.name = "scale";
  k.buffers = {{"x", DType::kF32, {n}}, {"w", DType::kF32, {24}}, {"y", DType::kF32, {n}}};
  k.buffers[2].access = kernel::Access::kOut;
  KernelBuilder b(&k, &k.body);
  b.For(b.Index(0), b.DimValue(n), 1, LoopKind::kParallel, "i", {},
        [&](KernelBuilder& c, auto i, const Values&) {
          const auto inside = c.Compare(CompareDirection::kLt, i, c.Index(24));
          c.Check(inside, i, 0, "too long");
          const auto w = c.Load(1, {i}, inside);
          c.Store(2,
                  c.Compute(OpCode::kRem,
                            {c.Mul(c.Load(0, {i}), w), c.Constant(DType::kF32, 0x40400000)}),
                  {i});
          return Values();
        });
  program::Program p;
  p.name = "scale-it";
  p.symbols = {"n"};
  p.kernels = {k};
  p.buffers.resize(3);
  p.buffers[0] = {"x", Type(DType::kF32, {n}), program::BufferKind::kInput, 0, "the \"x\" */"};
  p.buffers[1] = {"y", Type(DType::kF32, {n}), program::BufferKind::kOutput, 0, "y"};
  p.buffers[2] = {"w", Type(DType::kF32, {24}), program::BufferKind::kConstant};
  p.buffers[2].constant = "w";
  p.checks = {{77, "too long", "check %2 \"len\""}};
  program::Command launch;
  launch.kernel = 0;
  launch.buffers = {0, 2, 1};
  p.commands = {launch};
  return p;
}

ConstantStore Weights() {
  ConstantStore store;
  std::vector<float> w(24);
  for (int i = 0; i < 24; ++i) w[i] = 0.7f * static_cast<float>(i) - 3;
  store.Add("w", Literal::FromValues<float>({24}, w));
  return store;
}

std::string Emit(const program::Program& program, absl::string_view triple,
                 codegen::OutputKind kind) {
  absl::StatusOr<Target> target = codegen::ParseTarget(triple, "");
  EXPECT_TRUE(target.ok()) << target.status();
  codegen::ObjectOptions options;
  options.kind = kind;
  absl::StatusOr<std::string> bytes = codegen::EmitObject(program, Weights(), *target, options);
  EXPECT_TRUE(bytes.ok()) << triple << ": " << bytes.status();
  return bytes.ok() ? *bytes : "";
}

class ObjectTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  // The output of a shell command in the folder; `ok` is set to its success.
  std::string Shell(const std::string& command, bool* ok) {
    *ok = std::system(("cd " + folder_ + " && (" + command + ") > out 2>&1").c_str()) == 0;
    std::stringstream text;
    text << std::ifstream(folder_ + "/out").rdbuf();
    return text.str();
  }
  const testing::TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path();
};

constexpr char kDriver[] = R"(
#include "scale.h"
#include <stdio.h>
#include <string.h>
int main(void) {
  float x[30], y[30];
  int64_t dims[SCALE_IT_NUM_DIMS], shape[1];
  char workspace[64];
  for (int i = 0; i < 30; ++i) x[i] = 1.25f * i + 0.1f;
  const void* inputs[] = {x};
  void* outputs[] = {y};
  dims[SCALE_IT_DIM_n] = 20;
  if (scale_it_output_shape(0, dims, shape) != 1 || shape[0] != 20) return 2;
  if (scale_it_input_bytes(0, dims) != 80 || scale_it_workspace_bytes(1, dims) != 0) return 3;
  if (scale_it_run(inputs, outputs, dims, workspace) != 0) return 4;
  for (int i = 0; i < 20; ++i) { unsigned bits; memcpy(&bits, &y[i], 4); printf("%08x\n", bits); }
  dims[SCALE_IT_DIM_n] = 30;
  CermetError error = {0};
  CermetHost host = {0, 0, 1, &error};
  if (scale_it_run_on(&host, inputs, outputs, dims, workspace) != 77) return 5;
  printf("%d %d %s\n", error.check, (int)error.index, scale_it_check_message(error.check));
  return 0;
}
)";

std::string JitBits(const program::Program& program) {
  std::vector<float> x(20);
  for (int i = 0; i < 20; ++i) x[i] = 1.25f * static_cast<float>(i) + 0.1f;
  // The JIT takes the constant as an argument: make it one.
  program::Program with_input = program;
  with_input.buffers[2].kind = program::BufferKind::kInput;
  with_input.buffers[2].index = 1;
  std::vector<testing::Array> arguments = {testing::MakeArray(DType::kF32, x),
                                           testing::Array(DType::kF32, 20)};
  testing::Array w(DType::kF32, 24);
  const ConstantStore store = Weights();
  std::memcpy(w.bytes.data(), store.Find("w")->data, 96);
  arguments.push_back(w);
  absl::StatusOr<Target> target = codegen::ParseTarget("", "");
  EXPECT_EQ(testing::RunCompiled(with_input, *target, &arguments, {{"n", 20}}), 0);
  std::string text;
  for (int64_t i = 0; i < 20; ++i) {
    char line[16];
    snprintf(line, sizeof(line), "%08x\n", static_cast<unsigned>(arguments[1].Get(i)));
    text += line;
  }
  return text;
}

TEST_F(ObjectTest, CDriverGetsTheBitsOfTheJit) {
  const program::Program program = ScaleProgram();
  Write("scale.h", codegen::EmitHeader(program, {}));
  Write("driver.c", kDriver);
  const std::string expected = JitBits(program) + "0 24 check %2 \"len\": too long\n";
  Write("scale.o", Emit(program, "", codegen::OutputKind::kObject));
  Write("libscale.a", Emit(program, "", codegen::OutputKind::kArchive));
  Write("libscale.so", Emit(program, "", codegen::OutputKind::kSharedObject));
  Write("scale.s", Emit(program, "", codegen::OutputKind::kAssembly));
  for (const char* file : {"scale.o", "libscale.a", "./libscale.so", "scale.s"}) {
    bool ok = false;
    const std::string output = Shell(std::string("cc -Wall -Wextra -Werror -std=c99 driver.c ") +
                                         file + " -o driver && ./driver",
                                     &ok);
    EXPECT_TRUE(ok) << file;
    EXPECT_EQ(output, expected) << file;
  }
}

// n <= 64 by a fact, a multiple of 4; n <= 20 for a node; and a quotient that would trap for -1.
program::Program BoundedProgram() {
  program::Program p = ScaleProgram();
  const Dim n = Dim::Symbol("n");
  p.facts["n"] = {/*lower=*/4, /*upper=*/64, /*divisor=*/4};
  const Dim least(std::numeric_limits<int64_t>::min());
  p.requirements = {{/*is_equality=*/false, n, 20, "slice %3 \"head\""},
                    {/*is_equality=*/false, Dim::FloorDiv(least, n), 0, "reshape %4"}};
  return p;
}

constexpr char kCheckingDriver[] = R"(
#include "scale.h"
#include <stdio.h>
#include <string.h>
int main(void) {
  const int64_t sizes[] = {-1, 3, 6, 24, 68, INT64_MAX, INT64_MIN, 20};
  for (int i = 0; i < 8; ++i) {
    float x[20] = {0}, y[21];
    const void* inputs[] = {x};
    void* outputs[] = {y};
    int64_t dims[SCALE_IT_NUM_DIMS];
    char workspace[64];
    dims[SCALE_IT_DIM_n] = sizes[i];
    memset(y, 0x55, sizeof y);
    const float before = y[20];
    const int32_t rule = scale_it_check_dims(dims);
    const int32_t code = scale_it_run(inputs, outputs, dims, workspace);
    CermetHost host = {0, 0, 1, 0};
    if (rule && scale_it_run_on(&host, inputs, outputs, dims, workspace) != SCALE_IT_BAD_DIMS) return 2;
    if ((code == SCALE_IT_BAD_DIMS) != (rule != 0) || y[20] != before) return 3;
    if (rule && y[0] != before) return 4;
    printf("%s\n", rule ? scale_it_dims_message(rule) : "ok");
  }
  return 0;
}
)";

TEST_F(ObjectTest, RunsCheckTheDims) {
  const program::Program program = BoundedProgram();
  const std::string header = codegen::EmitHeader(program, {});
  EXPECT_NE(
      header.find(" *   4 <= ?n\n *   ?n <= 64\n *   mod(?n,4) = 0\n *   ?n <= 20 for slice %3 "
                  "\"head\"\n"),
      std::string::npos)
      << header;
  Write("scale.h", header);
  Write("driver.c", kCheckingDriver);
  Write("scale.o", Emit(program, "", codegen::OutputKind::kObject));
  bool ok = false;
  const std::string output =
      Shell("cc -Wall -Wextra -Werror -std=c99 driver.c scale.o -o driver && ./driver", &ok);
  EXPECT_TRUE(ok);
  EXPECT_EQ(output,
            "4 <= ?n\n4 <= ?n\nmod(?n,4) = 0\n?n <= 20 for slice %3 \"head\"\n?n <= 64\n"
            "?n <= 64\n4 <= ?n\nok\n");
}

TEST_F(ObjectTest, SizesThatOverflowAreBadDims) {
  Write("scale.h", codegen::EmitHeader(ScaleProgram(), {}));
  Write("driver.c",
        "#include \"scale.h\"\n#include <stdio.h>\n"
        "int main(void) {\n"
        "  const int64_t n = INT64_MAX / 2, m = INT64_MAX / 8;\n"
        "  puts(scale_it_dims_message(scale_it_check_dims(&n)));\n"
        "  return scale_it_check_dims(&m);\n"
        "}\n");
  Write("scale.o", Emit(ScaleProgram(), "", codegen::OutputKind::kObject));
  bool ok = false;
  EXPECT_EQ(Shell("cc -Wall -Wextra -Werror -std=c99 driver.c scale.o -o driver && ./driver", &ok),
            "a size does not fit into 64 bits\n");
  EXPECT_TRUE(ok);
}

TEST(Object, ASymbolThatNoInputHasIsAnError) {
  program::Program program = ScaleProgram();
  program.requirements = {{/*is_equality=*/true, Dim::Symbol("n"), Dim::Symbol("k"), "reshape %3"}};
  absl::StatusOr<Target> target = codegen::ParseTarget("", "");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(codegen::EmitObject(program, Weights(), *target, {}).status().message(),
            "program @scale-it: no input gives the value of ?k");
}

TEST_F(ObjectTest, NeedsOnlyMemoryFunctions) {
  Write("scale.o", Emit(ScaleProgram(), "", codegen::OutputKind::kObject));
  bool ok = false;
  EXPECT_EQ(Shell("nm -u scale.o | grep -v ' mem[a-z]*$' || true", &ok), "");
  const std::string symbols = Shell("nm scale.o", &ok);
  EXPECT_NE(symbols.find(" t k.scale"), std::string::npos) << symbols;
  EXPECT_NE(symbols.find(" T scale_it_run\n"), std::string::npos) << symbols;
}

TEST_F(ObjectTest, HeaderIsAlsoCpp) {
  Write("scale.h", codegen::EmitHeader(ScaleProgram(), {}));
  Write("use.cc", "#include \"scale.h\"\nint main() { return SCALE_IT_NUM_INPUTS - 1; }\n");
  bool ok = false;
  EXPECT_EQ(Shell("c++ -Wall -Wextra -Werror use.cc -c -o use.o", &ok), "");
  EXPECT_TRUE(ok);
}

TEST_F(ObjectTest, NamesThatCHasNotStayApart) {
  program::Program program = ScaleProgram();
  program.symbols = {"n", "a.b", "a_b"};
  for (program::Buffer& buffer : program.buffers)
    if (buffer.kind == program::BufferKind::kInput) buffer.user_name = "*/ int x; /*";
  const std::string header = codegen::EmitHeader(program, {});
  EXPECT_NE(header.find("  SCALE_IT_DIM_a_b,\n  SCALE_IT_DIM_a_b_2,\n"), std::string::npos)
      << header;
  Write("scale.h", header);
  Write("use.c", "#include \"scale.h\"\nint main(void) { return SCALE_IT_NUM_DIMS - 3; }\n");
  bool ok = false;
  EXPECT_EQ(Shell("cc -Wall -Wextra -Werror use.c -c -o use.o", &ok), "");
  EXPECT_TRUE(ok);
}

TEST(Object, OtherArchitectures) {
  for (const char* triple : {"aarch64-linux-gnu", "riscv64-linux-gnu", "wasm32-unknown-unknown"}) {
    EXPECT_GT(Emit(ScaleProgram(), triple, codegen::OutputKind::kObject).size(), 500u) << triple;
  }
}

TEST(Object, DumpsAreTextWithKernelNames) {
  absl::StatusOr<Target> target = codegen::ParseTarget("", "");
  ASSERT_TRUE(target.ok());
  absl::StatusOr<std::string> llvm = codegen::DumpLlvm(ScaleProgram(), *target);
  ASSERT_TRUE(llvm.ok()) << llvm.status();
  EXPECT_NE(llvm->find("define internal void @k.scale("), std::string::npos) << *llvm;
  absl::StatusOr<std::string> assembly = codegen::DumpAsm(ScaleProgram(), *target);
  ASSERT_TRUE(assembly.ok()) << assembly.status();
  EXPECT_NE(assembly->find("k.scale:"), std::string::npos) << *assembly;
}

TEST(Object, MissingConstantIsAnError) {
  absl::StatusOr<Target> target = codegen::ParseTarget("", "");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(codegen::EmitObject(ScaleProgram(), ConstantStore(), *target, {}).status().message(),
            "the constant @w of the program is not in the store");
}

TEST(ParseTarget, SaysWhatIsMissing) {
  EXPECT_EQ(codegen::ParseTarget("sparc-sun-solaris", "").status().message(),
            "cannot compile for sparc-sun-solaris: the architectures are x86_64, aarch64, riscv64, "
            "wasm32 and nvptx64");
  const std::string old(codegen::ParseTarget("x86_64-linux-gnu", "x86-64").status().message());
  EXPECT_NE(old.find("below Cermet's minimum, x86-64-v3"), std::string::npos) << old;
  const std::string unknown(codegen::ParseTarget("x86_64-linux-gnu", "i999").status().message());
  EXPECT_NE(unknown.find("LLVM knows no CPU i999"), std::string::npos) << unknown;
}

}  // namespace
}  // namespace cermet
