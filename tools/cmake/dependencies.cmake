# Finds the libraries Cermet stands on. tools/setup installs them on Debian 12.

# A project around this one links them through our libraries.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
# Abseil goes into the programs, which start faster for it and can be carried to a machine without it. Debian's
# targets name the shared libraries; the archives lie beside them.
get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
foreach(target ${imported})
  get_target_property(shared ${target} IMPORTED_LOCATION_NONE)
  string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${shared}")
  if(target MATCHES "^absl::" AND EXISTS "${archive}")
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_NONE "${archive}")
  endif()
endforeach()
find_package(nlohmann_json REQUIRED)

# Not find_package(libzip): Debian's file for it fails unless libzip's command line tools are installed too.
find_library(LIBZIP_LIBRARY zip REQUIRED)
find_path(LIBZIP_INCLUDE_DIR zip.h REQUIRED)
add_library(libzip::zip UNKNOWN IMPORTED GLOBAL)
set_target_properties(libzip::zip PROPERTIES IMPORTED_LOCATION "${LIBZIP_LIBRARY}"
                                             INTERFACE_INCLUDE_DIRECTORIES "${LIBZIP_INCLUDE_DIR}")

# ONNX files are read by protobuf's small runtime, linked in.
set(Protobuf_USE_STATIC_LIBS ON)
find_package(Protobuf REQUIRED)

# 22 would not match 22.1: LLVM's package wants major and minor. An older LLVM may come first on the path; the
# version keeps it out.
find_package(LLVM 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/llvm)
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")

# cermet_llvm: what codegen, and nothing else, links.
add_library(cermet_llvm INTERFACE)
target_include_directories(cermet_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(cermet_llvm INTERFACE ${llvm_definitions})
if(CERMET_LLVM_STATIC)
  llvm_map_components_to_libnames(
    llvm_libraries
    analysis
    asmparser
    bitreader
    bitwriter
    core
    debuginfodwarf
    irreader
    jitlink
    linker
    mc
    object
    orcjit
    passes
    perfjitevents
    support
    target
    targetparser
    transformutils
    X86
    NVPTX
    AArch64
    ARM
    RISCV
    WebAssembly)
  target_link_libraries(cermet_llvm INTERFACE ${llvm_libraries})
else()
  target_link_libraries(cermet_llvm INTERFACE LLVM)
endif()

if(CERMET_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
