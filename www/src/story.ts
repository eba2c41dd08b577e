// The first thing one meets: a storyteller that comes with the page.
//
// In: the files beside the page, a Hugging Face folder under 1 MB. Out: a section that continues a sentence. Under `auto` the model
// lives on the processor: for so small a one a GPU would spend its time waiting.

import { Model } from "griot";
import { chosen, onReopen, refresh } from "./device.js";
import { alertLine, el, onLanguage } from "./dom.js";
import { did, literal } from "./journal.js";
import { digits, texts } from "./language.js";
import { teller } from "./teller.js";

let model: Model | undefined;

const about = el("p", { class: "note", role: "status" });
const alert = alertLine();

function draw(): void {
  const t = texts().story;
  about.textContent = model === undefined ? t.loading : t.about(digits(model.parameters), model.device === "cpu" ? texts().device.cpu : "WebGPU");
}

/** The section; `woven` is told the ids of what is told. */
export function storySection(woven: (ids: number[]) => void): HTMLElement {
  const self = teller({ id: "tell", part: "tell", name: "storyteller", woven });
  async function load(): Promise<void> {
    try {
      const device = chosen() === "auto" ? "cpu" : chosen();
      // The service worker keeps what is needed without a network.
      model = await Model.load("./storyteller/", { device, cache: false });
      draw();
      did("story", { names: ["Model"], lines: `const storyteller = await Model.load(${literal(new URL("./storyteller/", document.baseURI).href)}, { device: ${literal(device)} });` });
      await self.use(model, texts().story.first);
      await refresh();
    } catch (error) {
      alert.show(error);
    }
  }
  onLanguage(draw);
  onReopen(async () => load);
  void load();
  return el("section", { id: "tell", class: "hero", "aria-labelledby": "tell-title" }, el("h2", { id: "tell-title" }, (t) => t.story.title), self.element, alert.element, about);
}
