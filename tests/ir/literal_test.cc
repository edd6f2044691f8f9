// Literals, the 16-bit float formats, and the constant store with its side file.
#include "ir/literal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>

#include "ir/constant_store.h"

namespace cermet {
namespace {

TEST(LiteralTest, HoldsValuesOfEveryDType) {
  for (int d = 0; d < kNumDTypes - 1; ++d) {
    const DType dtype = static_cast<DType>(d);
    Literal literal = Literal::Splat(dtype, {2, 3}, 1);
    EXPECT_EQ(literal.byte_size(), 6 * ByteSize(dtype));
    EXPECT_TRUE(literal.IsSplat());
    if (IsFloat(dtype)) {
      literal.SetFloat(4, -2.5);
      EXPECT_EQ(literal.GetFloat(4), -2.5);
      EXPECT_EQ(literal.GetFloat(3), 1);
    } else {
      literal.SetInt(4, 0);
      EXPECT_EQ(literal.GetInt(4), 0);
      EXPECT_EQ(literal.GetInt(3), 1);
    }
    EXPECT_FALSE(literal.IsSplat());
    Literal copy = literal;
    EXPECT_EQ(copy, literal);
  }
  EXPECT_EQ(reinterpret_cast<uintptr_t>(Literal(DType::kI8, {3}).data()) % 64, 0u);
  EXPECT_EQ(Literal(DType::kF32, {0, 3}).num_elements(), 0);
}

TEST(LiteralTest, AllocatesWhatFitsAndSaysWhatDoesNot) {
  const absl::StatusOr<Literal> literal = Literal::Allocate(DType::kF64, {2, 3});
  ASSERT_TRUE(literal.ok()) << literal.status();
  EXPECT_EQ(literal->type(), Type(DType::kF64, {2, 3}));
  ASSERT_TRUE(Literal::Allocate(DType::kF64, {int64_t{1} << 40, int64_t{1} << 40, 0}).ok());
  const auto code = [](std::vector<int64_t> shape) {
    return Literal::Allocate(DType::kF64, std::move(shape)).status().code();
  };
  EXPECT_EQ(code({-1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({0, -1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({int64_t{1} << 40, int64_t{1} << 40}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({std::numeric_limits<int64_t>::max() / 8}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({int64_t{1} << 44}), absl::StatusCode::kResourceExhausted);
}

TEST(LiteralTest, PrintsNestedLists) {
  EXPECT_EQ(Literal::FromValues<int32_t>({2, 2}, {1, 2, 3, 4}).ToString(), "[[1, 2], [3, 4]]");
  EXPECT_EQ(Literal::Scalar(0.1f).ToString(), "0.1");
  EXPECT_EQ(Literal::FromValues<bool>({2}, {true, false}).ToString(), "[true, false]");
  EXPECT_EQ(Literal(DType::kI8, {4}).ToString(2), "[0, 0, ...]");
  EXPECT_EQ(Literal(DType::kI8, {0, 2}).ToString(), "[]");
}

TEST(FloatFormatsTest, EveryHalfRoundTrips) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const uint16_t half = static_cast<uint16_t>(bits);
    const float h = HalfToFloat(half);
    const float b = BFloat16ToFloat(half);
    if (std::isnan(h)) {
      EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(h))));
    } else {
      EXPECT_EQ(FloatToHalf(h), half);
      EXPECT_EQ(DoubleToHalf(h), half);
    }
    if (std::isnan(b)) {
      EXPECT_TRUE(std::isnan(BFloat16ToFloat(DoubleToBFloat16(b))));
    } else {
      EXPECT_EQ(FloatToBFloat16(b), half);
      EXPECT_EQ(DoubleToBFloat16(b), half);
    }
  }
}

TEST(FloatFormatsTest, RoundsToNearestEvenBetweenNeighbours) {
  for (uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const uint16_t low = static_cast<uint16_t>(bits), high = static_cast<uint16_t>(bits + 1);
    const uint16_t even = (bits & 1) == 0 ? low : high;
    const float middle = (HalfToFloat(low) + HalfToFloat(high)) / 2;
    EXPECT_EQ(FloatToHalf(middle), even);
    EXPECT_EQ(DoubleToHalf(middle), even);
    EXPECT_EQ(FloatToHalf(std::nextafter(middle, 1e9f)), high);
    EXPECT_EQ(DoubleToHalf(std::nextafter(static_cast<double>(middle), 0)), low);
  }
  EXPECT_EQ(FloatToHalf(65519.996f), 0x7bff);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(DoubleToHalf(-1e300), 0xfc00);
  // The f32 rounding of this double is a tie of bf16 that the double itself is not.
  EXPECT_EQ(DoubleToBFloat16(1.00390625 + 0x1p-40), 0x3f81);
  EXPECT_EQ(FloatToBFloat16(1.00390625f), 0x3f80);
}

class ConstantStoreTest : public ::testing::Test {
 protected:
  std::string path_ = ::testing::TempDir() + "/constants_" + std::to_string(getpid());
  void TearDown() override { unlink(path_.c_str()); }
  std::string ReadBytes() {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void WriteBytes(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
};

TEST_F(ConstantStoreTest, NamesAreUniqueAndContentIsShared) {
  ConstantStore store;
  EXPECT_EQ(store.Add("w", Literal::Scalar(1.0f)), "w");
  EXPECT_EQ(store.Add("w", Literal::Scalar(1.0f)), "w");
  EXPECT_EQ(store.Add("w", Literal::Scalar(2.0f)), "w.1");
  EXPECT_EQ(store.Add("w", Literal::Scalar(2.0f)), "w.1");
  EXPECT_EQ(store.Add("a b%", Literal::Scalar(1)), "a_b_");
  EXPECT_EQ(store.Find("nothing"), nullptr);
  store.Erase("w");
  EXPECT_EQ(store.entries().size(), 2u);
}

TEST_F(ConstantStoreTest, FileRoundTrips) {
  ConstantStore store;
  store.Add("fc1/w", Literal::FromValues<float>({2, 2}, {1, 2, 3, 4}));
  store.Add("empty", Literal(DType::kI64, {0, 4}));
  store.Add("flag", Literal::Scalar(true));
  ASSERT_TRUE(store.WriteTo(path_).ok());
  absl::StatusOr<ConstantStore> read = ConstantStore::ReadFrom(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->entries().size(), 3u);
  for (const auto& [name, entry] : store.entries()) {
    const ConstantEntry* other = read->Find(name);
    ASSERT_NE(other, nullptr);
    EXPECT_EQ(other->ToLiteral(), entry.ToLiteral());
    EXPECT_EQ(other->content_hash, entry.content_hash);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(other->data) % 64, 0u);
  }
}

// Files hold hashes: whoever changes the function changes the version of the format too.
TEST_F(ConstantStoreTest, HashesAreThoseOfTheFileFormat) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(HashBytes(bytes.data(), 0), 0x1865704451193d1bu);
  EXPECT_EQ(HashBytes(bytes.data(), 5), 0x32bb022f8be92d4fu);
  EXPECT_EQ(HashBytes(bytes.data(), 100), 0x7dd2ee1e127eb695u);
  EXPECT_EQ(HashBytes(bytes.data(), 100, 7), 0x01aa0e036f31cae4u);
}

TEST_F(ConstantStoreTest, DamagedFilesAreErrors) {
  ConstantStore store;
  store.Add("w", Literal::FromValues<float>({3}, {1, 2, 3}));
  ASSERT_TRUE(store.WriteTo(path_).ok());
  const std::string good = ReadBytes();
  EXPECT_FALSE(ConstantStore::ReadFrom(path_ + ".missing").ok());
  EXPECT_FALSE(ConstantStore::ReadFrom("/").ok());
  for (size_t size = 0; size < good.size(); ++size) {
    WriteBytes(good.substr(0, size));
    EXPECT_FALSE(ConstantStore::ReadFrom(path_).ok()) << size;
  }
  for (size_t i = 0; i < 128; ++i) {  // header and index
    std::string bad = good;
    bad[i] ^= 0x55;
    WriteBytes(bad);
    const absl::StatusOr<ConstantStore> read = ConstantStore::ReadFrom(path_);
    if (!read.ok()) {
      EXPECT_NE(read.status().message().find(path_), absl::string_view::npos);
    }
  }
  WriteBytes("not a constants file, but a text that is longer than a header of sixty-four bytes");
  EXPECT_NE(ConstantStore::ReadFrom(path_).status().message().find("CERMETCS"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace cermet
