/*
 * Optional native routines: what a node does most often, without crossing into C for each step. Everything here has an equal in
 * TypeScript over npm's libraries, which is used where this was not built; tests compare the two. Node-API, so one build fits
 * every version of Node. Outputs go to a scratch array that the caller hands over once with `begin`.
 *
 * scratch: 0 r‖s [64] | 64 parity | 65 prefix length | 66 prefix [14] | 80 suffix length | 81 suffix [15] | 96 sender [20]
 *          | 128 hash [32] | 160 public key [64] | 256 value of a tree [128] | 384 numbers of a tree
 */
#define NAPI_VERSION 8
#ifdef __linux__
#include <malloc.h>
#endif
#include <node_api.h>
#include <stddef.h>
#include <stdlib.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include "keccak.h"
#include "sha256.h"

#define SCRATCH_BYTES 512
#define MAX_DEPTH 40

/* One for each environment: worker threads load this too. */
typedef struct { secp256k1_context *secp; uint8_t *scratch; napi_ref scratch_ref; } routines;

static routines *self_of(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

static int bytes_of(napi_env env, napi_value value, uint8_t **data, size_t *length) {
  napi_typedarray_type type;
  size_t offset;
  return napi_get_typedarray_info(env, value, &type, length, (void **)data, NULL, &offset) == napi_ok && type == napi_uint8_array;
}

static napi_value fail(napi_env env, const char *message) {
  napi_throw_type_error(env, NULL, message);
  return NULL;
}

static napi_value boolean(napi_env env, int value) {
  napi_value result;
  napi_get_boolean(env, value, &result);
  return result;
}

/* begin(scratch: Uint8Array): void */
static napi_value begin(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1, length;
  uint8_t *data;
  routines *self = self_of(env);
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  if (count < 1 || !bytes_of(env, argument, &data, &length) || length < SCRATCH_BYTES) return fail(env, "begin(scratch): a Uint8Array of at least 512 bytes");
  if (self->scratch_ref != NULL) return fail(env, "begin was called before");
  if (napi_create_reference(env, argument, 1, &self->scratch_ref) != napi_ok) return fail(env, "begin: no reference");
  self->scratch = data;
  return NULL;
}

/* keccak256(bytes): void; the hash goes to scratch 128. */
static napi_value hash_keccak(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1, length;
  uint8_t *data;
  routines *self = self_of(env);
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  if (self->scratch == NULL || count < 1 || !bytes_of(env, argument, &data, &length)) return fail(env, "keccak256(bytes): a Uint8Array, after begin");
  keccak256(data, length, self->scratch + 128);
  return NULL;
}

/* sha256(bytes, length): void; SHA-256 of the first bytes goes to scratch 128. */
static napi_value hash_sha256(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2, length;
  uint8_t *data;
  uint32_t wanted;
  routines *self = self_of(env);
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (self->scratch == NULL || count < 2 || !bytes_of(env, arguments[0], &data, &length) || napi_get_value_uint32(env, arguments[1], &wanted) != napi_ok || wanted > length) return fail(env, "sha256(bytes, length): a Uint8Array and how many of its bytes, after begin");
  sha256_tagged(-1, data, wanted, self->scratch + 128);
  return NULL;
}

/* recover(digest): boolean; the key that signed, from r‖s and parity, goes to scratch 160. */
static int recover_key(routines *self, const uint8_t digest[32]) {
  secp256k1_ecdsa_recoverable_signature signature;
  secp256k1_pubkey key;
  uint8_t encoded[65];
  size_t length = 65;
  int parity = self->scratch[64];
  if (parity > 1 || !secp256k1_ecdsa_recoverable_signature_parse_compact(self->secp, &signature, self->scratch, parity)) return 0;
  if (!secp256k1_ecdsa_recover(self->secp, &key, &signature, digest)) return 0;
  secp256k1_ec_pubkey_serialize(self->secp, encoded, &length, &key, SECP256K1_EC_UNCOMPRESSED);
  memcpy(self->scratch + 160, encoded + 1, 64);
  return 1;
}

static napi_value recover(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1, length;
  uint8_t *digest;
  routines *self = self_of(env);
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  if (self->scratch == NULL || count < 1 || !bytes_of(env, argument, &digest, &length) || length != 32) return fail(env, "recover(digest): 32 bytes, after begin");
  return boolean(env, recover_key(self, digest));
}

/* sender(raw, from, to): boolean. Hashes prefix ‖ raw[from, to) ‖ suffix, recovers who signed that; address to scratch 96. */
static napi_value sender(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3, length;
  uint8_t *raw, digest[32];
  uint32_t from, to;
  routines *self = self_of(env);
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (self->scratch == NULL || count < 3 || !bytes_of(env, arguments[0], &raw, &length) || napi_get_value_uint32(env, arguments[1], &from) != napi_ok ||
      napi_get_value_uint32(env, arguments[2], &to) != napi_ok || from > to || to > length || self->scratch[65] > 14 || self->scratch[80] > 15) {
    return fail(env, "sender(raw, from, to): a Uint8Array and a range of it, after begin");
  }
  keccak_state state;
  memset(&state, 0, sizeof state);
  keccak_update(&state, self->scratch + 66, self->scratch[65]);
  keccak_update(&state, raw + from, to - from);
  keccak_update(&state, self->scratch + 81, self->scratch[80]);
  keccak_finish(&state, digest);
  if (!recover_key(self, digest)) return boolean(env, 0);
  keccak256(self->scratch + 160, 64, digest);
  memcpy(self->scratch + 96, digest + 12, 20);
  return boolean(env, 1);
}

/* Subtrees that are complete, by height: RFC 6962's tree split at powers of two is what merging equal neighbours gives. */
typedef struct { uint8_t hash[MAX_DEPTH][32]; uint32_t size[MAX_DEPTH]; int depth; } forest;

static void merge_top(forest *f) {
  uint8_t pair[64];
  memcpy(pair, f->hash[f->depth - 2], 32);
  memcpy(pair + 32, f->hash[f->depth - 1], 32);
  sha256_tagged(1, pair, 64, f->hash[f->depth - 2]);
  f->size[f->depth - 2] += f->size[f->depth - 1];
  f->depth--;
}

/* merkleRoot(leaves: Uint8Array[]): void; the root of RFC 6962 section 2.1 goes to scratch 128. */
static napi_value merkle_root(napi_env env, napi_callback_info info) {
  napi_value list, item;
  size_t count = 1, length;
  uint32_t leaves;
  uint8_t *data;
  forest f;
  routines *self = self_of(env);
  napi_get_cb_info(env, info, &count, &list, NULL, NULL);
  if (self->scratch == NULL || count < 1 || napi_get_array_length(env, list, &leaves) != napi_ok) return fail(env, "merkleRoot(leaves): an array of Uint8Arrays, after begin");
  f.depth = 0;
  for (uint32_t i = 0; i < leaves; i++) {
    napi_handle_scope scope;
    napi_open_handle_scope(env, &scope);
    int ok = napi_get_element(env, list, i, &item) == napi_ok && bytes_of(env, item, &data, &length);
    if (ok) sha256_tagged(0, data, length, f.hash[f.depth]);
    napi_close_handle_scope(env, scope);
    if (!ok) return fail(env, "merkleRoot(leaves): a leaf is no Uint8Array");
    f.size[f.depth++] = 1;
    while (f.depth > 1 && f.size[f.depth - 2] == f.size[f.depth - 1]) merge_top(&f);
  }
  while (f.depth > 1) merge_top(&f);
  if (f.depth == 0) sha256_tagged(-1, NULL, 0, self->scratch + 128);
  else memcpy(self->scratch + 128, f.hash[0], 32);
  return NULL;
}

static int text_of(napi_env env, napi_value value, uint8_t *target, size_t room, size_t *length) {
  return napi_get_value_string_latin1(env, value, (char *)target, room, length) == napi_ok;
}

static napi_value text_hash(napi_env env, const uint8_t *data, size_t length) {
  uint8_t hash[32];
  napi_value result;
  sha256_tagged(-1, data, length, hash);
  napi_create_string_latin1(env, (const char *)hash, 32, &result);
  return result;
}

/* leafText(key, value): string. SHA-256(00 | key | value), all as latin1 text; the value has at most 128 characters. */
static napi_value leaf_text(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2, key, value;
  /* One character of room more than may come, and the closing zero: so what is too long shows. */
  uint8_t data[1 + 32 + 130];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  data[0] = 0;
  if (count < 2 || !text_of(env, arguments[0], data + 1, 34, &key) || key != 32 || !text_of(env, arguments[1], data + 33, 130, &value) || value > 128) return fail(env, "leafText(key, value): latin1 text of 32 and at most 128 characters");
  return text_hash(env, data, 33 + value);
}

/* innerText(bit, left, right): string. SHA-256(01 | bit | left | right). */
static napi_value inner_text(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3, left, right;
  uint32_t bit;
  uint8_t data[2 + 32 + 34];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (count < 3 || napi_get_value_uint32(env, arguments[0], &bit) != napi_ok || bit > 255 || !text_of(env, arguments[1], data + 2, 34, &left) || left != 32 ||
      !text_of(env, arguments[2], data + 34, 34, &right) || right != 32) {
    return fail(env, "innerText(bit, left, right): a byte and latin1 text of 32 characters twice");
  }
  data[0] = 1;
  data[1] = (uint8_t)bit;
  return text_hash(env, data, 66);
}

#include "state-tree-api.h"

/* Gives freed memory back to the system, which the C library would rather keep. */
static napi_value trim_memory(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return NULL;
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  routines *self = data;
  secp256k1_context_destroy(self->secp);
  free(self);
}

NAPI_MODULE_INIT() {
  routines *self = calloc(1, sizeof *self);
  if (self == NULL) return fail(env, "out of memory");
  self->secp = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
  sha256_begin();
  napi_set_instance_data(env, self, finalize, NULL);
  const napi_property_descriptor functions[] = {
    { "begin", NULL, begin, NULL, NULL, NULL, napi_default, NULL },
    { "keccak256", NULL, hash_keccak, NULL, NULL, NULL, napi_default, NULL },
    { "sha256", NULL, hash_sha256, NULL, NULL, NULL, napi_default, NULL },
    { "recover", NULL, recover, NULL, NULL, NULL, napi_default, NULL },
    { "sender", NULL, sender, NULL, NULL, NULL, napi_default, NULL },
    { "leafText", NULL, leaf_text, NULL, NULL, NULL, napi_default, NULL },
    { "innerText", NULL, inner_text, NULL, NULL, NULL, napi_default, NULL },
    { "merkleRoot", NULL, merkle_root, NULL, NULL, NULL, napi_default, NULL },
    { "treeNew", NULL, tree_new, NULL, NULL, NULL, napi_default, NULL },
    { "treeBytes", NULL, tree_size, NULL, NULL, NULL, napi_default, NULL },
    { "treeRoot", NULL, tree_root, NULL, NULL, NULL, napi_default, NULL },
    { "treeFind", NULL, tree_value, NULL, NULL, NULL, napi_default, NULL },
    { "treeUpdate", NULL, tree_changed, NULL, NULL, NULL, napi_default, NULL },
    { "treePages", NULL, tree_pages, NULL, NULL, NULL, napi_default, NULL },
    { "treeCopy", NULL, tree_trimmed, NULL, NULL, NULL, napi_default, NULL },
    { "trimMemory", NULL, trim_memory, NULL, NULL, NULL, napi_default, NULL },
  };
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
  return exports;
}
