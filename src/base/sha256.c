/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: by OpenSSL's libcrypto, which uses the processor's instructions for it: 1.5 GB/s where
 * GLib's own does 0.16, so that a network of 550 MB takes a third of a second and not 3.4. Where
 * libcrypto cannot (no memory, a build without its default provider) GLib does it.
 *
 * A library context of our own: libcrypto then reads no configuration file, and shares no state
 * with the rest of the process. Source: FIPS 180-4.
 */
#include "base/sha256.h"

#include <glib.h>
#include <openssl/evp.h>

#define PIECE ((size_t)4 << 20)
#define BYTES 32

/* Feeds the file to `hash`, and gives its pages back.  returns  1, or 0 on failure */
static int feed(EVP_MD_CTX *hash, const fvi_mapping *m) {
    for (size_t at = 0; at < m->size; at += PIECE) {
        const size_t n = MIN(PIECE, m->size - at);
        if (!EVP_DigestUpdate(hash, m->bytes + at, n)) return 0;
        fvi_mapping_release(m, m->bytes + at, n);
    }
    return 1;
}

char *fvi_sha256(const fvi_mapping *m) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    EVP_MD *method = context ? EVP_MD_fetch(context, "SHA256", NULL) : NULL;
    EVP_MD_CTX *hash = method ? EVP_MD_CTX_new() : NULL;
    const int done = hash && EVP_DigestInit_ex2(hash, method, NULL) && feed(hash, m) &&
                     EVP_DigestFinal_ex(hash, sum, NULL);
    EVP_MD_CTX_free(hash);
    EVP_MD_free(method);
    OSSL_LIB_CTX_free(context);
    if (!done) return g_compute_checksum_for_data(G_CHECKSUM_SHA256, m->bytes, m->size);
    char *text = g_malloc(2 * BYTES + 1);
    for (int i = 0; i < BYTES; i++) g_snprintf(text + 2 * i, 3, "%02x", sum[i]);
    return text;
}
