// Reads the text form of modules.
#ifndef CERMET_IR_PARSER_H_
#define CERMET_IR_PARSER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ir/graph.h"

namespace cermet {

// Parses and verifies. `file` names the text in errors and locations: `m.cermet:12:7: expected
// ...`. Constants referenced by name are looked up in `constants`, if given (the side file), and
// declared without bytes otherwise.
absl::StatusOr<std::unique_ptr<Module>> ParseModule(absl::string_view text, absl::string_view file,
                                                    const ConstantStore* constants = nullptr);
// The text, or the bytes, of a file; errors name it.
absl::StatusOr<std::string> ReadText(const std::string& path);
// Reads a `.cermet` file and, if it is there, the side file next to it (`name.cermet.bin`).
absl::StatusOr<std::unique_ptr<Module>> ReadModule(const std::string& path);

}  // namespace cermet

#endif  // CERMET_IR_PARSER_H_
