// The interpreter's specialised element functions give the bits of the definition in
// ir/scalar_ops.h.
#include "ir/kernel/interpreter/element_ops.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/op.h"

namespace cermet::kernel {
namespace {

// Random bits, mixed with the values where functions differ.
std::vector<ScalarBits> Samples(DType dtype, std::mt19937_64* random) {
  std::vector<ScalarBits> samples;
  const int bits = static_cast<int>(8 * ByteSize(dtype));
  const ScalarBits mask = bits == 64 ? ~0ull : (1ull << bits) - 1;
  if (IsFloat(dtype)) {
    for (double value : {0.0, -0.0, 1.0, -1.0, 0.5, 3.25, 1e30, -1e-40})
      samples.push_back(BitsFromFloat(dtype, value));
    samples.push_back(BitsFromFloat(dtype, INFINITY));
    samples.push_back(BitsFromFloat(dtype, -INFINITY));
    samples.push_back(BitsFromFloat(dtype, NAN));
  } else {
    for (int64_t value : {0, 1, -1, 2, 7, -9})
      samples.push_back(static_cast<ScalarBits>(value) & mask);
    samples.push_back(1ull << (bits - 1));
  }
  for (int i = 0; i < 20; ++i) samples.push_back((*random)() & mask);
  if (dtype == DType::kBool) samples = {0, 1};
  return samples;
}

TEST(ElementOps, EqualTheDefinition) {
  std::mt19937_64 random(7);
  int specialised = 0;
  for (const OpInfo& info : AllOps()) {
    if (info.op_class != OpClass::kElementwise) continue;
    for (int d = 0; d < kNumDTypes; ++d) {
      const DType dtype = static_cast<DType>(d);
      if (!Contains(info.dtypes, dtype)) continue;
      for (int direction = 0; direction < (info.code == OpCode::kCompare ? 6 : 1); ++direction) {
        const bool to_bool = info.code == OpCode::kCompare || info.code == OpCode::kIsFinite;
        const ScalarOp op{info.code, dtype, to_bool ? DType::kBool : dtype,
                          static_cast<CompareDirection>(direction)};
        const ElementFunction function = FindElementFunction(op);
        if (function == ApplyElements) continue;
        ++specialised;
        const std::vector<ScalarBits> x = Samples(dtype, &random), z = Samples(dtype, &random);
        const std::vector<ScalarBits> p = Samples(DType::kBool, &random);
        for (ScalarBits y : x) {
          std::vector<ScalarBits> expected(x.size()), actual(x.size());
          ElementOperand operands[3] = {{x.data(), 1}, {&y, 0}, {z.data(), 1}};
          if (info.code == OpCode::kSelect) operands[0] = {&p[y & 1], 0};
          ApplyElements(op, operands, static_cast<int64_t>(x.size()), expected.data());
          function(op, operands, static_cast<int64_t>(x.size()), actual.data());
          EXPECT_EQ(actual, expected) << info.name << " of " << Name(dtype);
        }
      }
    }
  }
  EXPECT_GT(specialised, 50);
}

}  // namespace
}  // namespace cermet::kernel
