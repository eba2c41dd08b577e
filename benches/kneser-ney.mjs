// The counting baseline in its plain form: an interpolated Kneser-Ney 3-gram (Chen and Goodman 1999, with one discount for each length).
//
// In: documents as lists of ids, each with its end token. Out: -log p of every token but the first of each document, which a model that
// packs documents does not predict either. Nothing of griot is used here.

/** Counts `documents` and returns a function: the sum of -log p over a document's tokens from its second on. */
export function kneserNey(documents, vocab, order = 3) {
  // counts[n]: how often each n+1-gram stood; for those shorter than the longest, after how many different tokens.
  const counts = Array.from({ length: order }, () => new Map());
  const key = (ids) => ids.join(" ");
  for (const document of documents) {
    const padded = [...Array(order - 1).fill("^"), ...document];
    for (let at = order - 1; at < padded.length; at++) {
      const gram = padded.slice(at - order + 1, at + 1);
      counts[order - 1].set(key(gram), (counts[order - 1].get(key(gram)) ?? 0) + 1);
    }
  }
  for (let n = order - 2; n >= 0; n--) {
    for (const gram of counts[n + 1].keys()) {
      const shorter = gram.slice(gram.indexOf(" ") + 1);
      counts[n].set(shorter, (counts[n].get(shorter) ?? 0) + 1);
    }
  }
  const levels = counts.map((grams) => {
    const [ones, twos] = [1, 2].map((wanted) => [...grams.values()].filter((count) => count === wanted).length);
    const contexts = new Map();
    for (const [gram, count] of grams) {
      const context = gram.includes(" ") ? gram.slice(0, gram.lastIndexOf(" ")) : "";
      const entry = contexts.get(context) ?? { total: 0, kinds: 0 };
      contexts.set(context, { total: entry.total + count, kinds: entry.kinds + 1 });
    }
    return { grams, contexts, discount: ones > 0 ? ones / (ones + 2 * twos) : 0.5 };
  });
  const p = (context, id, n) => {
    if (n < 0) return 1 / vocab;
    const from = context.slice(context.length - n);
    const { grams, contexts, discount } = levels[n];
    const seen = contexts.get(key(from));
    const lower = p(context, id, n - 1);
    if (seen === undefined) return lower;
    return Math.max((grams.get(key([...from, id])) ?? 0) - discount, 0) / seen.total + ((discount * seen.kinds) / seen.total) * lower;
  };
  return (document) => {
    const padded = [...Array(order - 1).fill("^"), ...document];
    let sum = 0;
    for (let at = order; at < padded.length; at++) sum -= Math.log(p(padded.slice(at - order + 1, at), padded[at], order - 1));
    return sum;
  };
}
