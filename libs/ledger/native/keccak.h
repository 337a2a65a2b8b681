/* Keccak-256 with the padding of before FIPS 202 (Ethereum's). */
#ifndef STELE_KECCAK_H
#define STELE_KECCAK_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KECCAK_RATE 136
typedef struct { uint64_t a[25]; size_t at; } keccak_state;

static const uint64_t KECCAK_RC[24] = {
  0x0000000000000001ULL, 0x0000000000008082ULL, 0x800000000000808aULL, 0x8000000080008000ULL, 0x000000000000808bULL, 0x0000000080000001ULL,
  0x8000000080008081ULL, 0x8000000000008009ULL, 0x000000000000008aULL, 0x0000000000000088ULL, 0x0000000080008009ULL, 0x000000008000000aULL,
  0x000000008000808bULL, 0x800000000000008bULL, 0x8000000000008089ULL, 0x8000000000008003ULL, 0x8000000000008002ULL, 0x8000000000000080ULL,
  0x000000000000800aULL, 0x800000008000000aULL, 0x8000000080008081ULL, 0x8000000000008080ULL, 0x0000000080000001ULL, 0x8000000080008008ULL };
static const int KECCAK_ROT[24] = { 1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44 };
static const int KECCAK_PI[24] = { 10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1 };

static inline uint64_t keccak_rol(uint64_t x, int n) { return x << n | x >> (64 - n); }

static void keccak_permute(uint64_t a[25]) {
  for (int round = 0; round < 24; round++) {
    uint64_t c[5], t;
#pragma GCC unroll 5
    for (int x = 0; x < 5; x++) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma GCC unroll 5
    for (int x = 0; x < 5; x++) {
      t = c[(x + 4) % 5] ^ keccak_rol(c[(x + 1) % 5], 1);
#pragma GCC unroll 5
      for (int y = 0; y < 25; y += 5) a[y + x] ^= t;
    }
    t = a[1];
#pragma GCC unroll 24
    for (int i = 0; i < 24; i++) {
      uint64_t next = a[KECCAK_PI[i]];
      a[KECCAK_PI[i]] = keccak_rol(t, KECCAK_ROT[i]);
      t = next;
    }
#pragma GCC unroll 5
    for (int y = 0; y < 25; y += 5) {
      uint64_t b0 = a[y], b1 = a[y + 1], b2 = a[y + 2], b3 = a[y + 3], b4 = a[y + 4];
      a[y] = b0 ^ (~b1 & b2);
      a[y + 1] = b1 ^ (~b2 & b3);
      a[y + 2] = b2 ^ (~b3 & b4);
      a[y + 3] = b3 ^ (~b4 & b0);
      a[y + 4] = b4 ^ (~b0 & b1);
    }
    a[0] ^= KECCAK_RC[round];
  }
}

/* Little-endian lanes: every platform that this is built for is. */
static void keccak_update(keccak_state *s, const uint8_t *data, size_t length) {
  while (length > 0) {
    if (s->at == 0 && length >= KECCAK_RATE) {
      for (int i = 0; i < KECCAK_RATE / 8; i++) { uint64_t lane; memcpy(&lane, data + 8 * i, 8); s->a[i] ^= lane; }
      keccak_permute(s->a);
      data += KECCAK_RATE;
      length -= KECCAK_RATE;
      continue;
    }
    ((uint8_t *)s->a)[s->at++] ^= *data++;
    length--;
    if (s->at == KECCAK_RATE) { keccak_permute(s->a); s->at = 0; }
  }
}

static void keccak_finish(keccak_state *s, uint8_t out[32]) {
  ((uint8_t *)s->a)[s->at] ^= 0x01;
  ((uint8_t *)s->a)[KECCAK_RATE - 1] ^= 0x80;
  keccak_permute(s->a);
  memcpy(out, s->a, 32);
}

static void keccak256(const uint8_t *data, size_t length, uint8_t out[32]) {
  keccak_state s;
  memset(&s, 0, sizeof s);
  keccak_update(&s, data, length);
  keccak_finish(&s, out);
}
#endif
