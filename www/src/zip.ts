// Zip files, for a model that goes to disk as one file and comes back.
//
// In: files by name; or a zip. Out: a zip whose files lie uncompressed (weights do not shrink); or files by name, unpacked by the
// browser where they were compressed. The format is PKWARE's APPNOTE 6.3, without its 64-bit parts: up to 4 GB.
// Refuses to know what the files are.

import { GriotError } from "griot";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** Bytes that are summed before others get their turn. */
const TURN = 1 << 20;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

async function crc32(bytes: Uint8Array): Promise<number> {
  let c = 0xffffffff;
  for (let from = 0; from < bytes.length; from += TURN) {
    for (const byte of bytes.subarray(from, from + TURN)) c = (TABLE[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return ~c >>> 0;
}

/** Words of two and four bytes, one after the other. */
function words(...given: [size: 2 | 4, value: number][]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(given.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of given) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

/** Packs files into one. */
export async function zip(files: Iterable<[string, Blob]>): Promise<Blob> {
  const parts: (Blob | Uint8Array<ArrayBuffer>)[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const [path, blob] of files) {
    const name = new TextEncoder().encode(path);
    const sum = await crc32(new Uint8Array(await blob.arrayBuffer()));
    // Version 2.0, names in UTF-8, stored, 1 January 1980.
    const shared: [2 | 4, number][] = [[2, 20], [2, 0x800], [2, 0], [2, 0], [2, 0x21], [4, sum], [4, blob.size], [4, blob.size], [2, name.length], [2, 0]];
    const head = words([4, LOCAL], ...shared);
    directory.push(words([4, CENTRAL], [2, 20], ...shared, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]), name);
    parts.push(head, name, blob);
    at += head.length + name.length + blob.size;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const count = directory.length / 2;
  return new Blob([...parts, ...directory, words([4, END], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, at], [2, 0])], { type: "application/zip" });
}

/** Unpacks a zip; folders are dropped from names. Fails where the file is none. */
export async function unzip(file: Blob): Promise<File[]> {
  const tail = new DataView(await file.slice(Math.max(0, file.size - 65_557)).arrayBuffer());
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw new GriotError("bad-file", "this is no zip file");
  const directory = new DataView(await file.slice(tail.getUint32(end + 16, true), tail.getUint32(end + 16, true) + tail.getUint32(end + 12, true)).arrayBuffer());
  const files: File[] = [];
  for (let at = 0; at + 46 <= directory.byteLength; ) {
    if (directory.getUint32(at, true) !== CENTRAL) throw new GriotError("bad-file", "the zip file is damaged");
    const [method, packed, length] = [directory.getUint16(at + 10, true), directory.getUint32(at + 20, true), directory.getUint16(at + 28, true)];
    const local = directory.getUint32(at + 42, true);
    const path = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, length));
    at += 46 + length + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
    if (path.endsWith("/")) continue;
    const head = new DataView(await file.slice(local, local + 30).arrayBuffer());
    const from = local + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    const bytes = file.slice(from, from + packed);
    if (method !== 0 && method !== 8) throw new GriotError("bad-file", `${path}: a compression that is not known`);
    const whole = method === 0 ? bytes : await new Response(bytes.stream().pipeThrough(new DecompressionStream("deflate-raw"))).blob();
    files.push(new File([whole], path.split("/").at(-1) ?? path));
  }
  return files;
}
