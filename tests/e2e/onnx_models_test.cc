// Imports each of the shared models and runs it by the evaluator against the outputs that ONNX
// Runtime recorded.
#include <gtest/gtest.h>

#include <string>

#include "frontend/onnx/importer.h"
#include "ir/evaluator/evaluator.h"
#include "tests/e2e/model_case.h"

namespace cermet {
namespace {

void RunModel(const std::string& name, bool symbolic) {
  const std::string folder = ModelFolder(name);
  if (folder.empty())
    GTEST_SKIP() << "the shared models are not here (set CERMET_MODELS): " << name;
  absl::StatusOr<ModelCase> model_case = ReadModelCase(folder);
  ASSERT_TRUE(model_case.ok()) << model_case.status();
  ImportOptions options;
  if (!symbolic) {
    for (const auto& [input, value] : model_case->inputs)
      options.input_shapes[input] = value.shape();
  }
  absl::StatusOr<std::unique_ptr<Module>> module = ImportOnnx(folder + "/model.onnx", options);
  ASSERT_TRUE(module.ok()) << module.status();
  const Graph& graph = *(*module)->entry();
  absl::StatusOr<std::vector<Literal>> inputs = InputsInOrder(graph, *model_case);
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  absl::StatusOr<std::vector<Literal>> outputs = Evaluate(**module, graph, *inputs);
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  ASSERT_EQ(outputs->size(), model_case->outputs.size());
  for (size_t i = 0; i < outputs->size(); ++i) {
    const std::string& output = graph.result_names()[i];
    ASSERT_EQ(model_case->outputs.count(output), 1) << output;
    absl::StatusOr<double> error = RelativeError((*outputs)[i], model_case->outputs.at(output));
    ASSERT_TRUE(error.ok()) << output << ": " << error.status();
    EXPECT_LE(*error, model_case->tolerance) << output;
  }
}

TEST(OnnxModels, MnistCntk) { RunModel("mnist_cntk", true); }
TEST(OnnxModels, LstmGruTagger) { RunModel("lstm_gru_tagger", true); }
TEST(OnnxModels, MagikaV33) { RunModel("magika_v3_3", true); }
// The squeeze of its conversion from PyTorch depends on the number of samples.
TEST(OnnxModels, SileroVad16k) { RunModel("silero_vad_16k", false); }
TEST(OnnxModels, BertMini) { RunModel("bert_mini", true); }
TEST(OnnxModels, Gpt2Mini) { RunModel("gpt2_mini", true); }
TEST(OnnxModels, UltrafaceSlim320) { RunModel("ultraface_slim320", true); }
TEST(OnnxModels, MobilenetV2) { RunModel("mobilenet_v2", true); }
TEST(OnnxModels, Resnet18) { RunModel("resnet18", true); }
TEST(OnnxModels, YoloLike) { RunModel("yolo_like", true); }
TEST(OnnxModels, SqueezenetFp16) { RunModel("squeezenet_fp16", true); }
TEST(OnnxModels, BertMiniDynint8) { RunModel("bert_mini_dynint8", true); }

}  // namespace
}  // namespace cermet
