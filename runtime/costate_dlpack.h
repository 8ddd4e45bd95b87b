/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Arrays of costate.h as DLPack tensors and back, without copies: https://dmlc.github.io/dlpack.
 *
 *     DLManagedTensorVersioned *weights;
 *     costate_model_dlpack(model, "f.layers.0.w", &weights);       // the handle's own memory; NumPy, PyTorch, JAX read and write it
 *     ...
 *     weights->deleter(weights);                                   // before or after costate_model_destroy
 *
 * A program that has DLPack's own header includes that one first.
 */
#ifndef COSTATE_RUNTIME_COSTATE_DLPACK_H
#define COSTATE_RUNTIME_COSTATE_DLPACK_H

#include "costate/runtime/costate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ==== The structs of DLPack 1.0, in its words ====================================================================================== */

#ifndef DLPACK_DLPACK_H_
#define DLPACK_DLPACK_H_

#define DLPACK_MAJOR_VERSION 1
#define DLPACK_MINOR_VERSION 0
#define DLPACK_FLAG_BITMASK_READ_ONLY (1UL << 0UL)
#define DLPACK_FLAG_BITMASK_IS_COPIED (1UL << 1UL)

typedef struct {
  uint32_t major, minor;
} DLPackVersion;

#ifdef __cplusplus
typedef enum : int32_t { /* of a device that is not listed here too */
#else
typedef enum {
#endif
                         kDLCPU = 1,
                         kDLCUDA = 2,
                         kDLCUDAHost = 3,
                         kDLROCM = 10
} DLDeviceType;

typedef struct {
  DLDeviceType device_type;
  int32_t device_id;
} DLDevice;

typedef enum { kDLInt = 0U, kDLUInt = 1U, kDLFloat = 2U, kDLOpaqueHandle = 3U, kDLBfloat = 4U, kDLComplex = 5U, kDLBool = 6U } DLDataTypeCode;

typedef struct {
  uint8_t code; /* DLDataTypeCode */
  uint8_t bits;
  uint16_t lanes;
} DLDataType;

typedef struct {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides; /* in elements; NULL: row-major and compact */
  uint64_t byte_offset;
} DLTensor;

typedef struct DLManagedTensor {
  DLTensor dl_tensor;
  void *manager_ctx;
  void (*deleter)(struct DLManagedTensor *self);
} DLManagedTensor;

typedef struct DLManagedTensorVersioned {
  DLPackVersion version;
  void *manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned *self);
  uint64_t flags;
  DLTensor dl_tensor;
} DLManagedTensorVersioned;

#endif /* DLPACK_DLPACK_H_ */

/* ==== Tensors of a handle, and arrays for a call ==================================================================================== */

/* The memory that costate_model_array gives, as a tensor: what a step writes is seen through it. It may outlive the handle and its context; the memory
 * goes when both handle and tensor are gone. The deleter may be called on any thread. Errors: NOT_FOUND, OUT_OF_MEMORY; `*out` is NULL then. */
int32_t costate_model_dlpack(costate_model *model, const char *name, DLManagedTensorVersioned **out);

/* A tensor as an argument or result of costate_model_call: its own memory, for as long as the tensor is there, whose `shape` it uses. Of a
 * DLManagedTensor or DLManagedTensorVersioned (of major version 1) it is &managed->dl_tensor.
 * Errors: INVALID_ARGUMENT for another device than the CPU, for strides that are not those of a compact row-major array, and for data that is not aligned
 * to its elements; UNIMPLEMENTED for elements that no costate_type is. */
int32_t costate_array_from_dlpack(costate_context *context, const DLTensor *tensor, costate_array *out);

#ifdef __cplusplus
}
#endif
#endif /* COSTATE_RUNTIME_COSTATE_DLPACK_H */
