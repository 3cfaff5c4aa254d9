#include "ckpt/doctor/finding.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

static struct facts good(void) {
    struct facts facts = {.cores = 4,
                          .locked_bytes = UINT64_MAX,
                          .has_aes = true,
                          .disk_refusal = "",
                          .udp_receiver = "io_uring",
                          .has_gso = true,
                          .has_gro = true,
                          .buffer_bytes = 8 << 20,
                          .buffer_wanted_bytes = 8 << 20,
                          .folder = "/store",
                          .has_direct = true,
                          .has_ucx = true,
                          .ucx_refusal = "",
                          .shared_bytes = UINT64_C(1) << 30};
    snprintf(facts.ucx.version, sizeof facts.ucx.version, "1.13.1");
    snprintf(facts.ucx.transports, sizeof facts.ucx.transports,
             "self/memory tcp/eth0 sysv/memory posix/memory cma/memory");
    return facts;
}

typedef void say(const struct facts *facts, struct satsync_finding *finding);

static say *const all[] = {finding_processor, finding_aes,    finding_memlock,
                           finding_io_uring,  finding_direct, finding_segments,
                           finding_buffers,   finding_ucx,    finding_shared_memory};
enum { ALL = sizeof all / sizeof *all };

static void test_a_good_machine_needs_no_advice(void **state) {
    (void)state;
    const struct facts facts = good();
    for (size_t i = 0; i < ALL; i++) {
        struct satsync_finding finding;
        all[i](&facts, &finding);
        assert_int_equal(finding.state, SATSYNC_FINDING_GOOD);
        assert_true(finding.found[0] && finding.used[0]);
        assert_string_equal(finding.advice, "");
    }
}

/* Each line: what is taken away, and what is said of it. */
static void test_what_is_short_has_its_advice(void **state) {
    (void)state;
    struct facts facts[9];
    for (size_t i = 0; i < 9; i++) {
        facts[i] = good();
    }
    facts[0].locked_bytes = 64 << 10;
    facts[1].udp_receiver = "recvmmsg";
    facts[2].disk_refusal = "refused";
    facts[2].udp_receiver = "recvmmsg";
    facts[3].has_direct = false;
    facts[4].has_gro = false;
    facts[5].buffer_bytes = 200 << 10;
    facts[6].has_ucx = false;
    facts[7].shared_bytes = 64 << 20;
    snprintf(facts[8].ucx.transports, sizeof facts[8].ucx.transports, "posix/memory scma/memory");
    const struct {
        say *say;
        enum satsync_finding_state state;
        const char *advice;
    } rows[9] = {{finding_memlock, SATSYNC_FINDING_SHORT, "ulimit"},
                 {finding_io_uring, SATSYNC_FINDING_SHORT, "io_uring_disabled"},
                 {finding_io_uring, SATSYNC_FINDING_MISSING, "seccomp"},
                 {finding_direct, SATSYNC_FINDING_SHORT, "ext4"},
                 {finding_segments, SATSYNC_FINDING_SHORT, "Linux"},
                 {finding_buffers, SATSYNC_FINDING_SHORT, "rmem_max=8388608"},
                 {finding_ucx, SATSYNC_FINDING_MISSING, "libucx0"},
                 {finding_shared_memory, SATSYNC_FINDING_SHORT, "--shm-size=160m"},
                 {finding_shared_memory, SATSYNC_FINDING_SHORT, "ptrace_scope"}};
    for (size_t i = 0; i < 9; i++) {
        struct satsync_finding finding;
        rows[i].say(&facts[i], &finding);
        assert_int_equal(finding.state, rows[i].state);
        assert_non_null(strstr(finding.advice, rows[i].advice));
    }
}

static void test_what_the_ranks_use_is_named(void **state) {
    (void)state;
    static const struct {
        const char *transports;
        const char *used;
    } rows[] = {
        {"posix/memory tcp/eth0", "ranks of one machine: shared memory; ranks of others: TCP"},
        {"tcp/eth0", "ranks of one machine: the network; ranks of others: TCP"},
        {"rc_mlx5/mlx5_0:1 tcp/eth0", "ranks of one machine: the network; ranks of others: RDMA"},
        {"sysv/memory", "ranks of one machine: shared memory; ranks of others: not possible"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct facts facts = good();
        struct satsync_finding finding;
        snprintf(facts.ucx.transports, sizeof facts.ucx.transports, "%s", rows[i].transports);
        finding_ucx(&facts, &finding);
        assert_string_equal(finding.used, rows[i].used);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_machine_needs_no_advice),
        cmocka_unit_test(test_what_is_short_has_its_advice),
        cmocka_unit_test(test_what_the_ranks_use_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
