// What a command program keeps (ir/program/verifier.cc): broken texts, then what text cannot break.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "ir/program/program.h"
#include "tests/program/example.h"

namespace cermet::program {
namespace {

using ::testing::HasSubstr;

struct TextCase {
  const char* from;
  const char* to;
  const char* message;
};

class ProgramErrorTest : public testing::TestWithParam<TextCase> {};

TEST_P(ProgramErrorTest, NamesWhatIsWrong) {
  ASSERT_THAT(kProgram, HasSubstr(GetParam().from));
  const std::string text = absl::StrReplaceAll(kProgram, {{GetParam().from, GetParam().to}});
  absl::StatusOr<Program> program = ParseProgram(text, "p.cermet");
  ASSERT_FALSE(program.ok());
  EXPECT_THAT(std::string(program.status().message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, ProgramErrorTest,
    testing::Values(
        TextCase{"copy %t to %u", "copy %t to %nowhere",
                 "p.cermet:19:14: %nowhere is not a buffer"},
        TextCase{"copy %t to %u", "fly %t to %u", "expected a command"},
        TextCase{"copy %t to %u", "copy %t to %more", "copy of f32[?n,4] to bool"},
        TextCase{"copy %t to %u", "copy %state to %next copy %x to %z",
                 "copy of f32[?n,4] to f32[?m+?n]"},
        TextCase{"copy %t to %u", "copy %t to %x", "program @main: buffer %x: is written"},
        TextCase{"copy %t to %u", "copy %w to %w", "program @main: buffer %w: is written"},
        TextCase{"launch @test", "launch @toast", "there is no kernel @toast"},
        TextCase{"kernel @step", "kernel @test", "kernel @test stands twice"},
        TextCase{"(%state, %more)", "(%state)", "launch of @test with 1 buffers, not 2"},
        TextCase{"(%state, %more)", "(%state, %next)", "%next is i64, %more is bool"},
        TextCase{"launch @step(%next)", "launch @step(%state)", "%state: is written"},
        TextCase{"grain 4", "grain 0",
                 "program @main: launch \"fc1/MatMul\" \"fc1/Bias\": has a grain below 1"},
        TextCase{"launch @test(%state, %more)", "launch @test(%x, %more)",
                 "launch of @test: %x is f32[?n,4], %s is i64"},
        TextCase{"launch @scale(%x, %w, %y)", "launch @scale(%z, %w, %y)",
                 "launch of @scale: %z is f32[?m+?n], %x is f32[?n,4]"},
        // In a body, too.
        TextCase{"copy %v to %y", "copy %v to %more", "copy of f32[?n,4] to bool"},
        TextCase{"launch @step(%next)", "launch @step(%next) grain 0",
                 "program @main: launch: has a grain below 1"},
        TextCase{"if %more", "if %next", "a condition is a bool scalar"},
        TextCase{"%z: f32[?m+?n]", "%z: f32[?k]", "%z uses ?k, which is not a dim of the program"},
        TextCase{"temp %t: f32[?n,4] at 0", "temp %t: f32[?n,4] at 64*?k",
                 "%t uses ?k, which is not a dim of the program"},
        TextCase{"workspace 2112 scratch 64", "workspace 64*?k scratch 64",
                 "the workspace uses ?k, which is not a dim of the program"},
        TextCase{"workspace 2112 scratch 64", "workspace 2112 scratch 64*?k",
                 "the workspace uses ?k, which is not a dim of the program"},
        TextCase{"  dim ?n in 1..64 multiple of 2\n", "", "kernel @scale uses ?n"},
        TextCase{"multiple of 2", "multiple of 0", "expected a positive divisor"},
        TextCase{"updates %state", "updates %x", "buffer %next: updates an input of its own type"},
        TextCase{"updates %state", "updates %y", "buffer %next: updates an input of its own type"},
        TextCase{"  constant %w:", "  output %again: i64 \"again\" updates %state\n  constant %w:",
                 "buffer %again: its input is updated twice"},
        TextCase{"  output %y", "  temp %late: f32 at 0\n  output %y",
                 "buffer %y: inputs, outputs, constants, temps: in this order"},
        TextCase{"temp %t: f32[?n,4]", "temp %y: f32[?n,4]", "buffer %y is declared twice"},
        TextCase{"= @fc1.w packed(dim 1 by 2 of [4,3])", "= @fc1.w",
                 "is not packed as the kernel wants"},
        TextCase{"= @fc1.w packed(dim 1 by 2", "= @fc1.w packed(dim 1 by 4",
                 "buffer %w: the shape is not that of the packing"},
        TextCase{"scratch 64", "scratch 60",
                 "program @main: the scratch of a worker is not a multiple of 64"},
        TextCase{"%more: bool at 2048", "%more: bool at 2050",
                 "buffer %more: the offset is not a multiple of 64"},
        TextCase{"at 1024", "at 64", "temps %t and %u live at once"},
        TextCase{"workspace 2112", "workspace 2048",
                 "bytes 2048..2049 are outside the workspace of 2048"},
        TextCase{"temp %t: f32[?n,4] at 0", "temp %t: f32[?n,4] at -64",
                 "buffer %t: bytes -64..-32 are outside the workspace of 2112"},
        TextCase{"in %u at", "in %w at", "buffer %v: stands in a buffer that cannot be written"}));

Buffer& BufferOf(Program* program, absl::string_view name) {
  for (Buffer& buffer : program->buffers) {
    if (buffer.name == name) return buffer;
  }
  ADD_FAILURE() << "no buffer " << name;
  return program->buffers[0];
}

int32_t IndexOf(Program* program, absl::string_view name) {
  return static_cast<int32_t>(&BufferOf(program, name) - program->buffers.data());
}

Command& CommandOf(Program* program, CommandKind kind) {
  for (Command& command : program->commands) {
    if (command.kind == kind) return command;
  }
  ADD_FAILURE() << "no such command";
  return program->commands[0];
}

struct EditCase {
  const char* name;
  std::function<void(Program*)> edit;
  const char* message;  // without the program's name
};

class ProgramEditTest : public testing::TestWithParam<EditCase> {};

TEST_P(ProgramEditTest, NamesWhatIsWrong) {
  absl::StatusOr<Program> program = ParseProgram(kProgram, "p.cermet");
  ASSERT_TRUE(program.ok()) << program.status();
  GetParam().edit(&*program);
  EXPECT_EQ(Verify(*program).message(), absl::StrCat("program @main: ", GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, ProgramEditTest,
    testing::Values(
        EditCase{"KernelTwice", [](Program* p) { p->kernels[2].name = "test"; },
                 "kernel @test stands twice"},
        EditCase{"BufferTwice", [](Program* p) { BufferOf(p, "t").name = "u"; },
                 "buffer %u: is declared twice"},
        EditCase{"InputNumbers", [](Program* p) { BufferOf(p, "state").index = 2; },
                 "buffer %state: inputs are numbered in order"},
        EditCase{"OutputNumbers", [](Program* p) { BufferOf(p, "y").index = 1; },
                 "buffer %y: outputs are numbered in order"},
        EditCase{"NameWithSlash", [](Program* p) { BufferOf(p, "y").name = "fc1/w"; },
                 "buffer %fc1/w: the text form has no such name"},
        EditCase{"NameWithColon", [](Program* p) { BufferOf(p, "y").name = "y:0"; },
                 "buffer %y:0: the text form has no such name"},
        EditCase{"NoName", [](Program* p) { BufferOf(p, "y").name.clear(); },
                 "buffer %: the text form has no such name"},
        EditCase{"NameLikeANumber", [](Program* p) { BufferOf(p, "y").name = "1"; },
                 "buffer %1: the text form has no such name"},
        EditCase{"UpdatesNothing", [](Program* p) { BufferOf(p, "next").alias = 99; },
                 "buffer %next: updates no buffer"},
        EditCase{"StandsInNothing", [](Program* p) { BufferOf(p, "v").alias = 99; },
                 "buffer %v: stands in no buffer"},
        EditCase{"StandsInItself", [](Program* p) { BufferOf(p, "u").alias = IndexOf(p, "v"); },
                 "buffer %u: stands in itself"},
        EditCase{"LaunchOfNoBuffer",
                 [](Program* p) { CommandOf(p, CommandKind::kLaunch).buffers[0] = -1; },
                 "launch \"fc1/MatMul\" \"fc1/Bias\": names no buffer of the program"},
        EditCase{"CopyOfNoBuffer",
                 [](Program* p) { CommandOf(p, CommandKind::kCopy).buffers[1] = 99; },
                 "copy: names no buffer of the program"},
        EditCase{"NoBufferInABody",
                 [](Program* p) { CommandOf(p, CommandKind::kIf).bodies[1][0].buffers[0] = 99; },
                 "launch: names no buffer of the program"},
        EditCase{"LaunchWithABody",
                 [](Program* p) { CommandOf(p, CommandKind::kLaunch).bodies.resize(1); },
                 "launch \"fc1/MatMul\" \"fc1/Bias\": has 1 bodies, needs 0"},
        EditCase{"IfWithoutElse",
                 [](Program* p) { CommandOf(p, CommandKind::kIf).bodies.pop_back(); },
                 "if \"cond\": has 1 bodies, needs 2"},
        EditCase{"WhileWithoutBody",
                 [](Program* p) { CommandOf(p, CommandKind::kWhile).bodies.clear(); },
                 "while \"loop\": has 0 bodies, needs 2"},
        EditCase{"IfConditions",
                 [](Program* p) {
                   std::vector<int32_t>& buffers = CommandOf(p, CommandKind::kIf).buffers;
                   buffers.push_back(buffers[0]);
                 },
                 "if \"cond\": has one condition"},
        EditCase{"WhileConditions",
                 [](Program* p) { CommandOf(p, CommandKind::kWhile).buffers.clear(); },
                 "while \"loop\": has one condition"},
        EditCase{"CopyBuffers",
                 [](Program* p) { CommandOf(p, CommandKind::kCopy).buffers.pop_back(); },
                 "copy: has two buffers"},
        EditCase{"PackBuffers",
                 [](Program* p) { CommandOf(p, CommandKind::kLaunch).kind = CommandKind::kPack; },
                 "pack \"fc1/MatMul\" \"fc1/Bias\": has two buffers"},
        EditCase{"LaunchOfNoKernel",
                 [](Program* p) { CommandOf(p, CommandKind::kLaunch).kernel = -1; },
                 "launch \"fc1/MatMul\" \"fc1/Bias\": names no kernel of the program"},
        EditCase{"PackByNoKernel",
                 [](Program* p) {
                   Command& command = CommandOf(p, CommandKind::kCopy);
                   command.kind = CommandKind::kPack;
                   command.kernel = 3;
                 },
                 "pack: names no kernel of the program"}),
    [](const testing::TestParamInfo<EditCase>& info) { return info.param.name; });

TEST(ProgramVerifier, ChecksTheKernels) {
  absl::StatusOr<Program> program = ParseProgram(kProgram, "p.cermet");
  ASSERT_TRUE(program.ok()) << program.status();
  program->kernels[1].body.yields = {0};
  EXPECT_EQ(Verify(*program).message(), "kernel @test: the body takes and yields nothing");
}

}  // namespace
}  // namespace cermet::program
