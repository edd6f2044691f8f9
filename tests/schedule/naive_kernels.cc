// Kernels as lowering makes them: one per kind that the schedules tell apart, with edges that no
// tile divides.
#include "tests/schedule/naive_kernels.h"

namespace cermet::schedule {

void PrintTo(const NaiveKernel& kernel, std::ostream* out) { *out << kernel.name; }

const std::vector<NaiveKernel>& NaiveKernels() {
  static const auto& cases = *new std::vector<NaiveKernel>{
      {"matmul",
       R"(kernel @k(%x: f32[13,7], %w: f32[7,37], %b: f32[37], %y: f32[13,37] out) {
            parallel %d0 in 0..13 { parallel %d1 in 0..37 {
              %acc = for %k0 in 0..7 carry(%a = f32(0)) { %m = fma(%x[%d0, %k0], %w[%k0, %d1], %a) yield %m }
              %y[%d0, %d1] = maximum(%acc + %b[%d1], f32(0))
            } } })",
       {}},
      {"matmul_symbolic_rows",
       R"(kernel @k(%x: f32[?n,9], %w: f32[9,32], %y: f32[?n,32] out) {
            parallel %d0 in 0..?n { parallel %d1 in 0..32 {
              %acc = for %k0 in 0..9 carry(%a = f32(0)) { %m = fma(%x[%d0, %k0], %w[%k0, %d1], %a) yield %m }
              %y[%d0, %d1] = %acc
            } } })",
       {{"n", 11}}},
      {"matmul_symbolic_one_row",
       R"(kernel @k(%x: f32[?n,9], %w: f32[9,64], %y: f32[?n,64] out) {
            parallel %d0 in 0..?n { parallel %d1 in 0..64 {
              %acc = for %k0 in 0..9 carry(%a = f32(0)) { %m = fma(%x[%d0, %k0], %w[%k0, %d1], %a) yield %m }
              %y[%d0, %d1] = %acc
            } } })",
       {{"n", 1}}},
      {"matmul_symbolic_many_rows",
       R"(kernel @k(%x: f32[?n,9], %w: f32[9,64], %y: f32[?n,64] out) {
            parallel %d0 in 0..?n { parallel %d1 in 0..64 {
              %acc = for %k0 in 0..9 carry(%a = f32(0)) { %m = fma(%x[%d0, %k0], %w[%k0, %d1], %a) yield %m }
              %y[%d0, %d1] = %acc
            } } })",
       {{"n", 25}}},
      {"matmul_symbolic",
       R"(kernel @k(%x: f32[?m,?k], %w: f32[?k,?n], %y: f32[?m,?n] out) {
            parallel %d0 in 0..?m { parallel %d1 in 0..?n {
              %acc = for %k0 in 0..?k carry(%a = f32(0)) { %m = fma(%x[%d0, %k0], %w[%k0, %d1], %a) yield %m }
              %y[%d0, %d1] = %acc
            } } })",
       {{"m", 5}, {"k", 3}, {"n", 19}}},
      {"matvec",
       R"(kernel @k(%x: f32[1,33], %w: f32[33,140], %y: f32[1,140] out) {
            parallel %d0 in 0..1 { parallel %d1 in 0..140 {
              %acc = for %k0 in 0..33 carry(%a = f32(0)) { %m = fma(%x[%d0, %k0], %w[%k0, %d1], %a) yield %m }
              %y[%d0, %d1] = %acc
            } } })",
       {}},
      {"one_column",
       R"(kernel @k(%x: f32[21,33], %w: f32[33,1], %y: f32[21,1] out) {
            parallel %d0 in 0..21 { parallel %d1 in 0..1 {
              %acc = for %k0 in 0..33 carry(%a = f32(0)) { %m = fma(%x[%d0, %k0], %w[%k0, %d1], %a) yield %m }
              %y[%d0, %d1] = %acc
            } } })",
       {}},
      {"attention_scores",
       R"(kernel @k(%q: f32[2,5,12], %k: f32[2,9,12], %y: f32[2,3,5,9] out) {
            parallel %b in 0..2 { parallel %h in 0..3 { parallel %i in 0..5 { parallel %j in 0..9 {
              %acc = for %k0 in 0..4 carry(%a = f32(0)) {
                %m = fma(%q[%b, %i, %h * 4 + %k0], %k[%b, %j, %h * 4 + %k0], %a) yield %m }
              %y[%b, %h, %i, %j] = %acc * f32(0.5)
            } } } } })",
       {}},
      {"attention_values",
       R"(kernel @k(%p: f32[2,3,5,9], %v: f32[2,9,48], %y: f32[2,5,3,16] out) {
            parallel %b in 0..2 { parallel %i in 0..5 { parallel %h in 0..3 { parallel %d in 0..16 {
              %acc = for %k0 in 0..9 carry(%a = f32(0)) {
                %m = fma(%p[%b, %h, %i, %k0], %v[%b, %k0, %h * 16 + %d], %a) yield %m }
              %y[%b, %i, %h, %d] = %acc
            } } } } })",
       {}},
      {"convolution",
       R"(kernel @k(%x: f32[2,9,9,3], %w: f32[3,3,3,20], %y: f32[2,4,4,20] out) {
            parallel %d0 in 0..2 { parallel %d1 in 0..4 { parallel %d2 in 0..4 { parallel %d3 in 0..20 {
              %acc = for %k0 in 0..3 carry(%a0 = f32(0)) {
                %r0 = for %k1 in 0..3 carry(%a1 = %a0) {
                  %r1 = for %k2 in 0..3 carry(%a2 = %a1) {
                    %m = fma(%x[%d0, %d1 * 2 + %k0, %d2 * 2 + %k1, %k2], %w[%k0, %k1, %k2, %d3], %a2)
                    yield %m }
                  yield %r1 }
                yield %r0 }
              %y[%d0, %d1, %d2, %d3] = %acc
            } } } } })",
       {}},
      {"pointwise_convolution",
       R"(kernel @k(%x: f32[2,5,5,6], %w: f32[6,24], %r: f32[2,5,5,24], %y: f32[2,5,5,24] out) {
            parallel %d0 in 0..2 { parallel %d1 in 0..5 { parallel %d2 in 0..5 { parallel %d3 in 0..24 {
              %acc = for %k2 in 0..6 carry(%a2 = f32(0)) {
                    %m = fma(%x[%d0, %d1, %d2, %k2], %w[%k2, %d3], %a2)
                    yield %m }
              %y[%d0, %d1, %d2, %d3] = %acc + %r[%d0, %d1, %d2, %d3]
            } } } } })",
       {}},
      {"depthwise_convolution",
       R"(kernel @k(%x: f32[1,8,8,36], %w: f32[3,3,36], %y: f32[1,6,6,36] out) {
            parallel %d0 in 0..1 { parallel %d1 in 0..6 { parallel %d2 in 0..6 { parallel %d3 in 0..36 {
              %acc = for %k0 in 0..3 carry(%a0 = f32(0)) {
                %r0 = for %k1 in 0..3 carry(%a1 = %a0) {
                  %m = fma(%x[%d0, %d1 + %k0, %d2 + %k1, %d3], %w[%k0, %k1, %d3], %a1)
                  yield %m }
                yield %r0 }
              %y[%d0, %d1, %d2, %d3] = %acc
            } } } } })",
       {}},
      {"grouped_convolution",
       R"(kernel @k(%x: f32[1,8,8,24], %w: f32[3,3,8,24], %y: f32[1,6,6,24] out) {
            parallel %d0 in 0..1 { parallel %d1 in 0..6 { parallel %d2 in 0..6 { parallel %d3 in 0..24 {
              %acc = for %k0 in 0..3 carry(%a0 = f32(0)) {
                %r0 = for %k1 in 0..3 carry(%a1 = %a0) {
                  %r1 = for %k2 in 0..8 carry(%a2 = %a1) {
                    %m = fma(%x[%d0, %d1 + %k0, %d2 + %k1, 8 * (%d3 / 8) + %k2], %w[%k0, %k1, %k2, %d3], %a2)
                    yield %m }
                  yield %r1 }
                yield %r0 }
              %y[%d0, %d1, %d2, %d3] = %acc
            } } } } })",
       {}},
      {"groups_of_five",
       R"(kernel @k(%x: f32[1,8,8,12], %w: f32[3,3,3,20], %y: f32[1,6,6,20] out) {
            parallel %d0 in 0..1 { parallel %d1 in 0..6 { parallel %d2 in 0..6 { parallel %d3 in 0..20 {
              %acc = for %k0 in 0..3 carry(%a0 = f32(0)) {
                %r0 = for %k1 in 0..3 carry(%a1 = %a0) {
                  %r1 = for %k2 in 0..3 carry(%a2 = %a1) {
                    %m = fma(%x[%d0, %d1 + %k0, %d2 + %k1, 3 * (%d3 / 5) + %k2], %w[%k0, %k1, %k2, %d3], %a2)
                    yield %m }
                  yield %r1 }
                yield %r0 }
              %y[%d0, %d1, %d2, %d3] = %acc
            } } } } })",
       {}},
      {"groups_of_two",
       R"(kernel @k(%x: f32[1,8,8,12], %w: f32[3,3,2,12], %y: f32[1,6,6,12] out) {
            parallel %d0 in 0..1 { parallel %d1 in 0..6 { parallel %d2 in 0..6 { parallel %d3 in 0..12 {
              %acc = for %k0 in 0..3 carry(%a0 = f32(0)) {
                %r0 = for %k1 in 0..3 carry(%a1 = %a0) {
                  %r1 = for %k2 in 0..2 carry(%a2 = %a1) {
                    %m = fma(%x[%d0, %d1 + %k0, %d2 + %k1, 2 * (%d3 / 2) + %k2], %w[%k0, %k1, %k2, %d3], %a2)
                    yield %m }
                  yield %r1 }
                yield %r0 }
              %y[%d0, %d1, %d2, %d3] = %acc
            } } } } })",
       {}},
      {"max_pool_padded",
       R"(kernel @k(%x: f32[6,6,5], %y: f32[3,3,5] out) {
            parallel %d1 in 0..3 { parallel %d2 in 0..3 { parallel %d3 in 0..5 {
              %acc = for %k0 in 0..3 carry(%a0 = f32(-inf)) {
                %r0 = for %k1 in 0..3 carry(%a1 = %a0) {
                  %i = %d1 * 2 + %k0 - 1
                  %j = %d2 * 2 + %k1 - 1
                  %in = (%i >= 0 & %i < 6) & (%j >= 0 & %j < 6)
                  %v = %x[%i, %j, %d3] mask %in
                  %s = select(%in, %v, f32(-inf))
                  %m = maximum(%a1, %s)
                  yield %m }
                yield %r0 }
              %y[%d1, %d2, %d3] = %acc
            } } } })",
       {}},
      {"elementwise_merged",
       R"(kernel @k(%x: f32[3,5,7], %z: f32[3,5,7], %y: f32[3,5,7] out) {
            parallel %a in 0..3 { parallel %b in 0..5 { parallel %c in 0..7 {
              %y[%a, %b, %c] = %x[%a, %b, %c] * %z[%a, %b, %c] + f32(1)
            } } } })",
       {}},
      {"elementwise_broadcast",
       R"(kernel @k(%x: f32[3,5,67], %z: f32[67], %y: f32[3,5,67] out) {
            parallel %a in 0..3 { parallel %b in 0..5 { parallel %c in 0..67 {
              %y[%a, %b, %c] = %x[%a, %b, %c] * %z[%c] + f32(1)
            } } } })",
       {}},
      {"elementwise_symbolic",
       R"(kernel @k(%x: f32[?n,5], %y: f32[?n,5] out) {
            parallel %a in 0..?n { parallel %b in 0..5 { %y[%a, %b] = sqrt(abs(%x[%a, %b])) } } })",
       {{"n", 23}}},
      {"transpose",
       R"(kernel @k(%x: f32[9,13], %y: f32[13,9] out) {
            parallel %a in 0..13 { parallel %b in 0..9 { %y[%a, %b] = %x[%b, %a] } } })",
       {}},
      {"short_rows",
       R"(kernel @k(%x: f32[20,3], %z: f32[3,20], %y: f32[20,3] out) {
            parallel %a in 0..20 { parallel %b in 0..3 { %y[%a, %b] = %x[%a, %b] - %z[%b, %a] } } })",
       {}},
      {"reverse_and_concat",
       R"(kernel @k(%x: f32[4,9], %z: f32[4,10], %y: f32[4,19] out) {
            parallel %a in 0..4 { parallel %b in 0..19 {
              %first = %b < 9
              %u = %x[%a, 8 - %b] mask %first
              %v = %z[%a, %b - 9] mask not(%first)
              %y[%a, %b] = select(%first, %u, %v) } } })",
       {}},
      {"branch",
       R"(kernel @k(%x: f32[4,9], %z: f32[10], %y: f32[4,19] out) {
            parallel %a in 0..4 { parallel %b in 0..19 {
              %r = if %b < 9 { %u = %x[%a, %b] * f32(2) yield %u } else { %v = %z[%b - 9] yield %v }
              %y[%a, %b] = %r } } })",
       {}},
      {"gather_rows",
       R"(kernel @k(%t: f32[8,20], %i: i64[6], %y: f32[6,20] out) {
            parallel %a in 0..6 { parallel %b in 0..20 { %y[%a, %b] = %t[clamp(0, %i[%a], 7), %b] } } })",
       {}},
      {"integers",
       R"(kernel @k(%x: i64[50], %z: i32[50], %y: i64[50] out, %u: u8[50] out) {
            parallel %a in 0..50 { %s = %x[%a] + convert<i64>(%z[%a]) %y[%a] = %s %u[%a] = convert<u8>(%s) } })",
       {}},
      {"mixed_widths",
       R"(kernel @k(%x: f32[50], %m: bool[50], %y: f64[50] out) {
            parallel %a in 0..50 { %y[%a] = select(%m[%a], convert<f64>(%x[%a]), f64(3)) } })",
       {}},
      {"reduce_outer_dim",
       R"(kernel @k(%x: f32[11,21], %y: f32[21] out) {
            parallel %a in 0..21 {
              %s = for %k in 0..11 carry(%c = f32(0)) { %t = %c + %x[%k, %a] yield %t }
              %y[%a] = %s } })",
       {}},
      {"reduce_outer_dim_in_lanes",
       R"(kernel @k(%x: f32[3,75,37], %y: f32[3,37] out) {
            parallel %b in 0..3 { parallel %a in 0..37 {
              %s = for %j in 0..75 order lanes(64) carry(%c = f32(0)) { %t = %c + %x[%b, %j, %a] yield %t
              } combine(%l, %r) { %u = %l + %r yield %u }
              %y[%b, %a] = %s / f32(75) } } })",
       {}},
      {"row_sum",
       R"(kernel @k(%x: f32[3,150], %y: f32[3] out) {
            parallel %a in 0..3 {
              %s = for %j in 0..150 order lanes(64) carry(%c = f32(0)) { %t = %c + %x[%a, %j] yield %t
              } combine(%l, %r) { %u = %l + %r yield %u }
              %y[%a] = %s } })",
       {}},
      {"total",
       R"(kernel @k(%x: f32[100], %y: f32 out) {
              %s = for %j in 0..100 order lanes(64) carry(%c = f32(0)) { %t = %c + %x[%j] yield %t
              } combine(%l, %r) { %u = %l + %r yield %u }
              %y[] = %s })",
       {}},
      {"argmax_symbolic",
       R"(kernel @k(%x: f32[3,?n], %y: f32[3] out, %z: i64[3] out) {
            parallel %a in 0..3 {
              %s, %p = for %j in 0..?n order lanes(64) carry(%c = f32(-inf), %d = i64(0)) {
                %v = %x[%a, %j]
                %g = %v > %c
                %t = select(%g, %v, %c)
                %q = select(%g, %j, %d)
                yield %t, %q
              } combine(%l, %li, %r, %ri) {
                %h = or(%r > %l, (%r == %l) & (%ri < %li))
                %t2 = select(%h, %r, %l)
                %q2 = select(%h, %ri, %li)
                yield %t2, %q2 }
              %y[%a] = %s
              %z[%a] = %p } })",
       {{"n", 130}}},
      {"sum_of_sums",
       R"(kernel @k(%x: f32[3,70,66], %y: f32[3] out) {
            parallel %a in 0..3 {
              %s = for %j in 0..70 order lanes(64) carry(%c = f32(0)) {
                %q = for %i in 0..66 order lanes(64) carry(%d = f32(0)) { %e = %d + %x[%a, %j, %i] yield %e
                } combine(%l2, %r2) { %u2 = %l2 + %r2 yield %u2 }
                %t = %c + sqrt(abs(%q)) yield %t
              } combine(%l, %r) { %u = %l + %r yield %u }
              %y[%a] = %s } })",
       {}},
      {"softmax",
       R"(kernel @k(%x: f32[2,3,77], %y: f32[2,3,77] out) {
            scratch %e: f32[77]
            parallel %a in 0..2 { parallel %b in 0..3 {
              %m = for %j0 in 0..77 order lanes(64) carry(%c = f32(-inf)) {
                %t = maximum(%c, %x[%a, %b, %j0]) yield %t
              } combine(%l, %r) { %u = maximum(%l, %r) yield %u }
              parallel %j1 in 0..77 { %d = %x[%a, %b, %j1] - %m  %e[%j1] = %d * %d }
              %s = for %j2 in 0..77 order lanes(64) carry(%c2 = f32(0)) { %t2 = %c2 + %e[%j2] yield %t2
              } combine(%l2, %r2) { %u2 = %l2 + %r2 yield %u2 }
              parallel %j3 in 0..77 { %y[%a, %b, %j3] = %e[%j3] / %s }
            } } })",
       {}},
      {"softmax_symbolic",
       R"(kernel @k(%x: f32[?b,?n], %y: f32[?b,?n] out) {
            parallel %a in 0..?b {
              %m = for %j0 in 0..?n order lanes(64) carry(%c = f32(-inf)) {
                %t = maximum(%c, %x[%a, %j0]) yield %t
              } combine(%l, %r) { %u = maximum(%l, %r) yield %u }
              parallel %j1 in 0..?n { %y[%a, %j1] = %x[%a, %j1] - %m }
            } })",
       {{"b", 3}, {"n", 41}}},
      {"matmul_f64",
       R"(kernel @k(%x: f64[5,7], %w: f64[7,11], %y: f64[5,11] out) {
            parallel %d0 in 0..5 { parallel %d1 in 0..11 {
              %acc = for %k0 in 0..7 carry(%a = f64(0)) { %m = fma(%x[%d0, %k0], %w[%k0, %d1], %a) yield %m }
              %y[%d0, %d1] = %acc
            } } })",
       {}},
      {"scalar_only", R"(kernel @k(%x: f32, %y: f32 out) { %y[] = %x[] * f32(2) })", {}},
      {"check",
       R"(kernel @k(%x: i64[7], %y: i64[7] out) {
            parallel %a in 0..7 { %v = %x[%a] check %v < 100 at %a code 0 "bad" %y[%a] = %v } })",
       {}},
      {"update_in_place",
       R"(kernel @k(%x: f32[3,9], %y: f32[5,9] inout) {
            parallel %a in 0..3 { parallel %b in 0..9 { %y[%a + 1, %b] = %y[%a + 1, %b] + %x[%a, %b] } } })",
       {}},
  };
  return cases;
}

}  // namespace cermet::schedule
