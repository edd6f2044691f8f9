// Rebuilds Dims from their parts through the public operations, so that they come out canonical.
#include "ir/dim_terms.h"

#include "ir/status.h"

namespace cermet {

Dim ToDim(const Dim::Atom& atom) {
  switch (atom.kind) {
    case Dim::AtomKind::kSymbol:
      return Dim::Symbol(atom.symbol);
    case Dim::AtomKind::kFloorDiv:
      return Dim::FloorDiv(atom.args[0], atom.args[1]);
    case Dim::AtomKind::kMod:
      return Dim::Mod(atom.args[0], atom.args[1]);
    case Dim::AtomKind::kMax:
      return Dim::Max(atom.args[0], atom.args[1]);
    case Dim::AtomKind::kMin:
      return Dim::Min(atom.args[0], atom.args[1]);
  }
  CERMET_UNREACHABLE();
}

Dim ToDim(const Dim::Term& term) {
  Dim product(term.coefficient);
  for (const Dim::Atom& factor : term.factors) product = product * ToDim(factor);
  return product;
}

}  // namespace cermet
