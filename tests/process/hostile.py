"""hostile.py SATSYNC LINK: sites under attack, in want of room or rights, and interrupted, as real
processes over loopback sockets. SATSYNC_SEED chooses what the attack is made of.
"""

import json
import os
import pty
import random
import resource
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SATSYNC, LINK = (os.path.abspath(path) for path in sys.argv[1:3])
SEED = int(os.environ.get("SATSYNC_SEED", "1"))
FLOOD = 20000
HEAD = 10  # of every datagram of the handshake: kind, version, session
HELLO, VERSION_ANSWER = 0xA1, 0xA5


def model(path, seed, count):
    header = json.dumps({"w": {"dtype": "U8", "shape": [count],
                               "data_offsets": [0, count]}}).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + random.Random(seed).randbytes(count))


def last(text):
    return json.loads(text.splitlines()[-1])


def udp():
    result = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    result.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    result.bind(("127.0.0.1", 0))
    return result


class Middle(threading.Thread):
    """Between a pusher and its server: forwards, keeps what it sees, and may change it."""

    def __init__(self, server, change=None):
        super().__init__(daemon=True)
        self.front, self.back = udp(), udp()
        self.server = server
        self.client = None
        self.seen = []
        self.change = change
        self.going = True
        self.address = "127.0.0.1:%d" % self.front.getsockname()[1]
        self.start()

    def run(self):
        while self.going:
            ready, _, _ = select.select([self.front, self.back], [], [], 0.1)
            for one in ready:
                try:
                    data, peer = one.recvfrom(2048)
                    self.forward(one is self.front, data, peer)
                except OSError:
                    pass

    def forward(self, is_up, data, peer):
        if is_up:
            self.client = peer
        if len(self.seen) < 1000:
            self.seen.append(data)
        answer = self.change(data) if self.change and is_up else None
        if answer:
            self.front.sendto(answer, self.client)
        elif is_up:
            self.back.sendto(data, self.server)
        elif self.client:
            self.front.sendto(data, self.client)

    def end(self):
        self.going = False
        self.join()
        self.front.close()
        self.back.close()


def mutated(chance, seen):
    """One datagram of an attack: noise, or something seen, whole or with a wound."""
    if not seen or chance.random() < 0.15:
        return chance.randbytes(chance.choice((0, 1, 9, 10, 26, 27, 100, 1200, 1452)))
    data = bytearray(chance.choice(seen[:20] if chance.random() < 0.4 else seen))
    wound = chance.randrange(7)
    if wound == 1:
        del data[chance.randrange(len(data)):]
    elif wound == 2:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif wound == 3:
        data[0] = chance.choice((0, 0x40, *range(0xA0, 0xA9), 0xFF))
    elif wound == 4:
        data[1] = chance.randrange(256)
    elif wound == 5 and len(data) > HEAD:
        data[2:HEAD] = chance.randbytes(HEAD - 2)
    elif wound == 6:
        data += chance.randbytes(chance.randrange(1, 50))
    return bytes(data)


class Sites(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.processes = []
        for name in ("near", "far"):
            self.must("keygen", name + ".key")
            self.must("init", name, "--key", name + ".key")
        self.save("near", 1, 1)

    def tearDown(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.folder.cleanup()

    def start(self, *arguments, program=SATSYNC, **how):
        process = subprocess.Popen([program, *arguments], cwd=self.folder.name, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)
        self.processes.append(process)
        return process

    def run_json(self, *arguments):
        result = subprocess.run([SATSYNC, *arguments, "--json"], cwd=self.folder.name, text=True,
                                capture_output=True, check=False)
        return result.returncode, last(result.stdout)

    def must(self, *arguments):
        code, answer = self.run_json(*arguments)
        self.assertEqual(code, 0, answer)
        return answer

    def save(self, store, step, seed, count=4 << 20):
        path = os.path.join(self.folder.name, "model")
        model(path, seed, count)
        self.must("save", store, path, "--step", str(step), "--key", store + ".key")

    def serve(self, *rights, **how):
        rights = rights or ("--allow", "near.key.pub")
        server = self.start("serve", "far", "--listen", "127.0.0.1:0", "--key", "far.key", *rights,
                            "--json", **how)
        host, port = json.loads(server.stdout.readline())["address"].split(":")
        return server, (host, int(port))

    def relay(self, profile, server):
        control = os.path.join(self.folder.name, "control")
        relay = self.start("relay", profile, "127.0.0.1:0", "%s:%d" % server, "--json", "--control",
                           control, program=LINK)
        return json.loads(relay.stdout.readline())["address"], control

    def push_arguments(self, address, step=1, *more):
        if not isinstance(address, str):
            address = "%s:%d" % address
        return ("push", "near", str(step), address, "--key", "near.key", "--peer", "far.key.pub",
                "--give-up", "60s", *more)

    def push(self, address, step=1, *more):
        return self.run_json(*self.push_arguments(address, step, *more))

    def far_is_sound(self, count):
        self.assertEqual(self.must("verify", "far")["checkpoints"], count)


def peak_bytes(process):
    with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM"))


def is_sanitized():
    """A sanitizer keeps what was freed."""
    with open(SATSYNC, "rb") as file:
        text = file.read()
    return b"__asan_" in text or b"__tsan_" in text


class TestAttack(Sites):
    def test_a_flood_of_forged_datagrams_stops_neither_end(self):
        chance = random.Random(SEED)
        print("SATSYNC_SEED=%d" % SEED)
        server, address = self.serve()
        middle = Middle(address)
        push = self.start(*self.push_arguments(middle.address, 1, "--rate", "20Mbit", "--json"))
        while len(middle.seen) < 40:
            time.sleep(0.01)
        before = peak_bytes(server)
        strangers = [udp() for _ in range(20)]
        for number in range(FLOOD):
            data = mutated(chance, middle.seen)
            where = chance.randrange(10)
            if where < 5:
                chance.choice(strangers).sendto(data, address)
            elif where < 8:
                middle.back.sendto(data, address)  # as if from the pusher
            else:
                middle.front.sendto(data, middle.client)  # as if from the server
            if number % 20 == 0:
                time.sleep(0.001)
        out, err = push.communicate(timeout=300)
        self.assertEqual(push.returncode, 0, out + err)
        self.assertIsNone(server.poll())
        grown = peak_bytes(server) - before
        print("the server's memory grew by %d bytes" % grown)
        if not is_sanitized():
            self.assertLess(grown, 64 << 20)
        self.far_is_sound(1)
        self.save("near", 2, 2)
        self.assertEqual(self.push(middle.address, 2)[0], 0)
        self.far_is_sound(2)
        for one in strangers:
            one.close()
        middle.end()

    def test_keys_that_are_not_known_are_refused_at_both_ends(self):
        server, address = self.serve()
        self.must("keygen", "stranger.key")
        for key, peer in (("stranger.key", "far.key.pub"), ("near.key", "stranger.key.pub")):
            code, answer = self.run_json("push", "near", "1", "%s:%d" % address, "--key", key,
                                         "--peer", peer, "--give-up", "5s")
            self.assertEqual((code, answer["class"]), (5, "peer"), answer)
        self.assertIsNone(server.poll())
        self.far_is_sound(0)

    def test_another_version_of_the_protocol_is_named(self):
        def newer(data):
            return bytes((VERSION_ANSWER, 2)) + data[2:HEAD] if data[0] == HELLO else None

        server, address = self.serve()
        middle = Middle(address, newer)
        code, answer = self.push(middle.address)
        self.assertEqual((code, answer["status"]), (5, "newer-version"), answer)
        self.assertIn("version", answer["message"])
        middle.end()
        # A server that is older than its pusher says so, and stays.
        old = udp()
        old.settimeout(10)
        old.sendto(bytes((HELLO, 9)) + bytes(1198), address)
        self.assertEqual(old.recv(100)[0], VERSION_ANSWER)
        old.close()
        self.assertEqual(self.push(address)[0], 0)
        self.assertIsNone(server.poll())


class TestRefusal(Sites):
    def test_a_full_disk_at_the_receiver_is_named_and_loses_nothing(self):
        def full():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, resource.RLIM_INFINITY))

        server, address = self.serve(preexec_fn=full, restore_signals=False)
        code, answer = self.push(address)
        self.assertEqual((code, answer["class"]), (3, "resource"), answer)
        self.assertIn("the peer says", answer["message"])
        self.assertIsNone(server.poll())
        self.far_is_sound(0)
        server.terminate()
        server.wait()
        _, address = self.serve()
        self.assertEqual(self.push(address)[0], 0)
        self.far_is_sound(1)

    def test_another_checkpoint_of_the_step_is_a_conflict_with_both_digests(self):
        self.save("far", 1, 2)
        theirs = self.must("ls", "far")["checkpoints"][0]["digest"]
        ours = self.must("ls", "near")["checkpoints"][0]["digest"]
        server, address = self.serve()
        code, answer = self.push(address)
        self.assertEqual((code, answer["status"]), (2, "conflict"), answer)
        self.assertIn(theirs[:16], answer["message"])
        self.assertIn(ours[:16], answer["message"])
        self.assertIsNone(server.poll())
        self.assertEqual(self.must("ls", "far")["checkpoints"][0]["digest"], theirs)
        self.far_is_sound(1)

    def test_steps_that_are_not_there_and_stores_that_are_none(self):
        _, address = self.serve()
        where = "%s:%d" % address
        keys = ("--key", "near.key", "--peer", "far.key.pub", "--give-up", "5s")
        os.mkdir(os.path.join(self.folder.name, "plain"))
        for arguments, code, status in (
                (("push", "near", "999"), 2, "not-found"), (("pull", "near", "999"), 2, "not-found"),
                (("push", "plain", "1"), 2, None), (("push", "absent", "1"), 2, None)):
            with self.subTest(arguments=arguments):
                got, answer = self.run_json(*arguments, where, *keys)
                self.assertEqual(got, code, answer)
                self.assertIn(answer["status"], (status, answer["status"] if not status else None))
                self.assertTrue(answer["message"])

    def test_rights_that_were_not_given(self):
        server, address = self.serve("--allow-read", "near.key.pub")
        code, answer = self.push(address)
        self.assertEqual((code, answer["class"]), (5, "peer"), answer)
        self.assertIn("--allow-write", answer["message"])
        server.terminate()
        server.wait()
        self.save("far", 7, 7)
        _, address = self.serve("--allow-write", "near.key.pub")
        code, answer = self.run_json("pull", "near", "7", "%s:%d" % address, "--key", "near.key",
                                     "--peer", "far.key.pub", "--give-up", "5s")
        self.assertEqual((code, answer["class"]), (5, "peer"), answer)
        self.assertIn("--allow-read", answer["message"])
        self.assertEqual(self.push(address)[0], 0)

    def test_a_store_of_a_newer_version_is_refused_and_left_alone(self):
        path = os.path.join(self.folder.name, "far", "format")
        with open(path, "r+b") as file:
            text = file.read().replace(b" 1\n", b" 9\n")
            file.seek(0)
            file.write(text)
        for arguments in (("ls", "far"), ("verify", "far"),
                          ("serve", "far", "--listen", "127.0.0.1:0", "--key", "far.key",
                           "--allow", "near.key.pub")):
            code, answer = self.run_json(*arguments)
            self.assertEqual(answer["status"], "newer-version", answer)
            self.assertNotIn(code, (0, 1))
        with open(path, "rb") as file:
            self.assertEqual(file.read(), text)


class TestInterruption(Sites):
    def test_ctrl_c_says_how_to_resume_and_that_works(self):
        _, server = self.serve()
        address, _ = self.relay("plain?rate=10M&rtt=40ms", server)
        push = self.start(*self.push_arguments(address, 1, "--json"))
        time.sleep(2)
        push.send_signal(signal.SIGINT)
        out, err = push.communicate()
        self.assertEqual(push.returncode, 130, out + err)
        answer = last(out)
        self.assertEqual(answer["status"], "cancelled")
        self.assertIn(answer["resume"], err)
        resumed = subprocess.run([SATSYNC, *shlex.split(answer["resume"])[1:]], text=True,
                                 cwd=self.folder.name, capture_output=True, check=False)
        self.assertEqual(resumed.returncode, 0, resumed.stdout + resumed.stderr)
        result = last(resumed.stdout)
        self.assertGreater(result["present_bytes"], 500000)
        self.assertLess(result["payload_bytes"], result["total_bytes"] - 500000)
        self.far_is_sound(1)

    def test_a_terminal_shows_sending_and_waiting_as_different_words(self):
        _, server = self.serve()
        address, control = self.relay("plain?rate=10M&rtt=40ms", server)
        push, master = self.push_on_a_terminal(address)
        shown = self.read_until(master, b"sending")
        with socket.socket(socket.AF_UNIX) as commands:
            commands.connect(control)
            commands.sendall(b"down\n")
            shown += self.read_until(master, b"waiting for the link")
            commands.sendall(b"up\n")
            shown += self.read_until(master, None)
        self.assertEqual(push.wait(), 0)
        os.close(master)
        self.assertLess(shown.index(b"sending"), shown.index(b"waiting for the link"))

    def test_a_terminal_shows_repairing_while_losses_are_made_good(self):
        _, server = self.serve()
        address, _ = self.relay("plain?rate=20M&rtt=1s&loss=10%", server)
        push, master = self.push_on_a_terminal(address, "--rate", "19Mbit")
        shown = self.read_until(master, b"repairing")
        self.read_until(master, None)
        self.assertEqual(push.wait(), 0)
        os.close(master)
        self.assertIn(b"sending", shown)
        self.far_is_sound(1)

    def push_on_a_terminal(self, address, *more):
        try:
            master, slave = pty.openpty()
        except OSError as error:
            self.skipTest(f"no terminal to be had: {error}")
        push = subprocess.Popen([SATSYNC, *self.push_arguments(address, 1, *more)], cwd=self.folder.name,
                                stdout=slave, stderr=slave)
        self.processes.append(push)
        os.close(slave)
        return push, master

    def read_until(self, master, text):
        """Ends at the end of the output too, which is an error to Linux."""
        shown = b""
        while text is None or text not in shown:
            try:
                data = os.read(master, 4096)
            except OSError:
                data = b""
            if not data:
                self.assertIsNone(text, "ended without %s: %s" % (text, shown))
                return shown
            shown += data
        return shown

    def test_two_pushes_and_a_save_at_once_all_arrive(self):
        self.save("near", 2, 2)
        _, server = self.serve()
        address, _ = self.relay("plain?rate=30M&rtt=20ms", server)
        pushes = [self.start(*self.push_arguments(address, step, "--json")) for step in (1, 2)]
        for step in (11, 12, 13):
            self.save("far", step, step, 1 << 20)
        for push in pushes:
            out, err = push.communicate()
            self.assertEqual(push.returncode, 0, out + err)
        self.far_is_sound(5)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
