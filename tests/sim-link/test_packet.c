#include "sim-link/packet.h"

#include "support/cmocka.h"

#include <string.h>

static void test_packets_are_apart_and_come_back(void **state) {
    (void)state;
    struct packets packets;
    packets_init(&packets, 100, NULL);
    struct packet *taken[100];
    for (int i = 0; i < 100; i++) {
        taken[i] = packets_take(&packets);
        assert_non_null(taken[i]);
        assert_int_equal(taken[i]->bytes, 0);
        memset(taken[i]->data, i, 100);
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(taken[i]->data[0], i);
        assert_int_equal(taken[i]->data[99], i);
        packets_give(&packets, taken[i]);
    }
    assert_int_equal(packets.taken, 0);
    packets_fini(&packets);
}

static void *refuse(void *context, size_t bytes) {
    (void)context;
    (void)bytes;
    return NULL;
}

static void nothing(void *context, void *memory) {
    (void)context;
    (void)memory;
}

static void test_without_memory_there_is_no_packet(void **state) {
    (void)state;
    struct allocator allocator = {refuse, nothing, NULL};
    struct packets packets;
    packets_init(&packets, 100, &allocator);
    assert_null(packets_take(&packets));
    packets_fini(&packets);
}

static void test_a_list_is_first_in_first_out(void **state) {
    (void)state;
    struct packet_list list = {.first = NULL};
    struct packet packets[3] = {{.wire_bytes = 1}, {.wire_bytes = 2}, {.wire_bytes = 4}};
    assert_null(packet_list_pop(&list));
    for (int i = 0; i < 3; i++) {
        packet_list_push(&list, &packets[i]);
    }
    assert_int_equal(list.wire_bytes, 7);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(packet_list_pop(&list), &packets[i]);
    }
    assert_null(packet_list_pop(&list));
    assert_int_equal(list.count, 0);
    assert_int_equal(list.wire_bytes, 0);
    packet_list_push(&list, &packets[1]);
    assert_ptr_equal(packet_list_pop(&list), &packets[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_are_apart_and_come_back),
        cmocka_unit_test(test_without_memory_there_is_no_packet),
        cmocka_unit_test(test_a_list_is_first_in_first_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
