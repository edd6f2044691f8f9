# cermet_library(NAME [RECURSE] [FOLDER dir] DEPS lib...)
#
# Declares the static library NAME of every .cc in the current folder (or FOLDER), and below it with RECURSE.
# DEPS are its public dependencies: they are the layering, a library sees only what it lists. A folder without
# sources yields an interface library, so that a new folder can be wired up before it is filled.
function(cermet_library name)
  cmake_parse_arguments(arg "RECURSE" "FOLDER" "DEPS" ${ARGN})
  if(NOT arg_FOLDER)
    set(arg_FOLDER "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  if(arg_RECURSE)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${arg_FOLDER}/*.cc")
  else()
    file(GLOB sources CONFIGURE_DEPENDS "${arg_FOLDER}/*.cc")
  endif()
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC cermet_settings ${arg_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE cermet_settings ${arg_DEPS})
  endif()
endfunction()

# cermet_link_private(NAME lib...): dependencies that users of NAME must not see in its headers.
function(cermet_link_private name)
  get_target_property(type ${name} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    return()
  endif()
  target_link_libraries(${name} PRIVATE ${ARGN})
endfunction()

# Everything there is, for the tools and the tests that stand on all of it.
set(CERMET_ALL_LIBRARIES
    cermet_session
    cermet_fake_gpu
    cermet_runtime
    cermet_codegen
    cermet_passes
    cermet_onnx
    cermet_frontend
    cermet_kernel_interpreter
    cermet_kernel_ir
    cermet_program
    cermet_evaluator
    cermet_ir
    cermet_npz)
