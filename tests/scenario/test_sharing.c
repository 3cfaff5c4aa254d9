/* Two links over one path, each with its own controller: who gets how much. */
#include "support/cmocka.h"
#include "support/sites.h"

#include <stdio.h>

#define SECOND UINT64_C(1000000000)

enum { MESSAGES = 30, PAIR = 2 };

struct sharing {
    const char *link;
    enum link_controller controllers[PAIR];
    uint64_t second_from_s; /* when the second one begins; 0: there is none */
    uint64_t from_s;        /* what is measured, after the start */
    uint64_t until_s;
};

static struct link *begin(struct sites *sites, enum link_controller controller) {
    struct endpoint *endpoint = sites->at[1].endpoint;
    struct satsync_error error;
    struct link *link;
    const struct link_target target = {
        .address = "sim:0", .peer_key = sites->at[0].key, .controller = controller};
    assert_int_equal(endpoint->ops->connect(endpoint, &target, &link, &error), SATSYNC_OK);
    for (int i = 0; i < MESSAGES; i++) {
        sites_send(sites, 1, link, SITE_MESSAGE_BYTES);
    }
    return link;
}

static uint64_t acked(struct link *link) {
    struct link_stats stats = {0};
    if (link) {
        link->ops->stats(link, &stats);
    }
    return stats.acked_bytes;
}

/* Mbit/s of message bytes of each link. */
static void share(const struct sharing *sharing, double mbit[PAIR]) {
    struct sites sites;
    struct link *links[PAIR] = {0};
    uint64_t before[PAIR];
    sites_open(&sites, 2, sharing->link, 5);
    sites_start(&sites, 0, &(struct endpoint_options){.accept = true});
    sites_start(&sites, 1, &(struct endpoint_options){0});
    uint64_t start_ns = net_sim_now_ns(sites.world);
    links[0] = begin(&sites, sharing->controllers[0]);
    if (sharing->second_from_s > 0) {
        sites_run(&sites, start_ns + sharing->second_from_s * SECOND);
        links[1] = begin(&sites, sharing->controllers[1]);
    }
    sites_run(&sites, start_ns + sharing->from_s * SECOND);
    before[0] = acked(links[0]);
    before[1] = acked(links[1]);
    sites_run(&sites, start_ns + sharing->until_s * SECOND);
    for (int i = 0; i < PAIR; i++) {
        mbit[i] = (double)(acked(links[i]) - before[i]) * 8e-6 /
                  (double)(sharing->until_s - sharing->from_s);
    }
    printf("%-45s %5.1f and %5.1f Mbit/s\n", sharing->link, mbit[0], mbit[1]);
    assert_int_equal(sites.at[0].wrong + sites.at[1].wrong, 0);
    sites_close(&sites);
}

static const char deep[] = "plain?rate=50M&rtt=60ms&queue=200ms";
static const char usual[] = "plain?rate=50M&rtt=60ms&queue=60ms";
static const char shallow[] = "plain?rate=50M&rtt=60ms&queue=20ms";

static void test_cubic_alone_fills_a_clean_path(void **state) {
    (void)state;
    static const char *const links[] = {deep, usual, shallow};
    for (size_t i = 0; i < 3; i++) {
        double mbit[PAIR];
        share(&(struct sharing){links[i], {LINK_CONTROLLER_CUBIC}, 0, 5, 35}, mbit);
        /* Of 47.3 that are there for message bytes. */
        assert_true(mbit[0] > 43);
    }
}

static void test_two_cubics_share_alike(void **state) {
    (void)state;
    double mbit[PAIR];
    share(&(struct sharing){usual, {LINK_CONTROLLER_CUBIC, LINK_CONTROLLER_CUBIC}, 5, 20, 80},
          mbit);
    assert_true(mbit[0] + mbit[1] > 43);
    assert_true(mbit[0] / mbit[1] > 0.6 && mbit[0] / mbit[1] < 1.7);
}

static void test_a_scavenger_alone_takes_the_path(void **state) {
    (void)state;
    double mbit[PAIR];
    share(&(struct sharing){deep, {LINK_CONTROLLER_SCAVENGER}, 0, 10, 60}, mbit);
    assert_true(mbit[0] > 38);
}

static void test_a_scavenger_leaves_the_path_to_cubic(void **state) {
    (void)state;
    static const char *const links[] = {deep, usual, shallow};
    for (size_t i = 0; i < 3; i++) {
        double mbit[PAIR];
        share(
            &(struct sharing){
                links[i], {LINK_CONTROLLER_SCAVENGER, LINK_CONTROLLER_CUBIC}, 10, 20, 80},
            mbit);
        assert_true(mbit[1] > 0.85 * 47.3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cubic_alone_fills_a_clean_path),
        cmocka_unit_test(test_two_cubics_share_alike),
        cmocka_unit_test(test_a_scavenger_alone_takes_the_path),
        cmocka_unit_test(test_a_scavenger_leaves_the_path_to_cubic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
