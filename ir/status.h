// Propagating absl::Status, and checks for our own bugs.
//
// Fallible functions return absl::Status or absl::StatusOr<T>; these macros forward a failure to
// the caller. CERMET_CHECK is for invariants that only a bug of Cermet can break: it prints the
// place and aborts. It must never guard against input (files, graphs, shapes, flags): that is an
// absl::Status.
#ifndef CERMET_IR_STATUS_H_
#define CERMET_IR_STATUS_H_

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the status of `expr` from the enclosing function unless it is OK.
#define CERMET_RETURN_IF_ERROR(expr)                                                       \
  do {                                                                                     \
    if (absl::Status cermet_status_ = (expr); !cermet_status_.ok()) return cermet_status_; \
  } while (false)

#define CERMET_CONCAT_INNER_(a, b) a##b
#define CERMET_CONCAT_(a, b) CERMET_CONCAT_INNER_(a, b)
#define CERMET_ASSIGN_OR_RETURN_IMPL_(tmp, lhs, expr) \
  auto tmp = (expr);                                  \
  if (!tmp.ok()) return std::move(tmp).status();      \
  lhs = *std::move(tmp)

// Evaluates `expr` (an absl::StatusOr<T>) once and assigns its value to `lhs`, or returns its
// status.
#define CERMET_ASSIGN_OR_RETURN(lhs, expr) \
  CERMET_ASSIGN_OR_RETURN_IMPL_(CERMET_CONCAT_(cermet_status_or_, __LINE__), lhs, expr)

// Aborts with the place and the condition. For Cermet's own invariants only.
#define CERMET_CHECK(cond)                                                                  \
  do {                                                                                      \
    if (!(cond)) {                                                                          \
      std::fprintf(stderr, "%s:%d: internal error: %s does not hold\n", __FILE__, __LINE__, \
                   #cond);                                                                  \
      std::abort();                                                                         \
    }                                                                                       \
  } while (false)

// Marks a point that no execution reaches, such as the end of a function after an exhaustive
// switch.
#define CERMET_UNREACHABLE()                                                          \
  do {                                                                                \
    std::fprintf(stderr, "%s:%d: internal error: unreachable\n", __FILE__, __LINE__); \
    std::abort();                                                                     \
  } while (false)

#endif  // CERMET_IR_STATUS_H_
