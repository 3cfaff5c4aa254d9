#include "bench/machine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

double machine_load(void) {
    double load;
    return getloadavg(&load, 1) == 1 ? load : -1;
}

static void processor(char *out, size_t bytes) {
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(out, bytes, "unknown processor");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon) {
            line[strcspn(line, "\n")] = 0;
            snprintf(out, bytes, "%s", colon + 2);
            break;
        }
    }
    if (file) {
        fclose(file);
    }
}

void machine_name(char *out, size_t bytes) {
    char name[160];
    struct utsname system;
    processor(name, sizeof name);
    uname(&system);
    snprintf(out, bytes, "%s, %ld cores, %s %s", name, sysconf(_SC_NPROCESSORS_ONLN),
             system.sysname, system.release);
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t machine_now_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t machine_cpu_ns(void) {
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int machine_core(unsigned n) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return -1;
    }
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (CPU_ISSET(core, &set) && n-- == 0) {
            return core;
        }
    }
    return -1;
}

void machine_stay_on(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (core >= 0) {
        CPU_SET(core, &set);
        (void)sched_setaffinity(0, sizeof set, &set);
    }
}
