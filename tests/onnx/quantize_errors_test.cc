// Wrong uses of quantised operators and of recurrent ones: the operators with many parameters whose
// shapes must fit each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/onnx/op_errors.h"

namespace cermet {
namespace {

TEST(QuantizeErrors, Linear) {
  const Literal one = Floats({}, {1});
  ExpectErrors({
      {"QuantizeLinear",
       {{"s", one}, {"z", Ints({}, {0})}},
       {"x", "s", "z"},
       nullptr,
       "quantisation to i64 is not supported"},
      {"QuantizeLinear",
       {{"s", one}},
       {"x", "s"},
       With("output_dtype", 17),
       "float8e4m3fn is not a supported element type",
       21},
      {"QuantizeLinear",
       {{"s", Zeros({3})}},
       {"x", "s"},
       With("block_size", 2),
       "scale of shape [3] does not fit blocks of [2,3]",
       21},
      {"QuantizeLinear",
       {{"s", Zeros({2, 3})}},
       {"x", "s"},
       nullptr,
       "scale of shape [2,3] is neither a scalar nor a vector"},
      {"QuantizeLinear",
       {{"s", Zeros({3})}},
       {"x", "s"},
       With("axis", 2),
       "axis 2 is outside rank 2"},
      {"QuantizeLinear",
       {{"s", Zeros({2})}},
       {"x", "s"},
       nullptr,
       "dim 0 of f32[2] to dim 1 of f32[2,3]"},
      {"DequantizeLinear",
       {{"a", Zeros(DType::kI8, {2, 3})}, {"s", one}, {"z", Zeros(DType::kI8, {1, 3})}},
       {"a", "s", "z"},
       nullptr,
       "scale of shape [1,3] is neither a scalar nor a vector"},
      {"DequantizeLinear",
       {{"a", Zeros(DType::kI8, {2, 3})}, {"s", Zeros({2, 1, 1})}},
       {"a", "s"},
       With("block_size", 3),
       "scale of shape [2,1,1] does not fit blocks of [2,3]",
       21},
      {"DynamicQuantizeLinear",
       {{"a", Vector({1})}},
       {"a"},
       nullptr,
       "element type i64 is not supported"},
  });
}

TEST(QuantizeErrors, Products) {
  const Literal matrix = Zeros(DType::kU8, {2, 2}), zero = Zeros(DType::kU8, {}),
                one = Floats({}, {1});
  ExpectErrors({
      {"MatMulInteger",
       {{"a", matrix}, {"b", Zeros(DType::kU8, {3, 2})}},
       {"a", "b"},
       nullptr,
       "extents 2 and 3 should be equal"},
      {"MatMulInteger",
       {{"a", matrix}, {"z", Literal::SplatInt(DType::kU8, {3}, 1)}},
       {"a", "a", "z"},
       nullptr,
       "shapes [3,1] and [2,2] do not broadcast"},
      {"MatMulInteger", {{"a", zero}}, {"a", "a"}, nullptr, "one of its inputs is a scalar"},
      {"QLinearMatMul",
       {{"a", matrix}, {"s", one}, {"v", Floats({2}, {1, 1})}, {"z", zero}},
       {"a", "v", "z", "a", "s", "z", "s", "z"},
       nullptr,
       "a scale for each row or column is not supported"},
      {"QLinearMatMul",
       {{"a", matrix}, {"s", one}, {"z", zero}, {"w", Ints({}, {0})}},
       {"a", "s", "z", "a", "s", "z", "s", "w"},
       nullptr,
       "quantisation to i64 is not supported"},
      {"ConvInteger",
       {{"a", matrix}},
       {"a", "a"},
       nullptr,
       "input of shape [2,2] and filter of shape [2,2] do not fit"},
      {"ConvInteger",
       {{"a", Zeros(DType::kU8, {1, 1, 4})}, {"w", matrix}},
       {"a", "w"},
       nullptr,
       "input of shape [1,1,4] and filter of shape [2,2] do not fit"},
      {"ConvInteger",
       {{"a", Zeros(DType::kU8, {1, 1, 4})}, {"z", matrix}},
       {"a", "a", "z"},
       nullptr,
       "scale of shape [2,2] is neither a scalar nor a vector"},
      {"QLinearConv",
       {{"a", matrix}, {"s", one}, {"z", zero}},
       {"a", "s", "z", "a", "s", "z", "s", "z"},
       nullptr,
       "input of shape [2,2] and filter of shape [2,2] do not fit"},
      {"QLinearConv",
       {{"a", Zeros(DType::kU8, {1, 1, 4})},
        {"s", one},
        {"z", zero},
        {"b", Zeros(DType::kI32, {2})}},
       {"a", "s", "z", "a", "s", "z", "s", "z", "b"},
       nullptr,
       "dim 0 of i32[2] to dim 1 of i32[1,1,"},
  });
}

// X [steps, batch, 2], one direction of one hidden unit.
std::map<std::string, Literal> Weights(int64_t gates, int64_t directions = 1) {
  return {{"a", Zeros({4, 1, 2})},
          {"w", Zeros({directions, gates, 2})},
          {"r", Zeros({directions, gates, 1})}};
}
std::map<std::string, Literal> And(std::map<std::string, Literal> all, const std::string& name,
                                   Literal value) {
  all.emplace(name, std::move(value));
  return all;
}

TEST(RecurrentErrors, Shapes) {
  const std::vector<std::string> inputs = {"a", "w", "r"};
  ExpectErrors({
      {"LSTM",
       Weights(4),
       {"x", "w", "r"},
       nullptr,
       "its input 0 has shape [2,3] instead of rank 3"},
      {"LSTM", Weights(3), inputs, nullptr, "weights W [1,3,2] and R [1,3,1] do not fit 4 gates"},
      {"GRU", Weights(4), inputs, nullptr, "weights W [1,4,2] and R [1,4,1] do not fit 3 gates"},
      {"RNN", Weights(2), inputs, nullptr, "weights W [1,2,2] and R [1,2,1] do not fit 1 gates"},
      {"LSTM",
       {{"a", Zeros({4, 1, 3})}, {"w", Zeros({1, 4, 2})}, {"r", Zeros({1, 4, 1})}},
       inputs,
       nullptr,
       "extents 3 and 2 should be equal"},
      {"LSTM",
       And(Weights(4), "b", Zeros({1, 4})),
       {"a", "w", "r", "b"},
       nullptr,
       "bias of shape [1,4] does not fit"},
      {"LSTM",
       And(Weights(4), "b", Zeros({8})),
       {"a", "w", "r", "b"},
       nullptr,
       "its input 3 has shape [8] instead of rank 2"},
      {"LSTM",
       And(Weights(4), "n", Ints({1, 1}, {4})),
       {"a", "w", "r", "", "n"},
       nullptr,
       "its input 4 has shape [1,1] instead of rank 1"},
      {"LSTM",
       And(Weights(4), "h", Zeros({1, 1})),
       {"a", "w", "r", "", "", "h"},
       nullptr,
       "its input 5 has shape [1,1] instead of rank 3"},
      {"LSTM",
       And(Weights(4, 2), "h", Zeros({1, 1, 1})),
       {"a", "w", "r", "", "", "h"},
       With("direction", "bidirectional"),
       "its input 5 has shape [1,1,1] for 2 directions"},
      {"LSTM",
       And(Weights(4, 2), "c", Zeros({1, 1, 1})),
       {"a", "w", "r", "", "", "", "c"},
       With("direction", "bidirectional", "layout", 1),
       "its input 6 has shape [1,1,1] for 2 directions"},
      {"LSTM",
       And(Weights(4, 2), "p", Zeros({1, 3})),
       {"a", "w", "r", "", "", "", "", "p"},
       With("direction", "bidirectional"),
       "its input 7 has shape [1,3] for 2 directions"},
      {"GRU",
       And(Weights(3), "h", Zeros({1, 1, 2})),
       {"a", "w", "r", "", "", "h"},
       nullptr,
       "[1,2]"},
  });
}

TEST(RecurrentErrors, Attributes) {
  const std::vector<std::string> inputs = {"a", "w", "r"};
  const auto activations = [](std::vector<std::string> names) {
    return [names](onnx::NodeProto* node) {
      onnx::AttributeProto* attr = node->add_attribute();
      attr->set_name("activations");
      attr->set_type(onnx::AttributeProto::STRINGS);
      for (const std::string& name : names) attr->add_strings(name);
    };
  };
  ExpectErrors({
      {"LSTM", Weights(4), inputs, With("direction", "backward"), "direction \"backward\""},
      {"LSTM", Weights(4), inputs, With("direction", "bidirectional"),
       "weights for 1 directions, and direction is bidirectional"},
      {"GRU", Weights(3, 2), inputs, With("direction", "reverse"),
       "weights for 2 directions, and direction is reverse"},
      {"LSTM", Weights(4), inputs, activations({"Sigmoid", "Tanh"}),
       "it has 2 activations instead of 3"},
      {"RNN", Weights(1), inputs, activations({"Gelu"}), "activation Gelu is not supported"},
      {"RNN", Weights(1), inputs, With("activations", "Tanh"),
       "attribute activations is not a list of strings"},
  });
}

}  // namespace
}  // namespace cermet
