/* sys/log.c - formatting, counting, write(2). No stdio: the confined router process logs too. */
#include "sys/log.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINES_A_SECOND = 100, CAUSES = 16, LINE_MAX_BYTES = 2000 };

static const char *const levels[] = {"info", "warn", "error"};
static char who_we_are[100] = "fairlead";
static int sink = STDERR_FILENO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct cause {
    char name[32];
    time_t second;
    unsigned lines, dropped;
} causes[CAUSES];

void log_as(const char *who) { snprintf(who_we_are, sizeof who_we_are, "%s", who); }

void log_alone(void)
{
    int copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10), nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (copy >= 0 && nothing >= 0 && dup2(nothing, STDERR_FILENO) >= 0) sink = copy;
    if (nothing >= 0) close(nothing);
}

/* A date without gmtime_r, which would read the machine's time zone from a file: the confined router
 * process may not. Days since 1970 to the Gregorian calendar, in eras of 400 years from 1 March 0. */
static void put_date(struct text *t, const struct timespec *now)
{
    enum { DAY = 86400, TO_1970 = 719468, ERA = 146097 };
    int64_t z = now->tv_sec / DAY + TO_1970, s = now->tv_sec % DAY, era = z / ERA, day = z % ERA;
    int64_t year = (day - day / 1460 + day / 36524 - day / (ERA - 1)) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    int64_t mday = of_year - (153 * month + 2) / 5 + 1;
    month += month < 10 ? 3 : -9;
    text_addf(t, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", (int)(year + era * 400 + (month <= 2)), (int)month,
              (int)mday, (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60), now->tv_nsec / 1000000);
}

static void put(enum log_level level, const char *name, const char *subject, const char *text)
{
    struct text t = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    put_date(&t, &now);
    text_addf(&t, " %s %s %s", levels[level], who_we_are, name);
    if (*subject) {
        text_add(&t, " ");
        text_add_escaped(&t, subject, strlen(subject), 200);
    }
    text_add(&t, ": ");
    text_add_escaped(&t, text, strlen(text), LINE_MAX_BYTES);
    text_add(&t, "\n");
    ssize_t n = write(sink, t.s, t.n);
    (void)n; /* a dead sink loses the line */
    text_drop(&t);
}

/* The slot of a name; one that was quiet longest gives way to a new name. */
static struct cause *cause_of(const char *name)
{
    struct cause *oldest = causes;
    for (size_t i = 0; i < CAUSES; i++) {
        if (strncmp(causes[i].name, name, sizeof causes[i].name - 1) == 0) return &causes[i];
        if (causes[i].second < oldest->second) oldest = &causes[i];
    }
    *oldest = (struct cause){0};
    snprintf(oldest->name, sizeof oldest->name, "%s", name);
    return oldest;
}

static bool may_speak(const char *name)
{
    struct cause *c = cause_of(name);
    time_t now = time(NULL);
    if (c->second != now) {
        unsigned dropped = c->dropped;
        c->second = now;
        c->lines = c->dropped = 0;
        if (dropped) {
            char text[64];
            snprintf(text, sizeof text, "%u lines of %s not shown", dropped, c->name);
            put(LOG_LINE_WARN, "log-shortened", "", text);
        }
    }
    if (c->lines++ < LINES_A_SECOND) return true;
    c->dropped++;
    return false;
}

void log_line(enum log_level level, const char *name, const char *subject, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    pthread_mutex_lock(&lock);
    if (may_speak(name)) put(level, name, subject, text);
    pthread_mutex_unlock(&lock);
}
