// A graph with a session over it, as most tests here start.
#ifndef CERMET_TESTS_SESSION_SESSION_FIXTURE_H_
#define CERMET_TESTS_SESSION_SESSION_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "frontend/api/graph.h"
#include "runtime/session/session.h"

namespace cermet::testing {

// The graph is the default graph of its thread. Code is not kept on disk, so every test compiles.
class SessionFixture : public ::testing::Test {
 protected:
  explicit SessionFixture(int64_t threads = 2) : scope_(&graph_) {
    SessionOptions options;
    options.intra_op_threads = threads;
    options.code_cache = false;
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(&graph_, options);
    EXPECT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
  }

  api::Graph graph_;
  api::Graph::DefaultScope scope_;
  std::unique_ptr<Session> session_;
};

}  // namespace cermet::testing

#endif  // CERMET_TESTS_SESSION_SESSION_FIXTURE_H_
