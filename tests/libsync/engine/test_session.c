#include "engine/site.h"
#include "support/cmocka.h"
#include "support/receiver_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_new_link_of_the_same_peer_takes_over_its_transfer(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=200ms&seed=6");
    two_sites_save(&sites, 3, 4000000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    struct satsync_site_options options = two_sites_options(&sites);
    struct satsync_operation *operation;
    /* Three pushers that die without a word, a second apart: the server still holds their links. */
    for (uint64_t second = 1; second <= 3; second++) {
        assert_int_equal(satsync_push(sites.store[0], 3, &options, &operation, &sites.error),
                         SATSYNC_OK);
        if (two_sites_run(&sites, operation, second * 700000000) == SATSYNC_AGAIN) {
            satsync_operation_free(operation);
        }
    }
    assert_int_equal(satsync_push(sites.store[0], 3, &options, &operation, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_OK);
    two_sites_assert_equal(&sites, 3);
    two_sites_close(&sites);
}

/* The peer's link comes up and brings its offer. */
static void offer_over(struct session *session, struct receiver_world *world,
                       const struct satsync_peer *peer) {
    struct wire_message offer = receiver_world_offer(world);
    size_t bytes = wire_encoded_bytes(&offer);
    uint8_t *data = malloc(bytes);
    assert_non_null(data);
    assert_int_equal(wire_encode(&offer, data, bytes), bytes);
    const struct link_event up = {.kind = LINK_EVENT_UP, .peer_key = peer->key.bytes};
    const struct link_event events[] = {up, fake_link_began(LINK_CONTROL, 0, bytes),
                                        fake_link_data(0, bytes, 0, data, bytes),
                                        fake_link_received(0, bytes)};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        session_event(session, &events[i]);
    }
    free(data);
}

static void test_link_that_died_in_the_turn_of_its_new_offer_is_not_closed(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, 300000);
    const struct site_role role = {0};
    struct satsync_peer peer = {.rights = SATSYNC_RIGHT_WRITE};
    satsync_key_public(world.sites.key[0], &peer.key);
    struct site site = {.engine = world.sites.engine,
                        .store = world.sites.store[1],
                        .role = &role,
                        .peers = &peer,
                        .peer_count = 1};
    struct fake_link fakes[2];
    struct session *sessions[2];
    for (int i = 0; i < 2; i++) {
        fake_link_init(&fakes[i]);
        sessions[i] = session_new(&site, &fakes[i].link);
        assert_non_null(sessions[i]);
        sessions[i]->next = site.sessions;
        site.sessions = sessions[i];
    }
    offer_over(sessions[0], &world, &peer);
    assert_true(sessions[0]->receiving);
    fake_link_return_all(&fakes[0]);
    session_event(sessions[0],
                  &(struct link_event){.kind = LINK_EVENT_DOWN, .status = SATSYNC_NO_PATH});
    offer_over(sessions[1], &world, &peer);
    assert_int_equal(fakes[0].closed, 0);
    assert_false(sessions[0]->receiving);
    assert_true(sessions[1]->receiving);
    fake_link_return_all(&fakes[1]);
    sessions[1]->down = true;
    for (int i = 0; i < 2; i++) {
        session_free(sessions[i]);
        fake_link_fini(&fakes[i]);
    }
    receiver_world_end(&world);
}

static void test_another_checkpoint_of_a_step_is_refused_with_both_digests(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=20ms&seed=6");
    two_sites_save(&sites, 3, 40000);
    /* End 1 saves a step 3 of its own. */
    struct satsync_save_options save_options;
    satsync_save_options_init(&save_options);
    save_options.step = 3;
    struct satsync_save *save;
    struct satsync_operation *operation;
    assert_int_equal(satsync_save_begin(sites.store[1], &save_options, &save, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(satsync_save_commit(save, &operation, &sites.error), SATSYNC_OK);
    assert_int_equal(satsync_operation_wait(operation, 0, &sites.error), SATSYNC_OK);
    satsync_operation_free(operation);

    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    struct satsync_checkpoint_info info[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(satsync_store_info(sites.store[i], 3, &info[i], &sites.error), SATSYNC_OK);
    }
    struct satsync_site_options options = two_sites_options(&sites);
    assert_int_equal(satsync_push(sites.store[0], 3, &options, &operation, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_CONFLICT);
    for (int i = 0; i < 2; i++) {
        char digest[17];
        for (int k = 0; k < 8; k++) {
            snprintf(digest + 2 * k, 3, "%02x", info[i].digest[k]);
        }
        assert_non_null(strstr(sites.error.message, digest));
    }
    two_sites_close(&sites);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_link_of_the_same_peer_takes_over_its_transfer),
        cmocka_unit_test(test_link_that_died_in_the_turn_of_its_new_offer_is_not_closed),
        cmocka_unit_test(test_another_checkpoint_of_a_step_is_refused_with_both_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
