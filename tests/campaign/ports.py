"""UDP and TCP ports for processes that are started now, or again later."""

import random
import socket

RANGE_FILE = "/proc/sys/net/ipv4/ip_local_port_range"
LOWEST = 12000


def free_ports(count):
    """Ports that nobody has, from below the range that the kernel hands out: a process that is
    killed finds its own still free when it comes back, whatever else runs on the machine."""
    with open(RANGE_FILE, encoding="ascii") as file:
        handed_out = int(file.read().split()[0])
    candidates = random.SystemRandom().sample(range(LOWEST, handed_out), handed_out - LOWEST)
    ports = []
    while len(ports) < count:
        port = candidates.pop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
    return ports
