#include "sim-link/profile_fixed.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint64_t US = 1000;
static const uint64_t MS = 1000000;
static const uint64_t SECOND = 1000000000;
static const uint64_t MBIT = 1000000;

static void set_rtt(struct profile *profile, uint64_t rtt_ns) {
    profile->rtt_ns = rtt_ns;
    profile->there.delay_ns = rtt_ns - rtt_ns / 2;
    profile->back.delay_ns = rtt_ns / 2;
}

static void fill_plain(struct profile *profile) {
    (void)profile;
}

static void fill_lan(struct profile *profile) {
    set_rtt(profile, 200 * US);
    profile->there.rate_bps = 10000 * MBIT;
    profile->there.queue_ns = 5 * MS;
    profile->back.rate_bps = 10000 * MBIT;
    profile->back.queue_ns = 5 * MS;
}

static const struct profile_figure lan_figures[] = {
    {"rate", "10 Gbit/s", "assumed"},
    {"round trip", "200 us", "assumed"},
    {"queue", "5 ms", "assumed"},
};

static void fill_fibre(struct profile *profile, uint64_t rtt_ns) {
    set_rtt(profile, rtt_ns);
    struct lane_plan *plans[] = {&profile->there, &profile->back};
    for (size_t i = 0; i < COUNT(plans); i++) {
        plans[i]->rate_bps = 10000 * MBIT;
        plans[i]->queue_ns = 50 * MS;
        plans[i]->jitter_ns = 60 * US;
        plans[i]->loss_ppb = 1000;
        plans[i]->bad_loss_ppb = 1000000000;
        plans[i]->bad_ns = 30 * MS;
        plans[i]->good_ns = 3600 * SECOND;
    }
}

static void fill_atlanta(struct profile *profile) {
    fill_fibre(profile, 8200 * US);
}

static void fill_ashburn(struct profile *profile) {
    fill_fibre(profile, 18100 * US);
}

static void fill_abudhabi(struct profile *profile) {
    fill_fibre(profile, 186400 * US);
}

#define FIBRE_FIGURES                                                                              \
    {"rate", "10 Gbit/s", "assumed"}, {"jitter one way", "0 to 60 us over 10 ms", "assumed"},      \
        {"loss", "1e-6", "assumed"},                                                               \
        {"protection switch", "all lost for 30 ms once an hour", "assumed"}, {                     \
        "queue", "50 ms", "assumed"                                                                \
    }

static const struct profile_figure atlanta_figures[] = {
    {"round trip", "8.2 ms", "computed: great circle of 549 km, c / 1.468, stretched 1.5 times"},
    {"stretch", "1.5",
     "computed from https://acomputerscientistlearnsaws.blogspot.com/2017/04/aws-regions.html "
     "(median of 15 pairs 1.47)"},
    FIBRE_FIGURES,
};

static const struct profile_figure ashburn_figures[] = {
    {"round trip", "18.1 ms", "computed: great circle of 1,207 km, c / 1.468, stretched 1.5 times"},
    {"stretch", "1.5",
     "computed from https://acomputerscientistlearnsaws.blogspot.com/2017/04/aws-regions.html "
     "(median of 15 pairs 1.47)"},
    FIBRE_FIGURES,
};

static const struct profile_figure abudhabi_figures[] = {
    {"round trip", "186.4 ms",
     "computed: great circle of 12,417 km, c / 1.468, stretched 1.5 times"},
    {"stretch", "1.5",
     "computed from https://acomputerscientistlearnsaws.blogspot.com/2017/04/aws-regions.html "
     "(median of 15 pairs 1.47)"},
    FIBRE_FIGURES,
};

const struct profile_entry profile_plain = {"plain", "nothing but what the options say", fill_plain,
                                            NULL, 0};

const struct profile_entry profile_lan = {"lan", "10 Gbit/s in one hall", fill_lan, lan_figures,
                                          COUNT(lan_figures)};

const struct profile_entry profile_fibre_atlanta = {"fibre-memphis-atlanta",
                                                    "10 Gbit/s fibre, 8.2 ms", fill_atlanta,
                                                    atlanta_figures, COUNT(atlanta_figures)};

const struct profile_entry profile_fibre_abudhabi = {"fibre-memphis-abudhabi",
                                                     "10 Gbit/s fibre, 186.4 ms", fill_abudhabi,
                                                     abudhabi_figures, COUNT(abudhabi_figures)};

const struct profile_entry profile_fibre_ashburn = {"fibre-memphis-ashburn",
                                                    "10 Gbit/s fibre, 18.1 ms", fill_ashburn,
                                                    ashburn_figures, COUNT(ashburn_figures)};
