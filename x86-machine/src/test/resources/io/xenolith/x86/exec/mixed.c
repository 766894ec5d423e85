/*
 * A program that computes without a library, for the comparison of the processor model with silicon: SHA-256, CRC-32,
 * quicksorts of 32- and 64-bit numbers, divisions, 64-bit arithmetic, small integers, bit scans with a jump table,
 * floating point. It prints a line for each and leaves with exit(0), by int 0x80 in both modes.
 *
 * The images beside it were made with gcc 12 and binutils, by build.sh; expected.txt is what they print on an x86-64
 * Linux host (the 64-bit image with its stack below 4 GiB prints the same).
 */
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;
typedef unsigned char u8;
typedef unsigned short u16;

static void sys_write(const char *p, int n)
{
    int r;
    __asm__ volatile("int $0x80" : "=a"(r) : "a"(4), "b"(1), "c"(p), "d"(n) : "memory");
}

static void sys_exit(int code)
{
    int r;
    __asm__ volatile("int $0x80" : "=a"(r) : "a"(1), "b"(code));
    for (;;)
        ;
}

static void hex(const char *label, u32 v)
{
    char b[40];
    int n = 0;
    while (*label)
        b[n++] = *label++;
    b[n++] = ' ';
    for (int i = 28; i >= 0; i -= 4)
        b[n++] = "0123456789abcdef"[(v >> i) & 15];
    b[n++] = '\n';
    sys_write(b, n);
}

void *memset(void *d, int c, unsigned long n)
{
    u8 *p = d;
    while (n--)
        *p++ = c;
    return d;
}

void *memcpy(void *d, const void *s, unsigned long n)
{
    u8 *p = d;
    const u8 *q = s;
    while (n--)
        *p++ = *q++;
    return d;
}

static u32 K[64];
static u32 H[8];
static u8 buf[65536];
static s32 arr[5000];
static s64 arr64[1000];
static u32 seed = 12345;
volatile u32 N = 20000;

static u32 rnd(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed ^ (seed >> 15);
}

static u32 mix(u32 h, u32 v)
{
    h ^= v;
    h *= 0x01000193;
    return h ^ (h >> 13);
}

#define R(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

/* The compression function of SHA-256; its round constants are arbitrary here. */
static void compress(const u8 *p)
{
    u32 w[64];
    for (int i = 0; i < 16; i++)
        w[i] = (u32)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        u32 a = R(w[i - 15], 7) ^ R(w[i - 15], 18) ^ (w[i - 15] >> 3);
        u32 b = R(w[i - 2], 17) ^ R(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    u32 v[8];
    for (int i = 0; i < 8; i++)
        v[i] = H[i];
    for (int i = 0; i < 64; i++) {
        u32 t1 = v[7] + (R(v[4], 6) ^ R(v[4], 11) ^ R(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
        u32 t2 = (R(v[0], 2) ^ R(v[0], 13) ^ R(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        for (int k = 7; k > 0; k--)
            v[k] = v[k - 1];
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        H[i] += v[i];
}

static void sort(s32 *a, int lo, int hi)
{
    while (lo < hi) {
        s32 p = a[(lo + hi) / 2];
        int i = lo, j = hi;
        while (i <= j) {
            while (a[i] < p)
                i++;
            while (a[j] > p)
                j--;
            if (i <= j) {
                s32 t = a[i];
                a[i++] = a[j];
                a[j--] = t;
            }
        }
        sort(a, lo, j);
        lo = i;
    }
}

static void sort64(s64 *a, int lo, int hi)
{
    while (lo < hi) {
        s64 p = a[(lo + hi) / 2];
        int i = lo, j = hi;
        while (i <= j) {
            while (a[i] < p)
                i++;
            while (a[j] > p)
                j--;
            if (i <= j) {
                s64 t = a[i];
                a[i++] = a[j];
                a[j--] = t;
            }
        }
        sort64(a, lo, j);
        lo = i;
    }
}

static void hashes(void)
{
    for (int i = 0; i < 64; i++)
        K[i] = rnd();
    for (int i = 0; i < 65536; i++)
        buf[i] = rnd();
    for (int i = 0; i < 65536; i += 64)
        compress(buf + i);
    for (int i = 0; i < 8; i++)
        hex("sha", H[i]);
    u32 crc = ~0u;
    for (int i = 0; i < 65536; i++) {
        crc ^= buf[i];
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
    }
    hex("crc", ~crc);
}

static void sorts(void)
{
    u32 h = 0;
    for (int i = 0; i < 5000; i++)
        arr[i] = rnd();
    sort(arr, 0, 4999);
    for (int i = 0; i < 5000; i++)
        h = mix(h, arr[i]);
    hex("sort", h);
    for (int i = 0; i < 1000; i++)
        arr64[i] = (u64)rnd() << 32 | rnd();
    sort64(arr64, 0, 999);
    for (int i = 0; i < 1000; i++)
        h = mix(mix(h, arr64[i]), arr64[i] >> 32);
    hex("sort64", h);
}

static void divisions(void)
{
    u32 h = 0;
    for (u32 i = 0; i < N; i++) {
        u32 a = rnd(), b = rnd() >> (rnd() & 31);
        if (!b)
            b = 1;
        h = mix(mix(h, a / b), a % b);
        s32 sa = a, sb = b;
        if (sb != -1)
            h = mix(mix(h, sa / sb), sa % sb);
    }
    hex("div", h);
}

static void wide(void)
{
    u32 h = 0;
    for (u32 i = 0; i < N; i++) {
        u64 a = (u64)rnd() << 32 | rnd(), b = (u64)rnd() << 32 | rnd();
        int n = rnd() & 63;
        u64 r = (a << n) ^ (b >> n) ^ (u64)((s64)a >> n) ^ (a * b) ^ (a + b) ^ (a - b) ^ -a;
        h = mix(mix(h, r), r >> 32);
        h = mix(h, (a < b) | ((s64)a < (s64)b) << 1 | (a <= b) << 2 | (a == b) << 3 | ((s64)a >= (s64)b) << 4);
    }
    hex("wide", h);
}

static void narrow(void)
{
    u32 h = 0;
    for (u32 i = 0; i < N; i++) {
        u8 a = rnd(), b = rnd();
        u16 c = rnd(), d = rnd();
        signed char e = rnd(), f = rnd();
        short g = rnd();
        h = mix(h, (u8)(a + b) | (u32)(u16)(c * d) << 8 | (u32)(e < f) << 24 | (u32)(g > e) << 25 | (u32)(a > b) << 26);
        h = mix(h, (u8)(a << (b & 7)) | (u32)(u16)(c >> (d & 15)) << 8);
        h = mix(h, e * g);
        h = mix(h, (u8)(a / (b | 1)) | (u32)(u8)(a % (b | 1)) << 8 | (u32)(c / (d | 1)) << 16);
    }
    hex("narrow", h);
}

static void bits(void)
{
    u32 h = 0;
    for (u32 i = 0; i < N; i++) {
        u32 a = rnd();
        h = mix(h, a ? __builtin_ctz(a) : 99);
        h = mix(h, a ? __builtin_clz(a) : 99);
        h = mix(h, __builtin_bswap32(a));
        switch (a % 11) {
        case 0: h += 1; break;
        case 1: h ^= 5; break;
        case 2: h *= 3; break;
        case 3: h -= a; break;
        case 4: h = ~h; break;
        case 5: h += h << 3; break;
        case 6: h ^= h >> 5; break;
        case 7: h++; break;
        default: h += a >> 3;
        }
    }
    hex("bits", h);
}

static void reals(void)
{
    volatile double s = 0;
    volatile float f = 1.5f;
    u32 h = 0;
    for (u32 i = 1; i < N; i++) {
        volatile double d = (double)(s32)rnd();
        d = d / 1024;
        s = s + d;
        s = s * 0.5;
        f = f * 1.0f + (float)(i & 7);
        if (f > 1e6f)
            f = f - 1e6f;
        h = mix(h, (s32)d);
        h = mix(h, (s > d) | (f < d) << 1);
    }
    union {
        double d;
        u32 w[2];
    } u;
    u.d = s;
    hex("real", h);
    hex("low", u.w[0]);
    hex("high", u.w[1]);
}

__attribute__((used)) static void program(void)
{
    hashes();
    sorts();
    divisions();
    wide();
    narrow();
    bits();
    reals();
    sys_exit(0);
}

__asm__(".globl _start\n_start: call program\n");
