/* One JPEG 2000 codestream in memory -> samples in memory, for WebAssembly without any JavaScript of Emscripten's. */
#include <emscripten.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "openjpeg.h"

typedef struct { const uint8_t *bytes; OPJ_SIZE_T length, position; } Source;

static char message[256];
static struct { uint32_t width, height, components, precision, isSigned, bytesPerSample, samples; } frame;

static OPJ_SIZE_T readBytes(void *to, OPJ_SIZE_T wanted, void *user)
{
    Source *source = user;
    OPJ_SIZE_T left = source->length - source->position;
    if (left == 0) return (OPJ_SIZE_T)-1;
    if (wanted > left) wanted = left;
    memcpy(to, source->bytes + source->position, wanted);
    source->position += wanted;
    return wanted;
}

static OPJ_OFF_T skipBytes(OPJ_OFF_T count, void *user)
{
    Source *source = user;
    if (count < 0) return -1;
    if ((OPJ_SIZE_T)count > source->length - source->position) count = (OPJ_OFF_T)(source->length - source->position);
    source->position += (OPJ_SIZE_T)count;
    return count;
}

static OPJ_BOOL seekTo(OPJ_OFF_T position, void *user)
{
    Source *source = user;
    if (position < 0 || (OPJ_SIZE_T)position > source->length) return OPJ_FALSE;
    source->position = (OPJ_SIZE_T)position;
    return OPJ_TRUE;
}

/* The first message says the cause; what follows are its consequences. */
static void keepMessage(const char *text, void *user)
{
    (void)user;
    if (message[0]) return;
    strncpy(message, text, sizeof message - 1);
}

static void ignoreMessage(const char *text, void *user)
{
    (void)text;
    (void)user;
}

static int fail(const char *text)
{
    keepMessage(text, NULL);
    return 0;
}

static int keepSamples(opj_image_t *image)
{
    uint32_t count = image->numcomps;
    uint32_t width = image->comps[0].w, height = image->comps[0].h, precision = image->comps[0].prec;
    for (uint32_t c = 0; c < count; c++) {
        opj_image_comp_t *one = &image->comps[c];
        if (one->w != width || one->h != height || one->prec != precision || one->sgnd != image->comps[0].sgnd) return fail("components of different size or precision");
        if (!one->data) return fail("a component without samples");
    }
    if (precision > 16) return fail("more than 16 bits a sample");
    frame.width = width;
    frame.height = height;
    frame.components = count;
    frame.precision = precision;
    frame.isSigned = image->comps[0].sgnd;
    frame.bytesPerSample = precision <= 8 ? 1 : 2;
    size_t pixels = (size_t)width * height;
    void *samples = malloc(pixels * count * frame.bytesPerSample);
    if (!samples) return fail("not enough memory");
    for (uint32_t c = 0; c < count; c++) {
        const OPJ_INT32 *from = image->comps[c].data;
        if (frame.bytesPerSample == 1) {
            uint8_t *to = (uint8_t *)samples + c;
            if (count == 1) for (size_t i = 0; i < pixels; i++) to[i] = (uint8_t)from[i];
            else for (size_t i = 0; i < pixels; i++) to[i * count] = (uint8_t)from[i];
        } else {
            uint16_t *to = (uint16_t *)samples + c;
            if (count == 1) for (size_t i = 0; i < pixels; i++) to[i] = (uint16_t)from[i];
            else for (size_t i = 0; i < pixels; i++) to[i * count] = (uint16_t)from[i];
        }
    }
    frame.samples = (uint32_t)(uintptr_t)samples;
    return 1;
}

/* 1 if done; otherwise errorMessage() tells why. The caller frees frame.samples. */
EMSCRIPTEN_KEEPALIVE int decode(const uint8_t *bytes, uint32_t length)
{
    Source source = { bytes, length, 0 };
    opj_dparameters_t parameters;
    opj_image_t *image = NULL;
    int done = 0;
    memset(message, 0, sizeof message);
    memset(&frame, 0, sizeof frame);
    opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
    opj_stream_t *stream = opj_stream_create(1 << 20, OPJ_TRUE);
    if (!codec || !stream) {
        fail("not enough memory");
    } else {
        opj_set_error_handler(codec, keepMessage, NULL);
        opj_set_warning_handler(codec, ignoreMessage, NULL);
        opj_set_info_handler(codec, ignoreMessage, NULL);
        opj_stream_set_read_function(stream, readBytes);
        opj_stream_set_skip_function(stream, skipBytes);
        opj_stream_set_seek_function(stream, seekTo);
        opj_stream_set_user_data(stream, &source, NULL);
        opj_stream_set_user_data_length(stream, length);
        opj_set_default_decoder_parameters(&parameters);
        if (opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &image) && opj_decode(codec, stream, image)) done = keepSamples(image);
        else fail("the decoder failed");
    }
    if (image) opj_image_destroy(image);
    if (codec) opj_destroy_codec(codec);
    if (stream) opj_stream_destroy(stream);
    return done;
}

EMSCRIPTEN_KEEPALIVE const void *frameInfo(void) { return &frame; }

EMSCRIPTEN_KEEPALIVE const char *errorMessage(void) { return message; }
