// GPU: a matrix product by square tiles of threads, whose operands pass through shared memory.
//
//   before  parallel %i in 0..M { parallel %j in 0..N {
//             for %k in 0..K carry (%a) { fma(%x[%i, %k], %w[%k, %j], %a) } store } }
//   after   block %ib { block %jb { thread %ti { thread %tj {
//             for %kb in 0..ceil(K/16) carry (%a) {
//               %xs[%ti, %tj] = %x[i, 16*%kb + %tj]; %ws[%ti, %tj] = %w[16*%kb + %ti, j]; barrier
//               for %kk in 0..min(16, K - 16*%kb) carry (%b = %a) {
//                 fma(%xs[%ti, %kk], %ws[%kk, %tj], %b) }; barrier } store if inside } } } }
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
