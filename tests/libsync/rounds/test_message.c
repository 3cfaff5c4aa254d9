#include "rounds/message.h"
#include "support/cmocka.h"

#include <string.h>

enum { SITES = 3 };

static uint8_t data[MESSAGE_CONTROL_BYTES_MAX];

static struct report some_report(void) {
    struct report report = {
        .configuration = 1, .incarnation = 2, .applied = 3, .decided = 4, .steps = 2};
    memset(report.hash, 7, sizeof report.hash);
    for (size_t i = 0; i < 2; i++) {
        report.step[i].step = 4 + i;
        report.step[i].sums = 5;
        report.step[i].sums_of = 99;
        report.step[i].is_gathered = i == 1;
        for (size_t k = 0; k < SITES; k++) {
            report.step[i].incarnation[k] = 100 * i + k;
            report.step[i].fragments[k] = ~(uint64_t)k;
        }
    }
    return report;
}

static void test_a_report_comes_back_and_no_part_of_it_passes(void **state) {
    (void)state;
    struct report report = some_report(), back;
    memset(&back, 0, sizeof back);
    struct bytes_writer writer = bytes_writer_over(data, sizeof data);
    message_put_report(&writer, &report, SITES);
    size_t bytes = bytes_written(&writer);
    for (size_t cut = 0; cut <= bytes + 1; cut++) {
        struct bytes_reader reader = bytes_reader_over(data, cut);
        bool good =
            message_head(&reader) == MESSAGE_REPORT && message_get_report(&reader, &back, SITES);
        assert_int_equal(good, cut == bytes);
        if (good) {
            assert_memory_equal(&back, &report, sizeof report);
        }
    }
    data[MESSAGE_HEAD_BYTES + 32 + ROUNDS_HASH_BYTES] = MESSAGE_REPORT_STEPS + 1;
    struct bytes_reader reader = bytes_reader_over(data, sizeof data);
    message_head(&reader);
    assert_false(message_get_report(&reader, &back, SITES));
}

static bool decision_passes(const struct decision *decision) {
    struct decision back;
    struct bytes_writer writer = bytes_writer_over(data, sizeof data);
    message_put_decision(&writer, decision, SITES);
    struct bytes_reader reader = bytes_reader_over(data, bytes_written(&writer));
    return message_get_decision(&reader, &back, SITES) && back.step == decision->step &&
           back.sites == decision->sites && back.lead == decision->lead &&
           back.by_sums == decision->by_sums &&
           memcmp(back.incarnation, decision->incarnation, sizeof back.incarnation) == 0;
}

static void test_only_decisions_that_make_sense_pass(void **state) {
    (void)state;
    struct decision decision = {.step = 5, .sites = 5, .incarnation = {8, 0, 9}};
    assert_true(decision_passes(&decision));
    decision.sites = 4; /* an incarnation too many */
    assert_false(decision_passes(&decision));
    decision.sites = 7; /* and one too few */
    assert_false(decision_passes(&decision));
    decision = (struct decision){.step = 5, .sites = 8};
    assert_false(decision_passes(&decision));
    decision = (struct decision){.step = 5}; /* void */
    assert_true(decision_passes(&decision));
    decision.incarnation[0] = 1;
    assert_false(decision_passes(&decision));
    decision = (struct decision){.sites = 1, .incarnation = {1}};
    assert_false(decision_passes(&decision));
    decision = (struct decision){
        .step = 5, .sites = 7, .lead = 2, .by_sums = true, .incarnation = {8, 9, 10}};
    assert_true(decision_passes(&decision));
    decision.sites = 3; /* sums are of all sites */
    decision.incarnation[2] = 0;
    assert_false(decision_passes(&decision));
}

static bool fragment_passes(const struct fragment_head *head) {
    struct fragment_head back;
    memset(&back, 0, sizeof back);
    struct bytes_writer writer = bytes_writer_over(data, sizeof data);
    message_put_fragment(&writer, head);
    assert_int_equal(bytes_written(&writer), MESSAGE_FRAGMENT_HEAD_BYTES);
    struct bytes_reader reader = bytes_reader_over(data, bytes_written(&writer) + 9);
    return message_head(&reader) == MESSAGE_FRAGMENT &&
           message_get_fragment(&reader, &back, SITES) && bytes_left(&reader) == 9 &&
           back.step == head->step && back.origin == head->origin &&
           back.incarnation == head->incarnation && back.fragment == head->fragment &&
           back.codec == head->codec;
}

static void test_fragments_name_a_site_a_step_and_a_life(void **state) {
    (void)state;
    struct fragment_head head = {1, 2, 3, 4, 5};
    assert_true(fragment_passes(&head));
    head.origin = SITES;
    assert_false(fragment_passes(&head));
    head = (struct fragment_head){0, 2, 3, 4, 5};
    assert_false(fragment_passes(&head));
    head = (struct fragment_head){1, 2, 0, 4, 5};
    assert_false(fragment_passes(&head));
    head = (struct fragment_head){1, 2, 3, ROUNDS_FRAGMENTS_MAX, 5};
    assert_false(fragment_passes(&head));
}

static void test_a_need_comes_back(void **state) {
    (void)state;
    struct need need = {9, 1, 77, UINT64_MAX, true, false}, back;
    for (uint8_t origin = 0; origin < 5; origin++) {
        need.origin = origin;
        need.sums = origin == 1;
        struct bytes_writer writer = bytes_writer_over(data, sizeof data);
        message_put_need(&writer, &need);
        struct bytes_reader reader = bytes_reader_over(data, bytes_written(&writer));
        assert_int_equal(message_head(&reader), MESSAGE_NEED);
        assert_int_equal(message_get_need(&reader, &back, SITES), origin < SITES);
        assert_int_equal(back.incarnation, 77);
        assert_int_equal(back.sums, need.sums);
        data[bytes_written(&writer) - 1] = 2; /* neither yes nor no */
        reader = bytes_reader_over(data, bytes_written(&writer));
        message_head(&reader);
        assert_false(message_get_need(&reader, &back, SITES));
    }
}

static bool share_passes(const struct share_head *head) {
    struct share_head back;
    memset(&back, 0, sizeof back);
    struct bytes_writer writer = bytes_writer_over(data, sizeof data);
    message_put_share(&writer, head);
    assert_int_equal(bytes_written(&writer), MESSAGE_SHARE_HEAD_BYTES);
    struct bytes_reader reader = bytes_reader_over(data, bytes_written(&writer) + 9);
    return message_head(&reader) == MESSAGE_SHARE && message_get_share(&reader, &back, SITES) &&
           bytes_left(&reader) == 9 && back.start == head->start &&
           back.elements == head->elements && back.origin == head->origin &&
           back.fragment == head->fragment && back.incarnation == head->incarnation;
}

static void test_shares_are_fragments_with_a_place(void **state) {
    (void)state;
    struct share_head head = {1, 2, 3, 4, 5, 256, 512};
    assert_true(share_passes(&head));
    head.origin = SITES;
    assert_false(share_passes(&head));
    head = (struct share_head){0, 2, 3, 4, 5, 0, 1};
    assert_false(share_passes(&head));
    head = (struct share_head){1, 2, 0, 4, 5, 0, 1};
    assert_false(share_passes(&head));
    head = (struct share_head){1, 2, 3, ROUNDS_FRAGMENTS_MAX, 5, 0, 1};
    assert_false(share_passes(&head));
}

static bool sum_passes(const struct sum_head *head) {
    struct sum_head back;
    struct bytes_writer writer = bytes_writer_over(data, sizeof data);
    message_put_sum(&writer, head, SITES);
    assert_int_equal(bytes_written(&writer), message_sum_head_bytes(SITES));
    struct bytes_reader reader = bytes_reader_over(data, bytes_written(&writer) + 9);
    return message_head(&reader) == MESSAGE_SUM && message_get_sum(&reader, &back, SITES) &&
           bytes_left(&reader) == 9 && back.owner == head->owner && back.start == head->start &&
           memcmp(back.incarnation, head->incarnation, sizeof back.incarnation) == 0;
}

static void test_sums_are_of_every_site(void **state) {
    (void)state;
    struct sum_head head = {1, 2, 3, 256, 512, {7, 8, 9}};
    assert_true(sum_passes(&head));
    head.incarnation[1] = 0;
    assert_false(sum_passes(&head));
    head = (struct sum_head){1, SITES, 3, 256, 512, {7, 8, 9}};
    assert_false(sum_passes(&head));
    head = (struct sum_head){0, 2, 3, 256, 512, {7, 8, 9}};
    assert_false(sum_passes(&head));
    head = (struct sum_head){1, 2, ROUNDS_FRAGMENTS_MAX, 256, 512, {7, 8, 9}};
    assert_false(sum_passes(&head));
}

static void test_unknown_kinds_and_versions_are_none(void **state) {
    (void)state;
    const uint8_t heads[][2] = {{0, 1}, {8, 1}, {255, 1}, {2, 0}, {2, 2}};
    for (size_t i = 0; i < 5; i++) {
        struct bytes_reader reader = bytes_reader_over(heads[i], 2);
        assert_int_equal(message_head(&reader), 0);
    }
    const uint8_t one[] = {2};
    struct bytes_reader reader = bytes_reader_over(one, 1);
    assert_int_equal(message_head(&reader), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_report_comes_back_and_no_part_of_it_passes),
        cmocka_unit_test(test_only_decisions_that_make_sense_pass),
        cmocka_unit_test(test_fragments_name_a_site_a_step_and_a_life),
        cmocka_unit_test(test_a_need_comes_back),
        cmocka_unit_test(test_shares_are_fragments_with_a_place),
        cmocka_unit_test(test_sums_are_of_every_site),
        cmocka_unit_test(test_unknown_kinds_and_versions_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
