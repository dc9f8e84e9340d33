/* evidence/records_json.c - see the header. */
#include "evidence/records_json.h"
#include <stdio.h>
#include <string.h>
#include "evidence/fields_json.h"

bool drill_record_is(const json_t *document)
{
    return *field_text(document, "drill") && json_is_boolean(json_object_get(document, "restored"));
}

bool record_time(const char *s, int64_t *out_ms)
{
    char day[11];
    int hour, minute, second;
    int64_t days;
    if (strlen(s) < 19 || s[10] != 'T') return false;
    snprintf(day, sizeof day, "%.10s", s);
    if (!design_date(day, &days) || sscanf(s + 11, "%2d:%2d:%2d", &hour, &minute, &second) != 3) return false;
    *out_ms = ((days * 24 + hour) * 60 + minute) * 60000 + second * 1000;
    return true;
}

/* "circuit/er-demo/private/primary" -> subject "circuit/er-demo", leg "primary". */
static bool split_subject(const char *s, char circuit[static SUBJECT_MAX], const char **leg)
{
    const char *last = strrchr(s, '/'), *second = strncmp(s, "circuit/", 8) == 0 ? strchr(s + 8, '/') : NULL;
    if (!second || last == second) return false;
    snprintf(circuit, SUBJECT_MAX, "%.*s", (int)(second - s), s);
    *leg = last + 1;
    return true;
}

/* A drill that did not go as expected is recorded as such: the word "restored" stands for both. */
void drill_record_take(const struct collector *c, const json_t *document)
{
    char circuit[SUBJECT_MAX];
    const char *leg;
    int64_t at = c->at_ms;
    bool good = json_is_true(json_object_get(document, "restored")) &&
                json_is_true(json_object_get(document, "expected"));
    if (!split_subject(field_text(document, "subject"), circuit, &leg)) return;
    (void)record_time(field_text(document, "ended"), &at);
    facts_addf(c->facts, FACT_DRILL, circuit, c->source, at, "%s %llu %llu %llu %s (%s)", leg,
               (unsigned long long)field_number(document, "sent"), (unsigned long long)field_number(document, "lost"),
               (unsigned long long)field_number(document, "outage_ms"),
               good ? "restored" : "not as expected", field_text(document, "drill"));
}

bool measured_is(const json_t *document)
{
    const json_t *first = json_array_get(document, 0);
    return *field_text(first, "what") && json_is_integer(json_object_get(first, "lost"));
}

void measured_take(const struct collector *c, const char *circuit, const json_t *document)
{
    size_t i;
    json_t *row;
    char subject[SUBJECT_MAX];
    json_array_foreach((json_t *)document, i, row)
    {
        uint64_t sent = field_number(row, "sent"), lost = field_number(row, "lost"), rtt = field_number(row, "rtt_us");
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
            char name[32];
            snprintf(name, sizeof name, "%s leg", leg_name(leg));
            if (strcmp(field_text(row, "what"), name) != 0 || !sent) continue;
            snprintf(subject, sizeof subject, "circuit/%.80s/private/%s", circuit, leg_name(leg));
            facts_addf(c->facts, FACT_PROBE_LOSS, subject, c->source, c->at_ms, "%.2f",
                       100.0 * (double)lost / (double)sent);
            if (lost < sent) put_number(c, FACT_PROBE_RTT, subject, rtt);
        }
    }
}
