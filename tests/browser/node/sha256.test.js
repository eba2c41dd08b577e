// The streaming SHA-256 against the standard's examples and Node's own.

import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { hex, Sha256 } from "../../../pkg/dist/places/sha256.js";

const text = (string) => new TextEncoder().encode(string);

test("the examples of FIPS 180-4", () => {
  const examples = {
    "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    abc: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq: "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    [`${"a".repeat(1_000_000)}`]: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  };
  for (const [input, digest] of Object.entries(examples)) assert.equal(hex(new Sha256().update(text(input)).digest()), digest);
});

test("every length and every split around a block", () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => (i * 37) & 255);
  for (let length = 0; length <= 200; length++) {
    const whole = bytes.subarray(0, length);
    const wanted = createHash("sha256").update(whole).digest("hex");
    for (const cut of [0, 1, 55, 56, 63, 64, 65, 128, length].filter((at) => at <= length)) {
      assert.equal(hex(new Sha256().update(whole.subarray(0, cut)).update(whole.subarray(cut)).digest()), wanted, `${length} cut at ${cut}`);
    }
  }
});
