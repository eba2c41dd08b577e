// Pieces of a stream: what nobody else has is freed as it is copied, what somebody may hold stays his.

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { PIECE, piecesOf } from "../../../pkg/dist/places/pieces.js";
import { ofBlob } from "../../../pkg/dist/places/place.js";

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

test("of a blob no more than two pieces are held at a time", async () => {
  const blob = new Blob([...Array(5).keys()].map((at) => new Uint8Array(PIECE).fill(at)).concat(new Uint8Array(7).fill(5)));
  const given = [];
  for await (const piece of ofBlob(blob).pieces(blob.size)) {
    given.push(piece);
    assert.equal(piece.length, given.length < 6 ? PIECE : 7);
    assert.ok(piece.every((byte) => byte === given.length - 1));
    // The one before stays as it is until the next is asked for.
    assert.deepEqual(given.map(({ length }) => length > 0), given.map((_, at) => at > given.length - 3));
  }
  assert.equal(given.length, 6);
});
