// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_RUNTIME_KERNELS_HALF_PRECISION_H
#define COSTATE_RUNTIME_KERNELS_HALF_PRECISION_H

extern "C" {
_Float16 __truncsfhf2(float x);
_Float16 __truncdfhf2(double x);
__bf16 __truncsfbf2(float x);
__bf16 __truncdfbf2(double x);
float __extendhfsf2(_Float16 x);
}

#endif // COSTATE_RUNTIME_KERNELS_HALF_PRECISION_H
