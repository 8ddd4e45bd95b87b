# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What `cmake --install` lays down beside the libraries and programs: headers under the prefix they are included by, TableGen files for
# those who extend the dialects, and the CMake package, so that find_package(Costate) gives the targets of this tree.
include(CMakePackageConfigHelpers)

set(COSTATE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Costate)

install(DIRECTORY compiler dialects frontends runtime DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/costate
  FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "std" EXCLUDE)
install(DIRECTORY tests/oracle DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/costate/tests FILES_MATCHING PATTERN "*.h" PATTERN "*.td")
install(DIRECTORY ${COSTATE_GENERATED}/costate/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/costate
  FILES_MATCHING PATTERN "*.inc" PATTERN "*.h" PATTERN "tools" EXCLUDE PATTERN "model_generated.h" EXCLUDE)

# The standard library is compiled in; this copy is for reading.
install(DIRECTORY frontends/std DESTINATION ${CMAKE_INSTALL_DATADIR}/costate FILES_MATCHING PATTERN "*.costate")
# The extension of VS Code, and the grammar for other editors.
install(DIRECTORY tools/editors DESTINATION ${CMAKE_INSTALL_DATADIR}/costate)
# The schema of model files, for those who write them from other languages.
install(FILES frontends/model.fbs DESTINATION ${CMAKE_INSTALL_DATADIR}/costate)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(TARGETS costate_mlir EXPORT CostateTargets)
get_property(exports GLOBAL PROPERTY COSTATE_EXPORTS)
list(REMOVE_DUPLICATES exports)
foreach(export ${exports})
  install(EXPORT ${export} NAMESPACE Costate:: DESTINATION ${COSTATE_PACKAGE_DIR})
endforeach()

configure_package_config_file(tools/cmake/CostateConfig.cmake.in CostateConfig.cmake INSTALL_DESTINATION ${COSTATE_PACKAGE_DIR})
write_basic_package_version_file(CostateConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/CostateConfig.cmake ${CMAKE_BINARY_DIR}/CostateConfigVersion.cmake tools/cmake/CostatePlugin.cmake
  DESTINATION ${COSTATE_PACKAGE_DIR})

# For builds without CMake: `pkg-config --cflags --libs costate`, with --static for the archive.
configure_file(tools/cmake/costate.pc.in costate.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/costate.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
