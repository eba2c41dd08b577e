// A place whose files must have the SHA-256 that the caller, or a generation, says.
//
// In: a place and digests by file. Out: a place that reads the same and fails with `integrity` where a digest differs. Long files are hashed as
// they pass: what was made of one that differs is given up at its end.

import { GriotError } from "../errors.js";
import type { LongFile, Place } from "./place.js";
import { hex, Sha256 } from "./sha256.js";

/** Digests as callers write them: `sha256-` and base64, as the web's integrity attributes have it, or hexadecimal digits. */
export function digests(integrity: Record<string, string>, where: string): Map<string, string> {
  return new Map(
    Object.entries(integrity).map(([file, text]) => {
      const digest = typeof text === "string" ? parse(text) : undefined;
      if (digest !== undefined) return [file, digest];
      throw new GriotError("bad-option", `${where}: option "integrity": "${String(text)}" of ${file} is no digest`, { hint: '"sha256-" and base64 of 32 bytes' });
    }),
  );
}

function parse(text: string): string | undefined {
  const value = /^sha256-(.+)$/.exec(text)?.[1];
  if (value === undefined) return undefined;
  if (/^[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase();
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(value)) return undefined;
  return hex(Uint8Array.from(atob(value.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0)));
}

/** The place with its files checked; `all`: every digest must have been asked for by the time that the files are known. */
export function verified(place: Place, wanted: Map<string, string>, all: boolean): Place {
  const seen = new Set<string>();
  const check = (file: string, hash: Sha256) => {
    const [came, expected] = [hex(hash.digest()), wanted.get(file)];
    if (came !== expected) throw new GriotError("integrity", `${file} in ${place.name} has the SHA-256 ${came}, not ${expected}`, { hint: "the file was changed or damaged" });
  };
  return {
    name: place.name,
    isRemote: place.isRemote,
    missing: (file) => place.missing(file),
    close: (error) => place.close(error),
    async read(file) {
      const blob = await place.read(file);
      if (blob === undefined || !wanted.has(file)) return blob;
      seen.add(file);
      check(file, new Sha256().update(new Uint8Array(await blob.arrayBuffer())));
      return blob;
    },
    async open(file): Promise<LongFile | undefined> {
      const long = await place.open(file);
      if (long === undefined || !wanted.has(file)) return long;
      seen.add(file);
      return {
        size: long.size,
        isHere: long.isHere,
        first: (count) => long.first(count),
        async *pieces(size) {
          const hash = new Sha256();
          for await (const piece of long.pieces(size)) {
            hash.update(piece);
            yield piece;
          }
          check(file, hash);
        },
      };
    },
    async ready(bytes) {
      const unseen = all ? [...wanted.keys()].filter((file) => !seen.has(file)) : [];
      if (unseen.length > 0) throw new GriotError("integrity", `integrity names ${unseen.join(", ")}, which ${place.name} does not have or this call does not read`);
      await place.ready(bytes);
    },
  };
}
