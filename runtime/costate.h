/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The C interface of libcostate_rt: contexts, models, data, and the kernels that compiled code calls.
 *
 * A compiled model is constant data (`costate_model_info`, with a function pointer per entry); a *handle* (`costate_model`) owns its
 * parameters, states, hyper-parameters, seed and workspace; a *context* owns threads, scratch memory and the message of the last
 * error. JIT and ahead-of-time code emit the same descriptors and go through the same handle.
 *
 *     costate_context *context;  costate_model *model;
 *     costate_context_create(0, &context);
 *     costate_model_create(context, digits_info(), (int64_t[]){32}, &model);          // at most 32 rows a call
 *     for (...) digits_train_step(model, x, y, 32, &metrics);                         // generated: a wrapper of costate_model_invoke
 *
 * Rules. Every function that can fail returns a code, COSTATE_OK (0) or one of `costate_code`; the message of the last failure is
 * `costate_context_last_error`. No function aborts, exits or throws; there is no global state, so contexts are independent. One context
 * (with its models, datasets and batches) is used by one thread at a time. Arrays are dense and row-major. Pointers handed in stay
 * the caller's. A name or path that is NULL is an error like any other, INVALID_ARGUMENT. Destroy functions accept NULL. What was created from a context dies before the context.
 */
#ifndef COSTATE_RUNTIME_COSTATE_H
#define COSTATE_RUNTIME_COSTATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes with any change of a struct or signature below; `costate_model_create` refuses another one. */
#define COSTATE_ABI_VERSION 2

/* Alignment in bytes of every array that the library allocates. */
#define COSTATE_ALIGNMENT 64

/* ==== Codes, types, roles ========================================================================================================== */

typedef enum costate_code {
  COSTATE_OK = 0,
  COSTATE_INVALID_ARGUMENT = 1, /* the caller's: a wrong shape, type, value, or a malformed file */
  COSTATE_NOT_FOUND = 2,        /* no entry, array, file, hyper-parameter of that name */
  COSTATE_IO = 3,               /* the system refused to read or write */
  COSTATE_NON_FINITE = 4,       /* a loss is NaN or infinite; parameters keep their last finite value */
  COSTATE_UNIMPLEMENTED = 5,    /* legal, but not possible in this build or on this CPU */
  COSTATE_INTERNAL = 6,         /* ours: a broken invariant in compiled code or in the runtime */
  COSTATE_OUT_OF_MEMORY = 7,
  COSTATE_INTERRUPTED = 8,      /* the interrupt flag was raised */
  COSTATE_REQUIREMENT = 9       /* a `require` of the model does not hold; parameters and states are those before the call */
} costate_code;

typedef enum costate_type {
  COSTATE_F32 = 0,
  COSTATE_F64 = 1,
  COSTATE_I32 = 2,
  COSTATE_I64 = 3,
  COSTATE_I8 = 4,
  COSTATE_U8 = 5,
  COSTATE_I1 = 6, /* one byte, 0 or 1 */
  COSTATE_BF16 = 7,
  COSTATE_F16 = 8
} costate_type;

/* Who provides the array of an argument or result. */
typedef enum costate_role {
  COSTATE_PARAM = 0,  /* the handle: slot `index`, trained */
  COSTATE_STATE = 1,  /* the handle: slot `index`, state of an optimizer, the count of steps */
  COSTATE_INPUT = 2,  /* the caller, each call */
  COSTATE_TARGET = 3, /* the caller, each call */
  COSTATE_HYPER = 4,  /* the handle: hyper-parameter `index`, a scalar */
  COSTATE_SEED = 5,   /* the handle: its seed, one i64 */
  COSTATE_METRIC = 6, /* a result, scalar, to the caller */
  COSTATE_OUTPUT = 7, /* a result, an array of the caller that the call fills */
  COSTATE_DIM = 8,    /* the caller: a dimension passed by value; in the generic call a rank-0 i64 array. Its machine argument is NULL */
  COSTATE_BUFFER = 9, /* the handle: slot `index`, state of the model or of a net, as running averages: saved with the parameters */
  COSTATE_ROWS = 10   /* the caller, each call: for each sample of a batch, where it stands in the data; batches of costate_dataset have it */
} costate_role;

/* Bits of costate_model_info.isa_mask: what the CPU must have. */
typedef enum costate_isa {
  COSTATE_ISA_SSE41 = 1,
  COSTATE_ISA_AVX = 2,
  COSTATE_ISA_F16C = 4,
  COSTATE_ISA_FMA = 8,
  COSTATE_ISA_AVX2 = 16,
  COSTATE_ISA_AVX512 = 32,          /* F, CD, VL, DQ, BW: Halide's avx512_skylake */
  COSTATE_ISA_AVX512_BF16_VNNI = 64 /* what Halide's avx512_sapphirerapids adds */
} costate_isa;

/* "invalid argument" for COSTATE_INVALID_ARGUMENT, and so on; never NULL. */
const char *costate_code_name(int32_t code);
/* "f32" for COSTATE_F32, and so on; "?" for no type. */
const char *costate_type_name(int32_t type);
/* Bytes of one element; 0 for no type. */
int64_t costate_type_size(int32_t type);
/* The costate_isa bits that this CPU and operating system offer. */
uint64_t costate_cpu_isa(void);
/* Version of the library, "0.1.0". */
const char *costate_version(void);

/* ==== Context ====================================================================================================================== */

typedef struct costate_context costate_context;

/* Creates a context with a pool of `threads` threads, the calling one included; 0 means one a CPU that this process may use.
 * Results never depend on `threads`. Errors: INVALID_ARGUMENT if threads < 0 or > 1024; OUT_OF_MEMORY. `*out` is NULL on error. */
int32_t costate_context_create(int32_t threads, costate_context **out);
/* What a host lends a context in place of the library's own; what is 0 or NULL is the library's. Its functions must not throw, and outlive the context and
 * whatever has been borrowed of its models (costate_dlpack.h). Results do not depend on any of it. */
typedef struct costate_context_options {
  int32_t threads; /* as above; with a parallel_for of the host no thread is started, and this is how many it has */
  int32_t reserved;
  /* Memory of parameters, states, workspaces, batches and kernels at work. Any thread. allocate: `bytes` > 0 bytes, a multiple of `alignment`, aligned to
   * it; NULL: there is none. release gets the size that was asked for. Both or none. A kernel that gets none in its middle goes on with memory of the system,
   * and the call returns OUT_OF_MEMORY after it has done its work. */
  void *(*allocate)(void *memory, size_t bytes, size_t alignment);
  void (*release)(void *memory, void *block, size_t bytes);
  void *memory; /* handed to both */
  /* Calls body(closure, i) once for each i in [0, count), in any order, on any threads; returns after the last. Loops are not nested. */
  void (*parallel_for)(void *pool, int64_t count, void (*body)(void *closure, int64_t index), void *closure);
  void *pool; /* handed to it */
} costate_context_options;
/* As costate_context_create. Errors: also INVALID_ARGUMENT if only one of allocate and release is given. */
int32_t costate_context_create_with(const costate_context_options *options, costate_context **out);
void costate_context_destroy(costate_context *context);
/* Threads of the pool, the calling one included. */
int32_t costate_context_threads(const costate_context *context);
/* Message of the last call on this context if it failed, else "". Valid until the next call. */
const char *costate_context_last_error(const costate_context *context);
/* Code of the last call on this context. */
int32_t costate_context_last_code(const costate_context *context);
/* Records a failure and returns `code`; for compiled code and extern functions. Any thread; of concurrent failures the first one stays.
 * `message` is copied, at most 1023 bytes. */
int32_t costate_fail(costate_context *context, int32_t code, const char *message);

/* For compiled code: records that a call brings an extent below what the program asks for; "REQUIREMENT, but got GOT". Returns INVALID_ARGUMENT. */
int32_t costate_fail_extent(costate_context *context, const char *requirement, int64_t got);

/* For compiled code: COSTATE_OK if *holds is not 0, else COSTATE_REQUIREMENT with the message TEXT or, with a count of 1 or 2, "TEXT, but got *first
 * and *second". */
int32_t costate_require(costate_context *context, const char *text, const uint8_t *holds, const double *first, const double *second, int64_t count);

/* The same of a function of the program (costate_extern_info) that returned `code`: "WHO: MESSAGE" if it has recorded a failure, else "WHO returned CODE".
 * Returns `code` if it is one of costate_code, else INVALID_ARGUMENT. */
int32_t costate_fail_extern(costate_context *context, const char *who, int32_t code);

/* Calls body(context, i, closure) once for each i in [0, count), on the threads of the pool, in no order; returns after the last one.
 * A nested call runs on its caller alone. Allocates nothing. Returns COSTATE_OK or the code of the failing body of the lowest index
 * among those that ran; once a body fails, those not yet started are skipped. */
typedef int32_t (*costate_body_fn)(costate_context *context, int64_t index, void *closure);
int32_t costate_parallel_for(costate_context *context, costate_body_fn body, int64_t count, void *closure);

/* Copies a row of `bytes` bytes, which do not overlap, into an array of `all` bytes; past the caches if these would keep little of such an array
 * for who reads it. Returns COSTATE_OK. For compiled code. */
int32_t costate_store_row(void *to, const void *from, int64_t bytes, int64_t all);

/* A call of a kernel, in code that was compiled with traces (Options::trace). */
typedef struct costate_trace_event {
  int64_t call;       /* which of the model, in the order of `costate explain` */
  int64_t begin, end; /* nanoseconds of one clock */
} costate_trace_event;
/* From now on the calls of kernels go to events[0, capacity), those beyond it are counted only; NULL: no more. The array stays the caller's. */
void costate_context_trace(costate_context *context, costate_trace_event *events, int64_t capacity);
/* Calls since then. */
int64_t costate_context_trace_count(const costate_context *context);
/* What traced code calls around a kernel. */
int32_t costate_trace_begin(costate_context *context, int64_t call);
int32_t costate_trace_end(costate_context *context, int64_t call);

/* ==== Descriptors: constant data emitted by the compiler ============================================================================ */

/* A tensor inside an arena. */
typedef struct costate_leaf_info {
  const char *name; /* path, as "f.layers.0.w" */
  int64_t rank;
  const int64_t *shape; /* rank extents; NULL if rank is 0 */
  int64_t offset;       /* in elements from the start of the slot; a multiple of 64 bytes */
} costate_leaf_info;

/* An array that the handle owns: an arena (num_leaves > 0, rank 1) or a plain array. */
typedef struct costate_slot_info {
  const char *name;
  int32_t type; /* costate_type */
  int32_t role; /* COSTATE_PARAM, COSTATE_STATE or COSTATE_BUFFER */
  int64_t size; /* elements, padding included */
  int64_t rank;
  const int64_t *shape;
  int64_t num_leaves;
  const costate_leaf_info *leaves;
} costate_slot_info;

/* A run-time scalar of the handle. */
typedef struct costate_hyper_info {
  const char *name;
  double default_value;
  int32_t type; /* how entries read it: any costate_type of 4 or 8 bytes */
  int32_t reserved;
} costate_hyper_info;

/* costate_array_info.shape of an axis that is an expression of dimensions; its extent comes from costate_entry_info.extents. */
#define COSTATE_COMPOUND_AXIS INT64_MIN

/* An argument or an untied result of an entry. */
typedef struct costate_array_info {
  const char *name;
  int32_t role; /* costate_role; the result of `init` for a slot has that slot's role */
  int32_t type; /* costate_type */
  int64_t rank;
  const int64_t *shape; /* an axis is its extent if >= 0, -1 - d for dimension d, or COSTATE_COMPOUND_AXIS */
  int64_t index;        /* slot (PARAM, STATE, BUFFER), hyper-parameter (HYPER) or dimension (DIM); else -1 */
} costate_array_info;

/* Machine code of an entry. args: one pointer an argument, then one an untied result, in the order of the descriptor. dims: all
 * dimensions of the model, in its order. workspace: 64-byte aligned, of at least workspace_size(dims) bytes; zero after it was reserved, else
 * as the last call of any entry left it. Returns a code. */
typedef int32_t (*costate_entry_fn)(costate_context *context, void *const *args, const int64_t *dims, void *workspace);
/* Bytes of workspace at these dimensions; must not fall when a dimension grows. */
typedef int64_t (*costate_size_fn)(const int64_t *dims);
/* Writes the extents of all axes of all arguments, then of all results, flattened. */
typedef void (*costate_extents_fn)(const int64_t *dims, int64_t *extents);

/* Where entries of a model that is compiled in the process have their code from when they are first called. Whoever loads the model fills it in, before the
 * first handle. */
typedef struct costate_entry_loader {
  /* Sets *fn and *workspace_size of an entry as costate_entry_info has them. Any thread; the same code each time. Returns a code; the message of a failure
   * is in the context. */
  int32_t (*load)(void *closure, costate_context *context, int64_t entry, costate_entry_fn *fn, costate_size_fn *workspace_size);
  void *closure;
} costate_entry_loader;

typedef struct costate_entry_info {
  const char *name;
  int64_t num_args;
  const costate_array_info *args;
  int64_t num_results; /* results that are not tied to an argument */
  const costate_array_info *results;
  costate_entry_fn fn;            /* NULL: the loader of the model has it */
  costate_size_fn workspace_size; /* NULL: no workspace */
  costate_extents_fn extents;     /* NULL: no axis is compound */
  /* Two numbers a dimension of the model: the argument and the axis that bind it; (argument, -1) if the value of a COSTATE_DIM argument
   * does; (-1, -1) if the entry does not use it. */
  const int64_t *dim_sources;
} costate_entry_info;

/* A C function of the program that entries call, an `extern fn` of the language. It returns 0, or another number, which ends the call of the entry with
 * COSTATE_INVALID_ARGUMENT or, if it is one, that costate_code; costate_fail gives the message. It is called by the thread that calls the entry. */
typedef struct costate_extern_info {
  const char *symbol;
  const char *prototype; /* "int32_t f(costate_context *context, const float *x, float *result, int64_t n, void *data)" */
  const char *place;     /* of its declaration, as "digits.costate:3:11"; "" if it is not known */
  void **data;           /* where entries read its last argument from; NULL until somebody writes it */
} costate_extern_info;

typedef struct costate_model_info {
  int32_t abi_version; /* COSTATE_ABI_VERSION of the compiler */
  int32_t reserved;
  const char *name;
  const char *costate_version;
  uint64_t isa_mask; /* costate_isa bits that the machine code needs */
  int64_t num_dims;
  const char *const *dim_names;
  int64_t num_slots;
  const costate_slot_info *slots;
  int64_t num_hypers;
  const costate_hyper_info *hypers;
  int64_t num_entries;
  const costate_entry_info *entries;
  int64_t num_externs;
  const costate_extern_info *externs;
  costate_entry_loader *loader; /* NULL: every entry has code */
} costate_model_info;

/* ==== Models ======================================================================================================================= */

typedef struct costate_model costate_model;

/* An array of the caller. */
typedef struct costate_array {
  void *data;
  int32_t type; /* costate_type */
  int32_t rank;
  const int64_t *shape; /* rank extents; may be NULL if rank is 0 */
} costate_array;

/* What `print` and `inspect` of a model show while an entry runs, in the order of its lines, on the thread of the call. `value` lives until the function
 * returns; it must not throw, nor call the model. */
typedef void (*costate_printer_fn)(void *user, const char *name, const costate_array *value);
/* Who gets it, from the next call on. NULL: it is a line on stderr, as costate_array_text writes it. */
void costate_context_set_printer(costate_context *context, costate_printer_fn printer, void *user);
/* "loss = 0.25"; "x = f32[2, 9] [[1, 2, 3, ..., 7, 8, 9], [1, 2, 3, ..., 7, 8, 9]]" of an array, of which long axes are shown at their ends. Writes at most
 * `size` bytes, with the zero behind; returns the length of the whole text. */
int64_t costate_array_text(const char *name, const costate_array *value, char *text, int64_t size);
/* For compiled code: shows an array of a costate_type and `rank` axes, at most 8. */
int32_t costate_print(costate_context *context, const char *name, const void *data, int64_t type, int64_t rank, int64_t n0, int64_t n1, int64_t n2,
                      int64_t n3, int64_t n4, int64_t n5, int64_t n6, int64_t n7);

/* Creates a handle: slots (from the entry `init` with seed 0 if there is one, else zero), hyper-parameters at their defaults, and the workspace
 * for calls up to max_dims (one extent a dimension of the model, in order; NULL: all 1). `info` must outlive the handle.
 * Errors: INVALID_ARGUMENT (another ABI version, a negative extent), UNIMPLEMENTED (the CPU lacks instructions of isa_mask),
 * OUT_OF_MEMORY, and what `init` returns. */
int32_t costate_model_create(costate_context *context, const costate_model_info *info, const int64_t *max_dims, costate_model **out);
void costate_model_destroy(costate_model *model);
const costate_model_info *costate_model_get_info(const costate_model *model);
costate_context *costate_model_context(const costate_model *model);
/* Raises the largest extents of a call to at least max_dims each; never lowers one. On failure the handle stays as it was. */
int32_t costate_model_reserve(costate_model *model, const int64_t *max_dims);
/* Sets the seed and draws parameters and states anew by the entry `init`; without `init`, slots keep their values. */
int32_t costate_model_seed(costate_model *model, int64_t seed);
/* Sets a hyper-parameter, from the next call on. Errors: NOT_FOUND; INVALID_ARGUMENT if an integer one gets a fraction. */
int32_t costate_model_set(costate_model *model, const char *hyper, double value);
int32_t costate_model_get(const costate_model *model, const char *hyper, double *value);
/* The memory of a leaf, of a plain slot, or of a whole arena, by name; a leaf of a state arena is "SLOT/LEAF". Parameters are searched before
 * states. Lives as long as the handle; the shape lives as long as the info. Errors: NOT_FOUND. */
int32_t costate_model_array(costate_model *model, const char *name, costate_array *out);
/* A note of the caller, which goes with the states into a file and comes back with them: where a run stands. value NULL: no note. Errors:
 * INVALID_ARGUMENT for a key that begins with "costate.". */
int32_t costate_model_set_note(costate_model *model, const char *key, const char *value);
/* NULL if there is none, or no key. Valid until notes change. */
const char *costate_model_note(const costate_model *model, const char *key);
/* Index of an entry in the info, or -1. */
int64_t costate_model_entry(const costate_model *model, const char *name);

/* The fast call, behind every generated function. user: the caller's pointers only, in the order of the descriptor: arguments of role INPUT,
 * TARGET and ROWS, then results of role METRIC and OUTPUT; shapes are the caller's promise. dims: all dimensions of the model. Errors:
 * INVALID_ARGUMENT if a dimension is negative or above the reserved one (both are named) or if a pointer to elements is NULL, and what the entry
 * returns. Allocates nothing, but for the first call of an entry that has its code from a loader, which may also fail as that does. */
int32_t costate_model_invoke(costate_model *model, int64_t entry, void *const *user, const int64_t *dims);

/* The checked call. args: arrays for arguments of role INPUT, TARGET, ROWS and DIM, in order; results: for METRIC and OUTPUT, in order. Types
 * and ranks must match the descriptor, extents the dimensions that args bind. Same errors, and NOT_FOUND for the entry. */
int32_t costate_model_call(costate_model *model, const char *entry, const costate_array *args, int64_t num_args,
                           const costate_array *results, int64_t num_results);
/* First half of the checked call: checks args and binds dims[num_dims] (0 where the entry does not use one), reserved or not. */
int32_t costate_model_bind(costate_model *model, int64_t entry, const costate_array *args, int64_t num_args, int64_t *dims);
/* Extents of all axes of all arguments and results of an entry, flattened (costate_extents_fn, for every descriptor). */
void costate_entry_extents(const costate_entry_info *entry, const int64_t *dims, int64_t *extents);

/* What save and load cover. */
#define COSTATE_SAVE_PARAMS 1 /* and buffers */
#define COSTATE_SAVE_STATES 2 /* also the seed, hyper-parameters and notes: with the parameters, a checkpoint to resume from */

/* Writes a .safetensors file: parameters by leaf name, states as "SLOT/LEAF" or by slot name. Atomic: the file is the old or the new
 * one, whole, even if the machine stops. Errors: IO; INVALID_ARGUMENT if `what` is none of the above. */
int32_t costate_model_save(costate_model *model, const char *path, int32_t what);
/* Reads them back. Every array of `what` must be there with its shape; floats convert between widths; arrays that the model does not know
 * are skipped. On failure the handle stays as it was. Errors: IO, NOT_FOUND, INVALID_ARGUMENT. */
int32_t costate_model_load(costate_model *model, const char *path, int32_t what);
/* The same from a file of another program, whose arrays have other names. names: rules MODEL NAME = FILE NAME, one a line or behind ';', for the arrays
 * that are not there under their own names; '*' is any text, the same on both sides; behind the file's name NumPy's .T or .transpose(2, 3, 1, 0) arranges
 * its axes: "f.layers.*.w = net.*.weight.T; f.layers.*.b = net.*.bias". Errors: also INVALID_ARGUMENT for what is no rule and for an array that two
 * match, NOT_FOUND for a rule that matches none. */
int32_t costate_model_load_renamed(costate_model *model, const char *path, int32_t what, const char *names);

/* ==== Data ========================================================================================================================= */

typedef struct costate_dataset costate_dataset;
typedef struct costate_batches costate_batches;

/* Reads from a .npz, .npy, .csv or .safetensors file the arrays of the INPUT and TARGET arguments of an entry: NAME_split where the file has
 * it, else NAME (split NULL or "": NAME only). Elements are converted to the model's type: exactly, or between float widths; integers are
 * range-checked. The *sample dimension* is the named dimension on axis 0 of the first target (without targets: of the first input that has
 * one); arrays that have it on axis 0 must agree in length and are cut into batches, others are passed whole.
 * A ROWS argument gets for each sample its index in the arrays of the file; shuffling leaves it to its sample.
 * Errors: IO, NOT_FOUND (lists what the file has), INVALID_ARGUMENT (malformed file, shape, type, length). */
int32_t costate_dataset_open(costate_context *context, const costate_model_info *info, const char *entry, const char *path, const char *split,
                             costate_dataset **out);
void costate_dataset_destroy(costate_dataset *dataset);
/* Number of samples. */
int64_t costate_dataset_size(const costate_dataset *dataset);
/* dims[num_dims] of a call on `rows` samples, 0 where the entry does not use a dimension; for costate_model_reserve and _invoke. */
void costate_dataset_dims(const costate_dataset *dataset, int64_t rows, int64_t *dims);

/* Batches of `batch` samples in the order of the file or, with shuffle != 0, in a fresh permutation each epoch, a function of (seed, epoch,
 * size) alone. The last batch of an epoch holds what is left. Errors: INVALID_ARGUMENT if batch < 1 or the dataset is empty. */
int32_t costate_batches_create(costate_dataset *dataset, int64_t batch, int64_t seed, int32_t shuffle, costate_batches **out);
void costate_batches_destroy(costate_batches *batches);
/* Next batch; after the last one of an epoch the next epoch begins. *arrays: pointers to the INPUT, TARGET and ROWS arrays in the entry's order,
 * valid until the next call; *rows: samples in them. Either may be NULL. Allocates nothing. */
int32_t costate_batches_next(costate_batches *batches, void *const **arrays, int64_t *rows);
/* Makes `next` return batch `number` next, counted from 0 over all epochs. Errors: INVALID_ARGUMENT if it is negative. */
int32_t costate_batches_seek(costate_batches *batches, int64_t number);
/* Epoch, from 0, of the batch that `next` returns next. */
int64_t costate_batches_epoch(const costate_batches *batches);
/* Batches an epoch. */
int64_t costate_batches_count(const costate_batches *batches);

/* ==== Extern kernels =============================================================================================================== */
/*
 * costate_NAME_TYPE(context, inputs..., outputs..., extents and flags...). Dense row-major arrays; an output may be the input of the
 * same shape unless said otherwise. Outer extents run in parallel; results do not depend on the number of threads. Errors: OUT_OF_MEMORY.
 */

/* a[batch, n, n], lower triangle read -> l[batch, n, n] with l l' = a, zero above the diagonal. A matrix that is not positive definite (or holds a
 * NaN) gives NaN on and below the diagonal. */
int32_t costate_cholesky_f32(costate_context *context, const float *a, float *l, int64_t batch, int64_t n);
int32_t costate_cholesky_f64(costate_context *context, const double *a, double *l, int64_t batch, int64_t n);

/* Solves op(a) x = b. a[batch, n, n], of which the lower (lower != 0) or upper triangle is read; op is the transpose if transpose != 0; a unit
 * diagonal is assumed, not read, if unit != 0. b, x: [batch, n, m]. A zero pivot gives infinities or NaN, as the division does. */
int32_t costate_triangular_solve_f32(costate_context *context, const float *a, const float *b, float *x, int64_t batch, int64_t n, int64_t m,
                                     int64_t lower, int64_t transpose, int64_t unit);
int32_t costate_triangular_solve_f64(costate_context *context, const double *a, const double *b, double *x, int64_t batch, int64_t n, int64_t m,
                                     int64_t lower, int64_t transpose, int64_t unit);

/* The factorizations below give NaN for a matrix (of which eigh reads the lower triangle) that is not finite. A matrix is scaled by a power of two
 * first where its squares could overflow. Every iteration is bounded. */

/* a[batch, n, n] -> lu[batch, n, n], perm[batch, n]: row i of L U is row perm[i] of a. U on and above the diagonal of lu, below it L, whose diagonal is 1.
 * The pivot of a column is the first one of largest magnitude; a column without one other than 0 stays as it is. */
int32_t costate_lu_f32(costate_context *context, const float *a, float *lu, int32_t *perm, int64_t batch, int64_t n);
int32_t costate_lu_f64(costate_context *context, const double *a, double *lu, int32_t *perm, int64_t batch, int64_t n);

/* a[batch, m, n] -> q[batch, m, n], r[batch, n, n]: q r = a, q' q = I, r upper triangular, its diagonal not negative.
 * Errors: INVALID_ARGUMENT if m < n. */
int32_t costate_qr_f32(costate_context *context, const float *a, float *q, float *r, int64_t batch, int64_t m, int64_t n);
int32_t costate_qr_f64(costate_context *context, const double *a, double *q, double *r, int64_t batch, int64_t m, int64_t n);

/* a[batch, n, n], lower triangle read -> w[batch, n], v[batch, n, n]: a v = v diag(w), v' v = I, w ascends. Of each column of v the first component whose
 * magnitude is at least 0.37 of the largest is positive: vectors of structured matrices, full of zeros and of equal components, have no such
 * ratio, so that rounding does not decide. */
int32_t costate_eigh_f32(costate_context *context, const float *a, float *w, float *v, int64_t batch, int64_t n);
int32_t costate_eigh_f64(costate_context *context, const double *a, double *w, double *v, int64_t batch, int64_t n);

/* a[batch, m, n] -> u[batch, m, n], s[batch, n], vh[batch, n, n]: u diag(s) vh = a, u' u = vh vh' = I, s descends. Signs: of the rows of vh as above.
 * Errors: INVALID_ARGUMENT if m < n. */
int32_t costate_svd_f32(costate_context *context, const float *a, float *u, float *s, float *vh, int64_t batch, int64_t m, int64_t n);
int32_t costate_svd_f64(costate_context *context, const double *a, double *u, double *s, double *vh, int64_t batch, int64_t m, int64_t n);

/* Discrete Fourier transform of each row of re + i im, both [batch, n] -> yre, yim: y[k] = sum over j of x[j] exp(-2 pi i j k / n), or exp(2 pi i j k / n)
 * if inverse != 0; neither is scaled. O(n log n) operations for every n. A row that is not finite gives NaN. */
int32_t costate_fft_f32(costate_context *context, const float *re, const float *im, float *yre, float *yim, int64_t batch, int64_t n,
                        int64_t inverse);
int32_t costate_fft_f64(costate_context *context, const double *re, const double *im, double *yre, double *yim, int64_t batch, int64_t n,
                        int64_t inverse);

/* Sorting along the middle axis of [outer, n, inner]. Order: ascending, NaN after everything (NumPy), -0 equal to +0; stable.
 * Several operands by the first key: argsort of the key, then take_along of each operand.
 * argsort: key -> perm, the position along the axis of each element of the sorted key. n < 2^31. */
int32_t costate_argsort_f32(costate_context *context, const float *key, int32_t *perm, int64_t outer, int64_t n, int64_t inner);
int32_t costate_argsort_f64(costate_context *context, const double *key, int32_t *perm, int64_t outer, int64_t n, int64_t inner);
int32_t costate_argsort_i32(costate_context *context, const int32_t *key, int32_t *perm, int64_t outer, int64_t n, int64_t inner);
int32_t costate_argsort_i64(costate_context *context, const int64_t *key, int32_t *perm, int64_t outer, int64_t n, int64_t inner);

/* y[o, j, i] = x[o, index[o, j, i], i] for elements of 1, 2, 4 or 8 bytes: x[outer, n, inner], index and y[outer, k, inner]. y must not overlap x.
 * Errors: INVALID_ARGUMENT if an index is outside [0, n). */
int32_t costate_take_along_b1(costate_context *context, const void *x, const int32_t *index, void *y, int64_t outer, int64_t n, int64_t k, int64_t inner);
int32_t costate_take_along_b2(costate_context *context, const void *x, const int32_t *index, void *y, int64_t outer, int64_t n, int64_t k, int64_t inner);
int32_t costate_take_along_b4(costate_context *context, const void *x, const int32_t *index, void *y, int64_t outer, int64_t n, int64_t k, int64_t inner);
int32_t costate_take_along_b8(costate_context *context, const void *x, const int32_t *index, void *y, int64_t outer, int64_t n, int64_t k, int64_t inner);

/* The k largest of each row of x[outer, n], descending, ties by lower position; NaN counts as the largest, as sort has it last.
 * values, indices: [outer, k], 0 <= k <= n. Not in place. Errors: INVALID_ARGUMENT if k is out of range. */
int32_t costate_top_k_f32(costate_context *context, const float *x, float *values, int32_t *indices, int64_t outer, int64_t n, int64_t k);
int32_t costate_top_k_f64(costate_context *context, const double *x, double *values, int32_t *indices, int64_t outer, int64_t n, int64_t k);
int32_t costate_top_k_i32(costate_context *context, const int32_t *x, int32_t *values, int32_t *indices, int64_t outer, int64_t n, int64_t k);
int32_t costate_top_k_i64(costate_context *context, const int64_t *x, int64_t *values, int32_t *indices, int64_t outer, int64_t n, int64_t k);

#ifdef __cplusplus
}
#endif
#endif /* COSTATE_RUNTIME_COSTATE_H */
