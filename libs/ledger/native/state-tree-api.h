/* The state's tree for JavaScript. `load(height, page)` gives a stored page, and throws where there is none. */
#ifndef STELE_STATE_TREE_API_H
#define STELE_STATE_TREE_API_H
#include "state-tree.h"

/* Places in the scratch array. */
#define AT_HASH 128
#define AT_VALUE 256
#define AT_NUMBERS 384 /* u32, little-endian: new nodes, pages, their bytes, index of the root; u64: its height */

typedef struct { napi_env env; napi_value load; } loader;

static int load_page(void *context, uint64_t height, uint32_t page, const uint8_t **data, size_t *length) {
  loader *l = context;
  napi_value arguments[2], receiver, result;
  napi_handle_scope scope;
  if (napi_open_handle_scope(l->env, &scope) != napi_ok) return 0;
  napi_get_undefined(l->env, &receiver);
  napi_create_double(l->env, (double)height, arguments);
  napi_create_uint32(l->env, page, arguments + 1);
  uint8_t *bytes = NULL;
  /* What it points to is read before JavaScript runs again, so it outlives the scope. */
  int ok = napi_call_function(l->env, receiver, l->load, 2, arguments, &result) == napi_ok && bytes_of(l->env, result, &bytes, length);
  *data = bytes;
  napi_close_handle_scope(l->env, scope);
  return ok;
}

static void free_tree(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  tree_free(data);
  free(data);
}

static napi_value external_tree(napi_env env, state_tree *tree) {
  napi_value result;
  if (tree == NULL || napi_create_external(env, tree, free_tree, NULL, &result) != napi_ok) return fail(env, "out of memory");
  return result;
}

/* A node's id must lie in the tree: the caller keeps it, and may hand over that of another. */
static int tree_argument(napi_env env, napi_value tree, napi_value id, state_tree **t, node_id *root) {
  void *data = NULL;
  if (napi_get_value_external(env, tree, &data) != napi_ok || napi_get_value_uint32(env, id, root) != napi_ok) return 0;
  *t = data;
  uint32_t chunk = *root >> CHUNK_SHIFT;
  return *root == NO_NODE || chunk + 1 < (*t)->count || (chunk + 1 == (*t)->count && (*root & ((1u << CHUNK_SHIFT) - 1)) << 3 < (*t)->used);
}

/* After a failure: what `load` threw stands; else memory is out or a page is not what it should be. */
static napi_value tree_failed(napi_env env, state_tree *t) {
  bool pending = false;
  t->failed = 0;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, "damagedStore", "a page of tree nodes is damaged, or memory is used up");
  return NULL;
}

static napi_value id_value(napi_env env, node_id id) {
  napi_value result;
  napi_create_uint32(env, id, &result);
  return result;
}

/* treeNew(): tree */
static napi_value tree_new(napi_env env, napi_callback_info info) {
  (void)info;
  return external_tree(env, calloc(1, sizeof(state_tree)));
}

/* treeBytes(tree): number; what its nodes take in memory. */
static napi_value tree_size(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  size_t count = 1;
  void *data = NULL;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  if (count < 1 || napi_get_value_external(env, argument, &data) != napi_ok) return fail(env, "treeBytes(tree)");
  napi_create_double(env, (double)tree_bytes(data), &result);
  return result;
}

/* treeRoot(tree, hash, height, index, load): id of the stored root, which is read. */
static napi_value tree_root(napi_env env, napi_callback_info info) {
  napi_value a[5];
  size_t count = 5, length;
  uint8_t *hash;
  int64_t height;
  uint32_t index;
  void *data = NULL;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  if (count < 5 || napi_get_value_external(env, a[0], &data) != napi_ok || !bytes_of(env, a[1], &hash, &length) || length != 32 ||
      napi_get_value_int64(env, a[2], &height) != napi_ok || height < 0 || napi_get_value_uint32(env, a[3], &index) != napi_ok) return fail(env, "treeRoot(tree, hash, height, index, load)");
  state_tree *t = data;
  loader l = { env, a[4] };
  t->load = load_page;
  t->context = &l;
  node_id id = new_stub(t, hash, (uint64_t)height, index);
  if (id != NO_NODE) id = resolve(t, id);
  return t->failed ? tree_failed(env, t) : id_value(env, id);
}

/* treeFind(tree, root, key, load): bytes of the value, which goes to scratch 256; -1 where there is none. */
static napi_value tree_value(napi_env env, napi_callback_info info) {
  napi_value a[4], result;
  size_t count = 4, length;
  uint8_t *key;
  state_tree *t;
  node_id root;
  routines *self = self_of(env);
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  if (self->scratch == NULL || count < 4 || !tree_argument(env, a[0], a[1], &t, &root) || !bytes_of(env, a[2], &key, &length) || length != KEY_BYTES) return fail(env, "treeFind(tree, root, key, load): a key of 32 bytes, after begin");
  loader l = { env, a[3] };
  t->load = load_page;
  t->context = &l;
  node_id id = tree_find(t, &root, key);
  if (t->failed) return tree_failed(env, t);
  const tree_node *n = id == NO_NODE ? NULL : node_at(t, id);
  if (n != NULL) memcpy(self->scratch + AT_VALUE, n->as.leaf.value, n->value_bytes);
  napi_create_int32(env, n == NULL ? -1 : n->value_bytes, &result);
  return result;
}

/* Changes as the tree takes them: keys one after another, ascending; values likewise; lengths, -1 for a key that is removed. */
static tree_item *items_of(napi_env env, napi_value keys, napi_value values, napi_value lengths, uint32_t *count) {
  uint8_t *key, *value;
  int32_t *length;
  size_t key_bytes, value_bytes, n, offset, at = 0;
  napi_typedarray_type type;
  if (!bytes_of(env, keys, &key, &key_bytes) || !bytes_of(env, values, &value, &value_bytes)) return NULL;
  if (napi_get_typedarray_info(env, lengths, &type, &n, (void **)&length, NULL, &offset) != napi_ok || type != napi_int32_array || key_bytes != n * KEY_BYTES) return NULL;
  tree_item *items = malloc((n + 1) * sizeof *items);
  for (size_t i = 0; items != NULL && i < n; i++) {
    const int sorted = i == 0 || memcmp(key + (i - 1) * KEY_BYTES, key + i * KEY_BYTES, KEY_BYTES) < 0;
    if (!sorted || length[i] < -1 || length[i] > MAX_VALUE_BYTES || (length[i] > 0 && at + (size_t)length[i] > value_bytes)) { free(items); return NULL; }
    items[i] = (tree_item){ key + i * KEY_BYTES, value + at, length[i], NO_NODE };
    if (length[i] > 0) at += (size_t)length[i];
  }
  *count = (uint32_t)n;
  return items;
}

/* treeUpdate(tree, root, keys, values, lengths, height, load): id of the root after it; hash and numbers go to scratch. */
static napi_value tree_changed(napi_env env, napi_callback_info info) {
  napi_value a[7];
  size_t arguments = 7;
  uint32_t count, numbers[6];
  int64_t height;
  state_tree *t;
  node_id root;
  routines *self = self_of(env);
  napi_get_cb_info(env, info, &arguments, a, NULL, NULL);
  if (self->scratch == NULL || arguments < 7 || !tree_argument(env, a[0], a[1], &t, &root) || napi_get_value_int64(env, a[5], &height) != napi_ok || height < 0) return fail(env, "treeUpdate(tree, root, keys, values, lengths, height, load), after begin");
  tree_item *items = items_of(env, a[2], a[3], a[4], &count);
  if (items == NULL) return fail(env, "treeUpdate: keys of 32 bytes in ascending order, their values, and the length of each, from -1 to 128");
  loader l = { env, a[6] };
  t->load = load_page;
  t->context = &l;
  numbers[0] = tree_update(t, &root, items, count, (uint64_t)height);
  free(items);
  if (t->failed) return tree_failed(env, t);
  const tree_node *n = root == NO_NODE ? NULL : node_at(t, root);
  const uint64_t at = n == NULL ? 0 : n->height;
  numbers[1] = (uint32_t)(t->ends.length / 4);
  numbers[2] = (uint32_t)t->pages.length;
  numbers[3] = n == NULL ? 0 : n->index;
  memcpy(numbers + 4, &at, 8);
  memcpy(self->scratch + AT_NUMBERS, numbers, sizeof numbers);
  if (n != NULL) memcpy(self->scratch + AT_HASH, n->hash, 32);
  return id_value(env, root);
}

/* treePages(tree, pages, ends): void; copies the pages of the last update, and where each ends. */
static napi_value tree_pages(napi_env env, napi_callback_info info) {
  napi_value a[3];
  size_t count = 3, pages, ends, offset;
  uint8_t *page;
  uint32_t *end;
  void *data = NULL;
  napi_typedarray_type type;
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  if (count < 3 || napi_get_value_external(env, a[0], &data) != napi_ok || !bytes_of(env, a[1], &page, &pages) ||
      napi_get_typedarray_info(env, a[2], &type, &ends, (void **)&end, NULL, &offset) != napi_ok || type != napi_uint32_array) return fail(env, "treePages(tree, pages: Uint8Array, ends: Uint32Array)");
  state_tree *t = data;
  if (pages != t->pages.length || ends * 4 != t->ends.length) return fail(env, "treePages: arrays as long as the last update said");
  if (pages > 0) memcpy(page, t->pages.data, pages);
  if (ends > 0) memcpy(end, t->ends.data, t->ends.length);
  return NULL;
}

/* treeCopy(tree, root, depth): a tree of its own with what is in memory down to the depth; its root's id goes to scratch 384. */
static napi_value tree_trimmed(napi_env env, napi_callback_info info) {
  napi_value a[3];
  size_t count = 3;
  uint32_t depth;
  state_tree *t, *copy;
  node_id root;
  routines *self = self_of(env);
  napi_get_cb_info(env, info, &count, a, NULL, NULL);
  if (self->scratch == NULL || count < 3 || !tree_argument(env, a[0], a[1], &t, &root) || root == NO_NODE || napi_get_value_uint32(env, a[2], &depth) != napi_ok || depth < 1 || depth > KEY_BITS) return fail(env, "treeCopy(tree, root, depth)");
  copy = calloc(1, sizeof *copy);
  node_id id = copy == NULL ? NO_NODE : tree_copy(t, copy, root, (int)depth);
  if (copy == NULL || copy->failed) {
    if (copy != NULL) free_tree(env, copy, NULL);
    return fail(env, "out of memory");
  }
  memcpy(self->scratch + AT_NUMBERS, &id, sizeof id);
  return external_tree(env, copy);
}
#endif
