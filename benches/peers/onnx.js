// Models as onnxruntime runs them, written from our weights: what an exporter makes of GPT-2 and BERT, as bytes of an ONNX file.
//
// In: weights by Hugging Face name, and sizes. Out: the file's bytes, for one row of a fixed length. `fused` takes onnxruntime's own operation for
// attention where an export has matrix products and a softmax; which of the two is faster is for the race to see.

const utf8 = new TextEncoder();

/** A message of protobuf: bytes of its fields, in pieces, so that weights are copied once. */
class Message {
  pieces = [];
  length = 0;

  #push(bytes) {
    this.pieces.push(bytes);
    this.length += bytes.length;
    return this;
  }

  #varint(value) {
    const bytes = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    do {
      bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
      rest >>= 7n;
    } while (rest > 0n);
    return this.#push(Uint8Array.from(bytes));
  }

  /** A whole number. */
  int(field, value) {
    return this.#varint(field << 3).#varint(value);
  }

  /** A real number. */
  float(field, value) {
    this.#varint((field << 3) | 5);
    return this.#push(new Uint8Array(Float32Array.of(value).buffer));
  }

  /** Bytes, a string, or another message. */
  put(field, value) {
    const inner = typeof value === "string" ? utf8.encode(value) : value;
    this.#varint((field << 3) | 2).#varint(inner.length);
    if (!(inner instanceof Message)) return this.#push(inner);
    this.pieces.push(...inner.pieces);
    this.length += inner.length;
    return this;
  }

  bytes() {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}

const [FLOAT, INT64] = [1, 7];

/** A graph being written. */
class Graph {
  #graph = new Message().put(2, "model");
  #made = 0;

  /** A constant: numbers and their shape. */
  constant(data, shape) {
    const name = `c${this.#made++}`;
    const tensor = new Message();
    for (const size of shape) tensor.int(1, size);
    tensor.int(2, data instanceof Float32Array ? FLOAT : INT64).put(8, name);
    this.#graph.put(5, tensor.put(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
    return name;
  }

  ints(...values) {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** A node with one output, or with `outputs` of them. */
  node(type, inputs, attributes = {}, { domain = "", outputs = 1 } = {}) {
    const node = new Message();
    for (const input of inputs) node.put(1, input);
    const names = Array.from({ length: outputs }, () => `v${this.#made++}`);
    for (const name of names) node.put(2, name);
    node.put(4, type);
    for (const [name, value] of Object.entries(attributes)) {
      const attribute = new Message().put(1, name);
      if (Array.isArray(value)) for (const one of value) attribute.int(8, one);
      else if (typeof value === "string") attribute.put(4, value);
      else if (name === "epsilon" || name === "scale") attribute.float(2, value);
      else attribute.int(3, value);
      const type = Array.isArray(value) ? 7 : typeof value === "string" ? 3 : name === "epsilon" || name === "scale" ? 1 : 2;
      node.put(5, attribute.int(20, type));
    }
    this.#graph.put(1, node.put(7, domain));
    return outputs === 1 ? names[0] : names;
  }

  /** The file of a graph that takes `ids` (1, time) and gives `result`. */
  file(time, result, shape) {
    const info = (name, type, sizes) => {
      const dimensions = new Message();
      for (const size of sizes) dimensions.put(1, new Message().int(1, size));
      return new Message().put(1, name).put(2, new Message().put(1, new Message().int(1, type).put(2, dimensions)));
    };
    this.#graph.put(11, info("ids", INT64, [1, time])).put(12, info(result, FLOAT, shape));
    const version = (domain, number) => new Message().put(1, domain).int(2, number);
    return { result, bytes: new Message().int(1, 9).put(8, version("", 20)).put(8, version("com.microsoft", 1)).put(7, this.#graph).bytes() };
  }
}

/** What both models are made of. Rows stand as (time, width): products with a bias are one operation then. */
function bricks(graph, weights, { heads, time, width, fused, causal }) {
  const of = (name) => {
    const { data, shape } = weights.get(name);
    return graph.constant(data, shape);
  };
  const size = width / heads;
  const rows = graph.ints(time, width);
  const whole = fused && { batch: graph.ints(1, time, width) };
  const unseen = () => Float32Array.from({ length: time * time }, (_, at) => (at % time > Math.floor(at / time) ? -1e9 : 0));
  const parts = !fused && {
    apart: graph.ints(1, time, heads, size),
    factor: graph.constant(Float32Array.of(size ** -0.5), [1]),
    mask: causal && graph.constant(unseen(), [1, 1, time, time]),
  };
  return {
    of,
    norm: (x, name, epsilon) => graph.node("LayerNormalization", [x, of(`${name}.weight`), of(`${name}.bias`)], { axis: -1, epsilon }),
    linear: (x, name, transB) => graph.node("Gemm", [x, of(`${name}.weight`), of(`${name}.bias`)], { transB }),
    add: (a, b) => graph.node("Add", [a, b]),
    attention(q, k, v) {
      if (whole) {
        const given = [q, k, v].map((x) => graph.node("Reshape", [x, whole.batch]));
        return graph.node("Reshape", [graph.node("MultiHeadAttention", given, { num_heads: heads, unidirectional: causal ? 1 : 0 }, { domain: "com.microsoft" }), rows]);
      }
      const { apart, factor, mask } = parts;
      const [qh, vh] = [q, v].map((x) => graph.node("Transpose", [graph.node("Reshape", [x, apart])], { perm: [0, 2, 1, 3] }));
      const kh = graph.node("Transpose", [graph.node("Reshape", [k, apart])], { perm: [0, 2, 3, 1] });
      const scores = graph.node("Mul", [graph.node("MatMul", [qh, kh]), factor]);
      const shares = graph.node("Softmax", [mask ? graph.node("Add", [scores, mask]) : scores], { axis: -1 });
      return graph.node("Reshape", [graph.node("Transpose", [graph.node("MatMul", [shares, vh])], { perm: [0, 2, 1, 3] }), rows]);
    },
  };
}

/** GPT-2: logits (time, vocabulary) of `ids`. */
export function gpt2(weights, { layers, heads, width, time, vocab, fused }) {
  const graph = new Graph();
  const { of, norm, linear, add, attention } = bricks(graph, weights, { heads, time, width, fused, causal: true });
  const table = of("transformer.wte.weight");
  const places = graph.constant(weights.get("transformer.wpe.weight").data.subarray(0, time * width), [time, width]);
  let x = add(graph.node("Reshape", [graph.node("Gather", [table, "ids"]), graph.ints(time, width)]), places);
  for (let layer = 0; layer < layers; layer++) {
    const at = `transformer.h.${layer}`;
    const packed = linear(norm(x, `${at}.ln_1`, 1e-5), `${at}.attn.c_attn`, 0);
    const parts = graph.node("Split", [packed], { axis: 1, num_outputs: 3 }, { outputs: 3 });
    x = add(x, linear(attention(...parts), `${at}.attn.c_proj`, 0));
    const bent = graph.node("Gelu", [linear(norm(x, `${at}.ln_2`, 1e-5), `${at}.mlp.c_fc`, 0)], { approximate: "tanh" });
    x = add(x, linear(bent, `${at}.mlp.c_proj`, 0));
  }
  const logits = graph.node("Gemm", [norm(x, "transformer.ln_f", 1e-5), table], { transB: 1 });
  return graph.file(time, logits, [time, vocab]);
}

/** BERT's encoder with the mean of its last states, of length one: a vector (1, width) of `ids`. */
export function sentence(weights, { layers, heads, width, time, fused }) {
  const graph = new Graph();
  const { of, norm, linear, add, attention } = bricks(graph, weights, { heads, time, width, fused, causal: false });
  const first = (name, count) => graph.constant(weights.get(`embeddings.${name}.weight`).data.slice(0, count * width), [count, width]);
  const tokens = graph.node("Reshape", [graph.node("Gather", [of("embeddings.word_embeddings.weight"), "ids"]), graph.ints(time, width)]);
  let x = norm(add(add(tokens, first("token_type_embeddings", 1)), first("position_embeddings", time)), "embeddings.LayerNorm", 1e-12);
  for (let layer = 0; layer < layers; layer++) {
    const at = `encoder.layer.${layer}`;
    const parts = ["query", "key", "value"].map((part) => linear(x, `${at}.attention.self.${part}`, 1));
    x = norm(add(x, linear(attention(...parts), `${at}.attention.output.dense`, 1)), `${at}.attention.output.LayerNorm`, 1e-12);
    const bent = graph.node("Gelu", [linear(x, `${at}.intermediate.dense`, 1)], { approximate: "none" });
    x = norm(add(x, linear(bent, `${at}.output.dense`, 1)), `${at}.output.LayerNorm`, 1e-12);
  }
  const mean = graph.node("ReduceMean", [x, graph.ints(0)], { keepdims: 1 });
  return graph.file(time, graph.node("LpNormalization", [mean], { axis: 1, p: 2 }), [1, width]);
}
