"""The program that starts instances quickly: imports packages once, and forks an instance for each order.

Like `child.py`, which its forks go on with, it stands alone. Arguments: the number of an inherited socket, the path of
`child.py`, and the packages to import, of which those that cannot be imported are left to the functions. An order is
a 32-bit big-endian length and a JSON object (`directory`, `environment`) with two file descriptors: the instance's link
and its output. The answer is the process's number, 32 bits. It ends when the socket closes.
"""

import sys

sys.path.pop(0)  # this file's own folder

import gc
import importlib
import importlib.util
import json
import os
import signal
import socket
import struct
import time
from contextlib import suppress
from typing import Any

_NUMBER = struct.Struct(">I")
_FROM_THE_ENVIRONMENT = ("alibabacloud_credentials.utils.auth_util",)
"""Modules that keep what they found in the environment when they were imported."""


def load_child(path: str) -> Any:
    """The program of an instance, as a module."""
    spec = importlib.util.spec_from_file_location("localcloud_fc_child", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, "")  # it takes its own folder away
    spec.loader.exec_module(module)
    return module


def receive(orders: socket.socket) -> tuple[Any, list[int]]:
    """The next order; None if there will be no more."""
    head, descriptors, _, _ = socket.recv_fds(orders, _NUMBER.size, 2)
    if len(head) < _NUMBER.size:
        return None, []
    (size,) = _NUMBER.unpack(head)
    body = b""
    while len(body) < size:
        body += orders.recv(size - len(body))
    return json.loads(body), descriptors


def become_instance(child: Any, order: Any, link: int, output: int) -> None:
    """Take the order's place in this forked process, and serve until the host closes the link."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.environ.update(order["environment"])  # what the parent has beside it comes from its interpreter
    time.tzset()
    os.chdir(order["directory"])
    for name in _FROM_THE_ENVIRONMENT:
        if name in sys.modules:
            importlib.reload(sys.modules[name])
    child.Runtime(socket.socket(fileno=link)).serve()


def main() -> None:
    orders = socket.socket(fileno=int(sys.argv[1]))
    child = load_child(sys.argv[2])
    child.made_clock = child.Clock()
    for name in sys.argv[3:]:
        with suppress(ImportError):
            importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended instances leave no zombies
    gc.collect()
    gc.freeze()
    while True:
        order, descriptors = receive(orders)
        if order is None:
            return
        process = os.fork()
        if process == 0:
            orders.close()
            become_instance(child, order, *descriptors)
            return
        with suppress(OSError):  # it may have done so itself, or have ended
            os.setpgid(process, process)
        for descriptor in descriptors:
            os.close(descriptor)
        orders.sendall(_NUMBER.pack(process))


if __name__ == "__main__":
    main()
