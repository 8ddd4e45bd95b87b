// The translation unit that owns the shared precompiled header; see tools/cmake/AddCostate.cmake.
