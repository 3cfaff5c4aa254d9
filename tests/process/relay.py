"""relay.py PROGRAM MANPAGE: satsync-link as its users meet it, over loopback sockets."""

import csv
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

PROGRAM, MANPAGE = sys.argv[1:3]


def udp():
    result = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    result.bind(("127.0.0.1", 0))
    return result


def command(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


class Relay:
    """A running relay, a client's socket and the target's."""

    def __init__(self, profile, *options):
        self.target = udp()
        self.client = udp()
        to = "127.0.0.1:%d" % self.target.getsockname()[1]
        self.process = subprocess.Popen(
            [PROGRAM, "relay", profile, "127.0.0.1:0", to, "--json", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        host, port = json.loads(self.process.stdout.readline())["address"].split(":")
        self.address = (host, int(port))

    def send(self, data):
        self.client.sendto(data, self.address)

    def end(self, how=signal.SIGINT):
        if how is not None:
            self.process.send_signal(how)
        out, _ = self.process.communicate()
        self.client.close()
        self.target.close()
        return self.process.returncode, json.loads(out.splitlines()[-1])


class Control:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")

    def ask(self, line):
        self.file.write(line + "\n")
        self.file.flush()
        return json.loads(self.file.readline())

    def close(self):
        self.file.close()
        self.socket.close()

    def wait_for(self, direction, key, count):
        while True:
            value = self.ask("get")["report"][direction]
            if value[key] >= count:
                return value


class TestRelay(unittest.TestCase):
    def test_echo_goes_there_and_back_and_ctrl_c_reports(self):
        relay = Relay("plain?rtt=10ms")
        for number in range(20):
            relay.send(b"ping %d" % number)
            data, peer = relay.target.recvfrom(100)
            self.assertEqual(data, b"ping %d" % number)
            relay.target.sendto(data.upper(), peer)
            self.assertEqual(relay.client.recv(100), data.upper())
        code, report = relay.end()
        self.assertEqual(code, 0)
        self.assertEqual(report["status"], "ok")
        self.assertEqual(report["report"]["up"]["delivered_packets"], 20)
        self.assertEqual(report["report"]["down"]["delivered_packets"], 20)
        self.assertIn("p99", report["report"]["late_ns"])

    def test_same_seed_loses_the_same_packets(self):
        lost = []
        for seed in ("7", "7", "8"):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "control")
                relay = Relay("plain?up.loss=20%", "--seed", seed, "--control", path)
                control = Control(path)
                kept = []
                for number in range(300):
                    relay.send(b"%d" % number)
                    control.wait_for("up", "entered_packets", number + 1)
                delivered = control.wait_for("up", "entered_packets", 300)["delivered_packets"]
                kept = [int(relay.target.recv(100)) for _ in range(delivered)]
                control.close()
                relay.end(signal.SIGTERM)
                lost.append(sorted(set(range(300)) - set(kept)))
        self.assertEqual(lost[0], lost[1])
        self.assertNotEqual(lost[0], lost[2])
        self.assertTrue(30 <= len(lost[0]) <= 90)

    def test_control_shuts_and_opens_and_quits(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "control")
            relay = Relay("plain", "--control", path)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            control = Control(path)
            for verb in ("down", "outage 10min"):
                self.assertTrue(control.ask(verb)["ok"])
                before = control.ask("get")["report"]["up"]["entered_packets"]
                relay.send(b"lost")
                control.wait_for("up", "entered_packets", before + 1)
                self.assertTrue(control.ask("up")["ok"])
                relay.send(b"kept")
                self.assertEqual(relay.target.recv(100), b"kept")
            self.assertEqual(control.ask("get")["report"]["up"]["dropped_packets"]["gate"], 2)
            self.assertIn("outage", control.ask("outge")["error"])
            self.assertTrue(control.ask("quit")["ok"])
            control.close()
            code, _ = relay.end(None)
            self.assertEqual(code, 0)
            self.assertFalse(os.path.exists(path))

    def test_a_run_leaves_what_was_asked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            names = {word: os.path.join(folder, word) for word in ("capture", "series", "metrics")}
            options = [text for word, path in names.items() for text in ("--" + word, path)]
            path = os.path.join(folder, "control")
            relay = Relay("plain?up.loss=100%", "--step", "10ms", "--control", path, *options)
            control = Control(path)
            relay.send(b"lost")
            control.wait_for("up", "entered_packets", 1)
            self.assertIn('satsync_link_dropped_packets_total{direction="up",cause="loss"} 1\n',
                          control.ask("metrics")["metrics"])
            control.close()
            self.assertEqual(relay.end()[0], 0)
            with open(names["capture"], "rb") as file:
                capture = file.read()
            self.assertEqual(capture[:4], b"\n\r\r\n")
            self.assertIn(b"dropped by loss, packet 0, after 0.00000", capture)
            with open(names["series"], encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual(sum(int(row["dropped_loss"]) for row in rows), 1)
            with open(names["metrics"], encoding="utf-8") as file:
                self.assertIn('satsync_link_entered_packets_total{direction="up"} 1\n', file.read())
            self.assertEqual(len(os.listdir(folder)), 3)

    def test_clients_do_not_hear_each_other(self):
        relay = Relay("plain")
        other = udp()
        relay.send(b"a")
        _, peer_a = relay.target.recvfrom(10)
        other.sendto(b"b", relay.address)
        _, peer_b = relay.target.recvfrom(10)
        self.assertNotEqual(peer_a, peer_b)
        relay.target.sendto(b"for b", peer_b)
        self.assertEqual(other.recv(10), b"for b")
        relay.target.sendto(b"for a", peer_a)
        self.assertEqual(relay.client.recv(10), b"for a")
        other.close()
        relay.end()


class TestProgram(unittest.TestCase):
    def test_mistakes_are_named_with_their_class(self):
        taken = udp()
        in_use = "127.0.0.1:%d" % taken.getsockname()[1]
        cases = [
            (["shwo"], 2, "show"), (["show", "leo-bnt"], 2, "leo-bent"), (["show"], 2, "profile"),
            (["profiles", "geo"], 2, "show geo"), (["relay", "geo"], 2, "LISTEN"),
            (["relay", "geo", "127.0.0.1:0", "127.0.0.1:1", "--sed", "1"], 2, "--seed"),
            (["relay", "geo", in_use, "127.0.0.1:1"], 4, in_use + " is in use"),
            (["relay", "geo", "127.0.0.1:0", "127.0.0.1"], 2, "HOST:PORT"),
            (["relay", "geo?loss=200%", "127.0.0.1:0", "127.0.0.1:1"], 2, "loss"),
        ]
        for arguments, code, text in cases:
            with self.subTest(arguments=arguments):
                result = command(*arguments, "--json")
                self.assertEqual(result.returncode, code)
                self.assertIn(text, result.stderr)
                answer = json.loads(result.stdout.splitlines()[-1])
                self.assertNotEqual(answer["status"], "ok")
                self.assertIn(text, answer["subject"] + ": " + answer["message"])
        taken.close()

    def test_a_topology_is_printed_or_refused_with_its_line(self):
        with tempfile.NamedTemporaryFile("w", suffix=".topology") as file:
            file.write("site memphis\nsite atlanta\nlink memphis atlanta geo?up.rate=5M\n")
            file.flush()
            result = command("topology", file.name)
            self.assertEqual(result.returncode, 0)
            self.assertIn("2 sites, 1 links, seed 1", result.stdout)
            answer = json.loads(command("topology", file.name, "--json").stdout)
            self.assertEqual(answer["sites"], ["memphis", "atlanta"])
            self.assertEqual(answer["links"][0]["up_bps"], 5000000)
            file.write("link memphsi atlanta geo\n")
            file.flush()
            result = command("topology", file.name)
            self.assertEqual(result.returncode, 2)
            self.assertIn(file.name + ':4: there is no site "memphsi"; did you mean "memphis"?',
                          result.stderr)

    def test_help_is_everywhere(self):
        for arguments in (["--help"], ["profiles", "--help"], ["show", "--help"],
                          ["relay", "--help"]):
            result = command(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertIn("usage: satsync-link", result.stdout)
        self.assertEqual(command().returncode, 2)

    def test_each_profile_can_be_shown(self):
        for profile in json.loads(command("profiles", "--json").stdout)["profiles"]:
            shown = json.loads(command("show", profile["name"], "--json").stdout)
            self.assertEqual(shown["profile"], profile["name"])
            for figure in shown["figures"]:
                self.assertTrue(figure["source"])

    def test_examples_of_the_manual_page_run(self):
        with open(MANPAGE, encoding="utf-8") as file:
            text = file.read().split(".SH EXAMPLES")[1]
        lines = [line for line in text.splitlines() if line.startswith("satsync-link ")]
        self.assertGreaterEqual(len(lines), 4)
        for line in lines:
            with self.subTest(line=line):
                self.assertEqual(command(*shlex.split(line)[1:]).returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
