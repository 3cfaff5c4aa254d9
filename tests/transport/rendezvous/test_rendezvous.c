#include "transport/rendezvous/rendezvous.h"

#include "support/cmocka.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

static const char *const *variables; /* name, value, ..., NULL */

static const char *get(const char *name) {
    for (size_t i = 0; variables[i]; i += 2) {
        if (strcmp(variables[i], name) == 0) {
            return variables[i + 1];
        }
    }
    return NULL;
}

static void test_the_launchers_variables_are_read(void **state) {
    (void)state;
    struct rendezvous_seat seat;
    variables = (const char *const[]){"RANK", "1",           "WORLD_SIZE", "4", "MASTER_ADDR",
                                      "host", "MASTER_PORT", "29500",      NULL};
    assert_int_equal(rendezvous_seat(get, &seat, NULL), SATSYNC_OK);
    assert_true(seat.rank == 1 && seat.ranks == 4);
    assert_string_equal(seat.host, "host");
    assert_string_equal(seat.port, "29501");
    variables = (const char *const[]){"OMPI_COMM_WORLD_RANK",
                                      "2",
                                      "OMPI_COMM_WORLD_SIZE",
                                      "3",
                                      "SATSYNC_RENDEZVOUS",
                                      "node:77",
                                      NULL};
    assert_int_equal(rendezvous_seat(get, &seat, NULL), SATSYNC_OK);
    assert_true(seat.rank == 2 && seat.ranks == 3);
    assert_string_equal(seat.host, "node");
    assert_string_equal(seat.port, "77");
}

static void test_what_is_missing_or_wrong_is_named(void **state) {
    (void)state;
    static const char *const cases[][9] = {
        {NULL},
        {"RANK", "0", "WORLD_SIZE", "2", NULL},
        {"RANK", "2", "WORLD_SIZE", "2", "SATSYNC_RENDEZVOUS", "a:1", NULL},
        {"RANK", "-1", "WORLD_SIZE", "2", "SATSYNC_RENDEZVOUS", "a:1", NULL},
        {"RANK", "0", "WORLD_SIZE", "1", "SATSYNC_RENDEZVOUS", "a:1", NULL},
        {"RANK", "0", "WORLD_SIZE", "17", "SATSYNC_RENDEZVOUS", "a:1", NULL},
        {"RANK", "0", "WORLD_SIZE", "2", "SATSYNC_RENDEZVOUS", "a", NULL},
        {"RANK", "0", "WORLD_SIZE", "2", "MASTER_ADDR", "a", "MASTER_PORT", "65535", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rendezvous_seat seat;
        struct satsync_error error;
        variables = cases[i];
        assert_int_equal(rendezvous_seat(get, &seat, &error), SATSYNC_INVALID);
        assert_true(error.subject[0] != '\0');
    }
}

/* A port that is free now. */
static void free_port(struct rendezvous_seat *seat) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    snprintf(seat->port, sizeof seat->port, "%d", ntohs(address.sin_port));
    close(fd);
}

/* A rank as a process: 0 when it was given everyone's address. */
static pid_t start_rank(const struct rendezvous_seat *any, uint32_t rank) {
    pid_t pid = fork();
    if (pid == 0) {
        static struct rendezvous_job job;
        struct rendezvous_seat seat = *any;
        char address[32];
        seat.rank = rank;
        snprintf(address, sizeof address, "address %u", rank);
        bool fine = rendezvous_meet(&seat, address, 60 * SECOND_NS, &job, NULL) == SATSYNC_OK &&
                    job.id != 0;
        for (uint32_t i = 0; i < seat.ranks; i++) {
            snprintf(address, sizeof address, "address %u", i);
            fine = fine && strcmp(job.addresses[i], address) == 0;
        }
        _exit(fine ? 0 : 1);
    }
    return pid;
}

static void test_all_ranks_are_given_all_addresses(void **state) {
    (void)state;
    struct rendezvous_seat seat = {.ranks = 5, .host = "127.0.0.1"};
    pid_t pids[5];
    free_port(&seat);
    for (uint32_t i = 0; i < 5; i++) { /* rank 0 is the last to come */
        pids[i] = start_rank(&seat, 4 - i);
    }
    for (uint32_t i = 0; i < 5; i++) {
        int status;
        waitpid(pids[i], &status, 0);
        assert_int_equal(status, 0);
    }
}

static void test_ranks_that_do_not_come_are_named(void **state) {
    (void)state;
    static struct rendezvous_job job;
    struct rendezvous_seat seat = {.ranks = 3, .host = "127.0.0.1"};
    struct satsync_error error;
    free_port(&seat);
    assert_int_equal(rendezvous_meet(&seat, "a", SECOND_NS / 10, &job, &error), SATSYNC_TIMED_OUT);
    assert_string_equal(error.subject, "rank 1, 2");
    seat.rank = 1;
    assert_int_equal(rendezvous_meet(&seat, "a", SECOND_NS / 10, &job, &error), SATSYNC_TIMED_OUT);
    assert_string_equal(error.subject, "rank 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_launchers_variables_are_read),
        cmocka_unit_test(test_what_is_missing_or_wrong_is_named),
        cmocka_unit_test(test_all_ranks_are_given_all_addresses),
        cmocka_unit_test(test_ranks_that_do_not_come_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
