// Values for symbols under relations, for whoever needs some sizes that a graph can run with.
#ifndef CERMET_IR_DIM_SEARCH_H_
#define CERMET_IR_DIM_SEARCH_H_

#include <optional>
#include <string>
#include <vector>

#include "ir/dim.h"
#include "ir/infer.h"

namespace cermet {

// `given`, and small values for `symbols` with which `facts` and `relations` hold: 3 for the first
// symbol, 4 for the next and so on, where they allow it. Nullopt if none were found; the search is
// bounded.
std::optional<DimBindings> FindDims(const DimFacts& facts,
                                    const std::vector<DimConstraint>& relations,
                                    const std::vector<std::string>& symbols,
                                    const DimBindings& given);

}  // namespace cermet

#endif  // CERMET_IR_DIM_SEARCH_H_
