#include "sim-link/topology.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char THREE[] = "# three sites\n"
                            "site memphis\n"
                            "site atlanta # the second\n"
                            "\n"
                            "link atlanta memphis plain?rtt=10ms&rate=1G\n"
                            "site abudhabi\n"
                            "link memphis abudhabi leo-isl|fibre-memphis-ashburn\n"
                            "seed 7\n"
                            "start 11s";

static void test_sites_and_links_are_read(void **state) {
    (void)state;
    struct topology topology;
    assert_int_equal(topology_parse("three", THREE, &topology, NULL), SATSYNC_OK);
    assert_int_equal(topology.site_count, 3);
    assert_string_equal(topology.sites[2], "abudhabi");
    assert_int_equal(topology.link_count, 2);
    assert_int_equal(topology.links[0].a, 1);
    assert_int_equal(topology.links[0].b, 0);
    assert_int_equal(topology.links[0].profile.there.rate_bps, 1000000000);
    assert_non_null(topology.links[1].profile.there.after);
    assert_int_equal(topology.seed, 7);
    assert_int_equal(topology.start_ns, 11000000000);
    assert_int_equal(topology_find(&topology, "atlanta", NULL), 1);
    assert_int_equal(topology_find(&topology, "atlantis", NULL), 3);
    topology_fini(&topology);
}

static void test_a_link_alone_is_two_sites_without_names(void **state) {
    (void)state;
    struct topology topology;
    assert_int_equal(topology_of_link("geo?seed=9&start=3s", &topology, NULL), SATSYNC_OK);
    assert_int_equal(topology.site_count, 2);
    assert_string_equal(topology.sites[1], "");
    assert_int_equal(topology.seed, 9);
    assert_int_equal(topology.start_ns, 3000000000);
    topology_fini(&topology);
    assert_int_equal(topology_of_link("goe", &topology, NULL), SATSYNC_NOT_FOUND);
}

static void test_mistakes_are_named_with_their_place(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *says;
        enum satsync_status status;
    } cases[] = {
        {"site memphis\nsite atlanta\nlink memphsi atlanta geo",
         "f:3: there is no site \"memphsi\"; did you mean \"memphis\"?", SATSYNC_NOT_FOUND},
        {"site memphis\nlink memphis quito geo",
         "f:2: there is no site \"quito\"; write it as a line \"site NAME\" before this",
         SATSYNC_NOT_FOUND},
        {"connection a", "f:1: there is no statement \"connection\"; a line begins with site, link",
         SATSYNC_NOT_FOUND},
        {"site a\nsite b\nlink a b geo?rate=-5M", "f:3: option \"rate\": \"-5M\"", SATSYNC_INVALID},
        {"site a\nsite b\nlink a b goe", "f:3: there is no link profile \"goe\"",
         SATSYNC_NOT_FOUND},
        {"site a\nsite b\nlink a b geo?los=1%", "did you mean \"loss\"?", SATSYNC_NOT_FOUND},
        {"sites a", "f:1: there is no statement \"sites\"; did you mean \"site\"?",
         SATSYNC_NOT_FOUND},
        {"site a\nsite a", "f:2: this site is there already", SATSYNC_CONFLICT},
        {"site 1st", "f:1: a site is one name", SATSYNC_INVALID},
        {"site a b", "f:1: a site is one name", SATSYNC_INVALID},
        {"site a\nsite b\nlink a b", "f:3: a link is two sites and a profile", SATSYNC_INVALID},
        {"site a\nlink a a geo", "f:2: a site has no link to itself", SATSYNC_CONFLICT},
        {"site a\nsite b\nlink a b geo\nlink b a lan", "f:4: these sites are joined",
         SATSYNC_CONFLICT},
        {"site a\nsite b\nlink a b geo?seed=7", "f:3: seed and start are the topology's",
         SATSYNC_CONFLICT},
        {"seed seven", "f:1: ", SATSYNC_INVALID},
        {"start", "f:1: one value", SATSYNC_INVALID},
        {"site a\nsite b", "f names no link", SATSYNC_INVALID},
        {"", "f names no link", SATSYNC_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct topology topology;
        struct satsync_error error;
        assert_int_equal(topology_parse("f", cases[i].text, &topology, &error), cases[i].status);
        if (strstr(error.message, cases[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].says);
        }
        assert_null(topology.links);
    }
}

static void test_more_sites_than_there_may_be_are_refused(void **state) {
    (void)state;
    char text[1024] = "";
    struct topology topology;
    struct satsync_error error;
    for (int i = 0; i <= TOPOLOGY_SITES_LIMIT; i++) {
        sprintf(text + strlen(text), "site s%d\n", i);
    }
    assert_int_equal(topology_parse("f", text, &topology, &error), SATSYNC_LIMIT);
    assert_non_null(strstr(error.message, "f:17:"));
}

static void test_a_file_is_read_and_what_is_none_refused(void **state) {
    (void)state;
    char path[] = "/tmp/satsync-topology-XXXXXX";
    struct topology topology;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, THREE, sizeof THREE - 1), sizeof THREE - 1);
    assert_int_equal(topology_read(path, &topology, NULL), SATSYNC_OK);
    assert_int_equal(topology.link_count, 2);
    topology_fini(&topology);
    assert_int_equal(write(fd, "\0x", 2), 2);
    assert_int_equal(topology_read(path, &topology, NULL), SATSYNC_INVALID);
    close(fd);
    unlink(path);
    assert_int_equal(topology_read(path, &topology, NULL), SATSYNC_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sites_and_links_are_read),
        cmocka_unit_test(test_a_link_alone_is_two_sites_without_names),
        cmocka_unit_test(test_mistakes_are_named_with_their_place),
        cmocka_unit_test(test_more_sites_than_there_may_be_are_refused),
        cmocka_unit_test(test_a_file_is_read_and_what_is_none_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
