// What may come next, after temperature, top-k and top-p.
//
// In: all logits of one place, the best first, and three settings. Out: a probability for each, before and after what is cut away.
// The order is that of the processors of transformers: the temperature, the k best, then the smallest set whose share reaches p
// (Holtzman et al. 2020). Refuses to ask the model again.

/** One token with its logit. */
export interface Found {
  id: number;
  token: string;
  logit: number;
}

/** What the sliders say; `topK` 0 and `topP` 1 cut nothing. */
export interface Settings {
  temperature: number;
  topK: number;
  topP: number;
}

/** A token's share before the cut, and after it; 0 where it is cut away. */
export interface Chance extends Found {
  before: number;
  after: number;
}

/** The chances of all tokens, in the order given. */
export function chances(found: Found[], { temperature, topK, topP }: Settings): Chance[] {
  const best = found[0]?.logit ?? 0;
  const weight = ({ logit }: Found, i: number): number => (temperature > 0 ? Math.exp((logit - best) / temperature) : i === 0 ? 1 : 0);
  const weights = found.map(weight);
  const whole = weights.reduce((sum, w) => sum + w, 0);
  let kept = topK > 0 ? Math.min(topK, weights.length) : weights.length;
  const share = weights.slice(0, kept).reduce((sum, w) => sum + w, 0);
  for (let i = 0, sum = 0; topP < 1 && i < kept; i++) {
    sum += weights[i] ?? 0;
    if (sum >= topP * share) kept = i + 1;
  }
  const left = weights.slice(0, kept).reduce((sum, w) => sum + w, 0);
  return found.map((one, i) => ({ ...one, before: (weights[i] ?? 0) / whole, after: i < kept ? (weights[i] ?? 0) / left : 0 }));
}

/** How many tokens are left to draw from. */
export const left = (all: Chance[]): number => all.filter(({ after }) => after > 0).length;

/** Draws one, given a number from 0 to 1. */
export function draw(all: Chance[], random: number): Chance | undefined {
  let sum = 0;
  for (const one of all) {
    sum += one.after;
    if (random < sum) return one;
  }
  return all[0];
}
