"""Captures: the UDP datagrams of a pcap file (raw IP or Ethernet, IPv4 or IPv6)."""

import struct
from dataclasses import dataclass

RAW_IP, ETHERNET = 101, 1
MAGICS = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}  # to nanoseconds a tick of the fraction
UDP = 17


@dataclass(frozen=True)
class Datagram:
    time_ns: int
    source: tuple  # address and port
    target: tuple
    payload: bytes


def _udp(packet):
    version = packet[0] >> 4
    if version == 4 and packet[9] == UDP:
        header, addresses = 4 * (packet[0] & 15), (packet[12:16], packet[16:20])
    elif version == 6 and packet[6] == UDP:
        header, addresses = 40, (packet[8:24], packet[24:40])
    else:
        return None
    source, target, size = struct.unpack_from(">HHH", packet, header)
    return (addresses[0], source), (addresses[1], target), packet[header + 8:header + size]


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if struct.unpack_from("<I", data)[0] in MAGICS else ">"
    magic, _, _, _, _, _, link = struct.unpack_from(order + "IHHIIII", data)
    if magic not in MAGICS or link not in (RAW_IP, ETHERNET):
        raise ValueError(f"{path} is no pcap file of IP packets or Ethernet frames")
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, kept, _ = struct.unpack_from(order + "IIII", data, at)
        packet = data[at + 16:at + 16 + kept]
        at += 16 + kept
        found = _udp(packet[14:] if link == ETHERNET else packet)
        if found:
            yield Datagram(seconds * 10**9 + fraction * MAGICS[magic], *found)
