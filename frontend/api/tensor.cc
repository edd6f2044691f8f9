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

absl::StatusOr<Literal> Tensor::Eval() const {
  Evaluation* session = DefaultSession();
  if (session == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot evaluate tensor \"", name(),
                     "\": this thread has no default session. Open one with Session::AsDefault(), "
                     "or use Session::Run"));
  }
  CERMET_ASSIGN_OR_RETURN(std::vector<Literal> values, session->Run({}, {*this}));
  return std::move(values[0]);
}

void PushDefaultSession(Evaluation* session) { Sessions().push_back(session); }

void PopDefaultSession(Evaluation* session) {
  std::vector<Evaluation*>& sessions = Sessions();
  const auto it = std::find(sessions.rbegin(), sessions.rend(), session);
  if (it != sessions.rend()) sessions.erase(std::next(it).base());
}

Evaluation* DefaultSession() { return Sessions().empty() ? nullptr : Sessions().back(); }

}  // namespace cermet::api
