#include "codec/seal_libcrypto.h"

#ifdef SATSYNC_LIBCRYPTO
#include <limits.h>
#include <openssl/evp.h>

bool libcrypto_is_there(void) {
    /* No configuration file is read, nothing is done at exit: the host program may have its own
     * idea of both. */
    return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1;
}

static const EVP_CIPHER *cipher_of(enum seal_algorithm algorithm) {
    return algorithm == SEAL_AES256_GCM ? EVP_aes_256_gcm() : EVP_chacha20_poly1305();
}

static bool start(EVP_CIPHER_CTX *context, const struct seal_input *input, int encrypt) {
    int moved;
    return context && input->bytes <= INT_MAX &&
           EVP_CipherInit_ex(context, cipher_of(input->key->algorithm), NULL, input->key->bytes,
                             input->nonce, encrypt) == 1 &&
           EVP_CipherUpdate(context, NULL, &moved, input->place, SEAL_PLACE_BYTES) == 1 &&
           (input->bytes == 0 ||
            EVP_CipherUpdate(context, input->out, &moved, input->in, (int)input->bytes) == 1);
}

enum seal_answer libcrypto_close(const struct seal_input *input) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t *tag = input->out + input->bytes;
    int moved;
    bool done = start(context, input, 1) && EVP_CipherFinal_ex(context, tag, &moved) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_BYTES, tag) == 1;
    EVP_CIPHER_CTX_free(context); /* and wipes the key */
    return done ? SEAL_DONE : SEAL_FAILED;
}

enum seal_answer libcrypto_open(const struct seal_input *input) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t *tag = (uint8_t *)(uintptr_t)input->in + input->bytes;
    uint8_t nothing;
    int moved;
    enum seal_answer answer = SEAL_FAILED;
    if (start(context, input, 0) &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_BYTES, tag) == 1) {
        answer = EVP_CipherFinal_ex(context, &nothing, &moved) == 1 ? SEAL_DONE : SEAL_FORGED;
    }
    EVP_CIPHER_CTX_free(context);
    return answer;
}
#else
bool libcrypto_is_there(void) {
    return false;
}

enum seal_answer libcrypto_close(const struct seal_input *input) {
    (void)input;
    return SEAL_FAILED;
}

enum seal_answer libcrypto_open(const struct seal_input *input) {
    (void)input;
    return SEAL_FAILED;
}
#endif
