/* OpenSSL's own verdict on CMS messages, in a process of its own: what `openssl cms -verify -binary` does, through the library.
 *
 * Reads lines of five words: rounds, moment (seconds since 1970, 0 is now), root (DER), message (DER), content (or "-" when the message
 * encloses it), the last three in hexadecimal. Answers each with "good NANOSECONDS" or "bad NANOSECONDS REASON", of processor time.
 *
 *   cc -O2 openssl_peer.c -l:libcrypto.so.3
 *
 * Declares itself what it calls, so that only the library is needed and not its headers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct bio BIO;
typedef struct cms CMS_ContentInfo;
typedef struct certificate X509;
typedef struct store X509_STORE;
typedef struct parameters X509_VERIFY_PARAM;
BIO *BIO_new_mem_buf(const void *octets, int length);
int BIO_free(BIO *bio);
CMS_ContentInfo *d2i_CMS_bio(BIO *bio, CMS_ContentInfo **reuse);
void CMS_ContentInfo_free(CMS_ContentInfo *message);
int CMS_verify(CMS_ContentInfo *message, void *certificates, X509_STORE *store, BIO *content, BIO *out, unsigned flags);
X509 *d2i_X509(X509 **reuse, const unsigned char **octets, long length);
void X509_free(X509 *certificate);
X509_STORE *X509_STORE_new(void);
void X509_STORE_free(X509_STORE *store);
int X509_STORE_add_cert(X509_STORE *store, X509 *certificate);
X509_VERIFY_PARAM *X509_STORE_get0_param(X509_STORE *store);
void X509_VERIFY_PARAM_set_time(X509_VERIFY_PARAM *parameters, time_t moment);
unsigned long ERR_peek_last_error(void);
const char *ERR_reason_error_string(unsigned long error);
void ERR_clear_error(void);

enum { CMS_BINARY = 0x80 };

static size_t octets_of(const char *text, unsigned char *to) {
  size_t length = strlen(text) / 2;
  for (size_t at = 0; at < length; at++) {
    char pair[3] = {text[2 * at], text[2 * at + 1], 0};
    to[at] = (unsigned char)strtoul(pair, NULL, 16);
  }
  return length;
}

static int verify(const unsigned char *message, size_t message_length, const unsigned char *content, long content_length, X509_STORE *store) {
  BIO *in = BIO_new_mem_buf(message, (int)message_length);
  CMS_ContentInfo *cms = d2i_CMS_bio(in, NULL);
  BIO *data = content_length < 0 ? NULL : BIO_new_mem_buf(content, (int)content_length);
  int good = cms != NULL && CMS_verify(cms, NULL, store, data, NULL, CMS_BINARY) == 1;
  CMS_ContentInfo_free(cms);
  BIO_free(data);
  BIO_free(in);
  return good;
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, stdin) > 0) {
    line[strcspn(line, "\n")] = 0;
    char *words[5], *rest = line;
    int count = 0;
    while (count < 5 && (words[count] = strsep(&rest, " ")) != NULL) count++;
    if (count != 5) return 2;
    long rounds = strtol(words[0], NULL, 10);
    time_t moment = (time_t)strtoll(words[1], NULL, 10);
    unsigned char *octets[3];
    size_t lengths[3];
    for (int at = 0; at < 3; at++) {
      octets[at] = malloc(strlen(words[at + 2]) / 2 + 1);
      lengths[at] = octets_of(words[at + 2], octets[at]);
    }
    X509_STORE *store = X509_STORE_new();
    const unsigned char *at = octets[0];
    X509 *root = d2i_X509(NULL, &at, (long)lengths[0]);
    if (root != NULL) X509_STORE_add_cert(store, root);
    if (moment != 0) X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), moment);
    long content_length = strcmp(words[4], "-") == 0 ? -1 : (long)lengths[2];
    int good = 1;
    struct timespec began, ended;
    ERR_clear_error();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
    for (long round = 0; round < rounds && good; round++) good = verify(octets[1], lengths[1], octets[2], content_length, store);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    long long taken = (ended.tv_sec - began.tv_sec) * 1000000000LL + (ended.tv_nsec - began.tv_nsec);
    const char *reason = good ? NULL : ERR_reason_error_string(ERR_peek_last_error());
    if (good) printf("good %lld\n", taken);
    else printf("bad %lld %s\n", taken, reason ? reason : "unknown");
    fflush(stdout);
    X509_free(root);
    X509_STORE_free(store);
    for (int each = 0; each < 3; each++) free(octets[each]);
  }
  return 0;
}
