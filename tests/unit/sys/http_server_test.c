/* A server of ours in a child process, asked by our own client and by raw bytes. */
#include "check.h"
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "sys/http_client.h"
#include "sys/http_server.h"
#include "sys/tls.h"
#include "sys/whole_file.h"

static char folder[] = "/tmp/fl-http-XXXXXX";
static char ca_file[64], cert_file[64], key_file[64], other_cert[64], other_key[64], url[64];
static char serial[TLS_SERIAL_TEXT];
static pid_t child;

/* --- the server's side --- */

static instant now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (instant){(int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000};
}

static struct http_exchange *later;
static instant later_at;

/* Says what was asked; "/later" is answered after 100 ms. */
static void serve(void *ctx, struct http_exchange *x)
{
    size_t n;
    struct tls_peer peer;
    struct text t = {0};
    const char *body = http_body(x, &n), *mark = http_field(x, "X-Mark");
    (void)ctx;
    if (strcmp(http_target(x), "/later") == 0) {
        later = x;
        later_at = instant_after(now(), duration_ms(100));
        return;
    }
    text_addf(&t, "%s %s %zu %.*s %s %s %s", http_method(x), http_target(x), n,
              (int)(n < 10 ? n : 10), body, mark ? mark : "-",
              http_peer(x, &peer) ? peer.name : "nobody", http_source(x));
    const struct http_reply_field fields[] = {{"X-Serial", peer.serial}, {0}};
    http_reply(x, &(struct http_output){200, "text/plain", text_get(&t), t.n, fields});
    text_drop(&t);
}

static void refusal(void *ctx, unsigned status, const char *what, struct text *out)
{
    (void)ctx;
    text_addf(out, "{\"refused\":%u,\"what\":\"%s\"}", status, what);
}

static size_t body_limit(void *ctx, const char *method, const char *target)
{
    (void)ctx, (void)method;
    return strcmp(target, "/big") == 0 ? 1 << 20 : 0;
}

static void run_server(int tell, const struct tls_pair *server, const struct text *authority)
{
    struct text why = {0};
    struct http_server_setup setup = {
        .listen = "127.0.0.1:0",
        .key = text_get(&server->key),
        .cert = text_get(&server->cert),
        .client_authority = text_get(authority),
        .limits = {.body = 1000, .head_s = 3, .body_s = 3, .connections_per_address = 40},
        .hooks = {.serve = serve, .refusal = refusal, .body_limit = body_limit}};
    struct http_server *s = http_server_open(&setup, &why);
    if (!s) _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    if (write(tell, http_server_address(s), strlen(http_server_address(s))) < 0) _exit(1);
    close(tell);
    for (;;) {
        instant next = http_server_next(s, now());
        if (later) next = instant_first(next, later_at);
        int64_t wait = next.us == INT64_MAX ? 1000 : duration_to_ms(instant_since(next, now())) + 1;
        poll(&(struct pollfd){http_server_fd(s), POLLIN, 0}, 1, wait < 0 ? 0 : (int)wait);
        if (later && instant_reached(later_at, now())) {
            http_reply(later, &(struct http_output){204, NULL, NULL, 0, NULL});
            later = NULL;
        }
        http_server_turn(s, now());
    }
}

/* --- the tests' side --- */

static void keep(char *path, const char *name, const struct text *t)
{
    struct text why = {0};
    snprintf(path, 64, "%s/%s", folder, name);
    assert_true(file_write(path, t->s, t->n, 0600, &why));
}

static int start(void **state)
{
    (void)state;
    static const char *const hosts[] = {"localhost", "127.0.0.1", NULL};
    struct tls_pair authority = {0}, server = {0}, client = {0}, stranger = {0}, forged = {0};
    struct text why = {0};
    char unused[TLS_SERIAL_TEXT], address[32] = "";
    int64_t t = time(NULL);
    int tell[2];
    const struct tls_subject edge = {.name = "edge1", .client = true, .days = 1};
    if (!mkdtemp(folder) || pipe(tell) != 0) return -1;
    assert_true(tls_make_authority("test", t, &authority, &why));
    assert_true(tls_make_authority("test", t, &stranger, &why));
    assert_true(tls_issue(&authority,
                          &(struct tls_subject){.name = "server", .hosts = hosts, .days = 1}, t,
                          &server, unused, &why));
    assert_true(tls_issue(&authority, &edge, t, &client, serial, &why));
    assert_true(tls_issue(&stranger, &edge, t, &forged, unused, &why));
    keep(ca_file, "ca.pem", &authority.cert);
    keep(cert_file, "cert.pem", &client.cert), keep(key_file, "key.pem", &client.key);
    keep(other_cert, "other.pem", &forged.cert), keep(other_key, "other-key.pem", &forged.key);
    child = fork();
    if (child == 0) {
        close(tell[0]);
        run_server(tell[1], &server, &authority.cert);
    }
    close(tell[1]);
    if (read(tell[0], address, sizeof address - 1) <= 0) return -1;
    close(tell[0]);
    snprintf(url, sizeof url, "https://%s", address);
    tls_pair_drop(&authority), tls_pair_drop(&server), tls_pair_drop(&client);
    tls_pair_drop(&stranger), tls_pair_drop(&forged);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    char *const files[] = {ca_file, cert_file, key_file, other_cert, other_key};
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) unlink(files[i]);
    rmdir(folder);
    return 0;
}

static struct http_answer answer;

static unsigned ask_as(const char *cert, const char *key, const char *method, const char *target,
                       const char *body)
{
    struct http_client *c = http_client_new(
        &(struct http_identity){.ca_file = ca_file, .cert_file = cert, .key_file = key});
    struct text whole = {0}, why = {0};
    static const char *const headers[] = {"X-Mark: here", NULL};
    text_addf(&whole, "%s%s", url, target);
    http_answer_drop(&answer);
    struct http_request r = {
        .method = method, .url = text_get(&whole), .headers = headers, .body = body};
    bool got = http_send(c, &r, &answer, &why);
    if (!got) print_message("%s\n", text_get(&why));
    http_client_free(c);
    text_drop(&whole), text_drop(&why);
    return got ? answer.status : 0;
}

static unsigned ask(const char *method, const char *target, const char *body)
{
    return ask_as(NULL, NULL, method, target, body);
}

static void a_request_comes_whole_and_raw(void **state)
{
    (void)state;
    assert_int_equal(ask("PUT", "/a%2Fb//c?x=%20&y", "0123456789abc"), 200);
    assert_string_equal(text_get(&answer.body),
                        "PUT /a%2Fb//c?x=%20&y 13 0123456789 here nobody 127.0.0.1");
}

static void an_answer_may_be_given_later(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/later", NULL), 204);
}

static void a_client_certificate_of_our_authority_names_its_owner(void **state)
{
    (void)state;
    assert_int_equal(ask_as(cert_file, key_file, "GET", "/x", NULL), 200);
    assert_non_null(strstr(text_get(&answer.body), " edge1 "));
}

static void a_certificate_of_somebody_else_names_nobody(void **state)
{
    (void)state;
    unsigned status = ask_as(other_cert, other_key, "GET", "/x", NULL);
    assert_true(status == 0 || strstr(text_get(&answer.body), " nobody "));
}

static void a_body_over_its_limit_is_refused_from_its_announcement(void **state)
{
    (void)state;
    char *body = calloc(1, 2001);
    memset(body, 'x', 2000);
    assert_int_equal(ask("PUT", "/small", body), 413);
    assert_string_equal(text_get(&answer.body),
                        "{\"refused\":413,\"what\":\"the body is too large\"}");
    assert_int_equal(ask("PUT", "/big", body), 200);
    free(body);
}

static void a_server_that_nobody_vouches_for_is_not_talked_to(void **state)
{
    (void)state;
    struct http_client *c = http_client_new(&(struct http_identity){.ca_file = other_cert});
    struct text why = {0};
    struct http_answer a;
    assert_false(http_send(c, &(struct http_request){.method = "GET", .url = url}, &a, &why));
    assert_non_null(strstr(text_get(&why), "certificate"));
    http_client_free(c);
    text_drop(&why);
}

static int raw_connection(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void connections_that_say_nothing_or_rubbish_are_ended_and_others_served(void **state)
{
    (void)state;
    enum { MANY = 30 };
    int fd[MANY];
    char c;
    instant begun = now();
    for (int i = 0; i < MANY; i++) {
        fd[i] = raw_connection();
        if (i % 2) assert_int_equal(write(fd[i], "\x16\x03\x01\x02", 4), 4); /* half a handshake */
    }
    assert_int_equal(ask("GET", "/x", NULL), 200);
    assert_true(instant_since(now(), begun).us < 2000000);
    for (int i = 0; i < MANY; i++) {
        struct pollfd p = {fd[i], POLLIN, 0};
        assert_int_equal(poll(&p, 1, 6000), 1);
        while (read(fd[i], &c, 1) > 0) {
        }
        close(fd[i]);
    }
    assert_true(instant_since(now(), begun).us < 6000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_comes_whole_and_raw),
        cmocka_unit_test(an_answer_may_be_given_later),
        cmocka_unit_test(a_client_certificate_of_our_authority_names_its_owner),
        cmocka_unit_test(a_certificate_of_somebody_else_names_nobody),
        cmocka_unit_test(a_body_over_its_limit_is_refused_from_its_announcement),
        cmocka_unit_test(a_server_that_nobody_vouches_for_is_not_talked_to),
        cmocka_unit_test(connections_that_say_nothing_or_rubbish_are_ended_and_others_served),
    };
    int failed = cmocka_run_group_tests(tests, start, stop);
    http_answer_drop(&answer);
    return failed;
}
