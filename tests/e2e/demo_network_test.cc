// The network that ships with the project, for the checks that need a model and must never be
// skipped.
#include <gtest/gtest.h>

#include "codegen/target.h"
#include "frontend/onnx/importer.h"
#include "ir/evaluator/evaluator.h"
#include "runtime/session/compiled_module.h"
#include "runtime/thread_pool.h"
#include "tests/e2e/model_case.h"
#include "tools/npz/npz.h"

namespace cermet {
namespace {

constexpr char kModel[] = "tools/demo_network/model.onnx";
constexpr char kCase[] = "tools/demo_network/case.npz";
constexpr double kTolerance = 1e-5;  // of the largest value, as for the shared models

TEST(DemoNetwork, NativeCodeAndEvaluatorMatchOnnxRuntime) {
  const absl::StatusOr<std::vector<npz::NamedArray>> arrays = npz::ReadNpz(kCase);
  ASSERT_TRUE(arrays.ok()) << arrays.status();
  ModelCase model_case;
  for (const npz::NamedArray& array : *arrays) {
    if (array.name.rfind("in_", 0) == 0)
      model_case.inputs.emplace(array.name.substr(3), array.value);
    if (array.name.rfind("out_", 0) == 0)
      model_case.outputs.emplace(array.name.substr(4), array.value);
  }
  absl::StatusOr<std::unique_ptr<Module>> module = ImportOnnx(kModel);
  ASSERT_TRUE(module.ok()) << module.status();
  absl::StatusOr<std::vector<Literal>> inputs = InputsInOrder(*(*module)->entry(), model_case);
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  const std::string output = (*module)->entry()->result_names()[0];
  const absl::StatusOr<std::vector<Literal>> evaluated =
      Evaluate(**module, *(*module)->entry(), *inputs);
  ASSERT_TRUE(evaluated.ok()) << evaluated.status();
  EXPECT_LE(*RelativeError((*evaluated)[0], model_case.outputs.at(output)), kTolerance);

  Literal first;
  for (const int64_t threads : {1, 2, 3, 7}) {
    for (const int64_t vector_bytes : {32, 64}) {
      runtime::ThreadPool pool(threads);
      ModuleOptions options;
      options.compile.passes.target = *codegen::HostTarget();
      options.compile.passes.target.vector_bytes = vector_bytes;
      options.executor.threads = pool.threads();
      const absl::StatusOr<std::unique_ptr<CompiledModule>> compiled =
          CompiledModule::Create((*module)->Clone(), options);
      ASSERT_TRUE(compiled.ok()) << compiled.status();
      const absl::StatusOr<std::vector<Literal>> native = (*compiled)->Run(&*inputs);
      ASSERT_TRUE(native.ok()) << native.status();
      EXPECT_LE(*RelativeError((*native)[0], model_case.outputs.at(output)), kTolerance);
      if (threads == 1 && vector_bytes == 32) first = (*native)[0];
      EXPECT_EQ((*native)[0], first)
          << threads << " threads, vectors of " << vector_bytes << " bytes";
    }
  }
}

}  // namespace
}  // namespace cermet
