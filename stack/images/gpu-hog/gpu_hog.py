"""A co-tenant on a real GPU: holds up to --mib MiB of device memory for --seconds seconds.

The same behaviour as stack/apps/gpu-hog, through the CUDA driver API (libcuda, which the NVIDIA runtime mounts).
Not run on a GPU in this repository's CI.
"""

import argparse
import ctypes
import signal
import sys
import time

MIB = 1 << 20
# Small enough to fill a device nearly to the last byte, large enough to do so at once.
CHUNKS_MIB = (1024, 128, 16)
RETRY_SECONDS = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(prog="gpu-hog")
    parser.add_argument("--mib", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()

    # The driver frees everything when the process ends, so ending is freeing.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: sys.exit(0))

    cuda = ctypes.CDLL("libcuda.so.1")
    check(cuda.cuInit(0), "cuInit")
    device, context = ctypes.c_int(), ctypes.c_void_p()
    check(cuda.cuDeviceGet(ctypes.byref(device), 0), "cuDeviceGet")
    check(cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device), "cuDevicePrimaryCtxRetain")
    check(cuda.cuCtxSetCurrent(context), "cuCtxSetCurrent")

    held, end = 0, time.monotonic() + args.seconds
    while time.monotonic() < end:
        taken = 0
        for chunk in CHUNKS_MIB:
            while held + taken + chunk <= args.mib and allocate(cuda, chunk):
                taken += chunk
        if taken > 0:
            held += taken
            print(f"holds {held} of {args.mib} MiB", flush=True)
        time.sleep(RETRY_SECONDS)
    print("freed", flush=True)


def allocate(cuda: ctypes.CDLL, mib: int) -> bool:
    pointer = ctypes.c_uint64()
    return cuda.cuMemAlloc_v2(ctypes.byref(pointer), ctypes.c_size_t(mib * MIB)) == 0


def check(result: int, call: str) -> None:
    if result != 0:
        sys.exit(f"{call} failed with CUDA error {result}")


if __name__ == "__main__":
    main()
