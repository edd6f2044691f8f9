// Every basic elementwise op, over every element type its row allows, as scalars and as vectors of
// 32 and 64 bytes, against the scalar definition: bit for bit, special values and random ones. All
// kernels of a sweep are one program, compiled at once.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "absl/strings/match.h"
#include "codegen/object.h"
#include "codegen/ptx.h"
#include "codegen/target.h"
#include "ir/kernel/builder.h"
#include "ir/kernel/text.h"
#include "ir/op.h"
#include "ir/scalar_ops.h"
#include "tests/codegen/compiled_kernels.h"
#include "tests/codegen/ptxas.h"

namespace cermet::testing {
namespace {

constexpr int64_t kElements = 512;

std::vector<uint64_t> FloatSpecials(DType dtype) {
  std::vector<uint64_t> bits;
  for (double value :
       {0.0,          1.0,          0.5,    1.5,    2.5,  3.0,  255.5, 65504.0, 65519.99, 65520.0,
        2147483648.0, 4294967295.5, 9.3e18, 1.9e19, 1e-7, 6e-8, 1e-40, 1e300,   3.0e38,   3.4e38}) {
    bits.push_back(BitsFromFloat(dtype, value));
    bits.push_back(BitsFromFloat(dtype, -value));
  }
  bits.push_back(BitsFromFloat(dtype, HUGE_VAL));
  bits.push_back(BitsFromFloat(dtype, -HUGE_VAL));
  bits.push_back(BitsFromFloat(dtype, std::nan("")));
  bits.push_back(1);  // the smallest subnormal
  return bits;
}

std::vector<uint64_t> IntegerSpecials(DType dtype) {
  const int64_t width = ByteSize(dtype) * 8;
  const uint64_t all = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  return {0,
          1,
          2,
          3,
          7,
          static_cast<uint64_t>(width - 1),
          static_cast<uint64_t>(width),
          all,
          all - 1,
          all >> 1,
          (all >> 1) + 1,
          (all >> 1) - 1,
          100,
          31,
          5};
}

std::vector<uint64_t> Specials(DType dtype) {
  if (dtype == DType::kBool) return {0, 1};
  return IsFloat(dtype) ? FloatSpecials(dtype) : IntegerSpecials(dtype);
}

// Operand `position` of an op: specials against specials, then random values of all magnitudes.
Array Operand(DType dtype, int position, std::mt19937_64& random) {
  Array array(dtype, kElements);
  const std::vector<uint64_t> specials = Specials(dtype);
  const auto count = static_cast<int64_t>(specials.size());
  for (int64_t i = 0; i < kElements; ++i) {
    int64_t digit = i;
    for (int p = 0; p < position; ++p) digit /= p == 0 ? count : 7;
    uint64_t bits = specials[digit % count];
    if (i >= kElements / 2) bits = random();
    if (i >= kElements * 7 / 8 && IsFloat(dtype))
      bits = BitsFromFloat(dtype, (random() % 2000) / 64.0 - 15);
    array.Set(i, dtype == DType::kBool ? bits & 1 : bits);
  }
  return array;
}

struct Case {
  ScalarOp op;
  int operands = 1;
  std::optional<uint64_t> constant;  // stands for the second operand
  DType OperandType(int i) const {
    return op.op == OpCode::kSelect && i == 0 ? DType::kBool : op.operand;
  }
  std::string ToString() const {
    return std::string(Name(op.op)) + " " + std::string(Name(op.operand)) + " -> " +
           std::string(Name(op.result));
  }
};

std::vector<DType> DataTypes() {
  std::vector<DType> types;
  for (int i = 0; i < kNumDTypes; ++i) {
    if (static_cast<DType>(i) != DType::kToken) types.push_back(static_cast<DType>(i));
  }
  return types;
}

void AddCases(const OpInfo& info, DType operand, std::vector<Case>* cases) {
  Case c;
  c.op.op = info.code;
  c.op.operand = operand;
  c.op.result = operand;
  c.operands = info.max_operands;
  switch (info.code) {
    case OpCode::kCompare:
      c.op.result = DType::kBool;
      for (int d = 0; d < 6; ++d) {
        c.op.direction = static_cast<CompareDirection>(d);
        cases->push_back(c);
      }
      return;
    case OpCode::kIsFinite:
      c.op.result = DType::kBool;
      break;
    case OpCode::kConvert:
      for (DType result : DataTypes()) {
        c.op.result = result;
        cases->push_back(c);
      }
      return;
    case OpCode::kBitcast:
      for (DType result : DataTypes()) {
        c.op.result = result;
        if (ByteSize(result) == ByteSize(operand)) cases->push_back(c);
      }
      return;
    default:
      break;
  }
  cases->push_back(c);
}

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (const OpInfo& info : AllOps()) {
    if (info.op_class != OpClass::kElementwise) continue;
    for (DType dtype : DataTypes()) {
      if (Contains(info.dtypes, dtype)) AddCases(info, dtype, &cases);
    }
  }
  return cases;
}

// out_vector[i] = op(...) by vectors of `vector_bytes`, out_scalar[i] by scalars.
kernel::Kernel CaseKernel(const Case& c, int64_t vector_bytes, int number) {
  kernel::Kernel k;
  k.name = "case_" + std::to_string(number);
  for (int i = 0; i < c.operands; ++i) {
    k.buffers.push_back({"x" + std::to_string(i), c.OperandType(i), {Dim(kElements)}});
  }
  for (const char* name : {"vectors", "scalars"}) {
    kernel::Buffer out{name, c.op.result, {Dim(kElements)}};
    out.access = kernel::Access::kOut;
    k.buffers.push_back(out);
  }
  kernel::KernelBuilder b(&k, &k.body);
  for (int64_t lanes : {vector_bytes / ByteSize(c.op.operand), int64_t{0}}) {
    const kernel::ValueId zero = b.Index(0);
    const kernel::ValueId end = b.Index(kElements);
    b.For(zero, end, lanes == 0 ? 1 : lanes, kernel::LoopKind::kSerial, "i", {},
          [&](kernel::KernelBuilder& body, kernel::ValueId i, const std::vector<kernel::ValueId>&) {
            std::vector<kernel::ValueId> x;
            for (int p = 0; p < c.operands; ++p) {
              const bool is_constant = p == 1 && c.constant.has_value();
              x.push_back(is_constant ? body.Constant(c.OperandType(p), *c.constant)
                                      : body.Load(p, {i}, kernel::kNoValue, lanes));
            }
            kernel::ValueId result = kernel::kNoValue;
            if (c.op.op == OpCode::kConvert) {
              result = body.Convert(x[0], c.op.result);
            } else if (c.op.op == OpCode::kBitcast) {
              result = body.Bitcast(x[0], c.op.result);
            } else if (c.op.op == OpCode::kCompare) {
              result = body.Compare(c.op.direction, x[0], x[1]);
            } else {
              result = body.Compute(c.op.op, x);
            }
            body.Store(c.operands + (lanes == 0 ? 1 : 0), result, {i}, kernel::kNoValue, lanes);
            return std::vector<kernel::ValueId>();
          });
  }
  return k;
}

Array Expected(const Case& c, const std::vector<Array>& operands) {
  Array result(c.op.result, kElements);
  for (int64_t i = 0; i < kElements; ++i) {
    uint64_t x[3] = {};
    for (int p = 0; p < c.operands; ++p) x[p] = operands[p].Get(i);
    result.Set(i, Apply(c.op, x));
  }
  return result;
}

// Describes the first element that differs.
void ExpectEqual(const Case& c, const std::vector<Array>& operands, Array actual, Array expected,
                 const std::string& how) {
  const std::vector<uint8_t> raw = actual.bytes;
  CanonicalizeNans(&actual);
  CanonicalizeNans(&expected);
  if (actual.bytes == expected.bytes) return;
  for (int64_t i = 0; i < kElements; ++i) {
    if (actual.Get(i) == expected.Get(i)) continue;
    std::string x;
    for (const Array& operand : operands) {
      char text[20];
      snprintf(text, sizeof(text), " %llx", static_cast<unsigned long long>(operand.Get(i)));
      x += text;
    }
    ADD_FAILURE() << c.ToString() << " " << static_cast<int>(c.op.direction) << " " << how << x
                  << std::hex << ": " << actual.Get(i) << ", expected " << expected.Get(i);
    return;
  }
}

void Sweep(const Target& target, int64_t vector_bytes,
           const std::vector<Case>& cases = AllCases()) {
  ASSERT_GT(cases.size(), 400u);
  std::mt19937_64 random(1);
  std::vector<kernel::Kernel> kernels;
  std::vector<Array> arguments;
  for (const Case& c : cases) {
    kernels.push_back(CaseKernel(c, vector_bytes, static_cast<int>(kernels.size())));
    for (int p = 0; p < c.operands; ++p) {
      Array operand = Operand(c.OperandType(p), p, random);
      for (int64_t i = 0; p == 1 && c.constant && i < kElements; ++i) operand.Set(i, *c.constant);
      arguments.push_back(std::move(operand));
    }
    arguments.insert(arguments.end(), 2, Array(c.op.result, kElements));
  }
  ASSERT_EQ(RunCompiled(LaunchAll(kernels, 1), target, &arguments, {}), 0);
  auto argument = arguments.begin();
  for (const Case& c : cases) {
    const std::vector<Array> operands(argument, argument + c.operands);
    const Array expected = Expected(c, operands);
    ExpectEqual(c, operands, argument[c.operands], expected, "vector");
    ExpectEqual(c, operands, argument[c.operands + 1], expected, "scalar");
    argument += c.operands + 2;
  }
}

TEST(Elementwise, HostMatchesScalarDefinition) {
  const Target host = TestTargets()[0];
  Sweep(host, host.vector_bytes);
}

TEST(Elementwise, Avx2MatchesScalarDefinition) { Sweep(TestTargets()[1], 32); }

// Wider than the target's registers: LLVM splits such vectors.
TEST(Elementwise, SlowWideVectorsOnAvx2MatchScalarDefinition) { Sweep(TestTargets()[1], 64); }

// Constant operands are where an optimiser is tempted: reciprocals, folded guards, comparisons that
// it takes for minima.
TEST(Elementwise, ConstantOperandsMatchScalarDefinition) {
  std::vector<Case> cases;
  for (Case c : AllCases()) {
    if (c.operands < 2) continue;
    const std::vector<uint64_t> specials = Specials(c.OperandType(1));
    for (size_t i : {size_t{0}, 1 + cases.size() % (specials.size() - 1)}) {
      c.constant = specials[i];
      cases.push_back(c);
    }
  }
  Sweep(TestTargets()[0], TestTargets()[0].vector_bytes, cases);
}

// A CPU without f16 conversions and fused multiply-add, as RISC-V and WebAssembly are: the
// emulations give the same bits.
TEST(Elementwise, EmulationsMatchScalarDefinition) {
  Target target = TestTargets()[1];
  target.features = {"-f16c", "-fma"};
  std::vector<Case> cases;
  for (const Case& c : AllCases()) {
    if (c.op.op != OpCode::kFma || c.op.operand != DType::kF64) cases.push_back(c);
  }
  Sweep(target, 32, cases);
}

// Every op on every target that objects are made for: EmitObject refuses code that calls a library.
TEST(Elementwise, SlowNoTargetCallsALibrary) {
  for (const char* triple :
       {"x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu", "wasm32-unknown-unknown"}) {
    absl::StatusOr<Target> target = codegen::ParseTarget(triple, "");
    ASSERT_TRUE(target.ok()) << target.status();
    const bool is_wasm = absl::StartsWith(triple, "wasm");
    std::vector<kernel::Kernel> kernels;
    for (const Case& c : AllCases()) {
      if (is_wasm && c.op.op == OpCode::kFma && c.op.operand == DType::kF64) continue;
      kernels.push_back(CaseKernel(c, 16, static_cast<int>(kernels.size())));
    }
    const absl::Status status =
        codegen::EmitObject(LaunchAll(kernels, 1), ConstantStore(), *target, {}).status();
    EXPECT_TRUE(status.ok()) << triple << ": " << status;
  }
}

// The same kernels as GPU kernels of one thread; ptxas takes all of them.
TEST(Elementwise, SlowEveryOpAssemblesForAGpu) {
  std::vector<kernel::Kernel> kernels;
  for (const Case& c : AllCases()) {
    kernel::Kernel k = CaseKernel(c, 16, static_cast<int>(kernels.size()));
    kernel::Kernel gpu = k;
    gpu.body = {};
    kernel::KernelBuilder b(&gpu, &gpu.body);
    b.For(b.Index(0), b.Index(1), 1, kernel::LoopKind::kBlock, "block", {},
          [&](kernel::KernelBuilder& inner, kernel::ValueId, const std::vector<kernel::ValueId>&) {
            *inner.block() = k.body;
            return std::vector<kernel::ValueId>();
          });
    kernels.push_back(std::move(gpu));
  }
  absl::StatusOr<Target> target = codegen::ParseTarget("nvptx64-nvidia-cuda", "sm_80");
  ASSERT_TRUE(target.ok()) << target.status();
  absl::StatusOr<std::string> ptx = codegen::EmitPtx(kernels, *target);
  ASSERT_TRUE(ptx.ok()) << ptx.status();
  EXPECT_EQ(ptx->find(".extern"), std::string::npos) << "a library function is called";
  ExpectAssembles(*ptx, {"sm_80"});
}

}  // namespace
}  // namespace cermet::testing
