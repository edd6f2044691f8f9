// GPU: a matrix product by square tiles of threads, whose operands pass through shared memory.
//
//   before  parallel %i in 0..M { parallel %j in 0..N {
//             for %k in 0..K carry (%a) { fma(%x[%i, %k], %w[%k, %j], %a) } store } }
//   after   block %ib { block %jb { thread %ti { thread %tj {
//             copy block 0 to %xs[0], %ws[0]; commit
//             for %kb in 0..ceil(K/16) carry (%a) {
//               wait 0; barrier; copy block %kb + 1 to %xs[%p'], %ws[%p'] if there is one; commit
//               for %kk in 0..min(16, K - 16*%kb) carry (%b = %a) {
//                 fma(%xs[%p, %ti, %kk], %ws[%p, %kk, %tj], %b) } } store if inside } } } }
//
// where %p is %kb mod 2, %p' the other pair of tiles, and a thread copies one element of each
// operand, asynchronously. Elements of less than 4 bytes are loaded and stored instead, between two
// barriers per block.
#ifndef CERMET_PASSES_SCHEDULE_STAGE_IN_SHARED_H_
#define CERMET_PASSES_SCHEDULE_STAGE_IN_SHARED_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ir/kernel/kernel.h"

namespace cermet::schedule {

// `row` and `column` are the two innermost loops of the nest of parallel loops; all outer ones
// become block loops. The body has one serial loop, over k from 0, with one load that does not
// depend on the column and one that does not depend on the row. The chain over k is that of the
// naive kernel. Unimplemented, with the kernel unchanged, for other forms.
absl::Status StageInShared(kernel::Kernel* kernel, absl::string_view row, absl::string_view column,
                           int64_t tile);

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_STAGE_IN_SHARED_H_
