# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What the build finds on the machine; versions, licences and reasons are in docs/dependencies.md.
find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "requires LLVM and MLIR 22, but found ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")
endif()
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
# lld links the shared library of a model; only its archives exist, and they use the shared LLVM.
find_package(LLD REQUIRED CONFIG HINTS ${LLVM_DIR}/../lld)
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# Halide comes as a wheel in the Python environment of tools/setup.sh; -DHalide_DIR=<its CMake package> names another Halide 21. The
# package inside the wheel is the one to use: that at the top of the environment, and Halide_Python, ask for Python's headers.
file(GLOB COSTATE_HALIDE_WHEEL $ENV{COSTATE_VENV}/lib/python3*/site-packages/halide/lib64/cmake/Halide)
set(CMAKE_DISABLE_FIND_PACKAGE_Halide_Python ON)
find_package(Halide 21 REQUIRED CONFIG COMPONENTS shared HINTS ${COSTATE_HALIDE_WHEEL})
# An installed program finds libHalide and LLVM where this build found them. Halide's folder is named, because CMake leaves out what lies in
# the checkout, as the default environment does.
get_target_property(COSTATE_HALIDE_LIBRARY Halide::Halide LOCATION)
cmake_path(GET COSTATE_HALIDE_LIBRARY PARENT_PATH COSTATE_HALIDE_FOLDER)
set(CMAKE_INSTALL_RPATH ${COSTATE_HALIDE_FOLDER})
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
find_package(absl REQUIRED)
find_program(COSTATE_FLATC flatc REQUIRED) # FlatBuffers: its headers are all that is used of it, and they lie where the compiler looks
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(GTest REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# MLIR and LLVM are linked as shared libraries only: a static archive of either would be a second copy of its globals.
add_library(costate_mlir INTERFACE)
target_include_directories(costate_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_link_libraries(costate_mlir INTERFACE MLIR LLVM)
set_target_properties(costate_mlir PROPERTIES EXPORT_NAME mlir)
