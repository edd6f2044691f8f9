// Uses the CPU's FMA instructions where it has them: the same bits as std::fma, which without them
// is a call per element.
#include "ir/evaluator/fma_row.h"

#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cermet::evaluator {
namespace {

template <typename T>
void FmaRowPlain(T x, const T* y, T* acc, int64_t count) {
  for (int64_t i = 0; i < count; ++i) acc[i] = std::fma(x, y[i], acc[i]);
}

#if defined(__x86_64__)
#define CERMET_FMA __attribute__((target("avx2,fma")))

CERMET_FMA void FmaRowAvx(float x, const float* y, float* acc, int64_t count) {
  const __m256 xs = _mm256_set1_ps(x);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256 sum = _mm256_fmadd_ps(xs, _mm256_loadu_ps(y + i), _mm256_loadu_ps(acc + i));
    _mm256_storeu_ps(acc + i, sum);
  }
  for (; i < count; ++i) {
    acc[i] = _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(x), _mm_set_ss(y[i]), _mm_set_ss(acc[i])));
  }
}

CERMET_FMA void FmaRowAvx(double x, const double* y, double* acc, int64_t count) {
  const __m256d xs = _mm256_set1_pd(x);
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const __m256d sum = _mm256_fmadd_pd(xs, _mm256_loadu_pd(y + i), _mm256_loadu_pd(acc + i));
    _mm256_storeu_pd(acc + i, sum);
  }
  for (; i < count; ++i) {
    acc[i] = _mm_cvtsd_f64(_mm_fmadd_sd(_mm_set_sd(x), _mm_set_sd(y[i]), _mm_set_sd(acc[i])));
  }
}

bool HasFma() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

template <typename T>
void FmaRowBest(T x, const T* y, T* acc, int64_t count) {
#if defined(__x86_64__)
  static const bool has_fma = HasFma();
  if (has_fma) return FmaRowAvx(x, y, acc, count);
#endif
  FmaRowPlain(x, y, acc, count);
}

}  // namespace

void FmaRow(float x, const float* y, float* acc, int64_t count) { FmaRowBest(x, y, acc, count); }
void FmaRow(double x, const double* y, double* acc, int64_t count) { FmaRowBest(x, y, acc, count); }
void FmaRow(uint64_t x, const uint64_t* y, uint64_t* acc, int64_t count) {
  for (int64_t i = 0; i < count; ++i) acc[i] += x * y[i];
}

}  // namespace cermet::evaluator
