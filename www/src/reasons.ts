// Why a device was chosen, in the language of the page.
//
// In: the sentence of the core, which is English. Out: the same in the page's language, or nothing where the sentence is not known:
// then the page shows it as it is.

import { texts, type Texts } from "./language.js";

const KNOWN: [RegExp, (t: Texts["reasons"], found: string) => string][] = [
  [/^the CPU was asked for$/, (t) => t.cpuAsked],
  [/^a GPU was asked for$/, (t) => t.gpuAsked],
  [/^a hardware GPU is there$/, (t) => t.hardware],
  [/^the only GPU adapter, (.*), is software, and the CPU player is faster$/, (t, name) => t.software(name)],
  [/^no GPU could be opened: there is no WebGPU here/, (t) => t.none],
  [/^no GPU could be opened: no GPU adapter was found/, (t) => t.absent],
  [/^no GPU could be opened: the GPU adapter refused a device/, (t) => t.refused],
  [/^the GPU was lost (\d+) times within five minutes/, (t, times) => t.lost(times)],
];

/** The reason as it was said, and its translation. */
export function reason(said: string): { said: string; text?: string } {
  for (const [form, words] of KNOWN) {
    const found = form.exec(said);
    if (found !== null) return { said, text: words(texts().reasons, found[1] ?? "") };
  }
  return { said };
}
