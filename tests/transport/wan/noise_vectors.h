/*
 * Noise handshake vectors of the cacophony collection, as carried by mcginty/snow in
 * tests/vectors/cacophony.txt (MIT or Apache-2.0). All figures are hexadecimal.
 */
#ifndef TESTS_NOISE_VECTORS_H
#define TESTS_NOISE_VECTORS_H

struct noise_vector {
    const char *name;
    const char *prologue;
    const char *initiator_static;
    const char *initiator_ephemeral;
    const char *responder_static;
    const char *responder_ephemeral;
    const char *handshake_hash;
    struct {
        const char *payload;
        const char *ciphertext;
    } messages[6];
};

static const struct noise_vector noise_vectors[] = {
    {.name = "Noise_IK_25519_AESGCM_BLAKE2b",
     .prologue = "4a6f686e2047616c74",
     .initiator_static = "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
     .initiator_ephemeral = "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
     .responder_static = "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
     .responder_ephemeral = "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
     .handshake_hash =
         "8ddf8b582c496c745188bfa839b17d70be1682160af9276158d921816b2493504976f76644607e07"
         "f2c260273c73c4d7e97607e76a838fe1ce3d0f60ee4ada50",
     .messages =
         {{"4c756477696720766f6e204d69736573",
           "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c794410ade309f400533f"
           "bc81fb0e8b55288091ab5fe35d8c3d5033dbec503bcfa06269d8692447295ef3f3f47a1d6e6048bc"
           "4889db4631c5f5d18d37edd34e113a664e2eb59ac55371831af42186f54915eb"},
          {"4d757272617920526f746862617264",
           "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884361923da61bbe936a"
           "a0e52e679c8a0341ab3e9ebca061b0423d0758f1c92d86"},
          {"462e20412e20486179656b", "76c378c26ad0616d8b5d12fb30069a3d2006f09c736d133b1b00e2"},
          {"4361726c204d656e676572", "44256a9fc73f965bb05905cea2c7f42446fdaeaad4005e3bfd5363"},
          {"4a65616e2d426170746973746520536179",
           "a760601455d420b671156c561657a8fdc110686208d9ef8f524ad3841f5718ffa9"},
          {"457567656e2042f6686d20766f6e2042617765726b",
           "a718f0df83c0a5e0715f7212aff997d406a65f06660102a7f522d9d5dd8bbd711789825bd4"}}},
    {.name = "Noise_IK_25519_ChaChaPoly_BLAKE2b",
     .prologue = "4a6f686e2047616c74",
     .initiator_static = "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
     .initiator_ephemeral = "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
     .responder_static = "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
     .responder_ephemeral = "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
     .handshake_hash =
         "1c8fa891cb414fedba6daa7c6f4ae0a6d98e5f9768cc9cecd27e805614943ee9c8a1b27fbfb76dc1"
         "97255c8aa69f6b4285c423840b8bedf45e652ca64f797d81",
     .messages =
         {{"4c756477696720766f6e204d69736573",
           "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944ba83a447b38c83e3"
           "27ad936929812f624884847b7831e95e197b2f797088efdd2f88f1db7e1fb0e99c64419097af91ce"
           "e64e470f4b6fcd9298ce0b56fe20f86e13bf70439c538e3602a7127af71a29cc"},
          {"4d757272617920526f746862617264",
           "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088439f069b267a06b3de"
           "3ecb1043bcb098e9af91d9c64748d998c7b47890871571"},
          {"462e20412e20486179656b", "cd54383060e7a28434cca27fb1cc524cfbabeb18181589df219d07"},
          {"4361726c204d656e676572", "a856d3bf0246bfc476c655009cd1ed677b8dcc5b349ae8ef2a05f2"},
          {"4a65616e2d426170746973746520536179",
           "49063084b2c51f098337cb8a13739ac848f907e67cfb2cc8a8b60586467aa02fc7"},
          {"457567656e2042f6686d20766f6e2042617765726b",
           "8b9709d23b47e4639df7678d7a21741eba4ef1e9c60383001c7435549c20f9d56f30e935d3"}}},
    {.name = "Noise_XX_25519_AESGCM_BLAKE2b",
     .prologue = "4a6f686e2047616c74",
     .initiator_static = "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
     .initiator_ephemeral = "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
     .responder_static = "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
     .responder_ephemeral = "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
     .handshake_hash =
         "93bc73059d78d6409b76bc43e76ec5b3a6a3612d5a94c1c8f81308d06a8a049511f717a87d4d8b4a"
         "be0f12ac73d7a9047d0d4fcac80456fbff1349655c454046",
     .messages =
         {{"4c756477696720766f6e204d69736573",
           "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c75647769672076"
           "6f6e204d69736573"},
          {"4d757272617920526f746862617264",
           "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843cf031a86733a8902"
           "97fda30d4b471d0ceeff97124c67a7b656356862398ad52e08b423271d80894ace0fc531c3949282"
           "3f2cc8f5ebe97a7feffaae500aef491ef9815e8e024ac906b3678983549ec8"},
          {"462e20412e20486179656b",
           "ee1c5e4fe3060d7014884f9328573c4f2e3c5593c3ef574b418e8bb397792a77db4cc497ce5db0c7"
           "9d29afbbb78a3059d289413105384ef2738071c015c39467f6e9b61eb3e2f1db47d5f6"},
          {"4361726c204d656e676572", "7ab9b6ee246550448f838ec94ab1c3cb93e7d475dc8aa7434e6462"},
          {"4a65616e2d426170746973746520536179",
           "3d741aa91dff33adf4758746ddbf2b6afef8b64768b1d589e6bd999f7e7c7e4287"},
          {"457567656e2042f6686d20766f6e2042617765726b",
           "6645a432705ba19de0dedaf6c9f2c4ecfa2447d48eac868bffd3ae8d899d6656a0a00c5699"}}},
    {.name = "Noise_XX_25519_ChaChaPoly_BLAKE2b",
     .prologue = "4a6f686e2047616c74",
     .initiator_static = "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
     .initiator_ephemeral = "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
     .responder_static = "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
     .responder_ephemeral = "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
     .handshake_hash =
         "8cf47d7b3cb5804c0109d48e8bcdbee2cbb65687d8ea2c92994ca361fb86151ad93627b98936cbb3"
         "2de56e8abb21def3925011ac3e35db9cbeea73ab9a4392c2",
     .messages =
         {{"4c756477696720766f6e204d69736573",
           "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c75647769672076"
           "6f6e204d69736573"},
          {"4d757272617920526f746862617264",
           "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088430505b6745ce64a5f"
           "33f0e8e3b83f11ce8802bca507f4f2d8b564dbe277e1966116e132faa2dfd70b8b077b9f94b913df"
           "5056ae1319469b824a98d54bbaa82c325595587064f978c4b6d104f7596e6f"},
          {"462e20412e20486179656b",
           "99579e1c1ee15e422a57ddd6b16d37087b17558e8369c18991b4b2ca3a824abf904cdcf5458b5431"
           "a75af034ca9e9b982de039eaaf156775e2d580cd4e5ebae89c3f8cb2594b556d8a8169"},
          {"4361726c204d656e676572", "fc56eea290b3f3a21aac0c70cd5787b5ee99be37d2f4d751329b55"},
          {"4a65616e2d426170746973746520536179",
           "bb31c9da10d5639a4cdb88a12f5c61de41bbc7df09bf75d94f8184fe4157f5c68f"},
          {"457567656e2042f6686d20766f6e2042617765726b",
           "f6199cadb152fb27f82be0a0891ec76a33598ae92a46cab2fb5a8ed5bf48b7f267f8370af7"}}},
};

#endif
