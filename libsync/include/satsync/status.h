/*
 * Status codes and error detail.
 *
 * Every call that can fail returns an enum satsync_status that must be checked. A status belongs to
 * one of six classes; the class says who has to act, and is the exit code of the command line
 * tools.
 */
#ifndef SATSYNC_STATUS_H
#define SATSYNC_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SATSYNC_MUST_CHECK __attribute__((warn_unused_result))
#define SATSYNC_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#define SATSYNC_API __attribute__((visibility("default")))
#else
#define SATSYNC_MUST_CHECK
#define SATSYNC_PRINTF(format_index, first)
#define SATSYNC_API
#endif

/* The class of a status is status / 16. Exit code 1 is left to crashes and shells. */
enum satsync_status_class {
    SATSYNC_CLASS_OK = 0,
    SATSYNC_CLASS_USAGE = 2,     /* the caller asked for something wrong */
    SATSYNC_CLASS_RESOURCE = 3,  /* this machine lacks memory, space, permission, a device */
    SATSYNC_CLASS_LINK = 4,      /* the network between the sites */
    SATSYNC_CLASS_PEER = 5,      /* the other site refuses, or speaks something else */
    SATSYNC_CLASS_INTEGRITY = 6, /* bytes are not what was written */
    SATSYNC_CLASS_INTERNAL = 7   /* a mistake of ours */
};

enum satsync_status {
    SATSYNC_OK = 0,
    SATSYNC_AGAIN = 1, /* not an error: nothing can be done now, poll and call again */

    SATSYNC_INVALID = 32,     /* an argument or option has a value that cannot be */
    SATSYNC_NOT_FOUND = 33,   /* no such store, step, tensor, file, option */
    SATSYNC_CONFLICT = 34,    /* it exists with other content */
    SATSYNC_WRONG_STATE = 35, /* a call out of order */
    SATSYNC_UNSUPPORTED = 36, /* this build or platform does not have it */
    SATSYNC_CANCELLED = 37,   /* the caller cancelled it */

    SATSYNC_NO_MEMORY = 48,
    SATSYNC_NO_SPACE = 49,
    SATSYNC_READ_ONLY = 50,
    SATSYNC_NO_PERMISSION = 51,
    SATSYNC_IO = 52,    /* the device reported an error */
    SATSYNC_LIMIT = 53, /* a stated limit is reached */
    SATSYNC_BUSY = 54,  /* another process holds it */

    SATSYNC_NO_PATH = 64,   /* no path to the peer for longer than the policy allows */
    SATSYNC_TIMED_OUT = 65, /* a deadline passed */
    SATSYNC_ADDRESS = 66,   /* an address cannot be resolved or bound */

    SATSYNC_REFUSED = 80, /* the peer's key is unknown here, or ours there; or it may not do this */
    SATSYNC_NEWER_VERSION = 81, /* a newer major version of wire or format */
    SATSYNC_PROTOCOL = 82,      /* the peer broke the protocol */
    SATSYNC_PEER_FAILED = 83,   /* the peer reported that it could not do it */

    SATSYNC_CORRUPT = 96,    /* a checksum or authentication tag does not match */
    SATSYNC_FORGED = 97,     /* a signature does not verify, or its signer is not trusted */
    SATSYNC_INCOMPLETE = 98, /* something a manifest refers to is missing or cut short */
    SATSYNC_NO_KEY = 99,     /* sealed for recipients that do not include the given key */

    SATSYNC_BUG = 112 /* an invariant does not hold; please report it */
};

/*
 * What happened, to what, and what to do next. Filled without allocation; both strings are
 * NUL-terminated UTF-8. A call given a NULL error pointer only returns the status.
 */
struct satsync_error {
    enum satsync_status status;
    char subject[192]; /* the file, step, tensor, peer or option it happened to; may be empty */
    char message[448]; /* one sentence or two, for a person */
};

/* Pure. Stable lower-case word, such as "no-space"; "unknown" for a value not listed above. */
SATSYNC_API const char *satsync_status_name(enum satsync_status status);

/* Pure. */
SATSYNC_API enum satsync_status_class satsync_status_class(enum satsync_status status);

/* Pure. "usage", "resource", "link", "peer", "integrity", "internal" or "ok". */
SATSYNC_API const char *satsync_status_class_name(enum satsync_status_class status_class);

#ifdef __cplusplus
}
#endif
#endif
