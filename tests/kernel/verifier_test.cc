// One broken kernel per invariant of ir/kernel/verifier.h; verifier_edit_test.cc has those that the
// parser refuses first.
#include "ir/kernel/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "ir/kernel/text.h"

namespace cermet::kernel {
namespace {

using ::testing::HasSubstr;

struct TextCase {
  const char* name;
  const char* text;
  const char* message;
};

class VerifierTextTest : public testing::TestWithParam<TextCase> {};

TEST_P(VerifierTextTest, Rejects) {
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(GetParam().text, "k.cermet");
  ASSERT_FALSE(kernels.ok());
  EXPECT_THAT(std::string(kernels.status().message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, VerifierTextTest,
    testing::Values(
        TextCase{"SymbolicScratch", "kernel @k() { scratch %s: f32[?n] }",
                 "kernel @k: buffer %s: scratch and shared buffers have constant shapes"},
        TextCase{"SymbolicShared", "kernel @k() { shared %s: f32[?n] }",
                 "kernel @k: buffer %s: scratch and shared buffers have constant shapes"},
        TextCase{"PackedOutput", "kernel @k(%x: f32[2,3,4] packed(dim 1 by 4 of [3,8]) out) {}",
                 "kernel @k: buffer %x: only input arguments are packed"},
        TextCase{"PackedInOut", "kernel @k(%x: f32[2,3,4] packed(dim 1 by 4 of [3,8]) inout) {}",
                 "kernel @k: buffer %x: only input arguments are packed"},
        TextCase{"PackedShape", "kernel @k(%x: f32[2,3,5] packed(dim 1 by 4 of [3,8])) {}",
                 "is not the packed shape [2,3,4]"},
        TextCase{"StoreToInput", "kernel @k(%x: f32[4]) { %x[0] = f32(0) }",
                 "store to %x: the buffer is an input"},
        TextCase{"LoadFromOutput", "kernel @k(%x: f32[4] out) { %0 = %x[0] }",
                 "load from %x: the buffer is an output"},
        TextCase{"IndexCount", "kernel @k(%x: f32[4,4]) { %0 = %x[0] }", "takes 2 operands"},
        TextCase{"IndexType", "kernel @k(%x: f32[4]) { %0 = %x[i32(0)] }", "an index is not i64"},
        TextCase{"LanesIndex", "kernel @k(%x: f32[4]) { %0 = %x[iota<4>(0) : 4] }",
                 "load from %x: an access to lanes has scalar indices"},
        TextCase{"LanesOfScalar", "kernel @k(%x: f32) { %0 = %x[ : 4] }", "no such lanes"},
        TextCase{"StoredType", "kernel @k(%x: f32[4] out) { %x[0] = 1 }",
                 "the access is f32, the value i64"},
        TextCase{"StoredTile", "kernel @k(%x: f32[4] out) { %x[0 : 2] = splat<4>(f32(1)) }",
                 "the access is f32<2>"},
        TextCase{"MaskType", "kernel @k(%x: f32[4] out) { %x[0] = f32(1) mask 1 }",
                 "the mask is i64"},
        TextCase{"MaskShape", "kernel @k(%x: f32[4]) { %0 = %x[0 : 2] mask splat<4>(true) }",
                 "load from %x: the mask is bool<4>, not bool<2>"},
        TextCase{"OperandTypes", "kernel @k() { %0 = f32(1) + 1 }", "operands are f32 and i64"},
        TextCase{"RowTypes", "kernel @k() { %0 = sqrt(1) }", "sqrt: does not take i64"},
        TextCase{"SelectCondition", "kernel @k() { %0 = select(1, 2, 3) }",
                 "the condition is not bool"},
        TextCase{"BitcastSize", "kernel @k() { %0 = bitcast<f32>(1) }",
                 "bitcast: changes the size of the element"},
        TextCase{"Step", "kernel @k() { for %i in 0..4 step 0 { } }", "the step is not positive"},
        TextCase{"Bounds", "kernel @k() { for %i in 0..f32(4) { } }", "expected i64, found f32"},
        TextCase{"LowerBound", "kernel @k() { for %i in f32(0)..4 { } }",
                 "loop over %i: expected i64, found f32"},
        TextCase{"UnrolledBounds", "kernel @k() { unrolled %i in 0..?n { } }",
                 "loop over %i: unrolled and thread loops have constant bounds"},
        TextCase{"UnrolledLowerBound", "kernel @k() { unrolled %i in ?n .. 4 { } }",
                 "loop over %i: unrolled and thread loops have constant bounds"},
        TextCase{"ThreadBounds", "kernel @k() { block %b in 0..1 { thread %t in 0..?n { } } }",
                 "loop over %t: unrolled and thread loops have constant bounds"},
        TextCase{"ParallelCarries",
                 "kernel @k() { %0 = parallel %i in 0..4 carry(%1 = 0) { yield %1 } }",
                 "loop over %i: a parallel loop carries no values"},
        TextCase{"BlockCarries", "kernel @k() { %0 = block %i in 0..4 carry(%1 = 0) { yield %1 } }",
                 "loop over %i: a parallel loop carries no values"},
        TextCase{"ThreadCarries",
                 "kernel @k() { block %b in 0..1 { "
                 "%0 = thread %t in 0..4 carry(%1 = 0) { yield %1 } } }",
                 "loop over %t: a parallel loop carries no values"},
        TextCase{"BlockInside", "kernel @k() { for %i in 0..4 { block %b in 0..4 { } } }",
                 "block loops are outermost"},
        TextCase{"BlockInBranch", "kernel @k() { if true { block %b in 0..4 { } } }",
                 "loop over %b: block loops are outermost"},
        TextCase{"ThreadOutside", "kernel @k() { thread %t in 0..4 { } }",
                 "loop over %t: thread loops stand directly in a block loop or in one another"},
        TextCase{"ThreadInBranch",
                 "kernel @k() { block %b in 0..4 { if true { thread %t in 0..4 { } } } }",
                 "loop over %t: thread loops stand directly in a block loop or in one another"},
        TextCase{"ThreadInSerialInThread",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..4 { for %i in 0..2 { "
                 "thread %u in 0..4 { } } } } }",
                 "loop over %u: thread loops stand directly in a block loop or in one another"},
        TextCase{"ThreadInSerial",
                 "kernel @k() { block %b in 0..4 { for %i in 0..2 { thread %t in 0..4 { } } } }",
                 "directly in a block loop"},
        TextCase{"TwoThreadNests",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..4 { } thread %u in 0..4 { } } }",
                 "loop over %u: a block has two nests of thread loops"},
        TextCase{"BarrierOutside", "kernel @k() { block %b in 0..4 { barrier } }",
                 "stands outside thread loops"},
        TextCase{"DivergentBranch",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..4 { if %t < 2 { barrier } } } }",
                 "divergent control flow"},
        TextCase{"DivergentLoop",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..4 { "
                 "%0 = for %i in 0..2 carry(%1 = 0) { yield %1 + %t } "
                 "for %j in 0 .. %0 { barrier } } } }",
                 "divergent control flow"},
        TextCase{"DivergentShuffle",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "if %t < 2 { %0 = shuffle(%t, xor 1) } } } }",
                 "shuffle: stands under divergent control flow"},
        TextCase{"DivergentMma",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { for %i in 0 .. %t { "
                 "%0 = mma<tf32>(splat<4 a16x8>(f32(1)), splat<2 b8x8>(f32(1)), "
                 "splat<4 c16x8>(f32(1))) } } } }",
                 "mma: stands under divergent control flow"},
        TextCase{"ShuffleOutside", "kernel @k() { block %b in 0..4 { %0 = shuffle(%b, xor 1) } }",
                 "shuffle: stands outside an innermost thread loop over whole warps: from 0 to a "
                 "multiple of 32"},
        TextCase{"ShuffleOfPartOfAWarp",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..48 { "
                 "%0 = shuffle(%t, xor 1) } } }",
                 "over whole warps"},
        TextCase{"ShuffleOfLateLanes",
                 "kernel @k() { block %b in 0..4 { thread %t in 32..64 { "
                 "%0 = shuffle(%t, xor 1) } } }",
                 "over whole warps"},
        TextCase{"ShuffleInOuterThreads",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = shuffle(%t, xor 1) thread %u in 0..32 { } } } }",
                 "over whole warps"},
        TextCase{"ShuffleTile",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = shuffle(splat<4>(%t), xor 1) } } }",
                 "takes a scalar, not i64<4>"},
        TextCase{"ShuffleXorNone",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = shuffle(%t, xor 0) } } }",
                 "xor takes 1 to 31, not 0"},
        TextCase{"ShuffleDownTooFar",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = shuffle(%t, down 32) } } }",
                 "down takes 1 to 31, not 32"},
        TextCase{"ShuffleNoLane",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = shuffle(%t, lane 32) } } }",
                 "lane takes 0 to 31, not 32"},
        TextCase{"FragmentOutside",
                 "kernel @k() { block %b in 0..4 { %0 = splat<4 c16x8>(f32(0)) } }",
                 "splat: gives a fragment outside a loop over whole warps"},
        TextCase{"FragmentKinds",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = splat<4 c16x8>(1) + splat<4 a16x8>(1) } } }",
                 "does not broadcast with the others"},
        TextCase{"FragmentAndTile",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = splat<4 c16x8>(1) + splat<4>(1) } } }",
                 "does not broadcast with the others"},
        TextCase{"FragmentSlice",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = slice(splat<4 c16x8>(1), axis 0, 0..4) } } }",
                 "a fragment has no slices"},
        TextCase{"FragmentStored",
                 "kernel @k(%y: f32[4] out) { block %b in 0..4 { thread %t in 0..32 { "
                 "%y[iota<4>(0)] = splat<4 c16x8>(f32(1)) } } }",
                 "the access is f32<4>, the value f32<4 c16x8>"},
        TextCase{"MmaOperand",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = mma<tf32>(splat<4 c16x8>(f32(1)), splat<2 b8x8>(f32(1)), "
                 "splat<4 c16x8>(f32(1))) } } }",
                 "mma: expected f32<4 a16x8>, found f32<4 c16x8>"},
        TextCase{"MmaSecondOperand",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = mma<tf32>(splat<4 a16x8>(f32(1)), splat<4 a16x8>(f32(1)), "
                 "splat<4 c16x8>(f32(1))) } } }",
                 "mma: expected f32<2 b8x8>, found f32<4 a16x8>"},
        TextCase{"MmaAccumulator",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = mma<tf32>(splat<4 a16x8>(f32(1)), splat<2 b8x8>(f32(1)), "
                 "splat<4 a16x8>(f32(1))) } } }",
                 "mma: expected f32<4 c16x8>, found f32<4 a16x8>"},
        TextCase{"MmaMode",
                 "kernel @k() { block %b in 0..4 { thread %t in 0..32 { "
                 "%0 = mma<bf16>(splat<8 a16x16>(f16(1)), splat<4 b16x8>(f16(1)), "
                 "splat<4 c16x8>(f32(1))) } } }",
                 "mma: expected bf16<8 a16x16>, found f16<8 a16x16>"},
        TextCase{"CopyOutside",
                 "kernel @k(%x: f32[4]) { shared %s: f32[4] "
                 "block %b in 0..1 { copy_async %s[0] = %x[0] } }",
                 "copy_async to %s: stands outside the innermost thread loop"},
        TextCase{"CommitOutside", "kernel @k() { block %b in 0..1 { commit } }",
                 "commit: stands outside the innermost thread loop"},
        TextCase{"WaitInOuterThreads",
                 "kernel @k() { block %b in 0..1 { thread %t in 0..4 { wait 0 "
                 "thread %u in 0..4 { } } } }",
                 "wait: stands outside the innermost thread loop"},
        TextCase{"WaitForMoreThanAll",
                 "kernel @k() { block %b in 0..1 { thread %t in 0..4 { wait -1 } } }",
                 "leaves a negative number of groups"},
        TextCase{"CopyToArgument",
                 "kernel @k(%x: f32[4], %y: f32[4] out) { "
                 "block %b in 0..1 { thread %t in 0..4 { copy_async %y[%t] = %x[%t] } } }",
                 "copies go from an input to a shared buffer"},
        TextCase{"CopyFromOutput",
                 "kernel @k(%x: f32[4] out) { shared %s: f32[4] "
                 "block %b in 0..1 { thread %t in 0..4 { copy_async %s[%t] = %x[%t] } } }",
                 "copies go from an input to a shared buffer"},
        TextCase{"CopyConverts",
                 "kernel @k(%x: f32[4]) { shared %s: i32[4] "
                 "block %b in 0..1 { thread %t in 0..4 { copy_async %s[%t] = %x[%t] } } }",
                 "copies f32 to i32"},
        TextCase{"CopyBytes",
                 "kernel @k(%x: f16[4]) { shared %s: f16[4] "
                 "block %b in 0..1 { thread %t in 0..4 { copy_async %s[%t] = %x[%t] } } }",
                 "copies 4, 8 or 16 bytes, not 2"},
        TextCase{"CopyIndices",
                 "kernel @k(%x: f32[4,4]) { shared %s: f32[4] "
                 "block %b in 0..1 { thread %t in 0..4 { copy_async %s[%t] = %x[%t] } } }",
                 "takes 3 operands"},
        TextCase{"CopyIndexTile",
                 "kernel @k(%x: f32[4]) { shared %s: f32[4] block %b in 0..1 { "
                 "thread %t in 0..4 { copy_async %s[%t] = %x[iota<4>(0)] } } }",
                 "expected i64, found i64<4>"},
        TextCase{"CopyMask",
                 "kernel @k(%x: f32[4]) { shared %s: f32[4] block %b in 0..1 { "
                 "thread %t in 0..4 { copy_async %s[%t] = %x[%t] mask 1 } } }",
                 "expected bool, found i64"},
        TextCase{"CopyLanes",
                 "kernel @k(%x: f32[4]) { shared %s: f32 block %b in 0..1 { "
                 "thread %t in 0..4 { copy_async %s[ : 4] = %x[0 : 4] } } }",
                 "no such lanes"},
        TextCase{"CopyLanesOfScalar",
                 "kernel @k(%x: f32) { shared %s: f32[4] block %b in 0..1 { "
                 "thread %t in 0..4 { copy_async %s[0 : 4] = %x[ : 4] } } }",
                 "copy_async to %s: no such lanes"},
        TextCase{"YieldCount", "kernel @k() { %0 = for %i in 0..4 carry(%1 = 0) { } }",
                 "yields 0 values, not 1"},
        TextCase{"YieldType", "kernel @k() { %0 = for %i in 0..4 carry(%1 = 0) { yield f32(0) } }",
                 "yields f32, not i64"},
        TextCase{"IfCondition", "kernel @k() { if 1 { } }", "expected bool, found i64"},
        TextCase{"IfYields", "kernel @k() { %0 = if true { yield 1 } else { } }",
                 "yields 0 values"},
        TextCase{"ElseYields", "kernel @k() { %0 = if true { yield 1 } else { yield f32(1) } }",
                 "if: the body yields f32, not i64"},
        TextCase{"CheckIndex", "kernel @k() { check true at f32(1) code 0 \"m\" }",
                 "check: expected i64, found f32"},
        TextCase{"CheckTypes", "kernel @k() { check 1 at 2 code 0 \"m\" }", "expected bool"},
        TextCase{"LanesPower",
                 "kernel @k() { %0 = for %i in 0..4 order lanes(3) carry(%1 = 0) { yield %1 } "
                 "combine(%2, %3) { yield %2 } }",
                 "loop over %i: only serial loops have order lanes, a power of two"},
        TextCase{"LanesZero", "kernel @k() { for %i in 0..4 order lanes(0) { } }",
                 "loop over %i: only serial loops have order lanes, a power of two"},
        TextCase{"LanesParallel",
                 "kernel @k() { parallel %i in 0..4 order lanes(4) { } combine() { } }",
                 "only serial loops have order lanes"},
        TextCase{
            "LanesTiles",
            "kernel @k() { %0 = for %i in 0..4 order lanes(4) carry(%1 = iota<4>(0)) { yield %1 } "
            "combine(%2, %3) { yield %2 } }",
            "order lanes carry scalars"}),
    [](const testing::TestParamInfo<TextCase>& info) { return info.param.name; });

// What the parser cannot express.
Kernel Example() {
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(
      "kernel @k(%x: f32[4], %y: f32[4] out) { scratch %s: f32[4] "
      "for %i in 0..4 { %0 = neg(%x[%i]) %y[%i] = %0 %s[%i] = %0 } }",
      "k.cermet");
  EXPECT_TRUE(kernels.ok()) << kernels.status();
  return (*kernels)[0];
}

struct EditCase {
  const char* name;
  std::function<void(Kernel*)> edit;
  const char* message;
};

class VerifierEditTest : public testing::TestWithParam<EditCase> {};

TEST_P(VerifierEditTest, Rejects) {
  Kernel kernel = Example();
  ASSERT_TRUE(Verify(kernel).ok()) << Verify(kernel);
  GetParam().edit(&kernel);
  EXPECT_THAT(std::string(Verify(kernel).message()), HasSubstr(GetParam().message));
}

Block& LoopBody(Kernel* kernel) { return kernel->body.insts.back().blocks[0]; }

INSTANTIATE_TEST_SUITE_P(
    All, VerifierEditTest,
    testing::Values(
        EditCase{"BufferTwice", [](Kernel* k) { k->buffers[1].name = "x"; }, "declared twice"},
        EditCase{"BufferName", [](Kernel* k) { k->buffers[1].name = "0"; },
                 "kernel @k: buffer name \"0\" is not an identifier"},
        EditCase{"ArgumentsFirst", [](Kernel* k) { std::swap(k->buffers[1], k->buffers[2]); },
                 "kernel @k: buffer %y: arguments stand before other buffers"},
        EditCase{"ScratchExtent", [](Kernel* k) { k->buffers[2].shape = {-1}; },
                 "kernel @k: buffer %s: scratch and shared buffers have constant shapes"},
        EditCase{"PackedScratch",
                 [](Kernel* k) {
                   k->buffers[2].access = Access::kIn;
                   k->buffers[2].packing = Packing{0, 2, {4}};
                 },
                 "kernel @k: buffer %s: only input arguments are packed"},
        EditCase{"PackingOfNoDim", [](Kernel* k) { k->buffers[0].packing = Packing{1, 2, {4}}; },
                 "kernel @k: buffer %x: the packing names no dim, or a block below 1"},
        EditCase{"PackingOfNegativeDim",
                 [](Kernel* k) { k->buffers[0].packing = Packing{-1, 2, {4}}; },
                 "kernel @k: buffer %x: the packing names no dim, or a block below 1"},
        EditCase{"PackingByNothing", [](Kernel* k) { k->buffers[0].packing = Packing{0, 0, {4}}; },
                 "kernel @k: buffer %x: the packing names no dim, or a block below 1"},
        EditCase{"Token", [](Kernel* k) { k->buffers[0].dtype = DType::kToken; }, "holds tokens"},
        EditCase{"TokenValue", [](Kernel* k) { k->value_types[0].dtype = DType::kToken; },
                 "a value is a token"},
        EditCase{"TileExtent", [](Kernel* k) { k->value_types[0].extents = {0}; },
                 "kernel @k: a tile has an extent below 1, or too many elements"},
        EditCase{"TileElements",
                 [](Kernel* k) { k->value_types[0].extents = {kMaxTileElements, 2}; },
                 "kernel @k: a tile has an extent below 1, or too many elements"},
        EditCase{"FragmentElements",
                 [](Kernel* k) { k->value_types[0] = {DType::kF32, {8}, Fragment::kC16x8}; },
                 "a thread has 4 elements of c16x8"},
        EditCase{"DefinedTwice",
                 [](Kernel* k) { k->body.insts[1].results = k->body.insts[0].results; },
                 "constant: a result: value 0 is defined twice"},
        EditCase{"NoSuchValue", [](Kernel* k) { k->body.insts[0].results = {999}; },
                 "constant: a result is a value that the kernel does not have"},
        EditCase{"NegativeValue", [](Kernel* k) { k->body.insts[0].results = {-2}; },
                 "constant: a result is a value that the kernel does not have"},
        EditCase{"UseBeforeDefinition",
                 [](Kernel* k) { std::swap(LoopBody(k).insts[0], LoopBody(k).insts[1]); },
                 "used where it is not defined"},
        EditCase{"UseOutOfScope",
                 [](Kernel* k) {
                   Inst inst;
                   inst.kind = InstKind::kCompute;
                   inst.op = OpCode::kNeg;
                   inst.operands = LoopBody(k).insts[0].results;
                   inst.results = {k->NewValue({DType::kF32, {}})};
                   k->body.insts.push_back(inst);
                 },
                 "used where it is not defined"},
        EditCase{"UseOutsideValues", [](Kernel* k) { LoopBody(k).insts[0].operands[0] = -5; },
                 "used where it is not defined"},
        EditCase{"MaskOutsideValues", [](Kernel* k) { LoopBody(k).insts[2].mask = 999; },
                 "store to %y: value 999 is used where it is not defined"},
        EditCase{"NoBuffer", [](Kernel* k) { LoopBody(k).insts[0].buffer = 9; }, "has no buffer"},
        EditCase{"BodyYields", [](Kernel* k) { k->body.yields = {0}; },
                 "kernel @k: the body takes and yields nothing"},
        EditCase{"BodyTakes", [](Kernel* k) { k->body.params = {0}; },
                 "kernel @k: the body takes and yields nothing"},
        EditCase{"Transcendental", [](Kernel* k) { LoopBody(k).insts[1].op = OpCode::kExp; },
                 "exp: is not a basic elementwise op"},
        EditCase{
            "ResultType",
            [](Kernel* k) { k->value_types[LoopBody(k).insts[1].results[0]].dtype = DType::kF64; },
            "expected f32, found f64"},
        EditCase{"Bodies", [](Kernel* k) { k->body.insts.back().blocks.clear(); },
                 "loop over %i: has a wrong number of bodies"},
        EditCase{"Parameters", [](Kernel* k) { LoopBody(k).params.clear(); },
                 "loop over %i: the body has other parameters"}),
    [](const testing::TestParamInfo<EditCase>& info) { return info.param.name; });

absl::Status Legal(absl::string_view text) {
  absl::StatusOr<std::vector<Kernel>> kernels = ParseKernels(text, "k.cermet");
  EXPECT_TRUE(kernels.ok()) << kernels.status();
  return VerifyLegal((*kernels)[0], 32);
}

TEST(VerifyKernel, SliceAtTheEndOfIntegers) {
  absl::StatusOr<std::vector<Kernel>> kernels =
      ParseKernels("kernel @k() { %0 = slice(iota<4>(0), axis 0, 2..4) }", "k.cermet");
  ASSERT_TRUE(kernels.ok()) << kernels.status();
  Kernel& kernel = (*kernels)[0];
  for (Inst& inst : kernel.body.insts) {
    if (inst.kind == InstKind::kSlice) inst.start = std::numeric_limits<int64_t>::max();
  }
  EXPECT_THAT(std::string(Verify(kernel).message()), HasSubstr("slice: is outside i64<4>"));
}

TEST(VerifyLegal, WantsVectors) {
  EXPECT_TRUE(Legal("kernel @k(%y: f32[8] out) { %y[0 : 8] = splat<8>(f32(1)) }").ok());
  EXPECT_THAT(std::string(Legal("kernel @k() { %0 = splat<2x4>(f32(1)) }").message()),
              HasSubstr("a tile f32<2x4>"));
  EXPECT_THAT(std::string(Legal("kernel @k() { %0 = splat<16>(f32(1)) }").message()),
              HasSubstr("wider than 32 bytes"));
  EXPECT_THAT(std::string(Legal("kernel @k() { unrolled %i in 0..2 { } }").message()),
              HasSubstr("an unrolled loop"));
  EXPECT_THAT(std::string(Legal("kernel @k() { %0 = for %i in 0..4 order lanes(4) carry(%1 = 0) "
                                "{ yield %1 } combine(%2, %3) { yield %2 } }")
                              .message()),
              HasSubstr("order lanes"));
  EXPECT_THAT(
      std::string(
          Legal("kernel @k(%y: f32[8] out) { %y[iota<8>(0)] = splat<8>(f32(1)) }").message()),
      HasSubstr("unmasked store with tile indices"));
}

}  // namespace
}  // namespace cermet::kernel
