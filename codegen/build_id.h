// Internal to codegen: which build of Cermet this is.
#ifndef CERMET_CODEGEN_BUILD_ID_H_
#define CERMET_CODEGEN_BUILD_ID_H_

#include <string>

namespace cermet::codegen {

// The linker's build id of the program or shared object that Cermet is in, in hexadecimal; empty if
// it has none. Two builds that
// differ in code differ here, so cached code never outlives the compiler that made it.
std::string BuildId();

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_BUILD_ID_H_
