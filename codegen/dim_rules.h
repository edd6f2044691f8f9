// Internal to codegen: what the dims that a C program passes must satisfy.
#ifndef CERMET_CODEGEN_DIM_RULES_H_
#define CERMET_CODEGEN_DIM_RULES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ir/program/program.h"

namespace cermet::codegen {

// What a run function returns, before it reads or writes anything, for dims that break a rule.
inline constexpr int32_t kBadDims = -1;

// The bounds and divisors of the program's symbols and then its requirements, all as relations, in
// the order in which NAME_check_dims numbers them from 1. `node` is empty for facts. The number
// after the last says that a size does not fit into 64 bits.
std::vector<program::Requirement> DimRules(const program::Program& program);

// `?n <= 64`, `?n = ?m for add %2 "sum"`.
std::string Describe(const program::Requirement& rule);

// Bytes of the inputs and outputs, of the workspace without scratch, and of a worker's scratch.
std::vector<Dim> DimSizes(const program::Program& program);

// An error if a rule or a size depends on a symbol that is no run-time dim: no input has its value.
absl::Status CheckSymbols(const program::Program& program);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_DIM_RULES_H_
