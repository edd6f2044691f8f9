// The shared models as native code: against the outputs that ONNX Runtime recorded, and against
// themselves: the same bits for any number of threads, any vector width, other tiles and without
// fusion.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codegen/target.h"
#include "frontend/onnx/importer.h"
#include "ir/kernel/text.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "passes/bind_dims.h"
#include "passes/registry.h"
#include "passes/schedule/kernel_walk.h"
#include "runtime/session/compiled_module.h"
#include "runtime/thread_pool.h"
#include "tests/e2e/model_case.h"
#include "tests/support/memory_cache.h"

namespace cermet {
namespace {

const char* const kModels[] = {"mnist_cntk",      "bert_mini",         "resnet18",
                               "lstm_gru_tagger", "ultraface_slim320", "mobilenet_v2",
                               "yolo_like",       "gpt2_mini",         "magika_v3_3",
                               "silero_vad_16k",  "squeezenet_fp16"};

struct Variant {
  int64_t threads = 2;
  int64_t vector_bytes = 0;  // 0: the machine's
  Numerics numerics = Numerics::kStandard;
  std::vector<std::string> disabled;
  schedule::ScheduleOptions schedule;
  codegen::CodeCache* cache = nullptr;
};

class NativeModel : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_ = ModelFolder(GetParam());
    if (folder_.empty())
      GTEST_SKIP() << "the shared models are not here (set CERMET_MODELS): " << GetParam();
    absl::StatusOr<ModelCase> model_case = ReadModelCase(folder_);
    ASSERT_TRUE(model_case.ok()) << model_case.status();
    case_ = *std::move(model_case);
  }

  absl::StatusOr<std::unique_ptr<Module>> Import() {
    ImportOptions options;
    for (const auto& [input, value] : case_.inputs) options.input_shapes[input] = value.shape();
    return ImportOnnx(folder_ + "/model.onnx", options);
  }

  void Run(const Variant& variant, std::vector<Literal>* outputs) {
    absl::StatusOr<std::unique_ptr<Module>> module = Import();
    ASSERT_TRUE(module.ok()) << module.status();
    RunModule(*std::move(module), variant, outputs);
  }

  void RunModule(std::unique_ptr<Module> module, const Variant& variant,
                 std::vector<Literal>* outputs) {
    absl::StatusOr<std::vector<Literal>> inputs = InputsInOrder(*module->entry(), case_);
    ASSERT_TRUE(inputs.ok()) << inputs.status();
    names_ = module->entry()->result_names();
    runtime::ThreadPool pool(variant.threads);
    ModuleOptions options;
    options.compile_threads = 2;
    options.code_cache = variant.cache;
    options.compile.passes.target = *codegen::HostTarget();
    if (variant.vector_bytes != 0)
      options.compile.passes.target.vector_bytes = variant.vector_bytes;
    options.compile.passes.numerics = variant.numerics;
    options.compile.passes.disabled = variant.disabled;
    options.compile.schedule = variant.schedule;
    options.executor.threads = pool.threads();
    absl::StatusOr<std::unique_ptr<CompiledModule>> compiled =
        CompiledModule::Create(std::move(module), options);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    for (const std::unique_ptr<Node>& node : (*compiled)->module().entry()->nodes()) {
      const OpCode op = node->op();
      EXPECT_TRUE(op == OpCode::kParameter || op == OpCode::kConstant || op == OpCode::kFusion ||
                  op == OpCode::kIf || op == OpCode::kWhile || op == OpCode::kCall)
          << node->Describe() << " stands outside fusions";
    }
    absl::StatusOr<std::vector<Literal>> results = (*compiled)->Run(&*inputs);
    ASSERT_TRUE(results.ok()) << results.status();
    *outputs = *std::move(results);
  }

  void ExpectSame(const std::vector<Literal>& base, const Variant& variant,
                  const std::string& what) {
    std::vector<Literal> outputs;
    ASSERT_NO_FATAL_FAILURE(Run(variant, &outputs));
    ASSERT_EQ(outputs.size(), base.size());
    for (size_t i = 0; i < base.size(); ++i)
      EXPECT_EQ(outputs[i], base[i]) << names_[i] << ": " << what << " changes bits";
  }

  void CheckBits() {
    std::vector<Literal> base;
    ASSERT_NO_FATAL_FAILURE(Run({}, &base));
    for (int64_t threads : {1, 3, 7}) {
      Variant variant;
      variant.threads = threads;
      ExpectSame(base, variant, absl::StrCat(threads, " threads"));
    }
    for (int64_t bytes : {32, 64}) {
      Variant variant;
      variant.vector_bytes = bytes;
      ExpectSame(base, variant, absl::StrCat("vectors of ", bytes, " bytes"));
    }
    Variant exact;
    exact.numerics = Numerics::kExact;
    ASSERT_NO_FATAL_FAILURE(Run(exact, &base));
    Variant tiles = exact;
    tiles.schedule.tile_rows = 3;
    tiles.schedule.tile_columns = 8;
    ExpectSame(base, tiles, "tiles of 3x8");
    Variant unfused = exact;
    unfused.disabled = RuleNames("fuse");
    ExpectSame(base, unfused, "no fusion");
  }

  DimBindings DimsOfCase(const Module& module) {
    DimBindings dims;
    for (const Node* parameter : module.entry()->parameters()) {
      const Literal& input = case_.inputs.at(parameter->attrs().Get<std::string>("name"));
      for (size_t d = 0; d < input.shape().size(); ++d) {
        std::string symbol;
        if (parameter->type().shape[d].IsSymbol(&symbol)) dims[symbol] = input.shape()[d];
      }
    }
    return dims;
  }

  std::string folder_;
  ModelCase case_;
  std::vector<std::string> names_;
};

TEST_P(NativeModel, MatchesTheRecordedOutputs) {
  std::vector<Literal> outputs;
  ASSERT_NO_FATAL_FAILURE(Run({}, &outputs));
  ASSERT_EQ(outputs.size(), case_.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    ASSERT_EQ(case_.outputs.count(names_[i]), 1u) << names_[i];
    const absl::StatusOr<double> error = RelativeError(outputs[i], case_.outputs.at(names_[i]));
    ASSERT_TRUE(error.ok()) << names_[i] << ": " << error.status();
    EXPECT_LE(*error, case_.tolerance) << names_[i];
  }
}

TEST_P(NativeModel, WarmStartsGiveTheSameBits) {
  testing::MemoryCache cache;
  Variant cached;
  cached.cache = &cache;
  std::vector<Literal> cold;
  ASSERT_NO_FATAL_FAILURE(Run(cached, &cold));
  EXPECT_EQ(cache.hits, 0);
  EXPECT_EQ(cache.stores, 2) << "the program and its code";
  ExpectSame(cold, cached, "the cache");
  EXPECT_EQ(cache.hits, 2);
  EXPECT_EQ(cache.stores, 2);
}

TEST_P(NativeModel, EveryFormParsesBackToTheSameBytes) {
  absl::StatusOr<std::unique_ptr<Module>> module = Import();
  ASSERT_TRUE(module.ok()) << module.status();
  const auto expect_graph_parses_back = [&](const char* stage) {
    const std::string text = Print(**module);
    const absl::StatusOr<std::unique_ptr<Module>> again = ParseModule(text, stage);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(Print(**again) == text) << stage;
  };
  CompileOptions options;
  options.passes.target = *codegen::HostTarget();
  expect_graph_parses_back("import");
  ASSERT_TRUE(Optimize(module->get(), options).ok());
  expect_graph_parses_back("optimized");
  ASSERT_TRUE(FuseModule(module->get(), options).ok());
  expect_graph_parses_back("fused");
  const absl::StatusOr<program::Program> program = Lower(**module, options);
  ASSERT_TRUE(program.ok()) << program.status();
  for (const kernel::Kernel& kernel : program->kernels) {
    const std::string text = kernel::Print(kernel);
    const absl::StatusOr<std::vector<kernel::Kernel>> again = kernel::ParseKernels(text, "kernel");
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_EQ(again->size(), 1u);
    EXPECT_TRUE(kernel::Print((*again)[0]) == text) << kernel.name;
  }
  const std::string text = program::Print(*program);
  const absl::StatusOr<program::Program> again = program::ParseProgram(text, "program");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(program::Print(*again) == text);
}

// Whether the kernel loops over elements without a vector instruction.
bool IsScalarLoop(const kernel::Kernel& kernel) {
  bool loops = false, vectors = false;
  schedule::ForEachInst(kernel.body, [&](const kernel::Inst& inst) {
    loops |= inst.kind == kernel::InstKind::kFor;
    for (kernel::ValueId result : inst.results) vectors |= !kernel.type(result).IsScalar();
  });
  return loops && !vectors;
}

// The kernels without vectors, by name.
const std::map<std::string, std::vector<std::string>>& ScalarKernels() {
  static const auto* const kernels = new std::map<std::string, std::vector<std::string>>{
      // One output.
      {"silero_vad_16k", {"_model_decoder_decoder_2_Conv__model_decoder_decoder_3_Sigmoid"}}};
  return *kernels;
}

TEST_P(NativeModel, StaysScalarNowhereElse) {
  absl::StatusOr<std::unique_ptr<Module>> module = Import();
  ASSERT_TRUE(module.ok()) << module.status();
  CompileOptions options;
  options.passes.target.kind = TargetKind::kCpu;
  options.passes.target.vector_bytes = 32;
  options.passes.target.vector_registers = 16;
  CompileLog log;
  const absl::StatusOr<program::Program> program = Compile(module->get(), options, &log);
  ASSERT_TRUE(program.ok()) << program.status();
  std::vector<std::string> expected, scalar;
  if (const auto it = ScalarKernels().find(GetParam()); it != ScalarKernels().end())
    expected = it->second;
  for (const kernel::Kernel& kernel : program->kernels) {
    if (IsScalarLoop(kernel)) scalar.push_back(kernel.name);
  }
  EXPECT_EQ(scalar, expected);
  // Nor does a loop of another kernel.
  for (const CompileLog::KernelLog& kernel : log.kernels) {
    for (const schedule::ScheduleStep& step : kernel.steps) {
      if (!absl::StartsWith(step.name, schedule::kStaysScalar)) continue;
      EXPECT_TRUE(std::any_of(
          expected.begin(), expected.end(),
          [&](const std::string& name) { return absl::StrContains(step.name, "@" + name + ":"); }))
          << kernel.node << " " << step.name;
    }
  }
}

// Models with symbolic dims.
using SymbolicModel = NativeModel;

// Its kernels are those of any dims, and then run for some. Rewrites that are not exact may meet
// other constants where dims are fixed before.
TEST_P(SymbolicModel, RunsFromItsFusedText) {
  Variant exact;
  exact.numerics = Numerics::kExact;
  std::vector<Literal> direct, read_back;
  ASSERT_NO_FATAL_FAILURE(Run(exact, &direct));

  absl::StatusOr<std::unique_ptr<Module>> module = ImportOnnx(folder_ + "/model.onnx");
  ASSERT_TRUE(module.ok()) << module.status();
  CompileOptions options;
  options.passes.target = *codegen::HostTarget();
  options.passes.numerics = Numerics::kExact;
  ASSERT_TRUE(Optimize(module->get(), options).ok());
  ASSERT_TRUE(FuseModule(module->get(), options).ok());
  const std::string path = absl::StrCat(::testing::TempDir(), "/fused_", GetParam(), ".cermet");
  ASSERT_TRUE(WriteModule(**module, path).ok());
  module = ReadModule(path);
  ASSERT_TRUE(module.ok()) << module.status();
  ASSERT_TRUE(BindDims(module->get(), DimsOfCase(**module)).ok());
  ASSERT_NO_FATAL_FAILURE(RunModule(*std::move(module), exact, &read_back));
  ASSERT_EQ(read_back.size(), direct.size());
  for (size_t i = 0; i < direct.size(); ++i) EXPECT_EQ(read_back[i], direct[i]) << names_[i];
  std::filesystem::remove(path);
  std::filesystem::remove(path + ".bin");
}

INSTANTIATE_TEST_SUITE_P(All, SymbolicModel,
                         ::testing::Values("bert_mini", "bert_mini_dynint8", "lstm_gru_tagger",
                                           "magika_v3_3"));

TEST_P(NativeModel, SlowBitsDoNotDependOnTheSchedule) { CheckBits(); }

INSTANTIATE_TEST_SUITE_P(All, NativeModel, ::testing::ValuesIn(kModels));

// One small model with convolutions and one with loops stand for the others in the fast run.
using SmallNativeModel = NativeModel;
TEST_P(SmallNativeModel, BitsDoNotDependOnTheSchedule) { CheckBits(); }
INSTANTIATE_TEST_SUITE_P(Small, SmallNativeModel,
                         ::testing::Values("mnist_cntk", "lstm_gru_tagger"));

}  // namespace
}  // namespace cermet
