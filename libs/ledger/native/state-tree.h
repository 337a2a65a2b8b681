/*
 * The state's tree in memory: a binary, path-compressed Merkle tree over hashed keys (docs/spec/state.md), and the pages in which
 * the store keeps its nodes (libs/evm/src/store/node-pages.ts). Its equal in TypeScript is libs/evm/src/state/tree.ts.
 *
 * Nodes are immutable, but that a stub's place in its parent is taken by the node it stands for. They lie in chunks that are
 * only added to; what is in use is copied to a new tree now and then (`tree_copy`). A node is named by its place in the chunks.
 */
#ifndef STELE_STATE_TREE_H
#define STELE_STATE_TREE_H
#include <stdlib.h>
#include "sha256.h"

#define CHUNK_BYTES (1u << 20)
#define CHUNK_SHIFT 17 /* 2^20 bytes in units of 8 */
#define MAX_CHUNKS 4096
#define KEY_BITS 256
#define KEY_BYTES 32
#define MAX_VALUE_BYTES 128
#define NODES_PER_PAGE 32
#define CHILD_BYTES 42
#define NO_NODE 0u
#define NEW_NODE UINT64_MAX

enum { LEAF, INNER, STUB };

typedef uint32_t node_id;

typedef struct {
  uint64_t height; /* of the block that made it; NEW_NODE before it has a place */
  uint32_t index;
  uint8_t kind, bit;
  uint16_t value_bytes;
  uint8_t hash[32];
  union {
    struct { node_id left, right; uint8_t prefix[]; } inner; /* (bit + 7) / 8 bytes: what all keys below share */
    struct { uint8_t key[KEY_BYTES]; uint8_t value[]; } leaf;
  } as;
} tree_node;

#define HEAD_BYTES offsetof(tree_node, as)

typedef struct { uint8_t *data; size_t length, room; } bytes_out;

/* What stands at a key: a change of this update, or the leaf that was there. No value: the key is removed. */
typedef struct { const uint8_t *key, *value; int length; node_id leaf; } tree_item;

typedef struct state_tree {
  uint8_t *chunks[MAX_CHUNKS];
  uint32_t count, used; /* chunks; bytes of the last one */
  int failed;           /* out of memory, or a node that cannot be read: the caller unwinds */
  /* Fills `page` with the page of a stored node; 0 where there is none. */
  int (*load)(void *context, uint64_t height, uint32_t page, const uint8_t **data, size_t *length);
  void *context;
  bytes_out pages, ends; /* of the last update; ends are u32, the machine's own order */
  const tree_item *items;
} state_tree;

static tree_node *node_at(const state_tree *t, node_id id) { return (tree_node *)(t->chunks[id >> CHUNK_SHIFT] + ((size_t)(id & ((1u << CHUNK_SHIFT) - 1)) << 3)); }

static size_t tree_bytes(const state_tree *t) { return t->count == 0 ? 0 : (size_t)(t->count - 1) * CHUNK_BYTES + t->used; }

/* The first eight bytes of the first chunk stay unused, so that no node is NO_NODE. */
static node_id new_node(state_tree *t, size_t bytes) {
  bytes = (bytes + 7) & ~(size_t)7;
  if (t->count == 0 || t->used + bytes > CHUNK_BYTES) {
    uint8_t *chunk = t->count < MAX_CHUNKS ? malloc(CHUNK_BYTES) : NULL;
    if (chunk == NULL) { t->failed = 1; return NO_NODE; }
    t->chunks[t->count++] = chunk;
    t->used = t->count == 1 ? 8 : 0;
  }
  node_id id = (t->count - 1) << CHUNK_SHIFT | t->used >> 3;
  t->used += (uint32_t)bytes;
  return id;
}

static void tree_free(state_tree *t) {
  for (uint32_t i = 0; i < t->count; i++) free(t->chunks[i]);
  free(t->pages.data);
  free(t->ends.data);
  memset(t, 0, sizeof *t);
}

static int bit_of(const uint8_t *key, int bit) { return key[bit >> 3] >> (7 - (bit & 7)) & 1; }

/* How many leading bits two keys share, at most `limit`. */
static int shared_bits(const uint8_t *a, const uint8_t *b, int limit) {
  for (int i = 0; 8 * i < limit; i++) {
    unsigned difference = a[i] ^ b[i];
    if (difference == 0) continue;
    int bits = 8 * i + __builtin_clz(difference) - 24;
    return bits < limit ? bits : limit;
  }
  return limit;
}

static node_id new_stub(state_tree *t, const uint8_t hash[32], uint64_t height, uint32_t index) {
  node_id id = new_node(t, HEAD_BYTES);
  if (id == NO_NODE) return NO_NODE;
  tree_node *n = node_at(t, id);
  n->height = height; n->index = index; n->kind = STUB; n->bit = 0; n->value_bytes = 0;
  memcpy(n->hash, hash, 32);
  return id;
}

static node_id new_leaf(state_tree *t, const uint8_t *key, const uint8_t *value, size_t length) {
  node_id id = new_node(t, HEAD_BYTES + KEY_BYTES + length);
  if (id == NO_NODE) return NO_NODE;
  tree_node *n = node_at(t, id);
  n->height = NEW_NODE; n->index = 0; n->kind = LEAF; n->bit = 0; n->value_bytes = (uint16_t)length;
  memcpy(n->as.leaf.key, key, KEY_BYTES);
  memcpy(n->as.leaf.value, value, length);
  /* Key and value lie one after the other, as they are hashed. */
  sha256_tagged(0, n->as.leaf.key, KEY_BYTES + length, n->hash);
  return id;
}

static node_id new_inner(state_tree *t, int bit, const uint8_t *prefix, node_id left, node_id right) {
  size_t bytes = (size_t)(bit + 7) >> 3;
  node_id id = new_node(t, HEAD_BYTES + 2 * sizeof(node_id) + bytes);
  if (id == NO_NODE) return NO_NODE;
  tree_node *n = node_at(t, id);
  n->height = NEW_NODE; n->index = 0; n->kind = INNER; n->bit = (uint8_t)bit; n->value_bytes = 0;
  n->as.inner.left = left; n->as.inner.right = right;
  memcpy(n->as.inner.prefix, prefix, bytes);
  return id;
}

/* An inner node of two trees; where one is empty, the other alone. */
static node_id join(state_tree *t, int bit, const uint8_t *prefix, node_id left, node_id right) {
  if (left == NO_NODE) return right;
  if (right == NO_NODE) return left;
  node_id id = new_inner(t, bit, prefix, left, right);
  if (id == NO_NODE) return NO_NODE;
  uint8_t data[65];
  data[0] = (uint8_t)bit;
  memcpy(data + 1, node_at(t, left)->hash, 32);
  memcpy(data + 33, node_at(t, right)->hash, 32);
  sha256_tagged(1, data, 65, node_at(t, id)->hash);
  return id;
}

static uint64_t read_be(const uint8_t *p, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++) value = value << 8 | p[i];
  return value;
}

static void write_be(uint8_t *p, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; i--, value >>= 8) p[i] = (uint8_t)value;
}

static node_id read_child(state_tree *t, const uint8_t *p) { return new_stub(t, p + 10, read_be(p, 6), (uint32_t)read_be(p + 6, 4)); }

/* A stored node: leaf 00 | key[32] | value; inner 01 | bit | prefix | left | right, a child being height u48 | index u32 | hash[32]. */
static node_id read_node(state_tree *t, const uint8_t *p, size_t length, const tree_node *stub) {
  node_id id = NO_NODE;
  uint64_t height = stub->height;
  uint32_t index = stub->index;
  uint8_t hash[32];
  memcpy(hash, stub->hash, 32);
  if (length >= 1 + KEY_BYTES && p[0] == 0 && length <= 1 + KEY_BYTES + MAX_VALUE_BYTES) {
    id = new_node(t, HEAD_BYTES + length - 1);
    if (id == NO_NODE) return NO_NODE;
    tree_node *n = node_at(t, id);
    n->kind = LEAF; n->bit = 0; n->value_bytes = (uint16_t)(length - 1 - KEY_BYTES);
    memcpy(n->as.leaf.key, p + 1, length - 1);
  } else if (length >= 2 && p[0] == 1) {
    size_t prefix = (size_t)(p[1] + 7) >> 3;
    if (length == 2 + prefix + 2 * CHILD_BYTES) {
      node_id left = read_child(t, p + 2 + prefix), right = read_child(t, p + 2 + prefix + CHILD_BYTES);
      if (left == NO_NODE || right == NO_NODE) return NO_NODE;
      id = new_inner(t, p[1], p + 2, left, right);
    }
  }
  if (id == NO_NODE) return NO_NODE;
  tree_node *n = node_at(t, id);
  n->height = height; n->index = index;
  memcpy(n->hash, hash, 32);
  return id;
}

/* The node that a stub stands for, from its page: count u8 | end u16 of each | nodes. */
static node_id resolve(state_tree *t, node_id id) {
  const tree_node *stub = node_at(t, id);
  if (stub->kind != STUB) return id;
  const uint8_t *page;
  size_t length;
  uint32_t place = stub->index % NODES_PER_PAGE;
  node_id found = NO_NODE;
  if (!t->failed && t->load(t->context, stub->height, stub->index / NODES_PER_PAGE, &page, &length) && length > 0 && place < page[0]) {
    size_t body = 1 + 2 * (size_t)page[0];
    if (body <= length) {
      size_t from = body + (place == 0 ? 0 : read_be(page + 2 * place - 1, 2)), to = body + read_be(page + 2 * place + 1, 2);
      if (from < to && to <= length) found = read_node(t, page + from, to - from, stub);
    }
  }
  if (found == NO_NODE) t->failed = 1;
  return found;
}

/* A child as a node that is read, and stays so. */
static node_id child_of(state_tree *t, node_id parent, int right) {
  tree_node *n = node_at(t, parent);
  node_id *place = right ? &n->as.inner.right : &n->as.inner.left;
  node_id found = resolve(t, *place);
  /* Chunks do not move: the parent is where it was. */
  if (found != NO_NODE) *place = found;
  return found;
}

/* The leaf with the key, or NO_NODE. `*root` is replaced where it was a stub. */
static node_id tree_find(state_tree *t, node_id *root, const uint8_t *key) {
  if (*root == NO_NODE) return NO_NODE;
  node_id id = *root = resolve(t, *root);
  while (id != NO_NODE && node_at(t, id)->kind == INNER) id = child_of(t, id, bit_of(key, node_at(t, id)->bit));
  return id != NO_NODE && memcmp(node_at(t, id)->as.leaf.key, key, KEY_BYTES) == 0 ? id : NO_NODE;
}

/* The first item of [from, to) whose key has the bit set; all before have it clear. */
static uint32_t split_at(const tree_item *items, uint32_t from, uint32_t to, int bit) {
  while (from < to) {
    uint32_t middle = from + (to - from) / 2;
    if (bit_of(items[middle].key, bit) == 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/* A tree of items that all set something. */
static node_id build_range(state_tree *t, const tree_item *items, uint32_t from, uint32_t to) {
  if (from == to || t->failed) return NO_NODE;
  const tree_item *first = items + from;
  if (to - from == 1) return first->leaf != NO_NODE ? first->leaf : new_leaf(t, first->key, first->value, (size_t)first->length);
  int bit = shared_bits(first->key, items[to - 1].key, KEY_BITS);
  uint32_t middle = split_at(items, from, to, bit);
  node_id left = build_range(t, items, from, middle);
  return join(t, bit, first->key, left, build_range(t, items, middle, to));
}

/* A tree of the changes in [from, to) that set something, and of a leaf that was there unless one of them changes it. */
static node_id build(state_tree *t, uint32_t from, uint32_t to, node_id leaf) {
  tree_item few[16], *items = to - from < 16 ? few : malloc((to - from + 1) * sizeof *items);
  if (items == NULL) { t->failed = 1; return NO_NODE; }
  const tree_node *old = leaf == NO_NODE ? NULL : node_at(t, leaf);
  uint32_t count = 0;
  for (uint32_t i = from; i < to; i++) {
    const tree_item *change = t->items + i;
    int order = old == NULL ? -1 : memcmp(change->key, old->as.leaf.key, KEY_BYTES);
    if (order > 0) { items[count++] = (tree_item){ old->as.leaf.key, old->as.leaf.value, old->value_bytes, leaf }; old = NULL; }
    if (order == 0) {
      const int same = change->length == old->value_bytes && memcmp(change->value, old->as.leaf.value, old->value_bytes) == 0;
      if (change->length >= 0) items[count++] = (tree_item){ change->key, change->value, change->length, same ? leaf : NO_NODE };
      old = NULL;
    } else if (change->length >= 0) items[count++] = *change;
  }
  if (old != NULL) items[count++] = (tree_item){ old->as.leaf.key, old->as.leaf.value, old->value_bytes, leaf };
  node_id built = build_range(t, items, 0, count);
  if (items != few) free(items);
  return built;
}

/* The tree after the changes [from, to), which lie sorted in t->items. */
static node_id apply(state_tree *t, node_id id, uint32_t from, uint32_t to);

static node_id apply_inner(state_tree *t, node_id id, uint32_t from, uint32_t to) {
  const tree_node *n = node_at(t, id);
  const uint8_t *prefix = n->as.inner.prefix, *first = t->items[from].key, *last = t->items[to - 1].key;
  const int bit = n->bit;
  /* Changes are sorted, so the two ends leave the node's prefix first. */
  int shared = shared_bits(prefix, last, shared_bits(prefix, first, bit));
  uint32_t middle = split_at(t->items, from, to, shared);
  if (shared < bit) {
    if (bit_of(prefix, shared) == 0) {
      node_id left = apply(t, id, from, middle);
      return join(t, shared, prefix, left, build(t, middle, to, NO_NODE));
    }
    node_id left = build(t, from, middle, NO_NODE);
    return join(t, shared, prefix, left, apply(t, id, middle, to));
  }
  node_id left = middle == from ? n->as.inner.left : apply(t, child_of(t, id, 0), from, middle);
  if (t->failed) return NO_NODE;
  node_id right = middle == to ? n->as.inner.right : apply(t, child_of(t, id, 1), middle, to);
  if (t->failed) return NO_NODE;
  return left == n->as.inner.left && right == n->as.inner.right ? id : join(t, bit, prefix, left, right);
}

static node_id apply(state_tree *t, node_id id, uint32_t from, uint32_t to) {
  if (t->failed || from == to) return id;
  if (id == NO_NODE) return build(t, from, to, NO_NODE);
  id = resolve(t, id);
  if (id == NO_NODE) return NO_NODE;
  return node_at(t, id)->kind == LEAF ? build(t, from, to, id) : apply_inner(t, id, from, to);
}

static uint8_t *more(state_tree *t, bytes_out *out, size_t bytes) {
  if (out->length + bytes > out->room) {
    size_t room = 2 * out->room + bytes + 65536;
    uint8_t *data = realloc(out->data, room);
    if (data == NULL) { t->failed = 1; return NULL; }
    out->data = data;
    out->room = room;
  }
  uint8_t *at = out->data + out->length;
  out->length += bytes;
  return at;
}

static size_t stored_bytes(const tree_node *n) { return n->kind == LEAF ? 1u + KEY_BYTES + n->value_bytes : 2 + ((size_t)(n->bit + 7) >> 3) + 2 * CHILD_BYTES; }

static uint8_t *write_child(const state_tree *t, uint8_t *p, node_id id) {
  const tree_node *n = node_at(t, id);
  write_be(p, n->height, 6);
  write_be(p + 6, n->index, 4);
  memcpy(p + 10, n->hash, 32);
  return p + CHILD_BYTES;
}

static void write_node(const state_tree *t, uint8_t *p, const tree_node *n) {
  p[0] = n->kind == LEAF ? 0 : 1;
  if (n->kind == LEAF) { memcpy(p + 1, n->as.leaf.key, KEY_BYTES + n->value_bytes); return; }
  size_t prefix = (size_t)(n->bit + 7) >> 3;
  p[1] = n->bit;
  memcpy(p + 2, n->as.inner.prefix, prefix);
  write_child(t, write_child(t, p + 2 + prefix, n->as.inner.left), n->as.inner.right);
}

/* One page in the making: its nodes in the order of their places. */
typedef struct { uint64_t height; uint32_t placed; node_id page[NODES_PER_PAGE]; } placing;

static void end_page(state_tree *t, const placing *p, uint32_t count) {
  size_t body = 1 + 2 * (size_t)count, bytes = body;
  for (uint32_t i = 0; i < count; i++) bytes += stored_bytes(node_at(t, p->page[i]));
  uint8_t *page = more(t, &t->pages, bytes), *end;
  if (page == NULL) return;
  page[0] = (uint8_t)count;
  size_t at = body;
  for (uint32_t i = 0; i < count; i++) {
    write_node(t, page + at, node_at(t, p->page[i]));
    at += stored_bytes(node_at(t, p->page[i]));
    write_be(page + 1 + 2 * i, at - body, 2);
  }
  end = more(t, &t->ends, 4);
  if (end == NULL) return;
  uint32_t whole = (uint32_t)t->pages.length;
  memcpy(end, &whole, 4);
}

/* Gives every new node its place, children first. */
static void place_new(state_tree *t, placing *p, node_id id) {
  tree_node *n = node_at(t, id);
  if (n->height != NEW_NODE || n->kind == STUB || t->failed) return;
  if (n->kind == INNER) {
    place_new(t, p, n->as.inner.left);
    place_new(t, p, n->as.inner.right);
  }
  n->height = p->height;
  n->index = p->placed;
  p->page[p->placed++ % NODES_PER_PAGE] = id;
  if (p->placed % NODES_PER_PAGE == 0) end_page(t, p, NODES_PER_PAGE);
}

/* The tree after sorted changes, its new nodes placed under a height and written to t->pages. Answers how many are new. */
static uint32_t tree_update(state_tree *t, node_id *root, const tree_item *items, uint32_t count, uint64_t height) {
  placing p = { height, 0, { 0 } };
  t->items = items;
  t->pages.length = t->ends.length = 0;
  *root = apply(t, *root, 0, count);
  /* A removal may leave a stub: as the root it would be read anew, into new memory, by whoever looks for a key. */
  if (*root != NO_NODE && !t->failed) *root = resolve(t, *root);
  if (*root != NO_NODE && !t->failed) place_new(t, &p, *root);
  if (p.placed % NODES_PER_PAGE != 0 && !t->failed) end_page(t, &p, p.placed % NODES_PER_PAGE);
  t->items = NULL;
  return p.placed;
}

/* Copies what is in memory of a tree down to a depth; stubs stand for the rest. */
static node_id tree_copy(const state_tree *from, state_tree *to, node_id id, int depth) {
  const tree_node *n = node_at(from, id);
  if (n->kind == STUB || depth == 0) return new_stub(to, n->hash, n->height, n->index);
  size_t bytes = n->kind == LEAF ? HEAD_BYTES + KEY_BYTES + n->value_bytes : HEAD_BYTES + 2 * sizeof(node_id) + ((size_t)(n->bit + 7) >> 3);
  node_id copy = new_node(to, bytes);
  if (copy == NO_NODE) return NO_NODE;
  memcpy(node_at(to, copy), n, bytes);
  if (n->kind == LEAF) return copy;
  node_id left = tree_copy(from, to, n->as.inner.left, depth - 1), right = tree_copy(from, to, n->as.inner.right, depth - 1);
  node_at(to, copy)->as.inner.left = left;
  node_at(to, copy)->as.inner.right = right;
  return copy;
}
#endif
