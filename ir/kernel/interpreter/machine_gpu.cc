// What threads of a GPU do together, and copies in the background. A copy takes place as late as it
// may: its elements hold garbage until the wait for its group.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/kernel/fragment.h"
#include "ir/kernel/interpreter/machine.h"
#include "ir/scalar_ops.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

constexpr char kGarbage = static_cast<char>(0xcd);

// Rounds to the 10 bits of fraction of tf32: to nearest, ties away from zero, as PTX's
// cvt.rna.tf32.f32.
float RoundToTf32(float value) {
  if (std::isnan(value)) return value;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  bits = (bits + 0x1000) & ~uint32_t{0x1fff};
  std::memcpy(&value, &bits, sizeof(bits));
  return value;
}

// Where the elements of a warp's fragment are: of thread `lane`, element i.
struct Places {
  FragmentAxis row, column;
  int64_t elements;
  explicit Places(Fragment fragment)
      : row(AxisOf(fragment, 0)),
        column(AxisOf(fragment, 1)),
        elements(ElementsPerThread(fragment)) {}
};

using Matrix = std::array<std::array<float, 16>, 16>;

}  // namespace

void Machine::Shuffle(const Step& step, Context* warp) {
  std::array<ScalarBits, kWarpSize> values;
  for (int64_t l = 0; l < kWarpSize; ++l) values[l] = warp[l].registers[step.in[0].slot];
  for (int64_t l = 0; l < kWarpSize; ++l) {
    int64_t from = step.count;
    if (step.shuffle == ShuffleKind::kXor) from = l ^ step.count;
    if (step.shuffle == ShuffleKind::kDown) {
      from = l + step.count < kWarpSize ? l + step.count : l;
    }
    warp[l].registers[step.out] = values[from];
  }
}

// Each element of the result is a chain of fma in f32 that starts from that of c and goes over k in
// order. The hardware's own order and rounding is not documented.
void Machine::MultiplyAccumulate(const Step& step, Context* warp) {
  const MmaShape shape = ShapeOf(step.mma);
  const ValueType* const types[] = {&shape.a, &shape.b, &shape.c};
  Matrix operands[3];
  for (int o = 0; o < 3; ++o) {
    const Places places(types[o]->fragment);
    for (int64_t l = 0; l < kWarpSize; ++l) {
      for (int64_t i = 0; i < places.elements; ++i) {
        const ScalarBits bits = warp[l].registers[step.in[o].slot + i];
        const auto value = static_cast<float>(FloatFromBits(types[o]->dtype, bits));
        const bool round = step.mma == MmaMode::kTf32 && o < 2;
        operands[o][places.row.At(l, i)][places.column.At(l, i)] =
            round ? RoundToTf32(value) : value;
      }
    }
  }
  const int64_t depth = Columns(shape.a.fragment);
  const Places places(shape.c.fragment);
  for (int64_t l = 0; l < kWarpSize; ++l) {
    for (int64_t i = 0; i < places.elements; ++i) {
      const int64_t row = places.row.At(l, i), column = places.column.At(l, i);
      float sum = operands[2][row][column];
      for (int64_t k = 0; k < depth; ++k) {
        sum = std::fma(operands[0][row][k], operands[1][k][column], sum);
      }
      warp[l].registers[step.out + i] = BitsFromFloat(DType::kF32, sum);
    }
  }
}

void Machine::RunCollective(const Step& step, std::vector<Context>* contexts) {
  if (step.kind == StepKind::kBarrier) {
    ++epoch_;
    return;
  }
  for (size_t first = 0; first < contexts->size(); first += kWarpSize) {
    Context* const warp = contexts->data() + first;
    step.kind == StepKind::kShuffle ? Shuffle(step, warp) : MultiplyAccumulate(step, warp);
  }
}

bool Machine::CheckAligned(const Step& step, int32_t buffer, int64_t offset) {
  const int64_t elements = std::max<int64_t>(step.lanes, 1);
  if (offset % elements == 0) return true;
  return Fail(absl::InvalidArgumentError(
      absl::StrCat("kernel @", kernel_.name, ": copy_async of ", elements, " elements at element ",
                   offset, " of %", kernel_.buffers[buffer].name, " is not aligned to its size")));
}

bool Machine::RunCopy(const Step& step, Context* context) {
  Transfer transfer;
  transfer.buffer = step.buffer;
  transfer.elements = std::max<int64_t>(step.lanes, 1);
  // The last element is inside if its offset is; then so is the first.
  const auto resolve = [&](int32_t buffer, const std::vector<SlotRef>& indices, int64_t* offset) {
    return OffsetOf(step, buffer, indices, *context, transfer.elements - 1, offset) &&
           OffsetOf(step, buffer, indices, *context, 0, offset) &&
           CheckAligned(step, buffer, *offset);
  };
  if (!resolve(step.buffer, step.indices, &transfer.offset)) return false;
  if (step.mask.slot < 0 || (context->registers[step.mask.slot] & 1) != 0) {
    int64_t offset = 0;
    if (!resolve(step.source, step.source_indices, &offset)) return false;
    const Place& source = places_[step.source];
    transfer.from = source.data + offset * source.byte_size;
  }
  for (int64_t i = 0; i < transfer.elements; ++i) {
    const int64_t element = transfer.offset + i;
    if (!CheckRace(step.buffer, element, *context, /*write=*/true)) return false;
    touches_[code_.shared_elements[step.buffer] + element].in_flight = true;
  }
  const Place& place = places_[step.buffer];
  std::memset(place.data + transfer.offset * place.byte_size, kGarbage,
              transfer.elements * place.byte_size);
  context->groups.back().push_back(transfer);
  return true;
}

bool Machine::RunWait(int64_t groups_left, Context* context) {
  std::vector<std::vector<Transfer>>& groups = context->groups;
  const int64_t closed = static_cast<int64_t>(groups.size()) - 1;
  const int64_t finished = std::max<int64_t>(0, closed - groups_left);
  for (int64_t g = 0; g < finished; ++g) {
    for (const Transfer& transfer : groups[g]) {
      const Place& place = places_[transfer.buffer];
      char* const to = place.data + transfer.offset * place.byte_size;
      const int64_t bytes = transfer.elements * place.byte_size;
      if (transfer.from != nullptr) {
        std::memcpy(to, transfer.from, bytes);
      } else {
        std::memset(to, 0, bytes);
      }
      for (int64_t i = 0; i < transfer.elements; ++i) {
        touches_[code_.shared_elements[transfer.buffer] + transfer.offset + i].in_flight = false;
        if (!CheckRace(transfer.buffer, transfer.offset + i, *context, /*write=*/true)) {
          return false;
        }
      }
    }
  }
  groups.erase(groups.begin(), groups.begin() + finished);
  return true;
}

bool Machine::ExpectNoCopies(const Context& context) {
  for (const std::vector<Transfer>& group : context.groups) {
    if (group.empty()) continue;
    return Fail(absl::AbortedError(absl::StrCat(
        "kernel @", kernel_.name, ": thread ", context.thread,
        " ends without a wait for a copy to %", kernel_.buffers[group[0].buffer].name)));
  }
  return true;
}

}  // namespace cermet::kernel
