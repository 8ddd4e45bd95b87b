/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The compiler from C: a model in, a handle of the runtime out. libcostate.so has these functions and all of costate.h, and needs nothing else of
 * Costate; other languages call it as C.
 *
 *     costate_compiler *compiler;  costate_program *program;
 *     costate_compiler_create(&compiler);
 *     costate_compiler_set(compiler, "hint.batch", "128");
 *     if (costate_compiler_compile_file(compiler, "digits.costate", &program))
 *       puts(costate_compiler_last_error(compiler));
 *     costate_model_create(context, costate_program_info(program), NULL, &model);      // and then as with a library: costate_model_invoke
 *
 * The rules of costate.h hold: codes, no aborts, no global state, and what is NULL is an error like any other. A compiler is used by one thread at a time; several work at once. A program outlives its
 * compiler, and must outlive the models made from it.
 */
#ifndef COSTATE_COMPILER_API_COSTATE_COMPILER_H
#define COSTATE_COMPILER_API_COSTATE_COMPILER_H

#include "costate/runtime/costate.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct costate_compiler costate_compiler;
typedef struct costate_program costate_program;

/* A compiler with the options' defaults: this CPU, f32 as f32, no cache. Errors: OUT_OF_MEMORY. */
int32_t costate_compiler_create(costate_compiler **out);
void costate_compiler_destroy(costate_compiler *compiler);
/* Message of the last call on this compiler if it failed, else "". Valid until the next call. For a mistake in a model it has file, line, column and
 * the source line. */
const char *costate_compiler_last_error(const costate_compiler *compiler);

/* Sets an option, for the compilations from now on:
 *   real       f32 or f64: the type that f32 of a model is compiled as
 *   model      which of the models of a file; empty: the only one
 *   target     host, or x86-64, x86-64-v2, x86-64-v3, x86-64-v4
 *   optimize   0 to 3; 0 compiles fastest
 *   threads    of the compiler; 0: one a CPU
 *   cache      folder of compiled objects; empty: none
 *   schedule   file of kernels with schedules, as `costate tune` writes it; empty: none
 *   entries    names, with commas between: these are compiled at once, each of the others when it is called for the first time; empty: all
 *   watch      1: the solver of a problem shows what it has after each iteration (costate_context_set_printer)
 *   extern     shared library with C functions that models call (`extern fn`); may be set several times
 *   hint.NAME  likely extent of dimension NAME
 * Errors: NOT_FOUND for another option, INVALID_ARGUMENT for a value that it cannot have. */
int32_t costate_compiler_set(costate_compiler *compiler, const char *option, const char *value);

/* Gives models a C function for their `extern fn` of this name, from the next compilation on: before those of libraries. `function` is what the prototype in
 * costate_model_info.externs says, cast; nothing checks it. `data` is its last argument. Both must outlive the programs. Errors: INVALID_ARGUMENT for a
 * NULL function or a name that there is already. */
int32_t costate_compiler_extern(costate_compiler *compiler, const char *name, void (*function)(void), void *data);

/* Gives models the text of a file of `size` bytes that they import, from the next compilation on: `name` is its path from where the names of models count
 * ("parts/losses.costate" for an import of "losses.costate" in "parts/a.costate"). The text is copied; a later one of the same name replaces it. A model
 * that is given as text imports these files alone, one that is read these before those on disk. Errors: INVALID_ARGUMENT. */
int32_t costate_compiler_import(costate_compiler *compiler, const char *name, const char *text, int64_t size);

/* Compiles a model of `size` bytes, text or binary (GraphBuilder), to machine code in this process. `name` stands for it in messages. `*out` is NULL on
 * error. Errors: INVALID_ARGUMENT for a mistake of the model or an option, NOT_FOUND and IO for a file, INTERNAL for one of ours. */
int32_t costate_compiler_compile(costate_compiler *compiler, const char *name, const char *model, int64_t size, costate_program **out);
int32_t costate_compiler_compile_file(costate_compiler *compiler, const char *path, costate_program **out);

/* Entries, slots, hyper-parameters, dimensions: for costate_model_create and everything after it. Lives as long as the program. */
const costate_model_info *costate_program_info(const costate_program *program);
/* The same and the model's defaults (data, epochs, batch), as JSON. Lives as long as the program. */
const char *costate_program_manifest(const costate_program *program);
/* A function of the model's C header, as "digits_train_step", to be cast to its type; NULL if there is none. */
void *costate_program_function(const costate_program *program, const char *name);
void costate_program_destroy(costate_program *program);

#ifdef __cplusplus
}
#endif
#endif /* COSTATE_COMPILER_API_COSTATE_COMPILER_H */
