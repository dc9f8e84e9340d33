#include "check.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <stdio.h>
#include "sys/process.h"

static void output_and_status_of_a_command_come_back(void **state)
{
    (void)state;
    struct text out = {0}, why = {0};
    const char *const argv[] = {"sh", "-c", "cat; echo done; exit 3", NULL};
    struct process_spec spec = {.argv = argv};
    assert_int_equal(process_run(&spec, "in ", duration_s(5), &out, &why), 3);
    assert_string_equal(text_get(&out), "in done\n");
    text_drop(&out), text_drop(&why);
}

static void a_missing_program_is_reported_with_its_reason(void **state)
{
    (void)state;
    struct text why = {0};
    struct process p;
    const char *const argv[] = {"/nonexistent/program", NULL};
    assert_false(process_start(&(struct process_spec){.argv = argv}, &p, &why));
    assert_non_null(strstr(text_get(&why), "/nonexistent/program: cannot execute: No such file"));
    text_drop(&why);
}

static void a_command_that_does_not_end_is_killed_at_its_limit(void **state)
{
    (void)state;
    struct text out = {0}, why = {0};
    const char *const argv[] = {"sleep", "60", NULL};
    assert_int_equal(
        process_run(&(struct process_spec){.argv = argv}, NULL, duration_ms(50), &out, &why), -1);
    assert_non_null(strstr(text_get(&why), "did not end within 50 ms"));
    text_drop(&out), text_drop(&why);
}

static void another_start_time_means_another_process(void **state)
{
    (void)state;
    struct text why = {0};
    struct process p;
    const char *const argv[] = {"sleep", "60", NULL};
    assert_true(process_start(&(struct process_spec){.argv = argv}, &p, &why));
    struct process successor = {p.pid, p.started + 1};
    assert_true(process_alive(&p));
    assert_false(process_alive(&successor));
    assert_false(process_signal(&successor, SIGTERM));
    assert_true(process_alive(&p));
    assert_true(process_end(&p, duration_s(5)));
    assert_false(process_alive(&p));
    text_drop(&why);
}

static void one_that_ignores_sigterm_is_killed(void **state)
{
    (void)state;
    struct text why = {0};
    struct process p;
    const char *const argv[] = {"sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done", NULL};
    assert_true(
        process_start(&(struct process_spec){.argv = argv, .log_file = "/dev/null"}, &p, &why));
    assert_true(process_end(&p, duration_ms(100)));
    text_drop(&why);
}

static void remember(void *ctx, const struct process *p) { *(struct process *)ctx = *p; }

static void a_marked_process_is_found_again(void **state)
{
    (void)state;
    struct text why = {0};
    struct process p, found = {0};
    char mark[64];
    snprintf(mark, sizeof mark, "FAIRLEAD_TEST=%d", (int)getpid());
    const char *const argv[] = {"sleep", "60", NULL};
    assert_true(process_start(&(struct process_spec){.argv = argv, .mark = mark}, &p, &why));
    process_each_marked(mark, remember, &found);
    assert_int_equal(found.pid, p.pid);
    assert_true(found.started == p.started);
    assert_true(process_end(&p, duration_s(5)));
    text_drop(&why);
}

/* A process of ours runs a command, and is killed. */
static pid_t one_that_runs(const char *const *argv, const char *mark)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct text out = {0}, why = {0};
        process_run(&(struct process_spec){.argv = argv, .mark = mark}, NULL, duration_s(60), &out, &why);
        _exit(0);
    }
    return pid;
}

static void wait_for_start(const char *mark, struct process *found)
{
    for (int i = 0; i < 3000 && !(found->pid && process_alive(found)); i++) {
        process_each_marked(mark, remember, found);
        usleep(10000);
    }
}

static void wait_for_end(const struct process *p)
{
    for (int i = 0; i < 3000 && process_alive(p); i++) usleep(10000);
}

static void a_command_does_not_outlive_the_one_that_waits_for_it(void **state)
{
    (void)state;
    struct process command = {0};
    char mark[64];
    snprintf(mark, sizeof mark, "FAIRLEAD_TEST=orphan-%d", (int)getpid());
    const char *const argv[] = {"sleep", "60", NULL};
    pid_t pid = one_that_runs(argv, mark);
    wait_for_start(mark, &command);
    assert_true(command.pid != 0 && process_alive(&command));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    wait_for_end(&command);
    assert_false(process_alive(&command));
    process_end(&command, duration_s(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_status_of_a_command_come_back),
        cmocka_unit_test(a_missing_program_is_reported_with_its_reason),
        cmocka_unit_test(a_command_that_does_not_end_is_killed_at_its_limit),
        cmocka_unit_test(another_start_time_means_another_process),
        cmocka_unit_test(one_that_ignores_sigterm_is_killed),
        cmocka_unit_test(a_marked_process_is_found_again),
        cmocka_unit_test(a_command_does_not_outlive_the_one_that_waits_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
