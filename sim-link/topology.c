#include "sim-link/topology.h"

#include "base/check.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 2048, WORDS = 4, FILE_BYTES_LIMIT = 1 << 20 };

static const struct satsync_option seed_row = {"seed",     SATSYNC_OPTION_COUNT,     "N", NULL, 0,
                                               UINT64_MAX, "Seed of all randomness."};
static const struct satsync_option start_row = {"start",
                                                SATSYNC_OPTION_DURATION,
                                                "TIME",
                                                NULL,
                                                0,
                                                31536000000000000u,
                                                "Where the clock begins."};
static const struct satsync_option statements[] = {
    {.name = "site"}, {.name = "link"}, {.name = "seed"}, {.name = "start"}};

struct parse {
    struct topology *topology;
    const char *where;
    size_t line;
    char words[WORDS][LINE_BYTES];
    size_t count; /* of words; WORDS and more: too many */
    struct satsync_error *error;
};

size_t topology_find(const struct topology *topology, const char *name, const char **nearest) {
    struct satsync_option names[TOPOLOGY_SITES_LIMIT];
    memset(names, 0, sizeof names);
    for (size_t i = 0; i < topology->site_count; i++) {
        names[i].name = topology->sites[i];
    }
    const struct satsync_option *found =
        satsync_option_find(names, topology->site_count, name, nearest);
    return found == NULL ? topology->site_count : (size_t)(found - names);
}

/* What went wrong in a line, behind its place. */
static enum satsync_status at_line(const struct parse *parse, const struct satsync_error *why) {
    return error_set(parse->error, why->status, why->subject, "%s:%zu: %s", parse->where,
                     parse->line, why->message);
}

static enum satsync_status refuse(const struct parse *parse, enum satsync_status status,
                                  const char *subject, const char *what) {
    return error_set(parse->error, status, subject, "%s:%zu: %s", parse->where, parse->line, what);
}

/* `otherwise` is what to do where no name is near. */
static enum satsync_status no_such(const struct parse *parse, const char *kind, const char *name,
                                   const char *nearest, const char *otherwise) {
    return error_set(parse->error, SATSYNC_NOT_FOUND, name, "%s:%zu: there is no %s \"%s\"; %s%s%s",
                     parse->where, parse->line, kind, name,
                     nearest == NULL ? "" : "did you mean \"",
                     nearest == NULL ? otherwise : nearest, nearest == NULL ? "" : "\"?");
}

static bool is_name(const char *text) {
    size_t bytes = strlen(text);
    size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    return bytes > 0 && good == bytes && bytes < TOPOLOGY_NAME_BYTES && !isdigit(text[0]);
}

static enum satsync_status take_site(const struct parse *parse) {
    struct topology *topology = parse->topology;
    const char *name = parse->words[1];
    if (parse->count != 2 || !is_name(name)) {
        return refuse(parse, SATSYNC_INVALID, "site",
                      "a site is one name of small letters, digits, - and _, of at most 31, and "
                      "begins with a letter: site memphis");
    }
    if (topology_find(topology, name, NULL) < topology->site_count) {
        return refuse(parse, SATSYNC_CONFLICT, name, "this site is there already");
    }
    if (topology->site_count == TOPOLOGY_SITES_LIMIT) {
        return refuse(parse, SATSYNC_LIMIT, name, "a topology has at most 16 sites");
    }
    strcpy(topology->sites[topology->site_count++], name);
    return SATSYNC_OK;
}

static enum satsync_status take_end(const struct parse *parse, const char *name, size_t *site) {
    const char *nearest = NULL;
    *site = topology_find(parse->topology, name, &nearest);
    return *site < parse->topology->site_count
               ? SATSYNC_OK
               : no_such(parse, "site", name, nearest,
                         "write it as a line \"site NAME\" before this");
}

static bool is_joined(const struct topology *topology, size_t a, size_t b) {
    for (size_t i = 0; i < topology->link_count; i++) {
        const struct topology_link *link = &topology->links[i];
        if ((link->a == a && link->b == b) || (link->a == b && link->b == a)) {
            return true;
        }
    }
    return false;
}

static enum satsync_status take_link(const struct parse *parse) {
    struct topology *topology = parse->topology;
    struct satsync_error why;
    struct topology_link link;
    if (parse->count != 4) {
        return refuse(parse, SATSYNC_INVALID, "link",
                      "a link is two sites and a profile: link memphis atlanta geo?loss=1%");
    }
    TRY(take_end(parse, parse->words[1], &link.a));
    TRY(take_end(parse, parse->words[2], &link.b));
    if (link.a == link.b || is_joined(topology, link.a, link.b)) {
        return refuse(parse, SATSYNC_CONFLICT, parse->words[2],
                      link.a == link.b ? "a site has no link to itself"
                                       : "these sites are joined already; write hops with a bar");
    }
    if (profile_open(parse->words[3], &link.profile, &why) != SATSYNC_OK) {
        return at_line(parse, &why);
    }
    topology->links[topology->link_count++] = link;
    if (link.profile.seed != 1 || link.profile.start_ns != 0) {
        return refuse(parse, SATSYNC_CONFLICT, "seed",
                      "seed and start are the topology's: write them as lines of their own");
    }
    return SATSYNC_OK;
}

static enum satsync_status take_number(const struct parse *parse, const struct satsync_option *row,
                                       uint64_t *value) {
    struct satsync_error why;
    if (parse->count != 2) {
        return refuse(parse, SATSYNC_INVALID, row->name, "one value is wanted here");
    }
    return satsync_option_parse(row, parse->words[1], value, &why) == SATSYNC_OK
               ? SATSYNC_OK
               : at_line(parse, &why);
}

static enum satsync_status take_statement(const struct parse *parse) {
    const char *nearest = NULL;
    const char *word = parse->words[0];
    const struct satsync_option *found =
        satsync_option_find(statements, sizeof statements / sizeof *statements, word, &nearest);
    switch (found == NULL ? -1 : found - statements) {
    case 0:
        return take_site(parse);
    case 1:
        return take_link(parse);
    case 2:
        return take_number(parse, &seed_row, &parse->topology->seed);
    case 3:
        return take_number(parse, &start_row, &parse->topology->start_ns);
    default:
        return no_such(parse, "statement", word, nearest,
                       "a line begins with site, link, seed or start");
    }
}

/* The words of a line up to a comment. */
static void split(struct parse *parse, const char *at, const char *end) {
    const char *comment = memchr(at, '#', (size_t)(end - at));
    end = comment == NULL ? end : comment;
    parse->count = 0;
    for (;;) {
        while (at < end && isspace((unsigned char)*at)) {
            at++;
        }
        const char *from = at;
        while (at < end && !isspace((unsigned char)*at)) {
            at++;
        }
        if (at == from) {
            return;
        }
        if (parse->count < WORDS) {
            memcpy(parse->words[parse->count], from, (size_t)(at - from));
            parse->words[parse->count][at - from] = 0;
        }
        parse->count++;
    }
}

static enum satsync_status take_lines(struct parse *parse, const char *text) {
    for (const char *at = text; *at != 0;) {
        const char *end = at + strcspn(at, "\n");
        parse->line++;
        if (end - at >= LINE_BYTES) {
            return refuse(parse, SATSYNC_LIMIT, parse->where, "the line is too long");
        }
        split(parse, at, end);
        if (parse->count > 0) {
            TRY(take_statement(parse));
        }
        at = *end == 0 ? end : end + 1;
    }
    ENSURE(parse->topology->link_count > 0, parse->error, SATSYNC_INVALID, parse->where,
           "%s names no link; write lines such as: link memphis atlanta geo", parse->where);
    return SATSYNC_OK;
}

static enum satsync_status init(struct topology *topology, size_t links,
                                struct satsync_error *error) {
    memset(topology, 0, sizeof *topology);
    topology->seed = 1;
    topology->links = memory_new(NULL, links, sizeof *topology->links);
    ENSURE(topology->links != NULL, error, SATSYNC_NO_MEMORY, "topology",
           "no memory for a topology");
    return SATSYNC_OK;
}

enum satsync_status topology_of_link(const char *link, struct topology *topology,
                                     struct satsync_error *error) {
    TRY(init(topology, 1, error));
    struct profile *profile = &topology->links[0].profile;
    enum satsync_status status = profile_open(link, profile, error);
    if (status != SATSYNC_OK) {
        topology_fini(topology);
        return status;
    }
    topology->links[0].b = 1;
    topology->link_count = 1;
    topology->site_count = 2;
    topology->seed = profile->seed;
    topology->start_ns = profile->start_ns;
    return SATSYNC_OK;
}

enum satsync_status topology_parse(const char *where, const char *text, struct topology *topology,
                                   struct satsync_error *error) {
    TRY(init(topology, TOPOLOGY_LINKS_LIMIT, error));
    enum satsync_status status = SATSYNC_NO_MEMORY;
    struct parse *parse = memory_new(NULL, 1, sizeof *parse);
    if (parse == NULL) {
        status = error_set(error, status, where, "no memory for a topology");
    } else {
        *parse = (struct parse){.topology = topology, .where = where, .error = error};
        status = take_lines(parse, text);
    }
    memory_free(NULL, parse);
    if (status != SATSYNC_OK) {
        topology_fini(topology);
    }
    return status;
}

enum satsync_status topology_read(const char *path, struct topology *topology,
                                  struct satsync_error *error) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set_errno(error, errno, path, "reading the topology");
    }
    char *text = memory_new(NULL, FILE_BYTES_LIMIT + 1, 1);
    size_t bytes = text == NULL ? 0 : fread(text, 1, FILE_BYTES_LIMIT, file);
    bool whole = text != NULL && ferror(file) == 0 && fgetc(file) == EOF;
    fclose(file);
    enum satsync_status status = whole && memchr(text, 0, bytes) == NULL
                                     ? topology_parse(path, text, topology, error)
                                     : error_set(error, SATSYNC_INVALID, path,
                                                 "%s is no topology: it is not text, or larger "
                                                 "than 1 MiB",
                                                 path);
    memory_free(NULL, text);
    return status;
}

void topology_fini(struct topology *topology) {
    for (size_t i = 0; i < topology->link_count; i++) {
        profile_fini(&topology->links[i].profile);
    }
    memory_free(NULL, topology->links);
    topology->links = NULL;
    topology->link_count = 0;
}
