/* iCalendar text to busy time by libical, for the bench beside it.
 *
 * libical FILE LO HI: FILE holds resources, each ended by a zero byte; LO and HI are the window, in seconds
 * since 1970. For every number N on a line of standard input all resources are read N times, and a line comes
 * back: the nanoseconds that took, and how many spans of busy time one round found. */

#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void count(icalcomponent *component, struct icaltime_span *span, void *found)
{
    (void)component;
    if (span->is_busy)
        ++*(unsigned long *)found;
}

static unsigned long busy_spans(const char *text, struct icaltimetype lo, struct icaltimetype hi)
{
    unsigned long found = 0;
    icalcomponent *calendar = icalparser_parse_string(text);
    if (!calendar)
        return 0;
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    while (event) {
        icalcomponent_foreach_recurrence(event, lo, hi, count, &found);
        event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT);
    }
    icalcomponent_free(calendar);
    return found;
}

static char *content(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    long length = ftell(file);
    rewind(file);
    char *text = length < 0 ? NULL : malloc((size_t)length);
    if (text && fread(text, 1, (size_t)length, file) != (size_t)length)
        return NULL;
    fclose(file);
    *size = (size_t)length;
    return text;
}

int main(int argc, char **argv)
{
    size_t size = 0;
    char *text = argc == 4 ? content(argv[1], &size) : NULL;
    if (!text) {
        fprintf(stderr, "usage: libical FILE LO HI\n");
        return 2;
    }
    icaltimezone *utc = icaltimezone_get_utc_timezone();
    struct icaltimetype lo = icaltime_from_timet_with_zone((time_t)atoll(argv[2]), 0, utc);
    struct icaltimetype hi = icaltime_from_timet_with_zone((time_t)atoll(argv[3]), 0, utc);
    unsigned long rounds;
    while (scanf("%lu", &rounds) == 1) {
        struct timespec began, ended;
        unsigned long found = 0;
        clock_gettime(CLOCK_MONOTONIC, &began);
        for (unsigned long round = 0; round < rounds; ++round) {
            found = 0;
            for (const char *at = text; at < text + size; at += strlen(at) + 1)
                found += busy_spans(at, lo, hi);
        }
        clock_gettime(CLOCK_MONOTONIC, &ended);
        long long elapsed = (ended.tv_sec - began.tv_sec) * 1000000000LL + (ended.tv_nsec - began.tv_nsec);
        printf("%lld %lu\n", elapsed, found);
        fflush(stdout);
    }
    return 0;
}
