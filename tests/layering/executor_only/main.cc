// A program with all of the executor in it and nothing else of Cermet. That it links shows that the
// executor needs neither the compiler nor LLVM; tests/layering/executor_test.cc looks inside.

int main() { return 0; }
