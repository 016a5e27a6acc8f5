#!/usr/bin/env python3
"""Numbered, time-stamped datagrams, to look at a network from its two ends.

udp_probe.py receive PORT SECONDS              prints "ready", then "NUMBER DELAY_NS" per datagram, in order of arrival
udp_probe.py send ADDRESS PORT COUNT PER_SECOND BYTES
"""

import socket
import struct
import sys
import time

HEADER = struct.Struct("=qq")


def send(address, port, count, per_second, size):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    start = time.monotonic_ns()
    for number in range(count):
        wait = start + number * 1_000_000_000 // per_second - time.monotonic_ns()
        if wait > 0:
            time.sleep(wait / 1e9)
        datagram = HEADER.pack(number, time.monotonic_ns()).ljust(size, b"\0")
        sock.sendto(datagram, (address, port))


def receive(port, seconds):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("", port))
    print("ready", flush=True)
    end = time.monotonic() + seconds
    lines = []
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            data = sock.recv(2048)
        except socket.timeout:
            break
        number, sent = HEADER.unpack_from(data)
        lines.append(f"{number} {time.monotonic_ns() - sent}")
    print("\n".join(lines))


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], *map(int, sys.argv[3:7]))
    else:
        receive(int(sys.argv[2]), float(sys.argv[3]))
