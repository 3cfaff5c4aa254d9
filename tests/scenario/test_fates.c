/*
 * Every profile gives the same fate to every packet, whatever the compiler. `--print SEEDS` gives a
 * hash of each profile over so many seeds; tests/campaign/fate_hash compares them between compilers
 * and optimisation levels.
 */
#include "sim-link/profile.h"
#include "sim-link/sim.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PACKETS = 3000 };

static void release(void *context, uint64_t now_ns, struct packet *packet) {
    (void)now_ns;
    sim_release(*(struct sim **)context, packet);
}

/* A minute of both directions under random load. */
static void add_run(const char *link, uint64_t seed, struct trace_hash *hash) {
    struct profile profile;
    struct sim *sim;
    struct lane *lanes[2];
    struct sim_options options = {.without_content = true};
    assert_int_equal(profile_parse(link, &profile, NULL), SATSYNC_OK);
    assert_int_equal(sim_open(&options, &sim, NULL), SATSYNC_OK);
    for (uint32_t i = 0; i < 2; i++) {
        struct sim_lane lane = {
            i == 0 ? &profile.there : &profile.back, {.seed = seed, .direction = i}, release, &sim};
        assert_int_equal(sim_add(sim, &lane, &lanes[i], NULL), SATSYNC_OK);
    }
    struct random random = random_of(seed, 1000);
    for (int i = 0; i < PACKETS; i++) {
        struct packet header = {.bytes = 40 + (uint32_t)random_below(&random, 1400)};
        sim_run_until(sim, sim_now_ns(sim) + random_below(&random, 40000000));
        sim_push(sim, lanes[random_below(&random, 2)], &header, NULL);
    }
    while (sim_step(sim)) {
        continue;
    }
    trace_hash_add(hash, sim_trace(sim)->a);
    trace_hash_add(hash, sim_trace(sim)->b);
    sim_close(sim);
}

static const char *const links[] = {
    "lan",
    "fibre-memphis-atlanta",
    "fibre-memphis-ashburn",
    "fibre-memphis-abudhabi",
    "leo-bent",
    "leo-bent-rain",
    "leo-isl",
    "leo-oneweb",
    "meo",
    "geo",
    "opt-down",
    "lunar",
    "plain?rate=20M&rtt=30ms&loss=2%&burst=5&jitter=3ms&reorder=1%&duplicate=1%&corrupt=1%&aqm="
    "codel",
    "plain?rate=5M&orbit=starlink&from=memphis&to=abudhabi&fade=20ms&fade-every=1s&aqm=red&"
    "police=9M"};
enum { LINKS = sizeof links / sizeof *links };

static void hash_of(const char *link, uint64_t seeds, char out[TRACE_HASH_TEXT_BYTES]) {
    struct trace_hash hash = trace_hash_start();
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        add_run(link, seed, &hash);
    }
    trace_hash_text(&hash, out);
}

static void test_a_profile_gives_its_fates_again(void **state) {
    (void)state;
    char hashes[LINKS][TRACE_HASH_TEXT_BYTES];
    for (size_t i = 0; i < LINKS; i++) {
        char again[TRACE_HASH_TEXT_BYTES];
        hash_of(links[i], 2, hashes[i]);
        hash_of(links[i], 2, again);
        assert_string_equal(hashes[i], again);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(hashes[i], hashes[j]);
        }
    }
}

/* tests/campaign/fate_hash says whether it changes with the compiler; a change of the emulation
 * changes it on purpose. */
static void test_all_profiles_give_the_golden_fates(void **state) {
    (void)state;
    struct trace_hash all = trace_hash_start();
    char text[TRACE_HASH_TEXT_BYTES];
    for (size_t i = 0; i < LINKS; i++) {
        add_run(links[i], 7, &all);
    }
    trace_hash_text(&all, text);
    assert_string_equal(text, "9748785cee226da79f91f5e9b8f4e21e");
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--print") == 0) {
        for (size_t i = 0; i < LINKS; i++) {
            char hash[TRACE_HASH_TEXT_BYTES];
            hash_of(links[i], strtoull(argv[2], NULL, 10), hash);
            printf("%s %s\n", hash, links[i]);
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_profile_gives_its_fates_again),
        cmocka_unit_test(test_all_profiles_give_the_golden_fates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
