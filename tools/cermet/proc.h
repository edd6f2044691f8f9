// What Linux says of the machine in its files of text.
#ifndef CERMET_TOOLS_CERMET_PROC_H_
#define CERMET_TOOLS_CERMET_PROC_H_

#include <string>

#include "absl/strings/string_view.h"

namespace cermet::cli {

// The value of the first line `key : value` of a file of /proc; empty if there is none.
std::string ProcValue(const char* path, absl::string_view key);

}  // namespace cermet::cli

#endif  // CERMET_TOOLS_CERMET_PROC_H_
