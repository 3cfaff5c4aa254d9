#include "support/adversity.h"

#include "base/random.h"

#include <stdio.h>
#include <string.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

/* Half of all scenarios are spared each affliction. */
static uint64_t some(struct random *random, uint64_t most) {
    return random_below(random, 2) ? 0 : random_below(random, most) + 1;
}

/* Returns about how long the transfer takes when nothing is in its way. */
static uint64_t draw_link(struct random *random, struct adversity *adversity) {
    uint64_t rate_mbit = UINT64_C(1) << random_below(random, 9);
    uint64_t rtt_ms = 1 + random_below(random, UINT64_C(1) << random_below(random, 11));
    uint64_t loss_permyriad = some(random, 1000);
    uint64_t burst = 1 + some(random, 9);
    uint64_t reorder_permyriad = some(random, 500);
    uint64_t duplicate_permyriad = some(random, 300);
    uint64_t corrupt_permyriad = some(random, 100);
    uint64_t jitter_ms = some(random, 1 + rtt_ms / 4);
    snprintf(
        adversity->link, sizeof adversity->link,
        "plain?rate=%lluM&rtt=%llums&loss=%llu.%02llu%%&burst=%llu&reorder=%llu.%02llu%%&"
        "duplicate=%llu.%02llu%%&corrupt=%llu.%02llu%%&jitter=%llums",
        (unsigned long long)rate_mbit, (unsigned long long)rtt_ms,
        (unsigned long long)loss_permyriad / 100, (unsigned long long)loss_permyriad % 100,
        (unsigned long long)burst, (unsigned long long)reorder_permyriad / 100,
        (unsigned long long)reorder_permyriad % 100, (unsigned long long)duplicate_permyriad / 100,
        (unsigned long long)duplicate_permyriad % 100, (unsigned long long)corrupt_permyriad / 100,
        (unsigned long long)corrupt_permyriad % 100, (unsigned long long)jitter_ms);
    adversity->rate_bps = random_below(random, 2) ? rate_mbit * 1000000 : 0;
    /* So many that a transfer takes some seconds, and a run some tenths of one. */
    uint64_t most = rate_mbit << 17;
    most = most < (2 << 20) ? most : 2 << 20;
    uint64_t bytes = 0;
    adversity->messages = 1 + random_below(random, ADVERSITY_MESSAGES);
    for (size_t i = 0; i < adversity->messages; i++) {
        adversity->bytes[i] = 1 + random_below(random, most >> random_below(random, 6));
        bytes += adversity->bytes[i];
    }
    return 2 * rtt_ms * MS + bytes * 8000 / rate_mbit;
}

/* Spread over the time that the transfer would take without them. */
static void draw_troubles(struct random *random, uint64_t whole_ns, struct adversity *adversity) {
    uint64_t at_ns = 0;
    adversity->trouble_count = some(random, ADVERSITY_TROUBLES);
    for (size_t i = 0; i < adversity->trouble_count; i++) {
        struct trouble *trouble = &adversity->troubles[i];
        at_ns += random_below(random, whole_ns);
        trouble->kind = (enum trouble_kind)random_below(random, 3);
        trouble->at_ns = at_ns;
        trouble->for_ns = random_below(random, (20 * SECOND) >> random_below(random, 8));
        at_ns += trouble->for_ns;
    }
    if (adversity->no_path) {
        adversity->trouble_count = 1;
        adversity->troubles[0] =
            (struct trouble){TROUBLE_OUTAGE, random_below(random, whole_ns), UINT64_MAX};
    }
}

void adversity_of(uint64_t seed, struct adversity *adversity) {
    struct random random = random_of(seed, 0xad);
    memset(adversity, 0, sizeof *adversity);
    adversity->seed = seed;
    adversity->no_path = random_below(&random, 16) == 0;
    adversity->parity = random_below(&random, 4) != 0;
    adversity->without_aes = random_below(&random, 8) == 0;
    uint64_t whole_ns = draw_link(&random, adversity);
    draw_troubles(&random, whole_ns, adversity);
}

/* How long the scenario would take with its troubles alone, roughly. */
static uint64_t span_of(const struct adversity *adversity) {
    size_t count = adversity->trouble_count;
    const struct trouble *last = count > 0 ? &adversity->troubles[count - 1] : NULL;
    uint64_t for_ns = last && last->for_ns != UINT64_MAX ? last->for_ns : 0;
    return (last ? last->at_ns : 0) + for_ns + 2 * SECOND;
}

/* Forward by up to a minute, backward by up to five seconds. */
static int64_t draw_leap(struct random *random) {
    uint64_t least = random_below(random, 12);
    return random_below(random, 2) ? (int64_t)random_below(random, (60 * SECOND) >> least)
                                   : -(int64_t)random_below(random, (5 * SECOND) >> least);
}

void adversity_worsen(struct adversity *adversity) {
    struct random random = random_of(adversity->seed, 0xae);
    uint64_t pause_ns = (100 * MS) >> random_below(&random, 8);
    adversity->is_worse = true;
    adversity->hostile_pause_ns = random_below(&random, 4) ? pause_ns : 0;
    adversity->twist_count = some(&random, ADVERSITY_TWISTS);
    uint64_t at_ns = 0;
    for (size_t i = 0; i < adversity->twist_count; i++) {
        at_ns += random_below(&random, 2 * span_of(adversity) / (adversity->twist_count + 1));
        adversity->twists[i] = (struct twist){.kind = (enum twist_kind)random_below(&random, 2),
                                              .at_ns = at_ns,
                                              .site = random_below(&random, 2),
                                              .by_ns = draw_leap(&random)};
    }
}
static int tell_twist(const struct twist *twist, char *out, size_t bytes) {
    unsigned long long at_ms = twist->at_ns / MS;
    if (twist->kind == TWIST_REBINDING) {
        return snprintf(out, bytes, "; sender's address changes at %llu ms", at_ms);
    }
    return snprintf(out, bytes, "; %s's clock leaps by %lld ms at %llu ms",
                    twist->site == 0 ? "receiver" : "sender",
                    (long long)(twist->by_ns / (int64_t)MS), at_ms);
}

void adversity_tell(const struct adversity *adversity, char *out, size_t bytes) {
    static const char *const kinds[] = {"outage", "sender dies", "receiver dies"};
    int at = snprintf(
        out, bytes, "%s %s%s%s messages", adversity->link, adversity->rate_bps ? "rated" : "model",
        adversity->parity ? "" : " no-parity", adversity->without_aes ? " no-aes" : "");
    for (size_t i = 0; i < adversity->messages && at > 0 && (size_t)at < bytes; i++) {
        at += snprintf(out + at, bytes - (size_t)at, " %llu",
                       (unsigned long long)adversity->bytes[i]);
    }
    for (size_t i = 0; i < adversity->trouble_count && at > 0 && (size_t)at < bytes; i++) {
        const struct trouble *trouble = &adversity->troubles[i];
        at += snprintf(out + at, bytes - (size_t)at, "; %s at %llu ms for %llu ms",
                       kinds[trouble->kind], (unsigned long long)(trouble->at_ns / MS),
                       (unsigned long long)(trouble->for_ns / MS));
    }
    for (size_t i = 0; i < adversity->twist_count && at > 0 && (size_t)at < bytes; i++) {
        at += tell_twist(&adversity->twists[i], out + at, bytes - (size_t)at);
    }
    if (adversity->hostile_pause_ns > 0 && at > 0 && (size_t)at < bytes) {
        snprintf(out + at, bytes - (size_t)at, "; hostile datagrams every %llu us",
                 (unsigned long long)(adversity->hostile_pause_ns / 1000));
    }
}
