# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Costate and NumPy on the same memory: dlpack.py LIBCOSTATE.so"""
import ctypes
import gc
import sys

import numpy as np

lib = ctypes.CDLL(sys.argv[1])
lib.costate_program_info.restype = ctypes.c_void_p
for function in (lib.costate_context_last_error, lib.costate_compiler_last_error):
    function.restype = ctypes.c_char_p
new_capsule, get_pointer = ctypes.pythonapi.PyCapsule_New, ctypes.pythonapi.PyCapsule_GetPointer
new_capsule.restype, new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]

MODEL = b"""model m {
  input x : f32[batch, 4]
  net f = mlp([4, 5, 3], activation=tanh)
  state bias = zeros([3])
  predict y = f(x) + bias
}
"""


class Array(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("type", ctypes.c_int32), ("rank", ctypes.c_int32), ("shape", ctypes.c_void_p)]


class Exported:
    """What numpy.from_dlpack asks for."""

    def __init__(self, managed):
        self.capsule = new_capsule(managed, b"dltensor_versioned", None)

    def __dlpack__(self, **_):
        return self.capsule

    def __dlpack_device__(self):
        return (1, 0)


def check(code):
    if code != 0:
        raise ValueError(lib.costate_context_last_error(context).decode())


def tensor_of(model, name):
    managed = ctypes.c_void_p()
    check(lib.costate_model_dlpack(model, name.encode(), ctypes.byref(managed)))
    return np.from_dlpack(Exported(managed))


def array_of(values, keep):
    """The array as an argument; `keep` holds its tensor for as long as the call needs it."""
    keep.append(values.__dlpack__())
    out = Array()
    check(lib.costate_array_from_dlpack(context, ctypes.c_void_p(get_pointer(keep[-1], b"dltensor")), ctypes.byref(out)))
    return out


compiler, program, context, model = (ctypes.c_void_p() for _ in range(4))
assert lib.costate_compiler_create(ctypes.byref(compiler)) == 0
if lib.costate_compiler_compile(compiler, b"m.costate", MODEL, ctypes.c_int64(len(MODEL)), ctypes.byref(program)):
    sys.exit(lib.costate_compiler_last_error(compiler).decode())
assert lib.costate_context_create(1, ctypes.byref(context)) == 0
info = ctypes.c_void_p(lib.costate_program_info(program))
check(lib.costate_model_create(context, info, (ctypes.c_int64 * 1)(8), ctypes.byref(model)))

w = [tensor_of(model, f"f.layers.{i}.w") for i in (0, 1)]
b = [tensor_of(model, f"f.layers.{i}.b") for i in (0, 1)]
bias = tensor_of(model, "bias")
random = np.random.default_rng(1)
for array in (*w, *b, bias):
    assert array.dtype == np.float32 and array.flags.c_contiguous
    array[...] = random.normal(size=array.shape)  # into the handle

x, y, keep = random.normal(size=(8, 4)).astype(np.float32), np.zeros((8, 3), np.float32), []
check(lib.costate_model_call(model, b"predict", ctypes.byref(array_of(x, keep)), ctypes.c_int64(1), ctypes.byref(array_of(y, keep)), ctypes.c_int64(1)))
np.testing.assert_allclose(y, np.tanh(x @ w[0] + b[0]) @ w[1] + b[1] + bias, rtol=1e-5, atol=1e-5)
print("predictions agree")

for unfit in (np.zeros((4, 3), np.float32).T, np.zeros(3, np.int16)):
    try:
        array_of(unfit, keep)
    except ValueError as error:
        print("refused:", error)

before = [array.copy() for array in (*w, *b, bias)]
lib.costate_model_destroy(model)
lib.costate_context_destroy(context)
lib.costate_program_destroy(program)
lib.costate_compiler_destroy(compiler)
for array, kept in zip((*w, *b, bias), before):
    np.testing.assert_array_equal(array, kept)
    array[...] = 0
del w, b, bias, array
gc.collect()
print("weights outlive the model")
