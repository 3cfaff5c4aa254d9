/*
 * What this machine offers to satsync, what of it is used, and what to do where something is short.
 */
#ifndef SATSYNC_DOCTOR_H
#define SATSYNC_DOCTOR_H

#include <satsync/status.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum satsync_finding_state {
    SATSYNC_FINDING_GOOD,
    SATSYNC_FINDING_SHORT,  /* it works, but slower or less than it could */
    SATSYNC_FINDING_MISSING /* it is not here; something else is used, or nothing */
};

/* Sentences in English for a person, terminated. */
struct satsync_finding {
    const char *subject; /* a word that stays, such as "io_uring"; static */
    enum satsync_finding_state state;
    char found[640];  /* what is here */
    char used[320];   /* what satsync does with it, or instead */
    char advice[320]; /* "" when there is nothing to do */
};

enum { SATSYNC_FINDINGS = 16 }; /* at most */

/* Any thread; loads UCX if it is here. `folder` is where a store is or will be, and may be NULL.
 * Fills `findings` and *count; that something is missing is no error. SATSYNC_NOT_FOUND when
 * `folder` is none. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_doctor(const char *folder, struct satsync_finding findings[SATSYNC_FINDINGS], size_t *count,
               struct satsync_error *error);

#ifdef __cplusplus
}
#endif
#endif
