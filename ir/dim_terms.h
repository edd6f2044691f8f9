// The parts of a Dim as Dims of their own, for code that takes sums and products apart.
#ifndef CERMET_IR_DIM_TERMS_H_
#define CERMET_IR_DIM_TERMS_H_

#include "ir/dim.h"

namespace cermet {

Dim ToDim(const Dim::Atom& atom);
// Coefficient and factors multiplied out.
Dim ToDim(const Dim::Term& term);

}  // namespace cermet

#endif  // CERMET_IR_DIM_TERMS_H_
