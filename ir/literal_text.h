// The text form of literals: `0.5`, `[[1, 2], [3, 4]]`, `splat true`. The type stands apart, after
// it.
#ifndef CERMET_IR_LITERAL_TEXT_H_
#define CERMET_IR_LITERAL_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "ir/lexer.h"
#include "ir/literal.h"

namespace cermet {

// All elements, exactly: floats as the shortest decimal that reads back as the same value, NaNs
// other than the default quiet one as `nan(0x7fc00001)` with their bits. Tensors of more than one
// element with equal bits print as `splat X`; those without elements as `[]`.
std::string FormatLiteral(const Literal& literal);
// Reads such a text followed by `: type`.
absl::StatusOr<Literal> TakeTypedLiteral(TextReader* reader);

}  // namespace cermet

#endif  // CERMET_IR_LITERAL_TEXT_H_
