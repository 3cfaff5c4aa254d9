/*
 * capture CAPTURE.pcap KEYS.json [chacha]: a session of two real ends over an emulated link that
 * loses and reorders, as a packet capture at both senders, with the initiator's secrets and, on
 * standard output, what was sent: for tests/reference/wan_reader.py to find the same.
 */
#include "base/bytes.h"
#include "support/cmocka.h"
#include "support/wan_pair.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RAW_IP = 101, PCAP_NANOSECONDS = 0xA1B23C4D, IP_BYTES = 20, UDP_BYTES = 8 };

static void put(FILE *file, const uint8_t *data, size_t bytes) {
    if (fwrite(data, 1, bytes, file) != bytes) {
        perror("capture");
        exit(1);
    }
}

static void begin_capture(FILE *file) {
    uint8_t header[24];
    struct bytes_writer writer = bytes_writer_over(header, sizeof header);
    bytes_put_u32(&writer, PCAP_NANOSECONDS);
    bytes_put_u16(&writer, 2);
    bytes_put_u16(&writer, 4);
    bytes_put_u64(&writer, 0);
    bytes_put_u32(&writer, 65535);
    bytes_put_u32(&writer, RAW_IP);
    put(file, header, sizeof header);
}

static void put_big16(uint8_t *at, size_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void tap(const struct wan_pair *pair, int from, const uint8_t *data, size_t bytes) {
    uint8_t head[16];
    struct bytes_writer writer = bytes_writer_over(head, sizeof head);
    bytes_put_u32(&writer, (uint32_t)(pair->now_ns / PAIR_SECOND));
    bytes_put_u32(&writer, (uint32_t)(pair->now_ns % PAIR_SECOND));
    bytes_put_u32(&writer, (uint32_t)(IP_BYTES + UDP_BYTES + bytes));
    bytes_put_u32(&writer, (uint32_t)(IP_BYTES + UDP_BYTES + bytes));
    put(pair->tap_context, head, sizeof head);

    uint8_t ip[IP_BYTES + UDP_BYTES] = {0x45, [8] = 64, [9] = 17};
    put_big16(ip + 2, sizeof ip + bytes);
    const uint8_t addresses[2][4] = {{192, 0, 2, 1}, {198, 51, 100, 2}};
    memcpy(ip + 12, addresses[from], 4);
    memcpy(ip + 16, addresses[1 - from], 4);
    put_big16(ip + IP_BYTES, 4433);
    put_big16(ip + IP_BYTES + 2, 4433);
    put_big16(ip + IP_BYTES + 4, UDP_BYTES + bytes);
    put(pair->tap_context, ip, sizeof ip);
    put(pair->tap_context, data, bytes);
}

static void write_keys(const struct wan_pair *pair, const char *path) {
    const struct handshake_site *sites = pair->sites;
    char seed[65];
    char ephemeral[65];
    char responder[65];
    const uint8_t initiator_seed[32] = {1}; /* as handshakes_site(1) */
    sodium_bin2hex(seed, sizeof seed, initiator_seed, 32);
    sodium_bin2hex(ephemeral, sizeof ephemeral, pair->handshake.noise.ephemeral.secret, 32);
    sodium_bin2hex(responder, sizeof responder, sites[1].ed25519, 32);
    FILE *file = fopen(path, "w");
    if (!file ||
        fprintf(file,
                "{\"initiator_seed\": \"%s\", \"ephemeral_secret\": \"%s\", "
                "\"responder_public\": \"%s\"}\n",
                seed, ephemeral, responder) < 0 ||
        fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

/* {"message": 0, "bytes": 5, "blake2b": "..."} for each message of an end. */
static void describe(const struct wan_pair *pair, int end) {
    for (size_t i = 0; i < pair->ends[end].outgoing_count; i++) {
        uint64_t bytes = pair->ends[end].outgoing[i].bytes;
        uint8_t hash[32];
        char text[65];
        crypto_generichash(hash, sizeof hash, pair_content(i, 0), bytes, NULL, 0);
        sodium_bin2hex(text, sizeof text, hash, sizeof hash);
        printf("%s{\"message\": %zu, \"bytes\": %llu, \"blake2b\": \"%s\"}", i == 0 ? "" : ", ", i,
               (unsigned long long)bytes, text);
    }
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: capture CAPTURE.pcap KEYS.json [chacha]\n");
        return 2;
    }
    FILE *file = fopen(arguments[1], "wb");
    if (!file) {
        perror(arguments[1]);
        return 1;
    }
    begin_capture(file);
    static struct wan_pair pair;
    pair_init(&pair, 7);
    pair.without_aes = count > 3;
    pair.tap = tap;
    pair.tap_context = file;
    for (int way = 0; way < 2; way++) {
        pair.paths[way] = (struct pair_path){.rate_bps = 50000000,
                                             .delay_ns = 100 * PAIR_MS,
                                             .loss_ppm = 20000,
                                             .reorder_ppm = 10000,
                                             .reorder_ns = 20 * PAIR_MS,
                                             .duplicate_ppm = 1000};
    }
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CONTROL, 200);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 600000);
    pair_submit(&pair, 0, LINK_GRADIENT, 100001);
    write_keys(&pair, arguments[2]); /* while the handshake still holds them */
    pair_run_to(&pair, pair.now_ns + PAIR_SECOND);
    pair_submit(&pair, 1, LINK_GRADIENT, 50000);
    if (!pair_run(&pair, pair.now_ns + 60 * PAIR_SECOND)) {
        fprintf(stderr, "the messages did not arrive\n");
        return 1;
    }
    printf("{\"initiator\": [");
    describe(&pair, 0);
    printf("], \"responder\": [");
    describe(&pair, 1);
    printf("]}\n");
    pair_fini(&pair);
    return fclose(file) == 0 ? 0 : 1;
}
