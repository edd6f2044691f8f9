// Random graphs give the same bits in every form: the evaluator on the graph as it was made, the
// kernel interpreter on naive and on scheduled kernels, and native code; with fusion and without,
// and for other tile sizes.
#include "tests/support/random_graph.h"

#include <gtest/gtest.h>

#include "codegen/target.h"
#include "ir/evaluator/evaluator.h"
#include "ir/printer.h"
#include "ir/sample_inputs.h"
#include "ir/verifier.h"
#include "passes/compile.h"
#include "passes/registry.h"
#include "runtime/session/compiled_module.h"
#include "tests/support/backends.h"
#include "tests/support/program_interpreter.h"

namespace cermet {
namespace {

struct Variant {
  const char* name;
  bool merge = true;
  schedule::ScheduleOptions schedule;
};

// A module that is fused already goes through all passes again.
void ExpectSameRunOfFused(const Module& fused, const ModuleOptions& options,
                          std::vector<Literal> inputs, const std::vector<Literal>& expected) {
  absl::StatusOr<std::unique_ptr<CompiledModule>> again =
      CompiledModule::Create(fused.Clone(), options);
  ASSERT_TRUE(again.ok()) << again.status() << Print(fused);
  const absl::StatusOr<std::vector<Literal>> results = (*again)->Run(&inputs);
  ASSERT_TRUE(results.ok()) << results.status() << Print(fused);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(testing::SameBits((*results)[i], expected[i]))
        << "compiled again, result " << i << "\n"
        << Print(fused) << Print((*again)->module());
  }
}

void Compare(uint64_t seed, int max_nodes) {
  SCOPED_TRACE(seed);
  const std::unique_ptr<Module> original = testing::RandomGraph(seed, max_nodes);
  ASSERT_TRUE(Verify(*original).ok()) << Verify(*original);
  const SampleValues kind = seed % 2 == 0 ? SampleValues::kPlain : SampleValues::kExtreme;
  absl::StatusOr<std::vector<Literal>> inputs = SampleInputs(*original->entry(), {}, seed, kind);
  ASSERT_TRUE(inputs.ok()) << inputs.status();

  CompileOptions options;
  options.passes.numerics = Numerics::kExact;
  options.passes.target = *codegen::HostTarget();
  const std::unique_ptr<Module> ordered = original->Clone();
  const std::vector<std::string> numerics = {"numerics"};
  ASSERT_TRUE(RunPasses(*ordered, numerics, options.passes).ok());
  const absl::StatusOr<std::vector<Literal>> expected =
      Evaluate(*ordered, *ordered->entry(), *inputs);
  ASSERT_TRUE(expected.ok()) << expected.status() << Print(*original);

  const Variant variants[] = {
      {"default", true, {}}, {"unfused", false, {}}, {"tiles of 2x8", true, {2, 8, 32}}};
  for (const Variant& variant : variants) {
    SCOPED_TRACE(variant.name);
    options.passes.disabled.clear();
    if (!variant.merge) options.passes.disabled = RuleNames("fuse");
    options.schedule = variant.schedule;
    ModuleOptions module_options;
    module_options.compile = options;
    absl::StatusOr<std::unique_ptr<CompiledModule>> compiled =
        CompiledModule::Create(original->Clone(), module_options);
    ASSERT_TRUE(compiled.ok()) << compiled.status() << Print(*original);
    const absl::StatusOr<std::vector<Literal>> interpreted = testing::InterpretProgram(
        (*compiled)->program(), (*compiled)->module().constants(), *inputs);
    ASSERT_TRUE(interpreted.ok()) << interpreted.status() << Print(*original)
                                  << program::Print((*compiled)->program());
    std::vector<Literal> copies = *inputs;
    const absl::StatusOr<std::vector<Literal>> native = (*compiled)->Run(&copies);
    ASSERT_TRUE(native.ok()) << native.status() << Print(*original);
    for (size_t i = 0; i < expected->size(); ++i) {
      EXPECT_TRUE(testing::SameBits((*interpreted)[i], (*expected)[i]))
          << "interpreter, result " << i << "\n"
          << (*expected)[i].ToString() << "\n"
          << (*interpreted)[i].ToString() << "\n"
          << Print(*original) << Print((*compiled)->module());
      EXPECT_TRUE(testing::SameBits((*native)[i], (*interpreted)[i]))
          << "native, result " << i << "\n"
          << (*interpreted)[i].ToString() << "\n"
          << (*native)[i].ToString() << "\n"
          << Print(*original) << program::Print((*compiled)->program());
    }
    if (variant.merge)
      ExpectSameRunOfFused((*compiled)->module(), module_options, *inputs, *native);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(RandomGraphs, FormsAgree) {
  for (uint64_t seed = 1; seed <= 30 && !HasFailure(); ++seed) Compare(seed, 10);
}

TEST(RandomGraphs, SlowFormsAgree) {
  for (uint64_t seed = 1000; seed < 3000 && !HasFailure(); ++seed) Compare(seed, 25);
}

}  // namespace
}  // namespace cermet
