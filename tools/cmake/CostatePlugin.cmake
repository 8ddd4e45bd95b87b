# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What a plugin is built with; installed with the package.

# costate_embed(<out.inc> <prefix> <file.costate> ...): files of the language as initialisers of StandardFile, named <prefix>/<file> in messages. They
# are raw string literals of a size every compiler accepts.
function(costate_embed out prefix)
  set(text "")
  foreach(path IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH path)
    cmake_path(GET path FILENAME name)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} content)
    string(APPEND text "    {\"${prefix}/${name}\", R\"costate(${content})costate\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${out} CONTENT "@text@" @ONLY)
endfunction()

# costate_plugin(<name> SOURCES ... [TABLEGEN <Dialect>.td] [MODULES <file>.costate ...]): a library for `costate --plugin`.
# Of <Dialect>.td, which defines the dialect of this name in lower case, it makes <Dialect>Dialect.{h,cpp}.inc and <Dialect>Ops.{h,cpp}.inc; of the
# modules <name>Modules.inc (costate_embed).
# What a plugin calls of Costate it finds in the program that loads it; MLIR and LLVM are linked, as shared libraries.
function(costate_plugin name)
  cmake_parse_arguments(ARG "" "TABLEGEN" "SOURCES;MODULES" ${ARGN})
  add_library(${name} MODULE ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES CXX_SCAN_FOR_MODULES OFF)
  target_link_libraries(${name} PRIVATE Costate::mlir absl::status absl::statusor)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}-generated)
  target_include_directories(${name} PRIVATE $<TARGET_PROPERTY:Costate::Dialects,INTERFACE_INCLUDE_DIRECTORIES> ${folder})
  file(MAKE_DIRECTORY ${folder})
  if(ARG_MODULES)
    costate_embed(${folder}/${name}Modules.inc ${name} ${ARG_MODULES})
  endif()
  if(ARG_TABLEGEN)
    cmake_path(ABSOLUTE_PATH ARG_TABLEGEN)
    cmake_path(GET ARG_TABLEGEN STEM dialect)
    foreach(generated Dialect.h:-gen-dialect-decls Dialect.cpp:-gen-dialect-defs Ops.h:-gen-op-decls Ops.cpp:-gen-op-defs)
      string(REGEX MATCH "(.*):(.*)" _ ${generated})
      set(output ${folder}/${dialect}${CMAKE_MATCH_1}.inc)
      set(arguments ${CMAKE_MATCH_2})
      if(arguments MATCHES dialect)
        string(TOLOWER ${dialect} namespace)
        list(APPEND arguments -dialect=${namespace})
      endif()
      add_custom_command(OUTPUT ${output}
        COMMAND ${MLIR_TABLEGEN_EXE} ${arguments} "-I$<JOIN:$<TARGET_PROPERTY:Costate::Dialects,INTERFACE_INCLUDE_DIRECTORIES>,;-I>" -I${MLIR_INCLUDE_DIRS}
                ${ARG_TABLEGEN} -o ${output} -d ${output}.d
        DEPENDS ${ARG_TABLEGEN} DEPFILE ${output}.d COMMAND_EXPAND_LISTS VERBATIM)
      target_sources(${name} PRIVATE ${output})
    endforeach()
  endif()
endfunction()
