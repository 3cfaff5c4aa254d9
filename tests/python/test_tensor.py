import array
import unittest

import satsync
from satsync.tensor import Dtype, View

try:
    import numpy
except ImportError:
    numpy = None


class Fake:
    """What View needs of a PyTorch tensor; PyTorch itself is no dependency of the tests."""

    def __init__(self, device="cpu", contiguous=True, dtype="torch.bfloat16"):
        self.device = type("Device", (), {"type": device, "__str__": lambda self: device})()
        self.dtype = dtype
        self.shape = (2, 4)
        self.contiguous = contiguous

    def is_contiguous(self):
        return self.contiguous

    def data_ptr(self):
        return 4096


class Buffers(unittest.TestCase):
    def test_each_format_has_its_dtype(self):
        for code, dtype in (("b", Dtype.I8), ("H", Dtype.U16), ("i", Dtype.I32), ("q", Dtype.I64),
                            ("f", Dtype.F32), ("d", Dtype.F64)):
            self.assertEqual(View("x", array.array(code, [1, 2])).dtype, dtype)

    def test_shapes_of_memoryviews_are_kept(self):
        view = View("x", memoryview(bytes(24)).cast("B", (2, 3, 4)))
        self.assertEqual((view.shape, view.bytes), ((2, 3, 4), 24))

    def test_a_shape_that_does_not_fit_is_refused(self):
        with self.assertRaisesRegex(satsync.UsageError, "16 bytes, the memory 12"):
            View("x", bytes(12), Dtype.F32, (2, 2))

    def test_bytes_are_read_only(self):
        self.assertFalse(View("x", b"ab").is_writable())
        self.assertTrue(View("x", bytearray(b"ab")).is_writable())


class Torch(unittest.TestCase):
    def test_a_host_tensor_is_seen_where_it_is(self):
        view = View("x", Fake())
        self.assertEqual((view.dtype, view.shape, view.address, view.bytes),
                         (Dtype.BF16, (2, 4), 4096, 16))

    def test_device_memory_and_strides_are_refused_with_the_way_out(self):
        with self.assertRaisesRegex(satsync.UsageError, "cuda.*cpu"):
            View("x", Fake(device="cuda"))
        with self.assertRaisesRegex(satsync.UsageError, "contiguous"):
            View("x", Fake(contiguous=False))
        with self.assertRaisesRegex(satsync.UsageError, "torch.qint8"):
            View("x", Fake(dtype="torch.qint8"))


@unittest.skipIf(numpy is None, "NumPy is not installed")
class Numpy(unittest.TestCase):
    def test_an_array_is_seen_where_it_is(self):
        a = numpy.zeros((3, 5), numpy.float32)
        view = View("x", a)
        self.assertEqual((view.dtype, view.shape, view.address),
                         (Dtype.F32, (3, 5), a.ctypes.data))

    def test_strides_and_big_endian_are_refused(self):
        with self.assertRaisesRegex(satsync.UsageError, "ascontiguousarray"):
            View("x", numpy.zeros((4, 4))[:, ::2])
        with self.assertRaisesRegex(satsync.UsageError, "big-endian"):
            View("x", numpy.zeros(4, ">f4"))
        with self.assertRaisesRegex(satsync.UsageError, "no counterpart"):
            View("x", numpy.zeros(4, numpy.complex128))


if __name__ == "__main__":
    unittest.main()
