#include "transport/ucx/ucx_quiet.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <threads.h>
#include <ucs/debug/debug.h>
#include <ucs/debug/log_def.h>

static thread_local bool is_quiet;
static once_flag once = ONCE_FLAG_INIT;
static bool is_log_wanted;

static ucs_log_func_rc_t filter(const char *file, unsigned line, const char *function,
                                ucs_log_level_t level, const ucs_log_component_config_t *config,
                                const char *message, va_list values) {
    (void)file;
    (void)line;
    (void)function;
    (void)config;
    (void)message;
    (void)values;
    bool drop = is_quiet && (level == UCS_LOG_LEVEL_FATAL || !is_log_wanted);
    return drop ? UCS_LOG_FUNC_RC_STOP : UCS_LOG_FUNC_RC_CONTINUE;
}

static void install(void) {
    is_log_wanted = getenv("UCX_LOG_LEVEL") != NULL;
    ucs_log_push_handler(filter);
}

void ucx_quiet_begin(void) {
    call_once(&once, install);
    is_quiet = true;
}

void ucx_quiet_end(void) {
    is_quiet = false;
}

void ucx_quiet_signals(void) {
    static const int signals[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE};
    if (getenv("UCX_ERROR_SIGNALS")) {
        return;
    }
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        ucs_debug_disable_signal(signals[i]);
    }
}
