// The op sweep: every op over element types and shapes, compiled. The compiled results are those of
// the kernel interpreter bit for bit, and those of the evaluator within the op's tolerance. Cases
// are compiled in batches, one module each; a batch that fails is run again case by case, to say
// which.
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "ir/evaluator/evaluator.h"
#include "ir/printer.h"
#include "ir/status.h"
#include "passes/registry.h"
#include "tests/support/backends.h"
#include "tests/sweep/sweep_case.h"
#include "tests/sweep/tolerance.h"

namespace cermet::testing {
namespace {

struct Batch {
  Module module;
  std::vector<Literal> inputs;
  std::vector<const SweepCase*> case_of_result;
};

absl::Status BuildBatch(absl::Span<const SweepCase> cases, Batch* batch) {
  Graph* graph = batch->module.AddGraph("main");
  std::vector<std::vector<Value>> parameters;
  for (size_t c = 0; c < cases.size(); ++c) {
    parameters.emplace_back();
    for (const Literal& input : cases[c].inputs) {
      Type type = input.type();
      if (cases[c].symbolic && !type.shape.empty() && &input == &cases[c].inputs[0]) {
        type.shape[0] = Dim::Symbol(absl::StrCat("n", c));
      } else if (cases[c].symbolic && input.shape() == cases[c].inputs[0].shape()) {
        type.shape[0] = Dim::Symbol(absl::StrCat("n", c));
      }
      const std::string name = absl::StrCat(cases[c].name, ".", parameters.back().size(), ".", c);
      parameters.back().push_back(graph->AddParameter(type, name)->result());
      batch->inputs.push_back(input);
    }
  }
  Builder builder(graph);
  std::vector<Value> results;
  for (size_t c = 0; c < cases.size(); ++c) {
    builder.set_location(Location{{cases[c].name}, "", 0});
    for (Value result : cases[c].build(builder, parameters[c])) {
      results.push_back(result);
      batch->case_of_result.push_back(&cases[c]);
    }
    if (!builder.ok()) {
      return absl::InternalError(absl::StrCat(cases[c].name, ": ", builder.status().message()));
    }
  }
  graph->set_results(results);
  return absl::OkStatus();
}

// What is wrong with the cases; empty if nothing.
std::string RunBatch(absl::Span<const SweepCase> cases) {
  Batch batch;
  if (absl::Status status = BuildBatch(cases, &batch); !status.ok()) return status.ToString();
  const auto expected = Evaluate(batch.module, *batch.module.entry(), batch.inputs);
  if (!expected.ok()) return absl::StrCat("evaluator: ", expected.status().ToString());
  const auto actual = RunBackends(batch.module, batch.inputs);
  if (!actual.ok()) return actual.status().ToString();
  std::string problems;
  for (size_t i = 0; i < expected->size(); ++i) {
    const SweepCase& c = *batch.case_of_result[i];
    if (!SameBits(actual->compiled[i], actual->interpreted[i])) {
      absl::StrAppend(&problems, c.name, ": compiled ", actual->compiled[i].ToString(),
                      "\ninterpreted ", actual->interpreted[i].ToString(), "\n");
    }
    const std::string difference = Difference(c.op, actual->compiled[i], (*expected)[i]);
    if (!difference.empty()) absl::StrAppend(&problems, c.name, ": ", difference, "\n");
  }
  return problems;
}

void Sweep(const std::vector<SweepCase>& cases) {
  constexpr size_t kBatch = 48;
  for (size_t begin = 0; begin < cases.size(); begin += kBatch) {
    const size_t count = std::min(kBatch, cases.size() - begin);
    const absl::Span<const SweepCase> batch(cases.data() + begin, count);
    const std::string problems = RunBatch(batch);
    if (problems.empty()) continue;
    bool found = false;
    for (const SweepCase& c : batch) {
      const std::string problem = RunBatch(absl::MakeConstSpan(&c, 1));
      found |= !problem.empty();
      EXPECT_EQ(problem, "") << c.name;
    }
    EXPECT_TRUE(found) << "fails only as a batch: " << problems;
  }
}

struct Variant {
  const char* name;
  CompileOptions options;
};

// Ways to compile that must not change a bit.
std::vector<Variant> Variants() {
  std::vector<Variant> variants(5);
  variants[0].name = "16-byte vectors";
  variants[0].options.schedule.vector_bytes = 16;
  variants[1].name = "64-byte vectors";
  variants[1].options.schedule.vector_bytes = 64;
  variants[2].name = "small tiles";
  variants[2].options.schedule.tile_rows = 2;
  variants[2].options.schedule.tile_columns = 16;
  variants[3].name = "large tiles";
  variants[3].options.schedule.tile_rows = 5;
  variants[3].options.schedule.tile_columns = 32;
  variants[4].name = "no fusion";
  variants[4].options.passes.disabled = RuleNames("fuse");
  for (Variant& variant : variants) variant.options.passes.numerics = Numerics::kExact;
  return variants;
}

void SweepVariants(const std::vector<SweepCase>& cases) {
  constexpr size_t kBatch = 48;
  CompileOptions exact;
  exact.passes.numerics = Numerics::kExact;
  for (size_t begin = 0; begin < cases.size(); begin += kBatch) {
    Batch batch;
    const size_t count = std::min(kBatch, cases.size() - begin);
    ASSERT_TRUE(BuildBatch(absl::MakeConstSpan(cases.data() + begin, count), &batch).ok());
    const auto expected = RunCompiled(batch.module, batch.inputs, exact);
    ASSERT_TRUE(expected.ok()) << expected.status();
    for (const Variant& variant : Variants()) {
      const auto actual = RunCompiled(batch.module, batch.inputs, variant.options);
      ASSERT_TRUE(actual.ok()) << variant.name << ": " << actual.status();
      for (size_t i = 0; i < expected->size(); ++i) {
        EXPECT_TRUE(SameBits((*actual)[i], (*expected)[i]))
            << batch.case_of_result[i]->name << " with " << variant.name << ": "
            << (*actual)[i].ToString() << " instead of " << (*expected)[i].ToString();
      }
    }
  }
}

std::vector<SweepCase> OfF32(const std::vector<SweepCase>& cases) {
  std::vector<SweepCase> selected;
  for (const SweepCase& c : cases) {
    if (c.name.find("/f32/") != std::string::npos) selected.push_back(c);
  }
  return selected;
}

TEST(SweepTest, SchedulesKeepTheBits) {
  SweepVariants(OfF32(ReductionCases(false)));
  SweepVariants(OfF32(OtherCases(false)));
}
TEST(SlowSweepTest, SchedulesKeepTheBits) {
  SweepVariants(ReductionCases(true));
  SweepVariants(OtherCases(true));
  SweepVariants(OfF32(ElementwiseCases(true)));
}

TEST(SweepTest, Elementwise) { Sweep(ElementwiseCases(false)); }
TEST(SweepTest, Views) { Sweep(ViewCases(false)); }
TEST(SweepTest, Reductions) { Sweep(ReductionCases(false)); }
TEST(SweepTest, Others) { Sweep(OtherCases(false)); }
TEST(SlowSweepTest, Elementwise) { Sweep(ElementwiseCases(true)); }
TEST(SlowSweepTest, Views) { Sweep(ViewCases(true)); }
TEST(SlowSweepTest, Reductions) { Sweep(ReductionCases(true)); }
TEST(SlowSweepTest, Others) { Sweep(OtherCases(true)); }

TEST(SweepTest, CoversEveryOp) {
  // Every case has parameters; fusions are made by the compiler; tokens are joined in the cases of
  // checks.
  std::set<OpCode> covered = {OpCode::kParameter, OpCode::kFusion, OpCode::kAfterAll};
  // A call needs a second graph: tests/golden/passes and the sessions' tests have them.
  covered.insert(OpCode::kCall);
  for (bool full : {false, true}) {
    std::set<OpCode> swept = covered;
    for (const auto& cases :
         {ElementwiseCases(full), ViewCases(full), ReductionCases(full), OtherCases(full)}) {
      for (const SweepCase& c : cases) swept.insert(c.op);
    }
    for (const OpInfo& info : AllOps()) {
      EXPECT_EQ(swept.count(info.code), 1u) << std::string(info.name) << " is not swept";
    }
  }
}

}  // namespace
}  // namespace cermet::testing
