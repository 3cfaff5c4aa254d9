#include "transport/wan/repair_out.h"

#include "codec/parity.h"
#include "support/cmocka.h"

#include <string.h>

static void test_symbols_of_a_block_that_spans_slices_are_those_of_the_whole(void **state) {
    (void)state;
    enum { TOTAL = 30000, REPAIR = 4 };
    static uint8_t bytes[TOTAL];
    for (size_t i = 0; i < TOTAL; i++) {
        bytes[i] = (uint8_t)(i * 31 + i / 999);
    }
    struct parity *parity = parity_open(NULL);
    struct repair_out out;
    assert_int_equal(repair_out_init(&out, parity, 1472, NULL), SATSYNC_OK);
    struct send send;
    struct send_options options = {2, 128, 256, 1472, NULL};
    assert_int_equal(send_init(&send, &options), SATSYNC_OK);
    uint64_t number;
    struct link_message message = {.class = LINK_GRADIENT, .bytes = TOTAL};
    assert_int_equal(send_open(&send, &message, &number), SATSYNC_OK);
    for (size_t at = 0; at < TOTAL; at += 300) {
        struct link_slice slice = {bytes + at, 300, NULL};
        assert_int_equal(send_write(&send, number, &slice), SATSYNC_OK);
    }
    struct send_symbol symbol = {0};
    struct send_symbol last = {0};
    while (send_peek(&send, LINK_GRADIENT, TOTAL, &symbol)) {
        last = symbol;
        send_take(&send, &symbol);
    }
    repair_out_make(&out, &send, &last, REPAIR);

    /* The same code over one padded copy. */
    unsigned count = (unsigned)last.index + 1;
    uint32_t size = last.symbol_bytes;
    static uint8_t whole[32 * 1472];
    memcpy(whole, bytes, TOTAL);
    const uint8_t *data[32];
    uint8_t want[REPAIR][1472];
    uint8_t *repair[REPAIR];
    for (unsigned i = 0; i < count; i++) {
        data[i] = whole + (size_t)i * size;
    }
    for (unsigned i = 0; i < REPAIR; i++) {
        repair[i] = want[i];
    }
    struct parity_shape shape = {(uint16_t)count, REPAIR, size};
    parity_encode(parity, &shape, data, repair);
    for (unsigned i = 0; i < REPAIR; i++) {
        unsigned index;
        const uint8_t *made = repair_out_peek(&out, LINK_GRADIENT, &index);
        assert_non_null(made);
        assert_int_equal(index, i);
        assert_memory_equal(made, want[i], size);
        repair_out_take(&out, LINK_GRADIENT);
    }
    unsigned index;
    assert_null(repair_out_peek(&out, LINK_GRADIENT, &index));
    assert_null(repair_out_peek(&out, LINK_CONTROL, &index));
    send_fini(&send);
    repair_out_fini(&out);
    parity_close(parity);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols_of_a_block_that_spans_slices_are_those_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
