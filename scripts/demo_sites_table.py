"""Prints the closing table of the demo's second half from the JSON objects in this folder."""

import json
import sys

SITES = ("memphis", "atlanta", "abudhabi")


def last_object(path):
    with open(path, encoding="utf-8") as file:
        return json.loads(file.read().strip().split("\n")[-1])


def main():
    sites = {name: last_object(f"{name}.0.json") for name in SITES}
    hashes = {site["state_hash"] for site in sites.values()}
    if len(hashes) != 1:
        sys.exit(f"the states differ: {hashes}")
    print(f"all three sites hold the same state, {hashes.pop()[:16]}")
    print()
    print("                  contributions    on the wire    waited    late  fetched")
    for name, site in sites.items():
        print(f"{name:16}  {site['sent_bytes'] / 1e6:10.2f} MB  {site['wire_bytes'] / 1e6:10.2f} MB"
              f"  {site['exposed_ns'] / 1e9:6.1f} s  {site['late_steps']:6}"
              f"  {site['fetched_states']:7}")
    print()
    rows = (("three sites", sites["memphis"]), ("fully synchronous", last_object("synchronous.json")),
            ("one site alone", last_object("alone.json")))
    print(f"validation loss after {rows[1][1]['steps']} steps, nats a byte")
    for name, row in rows:
        print(f"{name:18} {row['validation_loss']:.4f}")


if __name__ == "__main__":
    main()
