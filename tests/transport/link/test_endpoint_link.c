#include "transport/link/endpoint_link.h"

#include "support/cmocka.h"
#include "support/handshakes.h"
#include "support/sites.h"

#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

struct journal {
    unsigned errors;
    char last[256];
};

static void write_line(void *context, enum log_level level, const char *line) {
    struct journal *journal = context;
    journal->errors += level == LOG_ERROR;
    if (level == LOG_ERROR) {
        snprintf(journal->last, sizeof journal->last, "%s", line);
    }
}

static void test_reason_of_a_refusal_is_logged_with_the_address_and_no_key(void **state) {
    (void)state;
    struct sites sites;
    struct journal journal = {0};
    const struct log log = {.write = write_line, .context = &journal, .level = LOG_INFO};
    sites_open(&sites, 2, "plain?rate=100M&rtt=50ms", 1);
    uint8_t only_self[1][LINK_KEY_BYTES];
    memcpy(only_self[0], sites.at[0].key, LINK_KEY_BYTES);
    sites_start(&sites, 0,
                &(struct endpoint_options){.accept = true,
                                           .peers = (const uint8_t(*)[LINK_KEY_BYTES])only_self,
                                           .peer_count = 1});
    sites_start(&sites, 1, &(struct endpoint_options){.log = &log});
    sites_connect(&sites, 1, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[1].downs, 1, SECOND));
    assert_int_equal(journal.errors, 1);
    assert_non_null(strstr(journal.last, "sim:0"));
    assert_non_null(strstr(journal.last, "does not know this site's key"));
    sites_close(&sites);
}

static void test_link_that_ended_takes_nothing_more(void **state) {
    (void)state;
    struct sites sites;
    struct link_event event;
    uint64_t number;
    sites_open(&sites, 2, "plain?rate=100M&rtt=50ms", 1);
    sites_start(&sites, 1, &(struct endpoint_options){0});
    struct endpoint *endpoint = sites.at[1].endpoint;
    struct link *link = sites_connect(&sites, 1, 0, 0);
    link->ops->close(link, SATSYNC_CANCELLED);
    assert_true(endpoint->ops->poll(endpoint, &event));
    assert_int_equal(event.kind, LINK_EVENT_DOWN);
    assert_int_equal(event.status, SATSYNC_CANCELLED);
    assert_ptr_equal(event.link, link);
    const struct link_message message = {.class = LINK_CONTROL, .bytes = 5};
    const struct link_slice slice = {.data = (const uint8_t *)"hello", .bytes = 5};
    assert_int_equal(link->ops->submit(link, &message, &number), SATSYNC_WRONG_STATE);
    assert_int_equal(link->ops->write(link, 0, &slice), SATSYNC_WRONG_STATE);
    assert_false(endpoint->ops->poll(endpoint, &event));
    sites_close(&sites);
}

static void test_links_share_a_budget_and_give_it_back(void **state) {
    (void)state;
    struct sites sites;
    struct budget memory;
    struct link *link;
    struct satsync_error error;
    sites_open(&sites, 3, "plain?rate=100M&rtt=50ms", 1);
    budget_init(&memory, wan_memory_bytes(&(struct wan_options){0}) * 3 / 2);
    sites_start(&sites, 0, &(struct endpoint_options){.accept = true, .memory = &memory});
    sites_start(&sites, 1, &(struct endpoint_options){0});
    sites_start(&sites, 2, &(struct endpoint_options){0});
    sites_connect(&sites, 1, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[1].ups, 1, SECOND));

    /* There is no room for a second one, whoever begins it. */
    sites_connect(&sites, 2, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[2].downs, 1, SECOND));
    assert_int_equal(sites.at[2].down_status, SATSYNC_LIMIT);
    const struct link_target target = {.address = "sim:1", .peer_key = sites.at[1].key};
    assert_int_equal(
        sites.at[0].endpoint->ops->connect(sites.at[0].endpoint, &target, &link, &error),
        SATSYNC_LIMIT);
    assert_non_null(strstr(error.message, "more memory"));

    /* The first one ends; the next takes its place. */
    sites.at[1].link->ops->close(sites.at[1].link, SATSYNC_OK);
    assert_true(sites_run_until(&sites, &sites.at[0].downs, 1, SECOND));
    sites_run(&sites, net_sim_now_ns(sites.world) + 2 * SECOND);
    sites_connect(&sites, 2, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[2].ups, 1, SECOND));
    sites_close(&sites);
    assert_int_equal(memory.taken, 0);
}

static void test_slices_come_back_before_the_end(void **state) {
    (void)state;
    struct sites sites;
    sites_open(&sites, 2, "plain?rate=1M&rtt=50ms", 1);
    sites_start(&sites, 0, &(struct endpoint_options){.accept = true});
    sites_start(&sites, 1, &(struct endpoint_options){0});
    struct link *link = sites_connect(&sites, 1, 0, 0);
    sites_send(&sites, 1, link, 4 << 20);
    assert_true(sites_run_until(&sites, &sites.at[1].ups, 1, SECOND));
    assert_true(sites.at[1].slices_out > 0);
    link->ops->close(link, SATSYNC_OK);
    assert_true(sites_run_until(&sites, &sites.at[1].downs, 1, SECOND));
    assert_int_equal(sites.at[1].slices_out, 0);
    assert_int_equal(sites.at[1].wrong, 0);
    sites_close(&sites);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reason_of_a_refusal_is_logged_with_the_address_and_no_key),
        cmocka_unit_test(test_link_that_ended_takes_nothing_more),
        cmocka_unit_test(test_links_share_a_budget_and_give_it_back),
        cmocka_unit_test(test_slices_come_back_before_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
