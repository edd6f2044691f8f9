# Compiler and linker settings that every target shares, as the interface library cermet_settings.

find_program(CERMET_CCACHE ccache)
if(CERMET_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${CERMET_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CERMET_CCACHE}")
endif()

add_library(cermet_settings INTERFACE)
target_include_directories(cermet_settings INTERFACE "${PROJECT_SOURCE_DIR}"
                                                     "${PROJECT_BINARY_DIR}/generated")

target_compile_features(cermet_settings INTERFACE cxx_std_20)

# Compile options are for this project's targets, not for those of a project around it that link ours.
define_property(TARGET PROPERTY CERMET_OWN INITIALIZE_FROM_VARIABLE CERMET_OWN)
set(CERMET_OWN ON)
function(cermet_compile_options)
  target_compile_options(cermet_settings
                         INTERFACE "$<$<BOOL:$<TARGET_PROPERTY:CERMET_OWN>>:${ARGN}>")
endfunction()

# Results are defined bit by bit, so the host compiler may not contract a * b + c on its own either.
cermet_compile_options(
  -ffp-contract=off
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>
  -Wall
  -Wextra
  -Wno-unused-parameter
  -Wno-missing-field-initializers
  -Werror=return-type
  -Werror=switch
  -Werror=unused)
if(CERMET_WERROR)
  cermet_compile_options(-Werror)
endif()

# At -O2, GCC 12 takes members of std::optional and std::variant that are engaged wherever they are
# read for maybe uninitialized; at -O1 it seldom does.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  cermet_compile_options(-Wno-maybe-uninitialized)
endif()

# --as-needed: a program that calls nothing of LLVM does not load it. --build-id: names the compiler build in
# the keys of the on-disk code cache.
target_link_options(cermet_settings INTERFACE -Wl,--as-needed -Wl,--build-id)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_link_options(cermet_settings INTERFACE -Wl,--gc-sections)
endif()

# g++ looks for ld.lld where -B points. The lld on the path may be of another LLVM.
find_program(CERMET_LLD ld.lld PATHS /usr/lib/llvm-22/bin NO_DEFAULT_PATH)
if(CERMET_LLD)
  cmake_path(GET CERMET_LLD PARENT_PATH CERMET_LLD_DIR)
  add_link_options("-B${CERMET_LLD_DIR}" -fuse-ld=lld)
endif()

if(CERMET_SANITIZE)
  add_compile_options("-fsanitize=${CERMET_SANITIZE}" -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -g1)
  add_link_options("-fsanitize=${CERMET_SANITIZE}")
endif()
