#include "transport/ucx/ucx_offer.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An endpoint that tells of a dead peer sends whole messages through TCP's segments, where one that
 * does not writes them to their place: UCX's own segments of 8 and 64 KiB are then half as fast.
 * These are their names up to 1.13; what a version does not know, or no transport uses, it warns
 * of. */
static const struct setting {
    const char *variable; /* of the environment, where it stands before ours */
    const char *name;
    const char *value;
} settings[] = {{"UCX_TCP_TX_SEG_SIZE", "TX_SEG_SIZE", "256k"},
                {"UCX_TCP_RX_SEG_SIZE", "RX_SEG_SIZE", "512k"}};

static bool knows_settings(void) {
    unsigned major, minor, release;
    ucp_get_version(&major, &minor, &release);
    return major == 1 && minor <= 13;
}

/* With our settings, or UCX's alone. */
static ucs_status_t open_context(bool ours, ucp_context_h *context) {
    const ucp_params_t params = {.field_mask = UCP_PARAM_FIELD_FEATURES | UCP_PARAM_FIELD_NAME,
                                 .features = UCP_FEATURE_AM | UCP_FEATURE_WAKEUP,
                                 .name = "satsync"};
    ucp_config_t *config;
    ucs_status_t status = ucp_config_read(NULL, NULL, &config);
    for (size_t i = 0; ours && status == UCS_OK && i < sizeof settings / sizeof *settings; i++) {
        if (!getenv(settings[i].variable)) {
            status = ucp_config_modify(config, settings[i].name, settings[i].value);
        }
    }
    if (status != UCS_OK) {
        return ucp_init(&params, NULL, context);
    }
    status = ucp_init(&params, config, context);
    ucp_config_release(config);
    return status;
}

static bool has_word(const char *list, const char *word, size_t length) {
    for (const char *at = list; *at; at += strcspn(at, " "), at += *at == ' ') {
        if (strcspn(at, " ") == length && memcmp(at, word, length) == 0) {
            return true;
        }
    }
    return false;
}

void ucx_offer_words(const struct ucx_offer_words *words, char *out, size_t bytes) {
    size_t used = 0;
    out[0] = '\0';
    for (const char *at = words->text; (at = strstr(at, words->mark));) {
        at += strlen(words->mark);
        at += strspn(at, " 0123456789:");
        size_t length = strcspn(at, words->names_only ? "/ \n" : " \n");
        if (length > 0 && !has_word(out, at, length) && used + length + 2 <= bytes) {
            used += (size_t)snprintf(out + used, bytes - used, "%s%.*s", used ? " " : "",
                                     (int)length, at);
        }
    }
}

/* UCX tells this only to streams. */
static void words_of_stream(char *text, const char *mark, bool names_only, char *out,
                            size_t bytes) {
    const struct ucx_offer_words words = {
        .text = text ? text : "", .mark = mark, .names_only = names_only};
    ucx_offer_words(&words, out, bytes);
    free(text);
}

void ucx_offer_lanes(ucp_ep_h ep, char *out, size_t bytes) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream) {
        ucp_ep_print_info(ep, stream);
        fclose(stream);
    }
    words_of_stream(text, "]:", true, out, bytes);
}

static void context_words(ucp_context_h context, bool names_only, char *out, size_t bytes) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream) {
        ucp_context_print_info(context, stream);
        fclose(stream);
    }
    words_of_stream(text, "-- ", names_only, out, bytes);
}

bool ucx_offer_shares_memory(ucp_context_h context) {
    static const char *const shared[] = {"posix", "sysv", "xpmem"};
    char names[512];
    context_words(context, true, names, sizeof names);
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        if (has_word(names, shared[i], strlen(shared[i]))) {
            return true;
        }
    }
    return false;
}

enum satsync_status ucx_offer_open_context(ucp_context_h *context, struct satsync_error *error) {
    char names[512];
    ucs_status_t status = open_context(false, context);
    if (status == UCS_OK && knows_settings()) {
        context_words(*context, true, names, sizeof names);
        if (has_word(names, "tcp", 3)) {
            ucp_cleanup(*context);
            status = open_context(true, context);
        }
    }
    if (status != UCS_OK) {
        *context = NULL;
        return error_set(error, SATSYNC_UNSUPPORTED, NULL,
                         "UCX does not start: %s; look at UCX_TLS and UCX_NET_DEVICES",
                         ucs_status_string(status));
    }
    return SATSYNC_OK;
}

enum satsync_status ucx_offer(struct ucx_offer *offer, struct satsync_error *error) {
    ucp_context_h context;
    memset(offer, 0, sizeof *offer);
    snprintf(offer->version, sizeof offer->version, "%s", ucp_get_version_string());
    TRY(ucx_offer_open_context(&context, error));
    context_words(context, false, offer->transports, sizeof offer->transports);
    ucp_cleanup(context);
    return SATSYNC_OK;
}
