// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The translation unit that owns the shared precompiled header; see tools/cmake/AddCostate.cmake.
