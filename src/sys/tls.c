/* sys/tls.c - a small certificate authority (RFC 5280) and the few primitives that go with it. */
#include "sys/tls.h"
#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base64.h"
#include "sys/entropy.h"

enum { DAY_S = 86400, AUTHORITY_DAYS = 3650, BACKDATE_S = 300, SERIAL_BYTES = 16, KEY_ID_MAX = 64 };

const char tls_server_priorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:"
    "+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:-COMP-ALL:+COMP-NULL";

void tls_wipe(struct text *t)
{
    if (t->s) explicit_bzero(t->s, t->room);
    text_drop(t);
}

void tls_pair_drop(struct tls_pair *p)
{
    tls_wipe(&p->key);
    text_drop(&p->cert);
}

static bool fine(int result, const char *what, struct text *why)
{
    if (result < 0) text_addf(why, "%s: %s", what, gnutls_strerror(result));
    return result >= 0;
}

static void must(int result)
{
    if (result < 0) abort(); /* arguments are ours, memory is there */
}

/* --- reading and writing PEM --- */

static gnutls_datum_t datum_of(const struct text *t)
{
    return (gnutls_datum_t){(unsigned char *)t->s, (unsigned)t->n};
}

static void take(struct text *out, gnutls_datum_t *d)
{
    text_add_n(out, (const char *)d->data, d->size);
    gnutls_memset(d->data, 0, d->size);
    gnutls_free(d->data);
}

static bool key_write(gnutls_x509_privkey_t key, struct text *out, struct text *why)
{
    gnutls_datum_t pem;
    if (!fine(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                                &pem),
              "writing a key", why))
        return false;
    take(out, &pem);
    return true;
}

static bool cert_write(gnutls_x509_crt_t cert, struct text *out, struct text *why)
{
    gnutls_datum_t pem;
    if (!fine(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &pem), "writing a certificate",
              why))
        return false;
    take(out, &pem);
    return true;
}

static gnutls_x509_privkey_t key_read(const struct text *pem, struct text *why)
{
    gnutls_x509_privkey_t key;
    gnutls_datum_t d = datum_of(pem);
    must(gnutls_x509_privkey_init(&key));
    if (fine(gnutls_x509_privkey_import2(key, &d, GNUTLS_X509_FMT_PEM, NULL, 0), "reading a key",
             why))
        return key;
    gnutls_x509_privkey_deinit(key);
    return NULL;
}

static gnutls_x509_crt_t cert_read(const struct text *pem, struct text *why)
{
    gnutls_x509_crt_t cert;
    gnutls_datum_t d = datum_of(pem);
    must(gnutls_x509_crt_init(&cert));
    if (fine(gnutls_x509_crt_import(cert, &d, GNUTLS_X509_FMT_PEM), "reading a certificate", why))
        return cert;
    gnutls_x509_crt_deinit(cert);
    return NULL;
}

/* --- making certificates --- */

static gnutls_x509_privkey_t new_key(void)
{
    gnutls_x509_privkey_t key;
    must(gnutls_x509_privkey_init(&key));
    must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    return key;
}

static gnutls_x509_crt_t new_cert(gnutls_x509_privkey_t key, const char *name, int64_t now_s,
                                  unsigned days, char serial_text[static TLS_SERIAL_TEXT])
{
    gnutls_x509_crt_t cert;
    unsigned char serial[SERIAL_BYTES], id[KEY_ID_MAX];
    size_t id_n = sizeof id;
    random_bytes(serial, sizeof serial);
    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40); /* positive, and of full length */
    for (size_t i = 0; i < sizeof serial; i++) snprintf(serial_text + 2 * i, 3, "%02x", serial[i]);
    must(gnutls_x509_crt_init(&cert));
    must(gnutls_x509_crt_set_version(cert, 3));
    must(gnutls_x509_crt_set_serial(cert, serial, sizeof serial));
    must(gnutls_x509_crt_set_activation_time(cert, (time_t)(now_s - BACKDATE_S)));
    must(gnutls_x509_crt_set_expiration_time(cert, (time_t)(now_s + (int64_t)days * DAY_S)));
    must(gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                       (unsigned)strlen(name)));
    must(gnutls_x509_crt_set_key(cert, key));
    must(gnutls_x509_crt_get_key_id(cert, 0, id, &id_n));
    must(gnutls_x509_crt_set_subject_key_id(cert, id, id_n));
    return cert;
}

bool tls_make_authority(const char *name, int64_t now_s, struct tls_pair *out, struct text *why)
{
    char serial[TLS_SERIAL_TEXT];
    gnutls_x509_privkey_t key = new_key();
    gnutls_x509_crt_t cert = new_cert(key, name, now_s, AUTHORITY_DAYS, serial);
    must(gnutls_x509_crt_set_basic_constraints(cert, 1, 0));
    must(gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
    bool made = fine(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0),
                     "signing the authority", why) &&
                key_write(key, &out->key, why) && cert_write(cert, &out->cert, why);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
    return made;
}

static void add_host(gnutls_x509_crt_t cert, const char *host)
{
    unsigned char a[16];
    bool v4 = inet_pton(AF_INET, host, a) == 1, v6 = !v4 && inet_pton(AF_INET6, host, a) == 1;
    if (v4 || v6)
        must(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS, a, v4 ? 4 : 16,
                                                  GNUTLS_FSAN_APPEND));
    else
        must(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, host,
                                                  (unsigned)strlen(host), GNUTLS_FSAN_APPEND));
}

static void add_purpose(gnutls_x509_crt_t cert, gnutls_x509_crt_t authority, bool client)
{
    unsigned char id[KEY_ID_MAX];
    size_t n = sizeof id;
    must(gnutls_x509_crt_get_subject_key_id(authority, id, &n, NULL));
    must(gnutls_x509_crt_set_authority_key_id(cert, id, n));
    must(gnutls_x509_crt_set_basic_constraints(cert, 0, -1));
    must(gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_DIGITAL_SIGNATURE));
    must(gnutls_x509_crt_set_key_purpose_oid(
        cert, client ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER, 0));
}

static bool sign(gnutls_x509_crt_t cert, const struct tls_pair *authority, bool client,
                 struct text *why)
{
    gnutls_x509_privkey_t key = key_read(&authority->key, why);
    gnutls_x509_crt_t by = key ? cert_read(&authority->cert, why) : NULL;
    if (by) add_purpose(cert, by, client);
    bool made = by && fine(gnutls_x509_crt_sign2(cert, by, key, GNUTLS_DIG_SHA256, 0),
                           "signing a certificate", why);
    if (by) gnutls_x509_crt_deinit(by);
    if (key) gnutls_x509_privkey_deinit(key);
    return made;
}

bool tls_issue(const struct tls_pair *authority, const struct tls_subject *who, int64_t now_s,
               struct tls_pair *out, char serial[static TLS_SERIAL_TEXT], struct text *why)
{
    gnutls_x509_privkey_t key = new_key();
    gnutls_x509_crt_t cert = new_cert(key, who->name, now_s, who->days, serial);
    for (const char *const *h = who->hosts; h && *h; h++) add_host(cert, *h);
    bool made = sign(cert, authority, who->client, why) && key_write(key, &out->key, why) &&
                cert_write(cert, &out->cert, why);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
    return made;
}

/* --- who is there --- */

static bool describe(const gnutls_datum_t *der, struct tls_peer *out)
{
    gnutls_x509_crt_t cert;
    unsigned char serial[SERIAL_BYTES + 4];
    size_t name_n = sizeof out->name, serial_n = sizeof serial;
    must(gnutls_x509_crt_init(&cert));
    bool read = gnutls_x509_crt_import(cert, der, GNUTLS_X509_FMT_DER) >= 0 &&
                gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out->name,
                                              &name_n) >= 0 &&
                strlen(out->name) == name_n &&
                gnutls_x509_crt_get_serial(cert, serial, &serial_n) >= 0 &&
                2 * serial_n < sizeof out->serial;
    for (size_t i = 0; read && i < serial_n; i++)
        snprintf(out->serial + 2 * i, 3, "%02x", serial[i]);
    gnutls_x509_crt_deinit(cert);
    return read;
}

bool tls_peer(void *session, struct tls_peer *out)
{
    unsigned status = ~0u, n = 0;
    gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID,
                                     (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT, 0};
    const gnutls_datum_t *chain = session ? gnutls_certificate_get_peers(session, &n) : NULL;
    *out = (struct tls_peer){0};
    return chain && n > 0 && gnutls_certificate_verify_peers(session, &purpose, 1, &status) >= 0 &&
           status == 0 && describe(&chain[0], out);
}

/* --- the key of tokens --- */

bool tls_make_rsa(struct text *key_pem, struct text *why)
{
    enum { BITS = 2048 };
    gnutls_x509_privkey_t key;
    must(gnutls_x509_privkey_init(&key));
    bool made =
        fine(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, BITS, 0), "making a key", why) &&
        key_write(key, key_pem, why);
    gnutls_x509_privkey_deinit(key);
    return made;
}

static void add_number(struct text *out, gnutls_datum_t *n)
{
    gnutls_datum_t coded, plain = *n;
    while (plain.size > 1 && plain.data[0] == 0) plain.data++, plain.size--;
    must(gnutls_base64_encode2(&plain, &coded));
    for (unsigned i = 0; i < coded.size && coded.data[i] != '='; i++) {
        char c = (char)coded.data[i];
        c = c == '+' ? '-' : c == '/' ? '_' : c;
        text_add_n(out, &c, 1);
    }
    gnutls_free(coded.data);
    gnutls_free(n->data);
}

bool tls_rsa_public(const char *key_pem, struct text *public_pem, struct text *modulus,
                    struct text *exponent, struct text *why)
{
    struct text pem = {.s = (char *)key_pem, .n = strlen(key_pem)};
    gnutls_x509_privkey_t key = key_read(&pem, why);
    gnutls_privkey_t whole;
    gnutls_pubkey_t half;
    gnutls_datum_t text, m, e;
    if (!key) return false;
    must(gnutls_privkey_init(&whole));
    must(gnutls_pubkey_init(&half));
    bool read = fine(gnutls_privkey_import_x509(whole, key, 0), "reading a key", why) &&
                fine(gnutls_pubkey_import_privkey(half, whole, 0, 0), "reading a key", why) &&
                fine(gnutls_pubkey_export_rsa_raw(half, &m, &e), "an RSA key is needed", why);
    if (read) {
        must(gnutls_pubkey_export2(half, GNUTLS_X509_FMT_PEM, &text));
        take(public_pem, &text);
        add_number(modulus, &m);
        add_number(exponent, &e);
    }
    gnutls_pubkey_deinit(half);
    gnutls_privkey_deinit(whole);
    gnutls_x509_privkey_deinit(key);
    return read;
}

static bool public_write(gnutls_pubkey_t key, bool read, struct text *pem)
{
    gnutls_datum_t text;
    bool made = read && gnutls_pubkey_export2(key, GNUTLS_X509_FMT_PEM, &text) == 0;
    if (made) take(pem, &text);
    gnutls_pubkey_deinit(key);
    return made;
}

static gnutls_datum_t datum(const void *bytes, size_t n)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)bytes, (unsigned)n};
}

bool tls_public_rsa(const void *modulus, size_t modulus_n, const void *exponent, size_t exponent_n,
                    struct text *pem)
{
    enum { LEAST = 256 };
    gnutls_pubkey_t key;
    const gnutls_datum_t m = datum(modulus, modulus_n), e = datum(exponent, exponent_n);
    if (modulus_n < LEAST) return false;
    must(gnutls_pubkey_init(&key));
    return public_write(key, gnutls_pubkey_import_rsa_raw(key, &m, &e) == 0, pem);
}

bool tls_public_p256(const void *x, size_t x_n, const void *y, size_t y_n, struct text *pem)
{
    gnutls_pubkey_t key;
    const gnutls_datum_t dx = datum(x, x_n), dy = datum(y, y_n);
    must(gnutls_pubkey_init(&key));
    return public_write(
        key, gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_SECP256R1, &dx, &dy) == 0, pem);
}

/* --- digests --- */

void tls_digest(const void *bytes, size_t n, unsigned char out[static TLS_DIGEST])
{
    must(gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, n, out));
}

struct tls_mac { gnutls_hmac_hd_t h; };

struct tls_mac *tls_mac_new(const char *secret)
{
    struct tls_mac *m = malloc(sizeof *m);
    if (!m) abort();
    must(gnutls_hmac_init(&m->h, GNUTLS_MAC_SHA256, secret, strlen(secret)));
    return m;
}

void tls_mac_free(struct tls_mac *m)
{
    if (m) gnutls_hmac_deinit(m->h, NULL);
    free(m);
}

void tls_mac(struct tls_mac *m, const void *bytes, size_t n, unsigned char out[static TLS_DIGEST])
{
    must(gnutls_hmac(m->h, bytes, n));
    gnutls_hmac_output(m->h, out); /* and it begins anew */
}

void tls_slow_hash(const char *secret, const unsigned char *salt, size_t salt_n, unsigned rounds,
                   unsigned char out[static TLS_DIGEST])
{
    const gnutls_datum_t key = {(unsigned char *)secret, (unsigned)strlen(secret)};
    const gnutls_datum_t with = {(unsigned char *)salt, (unsigned)salt_n};
    must(gnutls_pbkdf2(GNUTLS_MAC_SHA256, &key, &with, rounds, out, TLS_DIGEST));
}

/* --- sealing --- */

enum { NONCE = 12, TAG = 16 };

static gnutls_aead_cipher_hd_t cipher(const unsigned char *key)
{
    gnutls_aead_cipher_hd_t c;
    const gnutls_datum_t k = {(unsigned char *)(uintptr_t)key, TLS_DIGEST};
    must(gnutls_aead_cipher_init(&c, GNUTLS_CIPHER_AES_256_GCM, &k));
    return c;
}

void tls_seal(const unsigned char key[static TLS_DIGEST], const char *plain, size_t n,
              struct text *out)
{
    size_t made = n + TAG;
    unsigned char *b = malloc(NONCE + made);
    if (!b) abort();
    random_bytes(b, NONCE);
    gnutls_aead_cipher_hd_t c = cipher(key);
    must(gnutls_aead_cipher_encrypt(c, b, NONCE, NULL, 0, TAG, plain, n, b + NONCE, &made));
    gnutls_aead_cipher_deinit(c);
    base64_add(BASE64_STANDARD, b, NONCE + made, out);
    free(b);
}

bool tls_unseal(const unsigned char key[static TLS_DIGEST], const char *sealed, size_t n,
                struct text *out)
{
    size_t used = 0, made = n;
    unsigned char *b = malloc(n + 1);
    char *plain = malloc(n + 1);
    if (!b || !plain) abort();
    bool fine = base64_read(BASE64_STANDARD, sealed, n, b, n, &used) && used >= NONCE + TAG;
    if (fine) {
        gnutls_aead_cipher_hd_t c = cipher(key);
        fine = gnutls_aead_cipher_decrypt(c, b, NONCE, NULL, 0, TAG, b + NONCE, used - NONCE, plain,
                                          &made) == 0;
        gnutls_aead_cipher_deinit(c);
    }
    if (fine) text_add_n(out, plain, made);
    explicit_bzero(plain, n + 1);
    free(b), free(plain);
    return fine;
}
