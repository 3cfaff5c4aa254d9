"""Prints the demo's closing table from the last push's and the relay's JSON objects."""

import json
import sys

# A datagram of 1472 bytes carries 1410 of a checkpoint; the rest is headers, tags and frames.
PAYLOAD_SHARE = 1410 / 1472
IP_UDP_BYTES = 28


def last_object(path):
    with open(path, encoding="utf-8") as file:
        return json.loads(file.read().strip().split("\n")[-1])


def size(count):
    return f"{count / 2**20:8.2f} MiB"


def seconds(nanoseconds):
    return f"{nanoseconds / 1e9:8.2f} s"


def main():
    push = last_object(sys.argv[1])
    report = last_object(sys.argv[2])["report"]
    up, down = report["up"], report["down"]
    stored = push["total_bytes"]
    twice = max(0, up["entered_bytes"] * PAYLOAD_SHARE - stored)
    missing = stored - push["present_bytes"]
    ip_bytes = up["entered_bytes"] + IP_UDP_BYTES * up["entered_packets"]
    rows = [
        ("raw tensors", size(push["raw_bytes"])),
        ("stored: compressed, sealed", size(stored)),
        ("on the wire, up", size(ip_bytes) + "  both pushes, IP and UDP headers included"),
        ("on the wire, down", size(down["entered_bytes"] + IP_UDP_BYTES * down["entered_packets"])),
        ("sent twice", size(twice) + "  two kills, lost packets, a server away for a second"),
        ("left for the second push", size(missing)),
        ("its time", seconds(push["elapsed_ns"])),
    ]
    for state in ("connecting", "sending", "repairing", "waiting", "idle"):
        rows.append((f"  {state}", seconds(push[f"{state}_ns"])))
    for name, value in rows:
        print(f"{name:28} {value}")


if __name__ == "__main__":
    main()
