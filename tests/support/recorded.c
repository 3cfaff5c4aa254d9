#include "support/recorded.h"

#include "sim-link/profile.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PACKETS = 4000, STEP_NS = 500000 };

void recorded_name(struct recorded *recorded) {
    memset(recorded, 0, sizeof *recorded);
    snprintf(recorded->folder, sizeof recorded->folder, "/tmp/satsync-record-XXXXXX");
    assert_non_null(mkdtemp(recorded->folder));
    snprintf(recorded->capture, sizeof recorded->capture, "%s/a.pcapng", recorded->folder);
    snprintf(recorded->series, sizeof recorded->series, "%s/a.csv", recorded->folder);
}

static void release(void *context, uint64_t now_ns, struct packet *packet) {
    (void)now_ns;
    sim_release(*(struct sim **)context, packet);
}

static void send_all(struct sim *sim, uint64_t start_ns) {
    uint8_t data[1000];
    memset(data, 0x5a, sizeof data);
    for (uint32_t i = 0; i < PACKETS; i++) {
        struct packet header = {.bytes = 200 + i % 800, .flow = 7};
        sim_run_until(sim, start_ns + (uint64_t)i * STEP_NS);
        sim_push(sim, sim_lane_at(sim, i % 2), &header, data);
    }
    while (sim_step(sim)) {
        continue;
    }
}

void recorded_run(struct recorded *recorded, const char *link,
                  const struct record_options *options) {
    struct profile profile;
    struct sim *sim;
    struct record record;
    assert_int_equal(profile_parse(link, &profile, NULL), SATSYNC_OK);
    struct sim_options sim_options = {.start_ns = profile.start_ns};
    assert_int_equal(sim_open(&sim_options, &sim, NULL), SATSYNC_OK);
    for (uint32_t i = 0; i < 2; i++) {
        struct lane *added;
        struct sim_lane lane = {
            .plan = i == 0 ? &profile.there : &profile.back,
            .identity = {.seed = profile.seed, .direction = i, .name = i == 0 ? "up" : "down"},
            .sink = release,
            .context = &sim};
        assert_int_equal(sim_add(sim, &lane, &added, NULL), SATSYNC_OK);
    }
    assert_int_equal(record_open(options, sim, &record, NULL), SATSYNC_OK);
    send_all(sim, profile.start_ns);
    assert_int_equal(record_close(&record, NULL), SATSYNC_OK);
    for (size_t i = 0; i < 2; i++) {
        lane_counts(sim_lane_at(sim, i), &recorded->counts[i]);
    }
    trace_hash_text(sim_trace(sim), recorded->trace);
    sim_close(sim);
}

char *recorded_read(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*bytes + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, *bytes, file), *bytes);
    text[*bytes] = 0;
    fclose(file);
    return text;
}

void recorded_end(const struct recorded *recorded) {
    unlink(recorded->capture);
    unlink(recorded->series);
    assert_int_equal(rmdir(recorded->folder), 0);
}
