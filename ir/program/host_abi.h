/* The C interface between compiled programs and their host. Plain C: generated headers repeat it.
 *
 * A program is one function: int32_t entry(const CermetHost* host, void* const* buffers, void*
 * workspace). `buffers` holds, in order: the inputs, the outputs, the constants, and last a pointer
 * to the int64_t values of the program's symbolic dims. `workspace` has the planned size and is
 * aligned to 64 bytes. The result is 0, or the code of the failed check. Any number of threads may
 * run one program at once with different buffers and workspaces.
 */
#ifndef CERMET_IR_PROGRAM_HOST_ABI_H_
#define CERMET_IR_PROGRAM_HOST_ABI_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Filled by the failed check with the lowest index. Zeroed by the caller before a run. */
typedef struct CermetError {
  int32_t code;  /* 0: no error */
  int32_t check; /* which check of the program: an index into its table of messages */
  int64_t index; /* the element that failed */
  int32_t lock;  /* used by generated code */
} CermetError;

/* Runs body(context, worker, begin, end) over a partition of [0, n) into ranges; `worker` is below
 * max_workers and no two ranges with one worker number run at once. Returns when all are done. */
typedef void (*CermetBody)(void* context, int64_t worker, int64_t begin, int64_t end);
typedef struct CermetHost {
  void (*parallel_for)(void* pool, int64_t n, int64_t grain, CermetBody body, void* context);
  void* pool;          /* passed back to parallel_for */
  int64_t max_workers; /* at least 1; at most the number the workspace was sized for */
  CermetError* error;
} CermetHost;

#ifdef __cplusplus
}
#endif

#endif /* CERMET_IR_PROGRAM_HOST_ABI_H_ */
