#include "sim-link/cli/report.h"

#include <stdio.h>
#include <string.h>

void report_print(struct json *json) {
    const char *text = json_finish(json);
    puts(text == NULL ? "{\"status\":\"no-memory\"}" : text);
    json_fini(json);
}

void report_start(struct json *json, const char *command, enum satsync_status status) {
    json_init(json, NULL);
    json_put_object(json);
    json_member_string(json, "command", command);
    json_member_string(json, "status", satsync_status_name(status));
}

int report_failure(const struct satsync_error *error, const char *command, bool as_json) {
    bool named = strstr(error->message, error->subject) != NULL;
    fprintf(stderr, "satsync-link: %s%s%s\n", named ? "" : error->subject, named ? "" : ": ",
            error->message);
    if (as_json) {
        struct json json;
        report_start(&json, command, error->status);
        json_member_string(&json, "class",
                           satsync_status_class_name(satsync_status_class(error->status)));
        json_member_string(&json, "subject", error->subject);
        json_member_string(&json, "message", error->message);
        json_end_object(&json);
        report_print(&json);
    }
    return (int)satsync_status_class(error->status);
}
