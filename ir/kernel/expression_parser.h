// The expressions of the text form of kernels; internal to ir/kernel. Reading an expression appends
// its instructions.
#ifndef CERMET_IR_KERNEL_EXPRESSION_PARSER_H_
#define CERMET_IR_KERNEL_EXPRESSION_PARSER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"
#include "ir/lexer.h"

namespace cermet::kernel {

// Holds the state of parsing one kernel: the tokens (not owned), the kernel so far, and the values
// in scope. Errors name the place.
class ExpressionParser {
 public:
  explicit ExpressionParser(TextReader* reader) : reader_(reader) {}

 protected:
  absl::StatusOr<ValueId> ParseExpression(Block* block) { return ParseBinary(block, 0); }
  // `%x[%i, %k : 8]`: sets buffer and lanes and appends the indices to the operands.
  absl::Status ParseAccess(Block* block, Inst* inst);
  absl::StatusOr<ValueType> ParseValueType();  // `f32<6x16>`
  std::optional<int32_t> FindBuffer(absl::string_view name) const;

  TextReader* reader_;
  Kernel kernel_;
  std::map<std::string, ValueId> names_;

 private:
  absl::StatusOr<ValueId> ParseBinary(Block* block, int level);
  absl::StatusOr<ValueId> ParsePrimary(Block* block);
  absl::StatusOr<ValueId> ParseCall(Block* block);
  absl::StatusOr<ValueId> ParseOp(Block* block, const Token& place, OpCode op);
  absl::StatusOr<ValueId> ParseConstant(Block* block, DType dtype);
  absl::StatusOr<ValueId> ParseLoad(Block* block);
  absl::StatusOr<ValueId> ParseSlice(Block* block, const Token& place);
  absl::StatusOr<ValueId> ParseExtract(Block* block, const Token& place);
  absl::StatusOr<ValueId> ParseIota(Block* block, const Token& place);
  absl::StatusOr<ValueId> ParseSplat(Block* block, const Token& place);
  absl::StatusOr<ValueId> ParseShuffle(Block* block);
  absl::StatusOr<ValueId> ParseMma(Block* block);
  absl::StatusOr<std::vector<ValueId>> ParseOperands(Block* block);
  absl::StatusOr<ValueType> ParseTile();  // `<6x16>`, `<4 c16x8>`
  absl::StatusOr<DType> ParseElementType();
  std::optional<CompareDirection> AcceptComparison();
  // Errors unless the operands broadcast.
  absl::Status CheckBroadcast(const Token& place, const std::vector<ValueId>& operands) const;
};

}  // namespace cermet::kernel

#endif  // CERMET_IR_KERNEL_EXPRESSION_PARSER_H_
