#include "transport/link/ucx_loader.h"

#include "support/cmocka.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char *module_path;

static void test_what_is_missing_is_named(void **state) {
    (void)state;
    const struct ucx_module *module;
    struct satsync_error error;
    setenv("SATSYNC_UCX_MODULE", "/no/such/module.so", 1);
    assert_int_equal(ucx_loader_open(&module, &error), SATSYNC_UNSUPPORTED);
    assert_null(module);
    assert_non_null(strstr(error.message, "/no/such/module.so"));
    assert_non_null(strstr(error.message, "libucx-dev"));
}

static void test_a_library_that_is_no_module_is_refused(void **state) {
    (void)state;
    const struct ucx_module *module;
    struct satsync_error error;
    setenv("SATSYNC_UCX_MODULE", "libm.so.6", 1);
    assert_int_equal(ucx_loader_open(&module, &error), SATSYNC_UNSUPPORTED);
    assert_non_null(strstr(error.message, "version"));
}

static void handler_of(int number, struct sigaction *action) {
    assert_int_equal(sigaction(number, NULL, action), 0);
}

static void test_the_module_leaves_signals_alone(void **state) {
    (void)state;
    const struct ucx_module *module;
    struct satsync_error error;
    struct sigaction before;
    struct sigaction after;
    if (!module_path) {
        skip();
    }
    setenv("SATSYNC_UCX_MODULE", module_path, 1);
    handler_of(SIGSEGV, &before);
    assert_int_equal(ucx_loader_open(&module, &error), SATSYNC_OK);
    handler_of(SIGSEGV, &after);
    assert_ptr_equal(before.sa_handler, after.sa_handler);
    assert_int_equal(module->version, UCX_MODULE_VERSION);
    struct ucx_offer offer;
    assert_int_equal(module->offer(&offer, &error), SATSYNC_OK);
    const struct ucx_module *again;
    assert_int_equal(ucx_loader_open(&again, &error), SATSYNC_OK);
    assert_ptr_equal(again, module);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_a_library_that_is_no_module_is_refused),
        cmocka_unit_test(test_the_module_leaves_signals_alone),
    };
    module_path = getenv("SATSYNC_UCX_MODULE");
    module_path = module_path ? strdup(module_path) : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
