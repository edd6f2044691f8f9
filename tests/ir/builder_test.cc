// The builder: broadcasting, identities, and the first error that sticks.
#include "ir/builder.h"

#include <gtest/gtest.h>

#include "ir/printer.h"
#include "ir/verifier.h"

namespace cermet {
namespace {

class BuilderTest : public testing::Test {
 protected:
  Value Parameter(const Type& type, const std::string& name) {
    return graph_.AddParameter(type, name)->result();
  }

  Graph graph_{"g"};
  Builder b_{&graph_};
};

TEST_F(BuilderTest, BroadcastsScalars) {
  const Value x = Parameter(Type(DType::kF32, {Dim::Symbol("n"), 3}), "x");
  const Value s = Parameter(Type(DType::kF32, {}), "s");
  const Value p = Parameter(Type(DType::kBool, {}), "p");
  EXPECT_EQ(b_.Add(x, s).type(), x.type());
  EXPECT_EQ(b_.Sub(s, x).type(), x.type());
  EXPECT_EQ(b_.Mul(s, s).type(), s.type());
  EXPECT_EQ(b_.Compare("lt", s, x).type().ToString(), "bool[?n,3]");
  EXPECT_EQ(b_.Select(p, s, x).type(), x.type());
  EXPECT_EQ(b_.Splat(2, x.type()).type(), x.type());
  EXPECT_TRUE(b_.ok()) << b_.status();
  EXPECT_TRUE(Verify(graph_).ok());
}

TEST_F(BuilderTest, BroadcastToFollowsNumpy) {
  const Value x = Parameter(Type(DType::kI32, {3, 1}), "x");
  EXPECT_EQ(b_.BroadcastTo(x, x.type().shape), x);
  const Value y = b_.BroadcastTo(x, {2, 3, 4});
  EXPECT_EQ(y.type().ToString(), "i32[2,3,4]");
  EXPECT_EQ(y.node->attrs().Ints("dims"), (std::vector<int64_t>{1, 2}));
  EXPECT_TRUE(b_.ok());
  b_.BroadcastTo(y, {4});
  EXPECT_EQ(b_.status().message(), "broadcast_in_dim %1: cannot broadcast i32[2,3,4] to [4]");
}

TEST_F(BuilderTest, BroadcastShapes) {
  const Dim n = Dim::Symbol("n");
  EXPECT_EQ(ToString(*BroadcastShapes({n, 1, 3}, {4, 1})), "[?n,4,3]");
  EXPECT_EQ(ToString(*BroadcastShapes({n}, {8})), "[8]");
  EXPECT_EQ(ToString(*BroadcastShapes({}, {2})), "[2]");
  EXPECT_EQ(BroadcastShapes({2}, {3}).status().message(),
            "shapes [2] and [3] do not broadcast against each other");
}

TEST_F(BuilderTest, TheFirstErrorSticksAndLeavesNoNode) {
  const Value x = Parameter(Type(DType::kF32, {4}), "x");
  const Value y = Parameter(Type(DType::kF32, {5}), "y");
  b_.set_location({{"sum"}, "m", 3});
  const Value z = b_.Add(x, y);
  EXPECT_FALSE(z);
  EXPECT_EQ(b_.status().message(),
            "add %2 \"sum\" (m:3): shapes f32[4] and f32[5] differ in dim 0");
  EXPECT_FALSE(b_.Mul(z, z));
  EXPECT_FALSE(b_.Add(x, x));
  b_.Fail(absl::InternalError("second"));
  EXPECT_EQ(b_.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(graph_.nodes().size(), 2u);
}

TEST_F(BuilderTest, NullOperandsAreErrors) {
  b_.Add(Value(), Value());
  EXPECT_EQ(b_.status().message(), "add %0: operand 0 is missing");
}

TEST_F(BuilderTest, Views) {
  const Dim n = Dim::Symbol("n");
  const Value x = Parameter(Type(DType::kF32, {n, 6}), "x");
  const Value zero = b_.Constant(Literal::Scalar<float>(0));
  EXPECT_EQ(b_.Reshape(x, {n * 2, 3}).type().ToString(), "f32[2*?n,3]");
  EXPECT_EQ(b_.Transpose(x, {1, 0}).type().ToString(), "f32[6,?n]");
  EXPECT_EQ(b_.Slice(x, {0, 1}, {n, 6}, {1, 2}).type().ToString(), "f32[?n,3]");
  EXPECT_EQ(b_.Concat({x, x}, 0).type().ToString(), "f32[2*?n,6]");
  EXPECT_EQ(b_.Pad(x, zero, {1, 0}, {1, -2}, {0, 0}).type().ToString(), "f32[?n+2,4]");
  EXPECT_EQ(b_.Iota(Type(DType::kI64, {n}), 0).type().ToString(), "i64[?n]");
  EXPECT_EQ(b_.DimSize(n * 2).type().ToString(), "i64");
  EXPECT_EQ(b_.Convert(x, DType::kF32), x);
  EXPECT_EQ(b_.Convert(x, DType::kI8).type().ToString(), "i8[?n,6]");
  EXPECT_EQ(b_.Bitcast(x, DType::kU32).type().ToString(), "u32[?n,6]");
  EXPECT_TRUE(b_.ok()) << b_.status();
}

TEST_F(BuilderTest, ReductionsAndProducts) {
  const Value x = Parameter(Type(DType::kF32, {2, 3, 4}), "x");
  const Value sum = b_.Reduce(OpCode::kAdd, x, b_.Identity(OpCode::kAdd, DType::kF32), {2, 0});
  EXPECT_EQ(sum.type().ToString(), "f32[3]");
  EXPECT_EQ(SimpleCombiner(*sum.node->body()), OpCode::kAdd);
  EXPECT_EQ(b_.Dot(x, x, {{2}, {2}}, {{0}, {0}}).type().ToString(), "f32[2,3,3]");
  EXPECT_TRUE(b_.ok()) << b_.status();
  b_.Reduce(OpCode::kAnd, x, b_.Identity(OpCode::kAdd, DType::kF32), {0});
  EXPECT_EQ(b_.status().message(),
            "reduce of parameter %0 \"x\": and does not combine elements of type f32");
}

TEST_F(BuilderTest, IdentitiesAreNeutral) {
  struct Case {
    OpCode op;
    DType dtype;
    const char* text;
  };
  const Case cases[] = {
      {OpCode::kAdd, DType::kF16, "0"},
      {OpCode::kMul, DType::kI8, "1"},
      {OpCode::kMaximum, DType::kF32, "-inf"},
      {OpCode::kMinimum, DType::kBF16, "inf"},
      {OpCode::kMaximum, DType::kI8, "-128"},
      {OpCode::kMinimum, DType::kI8, "127"},
      {OpCode::kMaximum, DType::kU16, "0"},
      {OpCode::kMinimum, DType::kU16, "65535"},
      {OpCode::kMinimum, DType::kU64, "18446744073709551615"},
      {OpCode::kMaximum, DType::kI64, "-9223372036854775808"},
      {OpCode::kAnd, DType::kBool, "true"},
      {OpCode::kAnd, DType::kU8, "255"},
      {OpCode::kOr, DType::kBool, "false"},
      {OpCode::kMaximum, DType::kBool, "false"},
      {OpCode::kMinimum, DType::kBool, "true"},
      {OpCode::kXor, DType::kI32, "0"},
  };
  for (const Case& c : cases) {
    const Value identity = b_.Identity(c.op, c.dtype);
    ASSERT_TRUE(identity) << b_.status();
    const std::string text = Print(*identity.node);
    EXPECT_NE(text.find(std::string(" = constant ") + c.text + " : "), std::string::npos) << text;
  }
  b_.Identity(OpCode::kSub, DType::kF32);
  EXPECT_EQ(b_.status().message(), "sub has no neutral element");
}

}  // namespace
}  // namespace cermet
