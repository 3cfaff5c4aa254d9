#include "transport/ucx/ucx.h"

#include "support/cmocka.h"
#include "transport/ucx/ucx_offer.h"
#include "transport/ucx/ucx_quiet.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucs/debug/log_def.h>

enum { MESSAGE_BYTES = 9 << 20 };

/* Two endpoints in one process, and what came of them. */
struct world {
    struct endpoint *ends[2];
    struct link *links[2];
    struct link_event downs[2];
    unsigned returned;
    unsigned delivered;
    uint64_t received_bytes;
    unsigned received;
    bool places;
    char urgent[6]; /* the last such word */
    unsigned urged;
    bool urged_after_down;
    uint8_t *into; /* MESSAGE_BYTES */
};

static struct endpoint *open_end(const char *listen, uint32_t rank, uint64_t job) {
    const struct ucx_options options = {.listen = listen, .rank = rank, .job = job};
    struct endpoint *endpoint;
    struct satsync_error error;
    if (satsync_ucx_module.open(&options, &endpoint, &error) != SATSYNC_OK) {
        fail_msg("%s: %s", error.subject, error.message);
    }
    return endpoint;
}

static void take(struct world *world, size_t end, const struct link_event *event) {
    switch (event->kind) {
    case LINK_EVENT_UP:
        assert_int_equal(event->peer_rank, 1 - end);
        assert_null(event->peer_key);
        world->links[end] = event->link;
        break;
    case LINK_EVENT_DOWN:
        world->downs[end] = *event;
        world->links[end] = NULL;
        break;
    case LINK_EVENT_MESSAGE:
        event->link->ops->place(event->link, event->message, world->places ? world->into : NULL);
        break;
    case LINK_EVENT_DATA:
        assert_true(!world->places || event->data == world->into + event->offset);
        memmove(world->into + event->offset, event->data, event->bytes);
        event->link->ops->release(event->link, event->bytes);
        world->received_bytes += event->bytes;
        break;
    case LINK_EVENT_RECEIVED:
        world->received++;
        break;
    case LINK_EVENT_RETURNED:
        assert_ptr_equal(event->cookie, world);
        world->returned++;
        break;
    case LINK_EVENT_DELIVERED:
        world->delivered++;
        break;
    case LINK_EVENT_URGENT:
        assert_int_equal(event->bytes, sizeof world->urgent);
        memcpy(world->urgent, event->data, event->bytes);
        world->urged++;
        world->urged_after_down |= !world->links[end];
        break;
    case LINK_EVENT_WRITABLE:
        break;
    }
}

static void turn(struct world *world) {
    for (size_t end = 0; end < 2; end++) {
        struct link_event event;
        while (world->ends[end] && world->ends[end]->ops->poll(world->ends[end], &event)) {
            take(world, end, &event);
        }
    }
}

static void enter(struct world *world, const char *listen, uint64_t job_of_1) {
    memset(world, 0, sizeof *world);
    world->into = malloc(MESSAGE_BYTES);
    world->ends[0] = open_end(listen, 0, 5);
    world->ends[1] = open_end(NULL, 1, job_of_1);
    char address[UCX_ADDRESS_TEXT_BYTES];
    world->ends[0]->ops->local(world->ends[0], address, sizeof address);
    const struct link_target target = {.address = address, .peer_rank = 0};
    struct link *link;
    assert_int_equal(world->ends[1]->ops->connect(world->ends[1], &target, &link, NULL),
                     SATSYNC_OK);
    for (unsigned i = 0; i < 3000 && !(world->links[0] && world->links[1]); i++) {
        turn(world);
        world->ends[0]->ops->wait(world->ends[0],
                                  world->ends[0]->ops->now_ns(world->ends[0]) + 1000000);
    }
}

static void leave(struct world *world) {
    for (size_t end = 0; end < 2; end++) {
        if (world->ends[end]) {
            world->ends[end]->ops->close(world->ends[end]);
        }
    }
    free(world->into);
}

static void send_message(struct world *world, const uint8_t *data, size_t bytes) {
    const struct link_message message = {.class = LINK_GRADIENT, .bytes = bytes};
    struct link *link = world->links[1];
    uint64_t number;
    unsigned received = world->received;
    unsigned delivered = world->delivered;
    assert_int_equal(link->ops->submit(link, &message, &number), SATSYNC_OK);
    size_t half = bytes / 2;
    const struct link_slice slices[] = {{data, half, world}, {data + half, bytes - half, world}};
    for (size_t i = half ? 0 : 1; i < 2; i++) {
        assert_int_equal(link->ops->write(link, number, &slices[i]), SATSYNC_OK);
    }
    while (world->received == received || world->delivered == delivered) {
        turn(world);
    }
    assert_memory_equal(world->into, data, bytes);
}

static void check_sizes(struct world *world) {
    static const size_t sizes[] = {1, 8, 1000, 5000, 100000, MESSAGE_BYTES};
    uint8_t *data = malloc(MESSAGE_BYTES);
    uint64_t total = 0;
    for (size_t i = 0; i < MESSAGE_BYTES; i++) {
        data[i] = (uint8_t)(i * 31 + (i >> 9));
    }
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        world->places = i % 2;
        send_message(world, data, sizes[i / 2]);
        total += sizes[i / 2];
        assert_true(world->received_bytes == total);
    }
    assert_int_equal(world->returned, 2 * 11); /* a slice of nothing is not written */
    free(data);
}

static void test_messages_arrive_whole_by_worker_address(void **state) {
    (void)state;
    struct world world;
    enter(&world, NULL, 5);
    assert_non_null(world.links[0]);
    check_sizes(&world);
    char lanes[64];
    satsync_ucx_module.link_transports(world.links[0], lanes, sizeof lanes);
    assert_true(lanes[0] != '\0');
    leave(&world);
}

static void test_messages_arrive_whole_by_listener(void **state) {
    (void)state;
    struct world world;
    enter(&world, "127.0.0.1:0", 5);
    assert_non_null(world.links[0]);
    check_sizes(&world);
    leave(&world);
}

static void test_a_rank_of_another_job_is_not_let_in(void **state) {
    (void)state;
    struct world world;
    enter(&world, NULL, 6);
    assert_null(world.links[0]);
    assert_null(world.links[1]);
    leave(&world);
}

static void test_close_is_told_to_both_and_slices_come_back(void **state) {
    (void)state;
    struct world world;
    enter(&world, NULL, 5);
    const struct link_message message = {.class = LINK_GRADIENT, .bytes = MESSAGE_BYTES};
    static uint8_t data[MESSAGE_BYTES];
    struct link *link = world.links[1];
    uint64_t number;
    assert_int_equal(link->ops->submit(link, &message, &number), SATSYNC_OK);
    const struct link_slice slice = {data, sizeof data, &world};
    assert_int_equal(link->ops->write(link, number, &slice), SATSYNC_OK);
    link->ops->close(link, SATSYNC_CANCELLED);
    while (world.links[0] || world.links[1]) {
        turn(&world);
    }
    assert_int_equal(world.returned, 1);
    assert_int_equal(world.downs[1].status, SATSYNC_CANCELLED);
    assert_int_equal(world.downs[0].status, SATSYNC_PEER_FAILED);
    leave(&world);
}

static void test_more_is_not_written_than_was_announced(void **state) {
    (void)state;
    struct world world;
    enter(&world, NULL, 5);
    const struct link_message message = {.class = LINK_CONTROL, .bytes = 4};
    const struct link_slice slice = {(const uint8_t *)"12345", 5, &world};
    struct link *link = world.links[1];
    uint64_t number;
    assert_int_equal(link->ops->submit(link, &message, &number), SATSYNC_OK);
    assert_int_equal(link->ops->write(link, number, &slice), SATSYNC_INVALID);
    assert_int_equal(link->ops->write(link, number + 1, &slice), SATSYNC_INVALID);
    leave(&world);
}

/* The link that says them is closed at once, and has a message under way. */
static void urge_and_close(struct world *world) {
    static uint8_t data[MESSAGE_BYTES];
    const struct link_message message = {.class = LINK_GRADIENT, .bytes = MESSAGE_BYTES};
    const struct link_slice slice = {data, sizeof data, world};
    struct link *link = world->links[1];
    uint64_t number;
    assert_int_equal(link->ops->submit(link, &message, &number), SATSYNC_OK);
    assert_int_equal(link->ops->write(link, number, &slice), SATSYNC_OK);
    assert_int_equal(link->ops->urge(link, "first", 6), SATSYNC_OK);
    assert_int_equal(link->ops->urge(link, "last!", 6), SATSYNC_OK);
    link->ops->close(link, SATSYNC_CANCELLED);
    assert_int_equal(link->ops->urge(link, "never", 6), SATSYNC_WRONG_STATE);
    while (world->links[0] || world->links[1]) {
        turn(world);
    }
    assert_int_equal(world->urged, 2);
    assert_false(world->urged_after_down);
    assert_string_equal(world->urgent, "last!");
}

static void test_urgent_words_are_heard_before_the_link_is_down(void **state) {
    (void)state;
    static const char *const listens[] = {NULL, "127.0.0.1:0"};
    struct world world;
    for (size_t i = 0; i < sizeof listens / sizeof *listens; i++) {
        enter(&world, listens[i], 5);
        urge_and_close(&world);
        leave(&world);
    }
}

static void test_an_urgent_word_has_a_limit(void **state) {
    (void)state;
    static const uint8_t longer[LINK_URGENT_BYTES + 1] = {0};
    struct world world;
    enter(&world, NULL, 5);
    struct link *link = world.links[1];
    assert_int_equal(link->ops->urge(link, longer, sizeof longer), SATSYNC_INVALID);
    assert_int_equal(link->ops->urge(link, "there", 6), SATSYNC_OK);
    while (world.urged == 0) {
        turn(&world);
    }
    assert_string_equal(world.urgent, "there");
    leave(&world);
}

static void test_the_armed_descriptor_wakes(void **state) {
    (void)state;
    struct world world;
    enter(&world, NULL, 5);
    int fd;
    do {
        turn(&world);
        fd = world.ends[0]->ops->arm(world.ends[0]);
    } while (fd < 0);
    struct pollfd waits = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&waits, 1, 0), 0);
    const struct link_message message = {.class = LINK_CONTROL, .bytes = 1};
    const struct link_slice slice = {(const uint8_t *)"1", 1, &world};
    uint64_t number;
    assert_int_equal(world.links[1]->ops->submit(world.links[1], &message, &number), SATSYNC_OK);
    assert_int_equal(world.links[1]->ops->write(world.links[1], number, &slice), SATSYNC_OK);
    assert_int_equal(poll(&waits, 1, 60000), 1);
    while (world.received == 0) {
        turn(&world);
    }
    world.ends[0]->ops->wake(world.ends[0]);
    world.ends[0]->ops->wait(world.ends[0], UINT64_MAX);
    leave(&world);
}

static void test_the_offer_names_version_and_transports(void **state) {
    (void)state;
    struct ucx_offer offer;
    assert_int_equal(satsync_ucx_module.offer(&offer, NULL), SATSYNC_OK);
    assert_true(offer.version[0] == '1');
    assert_non_null(strchr(offer.transports, '/'));
}

static void test_transports_are_read_from_what_ucx_prints(void **state) {
    (void)state;
    static const char text[] = "# lane[0]:  0:posix/memory.0 md[0] -> md[0]/posix/sysdev[255] am\n"
                               "# lane[1]:  5:cma/memory.0 md[4]  -> md[4]/cma rma_bw#0\n"
                               "# lane[2]:  0:posix/memory.0 md[0]\n";
    struct ucx_offer_words words = {.text = text, .mark = "]:", .names_only = true};
    char out[64];
    ucx_offer_words(&words, out, sizeof out);
    assert_string_equal(out, "posix cma");
    ucx_offer_words(&words, out, 8);
    assert_string_equal(out, "posix");
    words = (struct ucx_offer_words){.text = "x -- tcp/lo\ny -- tcp/eth0\n", .mark = "-- "};
    ucx_offer_words(&words, out, sizeof out);
    assert_string_equal(out, "tcp/lo tcp/eth0");
}

static void test_a_fatal_log_line_of_ucx_ends_nobody(void **state) {
    (void)state;
    ucx_quiet_begin();
    ucs_log(UCS_LOG_LEVEL_FATAL, "a peer died");
    ucx_quiet_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_arrive_whole_by_worker_address),
        cmocka_unit_test(test_messages_arrive_whole_by_listener),
        cmocka_unit_test(test_a_rank_of_another_job_is_not_let_in),
        cmocka_unit_test(test_close_is_told_to_both_and_slices_come_back),
        cmocka_unit_test(test_more_is_not_written_than_was_announced),
        cmocka_unit_test(test_urgent_words_are_heard_before_the_link_is_down),
        cmocka_unit_test(test_an_urgent_word_has_a_limit),
        cmocka_unit_test(test_the_armed_descriptor_wakes),
        cmocka_unit_test(test_the_offer_names_version_and_transports),
        cmocka_unit_test(test_transports_are_read_from_what_ucx_prints),
        cmocka_unit_test(test_a_fatal_log_line_of_ucx_ends_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
