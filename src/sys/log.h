/* sys/log.h - what a daemon says, one line an event, on stderr:
 *     2026-11-24T15:41:24.123Z info edge1/router session-up blue/probe: 127.0.0.2 AS 65010 ...
 * time, level, who, name, subject, text. Texts from outside are escaped. More than 100 lines a second
 * of one name are counted instead, and summed up in the next second (RB-184); a sink that refuses
 * loses lines, never time. */
#pragma once
#include "base/text.h"

enum log_level { LOG_LINE_INFO, LOG_LINE_WARN, LOG_LINE_ERROR };

void log_as(const char *who);
/* From now on lines go to a copy of stderr, and what a library prints there of its own accord goes
 * nowhere. Needs /dev/null. */
void log_alone(void);
/* `subject` may be "". Calls of one thread at a time. */
void log_line(enum log_level level, const char *name, const char *subject, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
