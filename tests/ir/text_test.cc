// Printing and parsing of graph IR are inverse.
#include <gtest/gtest.h>

#include "ir/parser.h"
#include "ir/printer.h"

namespace cermet {
namespace {

TEST(Text, RoundTripOfAFullyConnectedLayer) {
  const char* const text = R"(dim ?n in 1..64 multiple of 8
constant @fc1.w : f32[784,512] hash 0x0123456789abcdef

graph @mlp(%x: f32[?n,784], %1: i32[2] "input:0" donated) {
  %2 = constant @fc1.w : f32[784,512]
  %3 = dot_general(%x, %2) {contract = [1] x [0]} : f32[?n,512]         "fc1/MatMul"
  %4 = constant 0.1 : f32
  %5 = reduce(%3, %4) {dims = [1], order = lanes(64)} : f32[?n] with add  "sum" "other"
  %6:2 = while(%4, %5) : (f32, f32[?n]) {
    @cond(%a: f32, %b: f32[?n]) {
      %2 = compare(%a, %a) {direction = lt} : bool
      return %2
    }
    @body(%a: f32, %b: f32[?n]) {
      return %a, %b
    }
  }
  return %6#1 "probs", %1
}
)";
  absl::StatusOr<std::unique_ptr<Module>> module = ParseModule(text, "m.cermet");
  ASSERT_TRUE(module.ok()) << module.status();
  EXPECT_EQ(Print(**module), text);
}

}  // namespace
}  // namespace cermet
