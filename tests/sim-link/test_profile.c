#include "sim-link/profile.h"

#include "support/cmocka.h"

#include <string.h>

static struct profile parse(const char *text) {
    struct profile profile;
    struct satsync_error error = {.status = SATSYNC_OK};
    if (profile_parse(text, &profile, &error) != SATSYNC_OK) {
        fail_msg("%s: %s", text, error.message);
    }
    return profile;
}

static void test_plain_figures_are_read_for_both_directions(void **state) {
    (void)state;
    struct profile profile = parse("plain?rate=100M&rtt=600ms&loss=1%&jitter=2ms&seed=9");
    assert_int_equal(profile.seed, 9);
    const struct lane_plan *plans[] = {&profile.there, &profile.back};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(plans[i]->rate_bps, 100000000);
        assert_int_equal(plans[i]->delay_ns, 300000000);
        assert_int_equal(plans[i]->loss_ppb, 10000000);
        assert_int_equal(plans[i]->jitter_ns, 2000000);
        assert_int_equal(plans[i]->queue_ns, 600000000);
    }
}

static void test_a_direction_can_be_named(void **state) {
    (void)state;
    struct profile profile = parse("plain?rate=10M&down.rate=20M&up.loss=2%&up.queue-packets=7");
    assert_int_equal(profile.there.rate_bps, 10000000);
    assert_int_equal(profile.back.rate_bps, 20000000);
    assert_int_equal(profile.there.loss_ppb, 20000000);
    assert_int_equal(profile.back.loss_ppb, 0);
    assert_int_equal(profile.there.queue_packets, 7);
    assert_int_equal(profile.there.queue_ns, 0);
    assert_int_equal(profile.back.queue_ns, 20000000);
}

static void test_swap_turns_the_link(void **state) {
    (void)state;
    struct profile straight = parse("geo");
    struct profile turned = parse("geo?swap");
    assert_int_equal(straight.there.rate_bps, turned.back.rate_bps);
    assert_int_equal(straight.back.rate_bps, turned.there.rate_bps);
    assert_true(straight.there.rate_bps < straight.back.rate_bps);
    assert_int_equal(parse("geo?swap=no").there.rate_bps, straight.there.rate_bps);
}

static void test_a_given_figure_stops_what_moves(void **state) {
    (void)state;
    struct profile profile = parse("leo-bent?rate=1G&rtt=40ms");
    assert_int_equal(profile.there.rate_spread_q16, 0);
    assert_null(profile.there.rtt.quantiles);
    assert_int_equal(profile.back.delay_ns, 20000000);
    profile = parse("leo-bent?loss=0");
    assert_int_equal(profile.back.bad_ns, 0);
}

static void test_an_outage_comes_once_or_again(void **state) {
    (void)state;
    struct profile profile = parse("plain?outage=5s&outage-at=20s");
    assert_int_equal(profile.there.outage.count, 1);
    assert_int_equal(profile.there.outage.phase_ns, 20000000000);
    profile = parse("plain?outage=5s&outage-every=60s");
    assert_int_equal(profile.back.outage.count, 0);
    assert_int_equal(profile.back.outage.period_ns, 60000000000);
    assert_int_equal(parse("plain").back.outage.period_ns, 0);
}

static void test_the_larger_mtu_sets_the_payload(void **state) {
    (void)state;
    struct profile profile = parse("plain?up.mtu=9000");
    assert_int_equal(profile_payload_bytes(&profile), 9000 - LANE_HEADER_BYTES);
    profile = parse("plain");
    assert_int_equal(profile_payload_bytes(&profile), 1472);
}

static void test_what_is_unknown_is_named_with_a_suggestion(void **state) {
    (void)state;
    const struct {
        const char *text;
        const char *subject;
        const char *hint;
    } cases[] = {
        {"leo-bnt", "leo-bnt", "leo-bent"},
        {"ge?rate=1M", "ge", "geo"},
        {"plain?jiter=1ms", "jiter", "jitter"},
        {"plain?up.los=1%", "los", "loss"},
        {"zzzzzzzzzz", "zzzzzzzzzz", "satsync-link profiles"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct profile profile;
        struct satsync_error error;
        assert_int_equal(profile_parse(cases[i].text, &profile, &error), SATSYNC_NOT_FOUND);
        assert_string_equal(error.subject, cases[i].subject);
        assert_non_null(strstr(error.message, cases[i].hint));
    }
}

static void test_values_that_cannot_be_are_refused(void **state) {
    (void)state;
    const char *texts[] = {"plain?loss=101%",
                           "plain?rate=fast",
                           "plain?rtt=600",
                           "plain?seed=-1",
                           "plain?up.seed=3",
                           "plain?down.rtt=3ms",
                           "plain?loss",
                           "plain?mtu=100",
                           "plain?mtu=70000",
                           "plain?swap=perhaps",
                           "plain?burst=0",
                           "plain?up.swap",
                           "plain?outage=5s&outage-every=1s",
                           "plain?park=5s&park-every=1s",
                           "plain?rate=1M&trace=x",
                           "plain?orbit=starlink&from=memphis",
                           "plain?orbit=starlink&from=memphis&to=rome",
                           "plain?from=memphis",
                           "plain?rtt=3ms&orbit=starlink&from=memphis&to=atlanta",
                           "plain?queue=1s&queue-bytes=3000",
                           "plain?loss=1%&burst=3&fade=1s",
                           "plain?red-least=30ms&red-most=20ms",
                           "plain?police-burst=2000",
                           "plain?rtt=60ms&delay=5ms",
                           "plain?rtt=60ms&down.delay=5ms",
                           "plain?burst=3",
                           "plain?ecn",
                           "plain?codel-target=2ms",
                           "plain?outage-at=2s",
                           "plain?reorder-by=2ms",
                           "plain?fade-loss=10%",
                           "plain?trace-bytes=1504"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct profile profile;
        struct satsync_error error;
        if (profile_parse(texts[i], &profile, &error) != SATSYNC_INVALID) {
            fail_msg("%s was taken", texts[i]);
        }
        assert_true(error.message[0] != 0);
    }
}

static void test_an_option_that_is_given_twice_is_named(void **state) {
    (void)state;
    const char *texts[] = {"plain?loss=1%&loss=2%", "plain?up.loss=1%&rate=1M&up.loss=1%",
                           "geo?down.loss=1%&down.loss=2%", "plain?seed=1&seed=1", "geo?swap&swap"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct profile profile;
        struct satsync_error error;
        assert_int_equal(profile_parse(texts[i], &profile, &error), SATSYNC_INVALID);
        assert_non_null(strstr(error.message, "is given twice"));
        assert_non_null(strstr(texts[i], error.subject));
    }
}

static void test_a_direction_of_its_own_wins_wherever_it_stands(void **state) {
    (void)state;
    struct profile profile = parse("plain?up.loss=2%&loss=1%&down.rate=5M&rate=1M");
    assert_int_equal(profile.there.loss_ppb, 20000000);
    assert_int_equal(profile.back.loss_ppb, 10000000);
    assert_int_equal(profile.there.rate_bps, 1000000);
    assert_int_equal(profile.back.rate_bps, 5000000);
}

static void test_a_bad_value_is_named_with_its_option(void **state) {
    (void)state;
    const char *texts[] = {"plain?rate=-5M", "plain?up.rate=fast", "plain?rate=1e30", "plain?rate"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct profile profile;
        struct satsync_error error;
        assert_int_equal(profile_parse(texts[i], &profile, &error), SATSYNC_INVALID);
        assert_non_null(strstr(error.message, "option \"rate\""));
    }
}

static void test_what_a_profile_has_can_be_changed_alone(void **state) {
    (void)state;
    assert_int_equal(parse("opt-down?fade-loss=50%").there.bad_loss_ppb, 500000000);
    assert_int_equal(parse("plain?loss=0&burst=3").there.burst_packets, 3);
}

static void test_long_words_are_refused(void **state) {
    (void)state;
    char text[300];
    struct profile profile;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(profile_parse(text, &profile, NULL), SATSYNC_NOT_FOUND);
    memcpy(text, "plain?", 6);
    assert_int_equal(profile_parse(text, &profile, NULL), SATSYNC_INVALID);
}

static void test_each_profile_opens_and_each_figure_has_a_source(void **state) {
    (void)state;
    size_t count;
    const struct profile_entry *const *entries = profile_entries(&count);
    assert_int_equal(count, 13);
    for (size_t i = 0; i < count; i++) {
        parse(entries[i]->name);
        for (size_t j = 0; j < entries[i]->figure_count; j++) {
            const char *source = entries[i]->figures[j].source;
            assert_true(strncmp(source, "assumed", 7) == 0 || strstr(source, "http") != NULL ||
                        strncmp(source, "computed", 8) == 0 || strstr(source, ".c,") != NULL);
        }
    }
}

static void test_hops_follow_each_other_and_turn_for_the_way_back(void **state) {
    (void)state;
    struct profile profile;
    assert_int_equal(profile_open("plain?up.rate=1M&down.rate=2M&rtt=10ms&seed=5|"
                                  "plain?up.rate=3M&down.rate=4M&rtt=20ms",
                                  &profile, NULL),
                     SATSYNC_OK);
    assert_int_equal(profile.seed, 5);
    assert_int_equal(profile.rtt_ns, 30000000);
    assert_int_equal(profile.there.rate_bps, 1000000);
    assert_int_equal(profile.there.after->rate_bps, 3000000);
    assert_int_equal(profile.back.rate_bps, 4000000);
    assert_int_equal(profile.back.after->rate_bps, 2000000);
    assert_null(profile.back.after->after);
    profile_fini(&profile);
    struct satsync_error error;
    assert_int_equal(profile_open("plain|geoo", &profile, &error), SATSYNC_NOT_FOUND);
    assert_non_null(strstr(error.message, "geo"));
    assert_int_equal(
        profile_open("plain|plain|plain|plain|plain|plain|plain|plain|plain", &profile, &error),
        SATSYNC_LIMIT);
}

static void test_an_orbit_and_a_trace_take_the_place_of_figures(void **state) {
    (void)state;
    struct profile profile = parse("plain?orbit=starlink&from=memphis&to=abudhabi");
    assert_string_equal(profile.back.orbit.router.to->name, "abudhabi");
    assert_int_equal(profile.there.slots.phase_ns, 12000000000);
    profile = parse("leo-bent?down.trace=a.trace");
    assert_string_equal(profile.trace_paths[1], "a.trace");
    assert_string_equal(profile.trace_paths[0], "");
    profile = parse("leo-bent?down.trace=a.trace&swap");
    assert_string_equal(profile.trace_paths[0], "a.trace");
    struct satsync_error error;
    assert_int_equal(profile_open("plain?trace=/nowhere/a.trace", &profile, &error),
                     SATSYNC_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hops_follow_each_other_and_turn_for_the_way_back),
        cmocka_unit_test(test_an_orbit_and_a_trace_take_the_place_of_figures),
        cmocka_unit_test(test_plain_figures_are_read_for_both_directions),
        cmocka_unit_test(test_a_direction_can_be_named),
        cmocka_unit_test(test_swap_turns_the_link),
        cmocka_unit_test(test_a_given_figure_stops_what_moves),
        cmocka_unit_test(test_an_outage_comes_once_or_again),
        cmocka_unit_test(test_the_larger_mtu_sets_the_payload),
        cmocka_unit_test(test_what_is_unknown_is_named_with_a_suggestion),
        cmocka_unit_test(test_values_that_cannot_be_are_refused),
        cmocka_unit_test(test_an_option_that_is_given_twice_is_named),
        cmocka_unit_test(test_a_direction_of_its_own_wins_wherever_it_stands),
        cmocka_unit_test(test_a_bad_value_is_named_with_its_option),
        cmocka_unit_test(test_what_a_profile_has_can_be_changed_alone),
        cmocka_unit_test(test_long_words_are_refused),
        cmocka_unit_test(test_each_profile_opens_and_each_figure_has_a_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
