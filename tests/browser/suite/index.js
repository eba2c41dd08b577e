// Every case that runs wherever the package runs: on a page through a worker, on a page directly, in Node.

import { cases as contract } from "./contract.js";
import { cases as families } from "./families.js";
import { cases as faults } from "./faults.js";
import { cases as generate } from "./generate.js";
import { cases as halves } from "./halves.js";
import { cases as kernels } from "./kernels.js";
import { cases as model } from "./model.js";
import { cases as ngram } from "./ngram.js";
import { cases as places } from "./places.js";
import { cases as reading } from "./reading.js";
import { cases as runtime } from "./runtime.js";
import { cases as session } from "./session.js";
import { cases as tokenizer } from "./tokenizer.js";
import { cases as tokenizerGolden } from "./tokenizer-golden.js";
import { cases as train } from "./train.js";

export const cases = Object.entries({ runtime, tokenizer, tokenizerGolden, ngram, model, contract, families, halves, generate, session, reading, train, places, kernels, faults }).flatMap(([subject, cases]) =>
  Object.entries(cases).map(([name, run]) => ({ name: `${subject}: ${name}`, run })),
);
