// Pictures of windows have few colours: with a palette they take a fraction of the room.

import { crc32, deflateSync } from "node:zlib";
import type { Page } from "playwright-core";

const MOST = 256;

interface Pixels {
  width: number;
  height: number;
  /** Red, green, blue and opacity of each, row by row. */
  bytes: Uint8Array;
}

/** The same picture with at most 256 colours, as small a PNG as that gives. */
export async function withPalette(png: Buffer, page: Page): Promise<Buffer> {
  const { width, height, bytes } = await decoded(png, page);
  const colours = new Map<number, number>();
  for (let at = 0; at < bytes.length; at += 4) {
    const colour = colourAt(bytes, at);
    colours.set(colour, (colours.get(colour) ?? 0) + 1);
  }
  const palette = chosen([...colours].sort(([a, often], [b, rare]) => rare - often || a - b).map(([colour]) => colour));
  const numbers = new Map<number, number>();
  for (const colour of colours.keys()) numbers.set(colour, nearest(colour, palette));

  const lines = Buffer.alloc(height * (width + 1)); // each begins with the number of its filter: none
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      lines[y * (width + 1) + 1 + x] = numbers.get(colourAt(bytes, 4 * (y * width + x))) ?? 0;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits a pixel, numbers of a palette
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap((colour) => channels(colour)))),
    chunk("IDAT", deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A browser can read pictures; so we need not. */
async function decoded(png: Buffer, page: Page): Promise<Pixels> {
  const { width, height, base64 } = await page.evaluate(async (source) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${source}`)).blob());
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("no canvas");
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, picture.width, picture.height);
    let text = "";
    for (const byte of data) text += String.fromCharCode(byte);
    return { width: picture.width, height: picture.height, base64: btoa(text) };
  }, png.toString("base64"));
  return { width, height, bytes: Buffer.from(base64, "base64") };
}

/** The most frequent colours, but none that another one of them can stand for. */
function chosen(colours: readonly number[]): number[] {
  for (let apart = 0; ; apart += 4) {
    const palette: number[] = [];
    for (const colour of colours) {
      if (palette.length > MOST) break;
      if (palette.every((other) => distance(colour, other) > apart)) palette.push(colour);
    }
    if (palette.length <= MOST) return palette;
  }
}

function nearest(colour: number, palette: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [number, other] of palette.entries()) {
    const apart = distance(colour, other);
    if (apart < least) [best, least] = [number, apart];
  }
  return best;
}

function distance(a: number, b: number): number {
  const [r, g, b1] = channels(a);
  const [r2, g2, b2] = channels(b);
  return Math.abs(r - r2) + Math.abs(g - g2) + Math.abs(b1 - b2);
}

function channels(colour: number): [number, number, number] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function colourAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([around.subarray(0, 4), named, around.subarray(4)]);
}
