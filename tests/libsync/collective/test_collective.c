#include "collective/collective.h"
#include "collective/letter.h"
#include "support/cmocka.h"
#include "support/group_case.h"
#include "support/room.h"

#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)

static const char *const addresses[ROOM_RANKS] = {"a", "b", "c", "d", "e", "f", "g", "h",
                                                  "i", "j", "k", "l", "m", "n", "o", "p"};

struct world {
    struct room room;
    uint64_t seed;
    struct collective *groups[ROOM_RANKS];
    enum satsync_status status[ROOM_RANKS];
    struct satsync_error errors[ROOM_RANKS];
    uint32_t frozen;        /* bits of ranks that do nothing */
    void *lent[ROOM_RANKS]; /* buffers of an operation that failed: the links may still read them */
    uint64_t ended_ns[ROOM_RANKS];
};

static void enter(struct world *world, uint32_t ranks, uint64_t seed, bool has_place) {
    memset(world, 0, sizeof *world);
    world->seed = seed;
    room_open(&world->room, ranks, seed, has_place);
    struct random random = random_of(seed, 5);
    size_t chunk = 64 + 16 * (size_t)random_below(&random, 100);
    for (uint32_t rank = 0; rank < ranks; rank++) {
        struct collective_options options = {.endpoint = room_endpoint(&world->room, rank),
                                             .rank = rank,
                                             .ranks = ranks,
                                             .addresses = addresses,
                                             .chunk_bytes = chunk};
        assert_int_equal(collective_open(&options, &world->groups[rank], NULL), SATSYNC_OK);
    }
}

static void leave(struct world *world) {
    uint32_t ranks = world->room.ranks;
    room_close(&world->room);
    for (uint32_t rank = 0; rank < ranks; rank++) {
        collective_close(world->groups[rank]);
    }
    for (uint32_t rank = 0; rank < ROOM_RANKS; rank++) {
        free(world->lent[rank]);
    }
}

/* Starts everywhere but at the frozen ranks, then lets them run until all have ended. */
static void run(struct world *world, struct collective_operation *operations) {
    struct random random = random_of(world->seed, 6);
    uint32_t ranks = world->room.ranks;
    uint32_t started = 0;
    uint32_t ended = world->frozen;
    for (uint64_t turns = 0; ended != (1u << ranks) - 1; turns++) {
        assert_true(turns < 20000000);
        uint32_t rank = (uint32_t)random_below(&random, ranks);
        uint32_t bit = 1u << rank;
        world->room.now_ns += world->frozen ? 20000 : 100;
        if (ended & bit) {
            continue;
        }
        if (!(started & bit)) {
            assert_int_equal(collective_start(world->groups[rank], &operations[rank], NULL),
                             SATSYNC_OK);
            started |= bit;
        }
        world->status[rank] = collective_poll(world->groups[rank], &world->errors[rank]);
        if (world->status[rank] != SATSYNC_AGAIN) {
            ended |= bit;
            world->ended_ns[rank] = world->room.now_ns;
        }
    }
}

/* Operation `number` of the seed on all ranks; with a frozen one the results are not looked at. */
static void run_case(struct world *world, uint64_t number, uint64_t max_bytes) {
    struct collective_operation operations[ROOM_RANKS];
    uint32_t ranks = world->room.ranks;
    uint64_t seed = world->seed + number;
    for (uint32_t rank = 0; rank < ranks; rank++) {
        operations[rank] = group_case(world->seed, number, ranks, max_bytes);
        operations[rank].deadline_ns = world->room.now_ns + SECOND_NS;
        operations[rank].buffer = malloc(group_case_bytes(&operations[rank]) + 16);
        assert_non_null(operations[rank].buffer);
        group_case_fill(&operations[rank], seed, rank, operations[rank].buffer);
    }
    run(world, operations);
    for (uint32_t rank = 0; rank < ranks; rank++) {
        if (world->frozen != 0) {
            world->lent[rank] = operations[rank].buffer;
            continue;
        }
        if (world->status[rank] != SATSYNC_OK) {
            print_message("seed %d: %s: %s\n", (int)world->seed, world->errors[rank].subject,
                          world->errors[rank].message);
        }
        assert_int_equal(world->status[rank], SATSYNC_OK);
        if (operations[rank].kind != COLLECTIVE_BARRIER &&
            !group_case_check(&operations[rank], seed, ranks, rank, operations[rank].buffer)) {
            fail_msg("seed %d, operation %d, kind %d, rank %d: wrong result", (int)world->seed,
                     (int)number, (int)operations[rank].kind, (int)rank);
        }
        free(operations[rank].buffer);
    }
}

static void test_random_operations_are_as_plain_loops_say(void **state) {
    (void)state;
    static struct world world;
    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct random random = random_of(seed, 1);
        uint32_t ranks = 2 + (uint32_t)random_below(&random, seed % 10 == 0 ? 15 : 4);
        enter(&world, ranks, seed, seed % 2);
        for (uint64_t number = 0; number < 6; number++) {
            run_case(&world, number, 20000);
        }
        leave(&world);
    }
}

/* Deadline and grace, and no later; and its number, everywhere. */
static void test_a_frozen_rank_is_named_by_all_others_in_time(void **state) {
    (void)state;
    static struct world world;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct random random = random_of(seed, 2);
        uint32_t ranks = 2 + (uint32_t)random_below(&random, 6);
        uint32_t frozen = (uint32_t)random_below(&random, ranks);
        enter(&world, ranks, seed, seed % 2);
        run_case(&world, 0, 20000);
        world.frozen = 1u << frozen;
        uint64_t deadline_ns = world.room.now_ns + SECOND_NS;
        run_case(&world, 1, 20000);
        for (uint32_t rank = 0; rank < ranks; rank++) {
            if (rank != frozen) {
                assert_int_equal(world.status[rank], world.status[rank] == SATSYNC_PEER_FAILED
                                                         ? SATSYNC_PEER_FAILED
                                                         : SATSYNC_TIMED_OUT);
                assert_int_equal(collective_missing(world.groups[rank]), 1u << frozen);
                assert_true(world.ended_ns[rank] < deadline_ns + 2 * COLLECTIVE_GRACE_NS);
                char name[32];
                snprintf(name, sizeof name, "rank %d", (int)frozen);
                assert_string_equal(world.errors[rank].subject, name);
            }
        }
        leave(&world);
    }
}

/* Over shared memory one rank that dies while it writes into another's queue stops all that the
 * other would hear. It must not take the others for missing then. */
static void test_a_rank_that_messages_no_longer_reach_names_the_frozen_one_only(void **state) {
    (void)state;
    static struct world world;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        enter(&world, 5, seed, seed % 2);
        run_case(&world, 0, 20000);
        world.frozen = 1u << 4;
        world.room.seats[seed % 4].is_deaf = true;
        run_case(&world, 1, 20000);
        for (uint32_t rank = 0; rank < 4; rank++) {
            assert_int_equal(collective_missing(world.groups[rank]), 1u << 4);
        }
        leave(&world);
    }
}

/* One rank stops at a random turn in the middle of a long all-reduce. */
static void test_a_rank_that_freezes_midway_is_named(void **state) {
    (void)state;
    static struct world world;
    static float buffers[5][30000];
    unsigned failures = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct random random = random_of(seed, 3);
        enter(&world, 5, seed, seed % 2);
        uint64_t freeze_turn = random_below(&random, 3000);
        uint32_t frozen = (uint32_t)random_below(&random, 5);
        uint32_t ended = 0;
        for (uint32_t rank = 0; rank < 5; rank++) {
            const struct collective_operation sum = {.kind = COLLECTIVE_ALL_REDUCE,
                                                     .dtype = COLLECTIVE_F32,
                                                     .buffer = buffers[rank],
                                                     .count = 30000,
                                                     .deadline_ns = world.room.now_ns + SECOND_NS};
            assert_int_equal(collective_start(world.groups[rank], &sum, NULL), SATSYNC_OK);
        }
        uint32_t others = 31 & ~(1u << frozen);
        for (uint64_t turn = 0; (ended & others) != others; turn++) {
            uint32_t rank = (uint32_t)random_below(&random, 5);
            world.room.now_ns += 20000;
            if (!(ended >> rank & 1) && (rank != frozen || turn < freeze_turn)) {
                world.status[rank] = collective_poll(world.groups[rank], &world.errors[rank]);
                ended |= (uint32_t)(world.status[rank] != SATSYNC_AGAIN) << rank;
            }
        }
        for (uint32_t rank = 0; rank < 5; rank++) {
            /* It may have done its part for some. Those that are done are not blamed either. */
            bool is_done = world.status[rank] == SATSYNC_OK;
            failures += rank != frozen && !is_done;
            assert_true(rank == frozen || is_done ||
                        collective_missing(world.groups[rank]) == 1u << frozen);
        }
        leave(&world);
    }
    assert_true(failures > 60);
}

static void test_a_broken_link_ends_the_operation_at_once(void **state) {
    (void)state;
    static struct world world;
    enter(&world, 4, 9, true);
    run_case(&world, 0, 1000);
    for (uint32_t rank = 0; rank < 3; rank++) {
        room_break(&world.room, rank, 3, SATSYNC_NO_PATH);
    }
    world.frozen = 8;
    uint64_t before_ns = world.room.now_ns;
    run_case(&world, 1, 1000);
    for (uint32_t rank = 0; rank < 3; rank++) {
        assert_true(world.status[rank] == SATSYNC_NO_PATH ||
                    world.status[rank] == SATSYNC_PEER_FAILED);
        assert_int_equal(collective_missing(world.groups[rank]), 8);
        assert_true(world.ended_ns[rank] < before_ns + SECOND_NS / 2);
    }
    leave(&world);
}

static void test_ranks_that_are_only_slow_are_not_called_missing(void **state) {
    (void)state;
    static struct world world;
    enter(&world, 3, 11, true);
    struct collective_operation operations[3];
    for (uint32_t rank = 0; rank < 3; rank++) {
        operations[rank] = (struct collective_operation){.deadline_ns = world.room.now_ns};
    }
    run(&world, operations);
    for (uint32_t rank = 0; rank < 3; rank++) {
        assert_true(world.status[rank] == SATSYNC_TIMED_OUT ||
                    world.status[rank] == SATSYNC_PEER_FAILED);
        assert_int_equal(collective_missing(world.groups[rank]), 0);
    }
    leave(&world);
}

static void test_different_operations_are_refused_with_the_rank(void **state) {
    (void)state;
    static const struct collective_operation others[] = {
        {.kind = COLLECTIVE_ALL_GATHER, .dtype = COLLECTIVE_F32, .count = 8},
        {.kind = COLLECTIVE_ALL_REDUCE, .dtype = COLLECTIVE_F32, .count = 9},
        {.kind = COLLECTIVE_ALL_REDUCE, .dtype = COLLECTIVE_I32, .count = 8}};
    static struct world world;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        float buffers[2][16] = {{0}};
        struct collective_operation operations[2] = {
            {.kind = COLLECTIVE_ALL_REDUCE, .dtype = COLLECTIVE_F32, .count = 8}, others[i]};
        enter(&world, 2, 20 + i, i % 2);
        for (uint32_t rank = 0; rank < 2; rank++) {
            operations[rank].buffer = buffers[rank];
            operations[rank].deadline_ns = world.room.now_ns + SECOND_NS;
        }
        run(&world, operations);
        assert_true(world.status[0] == SATSYNC_PROTOCOL || world.status[1] == SATSYNC_PROTOCOL);
        uint32_t refuser = world.status[0] == SATSYNC_PROTOCOL ? 0 : 1;
        assert_string_equal(world.errors[refuser].subject, refuser == 0 ? "rank 1" : "rank 0");
        assert_int_equal(collective_start(world.groups[0], &operations[0], &world.errors[0]),
                         SATSYNC_WRONG_STATE);
        leave(&world);
    }
}

static void test_what_cannot_be_is_refused_at_the_start(void **state) {
    (void)state;
    static const struct collective_operation wrong[] = {
        {.kind = COLLECTIVE_KINDS},
        {.dtype = COLLECTIVE_DTYPES},
        {.kind = COLLECTIVE_BROADCAST, .root = 2},
        {.kind = COLLECTIVE_BROADCAST, .count = 1},
        {.kind = COLLECTIVE_ALL_REDUCE, .dtype = COLLECTIVE_BYTES},
        {.kind = COLLECTIVE_ALL_GATHER,
         .dtype = COLLECTIVE_F64,
         .count = UINT64_MAX / 4,
         .buffer = (void *)16}};
    static struct world world;
    enter(&world, 2, 1, true);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(collective_start(world.groups[0], &wrong[i], NULL), SATSYNC_INVALID);
    }
    struct collective *group;
    struct collective_options options = {
        .endpoint = room_endpoint(&world.room, 0), .ranks = 1, .addresses = addresses};
    assert_int_equal(collective_open(&options, &group, NULL), SATSYNC_INVALID);
    options.ranks = COLLECTIVE_RANKS + 1;
    assert_int_equal(collective_open(&options, &group, NULL), SATSYNC_INVALID);
    options.ranks = 2;
    options.rank = 2;
    assert_int_equal(collective_open(&options, &group, NULL), SATSYNC_INVALID);
    options.rank = 0;
    options.chunk_bytes = 65;
    assert_int_equal(collective_open(&options, &group, NULL), SATSYNC_INVALID);
    leave(&world);
}

static void test_a_peer_that_breaks_the_protocol_is_named(void **state) {
    (void)state;
    static const uint8_t junk[LETTER_BYTES + 1] = {1, 2, 3};
    static const struct {
        enum link_class class;
        size_t bytes;
    } forged[] = {{LINK_CONTROL, 5}, {LINK_CONTROL, LETTER_BYTES + 1}, {LINK_GRADIENT, 100}};
    static struct world world;
    for (size_t i = 0; i < 2 * sizeof forged / sizeof *forged; i++) {
        enter(&world, 2, 30 + i, i % 2);
        world.frozen = 2;
        room_forge(&world.room, forged[i / 2].class, junk, forged[i / 2].bytes);
        struct collective_operation operations[2] = {
            {.deadline_ns = world.room.now_ns + SECOND_NS}};
        run(&world, operations);
        assert_int_equal(world.status[0], SATSYNC_PROTOCOL);
        assert_string_equal(world.errors[0].subject, "rank 1");
        leave(&world);
    }
}

static void test_waiting_ends_at_the_deadline(void **state) {
    (void)state;
    static struct world world;
    enter(&world, 2, 40, true);
    const struct collective_operation barrier = {.deadline_ns = world.room.now_ns + SECOND_NS};
    assert_int_equal(collective_start(world.groups[0], &barrier, NULL), SATSYNC_OK);
    collective_wait(world.groups[0], UINT64_MAX);
    assert_int_equal(world.room.seats[0].wait_until_ns, barrier.deadline_ns);
    collective_wait(world.groups[0], barrier.deadline_ns - 7);
    assert_int_equal(world.room.seats[0].wait_until_ns, barrier.deadline_ns - 7);
    leave(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations_are_as_plain_loops_say),
        cmocka_unit_test(test_a_frozen_rank_is_named_by_all_others_in_time),
        cmocka_unit_test(test_a_rank_that_messages_no_longer_reach_names_the_frozen_one_only),
        cmocka_unit_test(test_a_rank_that_freezes_midway_is_named),
        cmocka_unit_test(test_a_broken_link_ends_the_operation_at_once),
        cmocka_unit_test(test_ranks_that_are_only_slow_are_not_called_missing),
        cmocka_unit_test(test_different_operations_are_refused_with_the_rank),
        cmocka_unit_test(test_what_cannot_be_is_refused_at_the_start),
        cmocka_unit_test(test_a_peer_that_breaks_the_protocol_is_named),
        cmocka_unit_test(test_waiting_ends_at_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
