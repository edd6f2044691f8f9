// The op table as a page of documentation.
#ifndef CERMET_IR_OP_REFERENCE_H_
#define CERMET_IR_OP_REFERENCE_H_

#include <string>

namespace cermet {

// docs/ops.md: every op with its operands, their element types, its attributes and its meaning, in
// table order. A test compares it with the file.
std::string OpsMarkdown();

}  // namespace cermet

#endif  // CERMET_IR_OP_REFERENCE_H_
