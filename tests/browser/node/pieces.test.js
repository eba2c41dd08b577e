// Pieces of a stream: what nobody else has is freed as it is copied, what somebody may hold stays his.

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { PIECE, piecesOf } from "../../../pkg/dist/places/pieces.js";

/** What comes out of a stream of some chunks, and the chunks. */
async function through(chunks, ours) {
  const stream = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const out = [];
  for await (const piece of piecesOf(stream, (read) => read, ours)) out.push(piece.slice());
  return Buffer.concat(out);
}

const chunks = () => [new Uint8Array(PIECE + 5).fill(3), new Uint8Array([1, 2]), new Uint8Array([0, 7, 8, 0]).subarray(1, 3)];
const bytes = Buffer.concat(chunks());

test("what is ours is freed once it is copied, but not what is a part of something", async () => {
  const given = chunks();
  assert.deepEqual(await through(given, true), bytes);
  assert.deepEqual(given.map(({ buffer }) => buffer.byteLength), [0, 0, 4]);
});

test("what may be somebody's stays as it was", async () => {
  const given = chunks();
  assert.deepEqual(await through(given, false), bytes);
  assert.deepEqual(given.map(({ buffer }) => buffer.byteLength), [PIECE + 5, 2, 4]);
});
