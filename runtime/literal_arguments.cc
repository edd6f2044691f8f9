// Views of literals as a run takes them.
#include "runtime/literal_arguments.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet::runtime {

absl::StatusOr<LiteralArguments> LiteralArguments::Create(const program::Program& program,
                                                          std::vector<Literal>* inputs,
                                                          StateUpdates updates) {
  LiteralArguments arguments;
  std::vector<std::vector<int64_t>> input_shapes;
  for (Literal& input : *inputs) {
    input_shapes.push_back(input.shape());
    arguments.inputs_.push_back({input.data(), input.shape()});
  }
  CERMET_ASSIGN_OR_RETURN(arguments.dims_, program.BindDims(input_shapes));
  CERMET_ASSIGN_OR_RETURN(const auto output_shapes, program.OutputShapes(arguments.dims_));
  for (const program::Buffer& buffer : program.buffers) {
    if (buffer.kind != program::BufferKind::kOutput) continue;
    absl::StatusOr<Literal> room =
        Literal::Allocate(buffer.type.dtype, output_shapes[buffer.index]);
    if (!room.ok()) {
      return absl::Status(room.status().code(), absl::StrCat("output \"", buffer.user_name,
                                                             "\": ", room.status().message()));
    }
    Literal& result = arguments.results_.emplace_back(*std::move(room));
    const bool in_place = buffer.alias >= 0 && updates == StateUpdates::kInPlace;
    arguments.updated_.push_back(in_place ? &(*inputs)[program.buffers[buffer.alias].index]
                                          : nullptr);
    arguments.outputs_.push_back(in_place ? nullptr : result.data());
  }
  return arguments;
}

const std::vector<Literal>& LiteralArguments::results() {
  for (size_t i = 0; i < results_.size(); ++i) {
    if (updated_[i] == nullptr) continue;
    std::memcpy(results_[i].data(), updated_[i]->data(), updated_[i]->byte_size());
  }
  return results_;
}

std::vector<Literal> LiteralArguments::TakeResults() {
  results();
  outputs_.clear();
  return std::move(results_);
}

}  // namespace cermet::runtime
