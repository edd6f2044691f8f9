// Resolves every address before it is used, so a stale or short buffer is an error of the launch
// and not a crash in its code.
#include "runtime/host_device.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ir/status.h"

namespace cermet::runtime {

// Loaded kernels and the sizes of their arguments.
class HostDevice::LoadedKernels : public DeviceKernels {
 public:
  std::unique_ptr<HostKernels> code;
  std::vector<std::string> names;                      // by kernel
  std::vector<std::vector<kernel::Buffer>> arguments;  // by kernel
};

HostDevice::HostDevice(std::string name, HostKernelLoader loader, Threads threads,
                       const DeviceMemoryOptions& memory)
    : name_(std::move(name)), loader_(std::move(loader)), threads_(threads), memory_(memory) {}

absl::Status HostDevice::CopyToDevice(DevicePointer to, const void* from, int64_t bytes) {
  CERMET_ASSIGN_OR_RETURN(void* target, memory_.Resolve(to, bytes));
  if (bytes > 0) std::memcpy(target, from, static_cast<size_t>(bytes));
  return absl::OkStatus();
}

absl::Status HostDevice::CopyFromDevice(void* to, DevicePointer from, int64_t bytes) {
  CERMET_ASSIGN_OR_RETURN(void* source, memory_.Resolve(from, bytes));
  if (bytes > 0) std::memcpy(to, source, static_cast<size_t>(bytes));
  return absl::OkStatus();
}

absl::Status HostDevice::CopyOnDevice(DevicePointer to, DevicePointer from, int64_t bytes) {
  CERMET_ASSIGN_OR_RETURN(void* target, memory_.Resolve(to, bytes));
  CERMET_ASSIGN_OR_RETURN(void* source, memory_.Resolve(from, bytes));
  if (bytes > 0 && error_.code == 0) std::memmove(target, source, static_cast<size_t>(bytes));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<DeviceKernels>> HostDevice::Load(
    absl::Span<const kernel::Kernel> kernels) {
  auto loaded = std::make_unique<LoadedKernels>();
  CERMET_ASSIGN_OR_RETURN(loaded->code, loader_(kernels));
  for (const kernel::Kernel& kernel : kernels) {
    loaded->names.push_back(kernel.name);
    loaded->arguments.emplace_back(kernel.buffers.begin(),
                                   kernel.buffers.begin() + kernel.num_arguments());
  }
  return std::unique_ptr<DeviceKernels>(std::move(loaded));
}

absl::Status HostDevice::Launch(DeviceKernels* kernels, int64_t kernel,
                                absl::Span<const DevicePointer> arguments, const DimBindings& dims,
                                int64_t grain) {
  if (error_.code != 0) return absl::OkStatus();
  LoadedKernels* const loaded = static_cast<LoadedKernels*>(kernels);
  const std::vector<kernel::Buffer>& parameters = loaded->arguments[kernel];
  if (arguments.size() != parameters.size()) {
    return absl::InvalidArgumentError(absl::StrCat("launch of @", loaded->names[kernel], " with ",
                                                   arguments.size(), " arguments, not ",
                                                   parameters.size()));
  }
  std::vector<void*> pointers;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Type type(parameters[i].dtype, parameters[i].shape);
    CERMET_ASSIGN_OR_RETURN(int64_t elements, type.NumElements().Evaluate(dims));
    absl::StatusOr<void*> pointer =
        memory_.Resolve(arguments[i], elements * ByteSize(parameters[i].dtype));
    if (!pointer.ok()) {
      return absl::Status(pointer.status().code(),
                          absl::StrCat("launch of @", loaded->names[kernel], ": %",
                                       parameters[i].name, ": ", pointer.status().message()));
    }
    pointers.push_back(*pointer);
  }
  const CermetHost host = {threads_.parallel_for, threads_.pool, threads_.max_workers, &error_};
  return loaded->code->Run(kernel, host, pointers, dims, grain);
}

absl::StatusOr<CermetError> HostDevice::Synchronize() {
  return std::exchange(error_, CermetError{});
}

}  // namespace cermet::runtime
