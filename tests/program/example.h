// A program with every kind of buffer and command.
#ifndef CERMET_TESTS_PROGRAM_EXAMPLE_H_
#define CERMET_TESTS_PROGRAM_EXAMPLE_H_

namespace cermet::program {

// In the form that the printer gives.
inline constexpr char kProgram[] = R"(program @main {
  dim ?n in 1..64 multiple of 2
  dim ?m
  require ?n <= ?m in "slice %3 \"head\""
  require 2*?n = ?m-1 in "add %4"
  input %x: f32[?n,4] "x"
  input %state: i64 "counter"
  input %z: f32[?m+?n] "z"
  output %y: f32[?n,4] "y"
  output %next: i64 "counter" updates %state
  constant %w: f32[2,4,2] = @fc1.w packed(dim 1 by 2 of [4,3])
  temp %t: f32[?n,4] at 0
  temp %u: f32[?n,4] at 1024
  temp %v: f32[?n,4] in %u at 1024
  temp %more: bool at 2048
  workspace 2112 scratch 64
  check 3 "index out of range" in "gather %7 \"emb\""
  launch @scale(%x, %w, %t) grain 4 "fc1/MatMul" "fc1/Bias"
  copy %t to %u
  if %more "cond" {
    copy %v to %y
  } else {
    launch @scale(%x, %w, %y)
  }
  while %more "loop" {
    launch @test(%state, %more)
  } do {
    launch @step(%next)
  }
}
kernel @scale(%x: f32[?n,4], %w: f32[2,4,2] packed(dim 1 by 2 of [4,3]), %y: f32[?n,4] out) "fc1/MatMul" {
  parallel %i in 0..?n {
    for %j in 0..4 {
      %y[%i, %j] = %x[%i, %j]
    }
  }
}
kernel @test(%s: i64, %more: bool out) {
  %0 = %s[]
  %more[] = %0 < 10
}
kernel @step(%s: i64 inout) {
  %0 = %s[]
  %s[] = %0 + 1
}
)";

}  // namespace cermet::program

#endif  // CERMET_TESTS_PROGRAM_EXAMPLE_H_
