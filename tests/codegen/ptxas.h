// NVIDIA's assembler as a judge of PTX.
#ifndef CERMET_TESTS_CODEGEN_PTXAS_H_
#define CERMET_TESTS_CODEGEN_PTXAS_H_

#include <string>
#include <vector>

namespace cermet::testing {

// Expects that ptxas assembles `ptx` for every architecture. Skips the test, saying why, if there
// is no ptxas.
void ExpectAssembles(const std::string& ptx, const std::vector<std::string>& architectures);

}  // namespace cermet::testing

#endif  // CERMET_TESTS_CODEGEN_PTXAS_H_
