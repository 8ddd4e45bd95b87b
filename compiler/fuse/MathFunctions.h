// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementary functions as formulas of `arith`: add, subtract, multiply, divide, compare, select and bit operations, without a branch, a
// loop, a memory access or a fused multiply-add. So every compiler that keeps IEEE arithmetic gives the same bits, scalar or vector.
//
// Arguments and results are f32 or f64 of one formula. Special values (NaN, infinities, zeros and their signs, denormals) are those of
// IEEE 754-2019, section 9.2, and C, annex F. The largest errors measured are in compiler/fuse/README.md.
#ifndef COSTATE_COMPILER_FUSE_MATH_FUNCTIONS_H
#define COSTATE_COMPILER_FUSE_MATH_FUNCTIONS_H

#include "costate/compiler/fuse/Real.h"

namespace costate::fuse {

Real exp(Real x);
Real expm1(Real x);
Real log(Real x);
Real log1p(Real x);
Real pow(Real base, Real exponent);
Real tanh(Real x);
Real erf(Real x);

/// For |x| <= 10^6, in radians. Beyond, the result is some number in [-1, 1]: the reduction knows pi/2 to 152 bits, not to 1200.
Real sin(Real x);
Real cos(Real x);

Real atan(Real x);
/// The angle of the point (x, y), in [-pi, pi].
Real atan2(Real y, Real x);

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_MATH_FUNCTIONS_H
