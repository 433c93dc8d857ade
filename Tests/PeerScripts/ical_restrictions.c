/* Reads calendars with libical and complains of every error and of every restriction of RFC 5545 that is broken. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *contents(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    if (text && fread(text, 1, (size_t)size, file) != (size_t)size) { free(text); text = NULL; }
    fclose(file);
    return text;
}

int main(int count, char **paths)
{
    int complaints = 0;
    icalerror_set_errors_are_fatal(0);
    for (int index = 1; index < count; index++) {
        char *text = contents(paths[index]);
        icalcomponent *calendar = text ? icalparser_parse_string(text) : NULL;
        if (!calendar || icalcomponent_isa(calendar) != ICAL_VCALENDAR_COMPONENT) {
            printf("%s: no calendar\n", paths[index]);
            complaints++;
        } else {
            int errors = icalcomponent_count_errors(calendar);
            int fits = icalrestriction_check(calendar);
            errors += icalcomponent_count_errors(calendar) - errors;
            if (errors || !fits) {
                printf("%s: %d errors, restrictions %s\n%s\n", paths[index], errors, fits ? "kept" : "broken",
                       icalcomponent_as_ical_string(calendar));
                complaints++;
            }
        }
        if (calendar) icalcomponent_free(calendar);
        free(text);
    }
    if (complaints) return 1;
    printf("%d calendars\n", count - 1);
    return 0;
}
