// Printing of tensors, and the stack of default sessions.
#include "frontend/api/tensor.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet::api {
namespace {

// TensorFlow's names of the element types.
absl::string_view TensorFlowName(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return "bool";
    case DType::kI8:
      return "int8";
    case DType::kI16:
      return "int16";
    case DType::kI32:
      return "int32";
    case DType::kI64:
      return "int64";
    case DType::kU8:
      return "uint8";
    case DType::kU16:
      return "uint16";
    case DType::kU32:
      return "uint32";
    case DType::kU64:
      return "uint64";
    case DType::kF16:
      return "float16";
    case DType::kBF16:
      return "bfloat16";
    case DType::kF32:
      return "float32";
    case DType::kF64:
      return "float64";
    case DType::kToken:
      return "token";
  }
  CERMET_UNREACHABLE();
}

std::vector<Evaluation*>& Sessions() {
  thread_local std::vector<Evaluation*> sessions;
  return sessions;
}

// The default session, or the error of who needs one.
absl::StatusOr<Evaluation*> SessionFor(absl::string_view what, absl::string_view name) {
  if (Evaluation* session = DefaultSession()) return session;
  return absl::FailedPreconditionError(
      absl::StrCat("cannot ", what, " \"", name,
                   "\": this thread has no default session. Open one with Session::AsDefault(), or "
                   "use Session::Run"));
}

}  // namespace

std::string Tensor::name() const { return absl::StrCat(name_, ":", value_.index); }

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  if (!tensor) return out << "Tensor(<invalid>)";
  out << "Tensor(\"" << tensor.name() << "\", shape=(";
  const Shape& shape = tensor.shape();
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) out << ", ";
    if (shape[i].IsConstant()) {
      out << shape[i].value();
    } else {
      out << '?';
    }
  }
  if (shape.size() == 1) out << ',';
  return out << "), dtype=" << TensorFlowName(tensor.dtype()) << ')';
}

absl::StatusOr<Literal> Tensor::Eval(const std::vector<Feed>& feeds) const {
  CERMET_ASSIGN_OR_RETURN(Evaluation* const session, SessionFor("evaluate tensor", name()));
  CERMET_ASSIGN_OR_RETURN(std::vector<Literal> values, session->Run(feeds, {*this}));
  return std::move(values[0]);
}

absl::Status Operation::Run(const std::vector<Feed>& feeds) const {
  CERMET_ASSIGN_OR_RETURN(Evaluation* const session, SessionFor("run operation", name()));
  return session->Run(feeds, {*this}).status();
}

void PushDefaultSession(Evaluation* session) { Sessions().push_back(session); }

void PopDefaultSession(Evaluation* session) {
  std::vector<Evaluation*>& sessions = Sessions();
  const auto it = std::find(sessions.rbegin(), sessions.rend(), session);
  if (it != sessions.rend()) sessions.erase(std::next(it).base());
}

void RemoveDefaultSession(Evaluation* session) {
  std::vector<Evaluation*>& sessions = Sessions();
  sessions.erase(std::remove(sessions.begin(), sessions.end(), session), sessions.end());
}

Evaluation* DefaultSession() { return Sessions().empty() ? nullptr : Sessions().back(); }

}  // namespace cermet::api
