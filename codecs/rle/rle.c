/* The inner loops of RLE Lossless (PS3.5 annex G) for WebAssembly with SIMD. Addresses are given by the caller, who leaves
   `slack` readable bytes behind the input and writable ones behind each output. */
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))

/* PackBits (section G.3.2) up to `length` bytes. Returns how many there are: fewer if the segment ends early. */
EXPORT(unpack) uint32_t unpack(const uint8_t *from, const uint8_t *end, uint8_t *plane, uint32_t length)
{
    uint8_t *to = plane, *last = plane + length;
    while (from < end && to < last) {
        uint32_t header = *from++;
        if (header < 128) {
            uint32_t run = header + 1;
            if (run > (uint32_t)(end - from)) run = (uint32_t)(end - from);
            /* Whole vectors: what is written beyond the run is overwritten by the next. */
            for (uint32_t i = 0; i < run; i += 16) wasm_v128_store(to + i, wasm_v128_load(from + i));
            to += run;
            from += run;
        } else if (header > 128) {
            if (from == end) break;
            uint32_t run = 257 - header;
            v128_t value = wasm_i8x16_splat((int8_t)*from++);
            for (uint32_t i = 0; i < run; i += 16) wasm_v128_store(to + i, value);
            to += run;
        }
    }
    return to < last ? (uint32_t)(to - plane) : length;
}

/* The two byte planes of 16-bit samples side by side, little endian; only the bits of `mask` stay. */
EXPORT(merge) void merge(const uint8_t *high, const uint8_t *low, uint8_t *samples, uint32_t count, uint32_t mask)
{
    v128_t kept = wasm_i16x8_splat((int16_t)mask);
    for (uint32_t i = 0; i < count; i += 16) {
        v128_t h = wasm_v128_load(high + i), l = wasm_v128_load(low + i);
        wasm_v128_store(samples + 2 * i, wasm_v128_and(kept, wasm_i8x16_shuffle(l, h, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)));
        wasm_v128_store(samples + 2 * i + 16, wasm_v128_and(kept, wasm_i8x16_shuffle(l, h, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)));
    }
}

/* One byte plane of samples of several bytes or several colours: every `stride`th byte. */
EXPORT(spread) void spread(const uint8_t *plane, uint8_t *samples, uint32_t count, uint32_t stride)
{
    for (uint32_t i = 0; i < count; i++) samples[i * stride] = plane[i];
}
