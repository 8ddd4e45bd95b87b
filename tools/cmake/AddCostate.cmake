# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The build functions of the tree: a library, a TableGen file, a program, a GoogleTest.

# Every include in the tree reads "costate/<folder>/...", as it will once installed. Generated headers mirror the same path.
set(COSTATE_GENERATED ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include/costate)
foreach(folder dialects frontends compiler runtime tests tools)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${CMAKE_BINARY_DIR}/include/costate/${folder} SYMBOLIC)
endforeach()

add_library(costate_options INTERFACE)
target_include_directories(costate_options INTERFACE ${CMAKE_BINARY_DIR}/include ${COSTATE_GENERATED})
target_compile_options(costate_options INTERFACE
  -Wall -Wextra -Wno-unused-parameter $<$<COMPILE_LANGUAGE:CXX>:-Wno-deprecated-declarations>)

# One precompiled header serves every library that sees MLIR: a file then parses in a fifth of the time.
add_library(costate_mlir_pch OBJECT ${CMAKE_SOURCE_DIR}/tools/cmake/pch.cpp)
target_link_libraries(costate_mlir_pch PRIVATE costate_options costate_mlir)
target_precompile_headers(costate_mlir_pch PRIVATE
  <mlir/IR/Builders.h> <mlir/IR/BuiltinOps.h> <mlir/IR/DialectImplementation.h> <mlir/IR/OpImplementation.h>
  <mlir/IR/PatternMatch.h> <mlir/IR/SymbolTable.h> <mlir/Interfaces/SideEffectInterfaces.h>
  <mlir/Interfaces/InferTypeOpInterface.h> <mlir/Dialect/Func/IR/FuncOps.h> <mlir/Dialect/SCF/IR/SCF.h>
  <mlir/Dialect/Arith/IR/Arith.h> <mlir/Pass/Pass.h> <llvm/ADT/TypeSwitch.h>)
# Without times in it, a header built again is the same file, and ccache finds what was built on it.
target_compile_options(costate_mlir_pch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")

# costate_library(<name> [MLIR] SOURCES ... [LINK ...]): a static library, also known as Costate::<name>, here and installed.
function(costate_library name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;LINK;DEPENDS" ${ARGN})
  add_library(Costate${name} STATIC ${ARG_SOURCES})
  add_library(Costate::${name} ALIAS Costate${name})
  target_link_libraries(Costate${name} PUBLIC ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:costate_options>)
  target_include_directories(Costate${name} INTERFACE
    $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include> $<BUILD_INTERFACE:${COSTATE_GENERATED}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  if(ARG_MLIR)
    target_link_libraries(Costate${name} PUBLIC costate_mlir)
    target_precompile_headers(Costate${name} REUSE_FROM costate_mlir_pch)
    target_compile_options(Costate${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    if(TARGET costate_tablegen)
      add_dependencies(Costate${name} costate_tablegen)
    endif()
  endif()
  if(ARG_DEPENDS)
    add_dependencies(Costate${name} ${ARG_DEPENDS})
  endif()
  costate_install(Costate${name} ${name})
endfunction()

# costate_install(<target> <name>): installs the library and exports it as Costate::<name>. What lies in runtime/ is exported apart
# (CostateRuntimeTargets): it must be usable where there is no LLVM.
function(costate_install target name)
  set(export CostateTargets)
  if(CMAKE_CURRENT_SOURCE_DIR STREQUAL "${CMAKE_SOURCE_DIR}/runtime")
    set(export CostateRuntimeTargets)
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS ${target} EXPORT ${export} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  set_property(GLOBAL APPEND PROPERTY COSTATE_EXPORTS ${export})
  set_property(GLOBAL APPEND PROPERTY COSTATE_BUILT ${target})
endfunction()

# costate_tablegen(<folder>/<file>.td <out.inc> <tblgen args> ...): runs mlir-tblgen into the generated tree.
# Every output hangs on the one target `costate_tablegen`, which all libraries that see MLIR depend on.
function(costate_tablegen td)
  if(NOT TARGET costate_tablegen)
    add_custom_target(costate_tablegen)
  endif()
  get_filename_component(dir ${td} DIRECTORY)
  file(MAKE_DIRECTORY ${COSTATE_GENERATED}/costate/${dir})
  set(rest ${ARGN})
  while(rest)
    list(POP_FRONT rest out args)
    set(output ${COSTATE_GENERATED}/costate/${dir}/${out})
    separate_arguments(args)
    add_custom_command(OUTPUT ${output}
      COMMAND ${MLIR_TABLEGEN_EXE} ${args} -I ${CMAKE_BINARY_DIR}/include -I ${MLIR_INCLUDE_DIRS}
              ${CMAKE_SOURCE_DIR}/${td} -o ${output} --write-if-changed -d ${output}.d
      DEPENDS ${CMAKE_SOURCE_DIR}/${td} DEPFILE ${output}.d VERBATIM)
    string(MAKE_C_IDENTIFIER "tablegen_${dir}_${out}" id)
    add_custom_target(${id} DEPENDS ${output})
    add_dependencies(costate_tablegen ${id})
  endwhile()
endfunction()

# costate_tool(<name> [MLIR] SOURCES ... [LINK ...]): a program in build/bin, built before the tests run and installed.
# It may include "costate/tools/Version.h".
function(costate_tool name)
  costate_executable(${name} ${ARGN})
  set_property(GLOBAL APPEND PROPERTY COSTATE_BUILT ${name})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# costate_test(<name> [MLIR] SOURCES ... [LINK ...]): a GoogleTest executable that lit runs (tests/lit.unit.cfg.py.in).
# They lie apart from the tools in build/tests/unit/<name>.gtest, so that lit finds nothing else there.
set(COSTATE_UNIT_DIR ${CMAKE_BINARY_DIR}/tests/unit)
function(costate_test name)
  costate_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE GTest::gtest_main GTest::gmock)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${COSTATE_UNIT_DIR} SUFFIX .gtest)
  set_property(GLOBAL APPEND PROPERTY COSTATE_BUILT ${name})
endfunction()

# What a program and a test have in common.
function(costate_executable name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} costate_options)
  if(ARG_MLIR)
    target_link_libraries(${name} PRIVATE costate_mlir)
    # The loader looks for every symbol in the libraries in this order. Most are of these two: to name them before thirty libraries of Abseil
    # saves a third of the time to start.
    target_link_options(${name} PRIVATE LINKER:--as-needed $<TARGET_FILE:LLVM> $<TARGET_FILE:MLIR>)
    target_precompile_headers(${name} REUSE_FROM costate_mlir_pch)
    # A program would be compiled with -fPIE, which refuses a header that was compiled for libraries.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIC)
    if(TARGET costate_tablegen)
      add_dependencies(${name} costate_tablegen)
    endif()
  endif()
endfunction()
