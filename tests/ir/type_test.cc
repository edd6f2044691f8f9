// Types, shapes and orders: text and sizes.
#include "ir/type.h"

#include <gtest/gtest.h>

#include "ir/order.h"

namespace cermet {
namespace {

TEST(TypeTest, PrintsAndParsesInverse) {
  for (const char* text : {"f32", "bool", "token", "f32[8,?batch,224]", "bf16[0]",
                           "i64[max(?m,?n),floordiv(?n,2)]", "u8[?b*?s,4]"}) {
    const absl::StatusOr<Type> type = Type::Parse(text);
    ASSERT_TRUE(type.ok()) << type.status();
    EXPECT_EQ(type->ToString(), text);
  }
}

TEST(TypeTest, BadTextIsAnError) {
  for (const char* text :
       {"", "f31", "f32[", "f32[3", "f32[3,]", "f32[,3]", "f32[?]", "token[3]", "f32]"}) {
    EXPECT_FALSE(Type::Parse(text).ok()) << text;
  }
}

TEST(TypeTest, CountsElements) {
  EXPECT_EQ(Type(DType::kF32, {2, 3}).NumElements(), Dim(6));
  EXPECT_EQ(Type(DType::kF32, {}).NumElements(), Dim(1));
  EXPECT_EQ(*Type(DType::kF16, {Dim::Symbol("n"), 3}).ByteSize({{"n", 5}}), 30);
  EXPECT_FALSE(Type(DType::kF16, {Dim::Symbol("n")}).ByteSize({}).ok());
  EXPECT_FALSE(Type(DType::kF64, {int64_t{1} << 59}).ByteSize({}).ok());
  EXPECT_EQ(*StaticNumElements({4, 0, 5}), 0);
  EXPECT_FALSE(StaticNumElements({int64_t{1} << 40, int64_t{1} << 40}).ok());
  EXPECT_FALSE(StaticNumElements({Dim::Symbol("n")}).ok());
  EXPECT_FALSE(StaticNumElements({-1}).ok());
  EXPECT_EQ(RowMajorStrides({2, 3, Dim::Symbol("n")}),
            (Shape{Dim(3) * Dim::Symbol("n"), Dim::Symbol("n"), 1}));
}

TEST(OrderTest, PrintsAndParsesInverse) {
  EXPECT_EQ(Order::Parse("sequential")->ToString(), "sequential");
  EXPECT_EQ(Order::Parse("lanes(64)")->ToString(), "lanes(64)");
  for (const char* text : {"", "lanes", "lanes(3)", "lanes(0)", "lanes(64", "lanes(2048)"}) {
    EXPECT_FALSE(Order::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace cermet
