// Operands, results and loop nests of a kernel; kernels that compute their results element by
// element.
#include "passes/lower/kernel_lowering.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "ir/kernel/builder.h"
#include "ir/status.h"
#include "passes/lower/index_flow.h"

namespace cermet::lower {

using kernel::KernelBuilder;
using kernel::kNoValue;
using kernel::LoopKind;
using kernel::ValueId;

// The value below the reshapes at a root: the elements of a reshape are those of its operand, in
// order.
Value StripReshapes(Value root) {
  while (root.node->op() == OpCode::kReshape) root = root.node->operand(0);
  return root;
}

std::vector<Node*> KernelLowering::Members() const {
  std::vector<Node*> members;
  for (const std::unique_ptr<Node>& node : body_.nodes()) {
    if (node->op() != OpCode::kParameter) members.push_back(node.get());
  }
  return members;
}

void KernelLowering::AddOperands(const std::vector<Value>& roots) {
  // Reachable parameters, and the nodes that use each.
  std::set<const Node*> reached;
  std::vector<Node*> stack;
  for (Value root : roots) stack.push_back(root.node);
  std::map<const Node*, std::vector<Node*>> users;
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    if (!reached.insert(node).second) continue;
    for (Value operand : node->operands()) {
      users[operand.node].push_back(node);
      stack.push_back(operand.node);
    }
  }
  for (Node* parameter : body_.parameters()) {
    if (reached.count(parameter) == 0 || parameter->type().dtype == DType::kToken) continue;
    // A parameter used only through reshapes to one shape is a buffer of that shape.
    Shape shape = parameter->type().shape;
    const std::vector<Node*>& used_by = users[parameter];
    bool one_shape = !used_by.empty();
    for (Node* user : used_by) {
      one_shape &= user->op() == OpCode::kReshape && user->type().shape == used_by[0]->type().shape;
    }
    if (one_shape) shape = used_by[0]->type().shape;
    const int32_t buffer = static_cast<int32_t>(lowered_.kernel.buffers.size());
    lowered_.kernel.buffers.push_back({absl::StrCat("in", buffer),
                                       parameter->type().dtype,
                                       shape,
                                       kernel::MemorySpace::kGlobal,
                                       kernel::Access::kIn,
                                       {}});
    lowered_.arguments.push_back({false, parameter->attrs().Int("index")});
    emitter_.AddSource(parameter->result(), {buffer, shape});
  }
  uses_ = body_.CountUses();
}

int32_t KernelLowering::AddResult(int64_t index, DType dtype, Shape shape, kernel::Access access) {
  const int32_t buffer = static_cast<int32_t>(lowered_.kernel.buffers.size());
  lowered_.kernel.buffers.push_back({absl::StrCat("out", index),
                                     dtype,
                                     std::move(shape),
                                     kernel::MemorySpace::kGlobal,
                                     access,
                                     {}});
  lowered_.arguments.push_back({true, index});
  return buffer;
}

LoweredKernel KernelLowering::Take() { return std::move(lowered_); }

absl::Status KernelLowering::Nest(const Shape& shape, const std::vector<int64_t>& loop_order,
                                  LoopKind kind,
                                  const std::function<absl::Status(const Index&)>& body) {
  Index index(shape.size());
  const std::function<absl::Status(size_t)> nest = [&](size_t depth) -> absl::Status {
    if (depth == loop_order.size()) return body(index);
    const int64_t dim = loop_order[depth];
    return emitter_
        .Loop(shape[dim], "d", kind, {},
              [&](const Dim& variable,
                  const std::vector<ValueId>&) -> absl::StatusOr<std::vector<ValueId>> {
                index[dim] = variable;
                CERMET_RETURN_IF_ERROR(nest(depth + 1));
                return std::vector<ValueId>{};
              })
        .status();
  };
  return nest(0);
}

// The order of the loops over the root's dims: that of the contraction's dims when the root only
// permutes them, so that its rows and columns are the inner loops; otherwise the root's own.
std::vector<int64_t> KernelLowering::LoopOrder(Value root) {
  std::vector<int64_t> order;
  const Shape& shape = root.type().shape;
  IndexSpace space = space_;
  Index index;
  for (size_t i = 0; i < shape.size(); ++i)
    index.push_back(space.AddVariable(absl::StrCat("%o", i), shape[i]));
  const std::vector<Node*> members = Members();
  IndexFlow flow(members, root, index, &space);
  for (Node* node : members) {
    if (Info(node->op()).op_class != OpClass::kContraction) continue;
    const IndexFlow::Reads* reads = flow.Find(node->result());
    if (reads == nullptr || reads->unknown || reads->indices.size() != 1) continue;
    for (const Dim& dim : reads->indices[0]) {
      const auto it = std::find(index.begin(), index.end(), dim);
      if (it != index.end()) order.push_back(it - index.begin());
    }
    break;
  }
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) {
    if (std::find(order.begin(), order.end(), i) == order.end()) order.push_back(i);
  }
  return order;
}

absl::StatusOr<LoweredKernel> KernelLowering::LowerLoops(const std::vector<Value>& roots) {
  AddOperands(roots);
  std::vector<Value> stripped;
  std::vector<int32_t> buffers;
  for (size_t i = 0; i < roots.size(); ++i) {
    stripped.push_back(StripReshapes(roots[i]));
    buffers.push_back(
        AddResult(i, roots[i].type().dtype, stripped[i].type().shape, kernel::Access::kOut));
  }
  emitter_.EnterBlock(&lowered_.kernel.body);
  CERMET_RETURN_IF_ERROR(
      Nest(stripped[0].type().shape, LoopOrder(stripped[0]), LoopKind::kParallel,
           [&](const Index& index) -> absl::Status {
             std::vector<ValueId> elements;
             for (Value root : stripped) {
               CERMET_ASSIGN_OR_RETURN(const ValueId element, emitter_.Emit(root, index));
               elements.push_back(element);
             }
             for (size_t i = 0; i < stripped.size(); ++i) {
               emitter_.Here().Store(buffers[i], elements[i], emitter_.EmitIndices(index));
             }
             return absl::OkStatus();
           }));
  emitter_.LeaveBlock();
  return Take();
}

}  // namespace cermet::lower
