/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: computed by OpenSSL's libcrypto, which uses the processor's SHA instructions and is ten
 * times as fast as GLib's portable code.
 *
 * It runs in a library context of its own: so libcrypto reads no configuration file and shares no
 * state with the rest of the process. Source: FIPS 180-4.
 */
#include "model/sha256.h"

#include <glib.h>
#include <openssl/evp.h>

#define PIECE ((size_t)4 << 20)
#define BYTES 32

/* Feeds the file to `hash` and releases its pages.  returns  1, or 0 on failure */
static int feed(EVP_MD_CTX *hash, const fvi_mapping *m) {
    for (size_t at = 0; at < m->size; at += PIECE) {
        const size_t n = MIN(PIECE, m->size - at);
        if (!EVP_DigestUpdate(hash, m->bytes + at, n)) return 0;
        fvi_mapping_release(m, m->bytes + at, n);
    }
    return 1;
}

char *fvi_sha256(const fvi_mapping *m, const fvi_mapping *other) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    EVP_MD *method = context ? EVP_MD_fetch(context, "SHA256", NULL) : NULL;
    EVP_MD_CTX *hash = method ? EVP_MD_CTX_new() : NULL;
    const int done = hash && EVP_DigestInit_ex2(hash, method, NULL) && feed(hash, m) &&
                     feed(hash, other) && EVP_DigestFinal_ex(hash, sum, NULL);
    EVP_MD_CTX_free(hash);
    EVP_MD_free(method);
    OSSL_LIB_CTX_free(context);
    if (!done) return NULL;
    char *text = g_malloc(2 * BYTES + 1);
    for (int i = 0; i < BYTES; i++) g_snprintf(text + 2 * i, 3, "%02x", sum[i]);
    return text;
}
