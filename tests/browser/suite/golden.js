// A stored model and its numbers, read from the files of `tests/golden/models`.

/** The tensors of a safetensors file, by name: `{ shape, data }`; whole numbers as plain numbers. */
export function tensors(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const all = new Map();
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const bytes = buffer.slice(8 + length + from, 8 + length + to);
    all.set(name, { shape, data: dtype === "I64" ? Array.from(new BigInt64Array(bytes), Number) : new Float32Array(bytes) });
  }
  return all;
}

/** The rows of a tensor of whole numbers, `length` each. */
export const rows = (data, length) => Array.from({ length: data.length / length }, (_, row) => data.slice(row * length, (row + 1) * length));

/** Everything stored of one model. */
export async function golden(context, name) {
  const file = (path) => context.golden(`models/${name}/${path}`);
  const [config, record, weights, expected, gradients] = await Promise.all(
    ["config.json", "expected.json", "model.safetensors", "expected.safetensors", "grads.safetensors"].map(file),
  );
  const text = (buffer) => new TextDecoder().decode(buffer);
  return {
    files: { "config.json": text(config), "model.safetensors": weights },
    record: JSON.parse(text(record)),
    expected: tensors(expected),
    gradients: tensors(gradients),
  };
}

/** A stored tokenizer.json as one of a few tokens without merges: the stored models know no more. */
export function fewTokens(json) {
  const tokenizer = JSON.parse(json);
  tokenizer.model.vocab = Object.fromEntries(Object.entries(tokenizer.model.vocab).filter(([, id]) => id < 256));
  tokenizer.model.merges = [];
  return JSON.stringify(tokenizer);
}

/** The stored batch under a prefix. */
export function batch(expected, prefix) {
  const of = (name) => {
    const found = expected.get(`${prefix}.${name}`);
    return found && (found.shape.length === 1 ? [...found.data] : rows(found.data, found.shape.at(-1)));
  };
  const fields = {
    inputIds: of("input_ids"), attentionMask: of("attention_mask"), typeIds: of("token_type_ids"), positionIds: of("position_ids"),
    labels: of("labels"), starts: of("start_positions"), ends: of("end_positions"),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The stored batches of training: one for each step. */
export function trainingBatches(expected) {
  const cut = (name) => {
    const { shape: [steps, , time], data } = expected.get(`train.${name}`);
    return rows(data, data.length / steps).map((step) => rows(step, time));
  };
  const [ids, masks, labels] = ["input_ids", "attention_mask", "labels"].map(cut);
  return ids.map((inputIds, step) => ({ inputIds, attentionMask: masks[step], labels: labels[step] }));
}

/** The largest difference as a share of the largest number expected; `counts(i)` says which count. */
export function worst(actual, expected, counts = () => true) {
  let [off, largest] = [0, 0];
  expected.forEach((wanted, i) => {
    if (!counts(i)) return;
    const difference = Math.abs(actual[i] - wanted);
    off = difference <= off ? off : difference;
    largest = Math.max(largest, Math.abs(wanted));
  });
  return off / largest;
}
