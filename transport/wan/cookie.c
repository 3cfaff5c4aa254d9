#include "transport/wan/cookie.h"

#include "base/bytes.h"
#include "transport/wan/noise.h"

#include <assert.h>
#include <string.h>

static const char next_label[] = "satsync next cookie slot";
static const char key_label[] = "satsync cookie";

static void jar_turn(struct cookie_jar *jar) {
    uint8_t next[NOISE_KEY_BYTES];
    memcpy(jar->last, jar->present, sizeof jar->last);
    noise_derive(jar->secret, next_label, next);
    memcpy(jar->secret, next, sizeof jar->secret);
    noise_derive(jar->secret, key_label, jar->present);
    noise_wipe(next, sizeof next);
    jar->slot++;
}

void cookie_jar_init(struct cookie_jar *jar, const uint8_t seed[32], uint64_t now_ns) {
    memset(jar, 0, sizeof *jar);
    memcpy(jar->secret, seed, sizeof jar->secret);
    jar_turn(jar);
    jar_turn(jar);
    jar->slot = now_ns / COOKIE_SLOT_NS;
}

void cookie_jar_wipe(struct cookie_jar *jar) {
    noise_wipe(jar, sizeof *jar);
}

static void jar_advance(struct cookie_jar *jar, uint64_t now_ns) {
    uint64_t slot = now_ns / COOKIE_SLOT_NS;
    /* After two turns nothing older is left to forget, so a long sleep costs no more. */
    for (int turns = 0; jar->slot < slot && turns < 2; turns++) {
        jar_turn(jar);
    }
    if (jar->slot < slot) {
        jar->slot = slot;
    }
}

static void bake(const uint8_t key[32], const struct cookie_claim *claim, uint8_t *cookie) {
    assert(claim->address_bytes <= COOKIE_ADDRESS_BYTES);
    uint8_t text[COOKIE_ADDRESS_BYTES + 9];
    struct bytes_writer writer = bytes_writer_over(text, sizeof text);
    bytes_put_u64(&writer, claim->session);
    bytes_put_u8(&writer, (uint8_t)claim->address_bytes);
    bytes_put(&writer, claim->address, claim->address_bytes);
    noise_mac(key, text, bytes_written(&writer), cookie);
}

void cookie_bake(struct cookie_jar *jar, const struct cookie_claim *claim,
                 uint8_t cookie[COOKIE_BYTES]) {
    jar_advance(jar, claim->now_ns);
    bake(jar->present, claim, cookie);
}

bool cookie_holds(struct cookie_jar *jar, const struct cookie_claim *claim,
                  const uint8_t cookie[COOKIE_BYTES]) {
    jar_advance(jar, claim->now_ns);
    uint8_t present[COOKIE_BYTES];
    uint8_t last[COOKIE_BYTES];
    bake(jar->present, claim, present);
    bake(jar->last, claim, last);
    bool is_present = noise_equal(cookie, present, sizeof present);
    bool is_last = noise_equal(cookie, last, sizeof last);
    return is_present | is_last;
}
