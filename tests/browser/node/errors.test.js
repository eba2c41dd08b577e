// Errors cross between threads whole.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { GriotError } from "griot";
import { fromWire, toWire } from "../../../pkg/dist/errors.js";

test("an error crosses with its code, hint and details", () => {
  const sent = new GriotError("out-of-memory", "needs 3 bytes", { hint: "take a smaller batch", details: { bytes: 3 } });
  const received = fromWire(structuredClone(toWire(sent)));
  assert.ok(received instanceof GriotError);
  assert.deepEqual([received.code, received.message, received.hint, received.details], [sent.code, sent.message, sent.hint, sent.details]);
});

test("an abort stays an AbortError, and what is not ours is internal", () => {
  const aborted = fromWire(structuredClone(toWire(new DOMException("stop", "AbortError"))));
  assert.equal(aborted.name, "AbortError");
  const foreign = fromWire(toWire(new TypeError("x is not a function")));
  assert.equal(foreign.code, "internal");
  assert.match(foreign.message, /TypeError: x is not a function/);
});
