#include "base/bytes.h"
#include "base/random.h"
#include "base/timers.h"
#include "rounds/agreement.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 5, FLYING = 4096, STEPS = 400 };

#define MS UINT64_C(1000000)

struct memory {
    uint8_t data[PROMISES_BYTES_MAX];
    size_t bytes;
    bool broken;
};

struct flying {
    uint64_t at_ns;
    size_t from, to, bytes;
    uint8_t *data;
};

static struct {
    size_t count;
    struct agreement *node[NODES];
    struct memory memory[NODES];
    bool cut[NODES]; /* nothing reaches or leaves it */
    uint64_t decided[NODES];
    uint32_t decision[STEPS]; /* what was decided, 0 unknown */
    struct flying flying[FLYING];
    size_t flights;
    uint64_t now_ns, lost_in_1000;
    struct random random;
} world;

static enum satsync_status keep(void *context, const void *data, size_t bytes) {
    struct memory *memory = context;
    if (memory->broken) {
        return SATSYNC_NO_SPACE;
    }
    memcpy(memory->data, data, bytes);
    memory->bytes = bytes;
    return SATSYNC_OK;
}

static void start(size_t i) {
    struct memory *memory = &world.memory[i];
    struct rounds_options options = {.sites = world.count,
                                     .site = i,
                                     .seed = world.random.seed,
                                     .now_ns = world.now_ns,
                                     .heartbeat_ns = 100 * MS,
                                     .election_ns = 600 * MS,
                                     .port = {keep, memory},
                                     .promises = memory->bytes > 0 ? memory->data : NULL,
                                     .promises_bytes = memory->bytes};
    struct satsync_error error = {0};
    assert_int_equal(agreement_open(&options, &world.node[i], &error), SATSYNC_OK);
    world.decided[i] = 0;
}

static void stop(size_t i) {
    agreement_close(world.node[i]);
    world.node[i] = NULL;
}

static void open_world(uint64_t seed, size_t count) {
    memset(&world, 0, sizeof world);
    world.count = count;
    world.now_ns = 1000 * MS;
    world.random = random_of(seed, 99);
    for (size_t i = 0; i < count; i++) {
        start(i);
    }
}

static void close_world(void) {
    for (size_t i = 0; i < world.count; i++) {
        stop(i);
    }
    while (world.flights > 0) {
        free(world.flying[--world.flights].data);
    }
}

static void collect(size_t from) {
    struct agreement_message message;
    while (agreement_message(world.node[from], &message)) {
        assert_true(message.peer < world.count && message.peer != from);
        if (world.cut[from] || world.cut[message.peer] || world.flights == FLYING ||
            random_below(&world.random, 1000) < world.lost_in_1000) {
            free(message.data);
            continue;
        }
        world.flying[world.flights++] =
            (struct flying){world.now_ns + (20 + random_below(&world.random, 60)) * MS, from,
                            message.peer, message.bytes, message.data};
    }
}

/* Decisions rise, and no two nodes ever see two of one number. */
static void observe(size_t i) {
    struct agreement_decision decision;
    while (agreement_decision(world.node[i], &decision)) {
        assert_true(decision.step > world.decided[i] && decision.step < STEPS);
        world.decided[i] = decision.step;
        uint32_t value = load_le32(decision.data);
        uint32_t *known = &world.decision[decision.step];
        assert_true(*known == 0 || *known == value);
        *known = value;
    }
}

static void deliver(void) {
    for (size_t k = 0; k < world.flights;) {
        struct flying flying = world.flying[k];
        if (flying.at_ns > world.now_ns) {
            k++;
            continue;
        }
        world.flying[k] = world.flying[--world.flights];
        if (world.node[flying.to] && !world.cut[flying.to]) {
            assert_int_equal(agreement_recv(world.node[flying.to], world.now_ns, flying.from,
                                            flying.data, flying.bytes),
                             SATSYNC_OK);
        }
        free(flying.data);
    }
}

static void run_ms(uint64_t ms) {
    for (uint64_t end = world.now_ns + ms * MS; world.now_ns < end; world.now_ns += 5 * MS) {
        deliver();
        for (size_t i = 0; i < world.count; i++) {
            if (world.node[i]) {
                agreement_run(world.node[i], world.now_ns);
                observe(i);
                collect(i);
            }
        }
    }
}

/* Whoever leads proposes `step`; true when one did. */
static bool propose(uint64_t step, uint32_t value) {
    bool any = false;
    for (size_t i = 0; i < world.count; i++) {
        struct agreement_decision decision = {.step = step, .bytes = 4};
        store_le32(decision.data, value + (uint32_t)i);
        any |= world.node[i] &&
               agreement_propose(world.node[i], world.now_ns, &decision) == SATSYNC_OK;
    }
    return any;
}

static size_t leader(void) {
    for (size_t i = 0; i < world.count; i++) {
        if (world.node[i] && !world.cut[i] && agreement_leader(world.node[i]) == i) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void test_a_proposal_is_decided_everywhere(void **state) {
    (void)state;
    for (size_t count = 2; count <= NODES; count++) {
        open_world(count, count);
        assert_false(propose(1, 7));
        run_ms(4000);
        assert_true(leader() < count);
        assert_true(propose(1, 100));
        run_ms(1000);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(world.decided[i], 1);
            assert_int_equal(agreement_leader(world.node[i]), leader());
        }
        assert_int_equal(world.decision[1], 100 + leader());
        close_world();
    }
}

static void test_the_first_proposal_of_a_step_is_the_decision(void **state) {
    (void)state;
    open_world(1, 3);
    run_ms(4000);
    assert_true(propose(1, 10) && propose(1, 20) && propose(2, 30) && propose(1, 40));
    run_ms(1000);
    assert_int_equal(world.decision[1], 10 + leader());
    assert_int_equal(world.decision[2], 30 + leader());
    close_world();
}

/* One way for the entry: not a second one for the leader's word that it is decided. */
static void test_of_three_a_follower_knows_as_soon_as_it_has_stored(void **state) {
    (void)state;
    open_world(4, 3);
    run_ms(4000);
    run_ms(10);
    assert_true(propose(1, 10));
    run_ms(90);
    for (size_t i = 0; i < 3; i++) {
        assert_true(i == leader() || world.decided[i] == 1);
    }
    close_world();
}

static void test_a_minority_decides_nothing(void **state) {
    (void)state;
    open_world(2, 3);
    run_ms(4000);
    size_t old = leader();
    world.cut[old] = true;
    assert_true(propose(1, 10));
    run_ms(8000);
    assert_int_equal(world.decided[old], 0);
    size_t new = leader();
    assert_true(new < 3 && new != old);
    assert_true(propose(1, 50));
    run_ms(1000);
    assert_int_equal(world.decision[1], 50 + new);
    world.cut[old] = false;
    run_ms(5000);
    assert_int_equal(world.decided[old], 1);
    close_world();
}

static void test_a_restart_keeps_promises_and_catches_up_by_snapshot(void **state) {
    (void)state;
    open_world(3, 3);
    run_ms(4000);
    size_t away = (leader() + 1) % 3;
    stop(away);
    for (uint64_t step = 1; step <= 300; step++) {
        propose(step, 10);
        run_ms(300);
    }
    assert_int_equal(world.decided[leader()], 300);
    start(away);
    run_ms(5000);
    assert_int_equal(world.decided[away], 300);
    for (size_t i = 0; i < 3; i++) { /* all at once, from what they kept */
        stop(i);
    }
    for (size_t i = 0; i < 3; i++) {
        start(i);
    }
    run_ms(5000);
    assert_true(propose(301, 10));
    run_ms(1000);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(world.decided[i], 301);
    }
    close_world();
}

static void test_a_site_that_cannot_keep_promises_says_nothing_more(void **state) {
    (void)state;
    open_world(6, 3);
    run_ms(4000);
    size_t bad = leader();
    world.memory[bad].broken = true;
    assert_true(propose(1, 10));
    struct agreement_message message;
    assert_int_equal(agreement_status(world.node[bad]), SATSYNC_NO_SPACE);
    assert_false(agreement_message(world.node[bad], &message));
    run_ms(8000);
    assert_int_equal(world.decision[1], 0);
    assert_true(leader() != bad || agreement_leader(world.node[(bad + 1) % 3]) != bad);
    close_world();
}

/* Loss, disorder, cuts and restarts by seed: observe() holds that nothing is decided twice. */
static void run_chaos(uint64_t seed) {
    open_world(seed, 2 + (size_t)(seed % 4));
    world.lost_in_1000 = 50;
    for (uint32_t turn = 0; turn < 60; turn++) {
        uint64_t next = 1;
        for (size_t i = 0; i < world.count; i++) {
            next = world.decided[i] >= next ? world.decided[i] + 1 : next;
        }
        propose(next, 100 * turn + 1);
        size_t i = (size_t)random_below(&world.random, world.count);
        switch (random_below(&world.random, 6)) {
        case 0:
            world.cut[i] = !world.cut[i];
            break;
        case 1:
            stop(i);
            start(i);
            break;
        default:
            break;
        }
        run_ms(100 + random_below(&world.random, 1500));
    }
    memset(world.cut, 0, sizeof world.cut);
    world.lost_in_1000 = 0;
    run_ms(8000);
    assert_true(leader() < world.count);
    for (size_t i = 1; i < world.count; i++) {
        assert_int_equal(agreement_leader(world.node[i]), agreement_leader(world.node[0]));
    }
    close_world();
}

static void test_nothing_is_decided_twice_whatever_happens(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        run_chaos(seed);
    }
}

static void test_what_no_member_sends_is_refused(void **state) {
    (void)state;
    open_world(7, 3);
    run_ms(4000);
    const uint8_t bad[][4] = {{0}, {1, 2}, {6, 0, 0, 0}, {7}, {255}};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(agreement_recv(world.node[0], world.now_ns, 1, bad[i], sizeof bad[i]),
                         SATSYNC_PROTOCOL);
    }
    assert_int_equal(agreement_recv(world.node[0], world.now_ns, 1, bad, 0), SATSYNC_PROTOCOL);
    run_ms(1000);
    assert_true(propose(1, 10));
    close_world();
}

/* So that its receiver can choose when to store it. */
static void test_a_message_tells_what_decision_it_carries(void **state) {
    (void)state;
    open_world(9, 3);
    run_ms(4000);
    assert_true(propose(1, 10) && propose(2, 20));
    struct agreement_message message;
    struct agreement_decision carried;
    uint64_t newest = 0;
    size_t leads = leader();
    while (agreement_message(world.node[leads], &message)) {
        if (agreement_carries(message.data, message.bytes, &carried)) {
            newest = carried.step > newest ? carried.step : newest;
            assert_int_equal(load_le32(carried.data), 10 * carried.step + leads);
            assert_false(agreement_carries(message.data, 30, &carried));
        }
        free(message.data);
    }
    assert_int_equal(newest, 2);
    const uint8_t vote[] = {3, 1, 0, 0, 0, 0, 0, 0, 0};
    assert_false(agreement_carries(vote, sizeof vote, &carried));
    close_world();
}

static void test_damaged_promises_are_refused_at_the_start(void **state) {
    (void)state;
    open_world(8, 3);
    run_ms(3000);
    stop(0);
    struct memory *memory = &world.memory[0];
    memory->data[5] ^= 1;
    struct rounds_options options = {.sites = 3,
                                     .heartbeat_ns = 100 * MS,
                                     .election_ns = 600 * MS,
                                     .port = {keep, memory},
                                     .promises = memory->data,
                                     .promises_bytes = memory->bytes};
    struct satsync_error error;
    struct agreement *agreement = world.node[1];
    assert_int_equal(agreement_open(&options, &agreement, &error), SATSYNC_CORRUPT);
    assert_null(agreement);
    close_world();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_proposal_is_decided_everywhere),
        cmocka_unit_test(test_the_first_proposal_of_a_step_is_the_decision),
        cmocka_unit_test(test_of_three_a_follower_knows_as_soon_as_it_has_stored),
        cmocka_unit_test(test_a_minority_decides_nothing),
        cmocka_unit_test(test_a_restart_keeps_promises_and_catches_up_by_snapshot),
        cmocka_unit_test(test_a_site_that_cannot_keep_promises_says_nothing_more),
        cmocka_unit_test(test_nothing_is_decided_twice_whatever_happens),
        cmocka_unit_test(test_what_no_member_sends_is_refused),
        cmocka_unit_test(test_a_message_tells_what_decision_it_carries),
        cmocka_unit_test(test_damaged_promises_are_refused_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
