// Every family and head through the package: logits, hidden states, attentions, loss and gradients against the reference.

import { equal, ok, rejects } from "./check.js";
import { batch, golden, worst } from "./golden.js";

const CASES = ["llama", "qwen3", "bert-mlm", "bert-seqcls", "bert-tokcls", "bert-qa", "distilbert-mlm", "t5"];

/** Whether every number of a tensor that belongs to a seen place is near the stored one. */
function near(actual, expected, mask, what, tolerance = 1e-4) {
  equal(actual.shape, expected.shape, what);
  const size = mask && expected.data.length / mask.length;
  const counts = mask && ((i) => mask[Math.floor(i / size)] === 1);
  const off = worst(actual.data, expected.data, counts);
  ok(off <= tolerance, `${what} within ${tolerance}, not ${off}`);
}

/** The mask's places once for each head of an attention map. */
const byHead = (mask, time, heads) => Array.from({ length: mask.length / time }, (_, row) => Array(heads).fill(mask.slice(row * time, (row + 1) * time)).flat()).flat();

async function forward(context, name) {
  const stored = await golden(context, name);
  const model = await context.griot.Model.load(stored.files, { device: "cpu" });
  const given = batch(stored.expected, "in");
  const out = await model.forward(given, { hidden: true, attentions: true });
  const mask = given.attentionMask.flat();
  const time = given.inputIds[0].length;
  const two = model.task === "seq2seq";
  const of = (path) => stored.expected.get(`out.${path}`);
  const stack = (list, path, places) => {
    ok(list.length > 0 && of(`${path}.${list.length}`) === undefined, `${name}: all of ${path}`);
    list.forEach((tensor, layer) => near(tensor, of(`${path}.${layer}`), path.includes("attentions") && places ? byHead(places, time, tensor.shape[1]) : places, `${name}: ${path}.${layer}`));
  };
  if (model.task === "answer") {
    const [rows, places] = out.logits.shape;
    ["start_logits", "end_logits"].forEach((side, at) => near({ data: out.logits.data.filter((_, i) => i % 2 === at), shape: [rows, places] }, of(side), undefined, `${name}: ${side}`));
  } else {
    near(out.logits, of("logits"), two || model.task === "classify" ? undefined : mask, `${name}: logits`);
  }
  stack(out.hidden, two ? "decoder_hidden_states" : "hidden_states", two ? undefined : mask);
  stack(out.attentions, two ? "decoder_attentions" : "attentions", two ? undefined : mask);
  if (two) {
    stack(out.encoderHidden, "encoder_hidden_states", mask);
    stack(out.encoderAttentions, "encoder_attentions", mask);
    stack(out.crossAttentions, "cross_attentions");
  }
  ok(Math.abs(out.loss - stored.record.loss) <= 1e-4 * stored.record.loss, `${name}: a loss of ${stored.record.loss}, not ${out.loss}`);
  return { stored, model, given };
}

export const cases = {
  async "logits, hidden states, attentions and loss of every family and head"(context) {
    for (const name of CASES) await (await forward(context, name)).model.dispose();
  },

  async "every gradient of a classifier, of answers, of an encoder-decoder"(context) {
    for (const name of ["bert-seqcls", "bert-qa", "t5"]) {
      const { stored, model, given } = await forward(context, name);
      const { loss, gradients } = await model.gradients(given);
      ok(Math.abs(loss - stored.record.loss) <= 1e-4 * stored.record.loss, `${name}: the reference's loss`);
      equal([...gradients.keys()].sort(), [...stored.gradients.keys()].sort());
      const noise = new Set(stored.record.numerics.gradients_zero_in_exact_arithmetic);
      for (const [parameter, expected] of stored.gradients) {
        if (!noise.has(parameter)) near(gradients.get(parameter), expected, undefined, `${name}: the gradient of ${parameter}`, 1e-3);
      }
      await model.dispose();
    }
  },

  async "a decoder's ids may be given instead of labels"(context) {
    const { stored, model, given } = await forward(context, "t5");
    const { labels, ...rest } = given;
    const decoderIds = batch({ get: (name) => (name === "d.input_ids" ? stored.expected.get("in.decoder_input_ids") : undefined) }, "d").inputIds;
    const [shifted, told] = [await model.forward(given), await model.forward({ ...rest, decoderIds })];
    equal([told.logits, told.loss], [shifted.logits, undefined]);
    await rejects(model.forward(rest), "bad-input");
    await model.dispose();
  },

  async "what a head does not know is refused"(context) {
    const stored = await golden(context, "bert-seqcls");
    const model = await context.griot.Model.load(stored.files, { device: "cpu" });
    const given = batch(stored.expected, "in");
    equal([model.task, (await model.forward(given)).logits.shape], ["classify", [3, 3]]);
    await rejects(model.forward({ ...given, starts: [1, 1, 1] }), "bad-input");
    await rejects(model.forward({ ...given, decoderIds: given.inputIds }), "bad-input");
    await rejects(model.forward({ ...given, labels: [1, 1, 7] }), "bad-input");
    await rejects(model.forward({ ...given, typeIds: given.inputIds }), "bad-input");
    await model.dispose();
  },
};
