"""Small pictures of every kind with Pillow's reading of them: python3 make-pillow-table.py > pillow-table.json

Written with Pillow 13.0.0 and numpy 2. Reading: EXIF transposed, RGBA put on white by alpha_composite, then RGB.
Pillow clips 16-bit grey and misplaces the transparent value of 2-, 4- and 16-bit PNGs; these are computed here by the
PNG specification ("by": "specification").
"""
import base64, io, json, struct, sys, zlib
import numpy as np
from PIL import Image, ImageCms, ImageOps

W, H = 9, 7
rng = np.random.default_rng(11)
yy, xx = np.mgrid[0:H, 0:W]
RGB = np.clip(np.stack([127 + 120 * np.sin(xx / (2 + k) + yy / (3 + k) + k) for k in range(3)], -1) + rng.normal(0, 8, (H, W, 3)), 0, 255).astype('u1')
ALPHA = rng.integers(0, 256, (H, W)).astype('u1')
ALPHA[:2], ALPHA[2:4] = 0, 255
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
table = []


def chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


def row(values, depth):
    if depth == 16:
        return values.astype('>u2').tobytes()
    bits = ''.join(format(int(v), f'0{depth}b') for v in values)
    bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def png(samples, depth, kind, extra=b'', interlaced=False):
    h, w = samples.shape[:2]
    lines = b''
    for x, y, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        lines += b''.join(b'\0' + row(r.reshape(-1), depth) for r in part if part.shape[1])
    head = struct.pack('>IIBBBBB', w, h, depth, kind, 0, 0, int(interlaced))
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + extra + chunk(b'IDAT', zlib.compress(lines)) + chunk(b'IEND', b'')


def pillow(data):
    im = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if im.mode in ('RGBA', 'LA', 'PA') or 'transparency' in im.info:
        im = im.convert('RGBA')
        im = Image.alpha_composite(Image.new('RGBA', im.size, (255,) * 4), im)
    return np.array(im.convert('RGB'))


def put(name, data, rgb=None):
    by = 'Pillow' if rgb is None else 'specification'
    rgb = pillow(data) if rgb is None else rgb
    encoded = lambda b: base64.b64encode(b).decode()
    table.append(dict(name=name, by=by, width=rgb.shape[1], height=rgb.shape[0], file=encoded(data), rgb=encoded(rgb.astype('u1').tobytes())))


def save(name, im, fmt, **options):
    out = io.BytesIO()
    im.save(out, fmt, **options)
    put(name, out.getvalue())


def grey3(values):
    return np.repeat(np.round(values)[..., None], 3, 2)


for kind, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
    for depth in depths:
        top = 2 ** depth - 1
        v = rng.integers(0, min(top, 15) + 1 if kind == 3 else top + 1, (H, W, CHANNELS[kind]))
        name = f'png {dict(zip((0, 2, 3, 4, 6), ("grey", "rgb", "palette", "grey+alpha", "rgba")))[kind]} {depth}'
        palette = chunk(b'PLTE', rng.integers(0, 256, 3 * 16 if depth > 2 else 3 * 2 ** depth).astype('u1').tobytes()) if kind == 3 else b''
        own = grey3(v[..., 0] / 257) if (kind, depth) == (0, 16) else None
        for interlaced in (False, True):
            put(name + (' interlaced' if interlaced else ''), png(v, depth, kind, palette, interlaced), own)
        if kind == 3:
            put(f'{name} tRNS', png(v, depth, 3, palette + chunk(b'tRNS', b'\0\x80')))
        if kind in (0, 2):
            clear = v[3, 4]
            trns = chunk(b'tRNS', struct.pack('>' + 'H' * CHANNELS[kind], *map(int, clear)))
            rgb = np.round(np.broadcast_to(v * 255 / top, (H, W, 3)))
            rgb = np.where((v == clear).all(-1)[..., None], 255, rgb)
            put(f'{name} tRNS', png(v, depth, kind, trns), None if depth in (1, 8) else rgb)
twelve = rng.integers(0, 4096, (H, W, 1))
twelve[0, 0] = 4095
put('png 12 bits in 16', png(twelve, 16, 0), grey3(twelve[..., 0] / 4095 * 255))
ten = twelve // 4
put('png 10 bits in 16, sBIT', png(ten, 16, 0, chunk(b'sBIT', b'\x0a')), grey3(ten[..., 0] / 1023 * 255))
spread = twelve * 16 + twelve // 256
put('png sBIT 12, spread over 16', png(spread, 16, 0, chunk(b'sBIT', b'\x0c')), grey3(spread[..., 0] / 257))
put('png gamma', png(RGB.astype(int), 8, 2, chunk(b'gAMA', struct.pack('>I', 100000))))

rgb, rgba = Image.fromarray(RGB), Image.fromarray(np.dstack([RGB, ALPHA]))
grey, palette = rgb.convert('L'), rgb.convert('P', palette=Image.Palette.ADAPTIVE, colors=8)
cmyk = Image.frombytes('CMYK', (W, H), rng.integers(0, 256, (H, W, 4)).astype('u1').tobytes())
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
for name, im in dict(rgb=rgb, grey=grey, cmyk=cmyk).items():
    save(f'jpeg {name}', im, 'JPEG')
    save(f'tiff {name}', im, 'TIFF')
save('jpeg 4:4:4', rgb, 'JPEG', subsampling=0, quality=95)
save('jpeg progressive', rgb, 'JPEG', progressive=True)
save('jpeg profile', rgb, 'JPEG', icc_profile=profile[:400])
for name, im in dict(rgb=rgb, grey=grey, rgba=rgba, palette=palette, bit=rgb.convert('1'), ga=rgba.convert('LA')).items():
    if name != 'ga':
        save(f'bmp {name}', im, 'BMP')
    for compression in ('tiff_lzw', 'tiff_adobe_deflate', 'packbits'):
        save(f'tiff {name} {compression}', im, 'TIFF', compression=compression)
save('webp', rgb, 'WEBP')
save('webp rgba', rgba, 'WEBP', lossless=True, exact=True)
save('gif', palette, 'GIF')
save('gif transparent', palette, 'GIF', transparency=1)
save('gif of two frames', palette, 'GIF', save_all=True, append_images=[grey])
save('avif grey', grey, 'AVIF')
save('avif rgb 4:4:4', rgb, 'AVIF', subsampling='4:4:4')
save('avif rgba 4:4:4', rgba, 'AVIF', subsampling='4:4:4')
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x112] = orientation
    for fmt in ('JPEG', 'PNG', 'WEBP', 'TIFF'):
        save(f'{fmt.lower()} orientation {orientation}', rgb, fmt, exif=exif)
json.dump(table, sys.stdout, indent=0)
