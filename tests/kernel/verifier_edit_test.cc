// Invariants of ir/kernel/verifier.h that kernel text cannot break, because its parser refuses the
// text or derives the type: each case parses a sound kernel and breaks one thing in it.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "ir/kernel/text.h"
#include "ir/kernel/verifier.h"

namespace cermet::kernel {
namespace {

Inst* Find(Block* block, InstKind kind) {
  for (Inst& inst : block->insts) {
    if (inst.kind == kind) return &inst;
    for (Block& body : inst.blocks) {
      if (Inst* const found = Find(&body, kind)) return found;
    }
  }
  return nullptr;
}

struct EditCase {
  const char* name;
  const char* text;
  InstKind kind;  // of the instruction that is edited: the first one
  std::function<void(Kernel*, Inst*)> edit;
  const char* message;  // without the kernel's name
};

class VerifierInstTest : public testing::TestWithParam<EditCase> {};

TEST_P(VerifierInstTest, Rejects) {
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(GetParam().text, "k.cermet");
  ASSERT_TRUE(kernels.ok()) << kernels.status();
  Kernel& kernel = (*kernels)[0];
  Inst* const inst = Find(&kernel.body, GetParam().kind);
  ASSERT_NE(inst, nullptr);
  GetParam().edit(&kernel, inst);
  EXPECT_EQ(Verify(kernel).message(), absl::StrCat("kernel @k: ", GetParam().message));
}

std::string CaseName(const testing::TestParamInfo<EditCase>& info) { return info.param.name; }

// The edit of a result's type.
std::function<void(Kernel*, Inst*)> Retype(ValueType type) {
  return [type](Kernel* kernel, Inst* inst) { kernel->value_types[inst->results[0]] = type; };
}

const ValueType kI32Scalar = {DType::kI32, {}};

constexpr char kNeg[] = "kernel @k() { %0 = neg(f32(1)) }";
constexpr char kIota[] = "kernel @k() { %0 = iota<4x1>(0) }";
constexpr char kIotaOfFragment[] =
    "kernel @k() { block %b in 0..1 { thread %t in 0..32 { %0 = iota<4 c16x8>(1) } } }";
constexpr char kSlice[] = "kernel @k() { %0 = slice(iota<4>(0), axis 0, 0..2) }";
constexpr char kExtract[] = "kernel @k() { %0 = extract(iota<4>(0), 1) }";

INSTANTIATE_TEST_SUITE_P(
    Values, VerifierInstTest,
    testing::Values(
        EditCase{"ConstantTile", kNeg, InstKind::kConstant, Retype({DType::kF32, {4}}),
                 "constant: a constant is a scalar"},
        EditCase{"DimType", "kernel @k() { %0 = neg(?n) }", InstKind::kDim, Retype(kI32Scalar),
                 "dim: expected i64, found i32"},
        EditCase{"IotaType", kIota, InstKind::kIota, Retype({DType::kI32, {4, 1}}),
                 "iota: gives an i64 tile that has the axis"},
        EditCase{"IotaAxis", kIota, InstKind::kIota, [](Kernel*, Inst* i) { i->axis = 2; },
                 "iota: gives an i64 tile that has the axis"},
        EditCase{"IotaNegativeAxis", kIota, InstKind::kIota, [](Kernel*, Inst* i) { i->axis = -1; },
                 "iota: gives an i64 tile that has the axis"},
        EditCase{"IotaAxisOfFragment", kIotaOfFragment, InstKind::kIota,
                 [](Kernel*, Inst* i) { i->axis = 2; },
                 "iota: gives an i64 tile that has the axis"},
        EditCase{"IotaOtherExtents", kIota, InstKind::kIota, Retype({DType::kI64, {4, 2}}),
                 "iota: other extents than the axis are 1"},
        EditCase{"ComputeOperands", kNeg, InstKind::kCompute,
                 [](Kernel*, Inst* i) { i->operands.push_back(i->operands[0]); },
                 "neg: takes 1 operands and gives 1 results, not 2 and 1"},
        EditCase{"ComputeResults", kNeg, InstKind::kCompute,
                 [](Kernel*, Inst* i) { i->results.clear(); },
                 "neg: takes 1 operands and gives 1 results, not 1 and 0"},
        EditCase{"ComputeBroadcast", "kernel @k() { %0 = iota<4>(0) + iota<4>(0) }",
                 InstKind::kIota, Retype({DType::kI64, {2}}),
                 "add: an operand of type i64<4> does not broadcast with the others"},
        EditCase{"CompareResult", "kernel @k() { %0 = 1 < 2 }", InstKind::kCompute,
                 Retype({DType::kI64, {}}), "compare: expected bool, found i64"},
        EditCase{"SplatToScalar", "kernel @k() { %0 = splat<4>(f32(1)) }", InstKind::kSplat,
                 Retype({DType::kF32, {}}), "splat: f32 does not broadcast to f32"},
        EditCase{"SplatShape", "kernel @k() { %0 = splat<4x4>(iota<4x1>(0)) }", InstKind::kIota,
                 Retype({DType::kI64, {2, 1}}), "splat: i64<2x1> does not broadcast to i64<4x4>"},
        EditCase{"ExtractPastTheEnd", kExtract, InstKind::kExtract,
                 [](Kernel*, Inst* i) { i->start = 4; }, "extract: no element 4 in i64<4>"},
        EditCase{"ExtractBeforeTheStart", kExtract, InstKind::kExtract,
                 [](Kernel*, Inst* i) { i->start = -1; }, "extract: no element -1 in i64<4>"},
        EditCase{"ExtractRank", kExtract, InstKind::kIota, Retype({DType::kI64, {4, 1}}),
                 "extract: no element 1 in i64<4x1>"},
        EditCase{"ExtractResult", kExtract, InstKind::kExtract, Retype(kI32Scalar),
                 "extract: expected i64, found i32"},
        EditCase{"SliceAxis", kSlice, InstKind::kSlice, [](Kernel*, Inst* i) { i->axis = 1; },
                 "slice: is outside i64<4>"},
        EditCase{"SliceNegativeAxis", kSlice, InstKind::kSlice,
                 [](Kernel*, Inst* i) { i->axis = -1; }, "slice: is outside i64<4>"},
        EditCase{"SliceBeforeTheStart", kSlice, InstKind::kSlice,
                 [](Kernel*, Inst* i) { i->start = -1; }, "slice: is outside i64<4>"},
        EditCase{"SlicePastTheEnd", kSlice, InstKind::kSlice,
                 [](Kernel*, Inst* i) { i->start = 3; }, "slice: is outside i64<4>"},
        EditCase{"SliceRank", kSlice, InstKind::kSlice, Retype({DType::kI64, {2, 1}}),
                 "slice: is outside i64<4>"},
        EditCase{"SliceResult", kSlice, InstKind::kSlice, Retype({DType::kI32, {2}}),
                 "slice: expected i64<2>, found i32<2>"}),
    CaseName);

constexpr char kLoad[] = "kernel @k(%x: f32[4]) { %0 = %x[0] mask true }";
constexpr char kStore[] = "kernel @k(%y: f32[4] out) { %y[0] = f32(1) }";
constexpr char kCopy[] =
    "kernel @k(%x: f32[4]) { shared %s: f32[4] block %b in 0..1 { thread %t in 0..4 { "
    "copy_async %s[%t] = %x[%t] } } }";
constexpr char kShuffle[] =
    "kernel @k() { block %b in 0..1 { thread %t in 0..32 { %0 = shuffle(%t, xor 1) } } }";
constexpr char kMma[] =
    "kernel @k() { block %b in 0..1 { thread %t in 0..32 { %0 = mma<tf32>(splat<4 a16x8>(f32(1)), "
    "splat<2 b8x8>(f32(1)), splat<4 c16x8>(f32(1))) } } }";

INSTANTIATE_TEST_SUITE_P(
    Memory, VerifierInstTest,
    testing::Values(
        EditCase{"LoadedType", kLoad, InstKind::kLoad, Retype({DType::kF64, {}}),
                 "load from %x: the access is f32, the value f64"},
        EditCase{"LoadMask", kLoad, InstKind::kLoad,
                 [](Kernel* k, Inst* i) { k->value_types[i->mask].dtype = DType::kI64; },
                 "load from %x: the mask is i64, not bool"},
        EditCase{"LoadNegativeLanes", kLoad, InstKind::kLoad,
                 [](Kernel*, Inst* i) { i->lanes = -1; }, "load from %x: no such lanes"},
        EditCase{"LoadTooManyLanes", kLoad, InstKind::kLoad,
                 [](Kernel*, Inst* i) { i->lanes = kMaxTileElements + 1; },
                 "load from %x: no such lanes"},
        EditCase{"IndicesBroadcast", "kernel @k(%x: f32[4,4]) { %0 = %x[iota<4>(0), iota<4>(0)] }",
                 InstKind::kIota, Retype({DType::kI64, {2}}),
                 "load from %x: the indices do not broadcast"},
        EditCase{"StoreNoBuffer", kStore, InstKind::kStore,
                 [](Kernel*, Inst* i) { i->buffer = -1; }, "store to no buffer: has no buffer"},
        EditCase{"StoreIndices", kStore, InstKind::kStore,
                 [](Kernel*, Inst* i) { i->operands.pop_back(); },
                 "store to %y: takes 2 operands and gives 0 results, not 1 and 0"},
        EditCase{"StoreResults", kStore, InstKind::kStore,
                 [](Kernel* k, Inst* i) { i->results = {k->NewValue({})}; },
                 "store to %y: takes 2 operands and gives 0 results, not 2 and 1"},
        EditCase{"CopyToNoBuffer", kCopy, InstKind::kCopyAsync,
                 [](Kernel*, Inst* i) { i->buffer = 2; }, "copy_async to no buffer: has no buffer"},
        EditCase{"CopyFromNoBuffer", kCopy, InstKind::kCopyAsync,
                 [](Kernel*, Inst* i) { i->source = -1; }, "copy_async to %s: has no buffer"},
        EditCase{"CopyFromShared", kCopy, InstKind::kCopyAsync,
                 [](Kernel*, Inst* i) { i->source = 1; },
                 "copy_async to %s: copies go from an input to a shared buffer"},
        EditCase{"CopyNegativeLanes", kCopy, InstKind::kCopyAsync,
                 [](Kernel*, Inst* i) { i->lanes = -1; }, "copy_async to %s: no such lanes"},
        EditCase{"CopyTooManyLanes", kCopy, InstKind::kCopyAsync,
                 [](Kernel*, Inst* i) { i->lanes = 17; }, "copy_async to %s: no such lanes"},
        EditCase{"ShuffleResult", kShuffle, InstKind::kShuffle, Retype(kI32Scalar),
                 "shuffle: expected i64, found i32"},
        EditCase{"MmaResult", kMma, InstKind::kMma, Retype({DType::kF32, {4}, Fragment::kA16x8}),
                 "mma: expected f32<4 c16x8>, found f32<4 a16x8>"}),
    CaseName);

constexpr char kCarry[] = "kernel @k() { %0 = for %i in 0..4 carry(%1 = 0) { yield %1 } }";
constexpr char kLanes[] =
    "kernel @k() { %0 = for %i in 0..4 order lanes(4) carry(%1 = 0) { yield %1 } "
    "combine(%2, %3) { yield %2 } }";
constexpr char kIf[] = "kernel @k() { %0 = if true { yield 1 } else { yield 2 } }";

INSTANTIATE_TEST_SUITE_P(
    Bodies, VerifierInstTest,
    testing::Values(
        EditCase{"LoopOperands", kCarry, InstKind::kFor,
                 [](Kernel*, Inst* i) { i->operands.pop_back(); },
                 "loop over %i: has two bounds and as many results as carried values"},
        EditCase{"LoopResult", kCarry, InstKind::kFor, Retype(kI32Scalar),
                 "loop over %i: expected i64, found i32"},
        EditCase{"LoopBodies", kCarry, InstKind::kFor,
                 [](Kernel*, Inst* i) { i->blocks.emplace_back(); },
                 "loop over %i: has a wrong number of bodies"},
        EditCase{"LoopParameters", kCarry, InstKind::kFor,
                 [](Kernel*, Inst* i) { i->blocks[0].params.pop_back(); },
                 "loop over %i: the body has other parameters"},
        EditCase{
            "LoopParameterType", kCarry, InstKind::kFor,
            [](Kernel* k, Inst* i) { k->value_types[i->blocks[0].params[1]].dtype = DType::kI32; },
            "loop over %i: a parameter of the body has another type than what it carries"},
        EditCase{"ParameterIsNoValue", kCarry, InstKind::kFor,
                 [](Kernel*, Inst* i) { i->blocks[0].params[1] = 999; },
                 "loop over %i: a parameter is a value that the kernel does not have"},
        EditCase{"ParameterTwice", kCarry, InstKind::kFor,
                 [](Kernel*, Inst* i) { i->blocks[0].params[1] = i->blocks[0].params[0]; },
                 "loop over %i: a parameter: value 3 is defined twice"},
        EditCase{"YieldOfItsOwnResult", kCarry, InstKind::kFor,
                 [](Kernel*, Inst* i) { i->blocks[0].yields = i->results; },
                 "loop over %i: value 5 is used where it is not defined"},
        EditCase{"CombinerIsMissing", kLanes, InstKind::kFor,
                 [](Kernel*, Inst* i) { i->blocks.pop_back(); },
                 "loop over %i: has a wrong number of bodies"},
        EditCase{"CombinerParameters", kLanes, InstKind::kFor,
                 [](Kernel*, Inst* i) { i->blocks[1].params.pop_back(); },
                 "loop over %i: the body has other parameters"},
        EditCase{"CombinerYields", kLanes, InstKind::kFor,
                 [](Kernel*, Inst* i) { i->blocks[1].yields.clear(); },
                 "loop over %i: the body yields 0 values, not 1"},
        EditCase{"IfBodies", kIf, InstKind::kIf, [](Kernel*, Inst* i) { i->blocks.pop_back(); },
                 "if: has a wrong number of bodies"},
        EditCase{"BodyOfACompute", kNeg, InstKind::kCompute,
                 [](Kernel*, Inst* i) { i->blocks.emplace_back(); },
                 "neg: has a wrong number of bodies"},
        EditCase{"IfParameters", kIf, InstKind::kIf,
                 [](Kernel* k, Inst* i) { i->blocks[0].params = {k->NewValue({})}; },
                 "if: the body has other parameters"},
        EditCase{"IfResult", kIf, InstKind::kIf, Retype(kI32Scalar),
                 "if: the body yields i64, not i32"}),
    CaseName);

// Of every row that fixes both counts: one operand or one result more is refused.
TEST(VerifierInst, CountsAreThoseOfTheRow) {
  for (const InstInfo& info : AllInsts()) {
    if (info.operands < 0 || info.results < 0) continue;
    for (const bool operand : {true, false}) {
      Kernel kernel;
      kernel.name = "k";
      Inst constant;
      constant.results = {kernel.NewValue({})};
      Inst inst;
      inst.kind = info.kind;
      inst.operands.assign(info.operands + (operand ? 1 : 0), constant.results[0]);
      for (int i = 0; i < info.results + (operand ? 0 : 1); ++i) {
        inst.results.push_back(kernel.NewValue({}));
      }
      kernel.body.insts = {constant, inst};
      EXPECT_EQ(Verify(kernel).message(),
                absl::StrCat("kernel @k: ", info.name, ": takes ", info.operands,
                             " operands and gives ", info.results, " results, not ",
                             inst.operands.size(), " and ", inst.results.size()));
    }
  }
}

}  // namespace
}  // namespace cermet::kernel
